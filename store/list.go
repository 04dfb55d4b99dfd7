package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

const (
	maxScanned  = 5000                  // candidates that a page looks at, after which it ends short
	maxScanTime = 10 * time.Millisecond // after which it takes up no more
	maxCounted  = 10_000                // subjects that are counted one by one
)

// List gives a page of subjects; see domain.Lists.
//
// Words that shelves have in common (kind, provider, phase, status, delivery, illegal, stuck) are exact by the index,
// and so is one of the other conditions beside them. Where there are more, candidates of the most selective one are
// looked at, as many as maxScanned and maxScanTime let it: a page may then be short, or empty, and still have a next one.
func (s *Store) List(ctx context.Context, q domain.ListQuery) (page domain.ListPage, err error) {
	cursor, err := parsePageCursor(q.Cursor, queryHash(q))
	if err != nil {
		return page, err
	}
	if err := s.catchUp(ctx); err != nil {
		return page, err
	}
	q.Limit = pageOf(q.Limit)
	err = s.read(ctx, func(tx *gorm.DB) error {
		x := &search{conn: conn{tx, s.dialect}, log: s.log, q: q, cursor: cursor}
		if x.backlog, err = s.backlogIn(tx); err != nil {
			return err
		}
		if x.known, err = s.readShared(tx, q.Kinds, q.Providers); err != nil {
			return err
		}
		page, err = x.page()
		return err
	})
	if err != nil {
		return domain.ListPage{}, err
	}
	return page, nil
}

// PhaseCounts counts subjects by where they stand; see domain.Lists.
func (s *Store) PhaseCounts(ctx context.Context) (counts []domain.PhaseCount, err error) {
	if err := s.catchUp(ctx); err != nil {
		return nil, err
	}
	var shelves map[int64]*shelfRow
	var known []*shared
	err = s.read(ctx, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		if _, err := s.backlogIn(tx); err != nil {
			return err
		}
		if known, err = s.readShared(tx, nil, nil); err != nil {
			return err
		}
		shelves, err = c.shelves(&domain.ListQuery{}, whole)
		return err
	})
	sums := map[domain.PhaseCount]int64{}
	for _, r := range shelves {
		sums[r.Words.place()] += r.Subjects
	}
	for _, x := range known {
		sums[x.words.place()]++
	}
	for c, n := range sums {
		c.Subjects = n
		counts = append(counts, c)
	}
	slices.SortFunc(counts, comparePhases)
	return counts, err
}

// shelves gives those with subjects that fit the words of a query and of which the context reaches so much.
func (c conn) shelves(q *domain.ListQuery, reached share) (map[int64]*shelfRow, error) {
	where, args := wordsWhere(q)
	found := map[int64]*shelfRow{}
	err := c.each(func(rows *sql.Rows) error {
		var r shelfRow
		w := &r.Words
		err := rows.Scan(&r.ID, &w.Sources, (*string)(&w.Provider), (*string)(&w.Kind), &w.Status, &w.Delivery, (*string)(&w.Phase),
			&w.Illegal, &w.Stuck, &r.Subjects)
		if err == nil && shareIn(c.tx.Statement.Context, w.sources()) == reached {
			found[r.ID] = &r
		}
		return err
	}, "SELECT id, "+shelfWords+", subjects FROM shelves WHERE subjects > 0"+where, args...)
	return found, err
}
