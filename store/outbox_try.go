package store

import (
	"context"

	"gorm.io/gorm"

	"giftline/domain"
)

// KeepTry keeps what an attempt came to; see domain.Outbox. A notification that has ended meanwhile stays as it is.
func (s *Store) KeepTry(ctx context.Context, id string, t domain.Tried) (more, open bool, err error) {
	var n notificationRow
	err = s.alter(ctx, func(c conn) error {
		if n, err = c.notification(id, c.d.lockRows); err != nil || n.Status != domain.NotificationPending {
			return err
		}
		return c.keepTry(&n, t)
	})
	if err != nil {
		return false, false, err
	}
	err = s.read(ctx, func(tx *gorm.DB) error {
		more, open, err = conn{tx, s.dialect}.leftOf(n.Channel, n.Group, s.repeated(n.Channel, n.Group))
		return err
	})
	return more, open, err
}

// keepTry notes of what was given up, too, when its group was told: what is open is repeated after it as after what was sent.
func (c conn) keepTry(n *notificationRow, t domain.Tried) error {
	var sent any
	if t.Status == domain.NotificationSent {
		sent = int64(t.At)
	}
	err := c.exec("UPDATE notifications SET status = ?, attempts = attempts + 1, next_at = ?, sent_at = ?, last_error = ? WHERE id = ?",
		string(t.Status), nullable(t.NextAt), sent, t.Error, n.ID)
	if err != nil {
		return err
	}
	if t.Status != domain.NotificationPending && n.Kind != domain.KindMove { // a group of moves will have nothing more to tell
		err = c.exec(`INSERT INTO told (channel, grp, last_at) VALUES (?, ?, ?) ON CONFLICT (channel, grp) DO UPDATE SET
			last_at = excluded.last_at`, n.Channel, n.Group, int64(t.At))
	}
	if err != nil {
		return err
	}
	if sent == nil {
		return c.exec(`INSERT INTO channels (channel, last_error, failing_at) VALUES (?, ?, ?) ON CONFLICT (channel) DO UPDATE SET
			last_error = excluded.last_error, failing_at = coalesce(channels.failing_at, excluded.failing_at)`, n.Channel, t.Error, int64(t.At))
	}
	return c.exec(`INSERT INTO channels (channel, last_sent_at) VALUES (?, ?) ON CONFLICT (channel) DO UPDATE SET
		last_sent_at = excluded.last_sent_at, last_error = '', failing_at = NULL`, n.Channel, int64(t.At))
}

// leftOf says whether a group has more to tell, and whether alerts that it was told of are in one of the statuses.
func (c conn) leftOf(channel, group, statuses string) (more, open bool, err error) {
	again := heardBy(channel, group, statuses)
	err = c.one([]any{&more, &open}, "SELECT EXISTS (SELECT 1 FROM items WHERE "+waits+" AND "+ofGroup+
		") OR EXISTS (SELECT 1 FROM notifications WHERE status = 'pending' AND "+ofGroup+
		"), EXISTS (SELECT 1 FROM alerts WHERE "+again.where+")", append([]any{channel, group, channel, group}, again.args...)...)
	return more, open, err
}

// LastTold gives when a group was told last; see domain.Outbox.
func (s *Store) LastTold(ctx context.Context, channel, group string) (at domain.Instant, ok bool, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		last, err := conn{tx, s.dialect}.numbers("SELECT last_at FROM told WHERE "+ofGroup, channel, group)
		if len(last) > 0 {
			at, ok = domain.Instant(last[0]), true
		}
		return err
	})
	return at, ok, err
}

// Disable stops a channel; see domain.Outbox. What was composed for it already is dead: it can be sent again.
func (s *Store) Disable(ctx context.Context, channel, reason string, now domain.Instant) error {
	return s.alter(ctx, func(c conn) error {
		if err := c.exec("UPDATE items SET suppressed = 'channel_disabled' WHERE "+waits+" AND channel = ?", channel); err != nil {
			return err
		}
		err := c.exec(`UPDATE notifications SET status = 'dead', next_at = NULL, last_error = CASE last_error WHEN '' THEN CAST(? AS text) ELSE last_error END
			WHERE status = 'pending' AND channel = ?`, reason, channel)
		if err != nil {
			return err
		}
		return c.exec(`INSERT INTO channels (channel, disabled_at, reason) VALUES (?, ?, ?) ON CONFLICT (channel) DO UPDATE SET
			disabled_at = coalesce(channels.disabled_at, excluded.disabled_at), reason = excluded.reason`, channel, int64(now), reason)
	})
}

// Enable starts a channel again; see domain.Outbox. Its groups are looked at, for repeats ended when it was disabled.
func (s *Store) Enable(ctx context.Context, channel string) error {
	return s.alter(ctx, func(c conn) error {
		const again = `INSERT INTO work (kind, key, due_at, free_at, attempt) SELECT CAST(? AS text), grp, last_at, 0, 0 FROM told WHERE channel = ?
			ON CONFLICT (kind, key) DO NOTHING`
		if err := c.exec(again, domain.WorkNotify(channel), channel); err != nil {
			return err
		}
		return c.exec("UPDATE channels SET disabled_at = NULL, reason = '', failing_at = NULL WHERE channel = ?", channel)
	})
}

// Resend has a dead notification tried again; see domain.Outbox. It has all its attempts once more.
func (s *Store) Resend(ctx context.Context, id string, now domain.Instant) error {
	return s.alter(ctx, func(c conn) error {
		n, err := c.notification(id, c.d.lockRows)
		if err != nil {
			return err
		}
		disabled, err := c.disabled()
		switch {
		case err != nil:
			return err
		case !n.inReach(ctx):
			return errNoNotification
		case n.Status != domain.NotificationDead:
			return domain.Errorf(domain.CodeInvalid, "this notification is %s: only a dead one can be sent again", n.Status)
		case disabled[n.Channel]:
			return domain.Errorf(domain.CodeInvalid, "the channel %s is disabled: enable it first", n.Channel)
		}
		if err := c.exec("UPDATE notifications SET status = 'pending', attempts = 0, next_at = ? WHERE id = ?", int64(now), id); err != nil {
			return err
		}
		return c.planAll(map[workKey]domain.Instant{{domain.WorkNotify(n.Channel), n.Group}: now})
	})
}
