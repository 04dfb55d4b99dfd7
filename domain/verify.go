package domain

import (
	"fmt"
	"slices"
	"strings"
)

// Verifier compares what is stored of a subject with what its events, folded again, and their bodies, read again, give
// today. It is pure: a store hands it what it holds, piece by piece.
type Verifier struct {
	Machines Machines
	// Parsers read bodies again; events of a provider without one are taken as they are.
	Parsers map[Provider]Parser
	// Upgrade also folds subjects of an older machine: what differs then is what a rebuild would change.
	Upgrade bool
}

// SubjectRow is everything stored of a subject beside its events. Regions hold the facts of both regions.
type SubjectRow struct {
	Current
	Digest   Digest
	LastAt   Instant // of the canonically last event
	JoinedAt Instant // when something last joined the timeline
	Places   *Places // nil when what is stored cannot be read
	Revision int     // of the machine that folded it
	Hash     string
}

// Places are where the values of a subject's row were set: at the canonically last event that carries each. The zero
// place is: never.
type Places struct {
	Last, CompanyID, Reference, Recipient, Metadata, StatusReported, DeliveryReported Place
}

// Check is the verification of one subject: Instant for every instant of its timeline, in order; Body for every event,
// in any order; Changes for every event of its ledger; then End.
type Check struct {
	v        *Verifier
	machine  Machine
	judged   bool // the fold can be compared
	stored   SubjectRow
	sum      Current // what the events give
	places   Places
	read     Place                   // of the last row, as it is stored
	joined   Instant                 // when the last of what joined did
	first    Instant                 // when the first event did
	origins  []string                // sources of those that joined then
	verdicts map[Fingerprint]Verdict // what events must have that are stored with another one
	taken    bool                    // events were taken off the timeline
	many     bool                    // a delivery carried several events
	finding  Finding
}

// Begin starts to verify a subject.
func (v *Verifier) Begin(row SubjectRow) *Check {
	c := &Check{v: v, stored: row, verdicts: map[Fingerprint]Verdict{}}
	c.finding.Subject = row.Subject
	c.sum = Current{Subject: row.Subject, State: row.State, Regions: map[Region]RegionFacts{}}
	m, ok := v.Machines.For(row.Subject.Provider, row.Subject.Kind)
	if !ok || row.Revision > m.Revision() {
		c.finding.machine, c.finding.folded = Newer, true
		return c
	}
	c.finding.folded = row.Hash != m.Hash()
	if c.finding.folded || row.Revision < m.Revision() {
		c.finding.machine = Outdated
	}
	c.judged = v.Upgrade || !c.finding.folded
	c.machine, c.sum.State = m, m.Start()
	return c
}

// Instant takes the events of one instant, all of them, as they are stored.
func (c *Check) Instant(rows []Recorded) {
	c.sum.Events += int64(len(rows))
	for i := range rows {
		c.arrival(&rows[i])
	}
	if !c.judged {
		for i := range rows {
			c.sum.add(&rows[i])
			c.place(&rows[i])
		}
		return
	}
	c.fold(rows)
}

// arrival looks at what no fold can give again: that a row stands where it must, and how it joined.
func (c *Check) arrival(r *Recorded) {
	if c.read != (Place{}) && r.Place().Compare(c.read) <= 0 {
		c.event(PartEvent, r, "it does not stand where the canonical order puts it")
	}
	c.read = r.Place()
	got := &r.Received
	if got.Seen < 1 || got.LastAt < got.At || int64(len(got.DeliveryIDs)) > min(got.Seen, RememberedDeliveries) {
		c.event(PartEvent, r, "when and how often it was received contradict each other")
	}
	switch {
	case c.origins == nil || r.Joined < c.first:
		c.first, c.origins = r.Joined, []string{r.Source}
	case r.Joined == c.first && !slices.Contains(c.origins, r.Source):
		c.origins = append(c.origins, r.Source)
	}
	c.joined = max(c.joined, r.Joined)
}

