package statemachines

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// TestNext_IsWhatMoves: a step is listed if, and only if, a later exact event that reports it is answered moved; and it
// leads where the step says.
func TestNext_IsWhatMoves(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		events := w.drawInOrder(t, 12)
		outcomes := w.machine.Fold(w.machine.Start(), events)
		assertNext(t, w.machine, outcomes[len(outcomes)-1].After)
	})
}

// TestNext_EveryPairOfStates asks of all that both regions can hold, reached or not.
func TestNext_EveryPairOfStates(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, own := range m.holdings(Status) {
			for _, beside := range m.holdings(Delivery) {
				assertNext(t, m, m.holdingBoth(Status, own, beside))
			}
		}
	})
}

func assertNext(t interface{ Errorf(string, ...any) }, m *Machine, held domain.State) {
	next := m.Next(held)
	for _, r := range m.Regions() {
		for _, said := range m.reportsIn(r) {
			e := domain.Event{Type: said.event, Target: said.state, At: 1 << 50, Quality: domain.TimeExact}
			m.Read(&e)
			o := m.Fold(held, []domain.Event{e})[0]
			i := slices.IndexFunc(next, func(s domain.Step) bool { return s.Region == e.Region && s.State == e.Target })
			switch {
			case (i >= 0) != (o.Verdict == domain.Moved) && e.Target != held.In(e.Region):
				t.Errorf("%+v: %s is %s, and listed: %v", held, said.label, o.Verdict, i >= 0)
			case i >= 0 && (asJSON(nil, next[i].Phase) != asJSON(nil, shown(o.After.Phase)) || next[i].Flags != o.Flags):
				t.Errorf("%+v: %s leads to %s with %v, listed as %+v", held, said.label, o.After.Phase, o.Flags.Names(), next[i])
			}
		}
	}
	for _, s := range next {
		if s.State == held.In(s.Region) || s.Meaning == "" {
			t.Errorf("%+v: %+v is no step", held, s)
		}
	}
}

func TestNext_Words(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		machine, status, delivery string
		want                      []string
	}{
		{"snappy.gift", "claimed", "inTransit", []string{"outForDelivery usual", "delivered usual", "canceled aside cancel_reason"}},
		{"snappy.gift", "claimed", "delivered", nil},
		{"snappy.gift", "expired", "new", nil},
		{"snappy.gift", "opened", "new", []string{
			"unwrapped", "claimed usual", "expired usual", "orderReceived usual claim_not_seen",
			"out_of_stock usual aside claim_not_seen", "delivered usual claim_not_seen", "canceled usual aside claim_not_seen",
		}},
		{"sendoso.send", "redeemed", "shipped", []string{"confirming_address", "undeliverable usual aside", "delivered usual"}},
	} {
		m := machineNamed(t, tt.machine)
		var got []string
		for _, s := range m.Next(domain.State{Status: tt.status, Delivery: tt.delivery}) {
			words := s.State
			if s.Usual {
				words += " usual"
			}
			if s.Aside {
				words += " aside"
			}
			for _, flag := range s.Flags.Names() {
				words += " " + flag
			}
			got = append(got, words)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s %s, %s: %q, want %q", tt.machine, tt.status, tt.delivery, got, tt.want)
		}
	}
}
