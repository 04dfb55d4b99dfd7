package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"giftline/domain"
)

// How each kind goes on after each answer.
func TestNotify_GoesOn(t *testing.T) {
	t.Parallel()
	type outcome struct {
		name           string
		sent           bool
		final, disable bool
		after          time.Duration
	}
	ok := outcome{name: "sent", sent: true}
	again := outcome{name: "again"}
	final := outcome{name: "final", final: true}
	disabled := outcome{name: "disabled", disable: true}
	later := func(d time.Duration) outcome { return outcome{name: "later", after: d} }
	same := func(o outcome) map[Kind]outcome {
		return map[Kind]outcome{Webhook: o, Slack: o, PagerDuty: o, Alertmanager: o}
	}
	for name, tt := range map[string]struct {
		status int
		after  string // Retry-After
		want   map[Kind]outcome
	}{
		"ok":                     {200, "", same(ok)},
		"accepted":               {202, "", same(ok)},
		"no content":             {204, "", same(ok)},
		"moved":                  {301, "", same(again)},
		"not modified":           {304, "", same(again)},
		"bad request":            {400, "", map[Kind]outcome{Webhook: again, Slack: final, PagerDuty: final, Alertmanager: final}},
		"unauthorized":           {401, "", same(again)},
		"forbidden":              {403, "", same(again)},
		"not found":              {404, "", same(again)},
		"timed out":              {408, "", same(again)},
		"gone":                   {410, "", same(disabled)},
		"too large":              {413, "", same(again)},
		"too early":              {425, "", same(again)},
		"too many":               {429, "", same(again)},
		"too many, in seconds":   {429, "17", same(later(17 * time.Second))},
		"too many, by date":      {429, noon.Add(time.Minute).Format(http.TimeFormat), same(later(time.Minute))},
		"too many, in the past":  {429, noon.Add(-time.Minute).Format(http.TimeFormat), same(again)},
		"too many, for too long": {429, "4000000000", same(later(time.Hour))},
		"too many, for nonsense": {429, "-5", same(again)},
		"broken":                 {500, "99", same(again)},
		"busy":                   {503, "17", same(later(17 * time.Second))},
	} {
		for _, kind := range posting {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				s, count := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
					if tt.after != "" {
						w.Header().Set("Retry-After", tt.after)
					}
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(tt.status)
				})
				err := open(t, channelOf(kind, s.URL)).Notify(t.Context(), someNews())
				want, how := tt.want[kind], (*domain.NotifyError)(nil)
				if count.Load() != 1 {
					t.Errorf("%d requests", count.Load())
				}
				if want.sent {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				if !errors.As(err, &how) || how.Final != want.final || how.Disable != want.disable || how.After != want.after {
					t.Errorf("%v (%+v), want %s", err, how, want.name)
				}
			})
		}
	}
}

// Receivers that mean no good, or whose servers do not work: each time it is tried again, nothing hangs, no secret is in
// the error.
func TestNotify_HostileReceivers(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other, _ := receiver(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	for name, tt := range map[string]struct {
		handle http.HandlerFunc
		err    string        // empty: it was told
		within time.Duration // 0: it ends by itself
	}{
		"it hangs":          {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer in time", 100 * time.Millisecond},
		"it hangs up":       {hijacked(""), "it hung up", 0},
		"it speaks no http": {hijacked("SSH-2.0 hello R0UT1NGKEY whsec_bm9ib2R5IGtub3dzIHRoaXMgc2VjcmV0IGJ1dCB1cw== /T0/SECRETPATH\r\n\r\n"), "makes no sense", 0},
		"it repeats the request": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", r.URL.String())
			http.Error(w, r.URL.String(), 500)
		}, "answered 500", 0},
		"it leads elsewhere":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/SECRETPATH", 307) }, "answered 307: redirects are not followed", 0},
		"its answer never ends": {endless(200), "", 0},
		"nor does its error":    {endless(500), "answered 500", 0},
		"nor does its header":   {hijacked("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 200<<10)), "makes no sense", 0},
		"its answer trickles": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "", 3 * time.Second},
	} {
		for _, kind := range posting {
			t.Run(string(kind)+": "+name, func(t *testing.T) {
				t.Parallel()
				s, _ := receiver(t, tt.handle)
				n := open(t, channelOf(kind, s.URL+"/T0/SECRETPATH?token=SECRETQUERY"))
				ctx, cancel := context.WithCancel(t.Context())
				if tt.within > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), tt.within)
				}
				defer cancel()
				err := n.Notify(ctx, someNews())
				if tt.err == "" {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				how := (*domain.NotifyError)(nil)
				if !errors.As(err, &how) || how.Final || how.Disable || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v (%+v), want %q", err, how, tt.err)
				}
				noSecrets(t, err)
			})
		}
	}
	t.Cleanup(func() {
		if elsewhere.Load() > 0 {
			t.Errorf("a redirect was followed %d times", elsewhere.Load())
		}
	})
}

