package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

const (
	testKey   = "a-key-for-tests-of-more-than-24"
	testToken = "a-token-for-tests"
)

// world is a whole Giftline on a database in a temporary directory, with a clock that stands still.
type world struct {
	*API
	t     *testing.T
	disk  *store.Store
	logs  *logs
	mu    sync.Mutex
	clock time.Time
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	return newWorldOn(t, store.Options{}, change...)
}

// newWorldOn also says how the database is kept.
func newWorldOn(t *testing.T, o store.Options, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, logs: &logs{}, clock: time.Date(2025, 2, 1, 12, 0, 0, 0, time.UTC)}
	machines := statemachines.All()
	o.Machines, o.Now, o.Alerting = machines, w.time, testAlerting
	disk, err := store.Open(context.Background(), t.TempDir()+"/giftline.db", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	w.disk = disk
	c := Config{
		Tracker:  &domain.Tracker{Store: disk, Machines: machines, Parsers: webhooks.Parsers()},
		Reader:   &domain.Reader{Store: disk, Machines: machines, Data: webhooks.Data, Dwells: disk.Dwells, LabelsOf: disk.LabelsOf, WatchOf: disk.WatchOf},
		Store:    disk,
		Machines: machines,
		Sources: []webhooks.Source{
			{Name: "sendoso", Provider: domain.Sendoso},
			{Name: "snappy", Provider: domain.Snappy, Secrets: []webhooks.Secret{{Value: testToken}}},
			{Name: "resend", Provider: domain.Resend, Scheme: webhooks.None},
			{Name: "opensend", Provider: domain.OpenSend, Scheme: webhooks.None},
			{Name: "typed", Provider: domain.Sendoso, Scheme: webhooks.None},
		},
		Channels: []Channel{{"ops", "log"}}, TestChannel: func(context.Context, string) error { return nil },
		PublicURL: "https://hooks.example.com/", BootstrapKey: testKey, Now: w.time,
		Log: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	w.API = New(c)
	t.Cleanup(w.verify)
	return w
}

// testAlerting is by the machines' own limits, and tells one channel.
var testAlerting = &domain.Alerting{Policy: &domain.Policy{}, Routes: domain.Routes{{Channel: "ops"}}}

// verify finds nothing wrong with what a test has left in the database, whatever it sent: the first thing to know of a
// program that cries damage.
func (w *world) verify() {
	_, err := w.disk.Verify(context.Background(), store.Verification{Parsers: webhooks.Parsers(), Found: func(f domain.Finding) error {
		w.t.Errorf("%s is %s: %+v", f.Name(), f.Condition, f.Damage)
		return nil
	}})
	if err != nil && domain.CodeOf(err) != domain.CodeBusy {
		w.t.Error(err)
	}
}

// withStore is a configuration on any store, for benchmarks.
func withStore(s domain.Store, parse domain.Parser) Config {
	machines := statemachines.All()
	parsers := webhooks.Parsers()
	if parse != nil {
		parsers = map[domain.Provider]domain.Parser{domain.Snappy: parse}
	}
	return Config{
		Tracker: &domain.Tracker{Store: s, Machines: machines, Parsers: parsers}, Store: s, Machines: machines, Log: quiet(),
		Sources: []webhooks.Source{{Name: "snappy", Provider: domain.Snappy, Secrets: []webhooks.Secret{{Value: testToken}}}},
	}
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// do sends a request with the key and the token; headers are name, value pairs, and an empty value removes one.
func (w *world) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+testKey)
	r.Header.Set("X-Webhook-Token", testToken)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	out := httptest.NewRecorder()
	answer := leaving(out, &r)
	w.ServeHTTP(answer, r)
	wantExplained(w.t, out)
	return out
}

// wantExplained holds every problem that any test meets to the page of its code.
func wantExplained(t *testing.T, out *httptest.ResponseRecorder) {
	t.Helper()
	if out.Header().Get("Content-Type") != "application/problem+json" || out.Body.Len() == 0 {
		return
	}
	code, _ := decoded(t, out)["code"].(string)
	if page := problemPages[code]; page.Status == 0 || out.Code != page.Status && out.Code != 503 && !slices.Contains(page.Also, out.Code) {
		t.Errorf("code %q is answered with %d, which problemPages does not say", code, out.Code)
	}
}

// leaving is a client that goes away once something was flushed, as only a live stream does.
func leaving(out *httptest.ResponseRecorder, r **http.Request) http.ResponseWriter {
	ctx, leave := context.WithCancel((*r).Context())
	*r = (*r).WithContext(ctx)
	return &leaver{out, leave}
}

type leaver struct {
	*httptest.ResponseRecorder
	leave func()
}

func (l *leaver) Flush() { l.leave() }

// get reads a route that must answer.
func (w *world) get(target string) map[string]any {
	w.t.Helper()
	out := w.do(http.MethodGet, target, "")
	if out.Code != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", target, out.Code, out.Body)
	}
	return decoded(w.t, out)
}

// receive sends a webhook that must be taken.
func (w *world) receive(path, body string) map[string]any {
	w.t.Helper()
	out := w.do(http.MethodPost, path, body)
	if out.Code != http.StatusOK {
		w.t.Fatalf("POST %s: %d %s", path, out.Code, out.Body)
	}
	return decoded(w.t, out)
}

func decoded(t *testing.T, out *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(out.Body.Bytes(), &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, out.Body)
	}
	return v
}

// wantProblem checks the shape that every failure has, and its code.
func wantProblem(t *testing.T, out *httptest.ResponseRecorder, status int, code string) map[string]any {
	t.Helper()
	if out.Code != status {
		t.Fatalf("status %d, want %d: %s", out.Code, status, out.Body)
	}
	if ct := out.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q", ct)
	}
	p := decoded(t, out)
	if p["code"] != code || p["status"] != float64(status) || p["type"] != "/problems/"+code || p["title"] == nil || p["detail"] == "" {
		t.Errorf("problem %v, want code %s", p, code)
	}
	if id := out.Header().Get("X-Request-Id"); id == "" || p["request_id"] != id {
		t.Errorf("request id %q, in the body %v", id, p["request_id"])
	}
	return p
}

// at digs in decoded JSON: keys and indexes, separated by dots.
func at(v any, path string) any {
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func wantAt(t *testing.T, v any, path string, want any) {
	t.Helper()
	if got := at(v, path); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", path, got, want)
	}
}

var deliveries int

// gift is one of Snappy's bodies; each has a delivery id of its own.
func gift(id, status, when string) string {
	deliveries++
	return fmt.Sprintf(`{"webhookData":{"id":"wh_%d","eventType":"gift-status-changed","triggeredAt":%q},"eventData":{"giftId":%s,"status":%q}}`,
		deliveries, when, quoted(id), status)
}

func email(id, kind, when string) string {
	return fmt.Sprintf(`{"type":"email.%s","created_at":%q,"data":{"email_id":%s}}`, kind, when, quoted(id))
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// logs is a log that tests can read.
type logs struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// served runs the world behind a real, hardened server.
func (w *world) served() *httptest.Server {
	s := httptest.NewUnstartedServer(nil)
	s.Config = Server("", w, nil)
	s.Start()
	w.t.Cleanup(s.Close)
	return s
}

func all(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
