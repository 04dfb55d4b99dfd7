package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

func TestExplain_everyKind(t *testing.T) {
	w := newWorld(t)
	const when = "2025-01-15T14:44:00Z"
	w.receive("/webhooks/snappy", gift("g1", "opened", when))
	w.receive("/webhooks/typed/send.shipped", `{"send_gid":"s1","status_changed_at":"`+when+`"}`)
	w.receive("/webhooks/resend", email("e1", "sent", when))
	w.receive("/webhooks/resend", `{"type":"contact.created","created_at":"`+when+`","data":{"id":"c1"}}`)
	w.receive("/webhooks/resend", `{"type":"domain.created","created_at":"`+when+`","data":{"id":"d1","status":"pending"}}`)
	w.receive("/webhooks/resend", `{"type":"email.received","created_at":"`+when+`","data":{"email_id":"i1"}}`)
	for path, state := range map[string]string{
		"/gifts/g1": "opened", "/gifts/s1": "new", "/sends/s1": "new", "/emails/e1": "new", "/contacts/c1": "active",
		"/domains/d1": "pending", "/inbound-emails/i1": "received",
	} {
		v := w.get(path + "/explain")
		wantAt(t, v, "regions.0.state", state)
		wantAt(t, v, "counts.read", 1)
		if text := fmt.Sprint(at(v, "text")); !strings.Contains(text, "What may come next") && !strings.Contains(text, "Nothing more is expected") {
			t.Errorf("%s: %s", path, text)
		}
	}
	wantProblem(t, w.do(http.MethodGet, "/gifts/nobody/explain", ""), http.StatusNotFound, "not_found")
	wantProblem(t, w.do(http.MethodGet, "/gifts/g1/explain?cursor=x", ""), http.StatusUnprocessableEntity, "invalid")
}

// The first event of a story that has passed is explained as it stood, by the clock of that time.
func TestExplain_looksBack(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("g1", "unopened", "2024-11-01T09:00:00Z"))
	w.pass(time.Hour)
	w.receive("/webhooks/snappy", gift("g1", "claimed", "2025-01-15T14:44:00Z"))
	w.receive("/webhooks/snappy", gift("g1", "expired", "2025-01-16T14:44:00Z"))

	now := w.get("/gifts/g1/explain")
	wantAt(t, now, "regions.0.state", "claimed")
	wantAt(t, now, "regions.0.decided_by.inferred", []any{"unwrapped"})
	wantAt(t, now, "unmoved.0.refers_to.0", at(now, "regions.0.decided_by.id"))
	wantAt(t, now, "regions.0.differs.id", at(now, "unmoved.0.id"))
	wantAt(t, now, "deadline.at", "2025-01-29T14:44:00.000000Z")
	wantAt(t, now, "expected.overdue_by", 70*3600+16*60)

	then := w.get("/gifts/g1/explain?as_of=2024-12-01T00:00:00Z")
	wantAt(t, then, "regions.0.state", "unopened")
	wantAt(t, then, "deadline.at", "2024-12-31T09:00:00.000000Z")
	wantAt(t, then, "deadline.passed", false)
	wantAt(t, then, "counts.events", 1)

	known := w.get("/gifts/g1/explain?known_at=2025-02-01T12:30:00Z")
	wantAt(t, known, "regions.0.state", "unopened")
	wantAt(t, known, "deadline.passed", true)
	wantProblem(t, w.do(http.MethodGet, "/gifts/g1/explain?as_of=2024-01-01T00:00:00Z", ""), http.StatusNotFound, "not_found_at")
}

