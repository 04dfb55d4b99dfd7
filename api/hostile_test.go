package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A signed webhook, whatever is in it, is taken: 200, and what cannot be read is quarantined or unresolved.
func TestHostile_authenticBodiesAreKept(t *testing.T) {
	w := newWorld(t)
	good := gift("gft_1", "opened", "2025-01-15T14:44:00Z")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(good))
	_ = z.Close()
	bodies := []struct{ name, body string }{
		{"empty", ""}, {"space", " "}, {"null", "null"}, {"a number", "1e999999"}, {"an array", "[]"},
		{"gzip without a header", zipped.String()},
		{"invalid UTF-8", strings.ReplaceAll(good, "gft_1", "gft_\xff")},
		{"lone surrogate", strings.ReplaceAll(good, "gft_1", `\ud800`)},
		{"NUL byte", good + "\x00"}, {"NUL in the id", gift("a\x00b", "opened", "2025-01-15T14:44:00Z")},
		{"10,000 deep", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)},
		{"10,000 deep inside", strings.Replace(good, `"eventData":{`, `"eventData":{"x":`+strings.Repeat(`{"a":`, 10_000)+"1"+strings.Repeat("}", 10_000)+",", 1)},
		{"duplicate keys", strings.Replace(good, `"status"`, `"status":"claimed","status"`, 1)},
		{"case variants", strings.Replace(good, `"status"`, `"Status":"claimed","status"`, 1)},
		{"trailing data", good + "{}"}, {"truncated", good[:len(good)/2]}, {"a BOM", "\ufeff" + good},
		{"empty id", gift("", "opened", "2025-01-15T14:44:00Z")},
		{"id of 64 KiB", gift(strings.Repeat("x", 64<<10), "opened", "2025-01-15T14:44:00Z")},
		{"id that is an object", strings.Replace(good, `"gft_1"`, `{}`, 1)},
		{"status of 64 KiB", gift("gft_2", strings.Repeat("x", 64<<10), "2025-01-15T14:44:00Z")},
		{"a time of nobody's calendar", gift("gft_3", "opened", "99999-99-99")},
		{"1 MiB of quotes", `"` + strings.Repeat(`\"`, maxBody/2-1) + `"`},
	}
	counted := 0
	for _, path := range []string{"/webhooks/snappy", "/webhooks/resend", "/webhooks/opensend", "/webhooks/typed", "/webhooks/typed/send.shipped", "/webhooks/typed/%2F%00?x=%zz"} {
		for _, b := range bodies {
			out := w.do(http.MethodPost, path, b.body)
			if strings.Contains(path, "%00") {
				wantProblem(t, out, 404, "unknown_source")
				continue
			}
			if counted++; out.Code != 200 {
				t.Errorf("%s to %s: %d %s", b.name, path, out.Code, out.Body)
			}
		}
	}
	total := 0.0
	for _, s := range w.get("/sources")["sources"].([]any) {
		received := at(s, "received").(float64)
		total += received
		sum := 0.0
		for _, n := range at(s, "results").(map[string]any) {
			sum += n.(float64)
		}
		if sum != received {
			t.Errorf("%v: results add up to %v of %v", at(s, "name"), sum, received)
		}
	}
	if total != float64(counted) {
		t.Errorf("%v deliveries counted, %d sent", total, counted)
	}
	for _, list := range []string{"/quarantine", "/unresolved", "/conflicts"} {
		for _, d := range w.get(list + "?limit=1000")["deliveries"].([]any) {
			w.get(list + "/" + at(d, "id").(string))
		}
	}
}

