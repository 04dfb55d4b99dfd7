package store_test

import (
	"path/filepath"
	"testing"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// A long subject that another table has folded comes out as if this one had always folded it.
func TestUpgrade_longSubject(t *testing.T) {
	s, set := longSubject(t, 5_000)
	set.old = false
	keep(t, s, domain.ResultRecorded, said("gift", "gift-status-changed", "claimed", 6_000))
	found, err := s.Current(t.Context(), said("gift", "gift-status-changed", "claimed", 0).Events[0].Subject)
	if err != nil || len(found) != 1 || found[0].State.Status != "claimed" || found[0].Events != 5_001 {
		t.Errorf("after the upgrade: %+v, error %v", found, err)
	}
}

// One op is the fold of a subject with 100,000 events by a new table, within the commit of the webhook that met it.
func BenchmarkUpgrade_100k(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s, set := longSubject(b, 100_000)
		set.old = false
		b.StartTimer()
		keep(b, s, domain.ResultRecorded, said("gift", "gift-status-changed", "claimed", 100_001))
	}
}

// longSubject records n events of one gift by an older table.
func longSubject(t testing.TB, n int) (*store.Store, *older) {
	t.Helper()
	set := &older{Machines: statemachines.All()}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "giftline.db"), store.Options{Machines: set})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var all []store.Driven
	for i := range n {
		p := said("gift", "gift-status-changed", "opened", i)
		p.Events[0].Rank++ // as that table ranked it
		all = append(all, store.Driven{Parsed: p})
	}
	set.old = true
	store.Together(t, s, all...)
	return s, set
}

// older makes every machine one of an earlier version, at will.
type older struct {
	domain.Machines
	old bool
}

func (o *older) For(p domain.Provider, k domain.Kind) (domain.Machine, bool) {
	m, ok := o.Machines.For(p, k)
	if o.old {
		m = olderMachine{m}
	}
	return m, ok
}

type olderMachine struct{ domain.Machine }

func (olderMachine) Revision() int { return 0 }
func (olderMachine) Hash() string  { return "older" }
