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
	storetest.Suite{Machines: statemachines.All(), Open: openSQLite, Together: together, Audit: store.Audit, Laps: laps, Everything: !light()}.Run(t)
}

// light reports whether the suite may leave most of its random stories to the other database. GIFTLINE_TEST_WHOLE=1 has
// it tell all of them.
func light() bool { return os.Getenv("GIFTLINE_TEST_WHOLE") == "" }

var laps = &storetest.Laps{
	Change: store.ChangeAlerts, Tell: store.TellAlerts, Move: store.TellMoves,
	Known: store.KnownAlerts, Blind: store.BlindAt, Waiting: store.Relisted,
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
