package domain

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
)

// PageSize is how many entries a timeline answer holds.
const PageSize = 500

// View says from where a timeline is looked at. The zero value is: now, everything, first page.
type View struct {
	AsOf         *Instant // only events of this instant or before, by the provider's clock
	KnownAt      *Instant // only events that had joined by then, by our clock
	OmitReceived bool     // without arrival facts; KnownAt omits them too
	Cursor       string   // Timeline.Next of the page before
}

// Reader answers where a subject is, how it got there and what did not add up.
type Reader struct {
	Store    Store
	Machines Machines
	// Data gives the provider's own fields of an event from its raw body; null where it cannot.
	Data   func(Event, []byte) json.RawMessage
	Policy *Policy // of dwell limits and expiry; nil for the tables'
	// Dwells, LabelsOf and WatchOf are those of Stats, Lists and Alerts; while nil, nothing is known of them.
	Dwells   func(ctx context.Context, machine string) ([]Dwell, error)
	LabelsOf func(context.Context, ...Subject) (map[Subject]Labels, error)
	WatchOf  func(context.Context, ...Subject) (map[Subject]Watch, error)
}

// Find gives the one known subject among the candidates. Errors: CodeNotFound, CodeAmbiguous.
func (r *Reader) Find(ctx context.Context, candidates ...Subject) (Current, error) {
	found, err := r.Store.Current(ctx, candidates...)
	switch {
	case err != nil:
		return Current{}, err
	case len(found) == 0:
		return Current{}, Errorf(CodeNotFound, "no timeline has this id: check it, and /unresolved, where deliveries wait that have no place on one yet")
	case len(found) > 1:
		return Current{}, Errorf(CodeAmbiguous, "the id is known at %s and %s: add ?provider=", found[0].Subject.Provider, found[1].Subject.Provider)
	}
	return found[0], nil
}

// Timeline tells the story of a known subject. Errors: CodeNotFoundAt, CodeInvalid for a foreign cursor.
func (r *Reader) Timeline(ctx context.Context, c Current, v View) (Timeline, error) {
	after, err := parseCursor(v.Cursor)
	if err != nil {
		return Timeline{}, err
	}
	m, err := r.machine(c.Subject)
	if err != nil {
		return Timeline{}, err
	}
	var t Timeline
	var page Page
	if v.AsOf == nil && v.KnownAt == nil {
		page, err = r.Store.Events(ctx, c.Subject, Range{After: after, Limit: PageSize})
		t = timelineOf(m, page.Current, r.Policy)
	} else {
		var then Current
		var rows []Recorded
		then, rows, err = r.past(ctx, m, c, v)
		t, page = timelineOf(m, then, r.Policy), pageAfter(m, rows, after)
	}
	if err != nil {
		return Timeline{}, err
	}
	t.Entries = EntriesOf(m, page.Before, page.Rows)
	if page.More {
		next := formatCursor(page.Rows[len(page.Rows)-1].Place())
		t.Next = &next
	}
	if err := r.fill(ctx, v, page.Rows, func(i int) *Entry { return &t.Entries[i] }); err != nil {
		return Timeline{}, err
	}
	return t, nil
}

// past folds what was known or had happened by then from its events; nothing cached is trusted.
func (r *Reader) past(ctx context.Context, m Machine, c Current, v View) (Current, []Recorded, error) {
	all, err := r.Store.Events(ctx, c.Subject, Range{UpTo: v.AsOf, Known: v.KnownAt})
	if err != nil {
		return Current{}, nil, err
	}
	if len(all.Rows) == 0 {
		return Current{}, nil, Errorf(CodeNotFoundAt, "%s is known, but nothing of it by then", c.Subject)
	}
	return Refold(m, c.Subject, c.Source, all.Rows), all.Rows, nil
}

// pageAfter cuts a page out of folded rows.
func pageAfter(m Machine, rows []Recorded, after *Place) Page {
	page := Page{Before: m.Start()}
	for _, row := range rows {
		switch {
		case after != nil && row.Place().Compare(*after) <= 0:
			page.Before = row.Outcome.After
		case len(page.Rows) == PageSize:
			page.More = true
		default:
			page.Rows = append(page.Rows, row)
		}
	}
	return page
}

// fill gives the entries of rows what only the bodies tell, and takes away what the view leaves out.
func (r *Reader) fill(ctx context.Context, v View, rows []Recorded, entry func(i int) *Entry) error {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].Body
	}
	bodies, err := r.Store.Bodies(ctx, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		e := entry(i)
		if body, ok := bodies[rows[i].Body]; ok {
			e.Data = r.Data(rows[i].Event, body)
		}
		if v.OmitReceived || v.KnownAt != nil {
			e.Received = nil
		}
	}
	return nil
}

func timelineOf(m Machine, c Current, p *Policy) Timeline {
	return Timeline{
		Subject: SubjectViewOf(c.Subject, c.Source, c.Attributes),
		Phase:   optional(c.State.Phase), State: StatesOf(m, &c, p), Entries: []Entry{},
		Counts: Counts{Events: c.Events, Illegal: c.Illegal},
	}
}

// Refold folds rows, given in canonical order, from the start, writes each row's outcome and gives the state they add
// up to.
func Refold(m Machine, s Subject, source string, rows []Recorded) Current {
	events := make([]Event, len(rows))
	for i := range rows {
		events[i] = rows[i].Event
	}
	c := Current{Subject: s, Source: source, State: m.Start(), Regions: map[Region]RegionFacts{}, Events: int64(len(rows))}
	for i, o := range m.Fold(c.State, events) {
		rows[i].Outcome = o
		c.add(&rows[i])
	}
	return c
}

// add takes one more event, in canonical order, into the sum.
func (c *Current) add(r *Recorded) {
	c.Attributes = r.Attributes.Over(c.Attributes)
	if r.Outcome.Verdict == Illegal {
		c.Illegal++
	}
	if r.Region != NoRegion {
		facts := c.Regions[r.Region]
		facts.Reported = r.Target
		if r.Outcome.Verdict.Moves() {
			at := r.At
			facts.Since = &at
		}
		c.Regions[r.Region] = facts
	}
	c.State = r.Outcome.After
}

const cursorSize = 8 + 8 + len(Fingerprint{})

func formatCursor(p Place) string { return base64.RawURLEncoding.EncodeToString(p.bytes()) }

func parseCursor(s string) (*Place, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != cursorSize {
		return nil, Errorf(CodeInvalid, "cursor is not one that a timeline gave: start again without it")
	}
	p := placeOf(b)
	return &p, nil
}

// bytes are cursorSize of them.
func (p Place) bytes() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.At))
	b = binary.BigEndian.AppendUint64(b, uint64(p.Rank))
	return append(b, p.Fingerprint[:]...)
}

// placeOf is the inverse of bytes, and looks at no more.
func placeOf(b []byte) Place {
	return Place{
		At: Instant(binary.BigEndian.Uint64(b)), Rank: int(binary.BigEndian.Uint64(b[8:])),
		Fingerprint: Fingerprint(b[16:cursorSize]),
	}
}
