//go:build unix

package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// aMinute has gifts be stuck that stay claimed for longer than one.
var aMinute = &domain.Alerting{Policy: &domain.Policy{Dwell: []domain.DwellRule{{State: "claimed", Limit: time.Minute}}}}

// standing is a clock that stands until it is moved.
type standing struct{ atomic.Int64 }

func newStanding() *standing {
	c := &standing{}
	c.Store(1_760_000_000_000_000)
	return c
}

func (c *standing) now() time.Time       { return time.UnixMicro(c.Load()) }
func (c *standing) pass(d time.Duration) { c.Add(d.Microseconds()) }

// claims records that gifts were claimed just now.
func claims(t testing.TB, s domain.Store, c *standing, names ...string) {
	t.Helper()
	m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
	for _, name := range names {
		p := gift(name, 0)
		e := &p.Events[0]
		e.Target, e.At = "claimed", domain.InstantOf(c.now())
		m.Read(e)
		if _, err := s.Record(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
}

func alertsOf(t testing.TB, s domain.Store) []domain.Alert {
	t.Helper()
	page, err := s.Alerts(t.Context(), domain.AlertQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return page.Alerts
}

// onEach runs a test on each database, with a clock that stands and alerts.
func onEach(t *testing.T, test func(*testing.T, *store.Store, *standing)) {
	t.Parallel()
	for name, place := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "giftline.db") },
		"postgres": func(t testing.TB) string { return ownSchema(t, storetest.Server(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newStanding()
			test(t, open(t, place(t), store.Options{Now: clock.now, Alerting: aMinute, Lazy: true}), clock)
		})
	}
}

// A row that is damaged keeps nobody else from being looked at, and has its own turn later, again and again.
func TestSweep_damagedRow(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, clock *standing) {
		claims(t, s, clock, "a", "b", "c")
		if err := s.FollowAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.Spoil(t, s, "UPDATE subjects SET digest = ? WHERE subject_id = 'b'", []byte("short"))
		for range 3 {
			clock.pass(2 * time.Hour)
			if err := s.FollowAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			var waits int64
			store.Scan(t, s, &waits, "SELECT min(look_at) FROM listings")
			if got := time.UnixMicro(waits).Sub(clock.now()); got < 59*time.Minute {
				t.Errorf("it is looked at again after %v", got)
			}
			if all := alertsOf(t, s); len(all) != 2 {
				t.Errorf("%d alerts, want those of the others: %+v", len(all), all)
			}
		}
		store.Spoil(t, s, "DELETE FROM events WHERE subject IN (SELECT id FROM subjects WHERE length(digest) = 5)")
		store.Spoil(t, s, "DELETE FROM subjects WHERE length(digest) = 5")
	})
}

// Nor does one whose row names another subject than it was recorded under, or an alert whose row is damaged.
func TestSweep_misnamedRow(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store, clock *standing) {
		claims(t, s, clock, "a", "b")
		if err := s.FollowAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.Spoil(t, s, "UPDATE subjects SET subject_id = 'another' WHERE subject_id = 'b'")
		for range 3 {
			clock.pass(2 * time.Hour)
			if err := s.FollowAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if all := alertsOf(t, s); len(all) != 1 || all[0].Subject.ID != "a" {
				t.Errorf("%d alerts, want that of the other: %+v", len(all), all)
			}
		}
		store.Spoil(t, s, "UPDATE alerts SET sources = '{', metadata = '{', rule = 'x'")
		claims(t, s, clock, "a")
		clock.pass(2 * time.Hour)
		if err := s.FollowAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.Spoil(t, s, "UPDATE subjects SET subject_id = 'b' WHERE subject_id = 'another'")
	})
}

// A clock that is set back makes nobody look again and again at what cannot be looked at.
func TestSweep_damagedAndSetBack(t *testing.T) {
	for name, spoil := range map[string]string{
		"unreadable": "UPDATE subjects SET digest = 'short' WHERE subject_id = 'b'", "misnamed": "UPDATE subjects SET subject_id = 'another' WHERE subject_id = 'b'",
	} {
		t.Run(name, func(t *testing.T) {
			clock := newStanding()
			s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Now: clock.now, Alerting: aMinute, Lazy: true})
			claims(t, s, clock, "a", "b")
			for _, pass := range []time.Duration{0, 2 * time.Hour, time.Minute - 2*time.Hour - time.Second} {
				if clock.pass(pass); pass < 0 {
					store.Spoil(t, s, strings.Replace(spoil, "'short'", "CAST('short' AS BLOB)", 1))
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				if err := s.FollowAll(ctx); err != nil {
					t.Fatalf("after %v: %v", pass, err)
				}
			}
			store.Spoil(t, s, "DELETE FROM events WHERE subject IN (SELECT id FROM subjects WHERE subject_id <> 'a')")
			store.Spoil(t, s, "DELETE FROM subjects WHERE subject_id <> 'a'")
		})
	}
}

// However many replicas look at the same time, each alert is opened once and resolved once.
func TestSweep_replicas(t *testing.T) {
	t.Parallel()
	clock := newStanding()
	r := openReplicas(t, ownSchema(t, storetest.Server(t)), store.Options{Now: clock.now, Alerting: aMinute})
	const gifts = 300
	for g := range gifts {
		claims(t, r, clock, fmt.Sprint("gift-", g))
	}
	sweep := func() {
		var wg sync.WaitGroup
		for _, s := range r.all {
			wg.Go(func() {
				if err := s.FollowAll(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	sweep()
	clock.pass(time.Hour)
	sweep()
	for g := range gifts {
		p := gift(fmt.Sprint("gift-", g), 1)
		p.Events[0].Type, p.Events[0].Target = "gift-delivery-status-changed", "delivered"
		p.Events[0].At = domain.InstantOf(clock.now())
		m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
		m.Read(&p.Events[0])
		if _, err := r.Record(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	all := alertsOf(t, r)
	if len(all) != gifts {
		t.Errorf("%d alerts of %d gifts", len(all), gifts)
	}
	for kind, want := range map[domain.StepKind]int{domain.StepOpened: gifts, domain.StepResolved: gifts, domain.StepReopened: 0, domain.StepWithdrawn: 0} {
		var n int
		if store.Scan(t, r.Store, &n, "SELECT count(*) FROM alert_steps WHERE kind = '"+string(kind)+"'"); n != want {
			t.Errorf("%d alerts were %s, want %d", n, kind, want)
		}
	}
	store.AuditIndex(t, r.all[1])
}

// The replica that was started last looks, by its policy. The others leave that to it, and answer nevertheless.
func TestSweep_otherPolicies(t *testing.T) {
	t.Parallel()
	clock, dsn := newStanding(), ownSchema(t, storetest.Server(t))
	o := store.Options{Now: clock.now, Alerting: aMinute, Lazy: true}
	before := open(t, dsn, o)
	claims(t, before, clock, "gift")
	o.Alerting = &domain.Alerting{Policy: &domain.Policy{Dwell: []domain.DwellRule{{State: "claimed", Never: true}}}}
	after := open(t, dsn, o)
	clock.pass(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_ = before.FollowAll(ctx) // it waits for the other one in vain
	if ids := listedIDs(t, before, t.Context()); len(ids) != 0 {
		t.Errorf("%q are listed by whom it does not concern", ids)
	}
	if err := after.FollowAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ids, all := listedIDs(t, before, t.Context()), alertsOf(t, before); len(ids) != 1 || len(all) != 0 {
		t.Errorf("%q are listed, alerts: %+v", ids, all)
	}
}
