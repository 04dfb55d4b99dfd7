package domain

import (
	"context"
	"log/slog"
	"time"
)

// Monitor watches what no subject tells: that we live and hear, that sources keep their rhythm, and our own trouble.
type Monitor struct {
	Store    Store
	Sources  []string // configured ones that are open
	Alerting *Alerting
	Vitals   func() Vitals // of this process; may be nil
	Now      func() time.Time
	Log      *slog.Logger
}

// Vitals are what a process knows of itself.
type Vitals struct {
	PutOff   int64  // webhooks answered 503 since the start
	DiskFree uint64 // bytes, where the database is a file; both 0: unknown
	DiskSize uint64
}

// Run watches until the context ends.
func (m *Monitor) Run(ctx context.Context) {} // TODO(monitor)
