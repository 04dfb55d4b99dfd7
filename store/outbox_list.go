package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// Notifications gives a page of notifications, and among them of what became none; see domain.Outbox. The two are kept
// apart, each in the order in which it was made, so that a page goes on in both.
func (s *Store) Notifications(ctx context.Context, q domain.NotificationQuery) (page []domain.Notification, next string, err error) {
	at, err := parseOutboxCursor(q.Cursor, outboxHash(q))
	if err != nil {
		return nil, "", err
	}
	limit := pageOf(q.Limit)
	var made []*notificationRow
	var suppressed []*suppressedRow
	err = s.read(ctx, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		if made, err = c.madeRows(q, at, limit+1); err != nil {
			return err
		}
		suppressed, err = c.passedOver(q, at, limit+1)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	for len(made)+len(suppressed) > 0 {
		if len(page) == limit {
			return page, at.String(), nil
		}
		if len(suppressed) == 0 || len(made) > 0 && made[0].CreatedAt >= suppressed[0].CreatedAt {
			page, at.made, made = append(page, made[0].Notification), made[0].ID, made[1:]
			continue
		}
		page, at.number, suppressed = append(page, suppressed[0].Notification), suppressed[0].number, suppressed[1:]
	}
	return page, "", nil
}

// madeRows reads notifications, the last one first: their ids are in the order in which they were made.
func (c conn) madeRows(q domain.NotificationQuery, at *outboxCursor, limit int) (found []*notificationRow, err error) {
	w := &conditions{}
	in(w, "channel", q.Channels)
	in(w, "status", q.Statuses)
	if at.made != "" {
		w.add("id < ?", at.made)
	}
	if q.Alert != "" {
		in(w, "alert", []string{q.Alert})
		w.all[len(w.all)-1] = "id IN (SELECT notification FROM items WHERE alert <> '' AND notification IS NOT NULL AND " + w.all[len(w.all)-1] + ")"
	}
	c.withinSources(w, "notifications")
	rows, err := c.tx.Raw("SELECT "+notificationColumns+" FROM notifications"+w.text()+" ORDER BY id DESC LIMIT ?", append(w.args, limit)...).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		n, err := scanNotification(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, n)
	}
	return found, rows.Err()
}

// passedOver reads what was not told, if it is asked for.
func (c conn) passedOver(q domain.NotificationQuery, at *outboxCursor, limit int) ([]*suppressedRow, error) {
	if len(q.Statuses) > 0 && !slices.Contains(q.Statuses, domain.NotificationSuppressed) {
		return nil, nil
	}
	w := &conditions{}
	in(w, "channel", q.Channels)
	if at.number != 0 {
		w.add("id < ?", at.number)
	}
	if q.Alert != "" {
		w.add("alert <> ''")
		in(w, "alert", []string{q.Alert})
	}
	return c.suppressedRows(w, limit)
}

// Channels tells of channels; see domain.Outbox.
func (s *Store) Channels(ctx context.Context) (map[string]domain.ChannelState, error) {
	all := map[string]domain.ChannelState{}
	err := s.read(ctx, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		for _, read := range []func(map[string]domain.ChannelState) error{c.readChannels, c.countNotifications, c.countItems} {
			if err := read(all); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func (c conn) readChannels(all map[string]domain.ChannelState) error {
	return c.each(func(rows *sql.Rows) error {
		var s domain.ChannelState
		err := rows.Scan(&s.Channel, &s.DisabledAt, &s.Reason, &s.LastSentAt, &s.LastError, &s.FailingAt)
		all[s.Channel] = s
		return err
	}, "SELECT channel, disabled_at, reason, last_sent_at, last_error, failing_at FROM channels")
}

func (c conn) countNotifications(all map[string]domain.ChannelState) error {
	return c.counted(all, func(s *domain.ChannelState, status string, n int64) {
		switch domain.NotificationStatus(status) {
		case domain.NotificationPending:
			s.Pending += n
		case domain.NotificationDead:
			s.Dead += n
		case domain.NotificationSent:
			s.Sent += n
		}
	}, "SELECT channel, status, count(*) FROM notifications GROUP BY channel, status")
}

// countItems counts what is suppressed by alert, and what waits by group: that is how it will be told.
func (c conn) countItems(all map[string]domain.ChannelState) error {
	err := c.counted(all, func(s *domain.ChannelState, _ string, n int64) { s.Suppressed += n },
		"SELECT channel, '', count(*) FROM items WHERE suppressed <> '' GROUP BY channel")
	if err != nil {
		return err
	}
	return c.counted(all, func(s *domain.ChannelState, _ string, n int64) { s.Pending += n },
		"SELECT channel, '', count(DISTINCT grp) FROM items WHERE "+waits+" GROUP BY channel")
}

func (c conn) counted(all map[string]domain.ChannelState, add func(*domain.ChannelState, string, int64), query string) error {
	return c.each(func(rows *sql.Rows) error {
		var channel, what string
		var n int64
		if err := rows.Scan(&channel, &what, &n); err != nil {
			return err
		}
		s := all[channel]
		s.Channel = channel
		add(&s, what, n)
		all[channel] = s
		return nil
	}, query)
}

// outboxCursor is a place in one list of notifications: the last one of each kind that was given.
type outboxCursor struct {
	query  [8]byte
	made   string // id of a notification; empty for none yet
	number int64  // of an item; 0 for none yet
}

// String is opaque to those who pass it back.
func (c *outboxCursor) String() string {
	b := binary.BigEndian.AppendUint64(c.query[:], uint64(c.number))
	return base64.RawURLEncoding.EncodeToString(append(b, c.made...))
}

// parseOutboxCursor gives the beginning for the first page. Errors: CodeInvalid for the cursor of another list.
func parseOutboxCursor(text string, query [8]byte) (*outboxCursor, error) {
	if text == "" {
		return &outboxCursor{query: query}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 16 || [8]byte(b) != query || !isPlain(string(b[16:]), maxText) {
		return nil, errCursor
	}
	return &outboxCursor{query, string(b[16:]), int64(binary.BigEndian.Uint64(b[8:]))}, nil
}

// outboxHash tells lists of notifications apart, whatever page of them is asked for.
func outboxHash(q domain.NotificationQuery) [8]byte {
	q.Cursor, q.Limit = "", 0
	b, _ := json.Marshal(q) // texts and lists of them cannot fail
	sum := sha256.Sum256(b)
	return [8]byte(sum[:])
}
