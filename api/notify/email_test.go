package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"giftline/domain"
)

func mailChannel(server string) Channel {
	return Channel{Name: "ops", Kind: Email, Server: server, TLS: noTLS, From: "Giftline <gifts@example.com>", To: []string{"Ops <ops@example.com>", "oncall@example.com"}, Ends: true}
}

func openMail(t *testing.T, c Channel) *email {
	t.Helper()
	return open(t, c).(*email)
}

func someNews() domain.Notification {
	return telling(domain.KindAlerts, item(domain.StepOpened, stuck(1)))
}

func TestEmail_Arrives(t *testing.T) {
	t.Parallel()
	s := (&mailServer{}).start(t)
	if err := openMail(t, mailChannel(s.addr)).Notify(t.Context(), someNews()); err != nil {
		t.Fatal(err)
	}
	took := s.messages()
	if len(took) != 1 || took[0].from != "MAIL FROM:<gifts@example.com>" {
		t.Fatalf("the server took %+v", took)
	}
	if diff := cmp.Diff([]string{"RCPT TO:<ops@example.com>", "RCPT TO:<oncall@example.com>"}, took[0].to); diff != "" {
		t.Error(diff)
	}
	read, err := mail.ReadMessage(strings.NewReader(took[0].body))
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"From": `"Giftline" <gifts@example.com>`, "To": `"Ops" <ops@example.com>, <oncall@example.com>`, "Message-Id": "<ntf_1@example.com>",
		"Date": "Wed, 29 Jan 2025 12:00:00 +0000", "Auto-Submitted": "auto-generated", "Subject": "Snappy gift gft_1 (REF-1) is stuck in claimed since 14 Jan, due 28 Jan",
	} {
		if got := read.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
	if err != nil || !strings.Contains(string(body), "- Snappy gift gft_1 (REF-1) is stuck in claimed since 14 Jan 09:00 UTC") {
		t.Errorf("%v: the body is\n%s", err, body)
	}
}

func TestEmail_Protection(t *testing.T) {
	t.Parallel()
	config, pool := authority(t)
	for name, tt := range map[string]struct {
		server  *mailServer
		tls     string
		user    string
		trust   bool
		auth    string
		secured bool
		err     string // empty: it arrives
	}{
		"starttls is asked for by default":    {server: &mailServer{says: []string{"STARTTLS"}}, trust: true, secured: true},
		"starttls, with a login":              {server: &mailServer{says: []string{"STARTTLS", "AUTH LOGIN PLAIN"}}, user: "me", trust: true, secured: true, auth: "PLAIN \x00me\x00pass"},
		"an older login":                      {server: &mailServer{says: []string{"STARTTLS", "AUTH LOGIN"}}, user: "me", trust: true, secured: true, auth: "LOGIN me|pass"},
		"tls from the first byte":             {server: &mailServer{wrapped: true, says: []string{"AUTH PLAIN"}}, tls: onlyTLS, user: "me", trust: true, secured: true, auth: "PLAIN \x00me\x00pass"},
		"a login without tls, to ourselves":   {server: &mailServer{says: []string{"AUTH PLAIN"}}, tls: noTLS, user: "me", auth: "PLAIN \x00me\x00pass"},
		"no starttls, and nothing is told":    {server: &mailServer{says: []string{"AUTH PLAIN"}}, user: "me", err: "offers no STARTTLS"},
		"a certificate that nobody signed":    {server: &mailServer{says: []string{"STARTTLS"}}, err: "certificate signed by unknown authority"},
		"the same from the first byte":        {server: &mailServer{wrapped: true}, tls: onlyTLS, err: "certificate signed by unknown authority"},
		"a server that speaks no tls":         {server: &mailServer{}, tls: onlyTLS, trust: true, err: "does not speak TLS"},
		"a login that only others understand": {server: &mailServer{says: []string{"AUTH XOAUTH2"}}, tls: noTLS, user: "me", err: "takes no login that we know"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := tt.server
			server.tls = config
			server.start(t)
			c := mailChannel(server.addr)
			c.TLS, c.User = tt.tls, tt.user
			if c.User != "" {
				c.Password = "pass"
			}
			e := openMail(t, c)
			if tt.trust {
				e.roots = pool
			}
			err := e.Notify(t.Context(), someNews())
			took := server.messages()
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || len(took) != 0 || len(server.auth) != 0 {
					t.Fatalf("%v; the server took %d messages and logins %q", err, len(took), server.auth)
				}
				return
			}
			if err != nil || len(took) != 1 || took[0].secured != tt.secured {
				t.Fatalf("%v; the server took %+v", err, took)
			}
			if got := strings.Join(server.auth, " "); got != tt.auth {
				t.Errorf("the login was %q, want %q", got, tt.auth)
			}
		})
	}
}

