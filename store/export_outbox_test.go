package store

import (
	"context"
	"testing"

	"giftline/domain"
)

// TellAlerts keeps changes of alerts as a lap does where there are routes.
func TellAlerts(t testing.TB, s domain.Store, routes domain.Routes, now domain.Instant, changes ...domain.AlertChange) {
	t.Helper()
	err := s.(*Store).alter(context.Background(), func(c conn) error {
		return c.changeAlerts(&domain.Alerting{Routes: routes}, changes, now)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TellMoves tells of moves as a lap does.
func TellMoves(t testing.TB, s domain.Store, routes domain.Routes, now domain.Instant, moves ...domain.Move) {
	t.Helper()
	if err := s.(*Store).alter(context.Background(), func(c conn) error { return c.tellMoves(routes, moves, now) }); err != nil {
		t.Fatal(err)
	}
}
