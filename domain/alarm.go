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
	Detail string // in words, where rule, state and times do not say it all
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
	illegal := p.illegal(w, b)
	all := append(p.dwelling(w, b), p.expiring(w, b)...)
	all = append(all, p.raised(w)...)
	all = append(all, illegal[:min(len(illegal), illegalAtMost)]...)
	slices.SortStableFunc(all, func(a, b Alarm) int { return cmp.Compare(a.At, b.At) })
	return all
}

// dwelling gives the ends of the limited stays, but for the wait for a recipient: see expiring.
func (p *Policy) dwelling(w *Watched, b Blind) (all []Alarm) {
	b = b.of(w)
	for _, r := range w.Machine.Regions() {
		if x, ok := p.stay(w.Machine, &w.Current, r); ok && !x.limit.Expires {
			all = append(all, Alarm{Rule: RuleStuck, Region: r, State: w.Current.State.In(r), Since: x.since, At: x.at(b), Detail: x.limit.Why})
		}
	}
	return all
}

// raised gives the states that alarm by themselves. Delivery's do not where the status has ended the subject.
func (p *Policy) raised(w *Watched) (all []Alarm) {
	c := &w.Current
	for _, r := range w.Machine.Regions() {
		state, since := c.State.In(r), c.Regions[r].Since
		rule := w.Machine.Raises(r, state)
		if rule == "" || since == nil || r == Delivery && w.Machine.Ends(c.State.Status) {
			continue
		}
		detail := w.Machine.MeaningOf(&Event{Region: r, Target: state})
		all = append(all, Alarm{Rule: rule, Region: r, State: state, Since: *since, At: *since, Detail: detail})
	}
	return all
}

// illegal gives what does not add up and has had time to be cured.
func (p *Policy) illegal(w *Watched, b Blind) (all []Alarm) {
	b = b.of(w)
	for i := range w.Past {
		if e := &w.Past[i]; e.Verdict == Illegal {
			all = append(all, Alarm{
				Rule: RuleIllegal, Region: e.Region, State: e.Target, Event: EventID(w.Current.Subject.Digest(), e.Fingerprint),
				Since: e.At, At: (*Calendar)(nil).Add(e.Joined, p.settling(), b), Detail: e.Type,
			})
		}
	}
	return all
}

// cut gives what was to be looked at when nothing had happened yet after an instant.
func (w *Watched) cut(at Instant) *Watched {
	then, c := *w, &w.Current
	n := slices.IndexFunc(w.Past, func(e Judged) bool { return e.At > at })
	if n < 0 {
		n = len(w.Past)
	}
	then.Past, then.Moved = w.Past[:n], false
	then.Current = Current{
		Subject: c.Subject, Source: c.Source, Attributes: c.Attributes, State: w.Machine.Start(), Regions: map[Region]RegionFacts{},
	}
	for i := range then.Past {
		then.Current.move(&then.Past[i])
	}
	return &then
}

func (c *Current) move(e *Judged) {
	if e.Verdict.Moves() {
		c.State = c.State.With(e.Region, e.Target)
		c.Regions[e.Region] = RegionFacts{Since: &e.At}
	}
	c.State.Phase = e.Phase
}
