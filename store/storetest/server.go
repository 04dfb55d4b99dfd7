package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of SQL
)

// Variable names a PostgreSQL server for the tests.
const Variable = "GIFTLINE_TEST_POSTGRES"

var given = os.Getenv(Variable) // read before any test forgets all settings

// shared is the server of the package's tests, where none is given.
var shared struct {
	once sync.Once
	*Cluster
	err error
}

// Server gives the address of a PostgreSQL server: the one of Variable, else a private cluster where PostgreSQL is
// installed, which StopServer ends. Without either the test is skipped, except on CI.
func Server(t testing.TB) string {
	t.Helper()
	if given != "" {
		return given
	}
	shared.once.Do(func() { shared.Cluster, shared.err = NewCluster("max_connections=300") })
	Require(t, shared.err)
	return shared.DSN()
}

// Private is the cluster behind Server, to be treated badly. A test is skipped where the server is somebody else's.
func Private(t testing.TB) *Cluster {
	t.Helper()
	if Server(t); shared.Cluster == nil {
		t.Skip("the server is not this test's own to crash")
	}
	return shared.Cluster
}

// StopServer is for the end of TestMain.
func StopServer() {
	if shared.Cluster != nil {
		shared.Remove()
	}
}

// Require ends a test that has no server.
func Require(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skipf("PostgreSQL is not installed: set %s to the address of a server to run this", Variable)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var schemas atomic.Int64

// Schema gives a test a database of its own within the server's: a schema, which is made faster than a database.
func Schema(t testing.TB, dsn string) string {
	t.Helper()
	name := fmt.Sprintf("giftline_%d_%d", os.Getpid(), schemas.Add(1))
	Administer(t, dsn, "CREATE SCHEMA "+name)
	t.Cleanup(func() { Administer(t, dsn, "DROP SCHEMA "+name+" CASCADE") })
	return With(t, dsn, "search_path", name)
}

// With adds a setting to an address.
func With(t testing.TB, dsn, setting, value string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(setting, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// SQL opens a database past the store, for the length of a test.
func SQL(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Administer runs a statement past the store.
func Administer(t testing.TB, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}
