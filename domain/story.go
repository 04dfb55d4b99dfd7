package domain

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"math"
	"slices"
	"strings"
)

// Story is what happened to several subjects, told as one: a pure function of their events, as each timeline is.
type Story struct {
	Lanes   []Timeline // one per subject, by provider, kind and id, without entries
	Entries []StoryEntry
	Next    *string
}

// StoryEntry is an entry of one of the lanes.
type StoryEntry struct {
	Lane int // counted from 1
	Entry
}

// Compare orders subjects by provider, kind and id.
func (s Subject) Compare(o Subject) int {
	return cmp.Or(cmp.Compare(s.Provider, o.Provider), cmp.Compare(s.Kind, o.Kind), cmp.Compare(s.ID, o.ID))
}

// Story tells the timelines of known subjects as one, by instant, then by subject, then in the order of the subject's
// own timeline. From a past view, subjects of which nothing was known by then have no lane.
// Errors: CodeNotFoundAt where that is all of them, CodeInvalid for a foreign cursor.
func (r *Reader) Story(ctx context.Context, subjects []Current, v View) (Story, error) {
	return r.story(ctx, subjects, v, PageSize)
}

func (r *Reader) story(ctx context.Context, subjects []Current, v View, size int) (Story, error) {
	from, err := parseMark(v.Cursor)
	if err != nil {
		return Story{}, err
	}
	lanes, err := r.lanes(ctx, subjects, v, from, max(16, size/max(1, len(subjects))))
	if err != nil {
		return Story{}, err
	}
	s := Story{Lanes: make([]Timeline, len(lanes)), Entries: []StoryEntry{}}
	for i, l := range lanes {
		s.Lanes[i] = l.head
	}
	var rows []Recorded
	next, err := first(ctx, lanes)
	for ; err == nil && next >= 0 && len(rows) < size; next, err = first(ctx, lanes) {
		row, entry := lanes[next].take()
		rows, s.Entries = append(rows, row), append(s.Entries, StoryEntry{next + 1, entry})
	}
	if err != nil {
		return Story{}, err
	}
	if next >= 0 {
		last := formatMark(&rows[len(rows)-1])
		s.Next = &last
	}
	if err := r.fill(ctx, v, rows, func(i int) *Entry { return &s.Entries[i].Entry }); err != nil {
		return Story{}, err
	}
	return s, nil
}

// lane is one subject's part in a story, read bit by bit.
type lane struct {
	machine Machine
	head    Timeline
	Page           // what was read and not told yet
	last    *Place // of what was told
	more    func(context.Context, *Place) (Page, error)
}

// lanes opens the subjects' timelines behind a mark, in the order of a story.
func (r *Reader) lanes(ctx context.Context, subjects []Current, v View, from *mark, bit int) ([]*lane, error) {
	subjects = slices.SortedFunc(slices.Values(subjects), func(a, b Current) int { return a.Subject.Compare(b.Subject) })
	var lanes []*lane
	for _, c := range subjects {
		l, err := r.lane(ctx, c, v, from.place(c.Subject), bit)
		if CodeOf(err) == CodeNotFoundAt {
			continue
		}
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	if len(lanes) == 0 && len(subjects) > 0 {
		return nil, Errorf(CodeNotFoundAt, "known, but nothing of it by then")
	}
	return lanes, nil
}

func (r *Reader) lane(ctx context.Context, c Current, v View, after *Place, bit int) (l *lane, err error) {
	m, err := r.machine(c.Subject)
	if err != nil {
		return nil, err
	}
	l = &lane{machine: m}
	if v.AsOf != nil || v.KnownAt != nil {
		then, all, err := r.past(ctx, m, c, v)
		l.head = timelineOf(m, then, r.Policy)
		l.more = func(_ context.Context, after *Place) (Page, error) { return pageAfter(m, all, after), nil }
		l.Page = pageAfter(m, all, after)
		return l, err
	}
	l.more = func(ctx context.Context, after *Place) (Page, error) {
		return r.Store.Events(ctx, c.Subject, Range{After: after, Limit: bit})
	}
	l.Page, err = l.more(ctx, after)
	l.head = timelineOf(m, l.Current, r.Policy)
	return l, err
}

// take hands out the lane's next entry.
func (l *lane) take() (Recorded, Entry) {
	row := l.Rows[0]
	e := EntryOf(l.machine, l.Before, &row)
	place := row.Place()
	l.Before, l.Rows, l.last = row.Outcome.After, l.Rows[1:], &place
	return row, e
}

// first finds the lane whose entry is next; -1 when everything was told.
func first(ctx context.Context, lanes []*lane) (next int, err error) {
	next = -1
	for i, l := range lanes {
		if len(l.Rows) == 0 && l.More {
			if l.Page, err = l.more(ctx, l.last); err != nil {
				return -1, err
			}
		}
		if len(l.Rows) > 0 && (next < 0 || l.Rows[0].At < lanes[next].Rows[0].At) {
			next = i
		}
	}
	return next, nil
}

// mark is the last entry of a page. Which subjects a story has may change from page to page: the mark still divides it.
type mark struct {
	Place
	subject Subject
}

// place is where the subject's timeline goes on behind the mark.
func (m *mark) place(s Subject) *Place {
	if m == nil {
		return nil
	}
	last := Place{At: m.At, Rank: math.MaxInt32, Fingerprint: Fingerprint(bytes.Repeat([]byte{0xff}, len(Fingerprint{})))}
	switch c := s.Compare(m.subject); {
	case c == 0:
		return &m.Place
	case c > 0:
		last.At--
	}
	return &last
}

const markSeparator = "\x00" // no id holds it

func formatMark(r *Recorded) string {
	name := strings.Join([]string{string(r.Subject.Provider), string(r.Subject.Kind), r.Subject.ID}, markSeparator)
	return base64.RawURLEncoding.EncodeToString(append(r.Place().bytes(), name...))
}

func parseMark(s string) (*mark, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < cursorSize {
		return nil, errMark
	}
	name := strings.Split(string(b[cursorSize:]), markSeparator)
	if len(name) != 3 || slices.Contains(name, "") {
		return nil, errMark
	}
	return &mark{placeOf(b), Subject{Provider(name[0]), Kind(name[1]), name[2]}}, nil
}

var errMark = Errorf(CodeInvalid, "cursor is not one that this story gave: start again without it")
