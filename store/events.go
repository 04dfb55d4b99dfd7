package store

import (
	"context"
	"crypto/sha256"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// The canonical order, and its reverse.
const (
	canonical = "at, rank, fp"
	reversed  = "at DESC, rank DESC, fp DESC"
)

// Events reads a page of a subject's events in canonical order; empty when the subject is unknown to the context.
func (s *Store) Events(ctx context.Context, subject domain.Subject, r domain.Range) (domain.Page, error) {
	page := domain.Page{Before: s.start(subject)}
	err := s.read(ctx, func(tx *gorm.DB) error {
		known, reached, err := findReached(ctx, tx, subject)
		switch {
		case err != nil || reached == none:
			return err
		case reached == some:
			page, err = s.ownPage(ctx, tx, &known, r)
			return err
		}
		page.Current = known.toCurrent()
		if before, ok, err := lastUpTo(tx, known.ID, r.After); err != nil {
			return err
		} else if ok {
			page.Before = domain.State(before.State)
		}
		rows, err := findEvents(tx, known.ID, r)
		if r.Limit > 0 && len(rows) > r.Limit {
			page.More = true
			if r.Last {
				page.Before = domain.State(rows[0].State)
				rows = rows[1:]
			}
			rows = rows[:r.Limit]
		}
		page.Rows = recorded(subject, rows)
		return err
	})
	if err != nil {
		return domain.Page{}, err
	}
	return page, nil
}

// findEvents reads one row beyond the limit, to know whether there is more.
func findEvents(tx *gorm.DB, subject int64, r domain.Range) (rows []eventRow, err error) {
	q := tx.Where("subject = ?", subject)
	if r.After != nil {
		q = q.Where("(at, rank, fp) > (?, ?, ?)", r.After.At, r.After.Rank, fingerprint(r.After.Fingerprint))
	}
	if r.UpTo != nil {
		q = q.Where("at <= ?", *r.UpTo)
	}
	if r.Known != nil {
		q = q.Where("joined_at <= ?", *r.Known)
	}
	if r.Limit > 0 {
		q = q.Limit(r.Limit + 1)
	}
	if r.Last {
		err = q.Order(reversed).Find(&rows).Error
		slices.Reverse(rows)
		return rows, err
	}
	err = q.Order(canonical).Find(&rows).Error
	return rows, err
}

// lastUpTo gives the subject's last event at place or before it; false for none, and for no place.
func lastUpTo(tx *gorm.DB, subject int64, place *domain.Place) (eventRow, bool, error) {
	if place == nil {
		return eventRow{}, false, nil
	}
	var rows []eventRow
	err := tx.Where("subject = ? AND (at, rank, fp) <= (?, ?, ?)", subject, place.At, place.Rank, fingerprint(place.Fingerprint)).
		Order(reversed).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return eventRow{}, false, err
	}
	return rows[0], true, nil
}

func recorded(subject domain.Subject, rows []eventRow) []domain.Recorded {
	all := make([]domain.Recorded, len(rows))
	for i := range rows {
		all[i] = rows[i].toRecorded(subject)
	}
	return all
}

// Bodies gives raw bodies by Recorded.Body, whoever asks: who has the number was given the event. Erased ones are absent, and so are damaged ones, which are an error beside
// the others.
func (s *Store) Bodies(ctx context.Context, ids []int64) (map[int64][]byte, error) {
	bodies := make(map[int64][]byte, len(ids))
	damaged := 0
	err := s.read(ctx, func(tx *gorm.DB) error {
		for rest := ids; len(rest) > 0; {
			n := min(len(rest), chunk)
			var rows []bodyRow
			if err := tx.Where("id IN ?", rest[:n]).Find(&rows).Error; err != nil {
				return err
			}
			for _, row := range rows {
				if intact(row.Body, row.SHA256) {
					bodies[row.ID] = row.Body
				} else {
					damaged++
				}
			}
			rest = rest[n:]
		}
		return nil
	})
	if err == nil && damaged > 0 {
		err = damagedBodies(damaged)
	}
	return bodies, err
}

// intact compares bytes with the digest taken when they were received: SQLite itself does not notice flipped bits.
func intact(body, sum []byte) bool {
	is := sha256.Sum256(body)
	return string(is[:]) == string(sum)
}

func damagedBodies(n int) error {
	return domain.Errorf(domain.CodeDamaged, "%d stored bodies are not the bytes that were received: check the disk, and restore the last backup", n)
}
