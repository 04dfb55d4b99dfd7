//go:build unix

package store_test

import (
	"bytes"
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// However an address is written, its password is not shown, nor the parameters, which may hold one as well.
func TestName_hidesThePassword(t *testing.T) {
	for dsn, want := range map[string]string{
		"giftline.db":                      "giftline.db",
		"postgres://giftline:hush@db/name": "postgres://giftline@db/name",
		"postgres://giftline:hush@a:5433,b:5434/name?target_session_attrs=read-write":    "postgres://giftline@a:5433,b:5434/name",
		"postgres://giftline:hush@a,b/name?sslmode=disable":                              "postgres://giftline@a,b/name",
		"postgres://giftline@/name?host=/run/a,/run/b&port=5432,5433&password=hush":      "postgres://giftline@/name?host=/run/a,/run/b:5433",
		"postgres:///name?host=a,b&user=giftline&password=hush&target_session_attrs=any": "postgres://giftline@a,b/name",
		"postgres://giftline:12#hush@db/name":                                            "postgres://giftline@db/name",
		"postgres://giftline:12/hush@db/name":                                            "PostgreSQL",
		"postgres://giftline:hush@db:port/name":                                          "PostgreSQL",
	} {
		if got := store.Name(dsn); got != want {
			t.Errorf("%s is shown as %s, want %s", dsn, got, want)
		}
	}
}

// What cannot be reached is named without the password.
func TestOpen_unreachable(t *testing.T) {
	_, err := store.Open(t.Context(), "postgres://giftline:hush@127.0.0.1:1,127.0.0.1:2/name?sslmode=disable", store.Options{Machines: statemachines.All()})
	if domain.CodeOf(err) != domain.CodeNoStore || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "127.0.0.1:1,127.0.0.1:2") {
		t.Errorf("error %v", err)
	}
}

// A server that does not keep what it commits is refused; one that may lose the last moments is warned of.
func TestOpen_serverKeepsNothing(t *testing.T) {
	c := storetest.StartCluster(t, "fsync=off")
	_, err := store.Open(t.Context(), c.DSN(), store.Options{Machines: statemachines.All()})
	if domain.CodeOf(err) != domain.CodeNoStore || !strings.Contains(err.Error(), "fsync = off") {
		t.Errorf("with fsync off: %v", err)
	}
}

func TestOpen_warnsOfAsynchronousCommits(t *testing.T) {
	dsn := storetest.Schema(t, storetest.Server(t))
	for mode, want := range map[string]bool{"off": true, "on": false} {
		var log bytes.Buffer
		open(t, storetest.With(t, dsn, "synchronous_commit", mode), store.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if got := strings.Contains(log.String(), "synchronous_commit = off"); got != want {
			t.Errorf("synchronous_commit = %s: the log says %q", mode, log.String())
		}
	}
}

// A replica that starts while another one migrates waits for it, however long that takes.
func TestOpen_waitsForAMigration(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "SELECT pg_advisory_lock($1)", store.MigrationTurn); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(500*time.Millisecond, func() { _ = db.Close(); _ = other.Close() })
	wantResult(t, open(t, storetest.With(t, dsn, "lock_timeout", "100ms"), store.Options{}), gift("gift", 1), domain.ResultRecorded)
}
