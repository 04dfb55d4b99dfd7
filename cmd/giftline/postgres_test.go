package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// postgresVariable names a server for the tests. It is read before the tests forget all settings.
const postgresVariable = "GIFTLINE_TEST_POSTGRES"

var givenPostgres = os.Getenv(postgresVariable)

// postgres is a server of the tests' own, on a socket in a temporary directory, where none is given.
var postgres struct {
	once   sync.Once
	dir    string
	server *exec.Cmd
	err    error
	used   atomic.Int64 // databases made
}

// besideServer ends that server with the tests.
type besideServer struct{ *testing.M }

// Run runs the tests.
func (m besideServer) Run() int {
	code := m.M.Run()
	if postgres.server != nil && postgres.server.Process != nil {
		_ = postgres.server.Process.Signal(syscall.SIGINT)
		_ = postgres.server.Wait()
	}
	_ = os.RemoveAll(postgres.dir)
	return code
}

// postgresDatabase gives a test the address of a database of its own, as a schema. Where there is no server the test is
// skipped, except on CI.
func postgresDatabase(t *testing.T) string {
	t.Helper()
	dsn := givenPostgres
	if dsn == "" {
		postgres.once.Do(func() { postgres.err = startPostgres() })
		if errors.Is(postgres.err, exec.ErrNotFound) && os.Getenv("CI") == "" {
			t.Skipf("PostgreSQL is not installed: set %s to the address of a server to run this", postgresVariable)
		}
		dsn = "postgres://giftline@/postgres?host=" + url.QueryEscape(postgres.dir)
	}
	if postgres.err != nil {
		t.Fatal(postgres.err)
	}
	name := fmt.Sprintf("giftline_cmd_%d_%d", os.Getpid(), postgres.used.Add(1))
	db := askPostgres(t, dsn)
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = db.Exec("DROP SCHEMA " + name + " CASCADE") })
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// askPostgres opens a database past the program, for the length of a test.
func askPostgres(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func startPostgres() (err error) {
	if postgres.dir, err = os.MkdirTemp("", "giftline-pg-"); err != nil {
		return err
	}
	data := filepath.Join(postgres.dir, "data")
	if err = giveToNobody(postgres.dir); err == nil {
		err = postgresProgram("initdb", "-D", data, "-U", "giftline", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync").Run()
	}
	if err != nil {
		return err
	}
	postgres.server = postgresProgram("postgres", "-D", data, "-k", postgres.dir, "-c", "listen_addresses=")
	if err := postgres.server.Start(); err != nil {
		return err
	}
	ready := func() error {
		return postgresProgram("pg_isready", "-q", "-h", postgres.dir).Run()
	}
	for begin := time.Now(); ready() != nil && time.Since(begin) < patience; time.Sleep(20 * time.Millisecond) {
	}
	return ready()
}

// postgresProgram is one of the newest installed server's, where Debian keeps them or on the path.
func postgresProgram(name string, args ...string) *exec.Cmd {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		name = found[len(found)-1]
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = "/"
	asNobody(cmd)
	return cmd
}
