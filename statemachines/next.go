package statemachines

import "giftline/domain"

// Next lists the single steps that lead on from a state, in table order: what the fold would answer moved to, if a later
// event with a time of its own said it.
func (m *Machine) Next(s domain.State) []domain.Step {
	steps := []domain.Step{}
	for _, name := range m.Regions() {
		for i := range m.regions[name].rows {
			row := &m.regions[name].rows[i]
			e := domain.Event{Region: name, Target: row.State, Quality: domain.TimeExact}
			if o := m.step(s, s, &e, true); o.Verdict == domain.Moved {
				steps = append(steps, domain.Step{
					Region: name, State: row.State, Phase: shown(o.After.Phase), Meaning: row.Meaning,
					Usual: row.forwardFrom(s.In(name)), Aside: row.Aside, Flags: o.Flags,
				})
			}
		}
	}
	return steps
}

// shown gives a phase as answers show it: kinds without phases have none.
func shown(p domain.Phase) *domain.Phase {
	if p == NoPhase {
		return nil
	}
	return &p
}

func (r *Row) forwardFrom(state string) bool {
	for _, e := range r.Edges {
		if e.Kind == Forward && e.From == state {
			return true
		}
	}
	return false
}

// Forbidding gives the condition, in words, of the guard that makes the event illegal, from the state before its instant
// and the one it found; empty for none.
func (m *Machine) Forbidding(before, held domain.State, e *domain.Event) string {
	if g := m.forbidding(before, held, e); g != nil {
		return g.When.String()
	}
	return ""
}
