package api

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"

	"giftline/domain"
)

// deed is an operation that changes something, and counts how often it did.
type deed struct {
	*world
	done atomic.Int64
	do   func() error
}

type deedInput struct {
	ID   string `path:"id"`
	Body map[string]string
}

type deedAnswer struct {
	Number int64 `json:"number"`
}

func newDeed(t *testing.T) *deed {
	d := &deed{world: newWorld(t), do: func() error { return nil }}
	post(d.API, "/deeds/{id}", "Something that changes something", func(context.Context, *deedInput) (*body[deedAnswer], error) {
		n := d.done.Add(1)
		return answer(deedAnswer{n}), d.do()
	})
	return d
}

func (d *deed) ask(path, body, key string, headers ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.world.do(http.MethodPost, path, body, append([]string{"Idempotency-Key", key}, headers...)...)
}

func TestOnce_replays(t *testing.T) {
	d := newDeed(t)
	first := d.ask("/deeds/a", `{"x":"1"}`, "k")
	for range 2 {
		again := d.ask("/deeds/a", `{"x":"1"}`, "k")
		if again.Code != 200 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" || again.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d %s %v", again.Code, again.Body, again.Header())
		}
	}
	if first.Header().Get("Idempotency-Replayed") != "" || d.done.Load() != 1 {
		t.Errorf("done %d times", d.done.Load())
	}
	for _, other := range [][2]string{{"/deeds/a", `{"x":"2"}`}, {"/deeds/b", `{"x":"1"}`}, {"/deeds/a", `{"x":"1"} `}} {
		wantProblem(t, d.ask(other[0], other[1], "k"), 422, "idempotency_key_reused")
	}
	wantAt(t, decoded(t, d.ask("/deeds/a", `{"x":"1"}`, "another")), "number", 2)
	wantAt(t, decoded(t, d.ask("/deeds/a", `{"x":"1"}`, "")), "number", 3)
}

// A key belongs to the API key that it came with: others neither collide with it nor learn of its answer.
func TestOnce_belongsToTheCaller(t *testing.T) {
	d := newDeed(t)
	key, id, hash := Mint()
	if err := d.disk.AddKey(t.Context(), domain.Key{ID: id, Name: "other", Hash: hash, Scopes: domain.Scopes()}); err != nil {
		t.Fatal(err)
	}
	wantAt(t, decoded(t, d.ask("/deeds/a", `{}`, "k")), "number", 1)
	wantAt(t, decoded(t, d.ask("/deeds/b", `{}`, "k", "Authorization", "Bearer "+key)), "number", 2)
	wantProblem(t, d.ask("/deeds/a", `{}`, "k", "Authorization", ""), 401, "unauthorized")
}

// What is kept tells nothing without the two keys: an answer may hold a secret.
func TestOnce_sealsAnswers(t *testing.T) {
	sealFor := func(caller, key string) seal {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodPost, "/", nil)
		c.Request.Header.Set("Authorization", "Bearer "+caller)
		return newSeal(c, key)
	}
	s := sealFor("caller", "k")
	sealed := s.close(keptAnswer{200, "application/json", []byte("a secret")})
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, s.close(keptAnswer{200, "application/json", []byte("a secret")})) {
		t.Error("it can be read, or compared")
	}
	if k, err := s.open(sealed); err != nil || k.Status != 200 || string(k.Body) != "a secret" {
		t.Errorf("%+v, error %v", k, err)
	}
	for _, other := range []seal{sealFor("another", "k"), sealFor("caller", "l")} {
		if _, err := other.open(sealed); domain.CodeOf(err) != domain.CodeDamaged || other.id == s.id {
			t.Errorf("opened with other keys: %v", err)
		}
	}
}

