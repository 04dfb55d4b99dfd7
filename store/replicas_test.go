//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// replicas are three processes' stores on one database. Deliveries go to each in turn, reads to the first.
type replicas struct {
	*store.Store
	all  []*store.Store
	turn *atomic.Int64
}

func (r replicas) Record(ctx context.Context, p domain.Parsed) (domain.Receipt, error) {
	return r.all[int(r.turn.Add(1))%len(r.all)].Record(ctx, p)
}

func openReplicas(t testing.TB, dsn string, o store.Options) replicas {
	t.Helper()
	r := replicas{turn: &atomic.Int64{}}
	for n := range 3 {
		o.Lanes = n + 1
		r.all = append(r.all, open(t, dsn, o))
	}
	r.Store = r.all[0]
	return r
}

// Whichever replica takes a delivery, the timeline is the same.
func TestConformance_replicas(t *testing.T) {
	dsn := storetest.Server(t)
	fresh := func(t testing.TB, machines domain.Machines, now func() time.Time) domain.Store {
		return openReplicas(t, ownSchema(t, dsn), store.Options{Machines: machines, Now: now, Lazy: true})
	}
	storetest.Suite{
		Machines: statemachines.All(), Open: fresh, Light: light(), Everything: !light(),
		Audit: func(t testing.TB, s domain.Store) { store.Audit(t, s.(replicas).Store) },
		Only: []string{"any order gives the pure timeline", "64 writers of one event", "64 writers on one gift", "counts add up",
			"typed copies", "conflicts", "approximate times", "machine upgrade", "a resolved delivery comes again", "a follower misses nothing", "workers",
			"lists within a reach", "pages stay steady", "stuck is noticed", "labels", "a growing log", "one key at once"},
	}.Run(t)
}

// events are how many a test sends: few, unless GIFTLINE_TEST_EVENTS asks for a number.
func events(few int) int {
	if n, err := strconv.Atoi(os.Getenv("GIFTLINE_TEST_EVENTS")); err == nil {
		return n
	}
	return few
}

// Writers on many gifts over all replicas: no error reaches a sender, and every cache is what it caches.
// GIFTLINE_TEST_EVENTS=60000 makes it 10,000 gifts.
func TestReplicas_manyGifts(t *testing.T) {
	r := openReplicas(t, ownSchema(t, storetest.Server(t)), store.Options{})
	const writers = 3 * 64
	events := events(6000)
	gifts := events / 6
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := w; n < events; n += writers {
				if _, err := r.Record(context.Background(), gift(fmt.Sprint("gift-", n*7919%gifts), n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	store.Audit(t, r.Store)
	counts, err := r.SourceCounts(t.Context())
	if err != nil || len(counts) != 1 || counts[0].Counts[domain.ResultRecorded] != int64(events) {
		t.Errorf("counts %+v, error %v", counts, err)
	}
}

// A sender whose delivery meets a server that goes away is told to try again, and finds it recorded once.
func TestReplicas_killedBackends(t *testing.T) {
	const bursts, name = 100, "giftline-to-be-killed"
	dsn := storetest.Schema(t, storetest.Server(t))
	r := openReplicas(t, storetest.With(t, dsn, "application_name", name), store.Options{})
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	killed := 0
	sent := underLoad(t, r, func() {
		for range bursts {
			time.Sleep(20 * time.Millisecond)
			var n int
			if err := db.QueryRow("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1", name).Scan(&n); err != nil {
				t.Error(err)
			}
			killed += n
		}
		recovered(t, r, time.Now())
	})
	t.Logf("%d bursts ended %d connections", bursts, killed)
	wantOnce(t, r, sent)
}

// The server crashes three times under load: nothing that was answered is missing, nothing is there twice, and nobody
// restarts the replicas.
func TestReplicas_serverCrashes(t *testing.T) {
	cluster := storetest.Private(t)
	r := openReplicas(t, storetest.Schema(t, cluster.DSN()), store.Options{})
	sent := underLoad(t, r, func() {
		for range 3 {
			time.Sleep(300 * time.Millisecond)
			if err := cluster.Crash(); err != nil {
				t.Error(err)
				return
			}
			recovered(t, r, time.Now())
		}
	})
	wantOnce(t, r, sent)
}

// What was known by a time stays so, even when a replica whose clock is behind takes the next delivery.
func TestReplicas_clocksApart(t *testing.T) {
	dsn := ownSchema(t, storetest.Server(t))
	noon := time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)
	ahead := open(t, dsn, store.Options{Now: func() time.Time { return noon }})
	behind := open(t, dsn, store.Options{Now: func() time.Time { return noon.Add(-time.Hour) }})
	for n, s := range []*store.Store{ahead, behind} {
		if _, err := s.Record(t.Context(), gift("gift", n)); err != nil {
			t.Fatal(err)
		}
	}
	known := domain.InstantOf(noon.Add(-time.Minute))
	page, err := ahead.Events(t.Context(), gift("gift", 0).Events[0].Subject, domain.Range{Known: &known})
	if err != nil || len(page.Rows) != 0 {
		t.Errorf("known before the first one came: %d events, error %v", len(page.Rows), err)
	}
}

// The same stream in two orders, into a file and into three replicas, is the same to the last byte.
// GIFTLINE_TEST_EVENTS=200000 makes it long.
func TestReplicas_twinOfAFile(t *testing.T) {
	file := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{})
	r := openReplicas(t, ownSchema(t, storetest.Server(t)), store.Options{})
	storetest.Suite{Machines: statemachines.All()}.Twins(t, file, r, events(2000))
	store.Audit(t, file)
	store.Audit(t, r.Store)
}

// A rebuild heals subjects while other replicas go on recording about them.
func TestReplicas_rebuildBeside(t *testing.T) {
	r := openReplicas(t, ownSchema(t, storetest.Server(t)), store.Options{})
	for n := range 500 {
		keep(t, r.Store, domain.ResultRecorded, gift(fmt.Sprint("gift-", n%20), n))
	}
	store.Spoil(t, r.Store, "UPDATE subjects SET illegal = 7, delivery_reported = 'x' WHERE id % 2 = 0")
	store.Spoil(t, r.Store, "UPDATE events SET verdict = 'gap', flags = 1 WHERE subject % 3 = 0")
	var recording sync.WaitGroup
	for w := range 4 {
		recording.Go(func() {
			for n := 500 + w; n < 1000; n += 4 {
				if _, err := r.all[1].Record(context.Background(), gift(fmt.Sprint("gift-", n%20), n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	v := store.InSnapshotsOf(50, store.Verification{Parsers: onlyResend()})
	sum, err := r.all[2].Rebuild(t.Context(), v)
	recording.Wait()
	if err != nil || sum.Findings[domain.Rebuilt] < 10 || sum.Findings[domain.Damaged] > 0 {
		t.Errorf("%+v, error %v", sum, err)
	}
	if _, f := verify(t, r.Store, store.Verification{Parsers: onlyResend()}); len(f) > 0 {
		t.Errorf("found %v", f)
	}
}
