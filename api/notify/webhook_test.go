package notify

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"giftline/domain"
)

// keeping keeps what a receiver is sent.
type keeping struct {
	header http.Header
	body   string
}

func keeper(t *testing.T) (url string, last func() keeping) {
	t.Helper()
	sent := make(chan keeping, 100)
	s, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) { sent <- keeping{r.Header, readAll(t, r.Body)} })
	return s.URL, func() keeping { return <-sent }
}

// A receiver with either secret accepts what it is sent, by a verifier that others wrote.
func TestWebhook_IsVerified(t *testing.T) {
	t.Parallel()
	url, last := keeper(t)
	other := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret, while rotating"))
	o := options()
	o.Now = time.Now // the verifier lets no clock in
	for _, secrets := range [][]string{{secret}, {secret, other}, {other, strings.TrimRight(secret, "=")}} {
		c := channelOf(Webhook, url)
		c.Secrets = secrets
		n, err := Open(c, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Notify(t.Context(), someNews()); err != nil {
			t.Fatal(err)
		}
		got := last()
		for _, with := range []string{secret, other} {
			given := with == secret || len(secrets) > 1
			wh, err := standardwebhooks.NewWebhook(with)
			if err != nil {
				t.Fatal(err)
			}
			if err := wh.Verify([]byte(got.body), got.header); (err == nil) != given {
				t.Errorf("signed with %d secrets, verified with %s: %v", len(secrets), with, err)
			}
			if err := wh.Verify([]byte(got.body+" "), got.header); err == nil {
				t.Error("a changed body passes")
			}
		}
	}
}

func TestWebhook_AnotherTrySaysTheSame(t *testing.T) {
	t.Parallel()
	url, last := keeper(t)
	now := noon
	o := options()
	o.Now = func() time.Time { now = now.Add(time.Hour); return now }
	n, err := Open(channelOf(Webhook, url), o)
	if err != nil {
		t.Fatal(err)
	}
	var tries []keeping
	for range 2 {
		if err := n.Notify(t.Context(), someNews()); err != nil {
			t.Fatal(err)
		}
		tries = append(tries, last())
	}
	if tries[0].body != tries[1].body {
		t.Errorf("the bodies differ:\n%s\n%s", tries[0].body, tries[1].body)
	}
	for i, try := range tries {
		sent := strconv.FormatInt(noon.Add(time.Duration(i+1)*time.Hour).Unix(), 10)
		if try.header.Get("Webhook-Id") != "ntf_1" || try.header.Get("Webhook-Timestamp") != sent {
			t.Errorf("try %d has the id %q and the time %q", i+1, try.header.Get("Webhook-Id"), try.header.Get("Webhook-Timestamp"))
		}
		if try.header.Get("Content-Type") != "application/json" || try.header.Get("User-Agent") != "Giftline/1.0" {
			t.Errorf("headers are %v", try.header)
		}
	}
}

func TestWebhook_TellsOfAThousandAndCountsTheRest(t *testing.T) {
	t.Parallel()
	var items []domain.NotificationItem
	for i := range 1005 {
		items = append(items, item(domain.StepOpened, stuck(i)))
	}
	n := telling(domain.KindAlerts, items...)
	n.Counts[domain.StepOpened] = 50_000
	b, err := json.Marshal(newWriter(options()).body(n))
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Data AlertsNotified }
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Data.Alerts) != 1000 || read.Data.More != 49_000 || read.Data.Counts["opened"] != 50_000 {
		t.Errorf("%d alerts, %d more, counts %v", len(read.Data.Alerts), read.Data.More, read.Data.Counts)
	}
	if want := "50000 Snappy gifts are stuck"; read.Data.Title != want {
		t.Errorf("the title is %q, want %q", read.Data.Title, want)
	}
}

// A receiver of ours: what a README can show.
func ExampleWebhookBody() {
	body := `{"id": "ntf_1", "type": "subject.moved", "timestamp": "2025-01-29T12:00:00.000000Z",
		"data": {"subject": {"provider": "snappy", "kind": "gift", "id": "gft_1"}, "region": "status", "from": "opened", "to": "claimed"}}`
	var data json.RawMessage
	told := WebhookBody{Data: &data}
	if err := json.Unmarshal([]byte(body), &told); err != nil {
		panic(err)
	}
	if told.Type == TypeMoved {
		var move SubjectMoved
		if err := json.Unmarshal(data, &move); err != nil {
			panic(err)
		}
		fmt.Println(move.Subject.ID, "is", move.To)
	}
	// Output: gft_1 is claimed
}
