package domain

import "slices"

// expiry is when the wait for a recipient ends, if nothing happens until then.
type expiry struct {
	since Instant // when the wait began; where people have named the date, the subject
	date  *Instant
	limit DwellLimit // where nobody has named a date; its Why holds for either
}

// at gives the last moment. A date is what it is; a window is longer by the time in which nothing could be heard.
func (x *expiry) at(b Blind) Instant {
	if x.date != nil {
		return max(*x.date, x.since)
	}
	return x.limit.Calendar.Add(x.since, x.limit.For, b)
}

// ExpiresAt gives the last moment of a subject that still waits for its recipient: the date of its labels, else the
// policy's, else its machine's window from when the wait began. why says where it comes from. Without Blind it is the
// moment by the provider's clock, to be shown; with it, when somebody who could not hear may ask.
func (p *Policy) ExpiresAt(w *Watched, b Blind) (at Instant, why string, ok bool) {
	x, ok := p.expiry(w)
	if !ok {
		return 0, "", false
	}
	return x.at(b.of(w)), x.limit.Why, true
}

func (p *Policy) expiry(w *Watched) (x expiry, ok bool) {
	if w.Labels != nil && w.Labels.ExpiresAt != nil && unclaimed(&w.Current) {
		return expiry{since: w.began(), date: w.Labels.ExpiresAt, limit: DwellLimit{Why: labeled}}, true
	}
	since, ok := w.waiting()
	if !ok {
		return x, false
	}
	return p.window(w.Machine, &w.Current, since)
}

// window gives when a wait ends that began at an instant and is in the status held.
func (p *Policy) window(m Machine, c *Current, since Instant) (expiry, bool) {
	limit, ok := p.LimitOf(m, c, Status, c.State.Status)
	if rule := p.expiryRule(m, c); rule != nil {
		limit = DwellLimit{For: rule.Window, Why: configured, Expires: true}
		return expiry{since, rule.At, limit}, !rule.Never && (rule.At != nil || rule.Window > 0)
	}
	return expiry{since: since, limit: limit}, ok
}

// labeled is why a date of the labels holds.
const labeled = "expires_at of its labels"

// unclaimed reports whether a subject may still wait for its recipient, or will.
func unclaimed(c *Current) bool {
	switch c.State.Phase {
	case Preparing, Held, Waiting:
		return c.State.undelivered()
	}
	return false
}

// expiryRule gives the first rule that fits the wait that a subject is in; nil for none.
func (p *Policy) expiryRule(m Machine, c *Current) *ExpiryRule {
	if p == nil || len(p.Expiry) == 0 {
		return nil
	}
	window, _ := m.Expiry(c.State.Status)
	for i := range p.Expiry {
		rule := &p.Expiry[i]
		if (rule.State == "" || slices.Contains(window.States, rule.State)) && rule.fit(m, c) {
			return rule
		}
	}
	return nil
}

// expiring gives when a subject counts as expiring, and as overdue. What expires soon is told by the provider's clock,
// as early as its provider warns; that it is overdue waits until what was missed has had its chance to come.
func (p *Policy) expiring(w *Watched, b Blind) (all []Alarm) {
	b = b.of(w)
	soon := Alarm{Rule: RuleExpiring, Region: Status, At: forever}
	x, ok := p.expiry(w)
	if ok {
		overdue := (*Calendar)(nil).Add(x.at(b), p.grace(), b)
		all = append(all, Alarm{Rule: RuleOverdue, Region: Status, Since: x.since, At: overdue, Detail: x.limit.Why})
		warn := x.at(nil) - InstantOfDuration(p.warning())
		if at := (*Calendar)(nil).Add(warn, 0, b); warn > x.since && at < overdue {
			soon.Since, soon.At, soon.Detail = x.since, at, x.limit.Why
		}
	}
	if since, warned := w.warned(); warned != nil && warned.At < soon.At {
		if !ok {
			x.since = since
		}
		soon.Since, soon.At, soon.Detail = x.since, warned.At, w.Machine.MeaningOf(&Event{Type: warned.Type})
	}
	if soon.At < forever {
		all = append(all, soon)
	}
	return all
}

// warned gives the first event of the wait by which its provider says that it expires soon, and when the wait began.
func (w *Watched) warned() (since Instant, e *Judged) {
	since, ok := w.waiting()
	if !ok {
		return 0, nil
	}
	for i := range w.Past {
		if e := &w.Past[i]; e.At >= since && w.Machine.Warns(e.Type) {
			return since, e
		}
	}
	return since, nil
}

// waiting gives since when the subject waits for its recipient, over all states of the wait. Where not all of the past is
// at hand, the wait counts from its last state: rather too long than too short.
func (w *Watched) waiting() (since Instant, ok bool) {
	c := &w.Current
	window, ok := w.Machine.Expiry(c.State.Status)
	entered := c.Regions[Status].Since
	if !ok || entered == nil || !c.State.undelivered() {
		return 0, false
	}
	waits := false
	for i := range w.Past {
		if e := &w.Past[i]; e.Region == Status && e.Verdict.Moves() {
			in := slices.Contains(window.States, e.Target)
			if in && !waits {
				since = e.At
			}
			waits = in
		}
	}
	if !waits || w.Cut {
		since = *entered
	}
	return since, true
}

// began gives when the subject's first event happened.
func (w *Watched) began() (first Instant) {
	if len(w.Past) > 0 {
		return w.Past[0].At
	}
	first = forever
	for _, facts := range w.Current.Regions {
		if facts.Since != nil {
			first = min(first, *facts.Since)
		}
	}
	return first
}
