package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

func TestWebhook_answers(t *testing.T) {
	w := newWorld(t)
	first := gift("gft_1", "opened", "2025-01-15T14:44:00Z")
	for _, c := range []struct {
		name, path, body, want string
	}{
		{"recorded", "/webhooks/snappy", first, `{"result":"recorded","verdict":"gap","event_id":"evt_*","subject":"snappy/gift/gft_1","state":{"status":"opened","delivery":"new"}}`},
		{"duplicate", "/webhooks/snappy", first, `{"result":"duplicate","verdict":"gap","event_id":"evt_*","subject":"snappy/gift/gft_1","state":{"status":"opened","delivery":"new"}}`},
		{"moved", "/webhooks/snappy", gift("gft_1", "claimed", "2025-01-15T15:00:00Z"), `{"result":"recorded","verdict":"moved","event_id":"evt_*","subject":"snappy/gift/gft_1","state":{"status":"claimed","delivery":"new"}}`},
		{"illegal is 200 too", "/webhooks/snappy", gift("gft_1", "expired", "2025-01-16T15:00:00Z"), `{"result":"recorded","verdict":"illegal","event_id":"evt_*","subject":"snappy/gift/gft_1","state":{"status":"claimed","delivery":"new"}}`},
		{"one region", "/webhooks/resend", `{"type":"contact.created","created_at":"2025-01-15T14:44:00Z","data":{"id":"c1"}}`, `{"result":"recorded","verdict":"moved","event_id":"evt_*","subject":"resend/contact/c1","state":{"status":"active"}}`},
		{"no type", "/webhooks/typed", `{"send_gid":"Z2lk","status_changed_at":"2025-01-15T14:44:00Z"}`, `{"result":"unresolved","verdict":null,"event_id":null,"subject":null,"state":null}`},
		{"type in the path", "/webhooks/typed/send.shipped", `{"send_gid":"Z2lkPQ==","status_changed_at":"2025-01-15T14:44:00Z"}`, `{"result":"recorded","verdict":"gap","event_id":"evt_*","subject":"sendoso/send/Z2lkPQ==","state":{"status":"new","delivery":"shipped"}}`},
		{"not JSON", "/webhooks/snappy", `<gift>`, `{"result":"quarantined","verdict":null,"event_id":null,"subject":null,"state":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := w.do(http.MethodPost, c.path, c.body)
			if out.Code != 200 || out.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("%d %s: %s", out.Code, out.Header().Get("Content-Type"), out.Body)
			}
			if got := out.Body.String(); !like(got, c.want+"\n") {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// like compares with a pattern whose stars stand for anything.
func like(got, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(got, parts[0]) {
		return false
	}
	for _, part := range parts {
		i := strings.Index(got, part)
		if i < 0 {
			return false
		}
		got = got[i+len(part):]
	}
	return got == ""
}

func TestWebhook_refuses(t *testing.T) {
	w := newWorld(t)
	good := gift("gft_1", "opened", "2025-01-15T14:44:00Z")
	for _, c := range []struct {
		name, path, body string
		headers          []string
		status           int
		code             string
	}{
		{"unknown source", "/webhooks/nobody", good, nil, 404, "unknown_source"},
		{"unknown source with a type", "/webhooks/nobody/x", good, nil, 404, "unknown_source"},
		{"a type that is not text", "/webhooks/snappy/%FF", good, nil, 404, "unknown_source"},
		{"a type of 64 KiB", "/webhooks/snappy/" + strings.Repeat("x", 64<<10), good, nil, 404, "unknown_source"},
		{"gzip", "/webhooks/snappy", good, []string{"Content-Encoding", "gzip"}, 415, "content_encoding"},
		{"two encodings", "/webhooks/snappy", good, []string{"Content-Encoding", "identity, gzip"}, 415, "content_encoding"},
		{"over 1 MiB", "/webhooks/snappy", strings.Repeat("x", maxBody+1), nil, 413, "too_large"},
		{"no secret here", "/webhooks/sendoso", good, nil, 401, "no_secret"},
		{"no token", "/webhooks/snappy", good, []string{"X-Webhook-Token", ""}, 401, "missing_signature"},
		{"wrong token", "/webhooks/snappy", good, []string{"X-Webhook-Token", "wrong"}, 401, "bad_signature"},
		{"wrong token in the query", "/webhooks/snappy?token=wrong", good, []string{"X-Webhook-Token", ""}, 401, "bad_signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantProblem(t, w.do(http.MethodPost, c.path, c.body, c.headers...), c.status, c.code)
		})
	}
	wantProblem(t, w.do(http.MethodGet, "/gifts/gft_1", ""), 404, "not_found")
}

func TestWebhook_takes(t *testing.T) {
	w := newWorld(t)
	for _, headers := range [][]string{
		{"Content-Encoding", "identity"}, {"Content-Type", "text/plain"}, {"Content-Type", ""}, {"Accept", "a;,b"},
		{"Authorization", ""}, {"X-Event-Type", "\xff"}, {"X-Event-Type", strings.Repeat("x", 4096)},
	} {
		if out := w.do(http.MethodPost, "/webhooks/snappy", gift("g", "opened", "2025-01-15T14:44:00Z"), headers...); out.Code != 200 {
			t.Errorf("%q: %d %s", headers, out.Code, out.Body)
		}
	}
	if out := w.do(http.MethodPost, "/webhooks/snappy?token="+testToken, gift("g", "opened", "2025-01-15T14:44:00Z"), "X-Webhook-Token", ""); out.Code != 200 {
		t.Errorf("token in the query: %d", out.Code)
	}
	full := gift("g", "opened", "2025-01-15T14:44:00Z")
	if out := w.do(http.MethodPost, "/webhooks/snappy", full+strings.Repeat(" ", maxBody-len(full))); out.Code != 200 {
		t.Errorf("exactly 1 MiB: %d %s", out.Code, out.Body)
	}
}

func TestWebhook_missingSecretIsLoggedOncePerMinute(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.do(http.MethodPost, "/webhooks/sendoso", "{}")
	}
	if n := strings.Count(w.logs.String(), "GIFTLINE_SENDOSO_SECRET\"}"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, w.logs)
	}
	w.pass(time.Minute)
	w.do(http.MethodPost, "/webhooks/sendoso", "{}")
	if n := strings.Count(w.logs.String(), "GIFTLINE_SENDOSO_SECRET\"}"); n != 2 {
		t.Errorf("logged %d times after a minute", n)
	}
}

func TestWebhook_wrongConfigurationIsClosed(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Sources[1].Secrets[0].Value = "short"
		c.Sources[2].Secrets = c.Sources[1].Secrets // scheme none with a secret
	})
	for _, path := range []string{"/webhooks/snappy", "/webhooks/resend"} {
		wantProblem(t, w.do(http.MethodPost, path, "{}", "X-Webhook-Token", "short"), 401, "no_secret")
	}
}

func TestWebhook_storeFails(t *testing.T) {
	w, f := newFailing(t)
	for _, c := range []struct {
		err  error
		code string
	}{
		{domain.Errorf(domain.CodeBusy, "the queue is full"), "busy"},
		{domain.Errorf(domain.CodeNewerMachine, "upgrade"), "newer_machine"},
		{domain.Errorf(domain.CodeInvalid, "what"), "invalid"},
		{errors.New("disk on fire"), "internal"},
		{context.DeadlineExceeded, "timeout"},
		{context.Canceled, "client_gone"},
	} {
		f.record = func() (domain.Receipt, error) { return domain.Receipt{}, c.err }
		out := w.do(http.MethodPost, "/webhooks/snappy", gift("g", "opened", "2025-01-15T14:44:00Z"))
		wantProblem(t, out, 503, c.code)
		if out.Header().Get("Retry-After") != "5" {
			t.Errorf("%s: no Retry-After", c.code)
		}
		if strings.Contains(out.Body.String(), "fire") {
			t.Error("the cause is told")
		}
	}
	if n := strings.Count(w.logs.String(), "disk on fire"); n != 1 {
		t.Errorf("the cause is logged %d times", n)
	}
	if n := w.PutOff(); n != 6 {
		t.Errorf("%d webhooks are counted that were put off, want each one", n)
	}
	f.record = func() (domain.Receipt, error) { panic("boom") }
	wantProblem(t, w.do(http.MethodPost, "/webhooks/snappy", "{}"), 500, "internal")
	if !strings.Contains(w.logs.String(), "boom") {
		t.Error("the panic is not logged")
	}
}

// The commit outlives its connection.
func TestWebhook_senderGoesAway(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest(http.MethodPost, "/webhooks/snappy", strings.NewReader(gift("gft_1", "opened", "2025-01-15T14:44:00Z"))).WithContext(ctx)
	r.Header.Set("X-Webhook-Token", testToken)
	w.ServeHTTP(httptest.NewRecorder(), r)
	wantAt(t, w.get("/gifts/gft_1"), "state.status.state", "opened")
}

func TestRejections(t *testing.T) {
	w, f := newFailing(t)
	f.reject = errors.New("not now")
	for range 3 {
		w.do(http.MethodPost, "/webhooks/snappy", "{}", "X-Webhook-Token", "wrong")
		w.pass(time.Second)
	}
	w.do(http.MethodPost, "/webhooks/snappy", "{}", "Content-Encoding", "br")
	shown := func() {
		t.Helper()
		s := w.get("/sources")
		wantAt(t, s, "sources.1.rejected", 4)
		wantAt(t, s, "sources.1.last_rejection.reason", "content_encoding")
		wantAt(t, s, "sources.1.last_rejection.at", "2025-02-01T12:00:03.000000Z")
	}
	shown()
	if err := w.FlushRejections(t.Context()); err == nil {
		t.Fatal("no error")
	}
	shown()
	f.reject = nil
	if err := w.FlushRejections(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.rejected.of("snappy")) != 0 {
		t.Error("still waiting after the flush")
	}
	shown()
}

func TestRun_flushesAtTheEnd(t *testing.T) {
	w := newWorld(t)
	w.do(http.MethodPost, "/webhooks/snappy", "{}", "X-Webhook-Token", "wrong")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.Run(ctx)
	counts, err := w.disk.SourceCounts(t.Context())
	if err != nil || len(counts) != 1 || counts[0].Rejected != 1 {
		t.Errorf("%v %v", counts, err)
	}
}
