package domain

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

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
	Whole    bool          // a repeat tells of all that is live, looked after or not, but for what is snoozed
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

// For gives the routes that take a step of an alert: the first that fits for each channel. Moves are asked for by name.
func (rs Routes) For(a *Alert) []*Route {
	var provider Provider
	if a.Subject != nil {
		provider = a.Subject.Provider
	}
	return rs.first(func(r *Route) bool {
		return (len(r.Rules) == 0 && a.Rule != RuleTransition || slices.Contains(r.Rules, a.Rule)) && a.Severity.AtLeast(r.Least) &&
			r.takes(provider, a.Source, a.Named.CompanyID)
	})
}

// ForMove gives the routes that take a subject's moves. How severe they are nobody says.
func (rs Routes) ForMove(s Subject, source, companyID string) []*Route {
	return rs.first(func(r *Route) bool {
		return slices.Contains(r.Rules, RuleTransition) && r.takes(s.Provider, source, companyID)
	})
}

// first gives the routes that fit, a channel at most once: it would be told the same twice.
func (rs Routes) first(fits func(*Route) bool) (chosen []*Route) {
	for i := range rs {
		known := slices.ContainsFunc(chosen, func(c *Route) bool { return c.Channel == rs[i].Channel })
		if !known && fits(&rs[i]) {
			chosen = append(chosen, &rs[i])
		}
	}
	return chosen
}

// takes looks at where something comes from. What is about a source has no provider of its own, and what is about
// ourselves none of the three: such routes as name one do not take it.
func (r *Route) takes(p Provider, source, companyID string) bool {
	return anyOf(r.Providers, p) && anyOf(r.Sources, source) && anyOf(r.CompanyIDs, companyID)
}

func anyOf[E comparable](wanted []E, is E) bool {
	return len(wanted) == 0 || slices.Contains(wanted, is)
}

// GroupOf names the group that an alert belongs to on a route: its rule and its source, so that five hundred stuck gifts
// are one message, or its id. Routes to one channel that tell at other times do not share groups.
func (r *Route) GroupOf(a *Alert) string {
	if r.PerAlert {
		return a.ID
	}
	group := string(a.Rule) + "/" + a.Source
	return strings.TrimSuffix(group, "/") + r.pace()
}

// pace is what the name of a group tells of when it is told; empty for the defaults.
func (r *Route) pace() (p string) {
	switch {
	case r.Daily != nil:
		p = fmt.Sprintf("@%02d:%02d", r.Daily.Minute/60, r.Daily.Minute%60)
	case r.Wait != DefaultWait || r.Interval != DefaultInterval:
		p = fmt.Sprintf("@%v,%v", r.Wait, r.Interval)
	}
	if r.Repeat != DefaultRepeat {
		p += fmt.Sprintf("@every:%v", r.Repeat)
	}
	if r.During != nil {
		p += "@" + r.During.Name
	}
	return p
}

// Of finds the route by which a group is told. A group of a former configuration is told by the first route of its
// channel that could take its rule; one that none takes any more, at once and without repeats.
func (rs Routes) Of(channel, group string) *Route {
	perAlert := IsAlertID(group)
	name, _, _ := strings.Cut(group, "@")
	rule, _, _ := strings.Cut(name, "/")
	var found *Route
	for i := range rs {
		r := &rs[i]
		switch {
		case r.Channel != channel || !perAlert && !anyOf(r.Rules, Rule(rule)):
		case r.PerAlert == perAlert && (perAlert || name+r.pace() == group):
			return r
		case found == nil:
			found = r
		}
	}
	if found == nil {
		found = &Route{Channel: channel}
	}
	return found
}

// DueAt gives when a group is told, with something to tell since now; last is when it was told before, zero for never.
// Zero Wait and Interval mean at once: it is the configuration that fills in the defaults.
func (r *Route) DueAt(now, last Instant) Instant {
	if r.Daily != nil {
		return r.During.Next(r.Daily.next(max(now, min(last, now)+1)))
	}
	due := now + InstantOfDuration(r.Wait)
	if last > 0 { // a clock that was set back since must not hold the message for so long
		due = max(due, min(last, now)+InstantOfDuration(r.Interval))
	}
	return r.During.Next(due)
}

// RepeatAt gives when a group is told again that was told at last and has open alerts; false for never.
func (r *Route) RepeatAt(last Instant) (Instant, bool) {
	if r.Repeat <= 0 {
		return 0, false
	}
	at := last + InstantOfDuration(r.Repeat)
	if r.Daily != nil { // told a moment after its time yesterday, it is told at its time today
		at = r.Daily.next(max(last+1, at-InstantOfDuration(dailySlack)))
	}
	return r.During.Next(at), true
}

// dailySlack is how long after its time a daily message may be sent without moving the next one to another day.
const dailySlack = time.Hour

// next gives the first time of day from at on. Where the clocks skip it, it is as much later.
func (d *Daily) next(at Instant) Instant {
	zone := time.UTC
	if d.Calendar != nil && d.Calendar.Zone != nil {
		zone = d.Calendar.Zone
	}
	from := at.Time().In(zone)
	for n := range 400 { // more days than any calendar has off in a row
		t := time.Date(from.Year(), from.Month(), from.Day()+n, 0, d.Minute, 0, 0, zone)
		if told := InstantOf(t); told >= at && d.on(t) {
			return told
		}
	}
	return at
}

// on reports whether a day is a working day.
func (d *Daily) on(t time.Time) bool {
	c := d.Calendar
	return c == nil || c.Days[t.Weekday()] && !c.Holidays[t.Format(time.DateOnly)]
}

// items is how many alerts a message of the route holds at most.
func (r *Route) items() int {
	if r.Whole {
		return wholeTold
	}
	return itemsTold
}
