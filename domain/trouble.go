package domain

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Sample is what was counted at an instant.
type Sample struct {
	At      Instant
	Sources []SourceCount // of those that are watched
	Vitals  Vitals
}

// Samples are what was counted lately, the first one first: as far back as their longest rule looks, and no further back
// than one process has watched.
type Samples []Sample

// samplesFor is how far back rules look.
const samplesFor = time.Hour

// Found is a trouble that was there when it was looked for.
type Found struct {
	Trouble
	Seen Instant // when there was a sign of it last
}

// add takes a sample in, and leaves out what is too old.
func (s Samples) add(one Sample) Samples {
	s = append(s, one)
	for len(s) > 1 && s[1].At <= one.At-InstantOfDuration(samplesFor) {
		s = s[1:]
	}
	return slices.Clone(s) // what is left out is not kept in memory
}

// Troubles looks for all that counts and vitals tell.
func (s Samples) Troubles() (found []Found) {
	if len(s) == 0 {
		return nil
	}
	for _, c := range s.last().Sources {
		found = append(found, s.refused(c)...)
		found = append(found, s.unread(c)...)
	}
	found = append(found, s.putOff()...)
	return append(found, s.last().Vitals.disk(s.last().At)...)
}

func (s Samples) last() *Sample { return &s[len(s)-1] }

// Refusals of one hour or of ten minutes alarm from some number on, if more is refused than taken: the first finds a
// source that seldom sends, the second one that was well until just now. Strangers who guess stay below what is taken.
const (
	refusedAtLeast = 10
	refusedSoon    = 10 * time.Minute
)

// refused finds a source whose webhooks are refused, as long as they are.
func (s Samples) refused(now SourceCount) []Found {
	for _, span := range []time.Duration{refusedSoon, samplesFor} {
		base := s.before(span)
		was := base.of(now.Source)
		refused, taken := now.Rejected-was.Rejected, now.Received-was.Received
		if refused < refusedAtLeast || refused <= taken || now.LastRejection == nil {
			continue
		}
		since := s.began(base, func(one *Sample) int64 { return one.of(now.Source).Rejected })
		detail := fmt.Sprintf("%d webhooks of %s were refused within %s, the last one as %s; %d were taken", refused, now.Source, inWords(since, s.last().At), now.LastReason, taken)
		return []Found{{Trouble{RuleSignature, now.Source, since, detail}, *now.LastRejection}}
	}
	return nil
}

// unreadAtLeast of an hour that cannot be read alarm, if they are more than one in unreadShare of what came: a provider
// that says something new says it often.
const (
	unreadAtLeast = 20
	unreadShare   = 10
)

// unread finds a source of which more than usual is quarantined or finds no timeline.
func (s Samples) unread(now SourceCount) []Found {
	parked := func(one *Sample) int64 {
		c := one.of(now.Source)
		return c.Counts[ResultQuarantined] + c.Counts[ResultUnresolved]
	}
	base := s.before(samplesFor)
	grown, came := parked(s.last())-parked(base), now.Received-base.of(now.Source).Received
	if grown < unreadAtLeast || grown*unreadShare <= came {
		return nil
	}
	since := s.began(base, parked)
	detail := fmt.Sprintf("%d of %d webhooks of %s within %s could not be read, or found no timeline", grown, came, now.Source, inWords(since, s.last().At))
	return []Found{{Trouble{RuleQuarantine, now.Source, since, detail}, s.last().At}}
}

// putOffWithin is how long it counts that webhooks were put off.
const putOffWithin = 5 * time.Minute

// putOff finds that webhooks were told to come again.
func (s Samples) putOff() []Found {
	count := func(one *Sample) int64 { return one.Vitals.PutOff }
	base := s.before(putOffWithin)
	n := count(s.last()) - count(base)
	if n <= 0 {
		return nil
	}
	since := s.began(base, count)
	detail := fmt.Sprintf("%d webhooks were answered 503 within %s: their providers send them again", n, inWords(since, s.last().At))
	return []Found{{Trouble{RuleBusy, "", since, detail}, s.last().At}}
}

// A disk is nearly full when less than a twentieth of it is free; or less than a GiB, which a busy day and a backup can
// take, unless that is much of a small disk.
const (
	diskShare = 20
	diskRoom  = 1 << 30
	diskSmall = 4
)

