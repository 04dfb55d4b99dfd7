package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

func TestIllegal(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("g", "claimed", "2025-01-15T14:44:00Z"))
	w.receive("/webhooks/snappy", gift("g", "expired", "2025-01-16T14:44:00Z"))
	w.receive("/webhooks/snappy", gift("h", "claimed", "2025-01-15T14:44:00Z"))
	w.receive("/webhooks/snappy", gift("h", "unopened", "2025-01-17T14:44:00Z"))

	ledger := w.get("/illegal-transitions")
	wantAt(t, ledger, "entries.0.subject.id", "h")
	wantAt(t, ledger, "entries.1.subject.id", "g")
	wantAt(t, ledger, "entries.1.from", "claimed")
	wantAt(t, ledger, "entries.1.to", "expired")
	wantAt(t, ledger, "entries.1.reason", "after_final")
	if _, has := ledger["cleared"]; has || ledger["next"] != nil || len(ledger["entries"].([]any)) != 2 {
		t.Errorf("ledger %v", ledger)
	}
	first := w.get("/illegal-transitions?limit=1")
	second := w.get("/illegal-transitions?limit=1&cursor=" + first["next"].(string))
	wantAt(t, first, "entries.0.subject.id", "h")
	wantAt(t, second, "entries.0.subject.id", "g")

	one := w.get("/gifts/g/illegal-transitions")
	wantAt(t, one, "entries.0.reason", "after_final")
	wantAt(t, one, "entries.1", nil)
}

func TestIllegal_history(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/gifts/g/illegal-transitions?history=1", "/illegal-transitions?history=1"} {
		if strings.HasPrefix(path, "/gifts") {
			w.receive("/webhooks/snappy", gift("g", "claimed", "2025-01-15T14:44:00Z"))
		}
		if c, ok := w.get(path)["cleared"].([]any); !ok || len(c) != 0 {
			t.Errorf("%s: an empty history shows as %v", path, c)
		}
	}
	// Back from transit to processing looks illegal, until it comes out that the order was canceled in between.
	delivery := func(status, when string) {
		body := strings.Replace(gift("g", "x", when), "gift-status-changed", "gift-delivery-status-changed", 1)
		w.receive("/webhooks/snappy", strings.Replace(body, `"status":"x"`, `"deliveryStatus":"`+status+`"`, 1))
		w.pass(time.Minute)
	}
	delivery("inTransit", "2025-01-18T00:00:00Z")
	delivery("processing", "2025-01-20T00:00:00Z")
	wantAt(t, w.get("/gifts/g/illegal-transitions"), "entries.0.to", "processing")
	cancel := strings.Replace(gift("g", "x", "2025-01-19T00:00:00Z"), "gift-status-changed", "order-canceled", 1)
	w.receive("/webhooks/snappy", strings.Replace(cancel, `"status":"x"`, `"cancelReason":"customer_requested"`, 1))
	for _, path := range []string{"/gifts/g/illegal-transitions?history=1", "/illegal-transitions?history=1"} {
		v := w.get(path)
		wantAt(t, v, "entries.0", nil)
		wantAt(t, v, "cleared.0.subject.id", "g")
		wantAt(t, v, "cleared.0.from", "inTransit")
		wantAt(t, v, "cleared.0.to", "processing")
		wantAt(t, v, "cleared.0.cleared_at", "2025-02-01T12:02:00.000000Z")
		wantAt(t, v, "cleared.0.believed_at", "2025-02-01T12:01:00.000000Z")
		if by, _ := at(v, "cleared.0.cleared_by").(string); !strings.HasPrefix(by, "evt_") {
			t.Errorf("cleared by %q", by)
		}
	}
}

