package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// listedRow is an event read without knowing its subject, with the state that the event before it left; pointers are
// null for a first event.
type listedRow struct {
	Event             eventRow `gorm:"embedded"`
	Provider          domain.Provider
	Kind              domain.Kind
	SubjectID         string
	Digest            digest
	PreviousStatus    *string
	PreviousDelivery  *string
	PreviousPhase     *domain.Phase
	PreviousPermanent *bool
}

// listed joins events (e) with their subjects (s) and the events before them (p).
const listed = listedColumns + "FROM events e" + listedJoins

const listedColumns = `SELECT e.*, s.provider, s.kind, s.subject_id, s.digest,
  p.status AS previous_status, p.delivery AS previous_delivery, p.phase AS previous_phase, p.permanent AS previous_permanent
`

const listedJoins = `
JOIN subjects s ON s.id = e.subject
LEFT JOIN events p ON p.subject = e.subject AND (p.at, p.rank, p.fp) = (
  SELECT at, rank, fp FROM events b
  WHERE b.subject = e.subject AND (b.at, b.rank, b.fp) < (e.at, e.rank, e.fp)
  ORDER BY at DESC, rank DESC, fp DESC LIMIT 1)
`

// Illegal lists what is illegal now over all subjects, newest first, in an order that is the same in every database. A
// limited context is listed what is illegal in its own stories. Of a subject that is not made out for it (see
// mostShared), that is only what is illegal in the whole story too.
func (s *Store) Illegal(ctx context.Context, cursor string, limit int) (page []domain.Recorded, next string, err error) {
	from, err := parseListCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	if _, limited := domain.ReachOf(ctx); limited {
		if err := s.catchUp(ctx); err != nil {
			return nil, "", err
		}
	}
	limit = pageOf(limit)
	err = s.read(ctx, func(tx *gorm.DB) error {
		page, err = s.illegalPage(ctx, tx, from, limit)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if len(page) > limit {
		page = page[:limit]
		next = cursorAt(&page[limit-1]).String()
	}
	return page, next, nil
}

// illegalPage reads on while events of the rows that it has read turn out to be legal in the context's own stories. It
// may give more than is asked for, to show that there is more.
func (s *Store) illegalPage(ctx context.Context, tx *gorm.DB, from *listCursor, limit int) (page []domain.Recorded, err error) {
	own, known, err := s.sharedIllegal(ctx, tx, from)
	if err != nil {
		return nil, err
	}
	for more := true; more && len(page) <= limit; {
		rows, err := findIllegal(ctx, tx, from, limit+1)
		if err != nil {
			return nil, err
		}
		if more = len(rows) > limit; more {
			from = &listCursor{rows[limit].Event.place(), rows[limit].Digest}
		}
		rows = slices.DeleteFunc(rows, func(r listedRow) bool { return known[r.Event.Subject] })
		told, err := s.ownRows(ctx, tx, rows)
		if err != nil {
			return nil, err
		}
		page = append(page, slices.DeleteFunc(told, func(r domain.Recorded) bool { return r.Outcome.Verdict != domain.Illegal })...)
	}
	page = append(page, own...)
	slices.SortStableFunc(page, func(a, b domain.Recorded) int {
		return cmp.Or(cmp.Compare(b.At, a.At), bytes.Compare(b.Fingerprint[:], a.Fingerprint[:]))
	})
	return page, nil
}

// sharedIllegal gives what is illegal in the stories that are made out for a limited context, behind a place, and whose
// stories these are.
func (s *Store) sharedIllegal(ctx context.Context, tx *gorm.DB, from *listCursor) (rows []domain.Recorded, known map[int64]bool, err error) {
	var cut int64
	if from != nil {
		if cut, err = subjectNumber(ctx, tx, from.digest); err != nil {
			return nil, nil, err
		}
	}
	all, err := s.readShared(tx, nil, nil)
	known = map[int64]bool{}
	for _, x := range all {
		known[x.subject] = true
		for _, r := range x.rows {
			behind := from == nil || cmp.Or(cmp.Compare(r.At, from.At), bytes.Compare(r.Fingerprint[:], from.Fingerprint[:]), cmp.Compare(x.subject, cut)) < 0
			if behind && r.Outcome.Verdict == domain.Illegal {
				rows = append(rows, r)
			}
		}
	}
	return rows, known, err
}

// findIllegal names the verdict in the text, because only then SQLite takes the index made for it.
func findIllegal(ctx context.Context, tx *gorm.DB, from *listCursor, limit int) (rows []listedRow, err error) {
	own, args := condition(ctx, "e.source")
	query := listed + "WHERE e.verdict = 'illegal'" + own
	if from != nil {
		subject, err := subjectNumber(ctx, tx, from.digest)
		if err != nil {
			return nil, err
		}
		query += " AND (e.at, e.fp, e.subject) < (?, ?, ?)"
		args = append(args, from.At, fingerprint(from.Fingerprint), subject)
	}
	query += " ORDER BY e.at DESC, e.fp DESC, e.subject DESC LIMIT ?"
	err = tx.Raw(query, append(args, limit)...).Scan(&rows).Error
	return rows, err
}

// subjectNumber refuses a cursor whose subject the context does not reach, as one of no subject.
func subjectNumber(ctx context.Context, tx *gorm.DB, d digest) (int64, error) {
	known, err := findSubjects(tx, []digest{d})
	if err != nil {
		return 0, err
	}
	shares, err := sharesOf(ctx, tx, known[d].ID)
	if err == nil && (known[d].ID == 0 || shares[known[d].ID] == none) {
		err = errCursor
	}
	return known[d].ID, err
}

func (s *Store) toListed(r *listedRow) domain.Recorded {
	subject := domain.Subject{Provider: r.Provider, Kind: r.Kind, ID: r.SubjectID}
	e := r.Event.toRecorded(subject)
	e.Before = s.start(subject)
	if r.PreviousStatus != nil {
		e.Before = domain.State{
			Status: *r.PreviousStatus, Delivery: *r.PreviousDelivery, Phase: *r.PreviousPhase, Permanent: *r.PreviousPermanent,
		}
	}
	return e
}
