package statemachines

import (
	"fmt"
	"strings"
	"time"

	"giftline/domain"
)

// clock writes times as parseStamp reads them, as short as it can: without the date if all are of the one day.
type clock struct{ dated bool }

func (told *telling) clock() clock {
	for _, r := range told.rows {
		if r.At.Time().Format(time.DateOnly) != storyDay {
			return clock{dated: true}
		}
	}
	return clock{}
}

func (c clock) stamp(i domain.Instant) string {
	at, layout := i.Time(), "2006-01-02T15:04"
	if at.Second() != 0 || at.Nanosecond() != 0 {
		layout = "2006-01-02T15:04:05"
	}
	if at.Nanosecond() != 0 {
		layout = "2006-01-02T15:04:05.000"
	}
	if c.dated {
		return at.Format(layout)
	}
	return strings.TrimPrefix(at.Format(layout), storyDay+"T")
}

// print tells the timeline, then where it all stands.
func (told *telling) print(m *Machine) string {
	var entries [][]string
	c := told.clock()
	for i, e := range domain.EntriesOf(m, m.Start(), told.rows) {
		was := told.was[told.rows[i].Fingerprint]
		entries = append(entries, []string{c.stamp(e.At), lane(e), what(m, e), string(e.Verdict), remarks(e, was)})
	}
	return table(entries) + dashes + told.summary(m)
}

func (told *telling) summary(m *Machine) string {
	var rows [][]string
	c := told.clock()
	states := domain.StatesOf(m, &told.current, nil)
	rows = append(rows, c.standing(domain.Status, states.Status))
	if states.Delivery != nil {
		rows = append(rows, c.standing(domain.Delivery, *states.Delivery))
	}
	if phase := told.current.State.Phase; phase != domain.NoPhase {
		rows = append(rows, []string{"phase", string(phase)})
	}
	rows = append(rows, []string{"counts", fmt.Sprintf("events %d, illegal %d", told.current.Events, told.current.Illegal)})
	return table(rows)
}

// standing is where a region stands, and what was last said of it.
func (c clock) standing(r domain.Region, s domain.RegionState) []string {
	var words []string
	if s.Since != nil {
		words = append(words, "since "+c.stamp(*s.Since))
	}
	if s.Final {
		words = append(words, "final")
	}
	if s.Reported != nil {
		words = append(words, "reported "+*s.Reported)
	}
	return []string{string(r), s.State, strings.Join(words, ", ")}
}

// lane is the region an entry belongs to; a dash for what belongs to none.
func lane(e domain.Entry) string {
	if e.Region == nil {
		return "-"
	}
	return string(*e.Region)
}

// what says from where to where, and by which event type if the state does not tell.
func what(m *Machine, e domain.Entry) string {
	if e.Region == nil {
		return e.Event
	}
	words := *e.From + " -> " + *e.To
	if contains(m.regions[*e.Region].states()[1:], *e.To) && e.Event == eventOf(m, *e.Region, *e.To) {
		return words
	}
	return words + " by " + e.Event
}

func remarks(e domain.Entry, was []domain.Verdict) string {
	var words []string
	if e.Reason != nil {
		words = append(words, "because "+string(*e.Reason))
	}
	if len(e.Inferred) > 0 {
		words = append(words, "via "+strings.Join(e.Inferred, ", "))
	}
	if names := e.Flags.Names(); len(names) > 0 {
		words = append(words, "flags "+strings.Join(names, ", "))
	}
	if e.TimeQuality != domain.TimeExact {
		words = append(words, "time "+string(e.TimeQuality))
	}
	if e.Received.Late {
		words = append(words, "late")
	}
	if e.Received.Seen > 1 {
		words = append(words, fmt.Sprintf("seen %d", e.Received.Seen))
	}
	for _, v := range was {
		words = append(words, "was "+string(v))
	}
	return strings.Join(words, "; ")
}
