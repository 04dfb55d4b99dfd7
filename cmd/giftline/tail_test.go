package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"giftline/api"
	"giftline/domain"
)

// tailing is a giftline tail that runs on its own.
func tailing(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{
		cmd: exec.Command("giftline", append([]string{"tail"}, args...)...),
		out: &output{more: make(chan struct{}, 1)}, err: &output{more: make(chan struct{}, 1)}, ended: make(chan struct{}),
	}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = testEnvironment(), p.out, p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(p.kill)
	return p
}

func giftBody(n int, status string) string {
	return fmt.Sprintf(`{"webhookData":{"id":"wh_%d","eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:%02d:00Z"},"eventData":{"giftId":"gft_%d","status":%q}}`, n, n, n%2, status)
}

// TestTail: what happens is printed as it happens, filtered, over a restart of the server, and a signal is a good end.
func TestTail(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	p := serving(t, "--db", db)
	addr := strings.TrimPrefix(p.url, "http://")
	send := func(n int, status string) {
		t.Helper()
		if code, answer, err := p.post(t.Context(), domain.Snappy, "/webhooks/snappy", "", giftBody(n, status)); code != http.StatusOK || err != nil {
			t.Fatalf("%d %v, error %v", code, answer, err)
		}
	}
	send(1, "claimed")
	all := tailing(t, "--url", p.url, "--since", "beginning")
	one := tailing(t, "--url", p.url, "--since", "beginning", "--subject", "gft_0", "--json")
	local := tailing(t, "--db", db, "--since", "beginning", "--verdict", "illegal")
	if _, err := all.waitFor(`(?m)^\S+Z  snappy/gift/gft_1  gift-status-changed  moved$`); err != nil {
		t.Fatal(err)
	}
	send(2, "unopened")
	send(3, "opened")
	if _, err := local.waitFor(`gft_1  gift-status-changed  illegal`); err != nil {
		t.Error(err)
	}
	if code := p.stop(); code != 0 { // it does not wait for those who follow
		t.Errorf("the server ended with %d:\n%s", code, p.err)
	}
	p = serving(t, "--db", db, "--addr", addr)
	send(4, "opened")
	if _, err := all.waitFor(`gft_0  gift-status-changed  moved\n(.|\n)*gft_0  gift-status-changed  moved`); err != nil {
		t.Error(err)
	}
	if _, err := one.waitFor(`(?m)^\{"subject":.*"id":"gft_0".*\}\n\{.*"id":"gft_0".*"position":"([^"]+)"\}`); err != nil {
		t.Error(err)
	}
	for name, follower := range map[string]*process{"all": all, "one": one, "local": local} {
		_ = follower.cmd.Process.Signal(syscall.SIGINT)
		<-follower.ended
		if code := follower.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("%s ended with %d:\n%s", name, code, follower.err)
		}
	}
	if strings.Count(all.out.String(), "\n") != 4 {
		t.Errorf("printed\n%s", all.out)
	}
}

func TestTail_refusals(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	p := serving(t, "--db", db)
	wantRun(t, 2, "", "query.verdict", "tail", "--db", db, "--verdict", "wrong")
	wantRun(t, 2, "", "that is no position that the feed gave", "tail", "--db", db, "--since", "nowhere")
	wantRun(t, 1, "", "no database", "tail", "--db", db+"x")
	wantRun(t, 2, "", "GIFTLINE_API_KEY", "tail", "--url", p.url)
}

// scripted is a server that answers each request to its stream with the next of a list.
type scripted struct {
	answers []func(http.ResponseWriter)
	asked   []string // Last-Event-ID of each request
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.Header.Get("Last-Event-ID"))
	if len(s.asked) <= len(s.answers) {
		s.answers[len(s.asked)-1](w)
	}
}

func says(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = io.WriteString(w, text) }
}

func refuses(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code":%q,"detail":"no"}`, code)
	}
}

// TestFollower goes on from the last id that ended a block, whatever cuts it off, until there is no use in it.
func TestFollower(t *testing.T) {
	t.Parallel()
	s := &scripted{answers: []func(http.ResponseWriter){
		says("retry: 1\nid: 1\n\n: a comment\nevent: recorded\nid: 2\ndata: {\"a\":\ndata: 1}\n\nid: 3\n\nid: 4\ndata: half"),
		refuses(503, "busy"), refuses(429, "too_many_streams"), says("event: verdict\ndata: x\n\n"), refuses(410, "reset"),
	}}
	var got []told
	pauses := 0
	f := follower{client: answering(s.ServeHTTP), do: func(e told) error { got = append(got, e); return nil }, waiting: func(error, time.Duration) { pauses++ }}
	err := f.follow(t.Context())
	if err == nil || domain.CodeOf(err) != "reset" {
		t.Errorf("ended with %v", err)
	}
	if want := []told{{"2", "recorded", `{"a":1}`}, {"", "verdict", "x"}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if want := []string{"", "3", "3", "3", "3"}; !slices.Equal(s.asked, want) || pauses != 4 {
		t.Errorf("asked with %q after %d pauses, want %q", s.asked, pauses, want)
	}
}

func TestFollower_ends(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	f := follower{client: answering((&scripted{}).ServeHTTP), waiting: func(error, time.Duration) {}}
	if err := f.follow(ended); err != nil {
		t.Errorf("after a signal: %v", err)
	}
	f.client = answering((&scripted{answers: []func(http.ResponseWriter){refuses(401, "unauthorized")}}).ServeHTTP)
	if err := f.follow(t.Context()); err == nil || !strings.Contains(err.Error(), "GIFTLINE_API_KEY") {
		t.Errorf("with a wrong key: %v", err)
	}
	f.client = &client{"http://127.0.0.1:1", testKey, http.DefaultTransport, nil}
	if err := f.follow(t.Context()); err == nil || !strings.Contains(err.Error(), "is the server running there?") {
		t.Errorf("without a server: %v", err)
	}
}

func TestTail_lines(t *testing.T) {
	t.Parallel()
	was, now := domain.Illegal, domain.Note
	e := api.StreamEvent{Subject: api.Named{Provider: domain.Snappy, Kind: domain.Gift, ID: "a\nb"}, Type: "x\x1b[31m", ChangedAt: 1736952240000000}
	for _, c := range []struct {
		was, now *domain.Verdict
		want     string
	}{{nil, &now, "note"}, {&was, &now, "illegal -> note"}, {&was, nil, "illegal -> taken off"}} {
		e.Was, e.Verdict = c.was, c.now
		if got, want := line(e, false), `2025-01-15T14:44:00.000000Z  snappy/gift/a\nb  x\u001b[31m  `+c.want; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var b bytes.Buffer
	p := &program{out: &b, getenv: func(string) string { return "" }}
	c := &tailCmd{}
	if err := c.print(p, told{name: "reset", data: "{}"}); err != nil || !strings.HasPrefix(b.String(), "-- the position is lost") {
		t.Errorf("%q, error %v", b.String(), err)
	}
	if err := c.print(p, told{data: "<html>"}); err == nil {
		t.Error("HTML passes for an event")
	}
}
