package domain

import (
	"cmp"
	"slices"
	"time"
)

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

// of gives the intervals that a subject was affected by: ours, and those of the sources that its events came by.
func (b Blind) of(w *Watched) (all Blind) {
	for _, i := range b {
		if i.Source == "" || slices.Contains(w.Sources, i.Source) || len(w.Sources) == 0 && i.Source == w.Current.Source {
			all = append(all, i)
		}
	}
	return all.joined()
}

// joined gives the same times in order, no two of which touch; their sources are lost.
func (b Blind) joined() Blind {
	if len(b) == 0 {
		return nil
	}
	sorted := slices.Clone(b)
	slices.SortFunc(sorted, func(x, y Interval) int { return cmp.Compare(x.From, y.From) })
	var all Blind
	for _, i := range sorted {
		last := len(all) - 1
		switch {
		case i.Until <= i.From:
		case last >= 0 && i.From <= all[last].Until:
			all[last].Until = max(all[last].Until, i.Until)
		default:
			all = append(all, Interval{From: i.From, Until: i.Until})
		}
	}
	return all
}

// endingAfter gives the first interval of joined ones that ends after an instant; nil for none.
func (b Blind) endingAfter(at Instant) *Interval {
	i, _ := slices.BinarySearchFunc(b, at, func(i Interval, at Instant) int { return cmp.Compare(i.Until, at+1) })
	if i == len(b) {
		return nil
	}
	return &b[i]
}

// retries is when Svix tries a webhook again, counted from the first try (providers.md 2.3).
var retries = []time.Duration{
	0, 5 * time.Second, 5*time.Minute + 5*time.Second, 35*time.Minute + 5*time.Second,
	2*time.Hour + 35*time.Minute + 5*time.Second, 7*time.Hour + 35*time.Minute + 5*time.Second,
	17*time.Hour + 35*time.Minute + 5*time.Second, 27*time.Hour + 35*time.Minute + 5*time.Second,
}

// leastCatchUp is for a receiver that was down for seconds: the first retries may have missed it all the same.
const leastCatchUp = 5 * time.Minute

// CatchUp is how long after an outage of some length a webhook that was missed may take to come again: the longest wait
// between two tries of which the first can have fallen into the outage. Jitter makes a try come up to a fifth early or
// late. What has failed until the last retry does not come by itself any more, so that no wait is longer than the last.
// Snappy names no schedule and is taken to be no slower.
func CatchUp(outage time.Duration) time.Duration {
	longest := leastCatchUp
	for i, try := range retries[:len(retries)-1] {
		if try-try/5 <= outage {
			longest = max(longest, retries[i+1]-try)
		}
	}
	return longest + longest/5
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
