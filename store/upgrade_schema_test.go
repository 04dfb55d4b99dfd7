package store_test

import (
	"crypto/sha256"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// firstKey opened the database of testdata/schema1.sql, which a server of the first schema has written: two gifts, some
// of whose events are illegal, and a delivery in quarantine.
const firstKey = "gl_idvprzdw_bqowmuenrpsine5aii6uacx7q4rm7hlvgv5766g54nswccaozoyqw6eq7g"

func TestOpen_upgradesTheFirstSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "giftline.db")
	restore(t, path, "testdata/schema1.sql")
	s := open(t, path, store.Options{Machines: statemachines.All()})

	changes, _, err := s.Changes(t.Context(), "", 100)
	if err != nil || len(changes) != 9 {
		t.Fatalf("%d changes, error %v", len(changes), err)
	}
	for _, c := range changes {
		if c.Type == "" || c.Source != "snappy" || (c.Was == "") != (c.Recorded == c.JoinedAt) {
			t.Errorf("a change does not name its event: %+v", c)
		}
	}
	page := listOf(t, s)
	if len(page) != 2 || page[0].State.Phase != domain.Completed || page[1].State.Phase != domain.Expired || page[0].Illegal != 3 {
		t.Errorf("listed: %+v", page)
	}
	key, err := s.KeyOf(t.Context(), sha256.Sum256([]byte(firstKey)))
	if err != nil || len(key.Scopes) != len(domain.Scopes()) || key.Sources != nil || !key.Personal || !key.Valid(domain.Instant(0)) {
		t.Errorf("the first key is %+v, error %v", key, err)
	}
	if revoked, err := s.RevokeKey(t.Context(), key.ID, 1); err != nil || revoked.Valid(2) {
		t.Errorf("revoked: %+v, error %v", revoked, err)
	}
	store.Audit(t, s)
}

// restore makes a database out of a dump.
func restore(t *testing.T, path, dump string) {
	t.Helper()
	text, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(store.DriverName, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(string(text)); err != nil {
		t.Fatal(err)
	}
}

// listOf reads all subjects, the last updated first, once the index holds them.
func listOf(t *testing.T, s *store.Store) []domain.Listed {
	t.Helper()
	for {
		page, err := s.List(t.Context(), domain.ListQuery{})
		if err != nil {
			t.Fatal(err)
		}
		if page.UpTo == nil {
			return page.Subjects
		}
	}
}
