package main

import (
	"strings"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

// TestTrigger_happensNow reads every sample as it would be sent: its event happens now, as exactly as the sample's own.
func TestTrigger_happensNow(t *testing.T) {
	t.Parallel()
	for _, sample := range webhooks.Samples() {
		name := string(sample.Provider) + "." + sample.Type
		body, err := (&triggerCmd{}).body(sample, deliveryID(sample.Provider, "unique"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		was, is := parsed(sample, sample.Body), parsed(sample, body)
		if len(is.Events) != len(was.Events) {
			t.Errorf("%s: %d events, the sample has %d", name, len(is.Events), len(was.Events))
			continue
		}
		for i, e := range is.Events {
			if age := time.Since(e.At.Time()); age < -time.Second || age > time.Minute {
				t.Errorf("%s happened %s ago", name, age)
			}
			if e.Quality != was.Events[i].Quality {
				t.Errorf("%s: the time is %s, in the sample it is %s", name, e.Quality, was.Events[i].Quality)
			}
		}
		if path, ok := deliveryIDs[sample.Provider]; ok {
			doc, _ := decodeJSON(body)
			if id, _ := getPath(doc, path); id != deliveryID(sample.Provider, "unique") {
				t.Errorf("%s: the delivery id inside is %v", name, id)
			}
		}
	}
}

func parsed(sample webhooks.Sample, body []byte) domain.Parsed {
	now := domain.InstantOf(time.Now())
	return webhooks.Parsers()[sample.Provider](domain.Inbound{
		Source: string(sample.Provider), Provider: sample.Provider, DeliveryID: "whd_other_1", AttemptAt: now, ReceivedAt: now,
		Claims: domain.Claims{Path: sample.PathType}, Body: body,
	})
}

func TestSigningFor(t *testing.T) {
	t.Parallel()
	free, bound, short := webhooks.Secret{Value: "free"}, webhooks.Secret{Value: "bound", EventType: "send.shipped"}, webhooks.Secret{Value: "short", EventType: "sent"}
	for _, c := range []struct {
		event   string
		secrets []webhooks.Secret
		want    string
	}{
		{"send.shipped", []webhooks.Secret{free, bound}, "bound"},
		{"send.delivered", []webhooks.Secret{bound, free}, "free"},
		{"send.sent", []webhooks.Secret{bound, short}, "short"},
		{"send.delivered", []webhooks.Secret{bound}, ""},
		{"send.delivered", nil, ""},
	} {
		s, err := signingFor(webhooks.Source{Name: "sendoso", Provider: domain.Sendoso, Scheme: webhooks.Svix, Secrets: c.secrets}, c.event)
		switch {
		case c.want == "" && (err == nil || !strings.Contains(err.Error(), "sendoso")):
			t.Errorf("%s with %v: error %v", c.event, c.secrets, err)
		case c.want != "" && (err != nil || len(s.Secrets) != 1 || s.Secrets[0].Value != c.want):
			t.Errorf("%s with %v: %v, error %v", c.event, c.secrets, s.Secrets, err)
		}
	}
	if _, err := signingFor(webhooks.Source{Scheme: webhooks.None}, "any"); err != nil {
		t.Error(err)
	}
}
