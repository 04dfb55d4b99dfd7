package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"giftline/domain"
)

var errNoNotification = domain.Errorf(domain.CodeNotFound, "no notification has this id: see /notifications")

const notificationColumns = "id, channel, grp, kind, status, created_at, attempts, next_at, sent_at, last_error, counts, sources"

// notificationRow is a notification without what it tells, and whose readers may see it.
type notificationRow struct {
	domain.Notification
	sources []string
}

func scanNotification(rows *sql.Rows) (*notificationRow, error) {
	var n notificationRow
	var counts, sources string
	err := rows.Scan(&n.ID, &n.Channel, &n.Group, (*string)(&n.Kind), (*string)(&n.Status), (*int64)(&n.CreatedAt), &n.Attempts, &n.NextAt,
		&n.SentAt, &n.LastError, &counts, &sources)
	if json.Unmarshal([]byte(counts), &n.Counts) != nil {
		n.Counts = nil
	}
	if json.Unmarshal([]byte(sources), &n.sources) != nil { // of damaged ones nobody is in reach
		n.sources = nil
	}
	return &n, err
}

// inReach reports whether a context reaches everything that a notification tells of.
func (n *notificationRow) inReach(ctx context.Context) bool { return domain.InReach(ctx, n.sources...) }

// notification reads one, and holds it until the transaction ends where lock says so. Errors: CodeNotFound.
func (c conn) notification(id, lock string) (notificationRow, error) {
	var found *notificationRow
	err := c.each(func(rows *sql.Rows) (err error) {
		found, err = scanNotification(rows)
		return err
	}, "SELECT "+notificationColumns+" FROM notifications WHERE id = ?"+lock, id)
	if err != nil || found == nil {
		return notificationRow{}, or(err, errNoNotification)
	}
	return *found, nil
}

func or(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// mostItems is how many alerts of a notification are told of at most.
const mostItems = 1000

// Notification gives one notification with its items; see domain.Outbox.
func (s *Store) Notification(ctx context.Context, id string) (domain.Notification, error) {
	if !isPlain(id, maxText) {
		return domain.Notification{}, errNoNotification
	}
	return s.notification(ctx, id, mostItems)
}

func (s *Store) notification(ctx context.Context, id string, items int) (n domain.Notification, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		if number, ok := strings.CutPrefix(id, suppressedPrefix); ok {
			n, err = c.suppressedItem(number)
			n.Items = reachedItems(ctx, n.Items)
			return err
		}
		found, err := c.notification(id, "")
		if err != nil || !found.inReach(ctx) {
			return or(err, errNoNotification)
		}
		n = found.Notification
		err = or(c.readItems(&n, s.repeated(n.Channel, n.Group), items), c.countOpen(&n))
		n.Items = reachedItems(ctx, n.Items)
		return err
	})
	return n, err
}

// reachedItems leaves out the alerts that a context does not reach: they are shown as they are now, and others may have heard
// of their subjects since they were told of.
func reachedItems(ctx context.Context, items []domain.NotificationItem) []domain.NotificationItem {
	if _, limited := domain.ReachOf(ctx); !limited {
		return items
	}
	return slices.DeleteFunc(items, func(i domain.NotificationItem) bool {
		return len(i.Alert.Sources) == 0 || !domain.InReach(ctx, i.Alert.Sources...)
	})
}

// severest orders alerts by who needs somebody first: what is open, then what is severe, then what holds longest.
const severest = ` ORDER BY CASE alerts.status WHEN 'open' THEN 0 WHEN 'acknowledged' THEN 1 WHEN 'snoozed' THEN 2 ELSE 3 END,
	CASE alerts.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, at, id`

// readItems reads what a notification tells; a repeat, of alerts in one of the statuses.
func (c conn) readItems(n *domain.Notification, statuses string, limit int) error {
	switch n.Kind {
	case domain.KindMove:
		return c.readMove(n)
	case domain.KindRepeat:
		again := heardBy(n.Channel, n.Group, statuses)
		return c.addItems(n, "'opened' FROM alerts WHERE "+again.where+severest+" LIMIT ?", append(again.args, limit)...)
	}
	return c.addItems(n, "step FROM alerts JOIN (SELECT alert, step FROM items WHERE notification = ?) told ON told.alert = alerts.id"+
		severest+" LIMIT ?", n.ID, limit)
}

