package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

const patience = 30 * time.Second // for what takes milliseconds

// heard is one event of a stream, or an id alone.
type heard struct{ id, event, data string }

// listener reads a stream as a browser does.
type listener struct {
	t     *testing.T
	res   *http.Response
	lines *bufio.Scanner
	stop  func()
}

// listen opens a stream; headers are name, value pairs.
func listen(t *testing.T, base, query string, headers ...string) *listener {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/stream?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testKey)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{t, res, bufio.NewScanner(res.Body), func() { stop(); _ = res.Body.Close() }}
	t.Cleanup(l.stop)
	return l
}

// hear gives the next block that is not a comment; false at the end.
func (l *listener) hear() (h heard, ok bool) {
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch name {
		case "id":
			h.id = value
		case "event":
			h.event = value
		case "data":
			h.data = value
		case "":
			if h != (heard{}) {
				return h, true
			}
		}
	}
	return h, false
}

// next gives the next event; it must come.
func (l *listener) next() heard {
	l.t.Helper()
	for {
		h, ok := l.hear()
		if !ok {
			l.t.Fatalf("the stream ended: %v", l.lines.Err())
		}
		if h.event != "" {
			return h
		}
	}
}

// summary is an event in a line.
func (h heard) summary() string {
	var e StreamEvent
	_ = json.Unmarshal([]byte(h.data), &e)
	return fmt.Sprintln(h.event, e.Subject.ID, e.Type, value(e.Was), "->", value(e.Verdict))
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func TestStream_tells(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	claimed := "recorded g gift-status-changed  -> moved\n"
	illegal := "recorded g gift-status-changed  -> illegal\n"
	mail := "recorded e email.delivered  -> gap\n"
	wants := map[string][]string{
		"": {claimed, illegal, mail}, "verdict=illegal": {illegal}, "verdict=moved&verdict=gap": {claimed, mail}, "provider=resend": {mail},
		"kind=email": {mail}, "subject_id=g": {claimed, illegal}, "source=snappy": {claimed, illegal}, "type=email.delivered": {mail},
	}
	listeners := map[string]*listener{}
	for query := range wants {
		listeners[query] = listen(t, s.URL, query)
	}
	w.receive("/webhooks/snappy", gift("g", "claimed", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T11:00:00Z"))
	w.receive("/webhooks/resend", email("e", "delivered", "2025-01-15T12:00:00Z"))
	for query, want := range wants {
		l := listeners[query]
		var got []string
		for range want {
			got = append(got, l.next().summary())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
		for name, value := range map[string]string{"Content-Type": eventStream, "X-Accel-Buffering": "no", "Cache-Control": "no-store"} {
			if got := l.res.Header.Get(name); got != value {
				t.Errorf("%s is %q", name, got)
			}
		}
	}
}

// A verdict that a later event changes is told with the one before and what changed it; who asked for the one before
// hears of it too.
func TestStream_tellsChangedVerdicts(t *testing.T) {
	w := newWorld(t)
	l := listen(t, w.served().URL, "verdict=illegal&after=beginning")
	w.receive("/webhooks/snappy", gift("g", "claimed", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("g", "expired", "2025-01-15T11:00:00Z"))
	if h := l.next(); h.summary() != "recorded g gift-status-changed  -> illegal\n" {
		t.Errorf("heard %s", h.summary())
	}
	cause := w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T11:00:00Z"))["event_id"]
	h := l.next()
	var e StreamEvent
	if err := json.Unmarshal([]byte(h.data), &e); err != nil || e.Position != h.id || e.Cause == nil || *e.Cause != cause {
		t.Errorf("%+v, error %v, want the cause %v", h, err, cause)
	}
	if want := "verdict g gift-status-changed illegal -> note\n"; h.summary() != want {
		t.Errorf("heard %s, want %s", h.summary(), want)
	}
}

func TestStream_refuses(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{"verdict=wrong", "provider=nobody", "kind=x", "after=x", "after=", "x=1", "after=beginning&after=beginning"} {
		wantProblem(t, w.do(http.MethodGet, "/stream?"+query, ""), 422, "invalid")
	}
	wantProblem(t, w.do(http.MethodGet, "/stream", "", "Last-Event-ID", "x"), 422, "invalid")
	wantProblem(t, w.do(http.MethodGet, "/stream", "", "Authorization", ""), 401, "unauthorized")
}

// Whoever is cut off again and again while many write hears everything once, in one order.
func TestStream_resumes(t *testing.T) {
	w := newWorld(t)
	resumes(t, w, w.served().URL)
}

// resumes posts to one and listens at another.
func resumes(t *testing.T, w *world, base string) {
	const senders, each = 6, 20
	first := listen(t, base, "")
	begin, _ := first.hear()
	first.stop()
	bodies := make([][]string, senders)
	for i := range bodies {
		for n := range each {
			bodies[i] = append(bodies[i], gift(fmt.Sprint("g", n%5), "opened", fmt.Sprintf("2025-01-15T10:%02d:%02dZ", i, n)))
		}
	}
	var sending sync.WaitGroup
	for _, list := range bodies {
		sending.Go(func() {
			for _, body := range list {
				if out := w.do(http.MethodPost, "/webhooks/snappy", body); out.Code != 200 {
					t.Errorf("%d %s", out.Code, out.Body)
				}
			}
		})
	}
	recorded := map[string]bool{}
	for last, reconnects := begin.id, 0; len(recorded) < senders*each; reconnects++ {
		l := listen(t, base, "after=beginning", "Last-Event-ID", last) // the header goes before
		for range 1 + reconnects%9 {
			if len(recorded) == senders*each {
				break
			}
			h := l.next()
			var e StreamEvent
			if err := json.Unmarshal([]byte(h.data), &e); err != nil {
				t.Fatal(err)
			}
			if last = h.id; h.event == "recorded" {
				if recorded[e.EventID] {
					t.Errorf("%s was told twice", e.EventID)
				}
				recorded[e.EventID] = true
			}
		}
		l.stop()
	}
	sending.Wait()
}

// A position of another history is answered with a reset, and the stream goes on from there.
func TestStream_resets(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T10:00:00Z"))
	known := listen(t, s.URL, "after=beginning").next().id
	l := listen(t, s.URL, "", "Last-Event-ID", "0000"+known[4:])
	h := l.next()
	if h.event != "reset" || !strings.Contains(h.data, `"code":"reset"`) || h.id != known {
		t.Errorf("%+v, want a reset to %s", h, known)
	}
	w.receive("/webhooks/resend", email("e", "delivered", "2025-01-15T12:00:00Z"))
	if h := l.next(); !strings.HasPrefix(h.summary(), "recorded e ") {
		t.Errorf("then came %s", h.summary())
	}
}

// Silence is broken, and with it comes the place up to which nothing was asked for.
func TestStream_beats(t *testing.T) {
	w := newWorld(t)
	w.streams.pace.beat, w.streams.pace.look = 20*time.Millisecond, 5*time.Millisecond
	l := listen(t, w.served().URL, "kind=email")
	first, _ := l.hear()
	w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T10:00:00Z"))
	latest, err := w.disk.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if h, _ := l.hear(); h != (heard{id: latest}) || h == first {
		t.Errorf("heard %+v, want the position %s alone", h, latest)
	}
	for beats := 0; beats < 3; {
		if !l.lines.Scan() {
			t.Fatal("the stream ended")
		}
		if strings.HasPrefix(l.lines.Text(), ":") {
			beats++
		}
	}
}

// A server that is told to stop does not wait for its streams.
func TestStream_endsAtShutdown(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	l := listen(t, s.URL, "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Config.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	for ok := true; ok; {
		_, ok = l.hear()
	}
	if err := l.lines.Err(); err != nil {
		t.Errorf("cut off: %v", err)
	}
}

// A key that is no longer known loses its streams; a database that does not answer takes none from anybody.
func TestStream_endsWithItsKey(t *testing.T) {
	w, f := newFailing(t)
	w.streams.pace.look, w.streams.pace.beat = 5*time.Millisecond, 5*time.Millisecond
	key, _, _ := Mint()
	var mu sync.Mutex
	known, fails := true, error(nil)
	set := func(k bool, err error) { mu.Lock(); defer mu.Unlock(); known, fails = k, err }
	f.known = func() (domain.Key, error) {
		mu.Lock()
		defer mu.Unlock()
		if fails == nil && !known {
			return domain.Key{}, domain.Errorf(domain.CodeNotFound, "no such key")
		}
		return domain.Key{Scopes: domain.Scopes()}, fails
	}
	l := listen(t, w.served().URL, "", "Authorization", "Bearer "+key)
	set(false, domain.Errorf(domain.CodeBusy, "full"))
	time.Sleep(keyTrust + 100*time.Millisecond)
	w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T10:00:00Z"))
	l.next()
	set(false, nil)
	for ok := true; ok; {
		_, ok = l.hear()
	}
}

func TestStream_caps(t *testing.T) {
	w := newWorld(t)
	s := w.served()
	var mine []*listener
	for range streamsPerKey {
		mine = append(mine, listen(t, s.URL, ""))
	}
	out := w.do(http.MethodGet, "/stream", "")
	wantProblem(t, out, 429, "too_many_streams")
	if out.Header().Get("Retry-After") == "" || out.Header().Get("Content-Type") == eventStream {
		t.Errorf("%v", out.Header())
	}
	key, id, hash := Mint()
	if err := w.disk.AddKey(t.Context(), domain.Key{ID: id, Name: "other", Hash: hash, Scopes: domain.Scopes()}); err != nil {
		t.Fatal(err)
	}
	if other := listen(t, s.URL, "", "Authorization", "Bearer "+key); other.res.StatusCode != 200 {
		t.Errorf("another key: %d", other.res.StatusCode)
	}
	mine[0].stop()
	for end := time.Now().Add(patience); w.do(http.MethodGet, "/stream", "").Code != 200; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a stream that ended still counts")
		}
	}
	w.streams.all = streamsInAll
	wantProblem(t, w.do(http.MethodGet, "/stream", "", "Authorization", "Bearer "+key), 429, "too_many_streams")
}

// narrow gives connections that hold little, so that who does not read is noticed soon.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(4 << 10)
	}
	return c, err
}

// Who does not read is cut off, and nobody else waits for it.
func TestStream_slowReader(t *testing.T) {
	w := newWorld(t)
	w.streams.pace.write = 200 * time.Millisecond
	s := httptest.NewUnstartedServer(nil)
	s.Config, s.Listener = Server("", w, nil), narrow{s.Listener}
	s.Start()
	t.Cleanup(s.Close)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET /stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", testKey)
	quick := listen(t, s.URL, "")
	const events = 500
	var sending sync.WaitGroup
	for i := range 10 {
		sending.Go(func() {
			for n := range events / 10 {
				body := fmt.Sprintf(`{"type":"email.delivered","created_at":"2025-01-15T12:00:00Z","data":{"email_id":"e-%d-%d"}}`, i, n)
				if out := w.do(http.MethodPost, "/webhooks/resend", body); out.Code != 200 {
					t.Error(out.Code)
				}
			}
		})
	}
	for range events {
		quick.next()
	}
	sending.Wait()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		w.streams.mu.Lock()
		n := w.streams.all
		w.streams.mu.Unlock()
		if n == 1 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d streams still run", n)
		}
	}
}