func TestExplain_asText(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("g1", "unopened", "2025-01-15T14:44:00Z"))
	text := at(w.get("/gifts/g1/explain"), "text")
	for accept, plain := range map[string]bool{
		"text/plain": true, "text/plain;q=0.9, application/json;q=0.5": true, "": false, "*/*": false, "application/json": false,
		"text/plain;q=0.1, application/json": false, "image/png": false, "a;,b": false,
	} {
		out := w.do(http.MethodGet, "/gifts/g1/explain", "", "Accept", accept)
		kind := out.Header().Get("Content-Type")
		if isText := strings.HasPrefix(kind, "text/plain"); out.Code != http.StatusOK || isText != plain || out.Header().Get("Vary") != "Accept" {
			t.Errorf("Accept %q: %d %s, varies by %q", accept, out.Code, kind, out.Header().Get("Vary"))
		}
		if plain && out.Body.String() != text {
			t.Errorf("another text than in the data:\n%s", out.Body)
		}
	}
	// A failure is a problem even for who asked for text.
	wantProblem(t, w.do(http.MethodGet, "/gifts/nobody/explain", "", "Accept", "text/plain"), http.StatusNotFound, "not_found")
}

func TestSummary_expected(t *testing.T) {
	stays := domain.Dwell{Region: domain.Status, State: "unopened", Count: 3, Buckets: make([]int64, len(domain.DwellBuckets)+1)}
	stays.Buckets[domain.BucketOf(time.Hour)] = 2
	stays.Buckets[domain.BucketOf(400*24*time.Hour)] = 1
	var asked []string
	w := newWorld(t, func(c *Config) {
		c.Reader.Dwells = func(_ context.Context, machine string) ([]domain.Dwell, error) {
			asked = append(asked, machine)
			return []domain.Dwell{stays}, nil
		}
		c.Reader.LabelsOf = func(_ context.Context, s ...domain.Subject) (map[domain.Subject]domain.Labels, error) {
			end := domain.InstantOf(time.Date(2025, 2, 1, 11, 59, 0, 0, time.UTC))
			return map[domain.Subject]domain.Labels{s[0]: {ExpiresAt: &end}}, nil
		}
		c.Reader.WatchOf = nil // the index knows nothing of these labels
	})
	w.receive("/webhooks/snappy", gift("g1", "unopened", "2025-01-15T14:44:00Z"))
	v := w.get("/gifts/g1")
	wantAt(t, v, "state.status.due_at", "2025-03-16T14:44:00.000000Z")
	wantAt(t, v, "expected.due_at", "2025-02-01T11:59:00.000000Z")
	wantAt(t, v, "expected.overdue_by", 60)
	wantAt(t, v, "expected.next.0.state", "unwrapped")
	wantAt(t, v, "expected.regions.0.usual", map[string]any{"count": 3.0, "p50_seconds": 3600.0, "p90_seconds": 365 * 86400.0, "longer": true})
	wantAt(t, v, "expected.regions.1.usual", nil)
	wantAt(t, w.get("/gifts/g1/explain"), "deadline.why", "expires_at of its labels")
	if fmt.Sprint(asked) != "[snappy.gift snappy.gift]" {
		t.Errorf("asked for the stays of %v", asked)
	}
	past := w.get("/gifts/g1?as_of=2025-01-16T00:00:00Z")
	if x, ok := past["expected"]; ok {
		t.Errorf("of a time that has passed, %v is expected", x)
	}
}

func TestSummary_expectedFails(t *testing.T) {
	busy := domain.Errorf(domain.CodeBusy, "locked")
	for name, broken := range map[string]func(*Config){
		"stays": func(c *Config) {
			c.Reader.Dwells = func(context.Context, string) ([]domain.Dwell, error) { return nil, busy }
		},
		"labels": func(c *Config) {
			c.Reader.LabelsOf = func(context.Context, ...domain.Subject) (map[domain.Subject]domain.Labels, error) { return nil, busy }
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, broken)
			w.receive("/webhooks/snappy", gift("g1", "unopened", "2025-01-15T14:44:00Z"))
			for _, path := range []string{"/gifts/g1", "/gifts/g1/explain"} {
				if out := w.do(http.MethodGet, path, ""); out.Code != http.StatusServiceUnavailable {
					t.Errorf("%s: %d %s", path, out.Code, out.Body)
				}
			}
		})
	}
}
