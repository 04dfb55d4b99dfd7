package domain

import "fmt"

// VerdictChange is a row of the history: the verdict of an event was another one before.
type VerdictChange struct {
	Event      Fingerprint
	At         Instant // when it joined the history
	Was        Verdict
	Verdict    Verdict // empty when the event was taken off the timeline
	Region     Region  // this and the next three are what was believed, where Was is Illegal
	From, To   string
	Reason     Reason
	BelievedAt Instant // since when
	ByEvent    bool    // an event caused it; else an upgrade of the machine, or a rebuild
}

// Standing is an event as it stands after its changes.
type Standing struct {
	Verdict Verdict
	Joined  Instant
}

// Changes compares all changes of one event, in order, with one another and with how the event stands; nil for one
// that is off the timeline.
func (c *Check) Changes(all []VerdictChange, now *Standing) {
	r := &Recorded{Event: Event{Fingerprint: all[0].Event}}
	life := 0 // where the changes begin since the event was last recorded
	for i := range all {
		var before *VerdictChange
		if i > life {
			before = &all[i-1]
		}
		if wrong := all[i].broken(before); wrong != "" {
			c.event(PartHistory, r, wrong)
		}
		if all[i].Verdict == "" {
			life, c.taken = i+1, true
		}
		c.joined = max(c.joined, all[i].At)
	}
	if wrong := c.ending(all, life, now); wrong != "" {
		c.event(PartHistory, r, wrong)
	}
}

// broken says what is wrong with a change that follows another one; nil for the first since the event was recorded.
// What a rebuild has found need not be what was noted: that is why it rebuilt.
func (h *VerdictChange) broken(before *VerdictChange) string {
	believed := h.Region != "" || h.From != "" || h.To != "" || h.Reason != "" || h.BelievedAt != 0
	switch {
	case h.Was == h.Verdict:
		return fmt.Sprintf("its history has a change from %s to %s", h.Was, h.Verdict)
	case before != nil && h.At < before.At:
		return "its history is not in the order of time"
	case before != nil && h.ByEvent && h.Was != before.Verdict:
		return fmt.Sprintf("its history says that %s became %s, and then that it was %s", before.Was, before.Verdict, h.Was)
	case h.Was != Illegal && believed:
		return fmt.Sprintf("its history tells of an illegal belief where it was %s", h.Was)
	case h.Was == Illegal && (h.BelievedAt > h.At || h.ByEvent && (h.Region == "" || h.From == "" || h.To == "" || h.Reason == "")):
		return "its history does not say what was believed illegal, or since when"
	case h.Was == Illegal && before != nil && before.Verdict == Illegal && h.BelievedAt != before.At:
		return "its history is wrong about since when it was believed illegal"
	}
	return ""
}

// ending compares the end of the history with the event as it stands.
func (c *Check) ending(all []VerdictChange, life int, now *Standing) string {
	last := all[len(all)-1].Verdict
	switch {
	case life == len(all):
		return "" // it may have been recorded again since
	case now == nil:
		return fmt.Sprintf("it is %s by its history, and not there", last)
	case all[life].Was == Illegal && all[life].ByEvent && all[life].BelievedAt != now.Joined:
		return "its history is wrong about since when it was believed illegal"
	}
	verdict, known := c.verdicts[all[0].Event]
	if !known {
		verdict = now.Verdict
	}
	if last != verdict && (known || len(c.verdicts) < maxDamage) {
		return fmt.Sprintf("its history ends in %s, it is %s", last, verdict)
	}
	return ""
}
