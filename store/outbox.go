package store

import (
	"context"

	"giftline/domain"
)

// tellOf puts a step of an alert into the outbox, for every route that takes it, and plans the telling.
func (c conn) tellOf(routes domain.Routes, a *domain.Alert, step domain.AlertStep) error { return nil }

// tellMoves puts moves into the outbox.
func (c conn) tellMoves(routes domain.Routes, moves []domain.Move, now domain.Instant) error {
	return nil
}

// Compose gives what a group is to be told next; see domain.Outbox.
func (s *Store) Compose(ctx context.Context, channel, group string, now domain.Instant, repeat bool, items int) (*domain.Notification, error) {
	return nil, errNotYet
}

// KeepTry keeps what an attempt came to; see domain.Outbox.
func (s *Store) KeepTry(ctx context.Context, id string, t domain.Tried) (more, open bool, err error) {
	return false, false, errNotYet
}

// LastTold gives when a group was told last; see domain.Outbox.
func (s *Store) LastTold(ctx context.Context, channel, group string) (domain.Instant, bool, error) {
	return 0, false, errNotYet
}

// Disable stops a channel; see domain.Outbox.
func (s *Store) Disable(ctx context.Context, channel, reason string, now domain.Instant) error {
	return errNotYet
}

// Enable starts a channel again; see domain.Outbox.
func (s *Store) Enable(ctx context.Context, channel string) error { return errNotYet }

// Resend has a dead notification tried again; see domain.Outbox.
func (s *Store) Resend(ctx context.Context, id string, now domain.Instant) error { return errNotYet }

// Notifications gives a page of notifications; see domain.Outbox.
func (s *Store) Notifications(ctx context.Context, q domain.NotificationQuery) ([]domain.Notification, string, error) {
	return nil, "", errNotYet
}

// Notification gives one notification; see domain.Outbox.
func (s *Store) Notification(ctx context.Context, id string) (domain.Notification, error) {
	return domain.Notification{}, errNotYet
}

// Channels tells of channels; see domain.Outbox.
func (s *Store) Channels(ctx context.Context) (map[string]domain.ChannelState, error) {
	return nil, errNotYet
}
