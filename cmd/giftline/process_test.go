package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"giftline/api/webhooks"
	"giftline/domain"
)

const (
	testKey  = "a-key-for-tests-of-some-length"
	patience = 30 * time.Second // for what takes milliseconds on a machine that is not overloaded
)

// testSources are the sources of a process that has testEnvironment.
var testSources = map[domain.Provider]string{
	domain.Sendoso: svixSecret, domain.Snappy: tokenSecret, domain.Resend: otherSvixSecret, domain.OpenSend: "whsec_a-raw_key-of-24-bytes-or-more",
}

func testEnvironment() []string {
	env := append(os.Environ(), "GIFTLINE_API_KEY="+testKey)
	for provider, secret := range testSources {
		env = append(env, variableFor(string(provider))+"="+secret)
	}
	return env
}

// sourceOf is the sending side of a test source.
func sourceOf(provider domain.Provider) webhooks.Source {
	s, err := webhooks.Open(webhooks.Source{Name: string(provider), Provider: provider, Secrets: []webhooks.Secret{{Value: testSources[provider]}}})
	if err != nil {
		panic(err)
	}
	return *s
}

// output collects what a process prints and lets a test wait for some of it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // one token when something was added
}

// Write adds text.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

// String gives everything so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is a giftline that runs on its own.
type process struct {
	cmd      *exec.Cmd
	out, err *output
	url      string
	ended    chan struct{}
}

// startProcess starts giftline serve on a free port and waits until it says where.
func startProcess(env []string, args ...string) (*process, error) {
	p := &process{
		cmd: exec.Command("giftline", append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...),
		out: &output{more: make(chan struct{}, 1)}, err: &output{more: make(chan struct{}, 1)}, ended: make(chan struct{}),
	}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, p.out, p.err
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	match, err := p.waitFor(`(?:listens|runs) on .*?(http://[^\s,]+)`)
	if err != nil {
		p.kill()
		return nil, err
	}
	p.url = match[1]
	return p, nil
}

// waitFor gives the first match in what the process prints.
func (p *process) waitFor(pattern string) ([]string, error) {
	wanted, timeout := regexp.MustCompile(pattern), time.After(patience)
	for {
		if match := wanted.FindStringSubmatch(p.out.String()); match != nil {
			return match, nil
		}
		select {
		case <-p.out.more:
		case <-p.ended:
			if match := wanted.FindStringSubmatch(p.out.String()); match != nil {
				return match, nil
			}
			return nil, fmt.Errorf("giftline ended: %s\n%s%s", p.cmd.ProcessState, p.out, p.err)
		case <-timeout:
			return nil, fmt.Errorf("giftline does not print %s:\n%s%s", pattern, p.out, p.err)
		}
	}
}

// kill ends the process as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop ends the process as a service manager would, and gives its exit code.
func (p *process) stop() int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// serving starts a process for the length of a test.
func serving(t *testing.T, args ...string) *process {
	t.Helper()
	p, err := startProcess(testEnvironment(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// post signs and sends a webhook, and gives the status and the decoded answer.
func (p *process) post(ctx context.Context, provider domain.Provider, path, delivery, body string) (int, map[string]any, error) {
	status, raw, err := postWebhook(ctx, p.url+path, sourceOf(provider), delivery, []byte(body))
	if err != nil {
		return 0, nil, err
	}
	var answer map[string]any
	return status, answer, json.Unmarshal(raw, &answer)
}

// client asks the process with the test's key.
func (p *process) client() *client {
	return &client{p.url, testKey, http.DefaultTransport, func() error { return nil }}
}

// scriptServe starts a server for a script, with a database in its folder, and tells it where: $URL and $ADDR.
// Settings are the script's own.
func scriptServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("serve cannot be negated: use exec giftline serve")
	}
	env := append(os.Environ(), "GIFTLINE_API_KEY="+testKey)
	for _, name := range []string{"GIFTLINE_SENDOSO_SECRET", "GIFTLINE_SNAPPY_SECRET", "GIFTLINE_RESEND_SECRET", "GIFTLINE_OPENSEND_SECRET", "GIFTLINE_CONFIG"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	p, err := startProcess(env, append([]string{"--db", ts.MkAbs("giftline.db")}, args...)...)
	ts.Check(err)
	ts.Defer(p.kill)
	ts.Setenv("URL", p.url)
	ts.Setenv("ADDR", strings.TrimPrefix(p.url, "http://"))
	ts.Setenv("KEY", testKey)
}
