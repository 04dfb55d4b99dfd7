package statemachines

import (
	"slices"
	"strings"
	"testing"

	"giftline/domain"
)

// TestAbsences_AllFit: every rule tells of something that can happen, and every gap is told of.
func TestAbsences_AllFit(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		said := map[string]bool{}
		m.everyMove(func(held domain.State, e *domain.Event, o domain.Outcome) {
			means := m.Missing(held, e, o)
			if o.Verdict == domain.Gap && len(means) == 0 {
				t.Errorf("%+v to %s: a gap, and not a word of it", held, e.Target)
			}
			for _, words := range means {
				said[words] = true
			}
			if once := slices.Compact(slices.Sorted(slices.Values(means))); len(once) != len(means) {
				t.Errorf("%+v to %s: the same twice: %q", held, e.Target, means)
			}
		})
		for _, a := range m.table.Absences {
			if !said[a.Means] {
				t.Errorf("nothing that can happen means %q", a.Means)
			}
		}
		for _, words := range slices.Concat(quietWords(m), absentWords(m)) {
			if strings.HasSuffix(words, ".") || strings.TrimSpace(words) != words {
				t.Errorf("%q: the full stop is set by who tells it", words)
			}
		}
		gaps := slices.ContainsFunc(m.moves(), func(o domain.Outcome) bool { return o.Verdict == domain.Gap })
		if gaps != (m.table.Lateness != "") {
			t.Errorf("gaps are possible: %v; how late a webhook may be: %q", gaps, m.table.Lateness)
		}
	})
}

// TestSilences_AllFit: each belongs to a state that a subject can be in.
func TestSilences_AllFit(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		said := map[string]bool{}
		m.everyMove(func(_ domain.State, _ *domain.Event, o domain.Outcome) {
			for _, words := range m.Quiet(o.After) {
				said[words] = true
			}
		})
		for _, words := range quietWords(m) {
			if !said[words] {
				t.Errorf("no state means %q", words)
			}
		}
	})
}

// everyMove gives whatever moves from any state that both regions can hold.
func (m *Machine) everyMove(do func(domain.State, *domain.Event, domain.Outcome)) {
	for _, own := range m.holdings(Status) {
		for _, beside := range m.holdings(Delivery) {
			held := m.holdingBoth(Status, own, beside)
			for _, r := range m.Regions() {
				for _, said := range m.reportsIn(r) {
					e := domain.Event{Type: said.event, Target: said.state, Quality: domain.TimeExact}
					m.Read(&e)
					if o := m.Fold(held, []domain.Event{e})[0]; o.Verdict.Moves() {
						do(held, &e, o)
					}
				}
			}
		}
	}
}

func (m *Machine) moves() (all []domain.Outcome) {
	m.everyMove(func(_ domain.State, _ *domain.Event, o domain.Outcome) { all = append(all, o) })
	return all
}

func quietWords(m *Machine) (all []string) {
	for _, s := range m.table.Silences {
		all = append(all, s.Means)
	}
	return all
}

func absentWords(m *Machine) []string {
	all := []string{m.table.Lateness}
	for _, a := range m.table.Absences {
		all = append(all, a.Means)
	}
	return all
}

func TestAbsences_Refused(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*Table){
		"an absence without words":           func(t *Table) { t.Absences = []Absence{{From: "a"}} },
		"an absence that always fits":        func(t *Table) { t.Absences = []Absence{{Means: "lost"}} },
		"an absence of no state":             func(t *Table) { t.Absences = []Absence{{Steps: []string{"z"}, Means: "lost"}} },
		"a silence without a condition":      func(t *Table) { t.Silences = []Silence{{Means: "waits"}} },
		"a silence in a state that is none":  func(t *Table) { t.Silences = []Silence{{While: []Condition{in(Status, "z")}, Means: "waits"}} },
		"a silence of a region that is none": func(t *Table) { t.Silences = []Silence{{While: []Condition{in(Delivery, "a")}, Means: "waits"}} },
	} {
		table := Table{Name: "t", Revision: 1, Page: "p", Prefix: "x.", Status: []Row{row("a", NoPhase, "first", from(New))}}
		if _, err := Compile(table); err != nil {
			t.Fatal(err)
		}
		change(&table)
		if _, err := Compile(table); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
