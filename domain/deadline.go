package domain

import "time"

// DwellLimit is how long a subject is expected to stay in a state before somebody should look: wall time, from the
// instant the state was entered by the provider's clock. It moves nothing: a passed limit is a question, not an event.
type DwellLimit struct {
	For        time.Duration
	Documented bool   // the provider says so; otherwise the limit is ours
	Why        string // where it comes from, or what it is good for
}

// DueAt gives the instant until which a region may stay as it is, if that is limited: its status counts only while
// nothing has been delivered or is under way, for from then on delivery tells where the subject is.
func DueAt(m Machine, s State, facts map[Region]RegionFacts, r Region) (Instant, bool) {
	if r == Status && s.Delivery != "" && s.Delivery != New {
		return 0, false
	}
	limit, ok := m.Limit(r, s.In(r))
	since := facts[r].Since
	if !ok || since == nil {
		return 0, false
	}
	return *since + Instant(limit.For.Microseconds()), true
}

// Deadline gives the first instant at which somebody should look at a subject, if there is one: that of a region, or
// where people say that it ends while it is still open. now plays no part, so it can be stored and indexed.
func Deadline(m Machine, c *Current, l *Labels) (first Instant, ok bool) {
	open := false
	for _, r := range m.Regions() {
		if due, limited := DueAt(m, c.State, c.Regions, r); limited && (!ok || due < first) {
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
