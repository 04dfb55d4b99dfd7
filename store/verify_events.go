package store

import (
	"database/sql"

	"gorm.io/gorm"

	"giftline/domain"
)

// bodies compares a page of events with their bodies, one body at a time.
func (w *walk) bodies(tx *gorm.DB, page []eventRow) error {
	byBody := map[int64][]*eventRow{}
	var ids []any
	for i := range page {
		row := &page[i]
		if byBody[row.Body] == nil {
			ids = append(ids, row.Body)
		}
		byBody[row.Body] = append(byBody[row.Body], row)
		if !w.sources[row.Source] {
			w.broken(domain.PartEvent, row, "nothing was ever counted of its source")
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Raw("SELECT id, sha256, body FROM bodies WHERE id IN ?", ids).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b bodyRow
		if err := rows.Scan(&b.ID, (*[]byte)(&b.SHA256), (*[]byte)(&b.Body)); err != nil {
			return err
		}
		w.body(&b, byBody[b.ID])
		delete(byBody, b.ID)
	}
	for _, missing := range byBody {
		for _, row := range missing {
			w.broken(domain.PartBody, row, "its body is missing")
		}
	}
	return rows.Err()
}

func (w *walk) body(b *bodyRow, of []*eventRow) {
	w.left -= len(b.Body) / workBlock
	w.pass.bodies++
	for _, row := range of {
		if !intact(b.Body, b.SHA256) {
			w.broken(domain.PartBody, row, "its body is not the bytes that were received")
			continue
		}
		r := row.toRecorded(w.pass.subject)
		w.pass.check.Body(&r, b.Body)
	}
}

func (w *walk) broken(part domain.Part, row *eventRow, what string) {
	r := row.toRecorded(w.pass.subject)
	w.pass.check.Broken(part, &r, what)
}

// changesOf lists what was noted of a subject, event by event, with how each stands now.
const changesOf = `SELECT c.fp, c.joined_at, c.was, c.verdict, c.region, c.was_from, c.was_to, c.was_reason, c.believed_at, c.cause,
	e.verdict, e.joined_at FROM changes c LEFT JOIN events e ON e.subject = c.subject AND e.fp = c.fp
	WHERE c.subject = ? AND c.was <> '' ORDER BY c.fp, c.seq`

// history compares the ledger with the events. It holds the changes of one event at a time.
func (w *walk) history(tx *gorm.DB) error {
	rows, err := tx.Raw(changesOf, w.pass.row.ID).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []domain.VerdictChange
	var now *domain.Standing
	for rows.Next() {
		c, standing, err := scanChange(rows)
		if err != nil {
			return err
		}
		if len(all) > 0 && all[0].Event != c.Event {
			w.pass.check.Changes(all, now)
			all = all[:0]
		}
		all, now = append(all, c), standing
		w.left--
	}
	if len(all) > 0 {
		w.pass.check.Changes(all, now)
	}
	return rows.Err()
}

func scanChange(rows *sql.Rows) (c domain.VerdictChange, now *domain.Standing, err error) {
	var cause []byte
	var verdict *string
	var joined *int64
	err = rows.Scan((*fingerprint)(&c.Event), (*int64)(&c.At), (*string)(&c.Was), (*string)(&c.Verdict), (*string)(&c.Region), &c.From, &c.To,
		(*string)(&c.Reason), (*int64)(&c.BelievedAt), &cause, &verdict, &joined)
	c.ByEvent = len(cause) > 0
	if verdict != nil && joined != nil {
		now = &domain.Standing{Verdict: domain.Verdict(*verdict), Joined: domain.Instant(*joined)}
	}
	return c, now, err
}
