package statemachines

import (
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// folded is a walk in canonical order with its outcomes.
type folded struct {
	events   []domain.Event
	outcomes []domain.Outcome
}

func (w *walks) drawFolded(t *rapid.T, longest int) folded {
	events := w.drawInOrder(t, longest)
	return folded{events, w.machine.Fold(w.machine.Start(), events)}
}

// eachOutcome checks a law on every event of random walks.
func eachOutcome(t *testing.T, law func(*rapid.T, *Machine, folded, int)) {
	property(t, func(t *rapid.T, w *walks) {
		f := w.drawFolded(t, 30)
		for i := range f.events {
			law(t, w.machine, f, i)
		}
	})
}

// before is the state that was held when the turn of event i came.
func (f folded) before(m *Machine, i int) domain.State {
	if i == 0 {
		return m.Start()
	}
	return f.outcomes[i-1].After
}

// beforeInstant is the state that was held before any event of that time.
func (f folded) beforeInstant(m *Machine, i int) domain.State {
	for i > 0 && f.events[i-1].At == f.events[i].At {
		i--
	}
	return f.before(m, i)
}

// crowded reports whether another event of the same time reports a state of the same region.
func (f folded) crowded(i int) bool {
	for j, e := range f.events {
		if j != i && e.At == f.events[i].At && e.Region == f.events[i].Region {
			return true
		}
	}
	return false
}

// TestLaw_OnlyMovesMove: the state changes on moved and gap, to what was reported, and in that region only. A repeat
// may add that the state is for good.
func TestLaw_OnlyMovesMove(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		e, o, want := f.events[i], f.outcomes[i], f.before(m, i)
		if o.Verdict.Moves() {
			want = want.With(e.Region, e.Target)
			want.Phase = o.After.Phase
			want.Permanent = e.Region == domain.Delivery && m.lasting(&e) || e.Region == domain.Status && want.Permanent
		} else if o.Verdict == domain.Repeat {
			want.Permanent = want.Permanent || m.lasting(&e)
		}
		if o.After != want {
			t.Fatalf("%s to %s is %s and leaves %+v, want %+v", e.Type, e.Target, o.Verdict, o.After, want)
		}
	})
}

// TestLaw_RepeatIsTheSameState, and nothing but an update may call the same state a note, or a gap where it says that
// another one was left.
func TestLaw_RepeatIsTheSameState(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		e, o := f.events[i], f.outcomes[i]
		same := e.Region != domain.NoRegion && f.before(m, i).In(e.Region) == e.Target
		update := m.reports[e.Type].Update
		elsewhere := e.Previous != "" && e.Previous != e.Target
		allowed := o.Verdict == domain.Repeat || update && (o.Verdict == domain.Note || elsewhere && o.Verdict == domain.Gap)
		if same && !allowed || !same && o.Verdict == domain.Repeat {
			t.Fatalf("%s to %s while that is held: %v is %s", e.Type, e.Target, same, o.Verdict)
		}
	})
}

// TestLaw_ReasonsAreTrue: only illegal has a reason, and it is the first that fits.
func TestLaw_ReasonsAreTrue(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		e, o := f.events[i], f.outcomes[i]
		if (o.Verdict == domain.Illegal) != (o.Reason != domain.NoReason) {
			t.Fatalf("%s because %q", o.Verdict, o.Reason)
		}
		if o.Verdict != domain.Illegal {
			return
		}
		from, to := f.before(m, i).In(e.Region), m.row(e.Region, e.Target)
		fits := true
		switch o.Reason {
		case domain.UnknownState:
			fits = to.State == ""
		case domain.Guarded:
			fits = to.State != "" && m.guardsAgainst(e.Region, e.Target)
		case domain.AfterFinal:
			fits = to.State != "" && m.Final(e.Region, from)
		case domain.Backward:
			fits = !m.Final(e.Region, from) && m.place(e.Region, e.Target) < m.place(e.Region, from)
		case domain.Contradicts:
			fits = !m.Final(e.Region, from) && m.place(e.Region, e.Target) > m.place(e.Region, from)
		}
		if !fits {
			t.Fatalf("%s -> %s is illegal because %s", from, e.Target, o.Reason)
		}
	})
}

// guardsAgainst reports whether some hard guard may ever forbid the state.
func (m *Machine) guardsAgainst(r domain.Region, state string) bool {
	for _, g := range m.table.Guards {
		if g.Flag == 0 && g.Region == r && (len(g.States) == 0 || contains(g.States, state)) {
			return true
		}
	}
	return false
}

// place is a state's place among the rows; new stands before all.
func (m *Machine) place(r domain.Region, state string) int {
	if i, ok := m.regions[r].index[state]; ok {
		return i
	}
	return -1
}