// disk finds a disk that is nearly full.
func (v Vitals) disk(now Instant) []Found {
	if v.DiskSize == 0 || v.DiskFree >= v.DiskSize/diskShare && (v.DiskFree >= diskRoom || v.DiskFree >= v.DiskSize/diskSmall) {
		return nil
	}
	const mib = 1 << 20
	detail := fmt.Sprintf("about %d of %d MiB are free where the database is; when none are, webhooks are answered 503", rounded(int64(v.DiskFree/mib)), v.DiskSize/mib)
	return []Found{{Trouble{RuleDisk, "", now, detail}, now}}
}

// before gives the last sample that is at least so old; the first one where none is.
func (s Samples) before(d time.Duration) *Sample {
	i := len(s) - 1
	for i > 0 && s[i].At > s.last().At-InstantOfDuration(d) {
		i--
	}
	return &s[i]
}

// began gives the last instant at which a count was still as in a sample.
func (s Samples) began(base *Sample, count func(*Sample) int64) Instant {
	at := base.At
	for i := range s {
		if s[i].At > at && count(&s[i]) == count(base) {
			at = s[i].At
		}
	}
	return at
}

// of gives a source's counts; zeros before anything arrived.
func (s *Sample) of(source string) SourceCount {
	if i := slices.IndexFunc(s.Sources, func(c SourceCount) bool { return c.Source == source }); i >= 0 {
		return s.Sources[i]
	}
	return SourceCount{Source: source}
}

// lasts is how long a trouble stands after the last sign of it, so that one that comes and goes is one.
const lasts = 30 * time.Minute

// Lasting gives the troubles that stand: those found, and those found lately. One that stands keeps its beginning.
func Lasting(before, found []Found, now Instant) (all []Found) {
	for _, f := range found {
		if i := slices.IndexFunc(before, f.same); i >= 0 {
			f.Since = before[i].Since
		}
		all = append(all, f)
	}
	for _, f := range before {
		if !slices.ContainsFunc(found, f.same) && now < f.Seen+InstantOfDuration(lasts) {
			all = append(all, f)
		}
	}
	return slices.DeleteFunc(all, func(f Found) bool { return now >= f.Seen+InstantOfDuration(lasts) })
}

// same reports whether another is of the same trouble.
func (f Found) same(o Found) bool { return f.Rule == o.Rule && f.Source == o.Source }

// Trouble tells of a silent source. The times are cut, so that it is not told anew all the time.
func (s Silence) Trouble(now Instant) Trouble {
	detail := "nothing from " + s.Source + " for " + inWords(s.Since, now)
	if s.Usual > 0 && now-s.Since <= week { // it is known of a week at most
		detail += fmt.Sprintf("; about %d webhooks are usual in that time", rounded(s.Usual))
	}
	return Trouble{RuleQuiet, s.Source, s.Since, detail}
}

// rounded leaves two digits of a number.
func rounded(n int64) int64 {
	unit := int64(math.Pow10(max(0, len(fmt.Sprint(n))-2)))
	return (n + unit/2) / unit * unit
}

// downAtLeast is how long we must have been down to say so: an update takes less, and loses nothing.
const downAtLeast = 5 * time.Minute

// Downtimes tells, in one trouble, of when we were down and what was missed may still come again.
func Downtimes(outages []Outage, now Instant) []Trouble {
	var one Trouble
	var times []string
	for _, o := range outages {
		if o.Source != "" || o.To == nil || *o.To-o.From < InstantOfDuration(downAtLeast) || o.Until(now) <= now {
			continue
		}
		if one.Rule == "" {
			one = Trouble{Rule: RuleDown, Since: o.From}
		}
		times = append(times, fmt.Sprintf("from %s to %s (%s)", clockOf(o.From), clockOf(*o.To), inWords(o.From, *o.To)))
		one.Detail = "webhooks could not be received " + strings.Join(times, ", ") +
			"; what providers send again may arrive until " + clockOf(o.Until(now)) + ", and deadlines wait for it"
	}
	if one.Rule == "" {
		return nil
	}
	return []Trouble{one}
}

func clockOf(i Instant) string { return i.Time().Format("2006-01-02 15:04 MST") }

// inWords says how long a time is, cut to two units at most: days and hours, hours and ten minutes, or minutes.
func inWords(from, to Instant) string {
	d := max(to-from, 0).duration()
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0 && hours > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case days > 0:
		return fmt.Sprintf("%d d", days)
	case hours > 0 && minutes >= 10:
		return fmt.Sprintf("%d h %d min", hours, minutes/10*10)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return "a minute"
}

func (i Instant) duration() time.Duration { return time.Duration(i) * time.Microsecond }
