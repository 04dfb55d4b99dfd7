package domain

import "time"

// Calendar says when people work. Nil is always.
type Calendar struct {
	Name     string
	Zone     *time.Location
	Days     [7]bool         // working days, by time.Weekday
	Holidays map[string]bool // days off, as 2006-01-02 in the zone
	From, To int             // working hours in minutes since midnight, for notifications only; both 0: all day
}

// Add gives the instant at which so much time of working days has passed since from, without the times in which nothing
// could be heard. A working day counts from midnight to midnight in its zone, however long that is.
func (c *Calendar) Add(from Instant, d time.Duration, b Blind) Instant {
	return from + InstantOfDuration(d) // TODO(policy)
}

// Next gives the first instant from at on that lies in working hours.
func (c *Calendar) Next(at Instant) Instant {
	return at // TODO(policy)
}
