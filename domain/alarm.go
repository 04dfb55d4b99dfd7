package domain

import (
	"cmp"
	"slices"
)

// Alarm is something about a subject that a rule speaks of: it holds from At on.
type Alarm struct {
	Rule   Rule
	Region Region
	State  string
	Event  string // id of the event, where the rule speaks of one
	Since  Instant
	At     Instant
}

// key tells the alarms of a subject apart. Not by Since: what began earlier than was thought is the same episode.
func (a *Alarm) key() alarmKey { return alarmKey{a.Rule, a.Region, a.State, a.Event} }

type alarmKey struct {
	rule   Rule
	region Region
	state  string
	event  string
}

// Watched is what rules look at of one subject.
type Watched struct {
	Machine Machine
	Current Current
	Sources []string // that its events came by
	Labels  *Labels  // nil for none
	Past    []Judged // its first events, in canonical order
	Cut     bool     // Past is not all of it
	Moved   bool     // it moved since it was last looked at
}

// illegalAtMost bounds how many alerts the illegal events of one subject may raise.
const illegalAtMost = 10

// Alarms lists what is or will be alarming about a subject if nothing more is heard of it, by At. It is a function of its
// events, its labels, the policy and of when we were blind: now plays no part.
func (p *Policy) Alarms(w *Watched, b Blind) []Alarm {
	var all []Alarm
	all = append(all, p.dwelling(w, b)...)
	all = append(all, p.expiring(w, b)...)
	all = append(all, p.raised(w)...)
	all = append(all, p.illegal(w)...)
	slices.SortStableFunc(all, func(a, b Alarm) int { return cmp.Compare(a.At, b.At) })
	return all
}

// dwelling gives the ends of the limited stays.
func (p *Policy) dwelling(w *Watched, b Blind) (all []Alarm) {
	for _, r := range w.Machine.Regions() {
		if due, ok := p.DueAt(w.Machine, &w.Current, r, b.of(w)); ok {
			all = append(all, Alarm{Rule: RuleStuck, Region: r, State: w.Current.State.In(r), Since: *w.Current.Regions[r].Since, At: due})
		}
	}
	return all
}

// raised gives the states that alarm by themselves.
func (p *Policy) raised(w *Watched) (all []Alarm) {
	for _, r := range w.Machine.Regions() {
		state, since := w.Current.State.In(r), w.Current.Regions[r].Since
		if rule := w.Machine.Raises(r, state); rule != "" && since != nil {
			all = append(all, Alarm{Rule: rule, Region: r, State: state, Since: *since, At: *since})
		}
	}
	return all
}

// illegal gives what does not add up and has had time to be cured.
func (p *Policy) illegal(w *Watched) (all []Alarm) {
	for i := range w.Past {
		e := &w.Past[i]
		if e.Verdict != Illegal {
			continue
		}
		all = append(all, Alarm{Rule: RuleIllegal, Region: e.Region, State: e.Target, Event: EventID(w.Current.Subject.Digest(), e.Fingerprint),
			Since: e.At, At: e.Joined + InstantOfDuration(p.settling())})
		if len(all) == illegalAtMost {
			break
		}
	}
	return all
}
