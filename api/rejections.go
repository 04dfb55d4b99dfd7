package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"giftline/domain"
)

// flushEvery bounds what a crash forgets of the webhooks that were refused. They cost no write of their own, so that
// a flood of bad signatures does not reach the disk.
const flushEvery = 2 * time.Second

// rejections count refused webhooks in memory, by source and reason. Both come from closed lists, so it stays small.
type rejections struct {
	mu      sync.Mutex
	waiting map[rejection]domain.Rejection
}

type rejection struct{ source, reason string }

func (r *rejections) add(one domain.Rejection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[rejection]domain.Rejection{}
	}
	key := rejection{one.Source, one.Reason}
	one.Count += r.waiting[key].Count
	one.At = max(one.At, r.waiting[key].At)
	r.waiting[key] = one
}

// take empties it.
func (r *rejections) take() []domain.Rejection {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []domain.Rejection
	for _, one := range r.waiting {
		all = append(all, one)
	}
	clear(r.waiting)
	return all
}

// of lists what waits for one source.
func (r *rejections) of(source string) []domain.Rejection {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []domain.Rejection
	for key, one := range r.waiting {
		if key.source == source {
			all = append(all, one)
		}
	}
	return all
}

// FlushRejections writes what was refused since the last time. What cannot be written waits for the next.
func (a *API) FlushRejections(ctx context.Context) error {
	all := a.rejected.take()
	if len(all) == 0 {
		return nil
	}
	err := a.store.Reject(ctx, all)
	if err != nil {
		for _, one := range all {
			a.rejected.add(one)
		}
	}
	return err
}

// Run flushes rejections, and when keys were used, until the context ends, and once more then. Call it beside the server, and end it after the
// server.
func (a *API) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushEvery)
			defer cancel()
			a.flush(last)
			return
		}
	}
}

func (a *API) flush(ctx context.Context) {
	if err := a.FlushRejections(ctx); err != nil {
		a.log.LogAttrs(ctx, slog.LevelWarn, "refused webhooks are not counted yet", slog.Any("err", err))
	}
	if err := a.flushUses(ctx); err != nil {
		a.log.LogAttrs(ctx, slog.LevelWarn, "when keys were last used is not noted yet", slog.Any("err", err))
	}
}
