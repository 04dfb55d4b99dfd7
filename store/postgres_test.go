//go:build unix

package store_test

import (
	"os"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(holderVariable); dsn != "" {
		hold(dsn)
		os.Exit(1)
	}
	code := m.Run()
	storetest.StopServer()
	os.Exit(code)
}

func TestConformance_postgres(t *testing.T) {
	dsn := storetest.Server(t)
	fresh := func(t testing.TB, machines domain.Machines, now func() time.Time) domain.Store {
		return open(t, ownSchema(t, dsn), store.Options{Machines: machines, Now: now, Lazy: true})
	}
	storetest.Suite{Machines: statemachines.All(), Open: fresh, Light: light(), Everything: !light(), Together: together, Audit: store.Audit, Laps: laps, Sweeps: sweeps(func(t testing.TB) string { return ownSchema(t, dsn) })}.Run(t)
}

// ownSchema gives a test a schema whose commits do not wait for the disk: what these tests are about does not depend on it.
func ownSchema(t testing.TB, dsn string) string {
	t.Helper()
	return storetest.With(t, storetest.Schema(t, dsn), "synchronous_commit", "off")
}
