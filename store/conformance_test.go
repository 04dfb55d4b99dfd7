package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Suite{Machines: statemachines.All(), Open: openSQLite, Together: together, Audit: store.Audit, Laps: laps, Sweeps: sweeps(func(t testing.TB) string { return filepath.Join(t.TempDir(), "giftline.db") }), Everything: !light()}.Run(t)
}

// light reports whether the suite may leave most of its random stories to the other database. GIFTLINE_TEST_WHOLE=1 has
// it tell all of them.
func light() bool { return os.Getenv("GIFTLINE_TEST_WHOLE") == "" }

var laps = &storetest.Laps{
	Change: store.ChangeAlerts, Tell: store.TellAlerts, Move: store.TellMoves,
	Known: store.KnownAlerts, Blind: store.BlindAt, Waiting: store.Relisted,
}

// sweeps opens stores on the databases that place names.
func sweeps(place func(testing.TB) string) *storetest.Sweeps {
	return &storetest.Sweeps{
		Place: func(t testing.TB, machines domain.Machines, now func() time.Time) func(*domain.Alerting) domain.Store {
			db := place(t)
			var last *store.Store
			return func(a *domain.Alerting) domain.Store {
				if last != nil && !store.IsPostgres(db) {
					if err := last.Close(); err != nil {
						t.Error(err)
					}
				}
				last = open(t, db, store.Options{Machines: machines, Now: now, Alerting: a, Lazy: true})
				return last
			}
		},
		Sweep: func(t testing.TB, s domain.Store) {
			t.Helper()
			if err := s.(*store.Store).FollowAll(t.Context()); err != nil {
				t.Error(err)
			}
		},
		Audit: func(t testing.TB, s domain.Store) { t.Helper(); store.AuditIndex(t, s.(*store.Store)) },
		Rebuild: func(t testing.TB, s domain.Store) {
			t.Helper()
			if err := s.(*store.Store).Reindex(t.Context()); err != nil {
				t.Error(err)
			}
		},
	}
}

func together(t testing.TB, s domain.Store, all ...domain.Parsed) {
	t.Helper()
	batch := make([]store.Driven, len(all))
	for i := range all {
		batch[i].Parsed = all[i]
	}
	store.Together(t, s, batch...)
}

func openSQLite(t testing.TB, machines domain.Machines, now func() time.Time) domain.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Machines: machines, Now: now, Lazy: true})
}
