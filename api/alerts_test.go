package api

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"giftline/domain"
	"giftline/store"
)

// moving is one of Snappy's bodies about delivery.
func moving(id, state, when string) string {
	deliveries++
	return fmt.Sprintf(`{"webhookData":{"id":"wh_%d","eventType":"gift-delivery-status-changed","triggeredAt":%q},"eventData":{"giftId":%s,"companyId":"com_1","deliveryStatus":%q}}`,
		deliveries, when, quoted(id), state)
}

// stuckWorld has gifts that nobody has packed for a week, and looks once that is over.
func stuckWorld(t *testing.T, ids ...string) *world {
	t.Helper()
	w := newWorldOn(t, store.Options{Lazy: true})
	for _, id := range ids {
		w.receive("/webhooks/snappy", moving(id, "processing", "2025-02-01T12:00:00.000001Z"))
	}
	w.look()
	w.pass(8 * 24 * time.Hour)
	w.look()
	return w
}

// alertOf is the one alert about a gift.
func (w *world) alertOf(id string) string {
	w.t.Helper()
	found := w.get("/gifts/" + id + "/alerts")
	wantAt(w.t, found, "alerts.1", nil)
	return at(found, "alerts.0.id").(string)
}

func (w *world) act(target, body string) map[string]any {
	w.t.Helper()
	out := w.do(http.MethodPost, target, body)
	if out.Code != http.StatusOK {
		w.t.Fatalf("POST %s: %d %s", target, out.Code, out.Body)
	}
	return decoded(w.t, out)
}

// An alert's life is on its own page and beside the timeline: stamped with the deadline, not with when it was noticed.
func TestAlerts_life(t *testing.T) {
	t.Parallel()
	w := stuckWorld(t, "g1")
	id := w.alertOf("g1")
	one := w.get("/alerts/" + id)
	for path, want := range map[string]any{
		"rule": "stuck", "severity": "warning", "status": "open", "region": "delivery", "state": "processing", "event_id": nil,
		"since": "2025-02-01T12:00:00.000001Z", "at": "2025-02-08T12:00:00.000001Z", "raised_at": "2025-02-09T12:00:00.000000Z",
		"subject.id": "g1", "subject.company_id": "com_1", "source": "snappy", "reopened": 0, "ended_at": nil,
		"steps.0.kind": "opened", "steps.0.by": nil, "steps.1": nil,
	} {
		wantAt(t, one, path, want)
	}
	w.pass(time.Minute)
	acknowledged := w.act("/alerts/"+id+"/acknowledge", `{"note":"asked the carrier"}`)
	for path, want := range map[string]any{
		"status": "acknowledged", "by": "bootstrap", "steps.1.kind": "acknowledged", "steps.1.at": "2025-02-09T12:01:00.000000Z",
		"steps.1.by": "bootstrap", "steps.1.note": "asked the carrier",
	} {
		wantAt(t, acknowledged, path, want)
	}
	wantAt(t, w.act("/alerts/"+id+"/acknowledge", ``), "steps.2", nil) // again changes nothing
	snoozed := w.act("/alerts/"+id+"/snooze", `{"until":"2025-02-10T00:00:00Z","until_moves":true}`)
	wantAt(t, snoozed, "status", "snoozed")
	wantAt(t, snoozed, "until", "2025-02-10T00:00:00.000000Z")
	wantAt(t, snoozed, "until_moves", true)
	wantAt(t, w.act("/alerts/"+id+"/reopen", `{}`), "status", "open")
	wantAt(t, w.act("/alerts/"+id+"/resolve", `{"note":"it is here"}`), "status", "resolved")
	p := wantProblem(t, w.do(http.MethodPost, "/alerts/"+id+"/snooze", `{"until_moves":true}`), 409, "alert_over")
	wantAt(t, p, "detail", "the alert is resolved: there is nothing to snooze")

	beside := w.get("/gifts/g1/timeline")
	wantAt(t, beside, "alerts.0.id", id)
	wantAt(t, beside, "alerts.0.status", "resolved")
	wantAt(t, beside, "alerts.0.steps.1.note", "asked the carrier")
	wantAt(t, w.get("/gifts/g1"), "alerts.0.id", id)
	for _, without := range []string{"?omit=alerts", "?omit=received,alerts", "?as_of=2025-02-01T12:00:01Z", "?known_at=2025-02-09T12:00:00Z"} {
		for _, path := range []string{"/gifts/g1", "/gifts/g1/timeline"} {
			if _, shown := w.get(path + without)["alerts"]; shown {
				t.Errorf("%s%s shows alerts", path, without)
			}
		}
	}
}

