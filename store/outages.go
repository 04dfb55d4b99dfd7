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

// Pulse notes that we hear; see domain.Alerts.
func (s *Store) Pulse(ctx context.Context, now domain.Instant, quiet []domain.Silence) error {
	looks := false
	err := s.alter(ctx, func(c conn) (err error) {
		looks, err = c.beat(now, quiet)
		return err
	})
	s.changed(err == nil && looks)
	return err
}

// beat moves the pulse on, and reports whether subjects are to be looked at. A clock that was set back makes no outage: the
// time until it is where it was is not lost. Nor is any of it an outage that was found while the clock was ahead.
func (c conn) beat(now domain.Instant, quiet []domain.Silence) (looks bool, err error) {
	last, err := c.pulse(c.d.update)
	if err != nil {
		return false, err
	}
	if err := c.exec("UPDATE pulse SET at = ?", int64(now)); err != nil {
		return false, err
	}
	outages, err := c.outages("")
	if err != nil {
		return false, err
	}
	if last > now {
		if looks, err = c.trimOutages(now); err != nil {
			return false, err
		}
	}
	changed := hush(outages, quiet, now)
	if last > 0 && now-last > pulseStands {
		changed = append(changed, domain.Outage{From: last, To: &now})
	}
	for i := range changed {
		if err := c.keepOutage(&changed[i]); err != nil {
			return false, err
		}
	}
	return looks || len(changed) > 0, nil
}

// trimOutages has no outage end later than now, and every subject looked at again where one was to: its next look may be
// as far away as the clock was ahead.
func (c conn) trimOutages(now domain.Instant) (bool, error) {
	n, err := c.count("DELETE FROM outages WHERE to_at > ? AND from_at >= ?", int64(now), int64(now))
	if err != nil {
		return false, err
	}
	cut, err := c.count("UPDATE outages SET to_at = ? WHERE to_at > ?", int64(now), int64(now))
	if err != nil || n+cut == 0 {
		return false, err
	}
	return true, c.exec("UPDATE follower SET review = 0 WHERE rules <= ?", listingRules)
}

// hush begins outages of the sources that have become quiet, and ends those of the others.
func hush(lasting []domain.Outage, quiet []domain.Silence, now domain.Instant) (changed []domain.Outage) {
	known := map[string]bool{}
	for _, o := range lasting {
		known[o.Source] = slices.ContainsFunc(quiet, func(q domain.Silence) bool { return q.Source == o.Source })
		if !known[o.Source] {
			o.To = new(max(now, o.From))
			changed = append(changed, o)
		}
	}
	for _, q := range quiet {
		if !known[q.Source] {
			known[q.Source] = true
			changed = append(changed, domain.Outage{Source: q.Source, From: q.Since})
		}
	}
	return changed
}

// keepOutage keeps the beginning or the end of an outage. Whoever alarmed since it began is looked at again: nobody may
// have been able to hear that there was no reason to. At its end too, for a lap may have run while it was found out.
func (c conn) keepOutage(o *domain.Outage) error {
	err := c.exec(`INSERT INTO outages (source, from_at, to_at) VALUES (?, ?, ?)
		ON CONFLICT (source, from_at) DO UPDATE SET to_at = excluded.to_at`, o.Source, int64(o.From), nullable(o.To))
	if err != nil {
		return err
	}
	query := "INSERT INTO relist (subject) SELECT DISTINCT subject FROM alerts WHERE " + live +
		" AND subject IS NOT NULL AND rule IN ('stuck', 'expiring', 'overdue_unconfirmed') AND at >= ?"
	args := []any{int64(o.From)}
	if o.Source != "" {
		query += " AND EXISTS (SELECT 1 FROM " + c.d.elements + " WHERE told.value = ?)"
		args = append(args, o.Source)
	}
	return c.exec(query, args...)
}