func noSecrets(t *testing.T, err error) {
	t.Helper()
	for _, part := range []string{"SECRET", "R0UT1NGKEY", "bm9ib2R5", "/T0", "hunter2"} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("%q tells a secret", err)
		}
	}
}

// hijacked answers with bytes of its own, and hangs up.
func hijacked(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte(answer))
	}
}

func endless(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}
}

func TestNotify_Unreachable(t *testing.T) {
	t.Parallel()
	s, _ := receiver(t, func(http.ResponseWriter, *http.Request) {})
	s.Close()
	https, _ := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for url, want := range map[string]string{
		s.URL:                                "connection refused",
		"https" + https.URL[len("http"):]:    "does not speak TLS",
		"https://user:hunter2@127.0.0.1:1/x": "connection refused",
	} {
		for _, kind := range posting {
			err := open(t, channelOf(kind, url)).Notify(t.Context(), someNews())
			if how := (*domain.NotifyError)(nil); !errors.As(err, &how) || how.Final || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", kind, err, want)
			}
			noSecrets(t, err)
		}
	}
}

// A certificate that nobody signed keeps the secrets at home.
func TestNotify_Certificates(t *testing.T) {
	t.Parallel()
	config, pool := authority(t)
	var count atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { count.Add(1) }))
	s.TLS, s.Config.ErrorLog = config, log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	for _, trust := range []bool{false, true} {
		n := open(t, channelOf(Webhook, s.URL)).(*webhook)
		if trust {
			n.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = pool
		}
		err := n.Notify(t.Context(), someNews())
		if trust != (err == nil) || trust != (count.Load() == 1) || !trust && !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("trusted %v: %v, %d requests", trust, err, count.Load())
		}
	}
}

func TestNotify_StopsWhenTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	for _, kind := range posting {
		if err := open(t, channelOf(kind, s.URL)).Notify(ctx, someNews()); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want that it was stopped", kind, err)
		}
	}
}

// What is told goes through nobody else, whatever the environment says: the guard would look at the proxy's address.
func TestNotify_NoProxy(t *testing.T) {
	t.Parallel()
	p := newPoster(&url.URL{Scheme: "https", Host: "example.com"}, options())
	if p.client.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy is asked for")
	}
}

// Of what goes wrong on the way, what may repeat the request is left out.
func TestPoster_Causes(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"its name was not found: no such host": &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "example.com", IsNotFound: true}},
		"it did not answer in time":            &net.OpError{Op: "dial", Err: &net.DNSError{Err: "timeout", IsTimeout: true}},
		"connection reset by peer":             &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		"tls: handshake failure":               &net.OpError{Op: "remote error", Err: tls.AlertError(40)},
		"it hung up":                           io.ErrUnexpectedEOF,
		unknownCause:                           errors.New(`malformed answer "/T0/SECRETPATH"`),
	} {
		if got := causeOf(&url.Error{Op: "Post", URL: "https://example.com/T0/SECRETPATH", Err: err}); got != want {
			t.Errorf("%v is told as %q, want %q", err, got, want)
		}
	}
}