// It ends by itself when the gift moves, and a gift without any shows none.
func TestAlerts_moves(t *testing.T) {
	t.Parallel()
	w := stuckWorld(t, "g1")
	id := w.alertOf("g1")
	w.receive("/webhooks/snappy", moving("g1", "inTransit", "2025-02-09T12:00:00Z"))
	w.receive("/webhooks/snappy", moving("g2", "inTransit", "2025-02-09T12:00:00Z"))
	w.look()
	one := w.get("/alerts/" + id)
	wantAt(t, one, "status", "resolved")
	wantAt(t, one, "by", nil)
	wantProblem(t, w.do(http.MethodPost, "/alerts/"+id+"/reopen", ``), 409, "alert_over") // it is not stuck any more
	if _, shown := w.get("/gifts/g2/timeline")["alerts"]; shown {
		t.Error("alerts where there are none")
	}
	wantAt(t, w.get("/alerts?status=live"), "count", 0)
	wantAt(t, w.get("/stuck"), "subjects.0", nil)
}

func TestAlerts_filters(t *testing.T) {
	t.Parallel()
	w := stuckWorld(t, "g1", "g2", "g3")
	w.receive("/webhooks/resend", email("e1", "bounced", "2025-02-09T12:00:00Z"))
	w.look()
	w.act("/alerts/"+w.alertOf("g1")+"/acknowledge", ``)
	for query, want := range map[string]int{
		"": 4, "rule=stuck": 3, "rule=stuck&rule=bounced": 4, "severity=critical": 1, "status=live": 4, "status=open": 3, "status=acknowledged": 1,
		"status=resolved": 0, "status=resolved&status=live": 4, "provider=resend": 1, "kind=gift": 3, "source=snappy": 3, "company_id=com_1": 3,
		"company_id=com_2": 0, "provider=snappy&kind=gift&subject_id=g2": 1, "at[gte]=2025-02-09T00:00:00Z": 1, "at[lt]=2025-02-09T00:00:00Z": 3,
		"updated[gt]=2025-02-09T12:00:00Z": 0, "rule=bounced&severity=info": 0,
	} {
		if got := w.get("/alerts?" + query); fmt.Sprint(got["count"]) != fmt.Sprint(want) || len(got["alerts"].([]any)) != want {
			t.Errorf("%s: %v alerts, want %d", query, got["count"], want)
		}
	}
	seen := map[any]bool{}
	for target := "/alerts?limit=2"; ; {
		page := w.get(target)
		for i := range page["alerts"].([]any) {
			seen[at(page, fmt.Sprintf("alerts.%d.id", i))] = true
		}
		if page["next"] == nil {
			break
		}
		target = "/alerts?limit=2&cursor=" + page["next"].(string)
	}
	if len(seen) != 4 {
		t.Errorf("pages show %d alerts, want 4", len(seen))
	}
}

// Many are changed only by who has seen how many.
func TestAlerts_bulk(t *testing.T) {
	t.Parallel()
	w := stuckWorld(t, "g1", "g2", "g3")
	w.act("/alerts/"+w.alertOf("g3")+"/resolve", ``)
	counted := w.act("/alerts/snooze", `{"rule":["stuck"],"until_moves":true}`)
	wantAt(t, counted, "would_change", 2)
	wantAt(t, counted, "changed", nil)
	wantAt(t, w.get("/alerts?status=snoozed"), "count", 0)
	p := wantProblem(t, w.do(http.MethodPost, "/alerts/snooze", `{"rule":["stuck"],"until_moves":true,"confirm":3}`), 409, "count_changed")
	wantAt(t, p, "detail", "there are 2 alerts to change now: look at them, and confirm that")
	wantAt(t, w.act("/alerts/snooze", `{"rule":["stuck"],"until_moves":true,"confirm":2,"note":"holidays"}`), "changed", 2)
	wantAt(t, w.get("/alerts?status=snoozed"), "count", 2)
	for body, want := range map[string]int{
		`{}`: 2, `{"status":["snoozed"]}`: 2, `{"status":["resolved"]}`: 0, `{"status":["live"]}`: 2, `{"company_id":["com_1"]}`: 2, `{"source":["resend"]}`: 0,
		`{"at":{"lt":"2025-02-08T12:00:00Z"}}`: 0, `{"at":{"gte":"2025-02-08T12:00:00Z"}}`: 2, `{"updated":{"gte":"2025-03-01T00:00:00Z"}}`: 0,
		`{"id":["` + w.alertOf("g1") + `"]}`: 1, `{"provider":["snappy"],"kind":["gift"],"subject_id":"g2"}`: 1,
	} {
		wantAt(t, w.act("/alerts/resolve", body), "would_change", want)
	}
	wantAt(t, w.act("/alerts/acknowledge", `{"status":["resolved"],"confirm":0}`), "changed", 0)
	wantAt(t, w.act("/alerts/resolve", `{"confirm":2}`), "changed", 2)
	wantAt(t, w.get("/alerts?status=live"), "count", 0)
}

