package store

import (
	"context"
	"database/sql"

	"gorm.io/gorm"

	"giftline/domain"
)

// chunk is how many keys one IN takes, far below the 32,766 that SQLite allows.
const chunk = 500

// Current gives the state of those of the subjects that are known to the context, each once, in the order asked.
func (s *Store) Current(ctx context.Context, subjects ...domain.Subject) (found []domain.Current, err error) {
	digests := make([]digest, len(subjects))
	for i, subject := range subjects {
		digests[i] = digest(subject.Digest())
	}
	err = s.read(ctx, func(tx *gorm.DB) error {
		known, err := findSubjects(tx, digests)
		if err != nil {
			return err
		}
		found, err = s.reached(ctx, tx, digests, known)
		return err
	})
	return found, err
}

// reached gives what the context may know of those of the subjects that are known.
func (s *Store) reached(ctx context.Context, tx *gorm.DB, digests []digest, known map[digest]subjectRow) (found []domain.Current, err error) {
	var numbers []int64
	for _, row := range known {
		numbers = append(numbers, row.ID)
	}
	shares, err := sharesOf(ctx, tx, numbers...)
	for _, d := range digests {
		row, ok := known[d]
		if err != nil || !ok || row.Events == 0 || shares[row.ID] == none {
			continue
		}
		c := row.toCurrent()
		if shares[row.ID] == some {
			c, _, err = s.ownStory(ctx, tx, &row)
		}
		found = append(found, c)
		delete(known, d)
	}
	return found, err
}

// findSubjects gives the rows of those that are known. It works in a reading as in a writing transaction.
func findSubjects(tx *gorm.DB, digests []digest) (map[digest]subjectRow, error) {
	known := make(map[digest]subjectRow, len(digests))
	for len(digests) > 0 {
		n := min(len(digests), chunk)
		var rows []subjectRow
		if err := tx.Where("digest IN ?", digests[:n]).Find(&rows).Error; err != nil {
			return nil, err
		}
		for _, row := range rows {
			known[row.Digest] = row
		}
		digests = digests[n:]
	}
	return known, nil
}

// findSubject reports false for a subject that is not known.
func findSubject(tx *gorm.DB, subject domain.Subject) (subjectRow, bool, error) {
	d := digest(subject.Digest())
	known, err := findSubjects(tx, []digest{d})
	row, ok := known[d]
	return row, ok, err
}

// start is the state before a subject's first event.
func (s *Store) start(subject domain.Subject) domain.State {
	if m, ok := s.machines.For(subject.Provider, subject.Kind); ok {
		return m.Start()
	}
	return domain.State{Status: domain.New} // a newer version recorded it: all that every machine has
}

const subjectColumns = `id, digest, provider, kind, subject_id, source, status, delivery, phase, permanent, status_since,
	delivery_since, last_at, joined_at, company_id, reference, recipient, metadata, status_reported, delivery_reported, places, events,
	illegal, machine_revision, machine_hash`

// scanSubjects reads rows by digest for the write path, column by column: gorm's reflection costs twice as much, and
// every webhook pays for it.
func scanSubjects(tx *gorm.DB, d *dialect, digests [][]byte, each func(*subjectRow) error) error {
	where, args := d.anyOf("digest", digests)
	query := "SELECT " + subjectColumns + " FROM subjects WHERE " + where + d.lock
	rows, err := tx.Statement.ConnPool.QueryContext(tx.Statement.Context, query, args...)
	if err != nil {
		return err
	}
	return eachSubject(rows, each)
}

// eachSubject reads rows of subjectColumns.
func eachSubject(rows *sql.Rows, each func(*subjectRow) error) error {
	defer rows.Close()
	for rows.Next() {
		var r subjectRow
		if err := rows.Scan(r.pointers()...); err != nil {
			return err
		}
		if err := each(&r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// pointers are the fields in the order of subjectColumns.
func (r *subjectRow) pointers() []any {
	a := &r.Attributes
	return []any{
		&r.ID, &r.Digest, (*string)(&r.Provider), (*string)(&r.Kind), &r.SubjectID, &r.Source, &r.State.Status,
		&r.State.Delivery, (*string)(&r.State.Phase), &r.State.Permanent, &r.StatusSince,
		&r.DeliverySince, (*int64)(&r.LastAt), (*int64)(&r.JoinedAt), &a.CompanyID, &a.Reference, &a.Recipient, &a.Metadata,
		&r.StatusReported, &r.DeliveryReported, (*[]byte)(&r.Places), &r.Events, &r.Illegal, &r.MachineRevision,
		&r.MachineHash,
	}
}
