package statemachines

import (
	"slices"
	"sync"
	"testing"

	"giftline/domain"
)

// TestRow builds rows as the tables do, and shows the edges that come of it.
func TestRow(t *testing.T) {
	packed := in(Delivery, "packed")
	for _, tt := range []struct {
		name string
		row  Row
		want []Edge
	}{
		{"from", row("b", NoPhase, "", from(New, "a")), []Edge{{From: New}, {From: "a"}}},
		{"also", row("b", NoPhase, "", from("a"), also("c")), []Edge{{From: "a"}, {Kind: Return, From: "c"}}},
		{"maybe", row("b", NoPhase, "", maybe("c")), []Edge{{Kind: Maybe, From: "c"}}},
		{"a condition", row("b", NoPhase, "", alsoWhen(packed, "a", "c")), []Edge{{Kind: Return, From: "a", When: &packed}, {Kind: Return, From: "c", When: &packed}}},
		{"no condition on what leads there anyway", row("b", NoPhase, "", from("a"), alsoWhen(packed, "a", "c")),
			[]Edge{{From: "a"}, {Kind: Return, From: "c", When: &packed}}},
		{"a flag on the steps from a state, and on no other", row("b", NoPhase, "", from("a", "c"), flagged(NewOrder, "c")),
			[]Edge{{From: "a"}, {From: "c", Flag: NewOrder}}},
		{"two flags", row("b", NoPhase, "", from("a"), flagged(NewOrder, "a"), flagged(CancelReason, "a")),
			[]Edge{{From: "a", Flag: NewOrder | CancelReason}}},
		{"a note", row("b", NoPhase, "", noteIn(CancelReason, "c")), []Edge{{Kind: AsNote, From: "c", Flag: CancelReason}}},
		{"a hint", row("b", NoPhase, "", hint(ExchangeSuspected, "c")), []Edge{{Kind: Hint, From: "c", Flag: ExchangeSuspected}}},
	} {
		same := func(a, b Edge) bool {
			return a.Kind == b.Kind && a.From == b.From && a.Flag == b.Flag && a.When.same(b.When)
		}
		if !slices.EqualFunc(tt.row.Edges, tt.want, same) {
			t.Errorf("%s: the edges are %+v, want %+v", tt.name, tt.row.Edges, tt.want)
		}
	}
}

func (c *Condition) same(d *Condition) bool {
	return c == nil && d == nil || c != nil && d != nil && c.String() == d.String()
}

func TestCondition(t *testing.T) {
	for _, tt := range []struct {
		condition Condition
		state     domain.State
		holds     bool
		words     string
	}{
		{in(Status, "a", "b"), domain.State{Status: "b"}, true, "status is a or b"},
		{in(Status, "a", "b"), domain.State{Status: "c"}, false, "status is a or b"},
		{in(Status, "a"), domain.State{Delivery: "a"}, false, "status is a"},
		{notIn(Delivery, "a"), domain.State{Delivery: "b"}, true, "delivery is not a"},
		{notIn(Delivery, "a", "b"), domain.State{Delivery: "b"}, false, "delivery is not a or b"},
		{in(Delivery, "a").permanently(true), domain.State{Delivery: "a", Permanent: true}, true, "delivery is a, permanently"},
		{in(Delivery, "a").permanently(true), domain.State{Delivery: "a"}, false, "delivery is a, permanently"},
		{in(Delivery, "a").permanently(false), domain.State{Delivery: "a", Permanent: true}, false, "delivery is a, not permanently"},
		{in(Delivery, "a").permanently(false), domain.State{Delivery: "a"}, true, "delivery is a, not permanently"},
		{in(Delivery, "a"), domain.State{Delivery: "a", Permanent: true}, true, "delivery is a"},
	} {
		if got := tt.condition.holds(tt.state); got != tt.holds || tt.condition.String() != tt.words {
			t.Errorf("%s (want %s) of %+v: %v", &tt.condition, tt.words, tt.state, got)
		}
	}
}

// TestFold_FromManySides: machines are shared by every request; the race detector watches.
func TestFold_FromManySides(t *testing.T) {
	m := machineNamed(t, "snappy.gift")
	events := busy(m, 200, 1)
	want := timelineJSON(t, m, events)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := asJSON(t, Fold(m, events)); got != want {
				t.Errorf("another timeline: %s", got)
			}
			_, _ = m.View(), m.Mermaid()
		})
	}
	all.Wait()
}

// TestFold_OneByOneAndAtOnce: a store that folds each new event on the state before it, and one that folds the whole
// history, come to the same, as long as nothing is late and no two events share a time.
func TestFold_OneByOneAndAtOnce(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		var events []domain.Event
		for _, r := range m.Regions() {
			for i, said := range m.reportsIn(r) {
				events = append(events, at(m, 100*len(events)+i, said.event, said.state))
			}
		}
		events = inOrder(m, events)
		whole, held := m.Fold(m.Start(), events), m.Start()
		for i := range events {
			one := m.Fold(held, events[i:i+1])[0]
			if one != whole[i] {
				t.Errorf("%s %s: %+v alone, %+v in its history", events[i].Type, events[i].Target, one, whole[i])
			}
			held = one.After
		}
	})
}
