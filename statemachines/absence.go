package statemachines

import (
	"fmt"
	"slices"

	"giftline/domain"
)

// Absence tells why something may not have been reported before an event that moved. It fits an event for which
// everything holds that is set.
type Absence struct {
	Steps []string     // one of them was passed over
	From  string       // the state that was left
	Into  []string     // the state that was entered is one of them
	Flag  domain.Flags // the event carries it
	Means string
}

// Silence tells what it may mean that a state is all that has been heard.
type Silence struct {
	While []Condition // all of them
	Means string
}

// Missing tells why something before the event was probably not reported, and ends, where a step was passed over, with
// what is true of every webhook.
func (m *Machine) Missing(held domain.State, e *domain.Event, o domain.Outcome) []string {
	var means, steps []string
	if o.Verdict == domain.Gap {
		steps = m.Inferred(held, e)
	}
	for i := range m.table.Absences {
		if a := &m.table.Absences[i]; a.fits(held.In(e.Region), e.Target, steps, o.Flags) {
			means = append(means, a.Means)
		}
	}
	if len(steps) > 0 {
		means = append(means, "a webhook was lost or is late: "+m.table.Lateness)
	}
	return means
}

func (a *Absence) fits(from, into string, steps []string, flags domain.Flags) bool {
	passed := func(step string) bool { return contains(steps, step) }
	return (len(a.Steps) == 0 || slices.ContainsFunc(a.Steps, passed)) && (a.From == "" || a.From == from) &&
		(len(a.Into) == 0 || contains(a.Into, into)) && flags&a.Flag == a.Flag
}

// Quiet tells what it may mean that nothing more has been heard.
func (m *Machine) Quiet(s domain.State) []string {
	var means []string
	for _, silence := range m.table.Silences {
		if !slices.ContainsFunc(silence.While, func(c Condition) bool { return !c.holds(s) }) {
			means = append(means, silence.Means)
		}
	}
	return means
}

// checkAbsences refuses rules that name nothing, or that would always fit.
func (m *Machine) checkAbsences() error {
	known := map[string]bool{domain.New: true}
	for _, r := range m.regions {
		for _, row := range r.rows {
			known[row.State] = true
		}
	}
	for i, a := range m.table.Absences {
		named := join(a.Steps, a.Into)
		if a.From != "" {
			named = append(named, a.From)
		}
		if a.Means == "" || len(named) == 0 && a.Flag == 0 {
			return fmt.Errorf("absence %d: needs words and something that it fits", i+1)
		}
		for _, s := range named {
			if !known[s] {
				return fmt.Errorf("absence %d: %q is no state", i+1, s)
			}
		}
	}
	for i, s := range m.table.Silences {
		if s.Means == "" || len(s.While) == 0 {
			return fmt.Errorf("silence %d: needs words and a condition", i+1)
		}
		for _, c := range s.While {
			if err := m.checkCondition(c); err != nil {
				return fmt.Errorf("silence %d: %w", i+1, err)
			}
		}
	}
	return nil
}
