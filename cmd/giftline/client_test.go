package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"giftline/domain"
)

// answering is a client of a server that answers so.
func answering(h http.HandlerFunc) *client {
	return &client{"http://server", testKey, inProcess{h}, nil}
}

func TestClient_timelineJoinsPages(t *testing.T) {
	t.Parallel()
	var asked []string
	c := answering(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.EscapedPath()+"?"+r.URL.RawQuery)
		next := map[string]string{"": `"b"`, "b": `"c"`, "c": "null"}[r.URL.Query().Get("cursor")]
		fmt.Fprintf(w, `{"subject":{"id":"<x>"},"phase":null,"state":{},"entries":[{"n":%d}],"counts":{"events":3},"next":%s}`, len(asked), next)
	})
	doc, err := c.timeline(t.Context(), domain.Subject{Provider: domain.Resend, Kind: domain.InboundEmail, ID: "a/b+c"}, url.Values{"as_of": {"then"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := encodeJSON(doc)
	if want := `{"subject":{"id":"<x>"},"phase":null,"state":{},"entries":[{"n":1},{"n":2},{"n":3}],"counts":{"events":3},"next":null}`; string(got) != want || err != nil {
		t.Errorf("got %s, want %s (error %v)", got, want, err)
	}
	for i, cursor := range []string{"", "&cursor=b", "&cursor=c"} {
		if want := "/inbound-emails/a%2Fb+c/timeline?as_of=then" + cursor + "&provider=resend"; asked[i] != want {
			t.Errorf("asked %s, want %s", asked[i], want)
		}
	}
}

func TestClient_errors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
		code   int
	}{
		"problem":     {404, `{"code":"not_found_at","detail":"nothing by then"}`, "nothing by then", exitNotFound},
		"of our own":  {503, `{"code":"busy","detail":"try again"}`, "try again", exitError},
		"where":       {422, `{"code":"invalid","detail":"the request does not fit: errors says where","errors":[{"location":"query.q","message":"is empty"}]}`, "= query.q: is empty", exitUsage},
		"said twice":  {422, `{"code":"invalid","detail":"name: is empty","errors":[{"location":"body.name","message":"is empty"}]}`, "= body.name: is empty", exitUsage},
		"said more":   {422, `{"code":"invalid","detail":"no","errors":[{"location":"body.name","message":"is empty"}]}`, "= no; body.name: is empty", exitUsage},
		"of others":   {502, `<html>`, "answered 502 Bad Gateway", exitError},
		"wrong key":   {401, `{"code":"unauthorized"}`, "GIFTLINE_API_KEY", exitError},
		"redirect":    {302, ``, "302", exitError},
		"no timeline": {200, `<html>`, "is http://server a giftline server?", exitError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := answering(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer "+testKey {
					t.Error("asked without the key")
				}
				w.Header().Set("Location", "http://elsewhere/")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := cl.timeline(t.Context(), domain.Subject{Kind: domain.Gift, ID: "x"}, url.Values{})
			if err == nil || !strings.Contains("= "+err.Error(), c.want) || exitCode(err) != c.code {
				t.Errorf("error %v with exit code %d, want %q and %d", err, exitCode(err), c.want, c.code)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://localhost:8080": "http://localhost:8080", "https://hooks.example.com/": "https://hooks.example.com",
		"https://example.com/giftline/": "https://example.com/giftline", "": "", "localhost:8080": "", "ftp://x": "",
		"http://": "", "http://x/?a=b": "", "http://x/#a": "", "http://user:pass@x": "", "http://[": "",
	} {
		if got, err := baseURL(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, error %v", in, got, err)
		}
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", ":80": "127.0.0.1:80",
		"[::1]:80": "[::1]:80", "host:80": "host:80", "nonsense": "nonsense",
	} {
		if got := reachable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestServer_breaksDown: a server that cannot go on ends with the reason, and closes its database.
func TestServer_breaksDown(t *testing.T) {
	t.Parallel()
	sources, err := demoSources()
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := parse(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	svc, err := startService(t.Context(), "127.0.0.1:0", t.TempDir()+"/g.db", outside{sources: sources, log: (&serveCmd{LogLevel: "info"}).logger(p.errs)})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the listener broke")
	svc.failed <- broken
	err = svc.stop(svc.wait(t.Context()))
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if err := svc.store.Ready(t.Context()); err == nil {
		t.Error("the database is still open")
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level, format string
		want          string
	}{{"info", "json", `"msg":"told"`}, {"info", "text", `msg=told`}, {"error", "text", ""}} {
		var b strings.Builder
		(&serveCmd{LogLevel: word(c.level), LogFormat: word(c.format)}).logger(&b).Info("told")
		if !strings.Contains(b.String(), c.want) || c.want == "" && b.Len() > 0 {
			t.Errorf("%s %s: %q", word(c.level), c.format, b.String())
		}
		if c.format == "json" && !json.Valid([]byte(b.String())) {
			t.Errorf("not JSON: %q", b.String())
		}
	}
}
