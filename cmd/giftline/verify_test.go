package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestVerify goes from a sound database to one that is damaged twice, which a rebuild half heals, beside a server and
// without one.
func TestVerify(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	wantRun(t, 1, "", "no database", "verify", "--db", db)
	wantRun(t, 1, "", "no database", "rebuild", "--db", db)
	p := serving(t, "--db", db)
	for i, body := range []string{
		`{"webhookData":{"eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:44:00Z"},"eventData":{"giftId":"gft_1","status":"opened"}}`,
		`{"webhookData":{"eventType":"gift-status-changed","triggeredAt":"2025-01-15T15:00:00Z"},"eventData":{"giftId":"gft_1","status":"claimed"}}`,
		`{"webhookData":{"eventType":"gift-status-changed","triggeredAt":"2025-01-15T15:00:00Z"},"eventData":{"giftId":"a/b","status":"claimed"}}`,
		`half of a`,
	} {
		if status, _, err := p.post(t.Context(), "snappy", "/webhooks/snappy", string(rune('a'+i)), body); status != 200 {
			t.Fatalf("%d, error %v", status, err)
		}
	}
	const sound = "2 subjects, 3 events, 3 bodies and 1 parked delivery were verified; none is damaged.\n"
	wantRun(t, 0, sound, "", "verify", "--db", db)
	wantRun(t, 1, "", "in use by another giftline process", "rebuild", "--db", db)
	wantRun(t, 0, "2 subjects, 3 events and 3 bodies were looked at; none is damaged.\n", "", "rebuild", "--dry-run", "--db", db)
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	spoil(t, db, "UPDATE subjects SET status = 'opened' WHERE subject_id = 'gft_1'")
	spoil(t, db, "UPDATE bodies SET body = x'7b7d' WHERE id = (SELECT body FROM events WHERE subject = (SELECT id FROM subjects WHERE subject_id = 'a/b'))")
	wantRun(t, 4, "golden", "2 are damaged", "verify", "--db", db)
	wantRun(t, 0, "1 subject, 2 events and 2 bodies", "", "rebuild", "--dry-run", "--db", db, "--subject", "snappy/gift/gft_1")
	wantRun(t, 4, "snappy/gift/a/b is damaged", "1 is damaged", "verify", "--db", db, "--subject", "snappy/gift/a/b")
	wantRun(t, 4, "snappy/gift/gft_1 was rebuilt:", "1 is damaged beyond", "rebuild", "--db", db)
	wantRun(t, 4, "snappy/gift/a/b is damaged", "1 is damaged", "verify", "--db", db)
	wantRun(t, 0, "1 subject, 2 events and 2 bodies were verified", "", "verify", "--db", db, "--subject", "snappy/gift/gft_1")
	wantRun(t, 3, "", "gft_2 is not known", "verify", "--db", db, "--subject", "snappy/gift/gft_2")
	wantRun(t, 2, "", "expected provider/kind/id", "verify", "--db", db, "--subject", "gft_1")
	wantRun(t, 2, "", "snappy has no email", "rebuild", "--db", db, "--subject", "snappy/email/1")
	wantRun(t, 2, "", "--sample", "verify", "--db", db, "--sample", "2", "--subject", "snappy/gift/gft_1")
	wantRun(t, 4, "", "", "verify", "--db", db, "--sample", "2")
}

// A rebuild heals what lists are read from only when it is asked to: the next server makes it anew.
func TestRebuild_lists(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	p := serving(t, "--db", db)
	body := `{"webhookData":{"eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:44:00Z"},"eventData":{"giftId":"gft_1","status":"opened"}}`
	if status, _, err := p.post(t.Context(), "snappy", "/webhooks/snappy", "a", body); status != 200 {
		t.Fatalf("%d, error %v", status, err)
	}
	untilListed(t, db, "gft_1")
	p.stop()
	spoil(t, db, "DELETE FROM postings")
	wantRun(t, 0, "none is damaged", "", "rebuild", "--db", db)
	if out, err := exec.Command("giftline", "list", "gifts", "--db", db).CombinedOutput(); err != nil || strings.Contains(string(out), "gft_1") {
		t.Fatalf("a spoilt index lists %s, error %v", out, err)
	}
	wantRun(t, 0, "none is damaged", "", "rebuild", "--lists", "--db", db)
	serving(t, "--db", db)
	untilListed(t, db, "gft_1")
}

