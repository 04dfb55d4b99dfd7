package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"giftline/domain"
	"github.com/google/uuid"
)

// waits is the condition of the index of items that no notification tells yet; ofGroup narrows it to a group.
const (
	waits   = "notification IS NULL AND suppressed = ''"
	ofGroup = "channel = ? AND grp = ?"
)

// heardOf chooses the live alerts that a group was told of, by its channel and its name. It does so by the live ones: those
// are fewer than the items of a month.
const heardOf = live + ` AND EXISTS (SELECT 1 FROM items WHERE alert <> '' AND alert = alerts.id AND channel = ? AND grp = ? AND
	notification IS NOT NULL)`

// told is a condition on alerts, with its arguments.
type told struct {
	where string
	args  []any
}

// heardBy chooses the alerts that a group was told of and that hold, in one of the statuses. A group that is one alert
// looks at no other.
func heardBy(channel, group, statuses string) told {
	t := told{"status IN (" + statuses + ") AND " + heardOf, []any{channel, group}}
	if domain.IsAlertID(group) {
		t.where, t.args = "id = ? AND "+t.where, []any{group, channel, group}
	}
	return t
}

// repeated gives the statuses of the alerts that a group is told again.
func (s *Store) repeated(channel, group string) string {
	if s.alerting != nil && s.alerting.Routes.Of(channel, group).Whole {
		return "'open', 'acknowledged'"
	}
	return "'open'"
}

// passedOver gives the statuses of those that it is not told again.
func passedOver(repeated string) string {
	if repeated == "'open'" {
		return "'acknowledged', 'snoozed'"
	}
	return "'snoozed'"
}

// Compose gives what a group is to be told next; see domain.Outbox. What it gives is committed: whoever sends it and dies
// finds it again, under the same id.
func (s *Store) Compose(ctx context.Context, channel, group string, now domain.Instant, repeat bool, items int) (*domain.Notification, error) {
	var id string
	err := s.alter(ctx, func(c conn) (err error) {
		id, err = c.compose(channel, group, now, repeat, s.repeated(channel, group))
		return err
	})
	if err != nil || id == "" {
		return nil, err
	}
	n, err := s.notification(ctx, id, items)
	if err != nil {
		return nil, err
	}
	return &n, nil
}

// compose gives the id of the notification; empty where nothing is to be told.
func (c conn) compose(channel, group string, now domain.Instant, repeat bool, statuses string) (string, error) {
	disabled, err := c.disabled()
	if err != nil {
		return "", err
	}
	if disabled[channel] {
		return "", c.exec("UPDATE items SET suppressed = 'channel_disabled' WHERE "+waits+" AND "+ofGroup, channel, group)
	}
	if id, err := c.pending(channel, group); id != "" || err != nil {
		return id, err
	}
	id, err := newNotificationID()
	if err != nil {
		return "", err
	}
	n, err := c.gather(id, channel, group)
	switch {
	case err != nil:
		return "", err
	case n > 0:
		return id, c.putNotification(id, channel, group, now)
	case repeat:
		return c.composeRepeat(id, channel, group, now, statuses)
	}
	return c.pending(channel, group) // another may have composed it while this one waited for its items
}

// pending finds the first notification of a group that has not ended.
func (c conn) pending(channel, group string) (string, error) {
	ids, err := c.texts("SELECT id FROM notifications WHERE status = 'pending' AND "+ofGroup+" ORDER BY id LIMIT 1", channel, group)
	if len(ids) == 0 {
		return "", err
	}
	return ids[0], err
}

// gather gives a notification everything of its group that waits, however much that is, but for what is snoozed by now.
func (c conn) gather(id, channel, group string) (int64, error) {
	const snoozed = "UPDATE items SET suppressed = 'snoozed' WHERE " + waits + " AND " + ofGroup + ` AND step IN ('opened', 'reopened', 'woke')
		AND EXISTS (SELECT 1 FROM alerts WHERE alerts.id = items.alert AND alerts.status = 'snoozed')`
	if err := c.exec(snoozed, channel, group); err != nil {
		return 0, err
	}
	return c.count("UPDATE items SET notification = ? WHERE "+waits+" AND "+ofGroup, id, channel, group)
}

