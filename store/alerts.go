package store

import (
	"context"
	"database/sql"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// mostAlerts is how many alerts of one subject are told of, the last ones.
const mostAlerts = 100

// Alerts gives a page of alerts; see domain.Alerts.
func (s *Store) Alerts(ctx context.Context, q domain.AlertQuery) (page domain.AlertPage, err error) {
	cursor, err := parseAlertCursor(q.Cursor, alertHash(q))
	if err != nil {
		return page, err
	}
	if err := s.catchUp(ctx); err != nil {
		return page, err
	}
	q.Limit = pageOf(q.Limit)
	err = s.read(ctx, func(tx *gorm.DB) error {
		page, err = conn{tx, s.dialect}.alertPage(q, cursor)
		return err
	})
	if err != nil {
		return domain.AlertPage{}, err
	}
	return page, nil
}

func (c conn) alertPage(q domain.AlertQuery, cursor *alertCursor) (page domain.AlertPage, err error) {
	where, err := c.whereAlerts(q)
	if err != nil {
		return page, err
	}
	if err := c.tx.Raw("SELECT count(*) FROM alerts"+where.text(), where.args...).Row().Scan(&page.Count); err != nil {
		return page, err
	}
	if cursor != nil {
		where.add("(updated_at, id) < (?, ?)", int64(cursor.updated), cursor.id)
	}
	rows, err := c.findAlerts(where, "updated_at DESC, id DESC", q.Limit+1)
	if err != nil {
		return page, err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		page.Next = (&alertCursor{query: alertHash(q), updated: last.UpdatedAt, id: last.ID}).String()
	}
	page.Alerts = alertsIn(rows)
	return page, nil
}

// Alert gives one alert; see domain.Alerts.
func (s *Store) Alert(ctx context.Context, id string) (a domain.Alert, steps []domain.AlertStep, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		where, err := c.whereAlerts(domain.AlertQuery{IDs: []string{id}})
		if err != nil {
			return err
		}
		rows, err := c.findAlerts(where, "id", 1)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return domain.Errorf(domain.CodeNotFound, "no alert has this id: see /alerts")
		}
		all, err := c.stepsOf(rows)
		a, steps = rows[0].Alert, all[id]
		return err
	})
	return a, steps, err
}

// AlertsOf gives the alerts of a subject; see domain.Alerts.
func (s *Store) AlertsOf(ctx context.Context, subject domain.Subject) (list []domain.Alert, steps [][]domain.AlertStep, err error) {
	if err := s.catchUp(ctx); err != nil {
		return nil, nil, err
	}
	err = s.read(ctx, func(tx *gorm.DB) error {
		list, steps = nil, nil
		c := conn{tx, s.dialect}
		where, err := c.whereAlerts(domain.AlertQuery{Subject: &subject})
		if err != nil {
			return err
		}
		rows, err := c.findAlerts(where, "raised_at DESC, id DESC", mostAlerts)
		if err != nil {
			return err
		}
		slices.Reverse(rows)
		all, err := c.stepsOf(rows)
		for _, r := range rows {
			list, steps = append(list, r.Alert), append(steps, all[r.ID])
		}
		return err
	})
	return list, steps, err
}

func alertsIn(rows []*alertRow) []domain.Alert {
	all := make([]domain.Alert, len(rows))
	for i, r := range rows {
		all[i] = r.Alert
	}
	return all
}

// findAlerts reads the alerts that fit.
func (c conn) findAlerts(where *conditions, order string, limit int) (found []*alertRow, err error) {
	return c.lockAlerts(where, order, limit, "")
}

func (c conn) lockAlerts(where *conditions, order string, limit int, lock string) (found []*alertRow, err error) {
	rows, err := c.tx.Raw("SELECT "+alertColumns+" FROM alerts"+where.text()+" ORDER BY "+order+" LIMIT ?"+lock, append(where.args, limit)...).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanAlert(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// stepsOf reads the steps of alerts, the first one first.
func (c conn) stepsOf(alerts []*alertRow) (map[string][]domain.AlertStep, error) {
	ids := make([]string, len(alerts))
	for i, r := range alerts {
		ids[i] = r.ID
	}
	rows, err := c.tx.Raw("SELECT alert, kind, at, by, note FROM alert_steps WHERE alert IN ? ORDER BY alert, n", ids).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string][]domain.AlertStep{}
	for rows.Next() {
		id, step, err := scanStep(rows)
		if err != nil {
			return nil, err
		}
		found[id] = append(found[id], step)
	}
	return found, rows.Err()
}

func scanStep(rows *sql.Rows) (alert string, step domain.AlertStep, err error) {
	err = rows.Scan(&alert, (*string)(&step.Kind), (*int64)(&step.At), &step.By, &step.Note)
	return alert, step, err
}