// fold compares outcomes. Events are folded as the machine reads them, so that a damaged rank cannot hide.
func (c *Check) fold(rows []Recorded) {
	read := make([]Recorded, len(rows))
	was := map[Fingerprint]*Recorded{}
	for i := range rows {
		read[i] = rows[i]
		c.machine.Read(&read[i].Event)
		c.compareRead(&rows[i], &read[i].Event)
		was[rows[i].Fingerprint] = &rows[i]
	}
	slices.SortFunc(read, func(a, b Recorded) int { return a.Place().Compare(b.Place()) })
	events := make([]Event, len(read))
	for i := range read {
		events[i] = read[i].Event
	}
	for i, o := range c.machine.Fold(c.sum.State, events) {
		c.compareOutcome(was[read[i].Fingerprint], o)
		read[i].Outcome = o
		c.sum.add(&read[i])
		c.place(&read[i])
	}
}

// compareRead compares the columns that follow from the event's type. A type that was claimed from outside the body may
// itself be what is damaged: then they speak against it, and nobody can say what it was.
func (c *Check) compareRead(r *Recorded, e *Event) {
	var wrong []string
	for _, column := range []struct {
		name  string
		wrong bool
	}{
		{"region", e.Region != r.Region}, {"target", e.Target != r.Target}, {"rank", e.Rank != r.Rank}, {"flags it came with", e.Flags != r.Flags},
	} {
		if column.wrong {
			wrong = append(wrong, column.name)
		}
	}
	switch {
	case r.Facts&ClaimedType != 0 && !c.finding.folded && speaksAgainst(r, e):
		c.event(PartEvent, r, fmt.Sprintf("its type, %s, is not the one that it was recorded with", r.Type))
	case len(wrong) > 0:
		c.event(PartCache, r, fmt.Sprintf("its %s: not what its type, %s, gives", strings.Join(wrong, ", "), r.Type))
	}
}

// speaksAgainst reports whether an event was recorded with another type: a known one where it has none now, or one of
// another state.
func speaksAgainst(r *Recorded, read *Event) bool {
	return read.Flags&UnknownType > r.Flags&UnknownType || read.Target != r.Target && read.Rank != r.Rank
}

func (c *Check) compareOutcome(r *Recorded, o Outcome) {
	is := r.Outcome
	if is == o {
		return
	}
	if is.Verdict != o.Verdict && len(c.verdicts) < maxDamage {
		c.verdicts[r.Fingerprint] = o.Verdict
	}
	var wrong []string
	for _, column := range []struct{ name, is, want string }{
		{"verdict", string(is.Verdict), string(o.Verdict)}, {"reason", string(is.Reason), string(o.Reason)},
		{"flags", strings.Join(is.Flags.Names(), "+"), strings.Join(o.Flags.Names(), "+")},
		{"state", is.After.text(), o.After.text()},
	} {
		if column.is != column.want {
			wrong = append(wrong, fmt.Sprintf("%s %s instead of %s", column.name, orNone(column.is), orNone(column.want)))
		}
	}
	if wrong == nil {
		wrong = []string{"flags that nobody knows"}
	}
	c.event(PartCache, r, "it has "+strings.Join(wrong, ", "))
}

// text names all of a state, for people.
func (s State) text() string {
	words := s.Status
	for _, more := range []string{s.Delivery, string(s.Phase)} {
		if more != "" {
			words += "/" + more
		}
	}
	if s.Permanent {
		words += "/permanent"
	}
	return words
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// place keeps where the values of the row were set.
func (c *Check) place(r *Recorded) {
	at, a := r.Place(), &r.Attributes
	c.places.Last = at
	for _, value := range []struct {
		text string
		set  *Place
	}{
		{a.CompanyID, &c.places.CompanyID}, {a.Reference, &c.places.Reference},
		{a.Recipient, &c.places.Recipient}, {a.Metadata, &c.places.Metadata},
	} {
		if value.text != "" {
			*value.set = at
		}
	}
	switch r.Region {
	case Status:
		c.places.StatusReported = at
	case Delivery:
		c.places.DeliveryReported = at
	}
}