func TestOpen_Wrong(t *testing.T) {
	t.Parallel()
	good := map[Kind]Channel{Email: mailChannel("mail.example.com:587"), Log: {Kind: Log}}
	for _, kind := range posting {
		good[kind] = channelOf(kind, "https://example.com/T0/SECRETPATH")
	}
	for name, tt := range map[string]struct {
		kind   Kind
		change func(*Channel)
		err    string // empty: it is right
	}{
		"a webhook":                      {Webhook, func(*Channel) {}, ""},
		"Slack":                          {Slack, func(*Channel) {}, ""},
		"PagerDuty":                      {PagerDuty, func(*Channel) {}, ""},
		"PagerDuty needs no url":         {PagerDuty, func(c *Channel) { c.URL = "" }, ""},
		"an Alertmanager":                {Alertmanager, func(*Channel) {}, ""},
		"e-mail":                         {Email, func(*Channel) {}, ""},
		"a log":                          {Log, func(*Channel) {}, ""},
		"no kind":                        {Log, func(c *Channel) { c.Kind = "" }, "unknown kind \"\": use webhook, slack, pagerduty, alertmanager, email or log"},
		"no url":                         {Webhook, func(c *Channel) { c.URL = "" }, "no url"},
		"a url of another sort":          {Slack, func(c *Channel) { c.URL = "ftp://SECRETPATH/" }, "its url is none"},
		"a url without a host":           {Alertmanager, func(c *Channel) { c.URL = "http:///SECRETPATH" }, "its url is none"},
		"a url that cannot be read":      {Slack, func(c *Channel) { c.URL = "https://a b/SECRETPATH%zz" }, "its url is none"},
		"a url with a fragment":          {Webhook, func(c *Channel) { c.URL += "#x" }, "behind #"},
		"no secret":                      {Webhook, func(c *Channel) { c.Secrets = nil }, "no secret"},
		"a short secret":                 {Webhook, func(c *Channel) { c.Secrets = []string{secret, "whsec_SECRET"} }, "a secret is none"},
		"an empty secret":                {Webhook, func(c *Channel) { c.Secrets = []string{""} }, "a secret is none"},
		"no routing key":                 {PagerDuty, func(c *Channel) { c.Secrets = nil }, "routing key"},
		"two routing keys":               {PagerDuty, func(c *Channel) { c.Secrets = []string{"SECRET1", "SECRET2"} }, "needs one secret"},
		"a secret where none is used":    {Slack, func(c *Channel) { c.Secrets = []string{"SECRET"} }, "no use for secrets"},
		"a url where none is used":       {Log, func(c *Channel) { c.URL = "https://SECRET" }, "no use for url"},
		"readers where none are":         {Webhook, func(c *Channel) { c.To = []string{"a@b.c"} }, "no use for to"},
		"no server":                      {Email, func(c *Channel) { c.Server = "mail.example.com" }, "write host:port"},
		"no readers":                     {Email, func(c *Channel) { c.To = nil }, "nobody to write to"},
		"a reader who is none":           {Email, func(c *Channel) { c.To = []string{"ops"} }, "is no address"},
		"a reader with a header":         {Email, func(c *Channel) { c.To = []string{"a@b.c\r\nBcc: d@e.f"} }, "is no address"},
		"no sender":                      {Email, func(c *Channel) { c.From = "" }, "from:"},
		"an unknown protection":          {Email, func(c *Channel) { c.TLS = "ssl" }, "unknown tls"},
		"a login for everybody to read":  {Email, func(c *Channel) { c.User, c.Password = "me", "hunter2" }, "readable with tls: none"},
		"a password of nobody":           {Email, func(c *Channel) { c.Password = "hunter2" }, "a password without user"},
		"a login without a password":     {Email, func(c *Channel) { c.User, c.TLS = "me", onlyTLS }, "a user without password: give it in password or password_file"},
		"a login under tls":              {Email, func(c *Channel) { c.User, c.Password, c.TLS = "me", "hunter2", onlyTLS }, ""},
		"two things at once are both so": {Email, func(c *Channel) { c.To, c.From = nil, "" }, "nobody to write to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good[tt.kind]
			tt.change(&c)
			_, err := Open(c, options())
			if tt.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("%v, want %q", err, tt.err)
			}
			noSecrets(t, err)
		})
	}
	o := options()
	o.PublicURL = "gifts.example.com"
	if _, err := Open(good[Log], o); err == nil || !strings.Contains(err.Error(), "public URL") {
		t.Errorf("a public URL without a scheme: %v", err)
	}
	if _, err := Open(good[Log], Options{}); err != nil {
		t.Errorf("without any options: %v", err)
	}
}

