package domain

import (
	"fmt"
	"slices"
)

// Doubtful reports whether something is wrong that is right where events were taken off the timeline, of which the
// ledger need not tell: a store that knows of some says so with TakenOff.
func (c *Check) Doubtful() bool {
	return !c.taken && (c.stored.JoinedAt != c.joined || c.strange())
}

// TakenOff says that events were taken off the timeline.
func (c *Check) TakenOff() { c.taken = true }

// Several reports whether a delivery was met that carried more than one event.
func (c *Check) Several() bool { return c.many }

// strange reports whether the row's source is not that of an event which joined first.
func (c *Check) strange() bool {
	return c.origins != nil && !slices.Contains(c.origins, c.stored.Source)
}

// End compares the row with what the events add up to.
func (c *Check) End() Finding {
	if c.stored.Subject.Digest() != c.stored.Digest {
		c.row("its digest is not that of its name")
	}
	c.counts()
	if c.judged {
		c.values()
	}
	return c.finding.concluded()
}

// counts compares what holds whatever machine has folded the subject.
func (c *Check) counts() {
	is, want := &c.stored, &c.sum
	switch {
	case is.Events > want.Events:
		c.row(fmt.Sprintf("it counts %d events, %d are stored: a rebuild counts again, but an event that was lost is only in a backup", is.Events, want.Events))
	case is.Events < want.Events:
		c.row(fmt.Sprintf("it counts %d events, %d are stored", is.Events, want.Events))
	}
	if is.Illegal != want.Illegal {
		c.row(fmt.Sprintf("it counts %d illegal events, there are %d", is.Illegal, want.Illegal))
	}
	if is.LastAt != c.places.Last.At {
		c.row(fmt.Sprintf("its last event is said to be of %s, and is of %s", is.LastAt, c.places.Last.At))
	}
	if is.JoinedAt != c.joined && !(c.taken && is.JoinedAt > c.joined) {
		c.row(fmt.Sprintf("something is said to have joined it at %s; the last that did was at %s", is.JoinedAt, c.joined))
	}
	if c.strange() && !c.taken {
		c.row("its source is not that of the event which made it known")
	}
}

// values compares what the fold gives.
func (c *Check) values() {
	is, want := &c.stored, &c.sum
	if is.State != want.State {
		c.row(fmt.Sprintf("it is said to be in %s, its events give %s", is.State.text(), want.State.text()))
	}
	for _, r := range []Region{Status, Delivery} {
		if !sameInstant(is.Regions[r].Since, want.Regions[r].Since) {
			c.row(fmt.Sprintf("since when its %s holds is not what its events give", r))
		}
		if is.Regions[r].Reported != want.Regions[r].Reported {
			c.row(fmt.Sprintf("its %s is said to be reported as %s, its events say %s", r, orNone(is.Regions[r].Reported), orNone(want.Regions[r].Reported)))
		}
	}
	for _, a := range []struct{ name, is, want string }{
		{"company_id", is.Attributes.CompanyID, want.Attributes.CompanyID}, {"reference", is.Attributes.Reference, want.Attributes.Reference},
		{"recipient", is.Attributes.Recipient, want.Attributes.Recipient}, {"metadata", is.Attributes.Metadata, want.Attributes.Metadata},
	} {
		if a.is != a.want {
			c.row("its " + a.name + " is not what its events carried last") // never the value: it may be an address
		}
	}
	if is.Places == nil || *is.Places != c.places {
		c.row("the places of the events that set its values are wrong")
	}
}

func sameInstant(a, b *Instant) bool {
	return a == b || a != nil && b != nil && *a == *b
}
