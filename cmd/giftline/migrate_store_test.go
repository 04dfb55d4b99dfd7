package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"giftline/domain"
	"giftline/store/storetest"
)

// TestMigrateStore_killed moves what a killed server left behind. The command is killed as well, again and again after
// some batches; it goes on each time, and in the end every row is there once and the server goes on where it was.
func TestMigrateStore_killed(t *testing.T) {
	t.Parallel()
	to, from := storetest.Schema(t, storetest.Server(t)), filepath.Join(t.TempDir(), "giftline.db")
	p := serving(t, "--db", from)
	sendGifts(t, p, "recorded")
	p.kill()

	progress := ""
	for range 5 {
		progress = killMove(t, from, to, progress)
	}
	wantHalfMoved(t, to)

	out, err := exec.Command("giftline", "migrate-store", "--from", from, "--to", to, "--json").Output()
	var s moveSummary
	if err != nil || json.Unmarshal(out, &s) != nil || !s.Same {
		t.Fatalf("%s, error %v", out, err)
	}
	for _, table := range s.Tables {
		if table.Name == "sources" && table.Copied > 0 || table.Name == "events" && table.Rows != gifts {
			t.Errorf("%+v", table)
		}
	}
	for n := range 3 {
		if told, want := timelineIn(t, to, n), timelineIn(t, from, n); told != want {
			t.Errorf("PostgreSQL tells\n%s\nSQLite\n%s", told, want)
		}
	}
	sendGifts(t, serving(t, "--db", to), "duplicate")
}

const gifts = 400

// sendGifts reports a step of many gifts over some connections.
func sendGifts(t *testing.T, p *process, want string) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := w; n < gifts; n += 16 {
				body := fmt.Sprintf(`{"webhookData":{"id":"wh_%d","eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:44:00Z"},"eventData":{"giftId":"gft_%d","status":"opened"}}`, n, n)
				status, answer, err := p.post(t.Context(), domain.Snappy, "/webhooks/snappy", "", body)
				if err != nil || status != 200 || answer["result"] != want {
					t.Errorf("gift %d: %d %v, error %v", n, status, answer, err)
				}
			}
		})
	}
	wg.Wait()
}

// killMove runs the command until it has got further than a former one, kills it, and gives how far it got.
func killMove(t *testing.T, from, to, former string) string {
	t.Helper()
	db := storetest.SQL(t, to)
	var errs bytes.Buffer
	cmd := exec.Command("giftline", "migrate-store", "--from", from, "--to", to, "--batch", "10")
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	marks := former
	for begin := time.Now(); marks == former; time.Sleep(time.Millisecond) {
		marks = marksIn(db, former)
		if time.Since(begin) > patience {
			t.Errorf("the move does not get on:\n%s", &errs)
			break
		}
	}
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); err == nil {
		t.Fatalf("the move came to its end before it was killed, at %s", marks)
	}
	return marksIn(db, marks)
}

// marksIn gives how far a move is; former as long as it has not begun.
func marksIn(db *sql.DB, former string) (marks string) {
	if db.QueryRow("SELECT marks FROM moves").Scan(&marks) != nil {
		return former
	}
	return marks
}

func wantHalfMoved(t *testing.T, db string) {
	t.Helper()
	out, err := exec.Command("giftline", "serve", "--addr", "127.0.0.1:0", "--db", db).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "giftline migrate-store") {
		t.Errorf("serve on what is moved in part: %s, error %v", out, err)
	}
}

func timelineIn(t *testing.T, db string, n int) string {
	t.Helper()
	out, err := exec.Command("giftline", "timeline", fmt.Sprint("gft_", n), "--json", "--db", db).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %s, error %v", db, out, err)
	}
	return string(out)
}
