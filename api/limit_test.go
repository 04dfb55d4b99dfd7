package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

func TestLimit_perKey(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RateLimit = 2 })
	one, other := w.key(domain.Key{Scopes: domain.Scopes()}), w.key(domain.Key{Scopes: domain.Scopes()})
	ask := func(key string) *httptest.ResponseRecorder {
		t.Helper()
		return w.do("GET", "/machines", "", "Authorization", key)
	}
	for i := range 2 * burstSeconds {
		if out := ask(one); out.Code != 200 {
			t.Fatalf("request %d: %d", i, out.Code)
		}
	}
	out := ask(one)
	wantProblem(t, out, 429, "rate_limited")
	if out.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", out.Header().Get("Retry-After"))
	}
	if out := ask(other); out.Code != 200 {
		t.Errorf("another key pays for it: %d", out.Code)
	}
	w.pass(time.Second)
	for i, want := range []int{200, 200, 429} {
		if out := ask(one); out.Code != want {
			t.Errorf("a second later, request %d: %d, want %d", i, out.Code, want)
		}
	}
	for range 100 { // whoever keeps asking is not locked out
		ask(one)
	}
	w.pass(time.Second)
	if out := ask(one); out.Code != 200 {
		t.Errorf("after a flood: %d", out.Code)
	}
}

// Who has no key is told to wait, and nobody else at the same address is.
func TestLimit_strangers(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RateLimit = 50 })
	for i := range strangersBurst {
		wantProblem(t, w.do("GET", "/machines", "", "Authorization", "Bearer wrong"), 401, "unauthorized")
		if i == 0 && w.do("GET", "/machines", "").Code != 200 {
			t.Error("a key is refused")
		}
	}
	out := w.do("GET", "/machines", "", "Authorization", "")
	wantProblem(t, out, 429, "rate_limited")
	if out.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if out := w.do("GET", "/machines", ""); out.Code != 200 {
		t.Errorf("a valid key from the same address: %d", out.Code)
	}
	w.pass(time.Minute)
	wantProblem(t, w.do("GET", "/machines", "", "Authorization", ""), 401, "unauthorized")
}

// Webhooks and open routes are never limited.
func TestLimit_neverWebhooks(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RateLimit = 1 })
	for i := range 50 {
		w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T14:44:00Z"))
		if out := w.do("GET", "/healthz", ""); out.Code != 200 {
			t.Fatalf("probe %d: %d", i, out.Code)
		}
	}
}

func TestLimits_areBounded(t *testing.T) {
	l := newLimits(1, 1)
	now := time.Now()
	for i := range 3 * bucketsKept {
		l.take(fmt.Sprint(i), now)
	}
	if len(l.buckets) > bucketsKept {
		t.Errorf("%d callers are remembered", len(l.buckets))
	}
	if wait := newLimits(0, 0).take("x", now); wait != 0 {
		t.Errorf("no limit, and yet a wait of %s", wait)
	}
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "@": "@",
		"::ffff:203.0.113.7": "::ffff:203.0.113.7",
	} {
		if got := network(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestCORS(t *testing.T) {
	preflight := []string{"Origin", "https://app.example.com", "Access-Control-Request-Method", "GET", "Authorization", ""}
	for _, c := range []struct {
		name, method, path string
		origins            []string
		headers            []string
		status             int
		origin             string
	}{
		{"allowed", "GET", "/machines", []string{"https://app.example.com"}, preflight[:2], 200, "https://app.example.com"},
		{"any", "GET", "/machines", []string{"*"}, preflight[:2], 200, "*"},
		{"another", "GET", "/machines", []string{"https://app.example.com"}, []string{"Origin", "https://evil.example.com"}, 200, ""},
		{"the same host, not the same origin", "GET", "/machines", []string{"https://app.example.com"}, []string{"Origin", "http://app.example.com"}, 200, ""},
		{"none configured", "GET", "/machines", nil, preflight[:2], 200, ""},
		{"not a page", "GET", "/machines", []string{"*"}, nil, 200, ""},
		{"a refusal is readable", "GET", "/machines", []string{"*"}, []string{"Origin", "https://x", "Authorization", ""}, 401, "*"},
		{"preflight without a key", "OPTIONS", "/keys", []string{"https://app.example.com"}, preflight, 204, "https://app.example.com"},
		{"preflight for any", "OPTIONS", "/gifts/x/timeline", []string{"*"}, preflight, 204, "*"},
		{"preflight of another", "OPTIONS", "/keys", []string{"https://other.example.com"}, preflight, 405, ""},
		{"preflight where nothing is configured", "OPTIONS", "/keys", nil, preflight, 405, ""},
		{"plain OPTIONS", "OPTIONS", "/keys", []string{"*"}, preflight[:2], 405, "*"},
		{"webhooks are no page's", "OPTIONS", "/webhooks/snappy", []string{"*"}, preflight, 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(o *Config) { o.CORSOrigins = c.origins })
			out := w.do(c.method, c.path, "", c.headers...)
			h := out.Header()
			if out.Code != c.status || h.Get("Access-Control-Allow-Origin") != c.origin || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%d %v", out.Code, h)
			}
			if exact := len(c.origins) == 1 && c.origins[0] != "*" && !strings.HasPrefix(c.path, "/webhooks"); (h.Get("Vary") == "Origin") != exact {
				t.Errorf("Vary %q", h.Get("Vary"))
			}
			if c.origin != "" && !strings.Contains(h.Get("Access-Control-Expose-Headers"), "ETag, Idempotency-Replayed, Link, Retry-After, X-Request-Id") {
				t.Errorf("%v", h)
			}
			if strings.Contains(h.Get("Access-Control-Allow-Methods"), http.MethodHead) {
				t.Error("HEAD is announced, which reads answer 405")
			}
			if c.status == http.StatusNoContent && !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
				t.Errorf("%v", h)
			}
		})
	}
}