func TestParked(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/typed", `{"send_gid":"s1","status_changed_at":"2025-01-15T14:44:00Z"}`)
	w.receive("/webhooks/snappy", "not JSON \xff")
	w.receive("/webhooks/snappy", "not JSON either")

	unresolved := w.get("/unresolved")
	wantAt(t, unresolved, "deliveries.0.code", "no_event_type")
	wantAt(t, unresolved, "deliveries.0.source", "typed")
	id := at(unresolved, "deliveries.0.id").(string)
	wantAt(t, w.get("/unresolved/"+id), "body", `{"send_gid":"s1","status_changed_at":"2025-01-15T14:44:00Z"}`)

	first := w.get("/quarantine?limit=1")
	second := w.get("/quarantine?limit=1&cursor=" + first["next"].(string))
	wantAt(t, w.get("/quarantine/"+at(first, "deliveries.0.id").(string)), "body", "not JSON either")
	raw := w.get("/quarantine/" + at(second, "deliveries.0.id").(string))
	wantAt(t, raw, "body", nil)
	wantAt(t, raw, "body_base64", "bm90IEpTT04g/w==")
	if d := w.get("/conflicts")["deliveries"].([]any); len(d) != 0 {
		t.Errorf("conflicts %v", d)
	}

	wantProblem(t, w.do(http.MethodGet, "/quarantine/"+id, ""), 404, "not_found")
	wantProblem(t, w.do(http.MethodPost, "/quarantine/"+id+"/retry", ""), 404, "not_found")
	wantProblem(t, w.do(http.MethodPost, "/unresolved/prk_nobody/retry", ""), 404, "not_found")
	for _, query := range []string{"limit=0", "limit=1001", "cursor=foreign", "unknown=1"} {
		wantProblem(t, w.do(http.MethodGet, "/unresolved?"+query, ""), 422, "invalid")
	}
}

