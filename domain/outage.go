package domain

import "time"

// Outage is a time in which nothing could be heard: of one source, or of all because we were down. Its end is not when
// something was heard again, but when what was missed has had its chance to come again.
type Outage struct {
	Source string // empty: all of them, for we were down
	From   Instant
	To     *Instant // when something was heard again; nil while it lasts
}

// Until gives when the outage is over for deadlines, as far as is known at now.
func (o *Outage) Until(now Instant) Instant {
	to := now
	if o.To != nil {
		to = *o.To
	}
	return to + InstantOfDuration(CatchUp(time.Duration(to-o.From)*time.Microsecond))
}

// Blind is when nothing could be heard, each time up to its Until.
type Blind []Interval

// Interval is a time for which nothing could be heard of a source, or (empty) of all.
type Interval struct {
	Source      string
	From, Until Instant
}

// of gives the intervals that a subject was affected by.
func (b Blind) of(w *Watched) Blind {
	return b // TODO(policy)
}

// CatchUp is how long after an outage of some length a webhook that was missed may take to come again: the longest wait
// between two tries that the outage can have fallen into, by the schedule of Svix (providers.md 2.3), with a fifth for
// its jitter. Snappy names no schedule and is taken to be no slower.
func CatchUp(outage time.Duration) time.Duration {
	return 10 * time.Hour // TODO(policy)
}

// Silence is a source that says nothing, against its own rhythm.
type Silence struct {
	Source string
	Since  Instant // when something was received last
	Usual  int64   // webhooks in that time; 0: not known
}

// BlindOf gives when nothing could be heard, as known at now.
func BlindOf(outages []Outage, now Instant) Blind {
	b := make(Blind, 0, len(outages))
	for i := range outages {
		o := &outages[i]
		b = append(b, Interval{Source: o.Source, From: o.From, Until: o.Until(now)})
	}
	return b
}