// Over real connections: nothing hangs, nothing is a 5xx, and the server lives on.
func TestHostile_requests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.served()
	const head = "POST /webhooks/snappy HTTP/1.1\r\nHost: x\r\nX-Webhook-Token: " + testToken + "\r\n"
	for _, c := range []struct {
		name, send string
		status     int // 0: the connection may just close
	}{
		{"chunks that break off", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n", 400},
		{"a chunk of no size", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		{"chunks over 1 MiB", head + "Transfer-Encoding: chunked\r\n\r\n200000\r\n" + strings.Repeat("x", 0x200000) + "\r\n0\r\n\r\n", 413},
		{"shorter than it says", head + "Content-Length: 100\r\n\r\n{}", 400},
		{"a length over 1 MiB", head + "Content-Length: 99999999999\r\n\r\n", 413},
		{"a length below zero", head + "Content-Length: -1\r\n\r\n", 400},
		{"length and chunks", head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200},
		{"headers of 64 KiB", head + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
		{"an id of 64 KiB", "GET /gifts/" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
		{"a bad escape", "GET /gifts/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"no path", "GET http://x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testKey + "\r\n\r\n", 404},
		{"all of the server", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		{"a proxy", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404},
		{"not HTTP", "\x16\x03\x01\x02\x00\x01", 0},
		{"a retry that breaks off", "POST /quarantine/x/retry HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testKey + "\r\nContent-Length: 100\r\n\r\n{}", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sendRaw(t, s, c.send); got != c.status && c.status != 0 {
				t.Errorf("status %d, want %d", got, c.status)
			}
		})
	}
	r, err := http.Get(s.URL + "/healthz")
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("the server died: %v %v", r, err)
	}
	_ = all(t, r.Body)
}

// sendRaw writes bytes, then no more, and gives the status that comes back, or 0.
func sendRaw(t *testing.T, s *httptest.Server, text string) int {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	go func() {
		_, _ = c.Write([]byte(text))
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	return r.StatusCode
}

func TestHostile_ids(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{
		"Z2lkOi8vc2VuZG9zby9TZW5kLzQ0", "a/b+c=", "a+b", "a%2Fb", "100%", "%41", "a b", "a?b#c", "ä€😀", "../../etc", ".", "..", "a;b", "<script>&", strings.Repeat("x", 512),
	} {
		w.receive("/webhooks/snappy", gift(id, "opened", "2025-01-15T14:44:00Z"))
		escaped := strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
		for _, rest := range []string{"", "/timeline", "/transitions", "/illegal-transitions"} {
			wantAt(t, w.get("/gifts/"+escaped+rest), "subject.id", id)
		}
	}
	wantAt(t, w.get("/gifts/a+b"), "subject.id", "a+b") // a plus may stand bare in a path
	if body := w.do(http.MethodGet, "/gifts/%3Cscript%3E&", "").Body.String(); !strings.Contains(body, `"id":"<script>&"`) {
		t.Errorf("escaped for HTML: %s", body)
	}
	for _, id := range []string{"a%00b", "%FF", strings.Repeat("x", 513), strings.Repeat("x", 64<<10), "a%252Fb%2525"} {
		for _, rest := range []string{"", "/timeline"} {
			wantProblem(t, w.do(http.MethodGet, "/gifts/"+id+rest, ""), 404, "not_found")
		}
		wantProblem(t, w.do(http.MethodGet, "/unresolved/"+id, ""), 404, "not_found")
		wantProblem(t, w.do(http.MethodGet, "/machines/"+id, ""), 404, "not_found")
	}
}

func TestHostile_manyAtOnce(t *testing.T) {
	w := newWorld(t)
	done := make(chan string)
	body := gift("gft_1", "opened", "2025-01-15T14:44:00Z")
	for range 64 {
		go func() {
			r := httptest.NewRequest(http.MethodPost, "/webhooks/snappy", strings.NewReader(body))
			r.Header.Set("X-Webhook-Token", testToken)
			out := httptest.NewRecorder()
			w.ServeHTTP(out, r)
			done <- fmt.Sprint(out.Code)
		}()
	}
	for range 64 {
		if got := <-done; got != "200" {
			t.Errorf("answered %s", got)
		}
	}
	wantAt(t, w.get("/gifts/gft_1/timeline"), "entries.0.received.seen", 64)
}
