package statemachines

import "giftline/domain"

// Read sets the event's region, target and rank, and what follows from its type. Rank is the place of the row, in
// both regions' order; an update ranks behind another report of the same row; notes come after all states, unknown
// states last.
func (m *Machine) Read(e *domain.Event) {
	e.Flags &^= domain.UnknownType // a newer table may know what an older one did not
	report, ok := m.reports[e.Type]
	if !ok || report.State == "" && e.Target == "" {
		e.Region, e.Target, e.Rank = domain.NoRegion, "", 2*m.ranks
		if !ok && m.notes[e.Type] == nil {
			e.Flags |= domain.UnknownType
		}
		return
	}
	if report.State != "" {
		e.Target = report.State
	}
	r := m.regions[report.Region]
	e.Region, e.Rank = report.Region, 2*m.ranks+1
	if row, known := r.index[e.Target]; known {
		e.Rank = 2 * (r.rank + row)
		if report.Update {
			e.Rank++
		}
	}
}
