package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"giftline/domain"
)

const (
	maxLabels     = 50
	maxLabelKey   = 64  // bytes
	maxLabelValue = 512 // bytes
)

// labelRow is what people say of a subject; a nil one says nothing.
type labelRow struct {
	Reference string
	Free      string // a JSON object
	ExpiresAt *domain.Instant
	UpdatedAt domain.Instant
	By        string
}

func (r *labelRow) toLabels() *domain.Labels {
	if r == nil {
		return nil
	}
	l := &domain.Labels{Reference: r.Reference, ExpiresAt: r.ExpiresAt, UpdatedAt: r.UpdatedAt, By: r.By}
	if json.Unmarshal([]byte(r.Free), &l.Free) != nil || len(l.Free) == 0 {
		l.Free = nil
	}
	return l
}

// SetLabels keeps what people say of a subject, or removes it; see domain.Lists.
func (s *Store) SetLabels(ctx context.Context, subject domain.Subject, labels domain.Labels) error {
	if err := checkLabels(&labels); err != nil {
		return err
	}
	free, err := json.Marshal(labels.Free)
	if err != nil {
		return err
	}
	if labels.UpdatedAt == 0 {
		labels.UpdatedAt = domain.InstantOf(s.now())
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		id, err := c.reachable(subject)
		if err != nil {
			return err
		}
		if labels.Empty() {
			err = c.exec("DELETE FROM labels WHERE subject = ?", id)
		} else {
			err = c.exec(setLabels, id, labels.Reference, string(free), nullable(labels.ExpiresAt), int64(labels.UpdatedAt), labels.By)
		}
		if err != nil {
			return err
		}
		return c.relist(id)
	})
	if err != nil {
		return err
	}
	s.hints.give()
	if err := s.catchUp(ctx); err != nil { // who asks next wants to see what follows from them
		s.log.Debug("labels were kept, and what follows from them comes later", "error", err)
	}
	return nil
}

const setLabels = `INSERT INTO labels (subject, reference, free, expires_at, updated_at, by) VALUES (?, ?, ?, ?, ?, ?)
	ON CONFLICT (subject) DO UPDATE SET reference = excluded.reference, free = excluded.free, expires_at = excluded.expires_at,
	updated_at = excluded.updated_at, by = excluded.by`

func checkLabels(l *domain.Labels) error {
	if len(l.Free) > maxLabels {
		return domain.Errorf(domain.CodeInvalid, "a subject can have %d labels: remove some", maxLabels)
	}
	if !isPlain(l.Reference, maxLabelValue) {
		return domain.Errorf(domain.CodeInvalid, "the reference must be UTF-8 text of at most %d bytes without NUL", maxLabelValue)
	}
	for key, value := range l.Free {
		if key == "" || !isPlain(key, maxLabelKey) || !isPlain(value, maxLabelValue) {
			return domain.Errorf(domain.CodeInvalid, "a label must be UTF-8 text without NUL: its name 1 to %d bytes, its value at most %d",
				maxLabelKey, maxLabelValue)
		}
	}
	return nil
}

func isPlain(text string, most int) bool {
	return len(text) <= most && utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// reachable gives the number of a known subject. Errors: CodeNotFound.
func (c conn) reachable(subject domain.Subject) (int64, error) {
	row, ok, err := findSubject(c.tx, subject)
	if err != nil {
		return 0, err
	}
	if ok && row.Events > 0 {
		if ok, err = c.reaches(row.ID); err != nil {
			return 0, err
		}
		if ok {
			return row.ID, nil
		}
	}
	return 0, domain.Errorf(domain.CodeNotFound, "no %s %q is known: check the id", subject.Kind, subject.ID)
}

// relist has subjects listed anew though the feed tells nothing of them.
func (c conn) relist(subjects ...int64) error {
	return c.put(relistInsert, len(subjects), func(i int, args []any) []any { return append(args, subjects[i]) })
}

// LabelsOf gives the labels of those of the subjects that have some; see domain.Lists.
func (s *Store) LabelsOf(ctx context.Context, subjects ...domain.Subject) (map[domain.Subject]domain.Labels, error) {
	digests := make([]digest, len(subjects))
	for i, subject := range subjects {
		digests[i] = digest(subject.Digest())
	}
	found := map[domain.Subject]domain.Labels{}
	err := s.read(ctx, func(tx *gorm.DB) error {
		clear(found)
		c := conn{tx, s.dialect}
		known, err := findSubjects(tx, digests)
		if err != nil {
			return err
		}
		names, ids := map[int64]domain.Subject{}, []int64{}
		for _, row := range known {
			names[row.ID], ids = row.subject(), append(ids, row.ID)
		}
		labels, err := c.labelsOf(ids)
		for id, r := range labels {
			reached, err := c.reaches(id)
			if err != nil {
				return err
			}
			if reached {
				found[names[id]] = *r.toLabels()
			}
		}
		return err
	})
	return found, err
}

func (c conn) labelsOf(subjects []int64) (map[int64]*labelRow, error) {
	found := map[int64]*labelRow{}
	err := c.chunked("subject", subjects, func(where string, args []any) error {
		return c.each(func(rows *sql.Rows) error {
			var r labelRow
			var id int64
			err := rows.Scan(&id, &r.Reference, &r.Free, &r.ExpiresAt, (*int64)(&r.UpdatedAt), &r.By)
			found[id] = &r
			return err
		}, "SELECT subject, reference, free, expires_at, updated_at, by FROM labels WHERE "+where, args...)
	})
	return found, err
}
