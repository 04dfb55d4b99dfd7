package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// watchList is a list in the order of one of the index's times.
type watchList struct {
	name   string
	column string
	where  string      // as in the index made for it
	span   domain.Span // of the column
	words  domain.ListQuery
}

// Stuck lists subjects whose deadline has passed; see domain.Alerts.
func (s *Store) Stuck(ctx context.Context, cursor string, limit int) ([]domain.Watching, string, error) {
	yes := true
	return s.watching(ctx, watchList{name: "stuck", column: "due_at", where: "stuck = 1", words: domain.ListQuery{Stuck: &yes}}, cursor, limit)
}

// Expiring lists subjects that expire; see domain.Alerts.
func (s *Store) Expiring(ctx context.Context, span domain.Span, cursor string, limit int) ([]domain.Watching, string, error) {
	return s.watching(ctx, watchList{name: "expiring", column: "expires_at", where: "expires_at IS NOT NULL", span: span}, cursor, limit)
}

// watching gives a page of a list, of those that the context wholly reaches.
func (s *Store) watching(ctx context.Context, w watchList, cursor string, limit int) (list []domain.Watching, next string, err error) {
	at, err := parsePageCursor(cursor, w.hash())
	if err != nil {
		return nil, "", err
	}
	if err := s.catchUp(ctx); err != nil {
		return nil, "", err
	}
	limit = pageOf(limit)
	err = s.read(ctx, func(tx *gorm.DB) error {
		list, next = nil, ""
		x := &search{conn: conn{tx, s.dialect}, log: s.log}
		if x.backlog, err = s.backlogIn(tx); err != nil {
			return err
		}
		found, err := x.watched(&w, at, limit+1)
		if err != nil {
			return err
		}
		if len(found) > limit {
			found = found[:limit]
			last := &found[limit-1]
			if next, err = x.cursorAt(pageCursor{query: w.hash()}, listKey{*last.key, last.Subject}); err != nil {
				return err
			}
		}
		list, err = x.watchings(found)
		return err
	})
	return list, next, err
}

func (w *watchList) hash() [8]byte {
	b, _ := json.Marshal(w.span) // numbers cannot fail
	sum := sha256.Sum256(append([]byte(w.name+" "), b...))
	return [8]byte(sum[:])
}

// watchedRow is what the index knows of a subject that is watched.
type watchedRow struct {
	listingRow
	key *domain.Instant // by which it is listed
}

const watchColumns = "subject, updated, due_at, stuck, expires_at"

func (r *watchedRow) scan(rows *sql.Rows, also ...any) error {
	return rows.Scan(append([]any{&r.Subject, (*int64)(&r.Updated), &r.DueAt, &r.Stuck, &r.ExpiresAt}, also...)...)
}

func (r *watchedRow) watch() domain.Watch {
	return domain.Watch{DueAt: r.DueAt, ExpiresAt: r.ExpiresAt, Stuck: r.Stuck > 0}
}

// watched reads the next rows of a list.
func (x *search) watched(w *watchList, after *pageCursor, limit int) (found []watchedRow, err error) {
	query, args := w.query()
	if _, limited := domain.ReachOf(x.tx.Statement.Context); limited {
		shelves, err := x.conn.shelves(&w.words, whole)
		if err != nil || len(shelves) == 0 {
			return nil, err
		}
		// The sign keeps the database from finding all of them by their shelves and sorting them for a page.
		where, more := x.d.among("+shelf", slices.Sorted(maps.Keys(shelves)))
		query, args = query+" AND "+where, append(args, more...)
	}
	if after != nil {
		subject, err := subjectNumber(x.tx.Statement.Context, x.tx, after.digest)
		if err != nil {
			return nil, err
		}
		query, args = query+" AND ("+w.column+", subject) > (?, ?)", append(args, int64(after.updated), subject)
	}
	err = x.each(func(rows *sql.Rows) error {
		var r watchedRow
		err := r.scan(rows, &r.key)
		found = append(found, r)
		return err
	}, query+" ORDER BY "+w.column+", subject LIMIT ?", append(args, limit)...)
	return found, err
}

func (w *watchList) query() (query string, args []any) {
	query = "SELECT " + watchColumns + ", " + w.column + " FROM listings WHERE " + w.where
	for _, bound := range []struct {
		than string
		at   *domain.Instant
	}{{" >= ?", w.span.From}, {" > ?", w.span.After}, {" <= ?", w.span.Until}, {" < ?", w.span.Before}} {
		if bound.at != nil {
			query, args = query+" AND "+w.column+bound.than, append(args, int64(*bound.at))
		}
	}
	return query, args
}

// watchings reads the rows of a page. Those that came into another reach since the index was made are left out.
func (x *search) watchings(found []watchedRow) (list []domain.Watching, err error) {
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = found[i].Subject
	}
	rows, err := x.subjectRows(x.log, ids)
	if err != nil {
		return nil, err
	}
	labels, err := x.labelsOf(ids)
	if err != nil {
		return nil, err
	}
	for i := range found {
		f := &found[i]
		row := rows[f.Subject]
		stands, err := x.stands(row)
		if err != nil {
			return nil, err
		}
		if stands {
			list = append(list, domain.Watching{Watch: f.watch(), Listed: domain.Listed{
				Current: row.toCurrent(), Reference: referenceOf(row, labels[f.Subject], x.backlog.state.Keys), UpdatedAt: f.Updated,
				Labels: labels[f.Subject].toLabels(), Stuck: f.Stuck > 0,
			}})
		}
	}
	return list, nil
}

// watchOf leaves out what was found before the last event: it is behind what the subject is now.
const watchOf = `SELECT l.subject, l.updated, l.due_at, l.stuck, l.expires_at FROM listings l JOIN subjects s ON s.id = l.subject
	WHERE l.updated = s.joined_at AND (l.due_at IS NOT NULL OR l.expires_at IS NOT NULL) AND `

// WatchOf tells what is watched of subjects; see domain.Alerts. What the index does not know yet is left out.
func (s *Store) WatchOf(ctx context.Context, subjects ...domain.Subject) (map[domain.Subject]domain.Watch, error) {
	digests := make([]digest, len(subjects))
	for i, subject := range subjects {
		digests[i] = digest(subject.Digest())
	}
	found := map[domain.Subject]domain.Watch{}
	err := s.read(ctx, func(tx *gorm.DB) error {
		clear(found)
		c := conn{tx, s.dialect}
		if _, err := s.backlogIn(tx); err != nil {
			return err
		}
		known, err := findSubjects(tx, digests)
		if err != nil {
			return err
		}
		names, ids := map[int64]domain.Subject{}, []int64{}
		for _, row := range known {
			names[row.ID], ids = row.subject(), append(ids, row.ID)
		}
		shares, err := sharesOf(ctx, tx, ids...)
		if err != nil {
			return err
		}
		err = c.chunked("l.subject", ids, func(where string, args []any) error {
			return c.each(func(rows *sql.Rows) error {
				var r watchedRow
				err := r.scan(rows)
				if err == nil && shares[r.Subject] == whole {
					found[names[r.Subject]] = r.watch()
				}
				return err
			}, watchOf+where, args...)
		})
		if err != nil {
			return err
		}
		return c.chunked("subject", ids, func(where string, args []any) error {
			waiting, err := c.numbers("SELECT subject FROM relist WHERE "+where, args...)
			for _, id := range waiting { // labelled since, or to be looked at for another reason
				delete(found, names[id])
			}
			return err
		})
	})
	return found, err
}
