//go:build unix

package store_test

import (
	"context"
	"errors"
	"flag"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// Whatever the conformance suite's generator recorded is told by both databases alike.
func TestMove_generated(t *testing.T) {
	dsn := storetest.Server(t)
	fewer(t, 15)
	moveIt := func(t testing.TB, s domain.Store) {
		from, to := store.Path(s.(*store.Store)), ownSchema(t, dsn)
		want := told(t, s.(*store.Store), 0)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		move(t, store.Move{From: from, To: to})
		moved := open(t, to, store.Options{})
		same(t, want, told(t, moved, want.changes))
		store.Audit(t, moved)
	}
	storetest.Suite{
		Machines: statemachines.All(), Open: openSQLite, Together: together, Then: moveIt, Only: []string{"any mix in any batches"},
	}.Run(t)
}

// fewer lets rapid draw fewer stories than usual until the test ends: TestConformance draws the others.
func fewer(t *testing.T, stories int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	usual := checks.Value.String()
	t.Cleanup(func() { _ = checks.Value.Set(usual) })
	if err := checks.Value.Set(strconv.Itoa(stories)); err != nil {
		t.Fatal(err)
	}
}

// A moved database goes on as the first one would have: every receipt is the same, and so is everything told afterwards.
func TestMove_goesOn(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "giftline.db"), ownSchema(t, storetest.Server(t))
	fill(t, from)
	file := open(t, from, at(noon))
	want := told(t, file, 0)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	move(t, store.Move{From: from, To: to})
	file, moved := open(t, from, at(noon.Add(time.Hour))), open(t, to, at(noon.Add(time.Hour)))
	same(t, want, told(t, moved, want.changes))
	keys, err1 := file.ListKeys(t.Context())
	kept, err2 := moved.ListKeys(t.Context())
	if diff := cmp.Diff(keys, kept); diff != "" || len(kept) != 2 || err1 != nil || err2 != nil {
		t.Errorf("keys, errors %v, %v (-SQLite +PostgreSQL)\n%s", err1, err2, diff)
	}
	if due, ok, err := moved.NextDue(t.Context(), "test"); due != 2000 || !ok || err != nil {
		t.Errorf("work is due at %d, %v, error %v", due, ok, err)
	}
	wantCarried(t, file, moved)
	receipts := [2][]domain.Receipt{goOn(t, file), goOn(t, moved)}
	if diff := cmp.Diff(receipts[0], receipts[1]); diff != "" {
		t.Errorf("receipts (-SQLite +PostgreSQL)\n%s", diff)
	}
	want = told(t, file, 0)
	same(t, want.unnamed(), told(t, moved, want.changes).unnamed())
}

// wantCarried: what has a row in every database says the same in both, and numbers go on.
func wantCarried(t *testing.T, from, to *store.Store) {
	t.Helper()
	for _, query := range []string{"SELECT at FROM pulse", "SELECT alerting_since FROM follower"} {
		var was, is int64
		store.Scan(t, from, &was, query)
		store.Scan(t, to, &is, query)
		if was != is || was == 0 {
			t.Errorf("%s: %d, and %d after the move", query, was, is)
		}
	}
	store.Spoil(t, to, "INSERT INTO items (channel, grp, alert, step, at, sources, move, suppressed) VALUES ('ops', 'late', '', '', 1, '[]', '', '')")
	var last int64
	if store.Scan(t, to, &last, "SELECT id FROM items WHERE grp = 'late'"); last != 10 {
		t.Errorf("the next item has number %d, want 10", last)
	}
}

