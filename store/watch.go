package store

import (
	"context"

	"giftline/domain"
)

// Stuck lists subjects whose deadline has passed; see domain.Alerts.
func (s *Store) Stuck(ctx context.Context, cursor string, limit int) ([]domain.Watching, string, error) {
	return nil, "", errNotYet
}

// Expiring lists subjects that expire; see domain.Alerts.
func (s *Store) Expiring(ctx context.Context, span domain.Span, cursor string, limit int) ([]domain.Watching, string, error) {
	return nil, "", errNotYet
}

// WatchOf tells what is watched of subjects; see domain.Alerts.
func (s *Store) WatchOf(ctx context.Context, subjects ...domain.Subject) (map[domain.Subject]domain.Watch, error) {
	return nil, nil
}
