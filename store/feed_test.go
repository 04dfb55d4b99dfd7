//go:build unix

package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"giftline/domain"
	"giftline/store"
	"giftline/store/storetest"
)

func connect(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// read gives the ids of the events of a page, and the position behind it.
func read(t testing.TB, s *store.Store, after string) (ids []string, next string) {
	t.Helper()
	changes, next, err := s.Changes(t.Context(), after, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		ids = append(ids, c.EventID)
	}
	return ids, next
}

// readUntil reads until n events have come: other transactions of the server may hold the feed back for a moment.
func readUntil(t testing.TB, s *store.Store, after string, n int) (ids []string, next string) {
	t.Helper()
	for next = after; len(ids) < n; {
		var more []string
		more, next = read(t, s, next)
		ids = append(ids, more...)
	}
	return ids, next
}

// A transaction that began first and commits last is not passed over: the feed waits for it.
func TestFeed_waitsForSlowTransactions(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	s := open(t, dsn, store.Options{})
	record := func(n int) string {
		r, err := s.Record(t.Context(), gift("gift", n))
		if err != nil {
			t.Fatal(err)
		}
		return r.EventID
	}
	first := record(0)
	_, position := readUntil(t, s, "", 1)
	slow, err := connect(t, dsn).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Rollback() }()
	const again = `INSERT INTO changes (joined_at, subject, fp, was, verdict, region, was_from, was_to, was_reason, believed_at, cause)
		SELECT joined_at, subject, fp, 'moved', 'moved', '', '', '', '', 0, '' FROM changes`
	if _, err := slow.Exec(again); err != nil {
		t.Fatal(err)
	}
	second := record(1)
	if ids, next := read(t, s, position); len(ids) > 0 || next != position {
		t.Fatalf("read %v up to %s while an older transaction runs", ids, next)
	}
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	if ids, _ := readUntil(t, s, position, 2); ids[0] != first || ids[1] != second {
		t.Errorf("read %v, want %s of the slow transaction, then %s", ids, first, second)
	}
}

// A transaction that began first and had to wait for a subject stands behind the one it waited for.
func TestFeed_ordersEachSubject(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	s := open(t, dsn, store.Options{})
	slow, err := connect(t, dsn).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Rollback() }()
	if _, err := slow.Exec("SELECT pg_current_xact_id()"); err != nil { // as one does that holds its first subject
		t.Fatal(err)
	}
	for n := range 2 {
		if _, err := s.Record(t.Context(), gift("gift", n)); err != nil {
			t.Fatal(err)
		}
	}
	const last = `INSERT INTO changes (joined_at, subject, fp, was, verdict, region, was_from, was_to, was_reason, believed_at, cause)
		SELECT joined_at, subject, fp, 'moved', 'note', '', '', '', '', 0, '' FROM changes ORDER BY seq DESC LIMIT 1`
	if _, err := slow.Exec(last); err != nil {
		t.Fatal(err)
	}
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	var verdicts []domain.Verdict
	for position := ""; len(verdicts) < 3; {
		var page []domain.Change
		if page, position, err = s.Changes(t.Context(), position, 1); err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			verdicts = append(verdicts, c.Verdict)
		}
	}
	if verdicts[2] != domain.Note {
		t.Errorf("the feed tells %v, want what was written last at its end", verdicts)
	}
}

// What one replica records, the followers at another one are told of.
func TestFeed_hintsReachOtherReplicas(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	one, other := open(t, dsn, store.Options{}), open(t, dsn, store.Options{})
	hints, stop := other.Hints()
	defer stop()
	<-hints // it listens
	if _, err := one.Record(t.Context(), gift("gift", 1)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-hints:
	case <-time.After(time.Minute):
		t.Error("nothing was heard of the other replica")
	}
}

// A dump restored into a younger cluster has transactions that this one has not reached: its feed begins anew.
func TestFeed_restoredElsewhere(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	s := open(t, dsn, store.Options{})
	if _, err := s.Record(t.Context(), gift("gift", 1)); err != nil {
		t.Fatal(err)
	}
	_, position := readUntil(t, s, "", 1)
	if _, err := connect(t, dsn).Exec("UPDATE changes SET stamp = '9000000000000000'"); err != nil {
		t.Fatal(err)
	}
	restored := open(t, dsn, store.Options{})
	if _, _, err := restored.Changes(t.Context(), position, 10); domain.CodeOf(err) != domain.CodeReset {
		t.Errorf("the old position gives %v, want a reset", err)
	}
	if ids, _ := readUntil(t, restored, "", 1); len(ids) != 1 {
		t.Errorf("read %v, want what was restored", ids)
	}
}

const (
	holderVariable = "GIFTLINE_TEST_HOLDER" // the database at which this process is to hold a claim for ever
	shortLease     = 2 * time.Second
)

// hold is the other process of TestWork_killedReplica.
func hold(dsn string) {
	s, err := store.Open(context.Background(), dsn, store.Options{})
	if err != nil {
		panic(err)
	}
	claimed, err := s.Claim(context.Background(), "sweep", domain.InstantOf(time.Now()), shortLease, 1)
	for fmt.Println("claimed", len(claimed), err); err == nil; time.Sleep(shortLease / 5) {
		err = s.Extend(context.Background(), claimed[0], shortLease)
	}
}

// A replica that is killed keeps its claims for as long as a lease, and no longer.
func TestWork_killedReplica(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	s := open(t, dsn, store.Options{})
	now := domain.InstantOf(time.Now())
	if err := s.Plan(t.Context(), "sweep", "everything", now); err != nil {
		t.Fatal(err)
	}
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holderVariable+"="+dsn)
	out, err := holder.StdoutPipe()
	if err == nil {
		err = holder.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "claimed 1 <nil>\n" {
		t.Fatalf("the other process says %q, error %v", line, err)
	}
	for end := time.Now().Add(shortLease * 3 / 2); time.Now().Before(end); time.Sleep(shortLease / 10) {
		if w, err := s.Claim(t.Context(), "sweep", now, shortLease, 1); len(w) > 0 || err != nil {
			t.Fatalf("claimed %+v beside a living holder, error %v", w, err)
		}
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	for {
		w, err := s.Claim(t.Context(), "sweep", now, shortLease, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(w) == 1 {
			t.Logf("picked up after %s, with a lease of %s", time.Since(killed).Round(time.Millisecond), shortLease)
			return
		}
		time.Sleep(shortLease / 20)
	}
}
