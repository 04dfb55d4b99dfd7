package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
)

const long = time.Hour // a lease that does not end within a test

// work: what is due is claimed once, the longest due first, and only its holder can close it.
func (s Suite) work(t *testing.T) {
	store := s.Open(t, s.Machines, func() time.Time { return epoch.Time() })
	ctx := t.Context()
	for key, minute := range map[string]domain.Instant{"late": 3, "soon": 1, "then": 2, "never": 9} {
		s.plan(t, store, key, epoch+minute*minutes)
	}
	if err := store.PlanOnce(ctx, "sweep", "soon", epoch+8*minutes); err != nil {
		t.Fatal(err)
	}
	if due, ok, err := store.NextDue(ctx, "sweep"); err != nil || !ok || due != epoch+1*minutes {
		t.Errorf("next due %v, %v, error %v", due, ok, err)
	}
	if _, ok, err := store.NextDue(ctx, "other"); err != nil || ok {
		t.Errorf("something is due of a kind that was never planned: %v", err)
	}
	if got := keys(s.claim(t, store, epoch+3*minutes, long, 2)); got != "soon then" {
		t.Errorf("claimed %s, want the two that are due longest", got)
	}
	rest := s.claim(t, store, epoch+3*minutes, long, 10)
	if keys(rest) != "late" {
		t.Fatalf("claimed %s, want the one that is left", keys(rest))
	}
	stale := rest[0]
	if err := store.Postpone(ctx, stale, epoch); err != nil {
		t.Error(err)
	}
	again := s.claim(t, store, epoch+3*minutes, long, 10)
	if keys(again) != "late" || again[0].Attempt <= stale.Attempt {
		t.Fatalf("claimed %+v, want what was given back, under a new number", again)
	}
	for name, close := range map[string]error{
		"Done": store.Done(ctx, stale), "Postpone": store.Postpone(ctx, stale, epoch), "Extend": store.Extend(ctx, stale, long),
	} {
		if domain.CodeOf(close) != domain.CodeLost {
			t.Errorf("%s of a claim that another holds: %v", name, close)
		}
	}
	if err := store.Done(ctx, again[0]); err != nil {
		t.Error(err)
	}
	if got := s.claim(t, store, epoch+8*minutes, long, 10); len(got) != 0 {
		t.Errorf("claimed %s: two are held, one is done, one is not due", keys(got))
	}
}

const minutes = domain.Instant(60_000_000)

func (s Suite) plan(t testing.TB, store domain.Store, key string, due domain.Instant) {
	t.Helper()
	if err := store.Plan(context.Background(), "sweep", key, due); err != nil {
		t.Fatal(err)
	}
}

func (s Suite) claim(t testing.TB, store domain.Store, now domain.Instant, lease time.Duration, limit int) []domain.Work {
	t.Helper()
	claimed, err := store.Claim(context.Background(), "sweep", now, lease, limit)
	if err != nil {
		t.Fatal(err)
	}
	return claimed
}

func keys(claimed []domain.Work) (all string) {
	for i, w := range claimed {
		if i > 0 {
			all += " "
		}
		all += w.Key
	}
	return all
}

// leaseEnds: what a holder does not close in time is another's, and no sooner; planned anew, it comes again.
func (s Suite) leaseEnds(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	s.plan(t, store, "work", epoch)
	held := s.claim(t, store, epoch, long, 1)
	s.plan(t, store, "work", epoch+minutes)
	if err := store.Done(t.Context(), held[0]); domain.CodeOf(err) != domain.CodeLost {
		t.Errorf("done with work that was planned anew: %v", err)
	}
	s.plan(t, store, "short", epoch)
	first := s.claim(t, store, epoch, time.Millisecond, 1)
	var second []domain.Work
	for len(second) == 0 {
		second = s.claim(t, store, epoch, long, 1)
	}
	if second[0].Key != "short" || second[0].Attempt <= first[0].Attempt {
		t.Errorf("after the lease: %+v, before %+v", second[0], first[0])
	}
}

// workers: many workers do every piece once, and again what failed or asked for it.
func (s Suite) workers(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	const pieces = 100
	for n := range pieces {
		s.plan(t, store, fmt.Sprint("piece-", n), epoch)
	}
	var done sync.Map
	var total atomic.Int64
	now := epoch.Time()
	worker := domain.Worker{List: store, Kind: "sweep", Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Do: func(_ context.Context, w domain.Work) (domain.Instant, error) {
			total.Add(1)
			if _, twice := done.LoadOrStore(w.Key, true); !twice && w.Key == "piece-7" {
				return domain.InstantOf(now.Add(time.Second)), nil
			} else if !twice && w.Key == "piece-8" {
				return 0, errEnough
			}
			return 0, nil
		}}
	drain := func() {
		atOnce(8, func(int) {
			for {
				n, err := worker.RunOnce(t.Context())
				if err != nil {
					t.Error(err)
				}
				if n == 0 {
					return
				}
			}
		})
	}
	drain()
	if total.Load() != pieces {
		t.Errorf("%d pieces done, want each of %d once", total.Load(), pieces)
	}
	now = now.Add(2 * time.Minute)
	drain()
	if _, ok, err := store.NextDue(t.Context(), "sweep"); total.Load() != pieces+2 || ok || err != nil {
		t.Errorf("%d done with the two that come again; more is left: %v, error %v", total.Load(), ok, err)
	}
}
