package statemachines

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// TestFold_EveryPermutation: up to six events, in every order there is, give the same timeline to the byte.
func TestFold_EveryPermutation(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		m := w.machine
		events := w.draw(t, 6)
		want := timelineJSON(t, m, events)
		everyOrder(slices.Clone(events), 0, func(order []domain.Event) bool {
			if got := timelineJSON(t, m, order); got != want {
				t.Fatalf("in another order:\n%s\ninstead of\n%s", got, want)
			}
			return true
		})
	})
}

// TestFold_RandomPermutations: the same of up to forty events, in some orders.
func TestFold_RandomPermutations(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		m := w.machine
		events := w.draw(t, 40)
		want := timelineJSON(t, m, events)
		for range 6 {
			order := rapid.Permutation(events).Draw(t, "order")
			if got := timelineJSON(t, m, order); got != want {
				t.Fatalf("in another order:\n%s\ninstead of\n%s", got, want)
			}
		}
	})
}

// TestFold_AgainIsHarmless: further copies of any events, anywhere, change nothing.
func TestFold_AgainIsHarmless(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		m := w.machine
		events := w.draw(t, 12)
		again := slices.Clone(events)
		for range rapid.IntRange(1, 8).Draw(t, "copies") {
			again = slices.Insert(again, rapid.IntRange(0, len(again)).Draw(t, "where"), pick(t, events))
		}
		if want, got := timelineJSON(t, m, events), timelineJSON(t, m, again); got != want {
			t.Fatalf("with copies:\n%s\ninstead of\n%s", got, want)
		}
	})
}

// TestFold_PrefixClosed: what comes later changes no verdict on what was before it, down to the instant.
func TestFold_PrefixClosed(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		m := w.machine
		f := w.drawFolded(t, 40)
		for _, end := range ends(f.events) {
			if got := m.Fold(m.Start(), f.events[:end]); !slices.Equal(got, f.outcomes[:end]) {
				t.Fatalf("up to %d:\n%v\ninstead of\n%v", end, got, f.outcomes[:end])
			}
		}
	})
}

// TestFold_ResumesAnywhere: folding on from the state stored at the end of any instant is as good as from the start.
func TestFold_ResumesAnywhere(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		m := w.machine
		f := w.drawFolded(t, 40)
		for _, end := range ends(f.events) {
			if got := m.Fold(f.outcomes[end-1].After, f.events[end:]); !slices.Equal(got, f.outcomes[end:]) {
				t.Fatalf("from %d:\n%v\ninstead of\n%v", end, got, f.outcomes[end:])
			}
		}
	})
}

// TestFold_InstantStopRule: a late event is folded from its instant on, and no further than to the first end of an
// instant where the state is what it was. The outcomes behind that may stay as they are stored.
func TestFold_InstantStopRule(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		m := w.machine
		all := w.drawInOrder(t, 40)
		late := rapid.IntRange(0, len(all)-1).Draw(t, "late")
		known := slices.Delete(slices.Clone(all), late, late+1)
		got := refold(m, all, late, m.Fold(m.Start(), known))
		if want := m.Fold(m.Start(), all); !slices.Equal(got, want) {
			t.Fatalf("stopping early:\n%v\ninstead of\n%v", got, want)
		}
	})
}

// refold gives the outcomes of all events from those stored without the late one, by the rule that stores follow.
func refold(m *Machine, all []domain.Event, late int, stored []domain.Outcome) []domain.Outcome {
	stored = slices.Insert(slices.Clone(stored), late, domain.Outcome{After: stateAt(m, stored, late)})
	start := late
	for start > 0 && all[start-1].At == all[late].At {
		start--
	}
	held := stateAt(m, stored, start)
	for _, end := range ends(all) {
		if end <= start {
			continue
		}
		was := stored[end-1].After
		fresh := m.Fold(held, all[start:end])
		copy(stored[start:end], fresh)
		start, held = end, fresh[len(fresh)-1].After
		if held == was {
			break
		}
	}
	return stored
}

// ends are the places behind the last event of each instant.
func ends(events []domain.Event) []int {
	var all []int
	for i := range events {
		if i+1 == len(events) || events[i+1].At != events[i].At {
			all = append(all, i+1)
		}
	}
	return all
}

// stateAt is the state stored before place i.
func stateAt(m *Machine, stored []domain.Outcome, i int) domain.State {
	if i == 0 {
		return m.Start()
	}
	return stored[i-1].After
}

// TestFold_StoppingAtThePairIsWrong keeps the reason for the rule at hand: the pair of states alone may agree while a
// register does not. Here a bounce for good arrives late before a bounce that may pass.
func TestFold_StoppingAtThePairIsWrong(t *testing.T) {
	m := machineNamed(t, "opensend.email")
	s := parseStory(t, "# x\nmachine opensend.email\n09:00 sent\n09:05 bounced permanent\n09:10 bounced\n10:00 delivered\n----\n")
	all := inOrder(m, s.events)
	full := m.Fold(m.Start(), all)
	without := m.Fold(m.Start(), []domain.Event{all[0], all[2], all[3]})
	if full[2].After.Delivery != without[1].After.Delivery {
		t.Fatal("the states should agree at 09:10")
	}
	if full[3].Verdict == without[2].Verdict {
		t.Fatal("the verdicts on delivered should differ")
	}
	if got := refold(m, all, 1, without); !slices.Equal(got, full) {
		t.Errorf("got %v, want %v", got, full)
	}
}
