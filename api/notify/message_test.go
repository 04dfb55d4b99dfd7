package notify

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"giftline/domain"
)

// What every kind of channel says of every sort of notification, side by side.
func TestMessage_Stories(t *testing.T) {
	t.Parallel()
	for name, n := range stories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name+".txt", everywhere(t, n))
		})
	}
}

func everywhere(t *testing.T, n domain.Notification) string {
	t.Helper()
	o := options()
	var b, log bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	p := &problems{}
	section := func(name, text string) { fmt.Fprintf(&b, "== %s\n%s", name, text) }
	mail := openEmail(mailChannel("127.0.0.1:25"), o, p).(*email)
	section("email", strings.ReplaceAll(string(mail.compose(n)), "\r\n", "\n"))
	section("slack", asJSON(t, inSlack(newWriter(o).message(n))))
	section("webhook", asJSON(t, newWriter(o).body(n)))
	if n.Kind != domain.KindMove {
		section("pagerduty", asJSON(t, openPagerDuty(channelOf(PagerDuty, ""), o, p).(*pagerduty).event(n)))
		section("alertmanager", asJSON(t, openAlertmanager(channelOf(Alertmanager, "http://127.0.0.1"), o, p).(*alertmanager).alerts(n)))
	}
	if err := openLog(Channel{}, o, p).Notify(t.Context(), n); err != nil || len(p.errs) > 0 {
		t.Fatal(err, p.errs)
	}
	section("log", log.String())
	return b.String()
}

// Whatever a provider's ids and references hold: one line a thing, no address of anybody, nothing that hides or turns
// text around, and never longer than a channel takes.
func TestMessage_TellsNoAddressAndBreaksNoLine(t *testing.T) {
	t.Parallel()
	hostile := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"ann.smith@example.com", "ann.smith%40example.com", "a\r\nBcc: ann.smith@example.com", "\u202eevil", "\xff\xfe", "<!channel>", "x\x00y",
		strings.Repeat("ann.smith@example.com ", 30), strings.Repeat("&", 512),
	}))
	rapid.Check(t, func(t *rapid.T) {
		a := stuck(1)
		a.Subject.ID, a.Named.Reference, a.State = hostile.Draw(t, "id"), hostile.Draw(t, "reference"), hostile.Draw(t, "state")
		a.Rule = rapid.SampledFrom(domain.Rules).Draw(t, "rule").Rule
		a.Detail = hostile.Draw(t, "detail")
		if rapid.Bool().Draw(t, "ours") {
			a.Subject = nil
		}
		n := telling(domain.KindAlerts, item(domain.StepOpened, a))
		m := newWriter(options()).message(n)
		for _, said := range []string{m.Title, m.Means, m.Lines[0].Text} {
			if i := strings.IndexFunc(said, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
				t.Fatalf("%q has a control character at %d", said, i)
			}
			if !utf8.ValidString(said) || utf8.RuneCountInString(said) > sentenceAtMost {
				t.Fatalf("%q is invalid or too long", said)
			}
		}
		everything := m.plain(n.ID) + asJSON(t, inSlack(m)) + asJSON(t, newWriter(options()).body(n))
		if strings.Contains(everything, "ann.smith") {
			t.Fatalf("an address is told:\n%s", everything)
		}
	})
}

