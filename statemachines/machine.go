package statemachines

import "giftline/domain"

// Name is like "snappy.gift".
func (m *Machine) Name() string { return m.table.Name }

// Revision orders the versions of the table.
func (m *Machine) Revision() int { return m.table.Revision }

// Hash tells tables and versions of the fold apart: 16 hexadecimal characters.
func (m *Machine) Hash() string { return m.hash }

// Start is new in every region.
func (m *Machine) Start() domain.State {
	s := domain.State{Status: domain.New}
	if m.regions[domain.Delivery] != nil {
		s.Delivery = domain.New
	}
	return s
}

// Regions lists status, and delivery where there is one.
func (m *Machine) Regions() []domain.Region {
	if m.regions[domain.Delivery] == nil {
		return []domain.Region{domain.Status}
	}
	return []domain.Region{domain.Status, domain.Delivery}
}

// Final reports whether nothing leads out of the state, not counting credits, conditions and open questions.
func (m *Machine) Final(r domain.Region, state string) bool {
	return m.regions[r] != nil && m.regions[r].final[state]
}

// Ends reports whether a status ends the subject, wherever its delivery stands: it was canceled, failed or credited.
func (m *Machine) Ends(status string) bool {
	row := m.row(domain.Status, status)
	return row.Keeps || row.Phase == Canceled || row.Phase == Failed
}

// Limit gives how long a state is expected to last at most; false where nothing is expected.
func (m *Machine) Limit(r domain.Region, state string) (domain.DwellLimit, bool) {
	if limit := m.row(r, state).Limit; limit != nil {
		return *limit, true
	}
	return domain.DwellLimit{}, false
}

// Inferred lists the steps that a gap implies, oldest first; never an aside row.
func (m *Machine) Inferred(before domain.State, e *domain.Event) []string {
	r := m.regions[e.Region]
	if r == nil {
		return []string{}
	}
	from := before.In(e.Region)
	if said := r.through(from, e.Previous, e.Target); said != nil {
		return said
	}
	if a := r.answers[pair{from, e.Target}]; a != nil {
		return append([]string{}, a.via...)
	}
	return []string{}
}

// through lists the steps of a gap whose last one the provider itself has named; nil where it named none, or one that
// the table cannot lead through.
func (r *region) through(from, previous, to string) []string {
	into, out := r.answers[pair{from, previous}], r.answers[pair{previous, to}]
	if into == nil || out == nil || from == previous || r.rows[r.index[previous]].Aside {
		return nil
	}
	if !out.direct || !into.direct && into.via == nil {
		return nil
	}
	return append(append([]string{}, into.via...), previous)
}

// MeaningOf explains the reported state, or the type of a note; empty if unknown.
func (m *Machine) MeaningOf(e *domain.Event) string {
	if n := m.notes[e.Type]; n != nil {
		return n.Meaning
	}
	return m.row(e.Region, e.Target).Meaning
}

var _ domain.Machine = (*Machine)(nil)