// countOpen counts what is live of a notification's group, told of by now or not.
func (c conn) countOpen(n *domain.Notification) error {
	if n.Kind == domain.KindMove {
		return nil
	}
	of := heardBy(n.Channel, n.Group, "'open', 'acknowledged', 'snoozed'")
	where := strings.Replace(of.where, "notification IS NOT NULL", "suppressed = ''", 1)
	return c.one([]any{&n.Open}, "SELECT count(*) FROM alerts WHERE "+where, of.args...)
}

func (c conn) addItems(n *domain.Notification, query string, args ...any) error {
	return c.each(func(rows *sql.Rows) error {
		var step domain.StepKind
		r, err := scanAlert(rows, &step)
		if err == nil {
			n.Items = append(n.Items, domain.NotificationItem{Alert: r.Alert, Step: step})
		}
		return err
	}, "SELECT "+alertColumns+", "+query, args...)
}

func (c conn) readMove(n *domain.Notification) error {
	told, err := c.texts("SELECT move FROM items WHERE notification = ? ORDER BY id DESC LIMIT 1", n.ID)
	if err != nil || len(told) == 0 {
		return err
	}
	return json.Unmarshal([]byte(told[0]), &n.Move)
}

// suppressedPrefix is what the id of an item begins with that is not told: it has no notification.
const suppressedPrefix = "sup_"

// suppressedRow is an item that is not told, as the notification that it did not become.
type suppressedRow struct {
	domain.Notification
	number int64
	alert  string
}

func scanSuppressed(rows *sql.Rows) (*suppressedRow, error) {
	var r suppressedRow
	var step domain.StepKind
	var move string
	err := rows.Scan(&r.number, &r.Channel, &r.Group, &r.alert, (*string)(&step), (*int64)(&r.CreatedAt), &move, (*string)(&r.Reason))
	r.ID, r.Kind, r.Status = suppressedPrefix+strconv.FormatInt(r.number, 10), domain.KindAlerts, domain.NotificationSuppressed
	if r.alert != "" {
		r.Counts = map[domain.StepKind]int64{step: 1}
		return &r, err
	}
	r.Kind = domain.KindMove
	if err == nil {
		err = json.Unmarshal([]byte(move), &r.Move)
	}
	return &r, err
}

// suppressedRows reads items that are not told, the last one first.
func (c conn) suppressedRows(w *conditions, limit int) (found []*suppressedRow, err error) {
	w.add("suppressed <> ''")
	c.withinSources(w, "items")
	rows, err := c.tx.Raw("SELECT id, channel, grp, alert, step, at, move, suppressed FROM items"+w.text()+" ORDER BY id DESC LIMIT ?",
		append(w.args, limit)...).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanSuppressed(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// suppressedItem gives one by its number. Errors: CodeNotFound.
func (c conn) suppressedItem(number string) (domain.Notification, error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return domain.Notification{}, errNoNotification
	}
	w := &conditions{}
	w.add("id = ?", id)
	rows, err := c.suppressedRows(w, 1)
	if err != nil || len(rows) == 0 {
		return domain.Notification{}, or(err, errNoNotification)
	}
	n := rows[0].Notification
	return n, c.addItems(&n, "(SELECT step FROM items WHERE items.id = ?) FROM alerts WHERE id = ?", id, rows[0].alert)
}

// withinSources keeps rows of a table that a limited context reaches: it reaches all their sources, and there are some.
func (c conn) withinSources(w *conditions, table string) {
	own, limited := domain.ReachOf(c.tx.Statement.Context)
	switch {
	case !limited:
	case len(own) == 0:
		w.add("1 = 0")
	default:
		elements := strings.Replace(c.d.elements, "alerts.", table+".", 1)
		w.add("sources <> '[]' AND NOT EXISTS (SELECT 1 FROM "+elements+" WHERE told.value NOT IN ?)", own)
	}
}
