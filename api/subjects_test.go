package api

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares bytes with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("differs from %s (%v):\n%s", path, err, got)
	}
}

// lines breaks an answer where a reviewer reads on, without touching its order or its numbers.
func lines(s string) string {
	return strings.NewReplacer(`,"phase":`, ",\n \"phase\":", `,"state":{`, ",\n \"state\":{", `,"delivery":{`, ",\n  \"delivery\":{",
		`,"entries"`, ",\n \"entries\"", `{"id":"evt_`, "\n  {\"id\":\"evt_", `,"from"`, ",\n   \"from\"", `,"data"`, ",\n   \"data\"",
		`,"received":`, ",\n   \"received\":", `,"counts"`, ",\n \"counts\"").Replace(s)
}

const (
	wrapped = `{"webhookData":{"id":"wh_1","eventType":"gift-status-changed","triggeredAt":"2025-01-14T09:00:00Z"},"eventData":{"companyId":"com_12345","giftId":"gft_12345","status":"opened","note":"<b>&</b>","count":1.50}}`
	claimed = `{"webhookData":{"id":"wh_2","eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:44:00.138Z"},"eventData":{"giftId":"gft_12345","status":"claimed","companyId":"com_12345","metadata":{"internalReferenceId":"REF-ABC-123"}}}`
)

// story is the one of design.md section 5: the second event arrives first, and twice.
func story(w *world) {
	w.receive("/webhooks/snappy", claimed)
	w.pass(time.Minute)
	w.receive("/webhooks/snappy", claimed)
	w.pass(time.Minute)
	w.receive("/webhooks/snappy", wrapped)
}

// The answers are compared byte by byte: field order, microseconds, numbers and missing HTML escapes are a promise.
func TestTimeline_wireFormat(t *testing.T) {
	w := newWorld(t)
	story(w)
	golden(t, "timeline.json", lines(w.do(http.MethodGet, "/gifts/gft_12345/timeline?omit=alerts", "").Body.String()))
	golden(t, "summary.json", lines(w.do(http.MethodGet, "/gifts/gft_12345?omit=alerts", "").Body.String()))
}

func TestSubjects_everyKindAndRoute(t *testing.T) {
	w := newWorld(t)
	const when = "2025-01-15T14:44:00Z"
	w.receive("/webhooks/snappy", gift("g1", "opened", when))
	w.receive("/webhooks/typed/send.shipped", `{"send_gid":"s1","status_changed_at":"`+when+`"}`)
	w.receive("/webhooks/resend", email("e1", "sent", when))
	w.receive("/webhooks/resend", `{"type":"contact.created","created_at":"`+when+`","data":{"id":"c1"}}`)
	w.receive("/webhooks/resend", `{"type":"domain.created","created_at":"`+when+`","data":{"id":"d1"}}`)
	w.receive("/webhooks/resend", `{"type":"suppression.added","created_at":"`+when+`","data":{"id":"x1","email":"a@example.com"}}`)
	w.receive("/webhooks/resend", `{"type":"email.received","created_at":"`+when+`","data":{"email_id":"i1"}}`)
	for _, c := range []struct{ path, subject string }{
		{"/gifts/g1", "snappy gift"}, {"/gifts/s1", "sendoso send"}, {"/sends/s1", "sendoso send"}, {"/emails/e1", "resend email"},
		{"/contacts/c1", "resend contact"}, {"/domains/d1", "resend domain"}, {"/inbound-emails/i1", "resend inbound_email"},
	} {
		for _, rest := range []string{"", "/timeline", "/transitions", "/illegal-transitions"} {
			v := w.get(c.path + rest)
			if got := fmt.Sprint(at(v, "subject.provider"), " ", at(v, "subject.kind")); got != c.subject {
				t.Errorf("%s: %s, want %s", c.path+rest, got, c.subject)
			}
		}
	}
	for _, plural := range plurals {
		wantProblem(t, w.do(http.MethodGet, "/"+plural.name+"/unknown", ""), 404, "not_found")
	}
	wantProblem(t, w.do(http.MethodGet, "/sends/g1", ""), 404, "not_found")
}

func TestSubjects_ambiguous(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("same", "opened", "2025-01-15T14:44:00Z"))
	w.receive("/webhooks/typed/send.shipped", `{"send_gid":"same","status_changed_at":"2025-01-15T14:44:00Z"}`)
	for _, rest := range []string{"", "/timeline", "/transitions", "/illegal-transitions"} {
		p := wantProblem(t, w.do(http.MethodGet, "/gifts/same"+rest, ""), 409, "ambiguous")
		if d := fmt.Sprint(p["detail"]); !strings.Contains(d, "snappy") || !strings.Contains(d, "sendoso") || !strings.Contains(d, "?provider=") {
			t.Errorf("detail %q", d)
		}
		if providers, _ := p["providers"].([]any); len(providers) != 2 || !slices.Contains(providers, any("snappy")) || !slices.Contains(providers, any("sendoso")) {
			t.Errorf("providers %v", p["providers"])
		}
		for _, provider := range []string{"snappy", "sendoso"} {
			wantAt(t, w.get("/gifts/same"+rest+"?provider="+provider), "subject.provider", provider)
		}
		wantProblem(t, w.do(http.MethodGet, "/gifts/same"+rest+"?provider=resend", ""), 422, "invalid")
	}
	wantAt(t, w.get("/sends/same"), "subject.provider", "sendoso")
}