// What a digest says in one sentence, of more alerts than it holds.
func TestMessage_Digests(t *testing.T) {
	t.Parallel()
	send, mail := stuck(1), stuck(1)
	send.Subject = &domain.Subject{Provider: domain.Sendoso, Kind: domain.Send, ID: "1"}
	mail.Subject = &domain.Subject{Provider: domain.Snappy, Kind: domain.Email, ID: "1"}
	gift, disk, failed := stuck(1), ourselves(domain.RuleDisk, "", ""), of(domain.RuleFailed, domain.Status, "canceled")
	strange := of("melted", domain.Status, "claimed")
	type counts map[domain.StepKind]int64
	for want, tt := range map[string]struct {
		kind   domain.NotificationKind
		alerts []domain.Alert
		counts counts
	}{
		"500 Snappy gifts are stuck":                                {domain.KindAlerts, []domain.Alert{gift, gift}, counts{"opened": 500}},
		"480 Snappy gifts are stuck, 20 no longer":                  {domain.KindAlerts, []domain.Alert{gift, gift}, counts{"opened": 470, "reopened": 10, "resolved": 15, "withdrawn": 5}},
		"1 Snappy gift is stuck, 1 no longer":                       {domain.KindAlerts, []domain.Alert{gift, gift}, counts{"woke": 1, "resolved": 1}},
		"Over: 20 Snappy gifts were stuck":                          {domain.KindAlerts, []domain.Alert{gift}, counts{"resolved": 15, "withdrawn": 5}},
		"Withdrawn, it was never so: 20 Snappy gifts were stuck":    {domain.KindAlerts, []domain.Alert{gift}, counts{"withdrawn": 20}},
		"Still: 3 Snappy gifts are stuck":                           {domain.KindRepeat, []domain.Alert{gift}, counts{"opened": 3}},
		"2 subjects are stuck":                                      {domain.KindAlerts, []domain.Alert{gift, send}, counts{"opened": 2}},
		"2 Snappy subjects are stuck":                               {domain.KindAlerts, []domain.Alert{gift, mail}, counts{"opened": 2}},
		"2 Sendoso sends are stuck":                                 {domain.KindAlerts, []domain.Alert{send, send}, counts{"opened": 2}},
		"2 Snappy gifts (melted)":                                   {domain.KindAlerts, []domain.Alert{strange, strange}, counts{"opened": 2}},
		"2 alerts":                                                  {domain.KindAlerts, []domain.Alert{gift, failed}, counts{"opened": 2}},
		"2 alerts, 1 over":                                          {domain.KindAlerts, []domain.Alert{gift, failed}, counts{"opened": 2, "resolved": 1}},
		"Over: 2 alerts":                                            {domain.KindAlerts, []domain.Alert{gift, failed}, counts{"resolved": 2}},
		"7 alerts":                                                  {domain.KindAlerts, nil, counts{"opened": 7}},
		"2 alerts: the disk with the database is nearly full":       {domain.KindAlerts, []domain.Alert{disk, disk}, counts{"opened": 2}},
		"Over: 2 alerts: the disk with the database is nearly full": {domain.KindAlerts, []domain.Alert{disk, disk}, counts{"resolved": 2}},
	} {
		n := telling(tt.kind)
		for _, a := range tt.alerts {
			n.Items = append(n.Items, item(domain.StepOpened, a))
		}
		n.Counts = tt.counts
		if got := newWriter(options()).message(n).Title; got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// A time has its year where that is not the message's.
func TestMessage_Years(t *testing.T) {
	t.Parallel()
	a := stuck(1)
	a.Since = at("2024-12-24 18:00:00")
	m := newWriter(options()).message(telling(domain.KindAlerts, item(domain.StepOpened, a)))
	if want := "Snappy gift gft_1 (REF-1) is stuck in claimed since 24 Dec 2024, due 28 Jan"; m.Title != want {
		t.Errorf("it says %q, want %q", m.Title, want)
	}
	if want := "since 24 Dec 2024 18:00 UTC, due 28 Jan 09:00 UTC"; !strings.HasSuffix(m.Lines[0].Text, want) {
		t.Errorf("it says %q, want %q", m.Lines[0].Text, want)
	}
}

func TestMessage_LinksOnlyWithAPublicURL(t *testing.T) {
	t.Parallel()
	o := options()
	o.PublicURL = ""
	for name, n := range stories() {
		m := newWriter(o).message(n)
		if said := m.plain(n.ID) + asJSON(t, inSlack(m)) + asJSON(t, newWriter(o).body(n)); strings.Contains(said, "http") || strings.Contains(said, "/alerts") {
			t.Errorf("%s links to nowhere:\n%s", name, said)
		}
	}
}

func TestMessage_IDsArePathSegments(t *testing.T) {
	t.Parallel()
	w := newWriter(options())
	for id, want := range map[string]string{
		"gft_1":  "https://gifts.example.com/gifts/gft_1",
		"a/b+c=": "https://gifts.example.com/gifts/a%2Fb+c=",
		"?x=1#y": "https://gifts.example.com/gifts/%3Fx=1%23y",
		"a@b.c":  "", // an address
	} {
		if got := w.subject(&domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: id}); got != want {
			t.Errorf("%q is at %q, want %q", id, got, want)
		}
	}
}

// Every rule and every kind of the domain has its words.
func TestWording_IsComplete(t *testing.T) {
	t.Parallel()
	for _, f := range domain.Rules {
		if _, ok := phrases[f.Rule]; ok != (f.Subject && f.Rule != domain.RuleTransition) {
			t.Errorf("rule %s: a phrase %v", f.Rule, ok)
		}
	}
	for _, k := range []domain.Kind{domain.Send, domain.Gift, domain.Email, domain.Contact, domain.Domain, domain.Product,
		domain.Invoice, domain.Suppression, domain.InboundEmail} {
		if nouns[k].many == "" || nouns[k].path == "" {
			t.Errorf("kind %s has no words", k)
		}
	}
}

// What a phone shows is one sentence that says when, and nothing twice.
func TestMessage_Titles(t *testing.T) {
	t.Parallel()
	since := domain.InstantOf(time.Date(2025, 1, 14, 9, 0, 0, 0, time.UTC))
	hour, day := domain.InstantOfDuration(time.Hour), domain.InstantOfDuration(24*time.Hour)
	for _, tt := range []struct {
		rule  domain.Rule
		state string
		at    domain.Instant
		want  string
	}{
		{domain.RuleFailed, "failed", since, "Snappy gift g has failed, 14 Jan"},
		{domain.RuleFailed, "canceled", since, "Snappy gift g has failed: canceled since 14 Jan"},
		{domain.RuleOverdue, "", since + 60*day, "Snappy gift g should have expired by 15 Mar"},
		{domain.RuleExpiring, "", since + 57*day, "Snappy gift g expires soon, waiting since 14 Jan"},
		{domain.RuleStuck, "inTransit", since + 10*day, "Snappy gift g is stuck in inTransit since 14 Jan, due 24 Jan"},
		{domain.RuleStuck, "inTransit", since + hour, "Snappy gift g is stuck in inTransit since 14 Jan"},
	} {
		alert := domain.Alert{ID: "alt_1", Rule: tt.rule, State: tt.state, Since: since, At: tt.at, Subject: &domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: "g"}}
		m := newWriter(options()).message(domain.Notification{
			Kind: domain.KindAlerts, CreatedAt: tt.at, Items: []domain.NotificationItem{{Step: domain.StepOpened, Alert: alert}},
			Counts: map[domain.StepKind]int64{domain.StepOpened: 1},
		})
		if m.Title != tt.want {
			t.Errorf("got  %q\nwant %q", m.Title, tt.want)
		}
	}
}
