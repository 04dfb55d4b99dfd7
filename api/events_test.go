package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

// busy is a world in which one gift went astray, another was opened and a mail arrived, a minute apart.
func busy(t *testing.T) *world {
	w := newWorld(t)
	for _, body := range []string{
		gift("g1", "claimed", "2025-01-15T10:00:00Z"), gift("g1", "opened", "2025-01-15T11:00:00Z"), gift("g2", "unopened", "2025-01-15T09:00:00Z"),
	} {
		w.receive("/webhooks/snappy", body)
		w.pass(time.Minute)
	}
	w.receive("/webhooks/resend", email("e1", "delivered", "2025-01-15T12:00:00Z"))
	return w
}

// told puts what events tell into a line each.
func told(answer map[string]any) (all []string) {
	for _, e := range answer["events"].([]any) {
		all = append(all, fmt.Sprint(at(e, "subject.id"), " ", at(e, "to"), " ", at(e, "verdict")))
	}
	return all
}

func TestEvents(t *testing.T) {
	w := busy(t)
	claimed, opened, unopened, delivered := "g1 claimed moved", "g1 opened illegal", "g2 unopened moved", "e1 delivered gap"
	for query, want := range map[string][]string{
		"":                                {delivered, unopened, opened, claimed},
		"dir=asc":                         {claimed, opened, unopened, delivered},
		"verdict=illegal":                 {opened},
		"verdict=illegal&verdict=moved":   {unopened, opened, claimed},
		"provider=resend":                 {delivered},
		"provider=resend&provider=snappy": {delivered, unopened, opened, claimed},
		"kind=gift&verdict=moved":         {unopened, claimed},
		"source=resend&source=nobody":     {delivered},
		"type=email.delivered":            {delivered},
		"received[gte]=2025-02-01T12:01:00Z&received[lt]=2025-02-01T12:03:00Z": {unopened, opened},
		"received[gt]=2025-02-01T12:01:00Z&received[lte]=2025-02-01T12:03:00Z": {delivered, unopened},
		"at[gte]=2025-01-15T10:00:00Z&at[lt]=2025-01-15T12:00:00Z":             {opened, claimed},
		"at[gt]=2025-01-15T11:00:00Z":                                          {delivered},
		"at[lte]=2025-01-15T09:00:00Z":                                         {unopened},
		"source=nobody":                                                        nil,
	} {
		if diff := cmp.Diff(want, told(w.get("/events?"+query))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for _, query := range []string{
		"verdict=wrong", "verdict=", "provider=nobody", "kind=gifts", "dir=up", "limit=0", "limit=1001", "cursor=x", "received[gte]=today",
		"received=2025-02-01T12:01:00Z", "at[eq]=2025-02-01T12:01:00Z", "received[gte]=2025-02-01T12:01:00Z&received[gte]=2025-02-01T12:01:00Z", "dir=asc&dir=asc",
	} {
		wantProblem(t, w.do(http.MethodGet, "/events?"+query, ""), 422, "invalid")
	}
}

// Whoever keeps a copy goes on from next, also from the end; whoever looks back comes to an end.
func TestEvents_pages(t *testing.T) {
	w := busy(t)
	for _, dir := range []string{"asc", "desc"} {
		var walked []string
		cursor := ""
		for more := true; more; {
			page := w.get("/events?limit=3&dir=" + dir + cursor)
			walked = append(walked, told(page)...)
			more = page["more"].(bool)
			if next, ok := page["next"].(string); ok {
				cursor = "&cursor=" + url.QueryEscape(next)
			} else if more || dir == "asc" {
				t.Fatalf("%s: no next in %v", dir, page)
			}
		}
		if len(walked) != 4 {
			t.Errorf("%s: %v", dir, walked)
		}
		if dir == "asc" {
			w.receive("/webhooks/resend", email("e2", "sent", "2025-01-15T12:00:00Z"))
			if got := told(w.get("/events?dir=asc" + cursor)); !cmp.Equal(got, []string{"e2 sent moved"}) {
				t.Errorf("behind the end: %v", got)
			}
			return
		}
		wantProblem(t, w.do(http.MethodGet, "/events?dir=asc"+cursor, ""), 422, "invalid")
	}
}

func TestEvents_one(t *testing.T) {
	w := busy(t)
	listed := at(w.get("/events?verdict=illegal"), "events.0").(map[string]any)
	one := w.get("/events/" + listed["id"].(string))
	if diff := cmp.Diff(listed, one); diff != "" {
		t.Errorf("(-listed +one):\n%s", diff)
	}
	wantAt(t, one, "subject.id", "g1")
	wantAt(t, one, "from", "claimed")
	wantAt(t, one, "source", "snappy")
	wantAt(t, one, "recorded_at", "2025-02-01T12:01:00.000000Z")
	wantAt(t, one, "received.at", "2025-02-01T12:01:00.000000Z")
	unknown := domain.EventID(domain.Digest{1}, domain.Fingerprint{2})
	for _, id := range []string{unknown, "x", listed["id"].(string) + "x", strings.ToUpper(listed["id"].(string)), "%00"} {
		for _, path := range []string{"/events/" + id, "/events/" + id + "/body"} {
			wantProblem(t, w.do(http.MethodGet, path, ""), 404, "not_found")
		}
	}
}

// The bytes are those that were signed, also where they are strange; what is erased or damaged is never served.
func TestEvents_body(t *testing.T) {
	w := newWorld(t)
	raw := "{ \"type\":\"email.sent\",\r\n\t\"created_at\":\"2025-01-15T12:00:00Z\", \"data\":{\"email_id\":\"e\\u0031\",\"x\":\"<script>\"} }\n"
	id := w.receive("/webhooks/resend", raw)["event_id"].(string)
	out := w.do(http.MethodGet, "/events/"+id+"/body", "")
	sum := sha256.Sum256([]byte(raw))
	if out.Code != 200 || out.Body.String() != raw {
		t.Fatalf("%d %q", out.Code, out.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "X-Content-SHA256": hex.EncodeToString(sum[:]),
		"Content-Disposition": `attachment; filename="` + id + `.body"`,
	} {
		if got := out.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	broken, f := newFailing(t)
	id = broken.receive("/webhooks/resend", raw)["event_id"].(string)
	f.bodies = func() (map[int64][]byte, error) { return nil, nil }
	wantProblem(t, broken.do(http.MethodGet, "/events/"+id+"/body", ""), 410, "erased")
	f.bodies = func() (map[int64][]byte, error) {
		return nil, domain.Errorf(domain.CodeDamaged, "not what was received")
	}
	wantProblem(t, broken.do(http.MethodGet, "/events/"+id+"/body", ""), 500, "damaged")
}

// A limited key sees the events of its sources, and of the others nothing: not even that they are there.
func TestEvents_reach(t *testing.T) {
	w := busy(t)
	foreign := at(w.get("/events?source=snappy"), "events.0.id").(string)
	own := at(w.get("/events?source=resend"), "events.0.id").(string)
	within := func(path string) *httptest.ResponseRecorder {
		out := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+testKey)
		w.ServeHTTP(out, r.WithContext(domain.Within(r.Context(), []string{"resend"})))
		return out
	}
	for _, query := range []string{"", "?dir=asc", "?source=snappy&source=resend", "?provider=snappy&provider=resend"} {
		if got := told(decoded(t, within("/events"+query))); !cmp.Equal(got, []string{"e1 delivered gap"}) {
			t.Errorf("%s: %v", query, got)
		}
	}
	if out := within("/events/" + own); out.Code != 200 {
		t.Errorf("its own: %d", out.Code)
	}
	unknown := domain.EventID(domain.Digest{1}, domain.Fingerprint{2})
	for _, suffix := range []string{"", "/body"} {
		got, want := decoded(t, within("/events/"+foreign+suffix)), decoded(t, within("/events/"+unknown+suffix))
		delete(got, "request_id")
		delete(want, "request_id")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-unknown +foreign):\n%s", suffix, diff)
		}
	}
}
