package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s says something else (run with -update if that is meant):\n%s", file, diff)
	}
}

const secret = "whsec_bm9ib2R5IGtub3dzIHRoaXMgc2VjcmV0IGJ1dCB1cw=="

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// noon is when everything of these tests is told.
var noon = time.Date(2025, 1, 29, 12, 0, 0, 0, time.UTC)

func options() Options {
	return Options{
		PublicURL: "https://gifts.example.com/", Allow: loopback, Version: "1.0",
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	}
}

func open(t testing.TB, c Channel) domain.Notifier {
	t.Helper()
	c.Name = "ops"
	n, err := Open(c, options())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// channelOf makes a channel that posts to an address.
func channelOf(kind Kind, url string) Channel {
	c := Channel{Name: "ops", Kind: kind, URL: url, Ends: true}
	switch kind {
	case Webhook:
		c.Secrets = []string{secret}
	case PagerDuty:
		c.Secrets = []string{"R0UT1NGKEY"}
	}
	return c
}

// posting are the kinds that post.
var posting = []Kind{Webhook, Slack, PagerDuty, Alertmanager}

// receiver serves a handler and counts what reaches it.
func receiver(t *testing.T, handle http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var count atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		body, _ := io.ReadAll(r.Body) // only then a handler is told that the client left
		r.Body = io.NopCloser(bytes.NewReader(body))
		handle(w, r)
	}))
	t.Cleanup(s.Close)
	return s, &count
}

func at(text string) domain.Instant {
	t, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return domain.InstantOf(t)
}

// stuck is an alert as most are.
func stuck(n int) domain.Alert {
	return domain.Alert{
		ID: fmt.Sprintf("alt_%d", n), Rule: domain.RuleStuck, Severity: domain.Warning,
		Subject: &domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: fmt.Sprintf("gft_%d", n)},
		Source:  "snappy", Named: domain.Attributes{CompanyID: "com_1", Reference: fmt.Sprintf("REF-%d", n), Recipient: "ann@example.com", Metadata: `{"wish":"tea"}`},
		Region: domain.Status, State: "claimed", Since: at("2025-01-14 09:00:00"), At: at("2025-01-28 09:00:00"),
		RaisedAt: at("2025-01-28 09:00:02"), Status: domain.AlertOpen,
	}
}

func ended(a domain.Alert, s domain.AlertStatus) domain.Alert {
	end := at("2025-01-29 11:00:00")
	a.Status, a.EndedAt = s, &end
	return a
}

// of is an alert about the same gift by another rule.
func of(rule domain.Rule, region domain.Region, state string) domain.Alert {
	a := stuck(1)
	f, _ := domain.FactsOf(rule)
	a.Rule, a.Severity, a.Region, a.State, a.At = rule, f.Severity, region, state, a.Since
	return a
}

func ourselves(rule domain.Rule, source, detail string) domain.Alert {
	f, _ := domain.FactsOf(rule)
	return domain.Alert{ID: "alt_t", Rule: rule, Severity: f.Severity, Source: source, Detail: detail, Since: at("2025-01-29 08:00:00"),
		At: at("2025-01-29 11:00:00"), RaisedAt: at("2025-01-29 11:00:00"), Status: domain.AlertOpen}
}

func telling(kind domain.NotificationKind, items ...domain.NotificationItem) domain.Notification {
	n := domain.Notification{ID: "ntf_1", Channel: "ops", Group: "stuck/snappy", Kind: kind, CreatedAt: domain.InstantOf(noon),
		Counts: map[domain.StepKind]int64{}, Items: items}
	for _, item := range items {
		n.Counts[item.Step]++
		if !isEnd(item.Step) {
			n.Open++
		}
	}
	return n
}

func item(step domain.StepKind, a domain.Alert) domain.NotificationItem {
	return domain.NotificationItem{Alert: a, Step: step}
}

func moved(verdict, was domain.Verdict) domain.Notification {
	n := telling(domain.KindMove)
	n.Group = "move/evt_1"
	n.Move = &domain.Move{Subject: *stuck(1).Subject, Named: stuck(1).Named, Source: "snappy", EventID: "evt_1", Event: "gift-status-changed",
		Region: domain.Status, From: "opened", To: "claimed", Verdict: verdict, Was: was, Phase: domain.Claimed, At: at("2025-01-15 14:44:00")}
	return n
}

// stories are notifications of every sort, by the name of their golden file.
func stories() map[string]domain.Notification {
	many := make([]domain.NotificationItem, 25)
	for i := range many {
		many[i] = item(domain.StepOpened, stuck(i+1))
	}
	digest := telling(domain.KindAlerts, many...)
	digest.Counts[domain.StepOpened], digest.Open = 500, 500
	stranger := stuck(1)
	stranger.Subject.ID, stranger.Named.Reference = "ann@example.com\r\nBcc: <all@example.com>", "for <!channel> ann@example.com & \u202eevil"
	return map[string]domain.Notification{
		"stuck":     telling(domain.KindAlerts, item(domain.StepOpened, stuck(1))),
		"digest":    digest,
		"repeat":    telling(domain.KindRepeat, item(domain.StepOpened, stuck(1)), item(domain.StepOpened, stuck(2))),
		"resolved":  telling(domain.KindAlerts, item(domain.StepResolved, ended(stuck(1), domain.AlertResolved))),
		"withdrawn": telling(domain.KindAlerts, item(domain.StepWithdrawn, ended(stuck(1), domain.AlertWithdrawn))),
		"both": telling(domain.KindAlerts, item(domain.StepReopened, stuck(1)), item(domain.StepOpened, stuck(2)),
			item(domain.StepResolved, ended(stuck(3), domain.AlertResolved))),
		"rules": telling(domain.KindAlerts, item(domain.StepOpened, of(domain.RuleExpiring, domain.Status, "unopened")),
			item(domain.StepOpened, of(domain.RuleExpired, domain.Status, "expired")), item(domain.StepOpened, of(domain.RuleOverdue, domain.Status, "opened")),
			item(domain.StepOpened, of(domain.RuleFailed, domain.Status, "canceled")), item(domain.StepOpened, of(domain.RuleBounced, domain.Delivery, "bounced")),
			item(domain.StepOpened, of(domain.RuleUndeliverable, domain.Delivery, "undeliverable")), item(domain.StepOpened, of(domain.RuleOutOfStock, domain.Status, "outOfStock")),
			item(domain.StepOpened, of(domain.RuleComplained, domain.Status, "complained")), item(domain.StepWoke, of(domain.RuleIllegal, domain.Status, "unopened"))),
		"quiet":   telling(domain.KindAlerts, item(domain.StepOpened, ourselves(domain.RuleQuiet, "snappy", "nothing for 3 h, where 40 webhooks are usual"))),
		"disk":    telling(domain.KindAlerts, item(domain.StepOpened, ourselves(domain.RuleDisk, "", ""))),
		"moved":   moved(domain.Moved, ""),
		"gap":     moved(domain.Gap, domain.Illegal),
		"illegal": moved(domain.Illegal, ""),
		"test":    telling(domain.KindTest),
		"hostile": telling(domain.KindAlerts, item(domain.StepOpened, stranger)),
	}
}

// fails is a test, or a property of one.
type fails interface {
	Helper()
	Fatal(...any)
}

func asJSON(t fails, v any) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}