// putNotification writes the notification of items that were gathered.
func (c conn) putNotification(id, channel, group string, now domain.Instant) error {
	counts, sources := map[domain.StepKind]int64{}, map[string]bool{}
	err := c.each(func(rows *sql.Rows) error {
		var step domain.StepKind
		var told string
		var n int64
		if err := rows.Scan(&step, &told, &n); err != nil {
			return err
		}
		counts[step] += n
		return addSources(sources, told)
	}, "SELECT step, sources, count(*) FROM items WHERE notification = ? GROUP BY step, sources", id)
	if err != nil {
		return err
	}
	kind := domain.KindAlerts
	if _, moves := counts[""]; moves {
		kind, counts = domain.KindMove, nil
	}
	return c.insertNotification(id, channel, group, kind, now, counts, sources)
}

// composeRepeat makes a notification of the alerts of a group that are open, and for
// some channels of those that somebody looks after. What is told again is not written down: it is
// what is open when the message is made. That somebody looks after an alert, or has snoozed it, is written down once.
func (c conn) composeRepeat(id, channel, group string, now domain.Instant, statuses string) (string, error) {
	// Whoever else composes for the group waits here, and finds what this one has made.
	told, err := c.numbers("SELECT last_at FROM told WHERE "+ofGroup+c.d.lockRows, channel, group)
	if err != nil || len(told) == 0 {
		return "", err
	}
	if other, err := c.pending(channel, group); other != "" || err != nil {
		return other, err
	}
	over, again := heardBy(channel, group, passedOver(statuses)), heardBy(channel, group, statuses)
	skip := `INSERT INTO items (channel, grp, alert, step, at, sources, move, suppressed)
		SELECT CAST(? AS text), CAST(? AS text), id, 'opened', CAST(? AS bigint), sources, '', status FROM alerts
		WHERE ` + over.where + ` AND NOT EXISTS
		(SELECT 1 FROM items WHERE alert <> '' AND alert = alerts.id AND channel = ? AND suppressed = alerts.status AND at >= alerts.updated_at)`
	if err := c.exec(skip, append(append([]any{channel, group, int64(now)}, over.args...), channel)...); err != nil {
		return "", err
	}
	var n int64
	sources := map[string]bool{}
	err = c.each(func(rows *sql.Rows) error {
		var told string
		var some int64
		if err := rows.Scan(&told, &some); err != nil {
			return err
		}
		n += some
		return addSources(sources, told)
	}, "SELECT sources, count(*) FROM alerts WHERE "+again.where+" GROUP BY sources", again.args...)
	if err != nil || n == 0 {
		return "", err
	}
	return id, c.insertNotification(id, channel, group, domain.KindRepeat, now, map[domain.StepKind]int64{domain.StepOpened: n}, sources)
}

func (c conn) insertNotification(id, channel, group string, kind domain.NotificationKind, now domain.Instant, counts map[domain.StepKind]int64, sources map[string]bool) error {
	text, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	return c.exec(`INSERT INTO notifications (id, channel, grp, kind, status, created_at, attempts, last_error, counts, sources)
		VALUES (?, ?, ?, ?, 'pending', ?, 0, '', ?, ?)`, id, channel, group, string(kind), int64(now), string(text), listOf(keysOf(sources)))
}

// addSources adds those of an alert. Of one about ourselves there are none: it belongs to the source without a name, which
// no key reaches.
func addSources(all map[string]bool, text string) error {
	var sources []string
	if err := json.Unmarshal([]byte(text), &sources); err != nil {
		return domain.Errorf(domain.CodeDamaged, "a stored list of sources is not JSON: check the disk, and restore the last backup")
	}
	if len(sources) == 0 {
		sources = []string{""}
	}
	for _, s := range sources {
		all[s] = true
	}
	return nil
}

func newNotificationID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return "ntf_" + id.String(), nil
}

// count runs a statement and says how many rows it changed.
func (c conn) count(statement string, args ...any) (int64, error) {
	done, err := c.tx.Statement.ConnPool.ExecContext(c.tx.Statement.Context, c.d.bind(statement), args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// texts reads a column.
func (c conn) texts(query string, args ...any) (all []string, err error) {
	err = c.each(func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		all = append(all, text)
		return err
	}, query, args...)
	return all, err
}
