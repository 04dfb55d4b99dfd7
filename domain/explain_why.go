package domain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// remarks are the flags in words: an own sentence each, for who does not know the list.
var remarks = []struct {
	flag  Flags
	words string
}{
	{ClaimNotSeen, "The gift was not known to be claimed."},
	{DeliveredNotSeen, "The e-mail was not known to be delivered."},
	{BeforeClaim, "It came before the gift was claimed."},
	{AfterClaim, "It came after the gift was claimed."},
	{OrderUnknown, "The order of events is not known well enough to say that this is wrong."},
	{SeveralRecipients, "The e-mail has several recipients, and each has a story of its own."},
	{ProbableDuplicate, "The same content came under another delivery id: it is probably the same event twice."},
	{AddressConfirmedAssumed, "The address was still being confirmed."},
	{ExchangeSuspected, "A delivery that starts over after it ended may be an exchange of the gift."},
	{DeliveryAttemptFailed, "It went back on its way: an attempt to deliver it probably failed."},
	{Suppressed, "The address is on a suppression list."},
	{CancelReason, "The event's data may say why the order was canceled."},
	{InvalidDataTime, "A time inside its data is not a time."},
	{UnknownType, "This version does not know its type."},
	{NewOrder, "It belongs to a new order on the same gift."},
}

func remarksOn(f Flags) []string {
	said := []string{}
	for _, r := range remarks {
		if f&r.flag != 0 {
			said = append(said, r.words)
		}
	}
	return said
}

// doubts say why a time cannot accuse anybody.
var doubts = map[TimeQuality]string{
	TimeApproximate: "its time is only approximate",
	TimeMissing:     "it came without a time",
	TimeInvalid:     "its time cannot be read",
	TimeFuture:      "its time lies in the future",
}

// unmoved tells of an event that moved nothing. others have its time and region.
func (t *teller) unmoved(r *Recorded, others []string) Unmoved {
	u := Unmoved{
		ID: r.ID(), At: r.At, Event: r.Type, Verdict: r.Outcome.Verdict, Reason: optional(r.Outcome.Reason), Flags: r.Outcome.Flags,
		RefersTo: []string{},
	}
	if r.Region != NoRegion {
		u.Region, u.To = &r.Region, &r.Target
	}
	excused := r.Outcome.Flags & (OrderUnknown | SeveralRecipients)
	said := r.Outcome.Flags &^ excused
	switch {
	case r.Region == NoRegion:
		u.Why = t.aside(r)
		said &^= UnknownType
	case r.Outcome.Verdict == Illegal:
		u.Why = t.wrong(&u, r)
	case r.Outcome.Verdict == Repeat:
		u.Why = fmt.Sprintf("It says again what is known: %s.", t.holder(&u, r.Region))
	case excused != 0:
		u.Why = t.excused(&u, r, others)
	case r.Target == t.held.In(r.Region):
		u.Why = fmt.Sprintf("It updates what is known: %s.", t.holder(&u, r.Region))
	default:
		u.Why = fmt.Sprintf("%s says less than what is known: %s.", word(r.Target), t.holder(&u, r.Region))
	}
	u.Why = strings.Join(append([]string{u.Why}, remarksOn(said)...), " ")
	return u
}

// aside tells why an event that reports no state is on the timeline.
func (t *teller) aside(r *Recorded) string {
	switch meaning := t.machine.MeaningOf(&r.Event); {
	case r.Outcome.Flags&UnknownType != 0:
		return "This version does not know events of this type: it is kept, and a version that knows it will read it again."
	case meaning != "":
		return "It only tells that " + meaning + "."
	}
	return "Events of this type report a state, but this one names none."
}

// holder says what a region holds and which event brought it there.
func (t *teller) holder(u *Unmoved, r Region) string { return u.heldBy(r, t.held.In(r), t.by[r]) }

func (u *Unmoved) heldBy(r Region, state string, by *Recorded) string {
	switch {
	case state == New:
		return fmt.Sprintf("nothing was known of %s yet", r)
	case by == nil:
		return fmt.Sprintf("%s was %s, by an event before those looked at here", r, word(state))
	}
	return fmt.Sprintf("%s is %s since %s by %s", r, word(state), minuteOf(by.At), u.refer(by.ID()))
}