// goOn records what the database knows already, in part, and what it does not.
func goOn(t *testing.T, s *store.Store) (receipts []domain.Receipt) {
	t.Helper()
	all := mixed()
	for n := range 4 {
		late := said("gft_1", "gift-delivery-status-changed", "inTransit", 0)
		late.Events[0].Fingerprint[3], late.Events[0].At = byte(n), late.Events[0].At+domain.Instant(n)*hour/2
		fresh := gift("gft_new", 100+n)
		fresh.Body = []byte{byte(n)}
		all = append(all, late, fresh, meant(gift("gft_new", 100), byte(n+1)))
	}
	for _, p := range append(all, copyOf("delivered"), astray("shipped")) {
		r, err := s.Record(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	return receipts
}

// A move that ends after any of its batches goes on there, and copies no row twice.
func TestMove_interrupted(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "giftline.db"), ownSchema(t, storetest.Server(t))
	fill(t, from)
	copied := map[string]int64{}
	moved, err := oneBatch(t, from, to)
	wantRefused(t, to, "is not finished")
	for runs := 1; ; runs++ {
		for _, table := range moved.Tables {
			copied[table.Name] += table.Copied
		}
		if err == nil {
			t.Logf("%d runs", runs)
			break
		}
		if runs == 40 {
			t.Fatal(err)
		}
		moved, err = oneBatch(t, from, to)
	}
	for _, table := range moved.Tables {
		if table.Rows != copied[table.Name] {
			t.Errorf("%s: %d rows, %d were copied", table.Name, table.Rows, copied[table.Name])
		}
	}
	wantMoved(t, from, to)
}

// oneBatch is a move that ends after the first batch it copies; one that has nothing left to copy comes to its end.
func oneBatch(t *testing.T, from, to string) (store.Moved, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := int64(-1)
	return store.Move{From: from, To: to, Batch: 13, Progress: func(p store.Progress) {
		if before < 0 {
			before = p.Rows
		}
		if !p.Comparing && p.Rows > before {
			cancel()
		}
	}}.Run(ctx)
}

// What a batch copied goes when its mark cannot be written, and everything before it stays.
func TestMove_failsInABatch(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "giftline.db"), ownSchema(t, storetest.Server(t))
	fill(t, from)
	if err := open(t, to, store.Options{}).Close(); err != nil { // as one that was started before
		t.Fatal(err)
	}
	storetest.Administer(t, to, "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no room'; END$$")
	storetest.Administer(t, to, "CREATE TRIGGER fails BEFORE UPDATE ON moves FOR EACH ROW WHEN (new.marks LIKE '%bodies%') EXECUTE FUNCTION fail()")
	first, err := store.Move{From: from, To: to}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no room") || !strings.Contains(err.Error(), "copying bodies") {
		t.Fatalf("error %v", err)
	}
	storetest.Administer(t, to, "DROP TRIGGER fails ON moves")
	second := move(t, store.Move{From: from, To: to})
	for i, table := range second.Tables {
		if was := first.Tables[i].Copied; was+table.Copied != table.Rows || was > 0 && table.Copied > 0 {
			t.Errorf("%s: %d rows copied, then %d of %d", table.Name, was, table.Copied, table.Rows)
		}
	}
	wantMoved(t, from, to)
}

// Rows of the target that change behind the move's back are found and named, and nobody may use the target.
func TestMove_differences(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "giftline.db"), ownSchema(t, storetest.Server(t))
	fill(t, from)
	damage := map[string]string{
		`bodies id=2 differs in body`:                         "UPDATE bodies SET body = body || '\\x00'::bytea WHERE id = 2",
		`parked seq=1 is missing`:                             "DELETE FROM parked WHERE seq = 1",
		`keys hash=0a is not in the source`:                   "INSERT INTO keys VALUES ('\\x0a', 'stranger', 1)",
		`work kind="test" key="b" differs in due_at, attempt`: "UPDATE work SET attempt = 9, due_at = 9 WHERE key = 'b'",
		`changes seq=1 is missing`:                            "UPDATE changes SET stamp = pg_current_xact_id() WHERE seq = 1", // it moves to the end
		`changes seq=1 is not in the source`:                  "SELECT 1",
	}
	copyOnly(t, from, to)
	for _, statement := range damage {
		storetest.Administer(t, to, statement)
	}
	moved, err := store.Move{From: from, To: to}.Run(t.Context())
	if domain.CodeOf(err) != domain.CodeDamaged || moved.Different != int64(len(damage)) {
		t.Errorf("%d rows differ, error %v", moved.Different, err)
	}
	for what := range damage {
		if err != nil && !strings.Contains(err.Error(), "\n  "+what) {
			t.Errorf("the error does not tell that %s", what)
		}
	}
	wantRefused(t, to, "is not finished")
	if _, err := (store.Move{From: from, To: to}).Run(t.Context()); domain.CodeOf(err) != domain.CodeDamaged {
		t.Errorf("once more: %v", err)
	}
}

// copyOnly ends a move before anything is compared.
func copyOnly(t *testing.T, from, to string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := store.Move{From: from, To: to, Progress: func(p store.Progress) {
		if p.Comparing {
			cancel()
		}
	}}.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
}

func move(t testing.TB, m store.Move) store.Moved {
	t.Helper()
	moved, err := m.Run(t.Context())
	if err != nil || moved.Different != 0 {
		t.Fatalf("%+v, error %v", moved, err)
	}
	return moved
}

// wantMoved compares the two by what they tell.
func wantMoved(t *testing.T, from, to string) {
	t.Helper()
	want := told(t, open(t, from, at(noon)), 0)
	same(t, want, told(t, open(t, to, at(noon)), want.changes))
}

func same(t testing.TB, want, got tale) {
	t.Helper()
	if diff := cmp.Diff(want.lines, got.lines); diff != "" {
		t.Errorf("(-SQLite +PostgreSQL)\n%s", diff)
	}
	if len(want.lines) < 10 {
		t.Errorf("only %d lines were compared", len(want.lines))
	}
}

// wantRefused: neither a server nor a reader takes the database.
func wantRefused(t *testing.T, to, says string) {
	t.Helper()
	s, err := store.Open(t.Context(), to, store.Options{Machines: statemachines.All()})
	r, readErr := store.OpenReader(t.Context(), to, statemachines.All())
	for _, err := range []error{err, readErr} {
		if domain.CodeOf(err) != domain.CodeNoStore || !strings.Contains(err.Error(), says) {
			t.Errorf("opened: %v, %v, error %v", s, r, err)
		}
	}
}
