package store

import (
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// A limited context sees of a subject what its own sources told: the stored cache where they told all of it, the fold
// of their events alone where they told some, and no subject at all where they told none. An event belongs to the source
// of its first copy.

// share is how much of a subject a context reaches.
type share int

const (
	none share = iota
	some
	whole
)

// sharesOf gives the shares of subjects by number; those without events have none.
func sharesOf(ctx context.Context, tx *gorm.DB, numbers ...int64) (map[int64]share, error) {
	shares := make(map[int64]share, len(numbers))
	own, limited := domain.ReachOf(ctx)
	if !limited {
		for _, n := range numbers {
			shares[n] = whole
		}
		return shares, nil
	}
	const query = `SELECT subject, min(own) AS least, max(own) AS most FROM
		(SELECT subject, CASE WHEN source IN ? THEN 1 ELSE 0 END AS own FROM events WHERE subject IN ?) x GROUP BY subject`
	for part := range slices.Chunk(numbers, chunk) {
		var rows []struct {
			Subject     int64
			Least, Most share
		}
		if err := tx.Raw(query, own, part).Scan(&rows).Error; err != nil {
			return nil, err
		}
		for _, r := range rows {
			shares[r.Subject] = r.Least + r.Most
		}
	}
	return shares, nil
}

// shareIn is the share of what the sources together told.
func shareIn(ctx context.Context, sources []string) share {
	if domain.InReach(ctx, sources...) {
		return whole
	}
	if own, _ := domain.ReachOf(ctx); slices.ContainsFunc(sources, func(s string) bool { return slices.Contains(own, s) }) {
		return some
	}
	return none
}

// findReached finds a subject with how much of it the context reaches; none where it is not known.
func findReached(ctx context.Context, tx *gorm.DB, subject domain.Subject) (subjectRow, share, error) {
	known, ok, err := findSubject(tx, subject)
	if err != nil || !ok {
		return known, none, err
	}
	shares, err := sharesOf(ctx, tx, known.ID)
	return known, shares[known.ID], err
}

// within narrows a query to rows of the sources that the context reaches.
func within(ctx context.Context, q *gorm.DB, column string) *gorm.DB {
	if own, limited := domain.ReachOf(ctx); limited {
		return q.Where(column+" IN ?", own)
	}
	return q
}

// condition is within for a query that is written out; empty where there is no limit.
func condition(ctx context.Context, column string) (text string, args []any) {
	if own, limited := domain.ReachOf(ctx); limited {
		return " AND " + column + " IN ?", []any{own}
	}
	return "", nil
}

// ownStory folds what the context's own sources told of a subject, as if nobody else had told anything.
func (s *Store) ownStory(ctx context.Context, tx *gorm.DB, known *subjectRow) (domain.Current, []domain.Recorded, error) {
	subject := known.subject()
	m, ok := s.machines.For(subject.Provider, subject.Kind)
	if !ok {
		return domain.Current{}, nil, domain.Errorf(domain.CodeNewerMachine, "this version has no machine for %s %s: upgrade it", subject.Provider, subject.Kind)
	}
	events, err := findEvents(within(ctx, tx, "source"), known.ID, domain.Range{})
	if err != nil || len(events) == 0 {
		return domain.Current{}, nil, err
	}
	current, rows := toldBy(m, subject, events)
	return current, rows, nil
}

// toldBy folds some of a subject's events, at least one, as if there were no others.
func toldBy(m domain.Machine, subject domain.Subject, events []eventRow) (domain.Current, []domain.Recorded) {
	rows := recorded(subject, events)
	current := domain.Refold(m, subject, firstToTell(rows), rows)
	lateness(rows)
	before := m.Start()
	for i := range rows {
		rows[i].Before, before = before, rows[i].Outcome.After
	}
	return current, rows
}

// firstToTell is the source whose event joined first.
func firstToTell(rows []domain.Recorded) string {
	first := slices.MinFunc(rows, func(a, b domain.Recorded) int { return cmp.Compare(a.Joined, b.Joined) })
	return first.Source
}

// lateness says of each row whether a later one of them had joined before it. Of rows that joined at the same instant
// only the stored word is known.
func lateness(rows []domain.Recorded) {
	for i, earliest := len(rows)-1, domain.Instant(1<<62); i >= 0; i-- {
		r := &rows[i]
		r.Received.Late = earliest < r.Joined || earliest == r.Joined && r.Received.Late
		earliest = min(earliest, r.Joined)
	}
}

// ownPage is Events for a subject of which the context reaches only some.
func (s *Store) ownPage(ctx context.Context, tx *gorm.DB, known *subjectRow, r domain.Range) (domain.Page, error) {
	page := domain.Page{Before: s.start(known.subject())}
	current, rows, err := s.ownStory(ctx, tx, known)
	page.Current = current
	for _, row := range rows {
		switch {
		case r.After != nil && row.Place().Compare(*r.After) <= 0:
			page.Before = row.Outcome.After
		case r.UpTo != nil && row.At > *r.UpTo, r.Known != nil && row.Joined > *r.Known:
		default:
			row.Before = domain.State{} // only for lists across subjects
			page.Rows = append(page.Rows, row)
		}
	}
	extra := len(page.Rows) - r.Limit
	if page.More = r.Limit > 0 && extra > 0; !page.More {
		return page, err
	}
	if r.Last {
		page.Before, page.Rows = page.Rows[extra-1].Outcome.After, page.Rows[extra:]
	}
	page.Rows = page.Rows[:r.Limit]
	return page, err
}

// ownRows gives listed events as the context's own sources tell them; those that they do not tell are left out.
func (s *Store) ownRows(ctx context.Context, tx *gorm.DB, rows []listedRow) ([]domain.Recorded, error) {
	numbers := make([]int64, len(rows))
	for i := range rows {
		numbers[i] = rows[i].Event.Subject
	}
	shares, err := sharesOf(ctx, tx, numbers...)
	if err != nil {
		return nil, err
	}
	var own []domain.Recorded
	stories := ownStories{}
	for i := range rows {
		switch e, ok, err := s.ownRow(ctx, tx, &rows[i], shares[numbers[i]], stories); {
		case err != nil:
			return nil, err
		case ok:
			own = append(own, e)
		}
	}
	return own, nil
}

// ownStories are those of the subjects that were met, each folded once however many of its events are listed.
type ownStories map[int64]map[domain.Fingerprint]domain.Recorded

func (s *Store) ownRow(ctx context.Context, tx *gorm.DB, r *listedRow, reached share, stories ownStories) (domain.Recorded, bool, error) {
	if reached == whole {
		return s.toListed(r), true, nil
	}
	story, told := stories[r.Event.Subject]
	if !told {
		known := subjectRow{ID: r.Event.Subject, Provider: r.Provider, Kind: r.Kind, SubjectID: r.SubjectID}
		_, rows, err := s.ownStory(ctx, tx, &known)
		if err != nil {
			return domain.Recorded{}, false, err
		}
		story = make(map[domain.Fingerprint]domain.Recorded, len(rows))
		for _, row := range rows {
			story[row.Fingerprint] = row
		}
		stories[r.Event.Subject] = story
	}
	e, ok := story[domain.Fingerprint(r.Event.FP)]
	return e, ok, nil
}

// mayResolve refuses what a limited context does not reach, as something that is not parked.
func (s *Store) mayResolve(ctx context.Context, parkedID string) error {
	if _, limited := domain.ReachOf(ctx); !limited {
		return nil
	}
	return s.read(ctx, func(tx *gorm.DB) error {
		_, err := openParked(within(ctx, tx.Omit("body"), "source"), parkedID)
		return err
	})
}

// ownReceipt says of a commit what the context's own sources tell of its event and subject.
func (s *Store) ownReceipt(ctx context.Context, r domain.Receipt) (domain.Receipt, error) {
	if _, limited := domain.ReachOf(ctx); !limited || r.EventID == "" {
		return r, nil
	}
	d, fp, err := domain.ParseEventID(r.EventID)
	if err != nil {
		return r, err
	}
	e, err := s.Event(ctx, d, fp)
	if domain.CodeOf(err) == domain.CodeNotFound { // a copy of what another source told
		return domain.Receipt{Result: r.Result, Subject: r.Subject}, nil
	}
	if err != nil {
		return r, err
	}
	known, err := s.Current(ctx, r.Subject)
	if err == nil && len(known) == 1 {
		r.Verdict, r.State = e.Outcome.Verdict, known[0].State
	}
	return r, err
}
