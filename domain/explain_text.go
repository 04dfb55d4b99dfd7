package domain

import (
	"fmt"
	"strings"
)

// text tells an explanation in a few short paragraphs, for people.
func (x *Explanation) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", word(string(x.Subject.Provider)), word(string(x.Subject.Kind)), word(x.Subject.ID))
	if x.Phase != nil {
		fmt.Fprintf(&b, ": %s", *x.Phase)
	}
	b.WriteString("\n\n")
	for i := range x.Regions {
		x.Regions[i].write(&b)
	}
	x.writeUnmoved(&b)
	x.writeMissing(&b)
	x.writeNext(&b)
	x.writeDeadline(&b)
	x.writeUsual(&b)
	return b.String()
}

func (s *Explained) write(b *strings.Builder) {
	if s.State == New {
		fmt.Fprintf(b, "%s: nothing was reported yet that counts.\n", s.Region)
	} else {
		fmt.Fprintf(b, "%s: %s", s.Region, word(s.State))
		if s.Since != nil {
			fmt.Fprintf(b, " since %s", minuteOf(*s.Since))
		}
		if s.Meaning != nil {
			fmt.Fprintf(b, " (%s)", *s.Meaning)
		}
		b.WriteString(".\n")
	}
	if d := s.DecidedBy; d != nil {
		d.write(b)
	}
	if s.Final {
		b.WriteString("  Usually it ends there.\n")
	}
	if d := s.Differs; d != nil {
		fmt.Fprintf(b, "  The provider last said %s, on %s (%s), which moved nothing: see below.\n", word(*s.Reported), minuteOf(d.At), d.ID)
	} else if s.Reported != nil && *s.Reported != s.State {
		fmt.Fprintf(b, "  The provider last said %s.\n", word(*s.Reported))
	}
}

func (d *Decision) write(b *strings.Builder) {
	from := "It came from " + word(d.From)
	if d.From == New {
		from = "It was the first to be heard"
	}
	fmt.Fprintf(b, "  %s, by %s (%s).", from, word(d.Event), d.ID)
	if len(d.Inferred) > 0 {
		fmt.Fprintf(b, " Not reported between: %s.", strings.Join(d.Inferred, ", "))
	}
	b.WriteString(spaced(d.Remarks) + "\n")
}

func spaced(sentences []string) string {
	if len(sentences) == 0 {
		return ""
	}
	return " " + strings.Join(sentences, " ")
}

// kinds of events that moved nothing, as people say them.
var unmovedAs = map[Verdict]string{Repeat: "said again", Note: "noted", Illegal: "not possible"}

func (x *Explanation) writeUnmoved(b *strings.Builder) {
	if len(x.Unmoved) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s moved nothing%s:\n", counted(x.Counts.Unmoved, "event"), x.listed(len(x.Unmoved), x.Counts.Unmoved))
	for i := range x.Unmoved {
		u := &x.Unmoved[i]
		said := word(u.Event)
		if u.To != nil && !strings.HasSuffix(u.Event, *u.To) {
			said += " " + word(*u.To)
		}
		fmt.Fprintf(b, "- %s %s (%s), %s: %s\n", minuteOf(u.At), said, u.ID, unmovedAs[u.Verdict], u.Why)
	}
}

// listed says what was left out.
func (x *Explanation) listed(shown int, all int64) string {
	var words string
	if int64(shown) < all {
		words = fmt.Sprintf("; the last %d are listed", shown)
	}
	if x.Counts.Read < x.Counts.Events {
		words += fmt.Sprintf("; only the last %d of %d events were looked at", x.Counts.Read, x.Counts.Events)
	}
	return words
}

func (x *Explanation) writeMissing(b *strings.Builder) {
	if len(x.Missing) > 0 {
		fmt.Fprintf(b, "\nSomething was probably not reported%s:\n", x.listed(len(x.Missing), x.Counts.Missing))
	}
	for _, u := range x.Missing {
		steps := "which step is not known"
		if len(u.Steps) > 0 {
			steps = list(u.Steps, "and")
		}
		fmt.Fprintf(b, "- before %s %s on %s (%s): %s.\n", u.Region, word(u.To), minuteOf(u.At), u.ID, steps)
		for i, means := range u.Means {
			fmt.Fprintf(b, "  %s %s.\n", []string{"Probably:", "Or:"}[min(i, 1)], means)
		}
	}
	if len(x.Quiet) > 0 {
		b.WriteString("\nWhat the silence may mean:\n")
	}
	for _, means := range x.Quiet {
		fmt.Fprintf(b, "- %s.\n", means)
	}
}

func (x *Explanation) writeNext(b *strings.Builder) {
	if len(x.Expected.Next) == 0 {
		b.WriteString("\nNothing more is expected.\n")
		return
	}
	b.WriteString("\nWhat may come next:\n")
	for _, s := range x.Expected.Next {
		fmt.Fprintf(b, "- %s %s: %s%s.\n", s.Region, s.State, s.Meaning, s.manner())
	}
}

// manner says of a step what is not usual about it.
func (s *Step) manner() string {
	switch {
	case s.Aside && !s.Usual:
		return " (an exception, and rare)"
	case s.Aside:
		return " (an exception)"
	case !s.Usual:
		return " (rare: a return, or not ruled out)"
	}
	return ""
}

func (x *Explanation) writeDeadline(b *strings.Builder) {
	d := x.Deadline
	if d == nil {
		b.WriteString("\nNo time is set by which somebody should look.\n")
		return
	}
	origin := "our default"
	switch {
	case d.Region == nil || d.Why == configured:
		origin = "set by people"
	case d.Documented:
		origin = "documented by the provider"
	}
	if x.Expected.OverdueBy == nil {
		fmt.Fprintf(b, "\nLook at it if nothing happens until %s", minuteOf(d.At))
	} else {
		fmt.Fprintf(b, "\nOverdue: something should have happened by %s, %s ago", minuteOf(d.At), spanOf(*x.Expected.OverdueBy))
	}
	fmt.Fprintf(b, " (%s: %s).\n", origin, d.Why)
	if x.Expected.OverdueBy != nil {
		b.WriteString("That is a question to ask, not something that happened.\n")
	}
}

// usualStays are how many stays must have finished before the text calls anything usual.
const usualStays = 10

func (x *Explanation) writeUsual(b *strings.Builder) {
	for _, in := range x.Expected.Regions {
		u := in.Usual
		if u == nil || u.Count < usualStays {
			continue
		}
		fmt.Fprintf(b, "%s usually stays %s for %s, in nine of ten cases for %s (%s).\n",
			in.Region, word(in.State), u.upTo(u.P50Seconds), u.upTo(u.P90Seconds), counted(u.Count, "finished stay"))
	}
}

// upTo says a bound in words.
func (u *Usual) upTo(seconds int64) string {
	if u.Longer && seconds == DwellBuckets[len(DwellBuckets)-1] {
		return "a year or more"
	}
	return "up to " + spanOf(seconds)
}

func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// spanOf says a length of time in its two largest units, cut.
func spanOf(seconds int64) string {
	var words []string
	for _, unit := range []struct {
		seconds int64
		noun    string
	}{{aDay, "day"}, {anHour, "hour"}, {aMinute, "minute"}, {1, "second"}} {
		n := seconds / unit.seconds
		seconds %= unit.seconds
		if n > 0 {
			words = append(words, counted(n, unit.noun))
		} else if len(words) > 0 {
			break
		}
		if len(words) == 2 {
			break
		}
	}
	if len(words) == 0 {
		return "0 seconds"
	}
	return strings.Join(words, " ")
}
