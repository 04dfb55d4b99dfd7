package store

import (
	"context"
	"strings"

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
const listed = `SELECT e.*, s.provider, s.kind, s.subject_id, s.digest,
  p.status AS previous_status, p.delivery AS previous_delivery, p.phase AS previous_phase, p.permanent AS previous_permanent
FROM events e
JOIN subjects s ON s.id = e.subject
LEFT JOIN events p ON p.subject = e.subject AND (p.at, p.rank, p.fp) = (
  SELECT at, rank, fp FROM events b
  WHERE b.subject = e.subject AND (b.at, b.rank, b.fp) < (e.at, e.rank, e.fp)
  ORDER BY at DESC, rank DESC, fp DESC LIMIT 1)
`

// Illegal lists what is illegal now over all subjects, newest first, in an order that is the same in every database.
func (s *Store) Illegal(ctx context.Context, cursor string, limit int) (page []domain.Recorded, next string, err error) {
	from, err := parseListCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	limit = pageOf(limit)
	var rows []listedRow
	err = s.read(ctx, func(tx *gorm.DB) error {
		rows, err = findIllegal(tx, from, limit+1)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursorAt(&rows[limit-1]).String()
	}
	for i := range rows {
		page = append(page, s.toListed(&rows[i]))
	}
	return page, next, nil
}

// findIllegal names the verdict in the text, because only then SQLite takes the index made for it.
func findIllegal(tx *gorm.DB, from *listCursor, limit int) (rows []listedRow, err error) {
	var q strings.Builder
	q.WriteString(listed + "WHERE e.verdict = 'illegal'")
	var args []any
	if from != nil {
		subject, err := subjectNumber(tx, from.digest)
		if err != nil {
			return nil, err
		}
		q.WriteString(" AND (e.at, e.fp, e.subject) < (?, ?, ?)")
		args = append(args, from.At, fingerprint(from.Fingerprint), subject)
	}
	q.WriteString(" ORDER BY e.at DESC, e.fp DESC, e.subject DESC LIMIT ?")
	err = tx.Raw(q.String(), append(args, limit)...).Scan(&rows).Error
	return rows, err
}

func subjectNumber(tx *gorm.DB, d digest) (int64, error) {
	known, err := findSubjects(tx, []digest{d})
	if err != nil {
		return 0, err
	}
	row, ok := known[d]
	if !ok {
		return 0, errCursor
	}
	return row.ID, nil
}

// Event gives one event by what its id holds. Errors: CodeNotFound.
func (s *Store) Event(ctx context.Context, d domain.Digest, fp domain.Fingerprint) (domain.Recorded, error) {
	var rows []listedRow
	err := s.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw(listed+"WHERE s.digest = ? AND e.fp = ?", digest(d), fingerprint(fp)).Scan(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = domain.Errorf(domain.CodeNotFound, "no event has the id %s: check that it is complete", domain.EventID(d, fp))
	}
	if err != nil {
		return domain.Recorded{}, err
	}
	return s.toListed(&rows[0]), nil
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
