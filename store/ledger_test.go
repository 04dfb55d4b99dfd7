package store_test

import (
	"testing"

	"giftline/domain"
	"giftline/store"
)

func TestCleared_ofMovedAndTakenOff(t *testing.T) {
	t.Run("a contest takes an illegal event off", func(t *testing.T) {
		s := temp(t)
		first := copyOf("delivered")
		first.Events[0].Fingerprint[0], first.Events[0].At = 1, first.Events[0].At-hour
		keep(t, s, domain.ResultRecorded, first)
		if r := keep(t, s, domain.ResultRecorded, copyOf("shipped")); r.Verdict != domain.Illegal {
			t.Fatalf("%+v", r)
		}
		keep(t, s, domain.ResultUnresolved, copyOf("order_received"))
		id := copyOf("shipped").Events[0].ID()
		wantCleared(t, s, domain.Cleared{EventID: id, ClearedBy: id, From: "delivered", To: "shipped"})
	})
	t.Run("what is taken off clears others", func(t *testing.T) {
		s := temp(t)
		keep(t, s, domain.ResultRecorded, copyOf("delivered"))
		later := copyOf("shipped")
		later.Events[0].Fingerprint[0], later.Events[0].At = 1, later.Events[0].At+hour
		if r := keep(t, s, domain.ResultRecorded, later); r.Verdict != domain.Illegal {
			t.Fatalf("%+v", r)
		}
		keep(t, s, domain.ResultUnresolved, copyOf("order_received"))
		wantCleared(t, s, domain.Cleared{
			EventID: later.Events[0].ID(), ClearedBy: copyOf("delivered").Events[0].ID(), From: "delivered", To: "shipped", Verdict: domain.Gap,
		})
	})
	t.Run("an illegal event moves", func(t *testing.T) {
		s := temp(t)
		keep(t, s, domain.ResultRecorded, said("gift", "gift-delivery-status-changed", "delivered", 2))
		p := said("gift", "gift-delivery-status-changed", "processing", 3)
		p.Events[0].Facts |= domain.ApproximateMoves
		if r := keep(t, s, domain.ResultRecorded, p); r.Verdict != domain.Illegal {
			t.Fatalf("%+v", r)
		}
		earlier := p
		earlier.Events = append([]domain.Event{}, p.Events...)
		earlier.Events[0].At -= 2 * hour
		keep(t, s, domain.ResultDuplicate, earlier)
		id := p.Events[0].ID()
		wantCleared(t, s, domain.Cleared{EventID: id, ClearedBy: id, From: "delivered", To: "processing", Verdict: domain.Gap})
	})
}

func wantCleared(t *testing.T, s *store.Store, want domain.Cleared) {
	t.Helper()
	got, err := s.Cleared(t.Context(), nil, 10)
	if err != nil || len(got) != 1 {
		t.Fatalf("cleared: %+v, error %v", got, err)
	}
	c := got[0]
	if c.EventID != want.EventID || c.ClearedBy != want.ClearedBy || c.From != want.From || c.To != want.To || c.Verdict != want.Verdict {
		t.Errorf("cleared: %+v\nwant     %+v", c, want)
	}
}