func TestAlerts_refused(t *testing.T) {
	t.Parallel()
	w := stuckWorld(t, "g1")
	now := domain.InstantOf(w.time())
	if err := w.disk.Raise(t.Context(), []domain.Rule{domain.RuleQuiet}, []domain.Trouble{{Rule: domain.RuleQuiet, Source: "snappy", Since: now}}, now); err != nil {
		t.Fatal(err)
	}
	id, quiet := w.alertOf("g1"), at(w.get("/alerts?rule=quiet"), "alerts.0.id").(string)
	for _, c := range []struct {
		target, body string
		status       int
		want         string
	}{
		{"/alerts/alt_nobody/resolve", ``, 404, "not_found"},
		{"/alerts/a%00b/resolve", ``, 404, "not_found"},
		{"/alerts/" + id + "/snooze", `{}`, 422, "body.until"},
		{"/alerts/" + id + "/snooze", `{"until":"2025-02-09T12:00:00Z"}`, 422, "is over already"},
		{"/alerts/" + quiet + "/snooze", `{"until_moves":true}`, 422, "no subject that could move"},
		{"/alerts/" + id + "/resolve", `{"note":"a\u0000b"}`, 422, "body.note"},
		{"/alerts/" + id + "/resolve", `{"note":"` + strings.Repeat("ä", 300) + `"}`, 422, "body.note"},
		{"/alerts/" + id + "/resolve", `{"until_moves":true}`, 422, "a property that the schema"},
		{"/alerts/snooze", `{"confirm":1}`, 422, "body.until"},
		{"/alerts/resolve", `{"subject_id":"g1"}`, 422, "body.subject_id"},
		{"/alerts/resolve", `{"confirm":10001}`, 422, "body.confirm"},
		{"/alerts/resolve", `{"rule":["transition"]}`, 422, "body.rule"},
		{"/alerts/resolve", `{"company_id":["a\u0000b"]}`, 422, "body.company_id"},
		{"/alerts/resolve", `{"at":{"before":"2025-01-01T00:00:00Z"}}`, 422, "invalid"},
	} {
		out := w.do(http.MethodPost, c.target, c.body)
		if out.Code != c.status || !strings.Contains(out.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s", c.target, c.body, out.Code, out.Body)
		}
	}
	for _, query := range []string{"rule=transition", "rule=nothing", "status=over", "subject_id=g1", "subject_id=g1&kind=gift", "source=%00", "cursor=x"} {
		wantProblem(t, w.do(http.MethodGet, "/alerts?"+query, ""), 422, "invalid")
	}
}

// The words of a filter are written twice: for a query beside the field, for a body in closedLists.
func TestAlertFilter_words(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, f := range reflect.VisibleFields(reflect.TypeFor[AlertFilter]()) {
		if f.Type.Kind() != reflect.Slice || closedLists[f.Type.Elem()] == nil {
			continue
		}
		compared++
		var words []string
		for _, w := range closedLists[f.Type.Elem()] {
			words = append(words, fmt.Sprint(w))
		}
		if got := f.Tag.Get("enum"); got != strings.Join(words, ",") {
			t.Errorf("%s: %s, want %s", f.Name, got, strings.Join(words, ","))
		}
	}
	if compared != 3 {
		t.Errorf("%d lists were compared, want rule, severity and status", compared)
	}
}
