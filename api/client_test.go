package api

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// generated builds the program in testdata/client with a client that an outside generator makes of our document. It
// needs modules that this one does not have: without a network the test is skipped, but never by CI.
func generated(t *testing.T, document []byte) (program string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/client")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/openapi.json", document, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) error {
		c := exec.CommandContext(t.Context(), name, args...)
		c.Dir, c.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := run("go", "mod", "download"); err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err := os.Mkdir(dir+"/client", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{
		"go tool oapi-codegen -generate types,client -package client -o client/client.go openapi.json",
		"go build -o walk .",
	} {
		if err := run(strings.Fields(step)[0], strings.Fields(step)[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	return dir + "/walk"
}

// TestGeneratedClient walks all gifts by a client that was made of the document alone, while webhooks bring new gifts
// and move those that are there.
func TestGeneratedClient(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a client")
	}
	t.Parallel()
	w := newWorld(t)
	server := w.served()
	program := generated(t, w.do(http.MethodGet, "/openapi.json", "").Body.Bytes())
	for _, c := range []struct {
		name, order, dir string
		filter           []string
		moves            bool // those that are there move, too
	}{
		{"by creation, the first one first", "created", "asc", nil, true},
		{"by creation, the last one first, filtered", "created", "desc", []string{"yes & no"}, true},
		{"by update, while only new ones come", "updated", "desc", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.gifts(t, strings.ReplaceAll(c.name, " ", "-"), 120)
			stop, done := make(chan struct{}), sync.WaitGroup{}
			sent := 0
			done.Go(func() { sent = w.keepBusy(t, server.URL, before, c.moves, stop) })
			walk := exec.CommandContext(t.Context(), program, append([]string{server.URL, c.order, c.dir}, c.filter...)...)
			walk.Env = append(os.Environ(), "WALK_KEY="+testKey)
			out, err := walk.Output()
			close(stop)
			done.Wait()
			if err != nil {
				t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
			}
			if sent == 0 {
				t.Error("nothing came while the client walked")
			}
			times := map[string]int{}
			for id := range strings.FieldsSeq(string(out)) {
				if times[id]++; times[id] > 1 {
					t.Errorf("%s comes again", id)
				}
			}
			for _, id := range before {
				if times[id] == 0 {
					t.Errorf("%s is missing", id)
				}
			}
		})
	}
}

// gifts brings some, and waits until they are listed.
func (w *world) gifts(t *testing.T, name string, n int) (ids []string) {
	t.Helper()
	for i := range n {
		w.pass(time.Millisecond)
		ids = append(ids, fmt.Sprintf("%s-%d", name, i))
		w.receive("/webhooks/snappy", walked(ids[i], "unopened", "2025-01-15T14:44:00Z"))
	}
	for w.get("/gifts?limit=1")["up_to"] != nil {
		time.Sleep(10 * time.Millisecond)
	}
	return ids
}

// keepBusy sends webhooks as fast as they are answered, and says how many.
func (w *world) keepBusy(t *testing.T, url string, known []string, moves bool, stop chan struct{}) int {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return i
		default:
		}
		w.pass(time.Millisecond)
		id, status := fmt.Sprint(known[0], "-new-", i), "unopened"
		if moves && i%2 == 0 {
			id, status = known[i/2%len(known)], "opened"
		}
		at := fmt.Sprintf("2025-01-16T%02d:%02d:%02dZ", i/3600%24, i/60%60, i%60)
		r, _ := http.NewRequest(http.MethodPost, url+"/webhooks/snappy", strings.NewReader(walked(id, status, at)))
		r.Header.Set("X-Webhook-Token", testToken)
		res, err := http.DefaultClient.Do(r)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("a webhook was not taken: %v %v", res, err)
			return i
		}
		_ = res.Body.Close()
	}
}

// walked is a gift with metadata; the same said again is a duplicate.
func walked(id, status, when string) string {
	return fmt.Sprintf(`{"webhookData":{"id":"wh %s %s","eventType":"gift-status-changed","triggeredAt":%q},`+
		`"eventData":{"giftId":%q,"status":%q,"metadata":{"walk":"yes & no"}}}`, id, when, when, id, status)
}