// While the first runs the second is told to wait; on every replica.
func TestOnce_inProgress(t *testing.T) {
	d := newDeed(t)
	begun, finish := make(chan bool), make(chan bool)
	d.do = func() error { begun <- true; <-finish; return nil }
	answered := make(chan *httptest.ResponseRecorder)
	go func() { answered <- d.ask("/deeds/a", `{}`, "k") }()
	<-begun
	replica := New(Config{Tracker: d.tracker, Reader: d.reader, Store: d.disk, Machines: d.machines, BootstrapKey: testKey, Now: d.time})
	post(replica, "/deeds/{id}", "The same elsewhere", func(context.Context, *deedInput) (*body[deedAnswer], error) { return answer(deedAnswer{99}), nil })
	elsewhere := &deed{world: &world{API: replica, t: t}}
	for _, at := range []*deed{d, elsewhere} {
		out := at.ask("/deeds/a", `{}`, "k")
		wantProblem(t, out, 409, "in_progress")
		if out.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", out.Header().Get("Retry-After"))
		}
	}
	close(finish)
	first := <-answered
	if again := elsewhere.ask("/deeds/a", `{}`, "k"); again.Body.String() != first.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("elsewhere: %d %s", again.Code, again.Body)
	}
}

// What says to try again is not kept; what is settled is, also a refusal.
func TestOnce_keepsWhatIsSettled(t *testing.T) {
	d := newDeed(t)
	for _, c := range []struct {
		name   string
		do     func() error
		status int
		kept   bool
	}{
		{"busy", func() error { return domain.Errorf(domain.CodeBusy, "full") }, 503, false},
		{"internal", func() error { return context.DeadlineExceeded }, 503, false},
		{"panic", func() error { panic("for the test") }, 500, false},
		{"client gone", func() error { return context.Canceled }, 499, false},
		{"too many", func() error { return newProblem(429, "rate_limited", "later") }, 429, false},
		{"not found", func() error { return domain.Errorf(domain.CodeNotFound, "no such thing") }, 404, false}, // it may come
		{"invalid", func() error { return domain.Errorf(domain.CodeInvalid, "no") }, 422, true},
		{"done", func() error { return nil }, 200, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := d.done.Load()
			d.do = c.do
			for n := range 2 {
				out := d.ask("/deeds/a", `{}`, c.name)
				if replayed := out.Header().Get("Idempotency-Replayed") == "true"; out.Code != c.status || replayed != (c.kept && n == 1) {
					t.Errorf("time %d: %d, replayed %v", n, out.Code, replayed)
				}
			}
			if times := d.done.Load() - before; times != map[bool]int64{true: 1, false: 2}[c.kept] {
				t.Errorf("done %d times", times)
			}
		})
	}
}

func TestOnce_strangeKeys(t *testing.T) {
	d := newDeed(t)
	for _, key := range []string{strings.Repeat("k", 256), "a\x01", "ä", "a\tb", "\x7f"} {
		wantProblem(t, d.ask("/deeds/a", `{}`, key), 422, "invalid")
	}
	r := httptest.NewRequest(http.MethodPost, "/deeds/a", strings.NewReader(`{}`))
	r.Header = http.Header{"Authorization": {"Bearer " + testKey}, "Idempotency-Key": {"a", "b"}}
	out := httptest.NewRecorder()
	d.ServeHTTP(out, r)
	wantProblem(t, out, 422, "invalid")
	wantProblem(t, d.ask("/deeds/a", `{"x":"`+strings.Repeat("x", 64<<10)+`"}`, "large"), 413, "too_large")
	if d.done.Load() != 0 {
		t.Errorf("done %d times", d.done.Load())
	}
	for _, key := range []string{strings.Repeat("k", 255), " ", "~"} {
		if out := d.ask("/deeds/a", `{}`, key); out.Code != 200 {
			t.Errorf("%q: %d", key, out.Code)
		}
	}
}

// Webhooks have their own identity, and reading needs none.
func TestOnce_onlyForWhatChangesSomething(t *testing.T) {
	w := newWorld(t)
	for _, when := range []string{"2025-01-15T10:00:00Z", "2025-01-15T11:00:00Z"} {
		out := w.do(http.MethodPost, "/webhooks/snappy", gift("g", "opened", when), "Idempotency-Key", "k")
		wantAt(t, decoded(t, out), "result", "recorded")
		if out := w.do(http.MethodGet, "/gifts/g", "", "Idempotency-Key", "k"); out.Code != 200 || out.Header().Get("Idempotency-Replayed") != "" {
			t.Errorf("%d %v", out.Code, out.Header())
		}
	}
	document := w.get("/openapi.json")["paths"].(map[string]any)
	wantAt(t, document["/unresolved/{id}/retry"], "post.parameters.1.name", "Idempotency-Key")
	if at(document["/webhooks/{source}"], "post.parameters.4") != nil {
		t.Error("webhooks take an Idempotency-Key")
	}
}
