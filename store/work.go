package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
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

// workPlan plans work within the transaction of what it is about. Work that waits comes at the earlier of both times. Where
// it is being done, its time has been served, and what comes after that has a time of its own: whoever does it will not be
// done with it.
var workPlan = newInsertion("work", "kind, key, due_at, free_at, attempt", ` ON CONFLICT (kind, key) DO UPDATE SET attempt = work.attempt + 1,
	due_at = CASE WHEN excluded.due_at < work.due_at OR work.free_at > 0 AND work.due_at <= work.free_at - `+
	strconv.FormatInt(domain.Lease.Microseconds(), 10)+` THEN excluded.due_at ELSE work.due_at END`)

// workKey names a piece of work.
type workKey struct{ kind, key string }

// planAll plans work in the transaction, and has those woken who wait for it once that is committed.
func (c conn) planAll(due map[workKey]domain.Instant) error {
	if len(due) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(due), func(a, b workKey) int { // one order of locks on every replica
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key))
	})
	wakeLater(c.tx.Statement.Context)
	return c.put(workPlan, len(keys), func(i int, args []any) []any {
		return append(args, keys[i].kind, keys[i].key, int64(due[keys[i]]), int64(0), int64(0))
	})
}

// Plan adds or moves work; see domain.Worklist.
func (s *Store) Plan(ctx context.Context, kind, key string, due domain.Instant) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		wakeLater(tx.Statement.Context)
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