// A limited key hears of its own sources only, but its place moves on past the others.
func TestStream_reach(t *testing.T) {
	w := newWorld(t)
	w.streams.pace.beat, w.streams.pace.look = 20*time.Millisecond, 5*time.Millisecond
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.ServeHTTP(out, r.WithContext(domain.Within(r.Context(), []string{"resend"})))
	}))
	defer s.Close()
	for _, query := range []string{"", "source=snappy&source=resend", "provider=snappy&provider=resend&after=beginning"} {
		l := listen(t, s.URL, query)
		n := len(query)
		w.receive("/webhooks/snappy", gift("foreign", "opened", fmt.Sprintf("2025-01-15T10:00:%02dZ", n)))
		latest, err := w.disk.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var passed []string
		for len(passed) == 0 || passed[len(passed)-1] != latest {
			h, ok := l.hear()
			if !ok || strings.Contains(h.data, "foreign") {
				t.Fatalf("heard %+v, %v", h, ok)
			}
			passed = append(passed, h.id)
		}
		w.receive("/webhooks/resend", email(fmt.Sprint("own", n), "delivered", "2025-01-15T12:00:00Z"))
		if h := l.next(); !strings.Contains(h.data, `"id":"own`) {
			t.Errorf("%s: heard %+v", query, h)
		}
		l.stop()
	}
}

// What was read from the list of events goes on, without a hole, as a stream.
func TestStream_goesOnFromEvents(t *testing.T) {
	w := busy(t)
	page := w.get("/events?dir=asc&limit=2")
	l := listen(t, w.served().URL, "after="+url.QueryEscape(page["next"].(string)))
	got := []string{l.next().summary(), l.next().summary()}
	if want := []string{"recorded g2 gift-status-changed  -> moved\n", "recorded e1 email.delivered  -> gap\n"}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
}