func TestParked_retry(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/typed", `{"send_gid":"s1","status_changed_at":"2025-01-15T14:44:00Z"}`)
	id := at(w.get("/unresolved"), "deliveries.0.id").(string)
	path := "/unresolved/" + id + "/retry"
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		code       string
	}{
		{"not JSON", `{`, nil, 400, "invalid"},
		{"trailing data", `{} x`, nil, 400, "invalid"},
		{"not an object", `[]`, nil, 422, "invalid"},
		{"unknown key", `{"event":"send.shipped"}`, nil, 422, "invalid"},
		{"not a string", `{"event_type":1}`, nil, 422, "invalid"},
		{"NUL", `{"event_type":"a\u0000"}`, nil, 422, "invalid"},
		{"too long", `{"subject_id":"` + strings.Repeat("x", 513) + `"}`, nil, 422, "invalid"},
		{"64 KiB", `{"subject_id":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413, "too_large"},
		{"10,000 deep", strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), nil, 422, "invalid"},
		{"deeper than any parser goes", strings.Repeat(`[`, 20_000), nil, 400, "invalid"},
		{"another media type", `{}`, []string{"Content-Type", "text/plain"}, 415, "media_type"},
		{"a strange media type", `{}`, []string{"Content-Type", ";+"}, 415, "media_type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := w.do(http.MethodPost, path, c.body, c.headers...)
			wantProblem(t, out, c.status, c.code)
			if strings.Contains(out.Body.String(), `"value"`) {
				t.Errorf("the body is echoed: %s", out.Body)
			}
		})
	}
	for body, field := range map[string]string{
		`{"subject_id":""}`: "subject_id", `{"subject_id":null}`: "subject_id",
		`{"event_type":""}`: "event_type", `{"event_type":null,"subject_id":"s1"}`: "event_type",
		`{"event_type":"send.shipped","subject_id":null}`: "subject_id",
	} {
		p := wantProblem(t, w.do(http.MethodPost, path, body), 422, "invalid")
		wantAt(t, p, "errors.0.location", "body."+field)
	}
	for _, asItStands := range []string{"", "{}"} {
		still := w.receive(path, asItStands)
		wantAt(t, still, "result", "unresolved")
		wantAt(t, still, "state", nil)
	}
	done := w.receive(path, `{"event_type":"send.shipped"}`)
	wantAt(t, done, "result", "recorded")
	wantAt(t, done, "subject", "sendoso/send/s1")
	wantAt(t, done, "state.delivery", "shipped")
	wantAt(t, w.get("/sends/s1"), "state.delivery.state", "shipped")
	wantProblem(t, w.do(http.MethodPost, path, ""), 404, "not_found")
}

// A conflict is about what was said, not about what is missing: it can only be read again.
func TestParked_retryOfAConflict(t *testing.T) {
	source, err := webhooks.Open(webhooks.Source{
		Name: "resend", Provider: domain.Resend, Secrets: []webhooks.Secret{{Value: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *Config) { c.Sources = []webhooks.Source{*source} })
	for _, c := range []struct{ kind, want string }{{"opened", "recorded"}, {"clicked", "conflict"}} { // under one id
		body := email("e", c.kind, "2025-01-15T14:44:00Z")
		var headers []string
		for name, values := range source.Sign("msg_1", w.time(), []byte(body)) {
			headers = append(headers, name, values[0])
		}
		wantAt(t, decoded(t, w.do(http.MethodPost, "/webhooks/resend", body, headers...)), "result", c.want)
	}
	path := "/conflicts/" + at(w.get("/conflicts"), "deliveries.0.id").(string)
	if shown, _ := w.get(path)["body"].(string); !strings.Contains(shown, "clicked") {
		t.Errorf("the body is %q", shown)
	}
	for _, settlement := range []string{`{"event_type":"email.clicked"}`, `{"subject_id":"e"}`} {
		wantProblem(t, w.do(http.MethodPost, path+"/retry", settlement), 422, "invalid")
	}
	wantAt(t, w.receive(path+"/retry", "{}"), "result", "conflict")
}

func TestMachines(t *testing.T) {
	w := newWorld(t)
	list := w.get("/machines")["machines"].([]any)
	if len(list) != len(w.machines.All()) {
		t.Errorf("%d machines", len(list))
	}
	for _, m := range list {
		name := at(m, "name").(string)
		table := w.get("/machines/" + name)
		wantAt(t, table, "name", name)
		wantAt(t, table, "hash", at(m, "hash"))
		out := w.do(http.MethodGet, "/machines/"+name+".mmd", "")
		if out.Code != 200 || !strings.HasPrefix(out.Header().Get("Content-Type"), "text/plain") || !strings.Contains(out.Body.String(), "stateDiagram") {
			t.Errorf("%s.mmd: %d %s %.80s", name, out.Code, out.Header().Get("Content-Type"), out.Body)
		}
	}
	for _, name := range []string{"nobody", ".mmd", "snappy.gift.mmd.mmd", "snappy.gift.svg"} {
		wantProblem(t, w.do(http.MethodGet, "/machines/"+name, ""), 404, "not_found")
	}
}

func TestSources(t *testing.T) {
	w := newWorld(t)
	before := w.get("/sources")
	for i, want := range []struct{ name, url, next string }{
		{"sendoso", "https://hooks.example.com/webhooks/sendoso/{event_type}", "set GIFTLINE_SENDOSO_SECRET"},
		{"snappy", "https://hooks.example.com/webhooks/snappy", "paste the URL"},
	} {
		s := before["sources"].([]any)[i]
		wantAt(t, s, "name", want.name)
		wantAt(t, s, "url", want.url)
		wantAt(t, s, "configured", i > 0)
		wantAt(t, s, "received", 0)
		wantAt(t, s, "last_received", nil)
		if next, _ := at(s, "next_step").(string); !strings.HasPrefix(next, want.next) {
			t.Errorf("next step %q", next)
		}
	}
	wantAt(t, before, "sources.1.scheme", "token")

	w.do(http.MethodPost, "/webhooks/snappy", "{}", "X-Webhook-Token", "wrong")
	if next, _ := at(w.get("/sources"), "sources.1.next_step").(string); !strings.Contains(next, "refused") {
		t.Errorf("next step %q", next)
	}
	body := gift("g", "opened", "2025-01-15T14:44:00Z")
	w.receive("/webhooks/snappy", body)
	w.receive("/webhooks/snappy", body)
	w.receive("/webhooks/snappy", "nonsense")
	after := w.get("/sources")
	wantAt(t, after, "sources.1.received", 3)
	wantAt(t, after, "sources.1.results.recorded", 1)
	wantAt(t, after, "sources.1.results.duplicate", 1)
	wantAt(t, after, "sources.1.results.quarantined", 1)
	wantAt(t, after, "sources.1.rejected", 1)
	wantAt(t, after, "sources.1.last_received", "2025-02-01T12:00:00.000000Z")
	wantAt(t, after, "sources.1.last_rejection.reason", "bad_signature")
	wantAt(t, after, "sources.1.next_step", nil)
}

func TestSources_onlyPathsWithoutAPublicURL(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PublicURL = "" })
	wantAt(t, w.get("/sources"), "sources.1.url", "/webhooks/snappy")
}

func TestSources_defaultsAreListedClosed(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Sources = c.Sources[1:2] })
	list := w.get("/sources")["sources"].([]any)
	if len(list) != 4 {
		t.Fatalf("%d sources", len(list))
	}
	for i, name := range []string{"snappy", "sendoso", "resend", "opensend"} {
		wantAt(t, list[i], "name", name)
		wantAt(t, list[i], "configured", i == 0)
	}
	wantProblem(t, w.do(http.MethodPost, "/webhooks/opensend", "{}"), 401, "no_secret")
}