// untilListed waits for the index.
func untilListed(t *testing.T, db, id string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		out, err := exec.Command("giftline", "list", "gifts", "--db", db).CombinedOutput()
		if err == nil && strings.Contains(string(out), id) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not listed: %s, error %v", out, err)
		}
	}
}

// The whole of what a damaged database gives, once.
const damagedText = `snappy/gift/gft_1 is damaged:
  it is said to be in opened/new/claimed, its events give claimed/new/claimed
  giftline rebuild writes this anew.
snappy/gift/a/b is damaged:
  event evt_ufh6mxepibhmzrh7qdyf5znsz5drqoiorkknbgtrzrr6q: its body is not the bytes that were received
  Only a backup has this.
2 subjects, 3 events, 3 bodies and 1 parked delivery were verified.
`

func wantRun(t *testing.T, code int, says, complains string, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command("giftline", args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(errs.String(), complains) || complains == "" && code == 0 && errs.Len() > 0 {
		t.Errorf("%v exits with %d, want %d, and says\n%s", args, got, code, &errs)
	}
	if says == "golden" && out.String() != damagedText || says != "golden" && !strings.Contains(out.String(), says) {
		t.Errorf("%v prints\n%s\nwant %s", args, &out, says)
	}
}

func TestVerify_json(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	p := serving(t, "--db", db)
	body := `{"webhookData":{"eventType":"gift-status-changed","triggeredAt":"2025-01-15T14:44:00Z"},"eventData":{"giftId":"gft_1","status":"opened"}}`
	if status, _, err := p.post(t.Context(), "snappy", "/webhooks/snappy", "a", body); status != 200 {
		t.Fatalf("%d, error %v", status, err)
	}
	p.stop()
	spoil(t, db, "UPDATE subjects SET events = 7, machine_hash = machine_hash")
	for _, c := range []struct{ args, want string }{
		{"verify", `{"findings":[{"about":"snappy/gift/gft_1","condition":"damaged","rebuild":true,"damage":[{"part":"cache","what":"it counts 7 events, 1 are stored: a rebuild counts again, but an event that was lost is only in a backup"}],"more":0}],"subjects":1,"events":1,"bodies":1,"parked":0,"damaged":1,"outdated":0,"newer":0,"unsteady":0,"rebuilt":0}`},
		{"rebuild", `{"findings":[{"about":"snappy/gift/gft_1","condition":"rebuilt","rebuild":false,"damage":[{"part":"cache","what":"it counts 7 events, 1 are stored: a rebuild counts again, but an event that was lost is only in a backup"}],"more":0}],"subjects":1,"events":1,"bodies":1,"parked":0,"damaged":0,"outdated":0,"newer":0,"unsteady":0,"rebuilt":1}`},
		{"verify", `{"findings":[],"subjects":1,"events":1,"bodies":1,"parked":0,"damaged":0,"outdated":0,"newer":0,"unsteady":0,"rebuilt":0}`},
	} {
		out, _ := exec.Command("giftline", c.args, "--json", "--db", db).Output()
		if strings.TrimSpace(string(out)) != c.want || !json.Valid(out) {
			t.Errorf("%s prints\n%s\nwant\n%s", c.args, out, c.want)
		}
	}
}

// spoil changes a database as nothing of giftline's would.
func spoil(t *testing.T, path, statement string) {
	t.Helper()
	driver := "sqlite3"
	if slices.Contains(sql.Drivers(), "sqlite") {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// demoSound: verify finds nothing in what the demo has made, while it runs.
func demoSound(t *testing.T, temp string) {
	found, err := filepath.Glob(filepath.Join(temp, "*", "giftline.db"))
	if err != nil || len(found) != 1 {
		t.Fatalf("databases %v, error %v", found, err)
	}
	out, err := exec.Command("giftline", "verify", "--db", found[0]).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "none is damaged") {
		t.Errorf("%v: %s", err, out)
	}
}
