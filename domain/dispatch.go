package domain

import (
	"context"
	"log/slog"
	"time"
)

// Dispatcher tells channels what waits in the outbox: one worker a channel, so that none waits for another.
type Dispatcher struct {
	Outbox    Outbox
	List      Worklist
	Routes    Routes
	Notifiers map[string]Notifier                         // by channel
	Wakes     func() (hints <-chan struct{}, stop func()) // that something was recorded; nil: looking every few seconds is enough
	Now       func() time.Time
	Log       *slog.Logger
}

// Run tells until the context ends.
func (d *Dispatcher) Run(ctx context.Context) {} // TODO(outbox)

// Test sends a test message to a channel, past the outbox.
func (d *Dispatcher) Test(ctx context.Context, channel string) error { return nil } // TODO(outbox)
