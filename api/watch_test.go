package api

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"giftline/domain"
	"giftline/store"
)

func TestStuck(t *testing.T) {
	t.Parallel()
	w := stuckWorld(t, "g1", "g2")
	list := w.get("/stuck?limit=1")
	wantAt(t, list, "subjects.0.stuck", true)
	wantAt(t, list, "subjects.0.due_at", "2025-02-08T12:00:00.000001Z")
	wantAt(t, list, "subjects.1", nil)
	second := w.get("/stuck?limit=1&cursor=" + list["next"].(string))
	wantAt(t, second, "next", nil)
	if first := at(list, "subjects.0.subject.id"); first == at(second, "subjects.0.subject.id") {
		t.Errorf("both pages show %v", first)
	}
	wantProblem(t, w.do(http.MethodGet, "/expiring?cursor="+list["next"].(string), ""), 422, "invalid")
}

// A gift can be claimed for 60 days: it is listed as soon as its last moment lies in the time asked for.
func TestExpiring(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, store.Options{Lazy: true})
	w.receive("/webhooks/snappy", gift("g1", "unopened", "2025-02-01T12:00:00Z"))
	w.look()
	for _, c := range []struct {
		pass   time.Duration
		within string
		want   any
	}{
		{0, "", nil},
		{0, "?within=59d", nil},
		{0, "?within=60d", "g1"},
		{57 * 24 * time.Hour, "", "g1"},
		{0, "?within=71h", nil},
		{72*time.Hour + time.Microsecond, "", nil}, // over, or about to be told so
	} {
		w.pass(c.pass)
		list := w.get("/expiring" + c.within)
		wantAt(t, list, "subjects.0.subject.id", c.want)
		if c.want != nil {
			wantAt(t, list, "subjects.0.expires_at", "2025-04-02T12:00:00.000000Z")
		}
	}
	for _, within := range []string{"3", "0h", "1 year", "-1h", "999999d"} {
		p := wantProblem(t, w.do(http.MethodGet, "/expiring?within="+url.QueryEscape(within), ""), 422, "invalid")
		wantAt(t, p, "errors.0.message", "expected a time such as 12h or 90d: a number, then s, m, h or d")
	}
}

func TestOutages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantAt(t, w.get("/outages"), "outages.0", nil)
	pulse := func(quiet ...domain.Silence) {
		t.Helper()
		if err := w.disk.Pulse(t.Context(), domain.InstantOf(w.time()), quiet); err != nil {
			t.Fatal(err)
		}
	}
	pulse()
	w.pass(3 * time.Hour) // nobody beats the pulse
	pulse(domain.Silence{Source: "snappy", Since: domain.InstantOf(w.time().Add(-4 * time.Hour))})
	list := w.get("/outages")
	for path, want := range map[string]any{
		"outages.0.source": "snappy", "outages.0.from": "2025-02-01T11:00:00.000000Z", "outages.0.to": nil,
		"outages.1.source": nil, "outages.1.from": "2025-02-01T12:00:00.000000Z", "outages.1.to": "2025-02-01T15:00:00.000000Z",
	} {
		wantAt(t, list, path, want)
	}
	if until, _ := at(list, "outages.1.until").(string); until <= "2025-02-01T15:00:00.000000Z" {
		t.Errorf("what was missed has no time to come again: until %s", until)
	}
	later := w.get("/outages?after=2030-01-01T00:00:00Z")
	wantAt(t, later, "outages.0.source", "snappy") // it lasts
	wantAt(t, later, "outages.1", nil)
}
