package domain

import (
	"fmt"
	"slices"
	"strings"
)

// Body compares an event with what its provider's parser reads from its body today: as far as that can be known, for
// some of what a parser is told stands outside the body and is not kept.
func (c *Check) Body(r *Recorded, body []byte) {
	if c.v.Parsers[r.Subject.Provider] == nil || c.machine == nil {
		return
	}
	read, problem := c.readAgain(r, body)
	if problem != "" {
		c.event(PartEvent, r, problem)
		return
	}
	if wrong := c.differences(r, read); len(wrong) > 0 {
		c.event(PartEvent, r, fmt.Sprintf("its %s: not what its body says", strings.Join(wrong, ", ")))
	}
	if read.Copy != "" {
		c.compareCopies(r, body)
	}
}

// readAgain finds the event in its body, under the delivery id that it was recorded with. That is the first one, unless
// that copy came without any.
func (c *Check) readAgain(r *Recorded, body []byte) (read *Event, problem string) {
	ids := r.Received.DeliveryIDs
	for _, id := range append(slices.Clip(ids), "") {
		p := c.parse(r, body, id)
		c.many = c.many || len(p.Events) > 1
		switch {
		case p.Parked != nil && problem == "":
			problem = fmt.Sprintf("its body, read again, is no event: %s", p.Parked.Code)
		case p.Parked == nil && problem == "":
			problem = "its body tells of another event"
		}
		for i := range p.Events {
			if e := &p.Events[i]; e.Subject == r.Subject && e.Fingerprint == r.Fingerprint {
				return e, ""
			}
		}
	}
	return nil, problem
}

// parse reads a body as if it arrived now in the way it once did. Claims are not kept, but the type that they gave is;
// what a person has said is marked on the event.
func (c *Check) parse(r *Recorded, body []byte, id string) Parsed {
	in := Inbound{Source: r.Source, Provider: r.Subject.Provider, DeliveryID: id, ReceivedAt: receivedAt(r), Body: body}
	if r.Facts&ClaimedType != 0 {
		in.Claims.Path = r.Type
	}
	if r.Facts&SettledType != 0 {
		in.Settled.Type = r.Type
	}
	if r.Facts&SettledSubject != 0 {
		in.Settled.SubjectID = r.Subject.ID
	}
	if r.Facts&ApproximateMoves != 0 {
		in.AttemptAt = r.At
	}
	t := Tracker{Machines: c.v.Machines, Parsers: c.v.Parsers}
	return t.read(in)
}

// receivedAt is when the copy came that was recorded. Where untyped copies came before it, or a person's word after it,
// only the times between which it came are kept; but an event whose time had to be taken from receipt still has it.
func receivedAt(r *Recorded) Instant {
	switch {
	case r.Facts&ClaimedType == 0:
		return r.Received.At
	case r.Quality == TimeExact:
		return r.Received.LastAt
	}
	return min(max(r.At, r.Received.At), r.Received.LastAt)
}

// differences names the columns that the body contradicts. Those that follow from the type are the machine's business:
// the event is taken as the machine reads it, and compareRead has looked at what is stored.
func (c *Check) differences(r *Recorded, e *Event) (wrong []string) {
	is := r.Event
	c.machine.Read(&is)
	for _, column := range []struct {
		name  string
		wrong bool
	}{
		{"type", e.Type != is.Type}, {"target", e.Target != is.Target}, {"previous state", e.Previous != is.Previous},
		{"time", !sameTime(r, e)}, {"text of the time", e.AtText != is.AtText}, {"quality of the time", e.Quality != is.Quality},
		{"facts", e.Facts != is.Facts}, {"flags", e.Flags != is.Flags&^ProbableDuplicate},
		{"company_id", e.Attributes.CompanyID != is.Attributes.CompanyID}, {"reference", e.Attributes.Reference != is.Attributes.Reference},
		{"recipient", e.Attributes.Recipient != is.Attributes.Recipient}, {"metadata", e.Attributes.Metadata != is.Attributes.Metadata},
		{"meaning", e.Meaning != is.Meaning},
	} {
		if column.wrong {
			wrong = append(wrong, column.name)
		}
	}
	return wrong
}

// sameTime allows an attempt's time to be that of an earlier copy, whose body is not kept.
func sameTime(r *Recorded, e *Event) bool {
	if r.Facts&ApproximateMoves != 0 && r.Received.Seen > 1 {
		return r.At <= e.At
	}
	return r.At == e.At
}

// compareCopies checks the remark that another delivery said the same, which is right if the deliveries that are
// remembered are not all one. Of more than are remembered nobody can say.
func (c *Check) compareCopies(r *Recorded, body []byte) {
	another := false
	ids := r.Received.DeliveryIDs
	for i := 1; i < len(ids); i++ {
		for _, e := range c.parse(r, body, ids[i]).Events {
			another = another || !SameDelivery(ids[0], e.Copy)
		}
	}
	marked := r.Flags&ProbableDuplicate != 0
	if marked != another && !(marked && len(ids) == RememberedDeliveries) {
		c.event(PartEvent, r, "its remark on a probable duplicate is not what its deliveries say")
	}
}

// SameDelivery compares a delivery id with the part of one that stays over its attempts (providers.md 5.1).
func SameDelivery(id, part string) bool { return id == part || strings.HasPrefix(id, part+"_") }
