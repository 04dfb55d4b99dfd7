package store

import (
	"context"

	"giftline/domain"
)

// Prune forgets what was told; see domain.Outbox. What was told of alerts that still hold stays, for their end is told to
// who heard of their beginning.
func (s *Store) Prune(ctx context.Context, before domain.Instant, limit int) (pruned int64, err error) {
	err = s.alter(ctx, func(c conn) error {
		pruned = 0
		for _, status := range []domain.NotificationStatus{domain.NotificationSent, domain.NotificationDead} {
			n, err := c.pruneTold(status, before, int64(limit)-pruned)
			if pruned += n; err != nil {
				return err
			}
		}
		// Only the first ones are looked at: their numbers are in the order of time.
		const suppressed = `DELETE FROM items WHERE id IN (SELECT id FROM
			(SELECT id, at FROM items WHERE suppressed <> '' ORDER BY id LIMIT ?) oldest WHERE at < ?)`
		n, err := c.count(suppressed, int64(limit)-pruned, int64(before))
		if pruned += n; err != nil {
			return err
		}
		n, err = c.count("DELETE FROM told WHERE (channel, grp) IN (SELECT channel, grp FROM told WHERE last_at < ? LIMIT ?)", int64(before), int64(limit)-pruned)
		pruned += n
		return err
	})
	return pruned, err
}

// pruneTold forgets the first notifications of a status, at most so many rows of what they tell.
func (c conn) pruneTold(status domain.NotificationStatus, before domain.Instant, limit int64) (pruned int64, err error) {
	for pruned < limit {
		const first = "SELECT id FROM (SELECT id, created_at FROM notifications WHERE status = ? ORDER BY id LIMIT 1) oldest WHERE created_at < ?"
		ids, err := c.texts(first, string(status), int64(before))
		if err != nil || len(ids) == 0 {
			return pruned, err
		}
		n, err := c.pruneItems(ids[0], limit-pruned)
		if pruned += n; err != nil || pruned >= limit {
			return pruned, err
		}
		if err := c.exec("DELETE FROM notifications WHERE id = ?", ids[0]); err != nil {
			return pruned, err
		}
		pruned++
	}
	return pruned, nil
}

// pruneItems forgets what a notification tells of alerts that have ended, and what was kept of them before because they
// had not. These come first: they are found by the others.
func (c conn) pruneItems(id string, limit int64) (pruned int64, err error) {
	for _, chosen := range []string{
		`SELECT k.id FROM items i JOIN alerts a ON a.id = i.alert AND a.ended_at IS NOT NULL
			JOIN items k ON k.alert = i.alert AND k.alert <> '' AND k.id < i.id AND k.notification IS NOT NULL WHERE i.notification = ?`,
		`SELECT i.id FROM items i WHERE i.notification = ? AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.id = i.alert AND a.ended_at IS NULL)`,
	} {
		n, err := c.count("DELETE FROM items WHERE id IN ("+chosen+" LIMIT ?)", id, limit-pruned)
		if pruned += n; err != nil {
			return pruned, err
		}
	}
	return pruned, nil
}
