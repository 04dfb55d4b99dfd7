package store

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"giftline/domain"
)

var (
	alertInsert = newInsertion("alerts", alertColumns, " ON CONFLICT (id) DO UPDATE SET "+sets(alertLife, "excluded"))
	stepInsert  = newInsertion("alert_steps", "alert, n, kind, at, by, note", "")
	wakeInsert  = newInsertion("work", "kind, key, due_at, free_at, attempt",
		" ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at, attempt = work.attempt + 1")
	wakeDelete = newDeletion("work", "kind, key")
)

// alertWrite is what changes about alerts in one transaction, by id: whoever changes several holds their rows in that order.
type alertWrite struct {
	conn
	alerting *domain.Alerting // may be nil
	all      []*alertChanges
}

// changeAlerts keeps what changes about alerts, with their steps, and puts what is to be told of it into the outbox. What
// a step says of an alert is made from it: its status, by whom, since when. One that is opened though it is known already
// is the same episode: it stays as it is, or is reopened unless a person ended it.
func (c conn) changeAlerts(a *domain.Alerting, changes []domain.AlertChange, now domain.Instant) error {
	if len(changes) == 0 {
		return nil
	}
	w := &alertWrite{conn: c, alerting: a}
	if err := w.recall(changes); err != nil {
		return err
	}
	for _, step := range []func() error{w.number, w.write, w.writeSteps, w.plan, w.tell} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// recall reads what is known of the alerts, and lays the changes over it.
func (w *alertWrite) recall(changes []domain.AlertChange) error {
	found := map[string]*alertChanges{}
	for i := range changes {
		found[changes[i].Alert.ID] = &alertChanges{}
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(found)), chunk) {
		rows, err := w.tx.Raw("SELECT "+alertColumns+", (SELECT coalesce(max(n), 0) FROM alert_steps WHERE alert = id) FROM alerts WHERE id IN ?", ids).Rows()
		if err == nil {
			err = recallAlerts(rows, found)
		}
		if err != nil {
			return err
		}
	}
	for i := range changes {
		found[changes[i].Alert.ID].take(&changes[i])
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if x := found[id]; x.is != nil {
			w.all = append(w.all, x)
		}
	}
	return nil
}

func recallAlerts(rows *sql.Rows, found map[string]*alertChanges) error {
	defer rows.Close()
	for rows.Next() {
		var last int64
		r, err := scanAlert(rows, &last)
		if err != nil {
			return err
		}
		found[r.ID].was, found[r.ID].last = r, last
	}
	return rows.Err()
}

// number finds the subjects of those that were not known.
func (w *alertWrite) number() error {
	wanted := map[digest][]*alertRow{}
	var digests [][]byte
	for _, x := range w.all {
		if x.was == nil && x.is.Subject != nil {
			d := digest(x.is.Subject.Digest())
			if wanted[d] == nil {
				digests = append(digests, d[:])
			}
			wanted[d] = append(wanted[d], x.is)
		}
	}
	for part := range slices.Chunk(digests, chunk) {
		where, args := w.d.anyOf("digest", part)
		err := w.each(func(rows *sql.Rows) error {
			var d digest
			var number int64
			err := rows.Scan(&d, &number)
			for _, r := range wanted[d] {
				r.number = &number
			}
			delete(wanted, d)
			return err
		}, "SELECT digest, id FROM subjects WHERE "+where, args...)
		if err != nil {
			return err
		}
	}
	for _, rows := range wanted {
		return fmt.Errorf("alert %s is about a subject that is not known", rows[0].ID)
	}
	return nil
}

// write goes before the steps: two transactions that change an alert meet at its row.
func (w *alertWrite) write() error {
	return w.put(alertInsert, len(w.all), func(i int, args []any) []any { return w.all[i].is.values(args) })
}

func (w *alertWrite) writeSteps() error {
	type numbered struct {
		alert string
		n     int64
		domain.AlertStep
	}
	var steps []numbered
	for _, x := range w.all {
		for i, step := range x.steps {
			steps = append(steps, numbered{x.is.ID, x.last + int64(i) + 1, step})
		}
	}
	return w.put(stepInsert, len(steps), func(i int, args []any) []any {
		s := &steps[i]
		return append(args, s.alert, s.n, string(s.Kind), int64(s.At), s.By, s.Note)
	})
}

// plan has those wake that are snoozed until a time, and no others.
func (w *alertWrite) plan() error {
	var set, gone []*alertRow
	for _, x := range w.all {
		switch {
		case equal(x.was.wakes(), x.is.wakes()):
		case x.is.wakes() != nil:
			set = append(set, x.is)
		default:
			gone = append(gone, x.is)
		}
	}
	err := w.put(wakeDelete, len(gone), func(i int, args []any) []any { return append(args, domain.WorkSnooze, gone[i].ID) })
	if err != nil {
		return err
	}
	return w.put(wakeInsert, len(set), func(i int, args []any) []any {
		return append(args, domain.WorkSnooze, set[i].ID, int64(*set[i].wakes()), 0, 0)
	})
}

// wakes gives when an alert does by itself.
func (r *alertRow) wakes() *domain.Instant {
	if r == nil || r.Status != domain.AlertSnoozed {
		return nil
	}
	return r.Until
}

// tell puts what people are told into the outbox.
func (w *alertWrite) tell() error {
	if w.alerting == nil {
		return nil
	}
	var all []telling
	for _, x := range w.all {
		for _, step := range x.steps {
			all = append(all, telling{alert: &x.is.Alert, step: step, old: x.old})
		}
	}
	return w.tellAll(w.alerting.Routes, all)
}