// Who is not told of ends hears of the rest, and of nothing where that was all.
func TestOpen_Ends(t *testing.T) {
	t.Parallel()
	s := stories()
	for _, tt := range []struct {
		kind Kind
		ends bool
		n    domain.Notification
		told int64
	}{
		{Webhook, true, s["resolved"], 1},
		{Webhook, false, s["resolved"], 0},
		{Webhook, false, s["withdrawn"], 0},
		{Webhook, false, s["stuck"], 1},
		{Webhook, false, s["both"], 1},
		{Webhook, false, s["repeat"], 1},
		{Webhook, false, s["test"], 1},
		{Webhook, false, s["moved"], 1},
		{Slack, false, s["resolved"], 0},
		{PagerDuty, false, s["resolved"], 1}, // an incident would never end
		{Alertmanager, false, s["resolved"], 1},
	} {
		var said atomic.Pointer[string]
		srv, count := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
			body := readAll(t, r.Body)
			said.Store(&body)
		})
		c := channelOf(tt.kind, srv.URL)
		c.Ends = tt.ends
		before := tt.n.Counts[domain.StepResolved]
		if err := open(t, c).Notify(t.Context(), tt.n); err != nil || count.Load() != tt.told {
			t.Errorf("%s, ends %v: %v, told %d times, want %d", tt.kind, tt.ends, err, count.Load(), tt.told)
		}
		if got := said.Load(); got != nil && !tt.ends && !tt.kind.NeedsEnds() && strings.Contains(*got, "resolved") {
			t.Errorf("%s was told of an end: %s", tt.kind, *got)
		}
		if tt.n.Counts[domain.StepResolved] != before {
			t.Error("the notification was changed")
		}
	}
}

func TestNotify_Moves(t *testing.T) {
	t.Parallel()
	s, _ := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for _, kind := range posting {
		err := open(t, channelOf(kind, s.URL)).Notify(t.Context(), moved(domain.Moved, ""))
		if how := (*domain.NotifyError)(nil); kind.TellsMoves() != (err == nil) || err != nil && (!errors.As(err, &how) || !how.Final) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// The next message uses the connection of the last one.
func TestNotify_KeepsItsConnection(t *testing.T) {
	t.Parallel()
	var addrs []string
	s, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) { addrs = append(addrs, r.RemoteAddr) })
	n := open(t, channelOf(Webhook, s.URL))
	for range 3 {
		if err := n.Notify(t.Context(), someNews()); err != nil {
			t.Fatal(err)
		}
	}
	if addrs[0] != addrs[2] {
		t.Errorf("three messages came from %v", addrs)
	}
}

func TestPoster_URLKeepsItsPath(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://am:9093":                  "http://am:9093/api/v2/alerts",
		"http://am:9093/":                 "http://am:9093/api/v2/alerts",
		"http://am:9093/sub":              "http://am:9093/sub/api/v2/alerts",
		"http://am:9093/api/v2/alerts":    "http://am:9093/api/v2/alerts",
		"http://am:9093/sub?tenant=gifts": "http://am:9093/sub/api/v2/alerts?tenant=gifts",
	} {
		if got := open(t, Channel{Kind: Alertmanager, URL: raw}).(*alertmanager).url; got != want {
			t.Errorf("%s posts to %s, want %s", raw, got, want)
		}
	}
	if u, _ := url.Parse(open(t, channelOf(PagerDuty, "")).(*pagerduty).url); u.Host != "events.pagerduty.com" {
		t.Errorf("PagerDuty is at %s", u)
	}
}
