package store

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

const (
	// pulseStands is how long after the last pulse somebody may still have heard something.
	pulseStands = domain.Instant(time.Minute / time.Microsecond)
	// outagesCount is how long an outage plays a part: no deadline is longer, and most are much shorter.
	outagesCount = 2 * 365 * aDay
)

// blind reads when nothing could be heard, as known at now: of outages that ended long ago nothing more depends. A pulse
// that is too long ago is an outage of ours, and lasts until somebody has noted its end.
func (c conn) blind(now domain.Instant) (domain.Blind, error) {
	all, err := c.outages(" OR to_at > ?", int64(now-outagesCount))
	if err != nil {
		return nil, err
	}
	last, err := c.pulse("")
	if last > 0 && now-last > pulseStands {
		all = append(all, domain.Outage{From: last})
	}
	return domain.BlindOf(all, now), err
}

// outages reads those that last, or fit a further condition.
func (c conn) outages(or string, args ...any) (all []domain.Outage, err error) {
	err = c.each(func(rows *sql.Rows) error {
		var o domain.Outage
		err := rows.Scan(&o.Source, (*int64)(&o.From), &o.To)
		all = append(all, o)
		return err
	}, "SELECT source, from_at, to_at FROM outages WHERE to_at IS NULL"+or+" ORDER BY from_at, source", args...)
	return all, err
}

// pulse reads when somebody last could have heard something.
func (c conn) pulse(lock string) (last domain.Instant, err error) {
	return last, c.one([]any{(*int64)(&last)}, "SELECT at FROM pulse"+lock)
}

// Outages lists when nothing could be heard; see domain.Alerts. A limited context is told of its own sources.
func (s *Store) Outages(ctx context.Context, after domain.Instant) (list []domain.Outage, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		list = nil
		all, err := conn{tx, s.dialect}.outages(" OR to_at > ?", int64(after))
		for _, o := range all {
			if _, limited := domain.ReachOf(ctx); !limited || o.Source != "" && domain.InReach(ctx, o.Source) {
				list = append(list, o)
			}
		}
		return err
	})
	return list, err
}
