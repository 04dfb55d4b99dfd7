package store

import (
	"context"

	"gorm.io/gorm"

	"giftline/domain"
)

// parkedHead is a parked row without its body.
type parkedHead struct {
	Row  parkedRow `gorm:"embedded"`
	Size int
}

const parkedColumns = `seq, id, key, result, code, detail, source, provider, delivery_id, attempt_at, received_at, last_at,
  seen, kind, subject_id, fp, claims, sha256, closed_at`

// ParkedList lists open parked deliveries of one result, newest first.
func (s *Store) ParkedList(ctx context.Context, r domain.Result, cursor string, limit int) (page []domain.Parked, next string, err error) {
	var below int64
	if cursor != "" {
		if below, err = parseSeq(cursor); err != nil {
			return nil, "", err
		}
	}
	limit = pageOf(limit)
	var rows []parkedHead
	err = s.read(ctx, func(tx *gorm.DB) error {
		rows, err = findParked(within(ctx, tx, "source"), r, below, limit+1)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = formatSeq(rows[limit-1].Row.Seq)
	}
	for i := range rows {
		p := rows[i].Row.toParked()
		p.Size = rows[i].Size
		page = append(page, p)
	}
	return page, next, nil
}

// findParked starts below a sequence number, or at the top for 0.
func findParked(tx *gorm.DB, r domain.Result, below int64, limit int) (rows []parkedHead, err error) {
	q := tx.Table("parked").Select(parkedColumns+", length(body) AS size").Where("result = ? AND closed_at IS NULL", r)
	if below != 0 {
		q = q.Where("seq < ?", below)
	}
	err = q.Order("seq DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

// ParkedDelivery gives an open one with its body. Errors: CodeNotFound, CodeDamaged.
func (s *Store) ParkedDelivery(ctx context.Context, id string) (domain.Parked, error) {
	var row parkedRow
	err := s.read(ctx, func(tx *gorm.DB) (err error) {
		row, err = openParked(within(ctx, tx, "source"), id)
		return err
	})
	switch {
	case err != nil:
		return domain.Parked{}, err
	case !intact(row.Body, row.SHA256):
		return domain.Parked{}, damagedBodies(1)
	}
	p := row.toParked()
	p.Body = row.Body
	return p, nil
}

// openParked finds one that is not closed. It works in a reading as in a writing transaction.
func openParked(tx *gorm.DB, id string) (parkedRow, error) {
	var rows []parkedRow
	if err := tx.Where("id = ? AND closed_at IS NULL", id).Limit(1).Find(&rows).Error; err != nil {
		return parkedRow{}, err
	}
	if len(rows) == 0 {
		return parkedRow{}, domain.Errorf(domain.CodeNotFound, "nothing parked has this id: it may have been resolved already, see /unresolved, /conflicts and /quarantine")
	}
	return rows[0], nil
}