func TestEmail_GoesOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers map[string]string
		err     string // empty: it arrives
		final   bool
		took    int
	}{
		"later, says the greylist":           {map[string]string{"RCPT": "450 later"}, "450 to RCPT", false, 0},
		"nobody is known":                    {map[string]string{"RCPT": "550 <ops@example.com> unknown"}, "550 to RCPT", true, 0},
		"one of two is known":                {map[string]string{"RCPT TO:<ops@example.com>": "550 unknown"}, "", false, 1},
		"a full mailbox, by older servers":   {map[string]string{"RCPT": "552 full"}, "552 to RCPT", false, 0},
		"a sender who may be let in later":   {map[string]string{"MAIL": "550 who are you?"}, "550 to MAIL", false, 0},
		"the message is not wanted":          {map[string]string{".": "554 spam"}, "554 to the message", true, 1},
		"the message is not wanted now":      {map[string]string{".": "451 busy"}, "451 to the message", false, 1},
		"no message at all":                  {map[string]string{"DATA": "421 closing"}, "421 to DATA", false, 0},
		"an answer that is none":             {map[string]string{"MAIL": "hello <ops@example.com>"}, "does not speak SMTP", false, 0},
		"no goodbye, and it arrived anyway":  {map[string]string{"QUIT": "500 stay"}, "", false, 1},
		"no introduction":                    {map[string]string{"EHLO": "554 no", "HELO": "554 no"}, "554 to EHLO", false, 0},
		"the message was taken, in its time": {nil, "", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&mailServer{answers: tt.answers}).start(t)
			var log bytes.Buffer
			e := openMail(t, mailChannel(s.addr))
			e.log = slog.New(slog.NewTextHandler(&log, nil))
			err := e.Notify(t.Context(), someNews())
			if len(s.messages()) != tt.took {
				t.Errorf("the server took %d messages, want %d", len(s.messages()), tt.took)
			}
			if tt.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			how := (*domain.NotifyError)(nil)
			if !errors.As(err, &how) || how.Final != tt.final || how.Disable || !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("%v (%+v), want %q", err, how, tt.err)
			}
			if said := err.Error() + log.String(); strings.Contains(said, "ops@example.com") {
				t.Errorf("an address is told: %s", said)
			}
		})
	}
}

// A server that hangs, or never ends, is left when the time is up, or has said too much.
func TestEmail_HostileServers(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"EHLO", "MAIL", "DATA"} {
		t.Run(command+" without end", func(t *testing.T) {
			t.Parallel()
			s := (&mailServer{endless: command}).start(t)
			if err := openMail(t, mailChannel(s.addr)).Notify(t.Context(), someNews()); err == nil {
				t.Error("it arrived")
			}
		})
		t.Run(command+" without answer", func(t *testing.T) {
			t.Parallel()
			s := (&mailServer{hangs: command}).start(t)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := openMail(t, mailChannel(s.addr)).Notify(ctx, someNews())
			if how := (*domain.NotifyError)(nil); !errors.As(err, &how) || how.Final || !strings.Contains(err.Error(), "in time") {
				t.Errorf("%v, want that it is tried again", err)
			}
		})
	}
}

func TestEmail_StopsWhenTold(t *testing.T) {
	t.Parallel()
	s := (&mailServer{hangs: "MAIL"}).start(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := openMail(t, mailChannel(s.addr)).Notify(ctx, someNews()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was stopped", err)
	}
}

func TestEmail_PrivateServersNeedLeave(t *testing.T) {
	t.Parallel()
	s := (&mailServer{}).start(t)
	e := openMail(t, mailChannel(strings.Replace(s.addr, "127.0.0.1", "localhost", 1)))
	e.allow = nil
	if err := e.Notify(t.Context(), someNews()); err == nil || !strings.Contains(err.Error(), "is no public address") || len(s.messages()) > 0 {
		t.Errorf("%v", err)
	}
}

// Whatever a subject holds, the message has the headers that it should have, and no more.
func TestEmail_NoHeaderIsSmuggledIn(t *testing.T) {
	t.Parallel()
	e := openMail(t, mailChannel("127.0.0.1:25"))
	names := func(body []byte) (all []string, subject string) {
		m, err := mail.ReadMessage(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range m.Header {
			all = append(all, strings.Repeat(name+" ", len(values)))
		}
		subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		return all, subject
	}
	usual, _ := names(e.compose(someNews()))
	hostile := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z]{0,70}(\r|\n|\r\n)(Bcc: a@b\.c|\.|\r\n)?[\x00-\x7f]*`))
	rapid.Check(t, func(t *rapid.T) {
		a := stuck(1)
		a.Subject.ID, a.Named.Reference = hostile.Draw(t, "id"), hostile.Draw(t, "reference")
		body := e.compose(telling(domain.KindAlerts, item(domain.StepOpened, a)))
		for line := range strings.SplitSeq(string(body), "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("a line that no server takes: %q", line)
			}
		}
		got, subject := names(body)
		if len(got) != len(usual) || strings.ContainsAny(subject, "\r\n") {
			t.Fatalf("headers %v, subject %q", got, subject)
		}
	})
}
