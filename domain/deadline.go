package domain

// Deadline gives the first instant at which somebody should look at a subject, if there is one: that of a region, or where
// it expires while it is still open. now plays no part.
func (p *Policy) Deadline(m Machine, c *Current, l *Labels, w *Watch) (first Instant, ok bool) {
	if w != nil && w.DueAt != nil {
		return *w.DueAt, true
	}
	open := false
	for _, r := range m.Regions() {
		if due, limited := p.DueAt(m, c, r, nil); limited && (!ok || due < first) {
			first, ok = due, true
		}
	}
	switch c.State.Phase {
	case Completed, Failed, Expired, Canceled, NoPhase:
	default:
		open = true
	}
	if l != nil && l.ExpiresAt != nil && open && (!ok || *l.ExpiresAt < first) {
		first, ok = *l.ExpiresAt, true
	}
	return first, ok
}
