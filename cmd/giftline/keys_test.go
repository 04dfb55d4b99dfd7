//go:build unix

package main

import (
	"bytes"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"giftline/store/storetest"
)

// keysRun runs a command of keys and gives what it prints.
func keysRun(t *testing.T, args ...string) string {
	t.Helper()
	var errs bytes.Buffer
	c := exec.Command("giftline", append([]string{"keys"}, args...)...)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("keys %v: %v\n%s", args, err, errs.Bytes())
	}
	return strings.TrimSpace(string(out))
}

// idOf is the part of a key that may be shown.
func idOf(key string) string { return strings.Split(key, "_")[1] }

// opens reports whether the server lets a key read.
func opens(t *testing.T, p *process, key string) bool {
	t.Helper()
	_, err := (&client{p.url, key, http.DefaultTransport, nil}).get(t.Context(), "/sources", nil)
	return err == nil
}

// On a file the commands work while no server does; what they did is true when it comes back.
func TestKeys_onAFile(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	serving(t, "--db", db).stop()
	kept, ended := keysRun(t, "create", "--name", "kept", "--db", db), keysRun(t, "create", "--name", "ended", "--db", db)
	for range 2 {
		if said := keysRun(t, "revoke", idOf(ended), "--db", db); !strings.HasPrefix(said, idOf(ended)+" (ended) opens nothing any more") {
			t.Errorf("said %s", said)
		}
	}
	if list := keysRun(t, "list", "--db", db); !strings.Contains(list, "revoked") || !strings.Contains(list, idOf(kept)) || strings.Contains(list, kept) {
		t.Errorf("list\n%s", list)
	}
	p := serving(t, "--db", db)
	if !opens(t, p, kept) || opens(t, p, ended) {
		t.Error("the server knows nothing of it")
	}
}

// A PostgreSQL database takes the commands beside its servers, and those follow.
func TestKeys_besideAServer(t *testing.T) {
	t.Parallel()
	db := storetest.Schema(t, storetest.Server(t))
	p := serving(t, "--db", db)
	key := keysRun(t, "create", "--name", "k", "--db", db)
	if !opens(t, p, key) {
		t.Fatal("a new key opens nothing")
	}
	keysRun(t, "revoke", idOf(key), "--db", db)
	for deadline := time.Now().Add(patience); opens(t, p, key); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a revoked key still opens")
		}
	}
	p.stop() // writes what waits
	if list := keysRun(t, "list", "--db", db); strings.Contains(list, "never  never") || !strings.Contains(list, time.Now().UTC().Format(time.DateOnly)) {
		t.Errorf("it was used\n%s", list)
	}
}
