package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

type workRow struct {
	Kind    string
	Key     string
	DueAt   domain.Instant
	Attempt int64
}

const (
	planWork = `INSERT INTO work (kind, key, due_at, free_at, attempt) VALUES (?, ?, ?, 0, 0) ON CONFLICT (kind, key) DO `
	// The rows are chosen first and once: a query plan that looked for them row by row would take more than it may.
	claimDue = `WITH due AS MATERIALIZED (SELECT kind, key FROM work WHERE kind = ? AND due_at <= ? AND free_at <= $clock
		ORDER BY due_at, key LIMIT ?$lock)
		UPDATE work SET free_at = $clock + ?, attempt = attempt + 1 FROM due WHERE work.kind = due.kind AND work.key = due.key
		RETURNING work.kind, work.key, work.due_at, work.attempt`
	ofHolder = ` WHERE kind = ? AND key = ? AND attempt = ?`
)

// Plan adds or moves work; see domain.Worklist.
func (s *Store) Plan(ctx context.Context, kind, key string, due domain.Instant) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec(planWork+"UPDATE SET due_at = excluded.due_at, attempt = work.attempt + 1", kind, key, due).Error
	})
}

// PlanOnce adds work that is not known; see domain.Worklist.
func (s *Store) PlanOnce(ctx context.Context, kind, key string, due domain.Instant) error {
	return s.write(ctx, func(tx *gorm.DB) error { return tx.Exec(planWork+"NOTHING", kind, key, due).Error })
}

// Claim takes due work; see domain.Worklist.
func (s *Store) Claim(ctx context.Context, kind string, now domain.Instant, lease time.Duration, limit int) ([]domain.Work, error) {
	var rows []workRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		return tx.Raw(s.withClock(claimDue), kind, now, limit, lease.Microseconds()).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	claimed := make([]domain.Work, len(rows))
	for i := range rows {
		claimed[i] = domain.Work(rows[i])
	}
	slices.SortFunc(claimed, func(a, b domain.Work) int {
		return cmp.Or(cmp.Compare(a.DueAt, b.DueAt), cmp.Compare(a.Key, b.Key))
	})
	return claimed, nil
}

// withClock puts the database's clock and its way of passing over rows that are taken into a query.
func (s *Store) withClock(query string) string {
	return strings.NewReplacer("$clock", s.dialect.clock(domain.InstantOf(s.now())), "$lock", s.dialect.claim).Replace(query)
}

// Extend holds on to a claim; see domain.Worklist.
func (s *Store) Extend(ctx context.Context, w domain.Work, lease time.Duration) error {
	return s.held(ctx, s.withClock("UPDATE work SET free_at = $clock + ?"+ofHolder), lease.Microseconds(), w.Kind, w.Key, w.Attempt)
}

// Done takes work off the list; see domain.Worklist.
func (s *Store) Done(ctx context.Context, w domain.Work) error {
	return s.held(ctx, "DELETE FROM work"+ofHolder, w.Kind, w.Key, w.Attempt)
}

// Postpone gives a claim back; see domain.Worklist.
func (s *Store) Postpone(ctx context.Context, w domain.Work, due domain.Instant) error {
	return s.held(ctx, "UPDATE work SET due_at = ?, free_at = 0"+ofHolder, due, w.Kind, w.Key, w.Attempt)
}

// held runs a statement that finds nothing when the claim is another's by now.
func (s *Store) held(ctx context.Context, statement string, args ...any) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		done := tx.Exec(statement, args...)
		if done.Error == nil && done.RowsAffected == 0 {
			return domain.Errorf(domain.CodeLost, "the claim has ended, and another may hold it")
		}
		return done.Error
	})
}

// NextDue tells when work of a kind is due first; see domain.Worklist.
func (s *Store) NextDue(ctx context.Context, kind string) (domain.Instant, bool, error) {
	var due *domain.Instant
	err := s.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw("SELECT min(due_at) FROM work WHERE kind = ?", kind).Row().Scan(&due)
	})
	if err != nil || due == nil {
		return 0, false, err
	}
	return *due, true, nil
}
