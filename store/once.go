package store

import (
	"context"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

const (
	// A key whose row has ended is free, whatever came with it before.
	takeKey = `INSERT INTO idempotency (id, request, holder, until_at, answer) VALUES (?, ?, ?, $clock + ?, ?)
		ON CONFLICT (id) DO UPDATE SET request = excluded.request, holder = excluded.holder, until_at = excluded.until_at,
		answer = excluded.answer WHERE idempotency.until_at <= $clock`
	// A few at a time, and none that another replica is removing.
	sweepKeys = `DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency WHERE until_at <= $clock ORDER BY until_at LIMIT 100$lock)`
	ofHold    = ` WHERE id = ? AND holder = ? AND answer = ?`
)

// Begin takes an idempotency key; see domain.Once.
func (s *Store) Begin(ctx context.Context, key, request [32]byte, lease time.Duration) (domain.Attempt, error) {
	a := domain.Attempt{Key: key, Holder: rand.Int64()}
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(s.withClock(sweepKeys)).Error; err != nil {
			return err
		}
		took := tx.Exec(s.withClock(takeKey), blob(key[:]), blob(request[:]), a.Holder, lease.Microseconds(), blob{})
		if took.Error != nil || took.RowsAffected > 0 {
			return took.Error
		}
		var first struct{ Request, Answer []byte }
		if err := tx.Raw("SELECT request, answer FROM idempotency WHERE id = ?", blob(key[:])).Row().Scan(&first.Request, &first.Answer); err != nil {
			return err
		}
		a.Answer = first.Answer
		return refusedKey(string(first.Request) == string(request[:]), len(first.Answer) > 0)
	})
	if err != nil {
		return domain.Attempt{}, err
	}
	return a, nil
}

// refusedKey says why a key that is taken gives no answer, if it does not.
func refusedKey(same, answered bool) error {
	switch {
	case !same:
		return domain.Errorf(domain.CodeReused, "this Idempotency-Key came with another request: make a new key for each thing that is to be done once")
	case !answered:
		return domain.Errorf(domain.CodeInProgress, "the first request with this Idempotency-Key is still running: send it again in a moment to get its answer")
	}
	return nil
}

// Keep stores the answer; see domain.Once.
func (s *Store) Keep(ctx context.Context, a domain.Attempt, answer []byte, life time.Duration) error {
	return s.held(ctx, s.withClock("UPDATE idempotency SET answer = ?, until_at = $clock + ?"+ofHold),
		blob(answer), life.Microseconds(), blob(a.Key[:]), a.Holder, blob{})
}

// Forget gives the key back; see domain.Once.
func (s *Store) Forget(ctx context.Context, a domain.Attempt) error {
	return s.held(ctx, "DELETE FROM idempotency"+ofHold, blob(a.Key[:]), a.Holder, blob{})
}
