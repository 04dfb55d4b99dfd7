package store

import (
	"context"
	"errors"

	"giftline/domain"
)

var errNotYet = errors.New("not written yet")

// changeAlerts keeps what changes about alerts, with their steps, and puts what is to be told of it into the outbox.
func (c conn) changeAlerts(a *domain.Alerting, changes []domain.AlertChange, now domain.Instant) error {
	return nil
}

// alertsOf reads the alerts of subjects by their numbers: the live ones, and for each rule, region and state the last one
// that has ended.
func (c conn) alertsOf(subjects []int64) (map[int64][]domain.Alert, error) { return nil, nil }

// blind reads when nothing could be heard, as known at now: of outages that ended long ago nothing more depends.
func (c conn) blind(now domain.Instant) (domain.Blind, error) { return nil, nil }

// Alerts gives a page of alerts; see domain.Alerts.
func (s *Store) Alerts(ctx context.Context, q domain.AlertQuery) (domain.AlertPage, error) {
	return domain.AlertPage{}, errNotYet
}

// Alert gives one alert; see domain.Alerts.
func (s *Store) Alert(ctx context.Context, id string) (domain.Alert, []domain.AlertStep, error) {
	return domain.Alert{}, nil, errNotYet
}

// AlertsOf gives the alerts of a subject; see domain.Alerts.
func (s *Store) AlertsOf(ctx context.Context, subject domain.Subject) ([]domain.Alert, [][]domain.AlertStep, error) {
	return nil, nil, nil
}

// Act does what a person wants with alerts; see domain.Alerts.
func (s *Store) Act(ctx context.Context, q domain.AlertQuery, a domain.AlertAction, limit int) (int64, error) {
	return 0, errNotYet
}

// Wake ends a snooze; see domain.Alerts.
func (s *Store) Wake(ctx context.Context, id string, now domain.Instant) error { return errNotYet }

// Raise compares what alarms about sources and ourselves; see domain.Alerts.
func (s *Store) Raise(ctx context.Context, rules []domain.Rule, standing []domain.Trouble, now domain.Instant) error {
	return errNotYet
}

// Outages lists when nothing could be heard; see domain.Alerts.
func (s *Store) Outages(ctx context.Context, after domain.Instant) ([]domain.Outage, error) {
	return nil, nil
}

// Pulse notes that we hear; see domain.Alerts.
func (s *Store) Pulse(ctx context.Context, now domain.Instant, quiet []domain.Silence) error {
	return nil
}
