package domain

// Deadline gives the first instant at which somebody should look at a subject, if there is one: that of a region, or where
// it expires while it still waits for its recipient. now plays no part.
func (p *Policy) Deadline(m Machine, c *Current, l *Labels, w *Watch) (first Instant, ok bool) {
	if w != nil && w.DueAt != nil {
		return *w.DueAt, true
	}
	for _, r := range m.Regions() {
		if due, limited := p.DueAt(m, c, r, nil); limited && (!ok || due < first) {
			first, ok = due, true
		}
	}
	if l != nil && l.ExpiresAt != nil && unclaimed(c) && (!ok || *l.ExpiresAt < first) {
		first, ok = *l.ExpiresAt, true
	}
	return first, ok
}