// TestLaw_NobodyIsAccusedInDoubt: unless a state is unknown, illegal needs an exact time, no company at that time in
// its region, and one recipient. Those doubts, and only those, are flagged.
func TestLaw_NobodyIsAccusedInDoubt(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		e, o := f.events[i], f.outcomes[i]
		order := e.Quality != domain.TimeExact || f.crowded(i)
		many := e.Facts&domain.ManyRecipients != 0
		if o.Verdict == domain.Illegal && o.Reason != domain.UnknownState && (order || many) {
			t.Fatalf("%s to %s is illegal, although the order is in doubt (%v) or there are many recipients (%v)", e.Type, e.Target, order, many)
		}
		if o.Flags&domain.OrderUnknown != 0 && (!order || o.Verdict != domain.Note) {
			t.Fatalf("%s to %s is a %s flagged order_unknown, although the order is known", e.Type, e.Target, o.Verdict)
		}
		if o.Flags&domain.SeveralRecipients != 0 && (!many || o.Verdict != domain.Note) {
			t.Fatalf("%s to %s is a %s flagged several_recipients", e.Type, e.Target, o.Verdict)
		}
	})
}

// TestLaw_FlagsAreKept: what an event came with stays on its outcome.
func TestLaw_FlagsAreKept(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		if e, o := f.events[i], f.outcomes[i]; o.Flags&e.Flags != e.Flags {
			t.Fatalf("%v became %v", e.Flags.Names(), o.Flags.Names())
		}
	})
}

// TestLaw_GapsAreHonest: the steps that a gap infers are steps of the table, from the state held to the one reported;
// none is aside, and none would have been forbidden by a guard. Where the provider names the state that was left, its
// word stands for the guard's, and there may be no step to show.
func TestLaw_GapsAreHonest(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		e, before := f.events[i], f.before(m, i)
		if f.outcomes[i].Verdict != domain.Gap {
			return
		}
		from, via := before.In(e.Region), m.Inferred(before, &e)
		if len(via) == 0 {
			if e.Previous == "" || e.Previous == from {
				t.Fatalf("%s -> %s is a gap of nothing", from, e.Target)
			}
			return
		}
		for n, step := range append(via, e.Target) {
			if n < len(via) && m.row(e.Region, step).Aside {
				t.Fatalf("%s is aside, yet inferred", step)
			}
			if !m.row(e.Region, step).ledFrom(from, n == 0 || e.Previous != "") {
				t.Fatalf("%s -> %s via %v: nothing leads from %s to %s", before.In(e.Region), e.Target, via, from, step)
			}
			inferred := domain.Event{Region: e.Region, Target: step}
			if e.Previous == "" && m.forbidding(f.beforeInstant(m, i), before.With(e.Region, from), &inferred) != nil {
				t.Fatalf("%s -> %s via %v: a guard forbids %s", before.In(e.Region), e.Target, via, step)
			}
			from = step
		}
	})
}

// ledFrom reports whether the row lists the state, at all times; only first steps may be returns.
func (r *Row) ledFrom(state string, first bool) bool {
	for _, e := range r.Edges {
		if e.From == state && e.When == nil && (e.Kind == Forward || first && (e.Kind == Return || e.Kind == Maybe)) {
			return true
		}
	}
	return false
}

// TestLaw_StatesAddUp: the phase follows from the states, but for a credit, which keeps an ended one; and nothing but
// a lasting state is for good.
func TestLaw_StatesAddUp(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		s := f.outcomes[i].After
		if again := m.phased(s); again != s {
			t.Fatalf("%+v should have the phase %s", s, again.Phase)
		}
		if s.Permanent && !m.row(domain.Delivery, s.Delivery).Lasts {
			t.Fatalf("%+v cannot be for good", s)
		}
		if m.row(domain.Status, s.Status).Keeps && !ended(s.Phase) {
			t.Fatalf("%+v has not ended", s)
		}
	})
}

// TestLaw_TypesAreRead: a type is unknown or it is read, a note belongs to no region and reports no state.
func TestLaw_TypesAreRead(t *testing.T) {
	eachOutcome(t, func(t *rapid.T, m *Machine, f folded, i int) {
		e, o := f.events[i], f.outcomes[i]
		_, note := m.notes[e.Type]
		_, report := m.reports[e.Type]
		if unknown := e.Flags&domain.UnknownType != 0; unknown == (note || report) {
			t.Fatalf("%s: unknown is %v", e.Type, unknown)
		}
		if report != (e.Region != domain.NoRegion) || !report && (e.Target != "" || o.Verdict != domain.Note) {
			t.Fatalf("%s is read as %q of %q and is a %s", e.Type, e.Target, e.Region, o.Verdict)
		}
	})
}
