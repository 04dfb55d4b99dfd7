package store

import (
	"context"

	"gorm.io/gorm"

	"giftline/domain"
)

// takes are the alerts that a person's step changes. Out of an end leads only what ended by a person: what ended by itself
// does not hold any more.
var takes = map[domain.StepKind]string{
	domain.StepAcknowledged: "status IN ('open', 'snoozed')",
	domain.StepSnoozed:      live + " AND NOT (status = 'snoozed' AND until_moves = ? AND coalesce(until_at, 0) = ?)",
	domain.StepResolved:     live,
	domain.StepReopened:     "(status IN ('acknowledged', 'snoozed') OR status = 'resolved' AND by <> '')",
}

// Act does what a person wants with alerts; see domain.Alerts.
func (s *Store) Act(ctx context.Context, q domain.AlertQuery, a domain.AlertAction, limit int) (n int64, err error) {
	if err := checkAction(&a); err != nil {
		return 0, err
	}
	err = s.alter(ctx, func(c conn) error {
		rows, err := c.takenBy(q, &a, limit)
		if err != nil {
			return err
		}
		n = int64(len(rows))
		return c.act(s.tells(), rows, &a)
	})
	if err != nil {
		return 0, err
	}
	s.changed(n > 0)
	return n, nil
}

// tells gives by what people are told: of a store that raises nothing, the routes alone.
func (s *Store) tells() *domain.Alerting {
	if s.alerting == nil && len(s.routes) > 0 {
		return &domain.Alerting{Routes: s.routes}
	}
	return s.alerting
}

// changed has laps and channels look at once, where there is something.
func (s *Store) changed(anything bool) {
	if anything {
		s.hints.give()
	}
}

// alter writes by what it read, again where it lost to another replica.
func (s *Store) alter(ctx context.Context, do func(conn) error) error {
	return tryHard(again, func() error {
		return s.write(ctx, func(tx *gorm.DB) error { return do(conn{tx, s.dialect}) })
	})
}

func checkAction(a *domain.AlertAction) error {
	switch _, ok := takes[a.Step]; {
	case !ok:
		return domain.Errorf(domain.CodeInvalid, "an alert cannot be %s by hand", a.Step)
	case a.Step == domain.StepSnoozed && a.Until == nil && !a.UntilMoves:
		return domain.Errorf(domain.CodeInvalid, "say until when the alert is to sleep: until a time, until its subject moves, or both")
	case !isPlain(a.Note, maxLabelValue):
		return domain.Errorf(domain.CodeInvalid, "the note must be UTF-8 text of at most %d bytes without NUL", maxLabelValue)
	}
	return nil
}

// takenBy holds the alerts that a step changes.
func (c conn) takenBy(q domain.AlertQuery, a *domain.AlertAction, limit int) ([]*alertRow, error) {
	where, err := c.whereAlerts(q)
	if err != nil {
		return nil, err
	}
	var args []any
	if a.Step == domain.StepSnoozed {
		var until domain.Instant
		if a.Until != nil {
			until = *a.Until
		}
		args = []any{oneIf(a.UntilMoves), int64(until)}
	}
	where.add(takes[a.Step], args...)
	return c.lockAlerts(where, "id", limit, c.d.update)
}

func (c conn) act(alerting *domain.Alerting, rows []*alertRow, a *domain.AlertAction) error {
	var changes []domain.AlertChange
	var look []int64
	for _, r := range rows {
		if !r.Status.Live() && r.number != nil { // it may not hold any more
			look = append(look, *r.number)
		}
		r.Until, r.UntilMoves = a.Until, a.UntilMoves
		changes = append(changes, domain.AlertChange{
			Alert: r.Alert, Step: &domain.AlertStep{Kind: a.Step, At: a.At, By: a.By, Note: a.Note},
		})
	}
	if err := c.changeAlerts(alerting, changes, a.At); err != nil {
		return err
	}
	return c.relist(look...)
}

// Wake ends a snooze; see domain.Alerts.
func (s *Store) Wake(ctx context.Context, id string, now domain.Instant) error {
	woke := false
	err := s.alter(ctx, func(c conn) error {
		where := &conditions{}
		in(where, "id", []string{id})
		where.add("status = 'snoozed' AND until_at <= ?", int64(now))
		rows, err := c.lockAlerts(where, "id", 1, c.d.update)
		if err != nil {
			return err
		}
		woke = len(rows) > 0
		return c.act(s.tells(), rows, &domain.AlertAction{Step: domain.StepWoke, At: now})
	})
	s.changed(err == nil && woke)
	return err
}

// Raise compares what alarms about sources and ourselves; see domain.Alerts. Replicas do it one after the other, each
// holding the pulse.
func (s *Store) Raise(ctx context.Context, rules []domain.Rule, standing []domain.Trouble, now domain.Instant) error {
	var changes []domain.AlertChange
	err := s.alter(ctx, func(c conn) error {
		if _, err := c.pulse(c.d.update); err != nil {
			return err
		}
		known, err := c.standing(rules, standing)
		if err != nil {
			return err
		}
		changes = s.alerting.ReconcileTroubles(standing, known, now)
		return c.changeAlerts(s.alerting, changes, now)
	})
	s.changed(err == nil && len(changes) > 0)
	return err
}
