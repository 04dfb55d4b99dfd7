//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

const postgresVariable = "GIFTLINE_TEST_POSTGRES"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(holderVariable); dsn != "" {
		hold(dsn)
		os.Exit(1)
	}
	code := m.Run()
	if cluster.Cluster != nil {
		cluster.Remove()
	}
	os.Exit(code)
}

func TestConformance_postgres(t *testing.T) {
	dsn := postgresServer(t)
	open := func(t testing.TB, machines domain.Machines, now func() time.Time) domain.Store {
		return openPostgres(t, ownSchema(t, dsn), store.Options{Machines: machines, Now: now})
	}
	storetest.Suite{Machines: statemachines.All(), Open: open, Light: light(), Everything: !light(), Together: together, Audit: store.Audit}.Run(t)
}

func openPostgres(t testing.TB, dsn string, o store.Options) *store.Store {
	t.Helper()
	if o.Machines == nil {
		o.Machines = statemachines.All()
	}
	s, err := store.Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

var schemas atomic.Int64

// ownSchema gives a test a database of its own within the server's: a schema, which is made faster than a database.
// Commits do not wait for the disk: what these tests are about does not depend on it.
func ownSchema(t testing.TB, dsn string) string {
	t.Helper()
	return with(t, durableSchema(t, dsn), "synchronous_commit", "off")
}

// durableSchema is ownSchema for tests of crashes.
func durableSchema(t testing.TB, dsn string) string {
	t.Helper()
	name := fmt.Sprintf("giftline_%d_%d", os.Getpid(), schemas.Add(1))
	administer(t, dsn, "CREATE SCHEMA "+name)
	t.Cleanup(func() { administer(t, dsn, "DROP SCHEMA "+name+" CASCADE") })
	return with(t, dsn, "search_path", name)
}

func with(t testing.TB, dsn, setting, value string) string {
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

func administer(t testing.TB, dsn, statement string) {
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

// postgresServer finds a server: the one of GIFTLINE_TEST_POSTGRES, else a private cluster where PostgreSQL is
// installed, else the test is skipped.
func postgresServer(t *testing.T) string {
	t.Helper()
	if dsn := os.Getenv(postgresVariable); dsn != "" {
		return dsn
	}
	cluster.once.Do(func() { cluster.Cluster, cluster.err = storetest.NewCluster("max_connections=300") })
	storetest.Require(t, cluster.err)
	return cluster.DSN()
}

// cluster is the server that the tests share, where no address is given.
var cluster struct {
	once sync.Once
	*storetest.Cluster
	err error
}
