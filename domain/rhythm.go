package domain

import (
	"math"
	"slices"
	"time"
)

// Rhythm is what a source sent before it fell silent.
type Rhythm struct {
	Source  string
	Last    Instant      // when something was received last
	Hours   []EventCount // by the hour; those in which nothing was recorded are left out
	Outages []Outage     // when nothing could be heard: ours, and its own
}

// RhythmSpan is how far back before its last webhook a source's rhythm is read.
const RhythmSpan = 4 * week

const (
	week = 7 * day
	// quietAtLeast is how many webhooks must be missing. If they came independently, a silence as long would be one in
	// hundreds of millions; they come in bunches, which leaves a part of that.
	quietAtLeast = 20
	// quietAfter is how long we must have listened: less than a provider's own short trouble is not worth a word.
	quietAfter = 30 * time.Minute
	// unsettled is by how much a rhythm may be displaced: local clocks change by an hour, and here it is always UTC. A
	// silence shorter than a night does not begin on one side of such a change and end on the other.
	unsettled = hour
	night     = 6 * hour
)

// Quiet reports whether a source is silent against its own rhythm, and what it would usually have sent since. Compared
// are the same hours of up to four weeks before; of a source known for less than two weeks, those of up to six days, and
// nothing is expected of it on a weekend. Of what was counted then the lower middle counts, so that a campaign makes no
// rhythm, nor does a weekend. Less than a day is no rhythm.
func (r *Rhythm) Quiet(now Instant) (Silence, bool) {
	heard := r.listened(now)
	if lengthOf(heard) < InstantOfDuration(quietAfter) {
		return Silence{}, false
	}
	before := r.before(heard, week, 4)
	if len(before) < 2 {
		before = r.before(working(heard), day, 6)
	}
	if len(before) == 0 {
		return Silence{}, false
	}
	usual := before[(len(before)-1)/2]
	return Silence{Source: r.Source, Since: r.Last, Usual: int64(math.Round(usual))}, usual >= quietAtLeast
}

// before gives what was counted up to so many times in the same hours, one step earlier each time, in rising order.
func (r *Rhythm) before(heard []stretch, step Instant, times int) (all []float64) {
	for n := range Instant(times) {
		shift := (n + 1) * step
		if n, ok := r.least(until(heard, r.Last+shift-unsettled), shift); ok { // they end before the silence begins
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

// least gives the least that was counted in times that lie so much earlier: in these, in those an hour later, where a day
// that ends earlier than usual ends, and in these without their end, where one begins that begins later than usual.
func (r *Rhythm) least(heard []stretch, shift Instant) (float64, bool) {
	if len(heard) == 0 {
		return r.counted(heard, shift)
	}
	end := heard[len(heard)-1].to
	short := until(heard, end-max(0, min(unsettled, end-r.Last-night)))
	least, ok := r.counted(heard, shift)
	later, ok2 := r.counted(heard, shift-unsettled)
	shorter, ok3 := r.counted(short, shift)
	return min(least, later, shorter), ok && ok2 && ok3
}

// counted gives what was counted in times that lie so much earlier, where their hours are known, and at least half of
// them: an hour with an outage says nothing, and counts like the others.
func (r *Rhythm) counted(heard []stretch, shift Instant) (float64, bool) {
	var n float64
	var known Instant
	if len(r.Hours) == 0 || r.Last-shift < r.Hours[0].From {
		return 0, false
	}
	for _, s := range heard {
		s.from, s.to = s.from-shift, s.to-shift
		for h := s.from.Hour(); h < s.to; h += hour {
			if r.deaf(h) {
				continue
			}
			part := min(s.to, h+hour) - max(s.from, h)
			known += part
			n += float64(r.in(h)) * float64(part) / float64(hour)
		}
	}
	whole := lengthOf(heard)
	if whole == 0 {
		return 0, true
	}
	return n * float64(whole) / float64(max(known, 1)), known*2 >= whole
}

// in gives what was counted in an hour.
func (r *Rhythm) in(h Instant) int64 {
	i, ok := slices.BinarySearchFunc(r.Hours, h, func(c EventCount, h Instant) int { return int(c.From - h) })
	if !ok {
		return 0
	}
	return r.Hours[i].Events
}

// deaf reports whether nothing could be heard in some of an hour. The silence that is judged is none of these times.
func (r *Rhythm) deaf(h Instant) bool {
	return slices.ContainsFunc(r.Outages, func(o Outage) bool {
		return (o.Source == "" || o.Source == r.Source) && o.From < min(h+hour, r.Last) && (o.To == nil || *o.To > h)
	})
}

// listened gives the times since the last webhook in which we could have heard another.
func (r *Rhythm) listened(now Instant) []stretch {
	heard := []stretch{{r.Last, max(r.Last, now)}}
	for _, o := range r.Outages {
		if o.Source == "" {
			to := now
			if o.To != nil {
				to = *o.To
			}
			heard = except(heard, stretch{o.From, to})
		}
	}
	return heard
}

// stretch is a time from an instant to another, which lies behind it.
type stretch struct{ from, to Instant }

func lengthOf(all []stretch) (sum Instant) {
	for _, s := range all {
		sum += s.to - s.from
	}
	return sum
}

// until cuts times off where they go beyond an end.
func until(all []stretch, end Instant) []stretch {
	return except(all, stretch{end, math.MaxInt64})
}

// working leaves out Saturdays and Sundays.
func working(all []stretch) []stretch {
	for _, s := range slices.Clone(all) {
		for d := s.from.Day(); d < s.to; d += day {
			if w := d.Time().Weekday(); w == time.Saturday || w == time.Sunday {
				all = except(all, stretch{d, d + day})
			}
		}
	}
	return all
}

// except gives times without another.
func except(all []stretch, gone stretch) (left []stretch) {
	for _, s := range all {
		if before := (stretch{s.from, min(s.to, gone.from)}); before.from < before.to {
			left = append(left, before)
		}
		if after := (stretch{max(s.from, gone.to), s.to}); after.from < after.to {
			left = append(left, after)
		}
	}
	return left
}
