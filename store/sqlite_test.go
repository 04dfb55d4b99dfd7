package store

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"gorm.io/gorm"

	"giftline/domain"
)

func TestPragmas_readBack(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"sync only at checkpoints": func(p url.Values) { p.Set("_synchronous", "NORMAL") },
		"no write-ahead log":       func(p url.Values) { p.Set("_journal_mode", "DELETE") },
		"impatient":                func(p url.Values) { p.Set("_busy_timeout", "100") },
		"no foreign keys":          func(p url.Values) { p.Set("_foreign_keys", "0") },
		"misspelt": func(p url.Values) {
			p.Del("_synchronous")
			p.Set("_sychronous", "FULL")
			p.Add("_pragma", "synchronous(NORMAL)") // the default of one driver
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := writerSettings()
			s.parameters.Set("mode", "rwc")
			change(s.parameters)
			_, err := openSQL(t.Context(), filepath.Join(t.TempDir(), "x.db"), s)
			wantCode(t, err, domain.CodeNoStore)
			if !strings.Contains(err.Error(), "instead of") {
				t.Error(err)
			}
		})
	}
}

func TestPragmas_ofEveryPool(t *testing.T) {
	s := openTest(t)
	for name, pool := range map[string]struct {
		db   *gorm.DB
		want settings
	}{"writer": {s.writer, writerSettings()}, "readers": {s.reader, readerSettings()}} {
		db, err := pool.db.DB()
		if err != nil {
			t.Fatal(err)
		}
		if err := checkPragmas(t.Context(), db, pool.want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := db.Stats().OpenConnections; n != pool.want.connections {
			t.Errorf("%s: %d connections, want %d", name, n, pool.want.connections)
		}
	}
}

func TestSupported(t *testing.T) {
	for version, ok := range map[string]bool{
		"3.51.3": true, "3.51.4": true, "3.52.0": true, "3.100.0": true, "4.0.0": true,
		"3.51.2": false, "3.45.1": false, "3.9.9": false, "3.51": false, "": false, "three": false,
	} {
		if err := supported(version); (err == nil) != ok {
			t.Errorf("%q: %v", version, err)
		}
	}
}

// A writing transaction takes its lock when it begins: the second one waits there, before it has read anything.
func TestWrite_isImmediate(t *testing.T) {
	s := openTest(t)
	other := plain(t, s.path)
	defer other.Close()
	if _, err := other.Exec("PRAGMA busy_timeout = 10"); err != nil {
		t.Fatal(err)
	}
	err := s.write(t.Context(), func(*gorm.DB) error {
		_, err := other.Exec("DELETE FROM keys")
		return err
	})
	wantCode(t, err, domain.CodeBusy)
}

func TestTranslate_constraints(t *testing.T) {
	s := openTest(t)
	addSubject(t, s, 1, gift("gft_1"))
	for _, c := range []struct {
		name, query string
		want        error
	}{
		{"primary key", "INSERT INTO sources (source) VALUES ('a'), ('a')", gorm.ErrDuplicatedKey},
		{"rowid", "INSERT INTO bodies VALUES (1, x'', x''), (1, x'', x'')", gorm.ErrDuplicatedKey},
		{"unique index", "UPDATE keys SET hash = x''; INSERT INTO goose_db_version (id, version_id, is_applied) VALUES (1, 1, 1)", gorm.ErrDuplicatedKey},
		{"not null", "INSERT INTO keys VALUES (x'01', NULL, 0)", nil},
		{"type", "INSERT INTO keys VALUES (x'01', '', 'monday')", nil},
	} {
		err := s.write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(c.query).Error })
		switch {
		case err == nil || domain.CodeOf(err) != "" || sqliteCode(err) == 0:
			t.Errorf("%s: %v (SQLite's %d) is blamed on the machine", c.name, err, sqliteCode(err))
		case c.want != nil && !errors.Is(err, c.want):
			t.Errorf("%s: %v (SQLite's %d) is not %v", c.name, err, sqliteCode(err), c.want)
		}
	}
}

func TestTranslate_foreignKeyAndCheck(t *testing.T) {
	s := openTest(t)
	err := s.write(t.Context(), func(tx *gorm.DB) error {
		return errors.Join(
			tx.Exec("CREATE TABLE parents (id INTEGER PRIMARY KEY)").Error,
			tx.Exec("CREATE TABLE children (parent INTEGER REFERENCES parents, age INTEGER CHECK (age > 0))").Error,
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]error{
		"INSERT INTO children VALUES (1, 1)":     gorm.ErrForeignKeyViolated,
		"INSERT INTO children VALUES (NULL, -1)": gorm.ErrCheckConstraintViolated,
	} {
		err := s.write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(query).Error })
		if !errors.Is(err, want) {
			t.Errorf("%s: %v (SQLite's %d)", query, err, sqliteCode(err))
		}
	}
}

func TestTranslate_trouble(t *testing.T) {
	t.Run("full", func(t *testing.T) {
		s := openTest(t)
		if err := s.writer.Exec("PRAGMA max_page_count = 1").Error; err != nil { // at least what is there
			t.Fatal(err)
		}
		err := s.write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO bodies VALUES (1, x'', zeroblob(1000000))").Error
		})
		wantCode(t, err, domain.CodeBusy)
		if !strings.Contains(err.Error(), "full") {
			t.Error(err)
		}
		if err := s.AddKey(t.Context(), domain.Key{ID: "small", Name: "small", Hash: [32]byte{1}}); err != nil {
			t.Errorf("after a full disk: %v", err)
		}
	})
	t.Run("locked", func(t *testing.T) {
		s := openTest(t)
		if err := s.writer.Exec("PRAGMA busy_timeout = 10").Error; err != nil {
			t.Fatal(err)
		}
		other := plain(t, s.path)
		defer other.Close()
		if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.AddKey(t.Context(), domain.Key{ID: "second", Name: "second", Hash: [32]byte{1}}), domain.CodeBusy)
		wantCode(t, s.Ready(t.Context()), domain.CodeBusy)
		if _, err := other.Exec("ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.AddKey(t.Context(), domain.Key{ID: "second", Name: "second", Hash: [32]byte{1}}), s.Ready(t.Context())); err != nil {
			t.Error(err)
		}
	})
}