// refer notes that a reason names an event.
func (u *Unmoved) refer(id string) string {
	if !slices.Contains(u.RefersTo, id) {
		u.RefersTo = append(u.RefersTo, id)
	}
	return id
}

// wrong tells which rule an illegal event breaks, and what it would take.
func (t *teller) wrong(u *Unmoved, r *Recorded) string {
	to, held := word(r.Target), word(t.held.In(r.Region))
	switch r.Outcome.Reason {
	case UnknownState:
		return fmt.Sprintf("Nobody has heard of the %s %s: a newer version may know it. Until then %s stays %s.", r.Region, to, r.Region, held)
	case Guarded:
		return t.forbidden(u, r)
	case AfterFinal:
		return fmt.Sprintf("%s is an end: %s. %s", held, t.holder(u, r.Region), t.takes(r))
	case Backward:
		return fmt.Sprintf("%s comes before %s: %s. %s", to, held, t.holder(u, r.Region), t.takes(r))
	}
	return fmt.Sprintf("No step leads from %s to %s: %s. %s", held, to, t.holder(u, r.Region), t.takes(r))
}

// forbidden names the other region's state, which a guard holds against the event: as it was before the instant.
func (t *teller) forbidden(u *Unmoved, r *Recorded) string {
	other := Status
	if r.Region == Status {
		other = Delivery
	}
	return fmt.Sprintf("%s cannot become %s while %s, and %s. It would count at a time when that did not hold.", r.Region, word(r.Target),
		t.machine.Forbidding(t.before, t.held, &r.Event), u.heldBy(other, t.before.In(other), t.decided[other]))
}

// excused tells what an event would contradict if its order were known, and why nobody is accused.
func (t *teller) excused(u *Unmoved, r *Recorded, others []string) string {
	misfit := fmt.Sprintf("%s does not fit: %s.", word(r.Target), t.holder(u, r.Region))
	var because []string
	if r.Outcome.Flags&SeveralRecipients != 0 {
		because = append(because, "the e-mail has several recipients, each with a story of its own")
	}
	if doubt := doubts[r.Quality]; doubt != "" && r.Outcome.Flags&OrderUnknown != 0 {
		because = append(because, doubt)
	}
	if len(others) > 0 && r.Outcome.Flags&OrderUnknown != 0 {
		for _, id := range others {
			u.refer(id)
		}
		because = append(because, "it has the same time as "+list(others, "and")+", so nobody knows which came first")
	}
	return misfit + " That need not be wrong: " + strings.Join(because, "; ") + "."
}

// takes lists what the reported state can follow.
func (t *teller) takes(r *Recorded) string {
	if t.view == nil {
		v := t.machine.View()
		t.view = &v
	}
	for _, region := range t.view.Regions {
		for _, s := range region.States {
			if region.Region == r.Region && s.State == r.Target {
				return fmt.Sprintf("%s can only come %s.", word(r.Target), s.comes())
			}
		}
	}
	return ""
}

// comes says when a state may be entered, in words.
func (s *StateView) comes() string {
	var ways, after []string
	var when string
	for _, from := range s.From {
		if from == New {
			ways = append(ways, "first")
		} else {
			after = append(after, from)
		}
	}
	for _, e := range s.Also {
		if e.When == "" {
			after = append(after, e.From)
		} else {
			when = e.When // a row has one condition at most
		}
	}
	if len(after) > 0 {
		ways = append(ways, "after "+list(after, "or"))
	}
	if when != "" {
		ways = append(ways, "while "+when)
	}
	return strings.Join(ways, ", or ")
}

// list joins words as people do.
func list(words []string, last string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
	}
	return strings.Join(words, "")
}

// minuteOf is a time as people read it.
func minuteOf(i Instant) string { return i.Time().Format("2006-01-02 15:04 UTC") }

// word shows a value that came from outside: as it is where it can be nothing but a word, else quoted and cut, so that it
// cannot pass for a line of ours.
func word(s string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("_-.:/@+=", r)
	}
	if s != "" && len(s) <= 200 && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return strconv.QuoteToGraphic(clip(s))
}