func TestSubjects_asOfAndKnownAt(t *testing.T) {
	w := newWorld(t)
	story(w) // claimed joined 12:00:00, opened (earlier by its own clock) 12:02:00
	for _, c := range []struct {
		query, state string // no state: not_found_at
		entries      int
	}{
		{"", "claimed", 2},
		{"as_of=2025-01-15T14:44:00.138Z", "claimed", 2},
		{"as_of=2025-01-15T16:44:00.138%2B02:00", "claimed", 2},
		{"as_of=2025-01-15T14:44:00.137999Z", "opened", 1},
		{"as_of=2025-01-14T09:00:00Z", "opened", 1},
		{"as_of=2025-01-14T08:59:59Z", "", 0},
		{"as_of=1999-01-01T00:00:00Z", "", 0},
		{"as_of=9999-01-01T00:00:00Z", "claimed", 2},
		{"known_at=2025-02-01T12:00:00Z", "claimed", 1},
		{"known_at=2025-02-01T11:59:59Z", "", 0},
		{"known_at=2025-02-01T12:02:00Z", "claimed", 2},
		{"known_at=2025-02-01T12:00:00Z&as_of=2025-01-14T09:00:00Z", "", 0},
		{"known_at=2025-02-01T12:02:00Z&as_of=2025-01-14T09:00:00Z", "opened", 1},
	} {
		t.Run(c.query, func(t *testing.T) {
			if c.state == "" {
				wantProblem(t, w.do(http.MethodGet, "/gifts/gft_12345?"+c.query, ""), 404, "not_found_at")
				wantProblem(t, w.do(http.MethodGet, "/gifts/gft_12345/timeline?"+c.query, ""), 404, "not_found_at")
				return
			}
			summary, timeline := w.get("/gifts/gft_12345?"+c.query), w.get("/gifts/gft_12345/timeline?"+c.query)
			wantAt(t, summary, "state.status.state", c.state)
			wantAt(t, timeline, "state.status.state", c.state)
			if n := len(timeline["entries"].([]any)); n != c.entries {
				t.Errorf("%d entries, want %d", n, c.entries)
			}
			if has := at(timeline, "entries.0.received") != nil; has == strings.Contains(c.query, "known_at") {
				t.Errorf("arrival facts: %v", has)
			}
			if _, has := summary["entries"]; has {
				t.Error("a summary has entries")
			}
		})
	}
	if got, want := w.do(http.MethodGet, "/gifts/gft_12345?omit=received", "").Body.String(), w.do(http.MethodGet, "/gifts/gft_12345", "").Body.String(); got != want {
		t.Errorf("a summary without arrival facts is %s, want %s", got, want)
	}
	if e := at(w.get("/gifts/gft_12345/timeline?omit=received"), "entries.0").(map[string]any); e["received"] != nil {
		t.Error("received is not omitted")
	}
}

func TestSubjects_pages(t *testing.T) {
	w := newWorld(t)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 503 { // all but two of them notes
		when := start.Add(time.Duration(i) * time.Second).Format(time.RFC3339)
		switch i {
		case 0:
			w.receive("/webhooks/snappy", gift("g", "unopened", when))
		case 501:
			w.receive("/webhooks/snappy", gift("g", "claimed", when))
		case 502:
			w.receive("/webhooks/snappy", gift("g", "expired", when))
		default:
			w.receive("/webhooks/snappy", strings.Replace(gift("g", "x", when), "gift-status-changed", "gift-notification-reminder-sent", 1))
		}
	}
	for route, want := range map[string][2]string{
		"timeline": {"500", "3"}, "transitions": {"1", "1"}, "illegal-transitions": {"0", "1"},
	} {
		first := w.get("/gifts/g/" + route)
		next, _ := first["next"].(string)
		if next == "" {
			t.Fatalf("%s: no next", route)
		}
		second := w.get("/gifts/g/" + route + "?cursor=" + next)
		got := [2]string{fmt.Sprint(len(first["entries"].([]any))), fmt.Sprint(len(second["entries"].([]any)))}
		if got != want || second["next"] != nil {
			t.Errorf("%s: entries %v, want %v; next %v", route, got, want, second["next"])
		}
	}
}
