package statemachines

import "giftline/domain"

// Expiry gives the window in which a subject waits for its recipient while its status is the state: the rows with the same
// limit, in table order.
func (m *Machine) Expiry(state string) (domain.ExpiryWindow, bool) {
	limit := m.row(domain.Status, state).Limit
	if limit == nil || !limit.Expires {
		return domain.ExpiryWindow{}, false
	}
	w := domain.ExpiryWindow{Limit: *limit}
	for i := range m.table.Status {
		if row := &m.table.Status[i]; row.Limit != nil && *row.Limit == *limit {
			w.States = append(w.States, row.State)
		}
	}
	return w, true
}

// Raises gives the rule that a state alarms by as such; empty for none.
func (m *Machine) Raises(r domain.Region, state string) domain.Rule { return m.row(r, state).Raises }

// Warns reports whether an event of a type says that the subject expires soon.
func (m *Machine) Warns(eventType string) bool {
	n := m.notes[eventType]
	return n != nil && n.Warns
}
