//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
	"giftline/store"
	"giftline/store/storetest"
)

func TestMove_refuses(t *testing.T) {
	dsn, dir := storetest.Server(t), t.TempDir()
	from, other, taken := filepath.Join(dir, "from.db"), filepath.Join(dir, "other.db"), filepath.Join(dir, "taken.db")
	fill(t, from)
	fill(t, other)
	open(t, taken, store.Options{})
	empty, half, used, foreign := ownSchema(t, dsn), ownSchema(t, dsn), ownSchema(t, dsn), ownSchema(t, dsn)
	if _, err := oneBatch(t, from, half); err == nil {
		t.Fatal("moved in one batch")
	}
	keep(t, open(t, used, store.Options{}), domain.ResultRecorded, gift("gft_1", 1))
	storetest.Administer(t, foreign, "CREATE TABLE invoices (id int)")
	reserved := ownSchema(t, dsn)
	open(t, reserved, store.Options{})
	storetest.Administer(t, reserved, "SELECT nextval('body_numbers')")
	for _, c := range []struct{ name, from, to, says string }{
		{"no file", filepath.Join(dir, "none.db"), empty, "there is no database"},
		{"a source in use", taken, empty, "in use by another giftline process"},
		{"a target with rows", from, used, "is not empty, sources has rows"},
		{"a target in use", from, reserved, "giftline serve ran on it"},
		{"another program's", from, foreign, "tables of another program"},
		{"the move of another source", other, half, "unfinished move of another database, " + from},
		{"no server", from, "postgres://me:geheim@/x?host=/nowhere", "cannot be used"},
		{"no address", from, "postgres://me:geheim@host:port/x", "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) { wantNoMove(t, c.from, c.to, c.says) })
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db.lock")); err == nil {
		t.Error("a lock was made for a file that is not there")
	}
	move(t, store.Move{From: from, To: empty})
	t.Run("a move that is finished", func(t *testing.T) { wantNoMove(t, from, empty, "is finished: run giftline serve") })
	t.Run("a source written to since", func(t *testing.T) {
		s := open(t, from, store.Options{})
		keep(t, s, domain.ResultDuplicate, mixed()[0])
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wantNoMove(t, from, half, "was written to since")
	})
}

// A database in which nothing was recorded yet is moved like any other.
func TestMove_nothing(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "giftline.db"), ownSchema(t, storetest.Server(t))
	if err := open(t, from, store.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	move(t, store.Move{From: from, To: to})
	keep(t, open(t, to, store.Options{}), domain.ResultRecorded, gift("gft_1", 1))
}

// A replica that has the target open already gets nothing into it before the move is finished, and goes on afterwards.
func TestMove_besideAReplica(t *testing.T) {
	t.Parallel()
	from, to := filepath.Join(t.TempDir(), "giftline.db"), ownSchema(t, storetest.Server(t))
	fill(t, from)
	replica := open(t, to, at(noon))
	before, err := replica.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked := false
	move(t, store.Move{From: from, To: to, Progress: func(p store.Progress) {
		if p.Comparing && !asked {
			asked = true
			if _, err := replica.Record(t.Context(), gift("gft_1", 1)); domain.CodeOf(err) != domain.CodeBusy {
				t.Errorf("during the move: %v", err)
			}
			if err := replica.Plan(t.Context(), "test", "c", 1); domain.CodeOf(err) != domain.CodeBusy {
				t.Errorf("work planned during the move: %v", err)
			}
		}
	}})
	if _, _, err := replica.Changes(t.Context(), before, 10); domain.CodeOf(err) != domain.CodeReset {
		t.Errorf("a position in the feed that knew nothing of the move: %v", err)
	}
	keep(t, replica, domain.ResultDuplicate, mixed()[0])
	keep(t, replica, domain.ResultRecorded, gift("gft_after", 1))
}

func TestMove_twoAtOnce(t *testing.T) {
	t.Parallel() // the second one waits for a while
	dir, to := t.TempDir(), ownSchema(t, storetest.Server(t))
	from, other := filepath.Join(dir, "from.db"), filepath.Join(dir, "other.db")
	fill(t, from)
	fill(t, other)
	tried := false
	move(t, store.Move{From: from, To: to, Progress: func(store.Progress) {
		if !tried {
			tried = true
			wantNoMove(t, from, to, "in use by another giftline process")
			wantNoMove(t, other, to, "another move into")
		}
	}})
}

func wantNoMove(t *testing.T, from, to, says string) {
	t.Helper()
	moved, err := store.Move{From: from, To: to}.Run(t.Context())
	if domain.CodeOf(err) != domain.CodeNoStore || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "geheim") {
		t.Errorf("error %q does not say %q", err, says)
	}
	for _, table := range moved.Tables {
		if table.Copied > 0 {
			t.Errorf("%d rows of %s were copied", table.Copied, table.Name)
		}
	}
}

// Every table and column of a file has its place in the target, and nothing is left out when one is added.
func TestMove_everyColumn(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	open(t, dsn, store.Options{})
	for table, columns := range store.ColumnsOf(t, temp(t)) {
		if diff := cmp.Diff(columns, store.MovedColumns(t, dsn)[table]); diff != "" {
			t.Errorf("%s (-SQLite +moved): %s", table, diff)
		}
	}
}
