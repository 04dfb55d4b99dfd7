package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"giftline/domain"
)

func TestOpen_oddPaths(t *testing.T) {
	for _, name := range []string{
		"plain.db", "with space.db", "what?mode=memory.db", "a#b.db", "100%25.db", "%41.db", "ünïcode.db", "a&b=c;d+e.db", "'quoted\".db", "back\\slash.db", "no extension", "file:x.db",
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.ContainsAny(name, `?"\:`) {
				t.Skip("not a file name on Windows")
			}
			dir := t.TempDir()
			s := openAt(t, filepath.Join(dir, name))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got, want := listing(t, dir), name+" "+name+".lock"; got != want {
				t.Errorf("files: %s, want %s", got, want)
			}
			r, err := OpenReader(t.Context(), filepath.Join(dir, name), fakeMachines{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if found, err := r.AnyKey(t.Context()); found || err != nil {
				t.Errorf("AnyKey = %v, %v", found, err)
			}
		})
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestOpen_relativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	s := openAt(t, "giftline.db")
	if !filepath.IsAbs(s.path) {
		t.Errorf("path %s depends on the working directory", s.path)
	}
}

func TestOpen_fileIsForItsOwnerOnly(t *testing.T) {
	s := openTest(t)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("mode of %s is %o", info.Name(), mode)
		}
	}
}

func TestOpen_twice(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, filepath.Join(dir, "giftline.db"))
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(s.path, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{s.path, link} {
		_, err := Open(t.Context(), path, testOptions())
		wantCode(t, err, domain.CodeNoStore)
		if !strings.Contains(err.Error(), "another giftline process") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, link)
}

func TestOpen_refuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := filepath.Join(dir, "foreign.db")
	execPlain(t, foreign, "CREATE TABLE orders (id INTEGER)")
	for _, c := range []struct{ name, path, says string }{
		{"no path", "", "GIFTLINE_DB"},
		{"memory", ":memory:", "GIFTLINE_DB"},
		{"no directory", filepath.Join(dir, "no/such/dir.db"), "does not exist: create it"},
		{"a directory", dir, "is a directory"},
		{"a file for a directory", filepath.Join(file("plain.txt", "x"), "giftline.db"), "plain.txt"},
		{"not a database", file("letter.db", strings.Repeat("Dear Sir or Madam, ", 100)), "not an SQLite database"},
		{"a short text", file("short.db", "hello"), "not an SQLite database"},
		{"another program's", foreign, "another program"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(t.Context(), c.path, testOptions())
			wantCode(t, err, domain.CodeNoStore)
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
			if _, err := OpenReader(t.Context(), c.path, fakeMachines{}); domain.CodeOf(err) != domain.CodeNoStore {
				t.Errorf("OpenReader: %v", err)
			}
		})
	}
	if got := journalMode(t, foreign); got != "delete" {
		t.Errorf("another program's database was changed to journal mode %s", got)
	}
}

// execPlain changes a file without any of our settings.
func execPlain(t *testing.T, path, query string) {
	t.Helper()
	db := plain(t, path)
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func plain(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := openSQL(t.Context(), path, plainSettings("rwc"))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func journalMode(t *testing.T, path string) (mode string) {
	t.Helper()
	db := plain(t, path)
	defer db.Close()
	if err := db.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
		t.Fatal(err)
	}
	return mode
}

func TestOpen_newerSchema(t *testing.T) {
	s := openTest(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	execPlain(t, s.path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	_, err := Open(t.Context(), s.path, testOptions())
	wantCode(t, err, domain.CodeNewerStore)
	if !strings.Contains(err.Error(), "9999") {
		t.Error(err)
	}
	_, err = OpenReader(t.Context(), s.path, fakeMachines{})
	wantCode(t, err, domain.CodeNewerStore)
}

func TestOpen_releasesTheLockWhenItFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "giftline.db")
	execPlain(t, path, "CREATE TABLE orders (id INTEGER)")
	if _, err := Open(t.Context(), path, testOptions()); err == nil {
		t.Fatal("opened another program's database")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
}

func TestOpenReader_createsNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := OpenReader(t.Context(), filepath.Join(dir, "giftline.db"), fakeMachines{})
	wantCode(t, err, domain.CodeNoStore)
	if !strings.Contains(err.Error(), "giftline serve") || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if got := listing(t, dir); got != "" {
		t.Errorf("made %s", got)
	}
}

func TestOpenReader_wantsTheSchemaOfToday(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty.db")
	if err := create(path); err != nil {
		t.Fatal(err)
	}
	_, err := OpenReader(t.Context(), path, fakeMachines{})
	wantCode(t, err, domain.CodeNoStore)
}

func TestOpenReader_besideAWriter(t *testing.T) {
	s := openTest(t)
	r, err := OpenReader(t.Context(), s.path, fakeMachines{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := s.AddKey(t.Context(), domain.Key{ID: "first", Name: "first", Hash: [32]byte{1}}); err != nil {
		t.Fatal(err)
	}
	if found, err := r.AnyKey(t.Context()); !found || err != nil {
		t.Errorf("AnyKey = %v, %v: a commit is not seen", found, err)
	}
	wantCode(t, r.AddKey(t.Context(), domain.Key{ID: "second", Name: "second", Hash: [32]byte{2}}), domain.CodeNoStore)
	wantCode(t, r.Ready(t.Context()), domain.CodeNoStore)
	if err := r.reader.Exec("DELETE FROM keys").Error; sqliteCode(err)&0xff != codeReadOnly {
		t.Errorf("a reader could write: %v", err)
	}
}

func TestClose_leavesNoLog(t *testing.T) {
	s := openTest(t)
	if err := s.AddKey(t.Context(), domain.Key{ID: "first", Name: "first", Hash: [32]byte{1}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := listing(t, filepath.Dir(s.path)); got != "giftline.db giftline.db.lock" {
		t.Errorf("files: %s", got)
	}
	again := openAt(t, s.path)
	if k, err := again.KeyOf(t.Context(), [32]byte{1}); k.ID != "first" || err != nil {
		t.Errorf("KeyOf = %+v, %v", k, err)
	}
}

// A second program that still reads keeps SQLite from deleting the log; it holds nothing by then.
func TestClose_emptiesTheLogBesideAReader(t *testing.T) {
	s := openTest(t)
	r, err := OpenReader(t.Context(), s.path, fakeMachines{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := errors.Join(s.AddKey(t.Context(), domain.Key{ID: "first", Name: "first", Hash: [32]byte{1}}), s.Close()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.path + "-wal")
	if err != nil || info.Size() != 0 {
		t.Errorf("-wal: %v, %v", info, err)
	}
	if found, err := r.AnyKey(t.Context()); !found || err != nil {
		t.Errorf("AnyKey = %v, %v", found, err)
	}
}

func TestClose_again(t *testing.T) {
	s := openTest(t)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	wantCode(t, s.AddKey(context.Background(), domain.Key{ID: "late", Name: "late", Hash: [32]byte{1}}), domain.CodeBusy)
	wantCode(t, s.Ready(context.Background()), domain.CodeBusy)
}
