package domain

import "time"

// Routes say who is told what.
type Routes []Route

// Route takes notifications to a channel. Every route that fits takes them, each channel once.
type Route struct {
	Channel    string
	Rules      []Rule // empty: every one but RuleTransition
	Providers  []Provider
	Sources    []string
	CompanyIDs []string
	Least      Severity // empty: any

	Wait     time.Duration // from the first of a group to the message, so that what comes together is told together
	Interval time.Duration // from a message to the next one of its group
	Repeat   time.Duration // while an alert of the group is open; 0: never
	Daily    *Daily        // when it is told instead
	During   *Calendar     // in whose working hours it is told; nil: always
	PerAlert bool          // each alert is a group of its own
}

// Daily gathers what there is to tell until a time of day.
type Daily struct {
	Minute   int       // since midnight, in the calendar's zone
	Calendar *Calendar // on whose working days; its zone counts
}

// The defaults of a route.
const (
	DefaultWait     = 30 * time.Second
	DefaultInterval = 5 * time.Minute
	DefaultRepeat   = 24 * time.Hour
)

// For gives the routes that take a step of an alert, one for each channel.
func (rs Routes) For(a *Alert) []*Route {
	return nil // TODO(route)
}

// ForMove gives the routes that take a subject's moves.
func (rs Routes) ForMove(s Subject, source, companyID string) []*Route {
	return nil // TODO(route)
}

// GroupOf names the group that an alert belongs to on a route: its rule, with its source and company, or its id.
func (r *Route) GroupOf(a *Alert) string {
	return "" // TODO(route)
}

// DueAt gives when a group is told, with something to tell since now; last is when it was told before, zero for never.
func (r *Route) DueAt(now, last Instant) Instant {
	return now // TODO(route)
}

// RepeatAt gives when a group is told again that was told at last and has open alerts; false for never.
func (r *Route) RepeatAt(last Instant) (Instant, bool) {
	return 0, false // TODO(route)
}
