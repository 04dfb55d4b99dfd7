package store

import (
	"context"
	"errors"

	"giftline/domain"
)

var errNotYet = errors.New("not written yet")

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

// Pulse notes that we hear; see domain.Alerts.
func (s *Store) Pulse(ctx context.Context, now domain.Instant, quiet []domain.Silence) error {
	return nil
}
