package domain

// ExpiresAt gives the last moment of a subject that is still open: the date of its labels, else the policy's, else its
// machine's window from when the wait began. why says where it comes from.
func (p *Policy) ExpiresAt(w *Watched, b Blind) (at Instant, why string, ok bool) {
	return 0, "", false // TODO(policy)
}

// expiring gives when a subject counts as expiring, or as overdue.
func (p *Policy) expiring(w *Watched, b Blind) (all []Alarm) {
	return nil // TODO(policy)
}
