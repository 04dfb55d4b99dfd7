package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

// TestProgram_story starts the program, sends it signed webhooks of all four providers and reads what it makes of them.
func TestProgram_story(t *testing.T) {
	t.Parallel()
	p := serving(t, "--db", filepath.Join(t.TempDir(), "giftline.db"))
	for i, w := range []struct {
		provider            domain.Provider
		path, body, subject string
	}{
		{domain.Snappy, "/webhooks/snappy", `{"webhookData":{"id":"wh_1","eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:44:00.138Z"},"eventData":{"giftId":"gft_1","status":"opened"}}`, "snappy/gift/gft_1"},
		{domain.Snappy, "/webhooks/snappy", `{"webhookData":{"id":"wh_2","eventType":"gift-status-changed","triggeredAt":"2025-01-15T15:00:00Z"},"eventData":{"giftId":"gft_1","status":"claimed"}}`, "snappy/gift/gft_1"},
		{domain.Sendoso, "/webhooks/sendoso/send.shipped", `{"send_gid":"Z2lkOi8vMQ==","status_changed_at":"2022-09-12T12:08:27-07:00"}`, "sendoso/send/Z2lkOi8vMQ=="},
		{domain.Resend, "/webhooks/resend", `{"type":"email.sent","created_at":"2024-02-22T23:41:12.126Z","data":{"email_id":"e1","to":["a@example.com"]}}`, "resend/email/e1"},
		{domain.OpenSend, "/webhooks/opensend", `{"id":"whd_1_1","type":"email.opened","created_at":"2026-05-10T00:00:00.000Z","data":{"email_id":"o1","timestamp":"2026-05-09T00:00:00.000Z"}}`, "opensend/email/o1"},
	} {
		status, answer, err := p.post(t.Context(), w.provider, w.path, fmt.Sprintf("whd_%d_1", i), w.body)
		if err != nil || status != http.StatusOK || answer["result"] != "recorded" || answer["subject"] != w.subject {
			t.Errorf("%s: %d %v, error %v", w.path, status, answer, err)
		}
	}
	for path, want := range map[string]string{
		"/gifts/gft_1/timeline":                    "claimed new claimed 2",
		"/gifts/" + url.PathEscape("Z2lkOi8vMQ=="): "new shipped shipping 1",
		"/sends/" + url.PathEscape("Z2lkOi8vMQ=="): "new shipped shipping 1",
		"/emails/e1/timeline":                      "new sent shipping 1",
		"/emails/o1":                               "opened new completed 1",
	} {
		if got := summaryAt(t, p, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
}

// summaryAt gives the states, phase and count of an answer in a line.
func summaryAt(t *testing.T, p *process, path string) string {
	t.Helper()
	raw, err := p.client().get(t.Context(), path, nil)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return ""
	}
	var s domain.Summary
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(s.State.Status.State, " ", s.State.Delivery.State, " ", value(s.Phase), " ", s.Counts.Events)
}

// TestProgram_everySample sends each sample as trigger would; all are taken, and again is harmless.
func TestProgram_everySample(t *testing.T) {
	t.Parallel()
	p := serving(t, "--db", filepath.Join(t.TempDir(), "giftline.db"), "--log-level", "warn")
	for i, s := range webhooks.Samples() {
		path := webhookPath(sourceOf(s.Provider), s.PathType)
		for _, want := range []string{"recorded", "duplicate"} {
			status, answer, err := p.post(t.Context(), s.Provider, path, fmt.Sprintf("whd_%d_1", i), string(s.Body))
			if answer["result"] == "unresolved" {
				want = "unresolved" // OpenSend's that name nobody: kept, not lost
			}
			if err != nil || status != http.StatusOK || answer["result"] != want {
				t.Errorf("%s %s: %d %v, error %v, want %s", s.Provider, s.Type, status, answer, err, want)
			}
		}
	}
}

// TestProgram_firstStart: a key is shown once, works from then on, and nothing is open that has no secret.
func TestProgram_firstStart(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	p, err := startProcess(nil, "--db", db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	key, err := p.waitFor(`Admin key, shown only this once: (gl_\S+)`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.waitFor(`closed +http://\S+/webhooks/opensend +set GIFTLINE_OPENSEND_SECRET`); err != nil {
		t.Error(err)
	}
	if status, answer, err := p.post(t.Context(), domain.Resend, "/webhooks/resend", "msg_1", "{}"); status != http.StatusUnauthorized || err != nil {
		t.Errorf("a closed source answers %d %v, error %v", status, answer, err)
	}
	p.stop()

	p, err = startProcess(nil, "--db", db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if _, err := p.waitFor(`webhooks/opensend`); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.out.String(), "that adds a key, with\nwhich giftline keys revoke ends the lost one") {
		t.Errorf("the second start does not say what a new key does:\n%s", p.out)
	}
	if strings.Contains(p.out.String(), "gl_") {
		t.Errorf("the second start shows a key:\n%s", p.out)
	}
	mistyped := key[1][:len(key[1])-1] + "1" // no key holds a 1
	for key, want := range map[string]bool{key[1]: true, mistyped: false, testKey: false, "": false} {
		c := &client{p.url, key, http.DefaultTransport, nil}
		if _, err := c.get(t.Context(), "/sources", nil); (err == nil) != want {
			t.Errorf("key %q: error %v", key, err)
		}
	}
	if strings.Contains(p.err.String(), key[1]) {
		t.Error("the log shows the key")
	}
	p.stop()

	p = serving(t, "--db", db) // with a key in its settings
	if _, err := p.waitFor(`may do everything, beside those that giftline keys list shows`); err != nil {
		t.Error(err)
	}
	for _, key := range []string{key[1], testKey} {
		c := &client{p.url, key, http.DefaultTransport, nil}
		if _, err := c.get(t.Context(), "/sources", nil); err != nil {
			t.Errorf("a key that should work does not: %v", err)
		}
	}
}

// TestProgram_warnings: what is allowed but looks wrong is said at the start, without the secret; and a listener on all
// interfaces is announced as one.
func TestProgram_warnings(t *testing.T) {
	t.Parallel()
	p, err := startProcess([]string{"GIFTLINE_SENDOSO_SECRET=send.shiped=" + svixSecret}, "--db", filepath.Join(t.TempDir(), "giftline.db"), "--addr", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if _, err := p.waitFor(`listens on all interfaces, for this machine on http://127\.0\.0\.1:\d+, and`); err != nil {
		t.Error(err)
	}
	if log := p.err.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "type=send.shiped") || strings.Contains(log, svixSecret) {
		t.Errorf("the log:\n%s", log)
	}
}

// TestServe_stoppedDuringTheStart: a signal before the server is up is a clean end as well.
func TestServe_stoppedDuringTheStart(t *testing.T) {
	for _, args := range [][]string{{}, {"--demo", "--log-level", "info"}} {
		c, p, err := parse(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--db", filepath.Join(t.TempDir(), "giftline.db")}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		p.ctx = ctx
		if err := c.Serve.Run(p); err != nil {
			t.Errorf("%v: error %v", args, err)
		}
		if log := p.errs.(*bytes.Buffer).String(); strings.Count(log, "\n") > 1 || strings.Contains(log, "cannot") || p.out.(*bytes.Buffer).Len() > 0 {
			t.Errorf("%v prints\n%s%s", args, log, p.out)
		}
	}
}

// TestProgram_shutdown: a webhook that is under way when the program is told to stop is recorded and answered.
func TestProgram_shutdown(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	p := serving(t, "--db", db)
	addr := strings.TrimPrefix(p.url, "http://")
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	body := `{"webhookData":{"id":"wh_1","eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:44:00.138Z"},"eventData":{"giftId":"gft_1","status":"opened"}}`
	// The server asks for the body once it reads it: from then on the webhook is under way.
	fmt.Fprintf(conn, "POST /webhooks/snappy HTTP/1.1\r\nHost: %s\r\nX-Webhook-Token: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", addr, tokenSecret, len(body))
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, error %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	waitUntil(t, func() bool {
		other, err := net.Dial("tcp", addr)
		if err == nil {
			other.Close()
		}
		return err != nil // nobody new is let in
	})
	fmt.Fprint(conn, body)
	res, err := http.ReadResponse(answers, nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("answer %v, error %v", res, err)
	}
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
	p = serving(t, "--db", db)
	if got := summaryAt(t, p, "/gifts/gft_1"); got != "opened new waiting 1" {
		t.Errorf("after the restart: %s", got)
	}
}

func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long")
		}
	}
}
