package api

import (
	"context"
	"maps"
	"sync"
	"time"

	"giftline/domain"
)

// uses remember when stored keys were last used, to the minute, until they are written together: a request never waits
// for it, and a key costs a write a minute at most.
type uses struct {
	mu      sync.Mutex
	waiting map[string]domain.Instant
	written map[string]domain.Instant // what the store was told last
}

func (u *uses) note(id string, now time.Time) {
	if id == bootstrapID {
		return
	}
	at := domain.InstantOf(now.Truncate(time.Minute))
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.written[id] >= at {
		return
	}
	if u.waiting == nil {
		u.waiting = map[string]domain.Instant{}
	}
	u.waiting[id] = max(u.waiting[id], at)
}

// take empties it.
func (u *uses) take() map[string]domain.Instant {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.waiting
	u.waiting = nil
	return all
}

// told keeps what is written from being written again in the same minute.
func (u *uses) told(all map[string]domain.Instant) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.written == nil || len(u.written) > bucketsKept {
		u.written = map[string]domain.Instant{}
	}
	maps.Copy(u.written, all)
}

// flushUses writes when keys were used. What cannot be written waits for the next time.
func (a *API) flushUses(ctx context.Context) error {
	all := a.used.take()
	if len(all) == 0 {
		return nil
	}
	err := a.store.UsedKeys(ctx, all)
	if err != nil {
		for id, at := range all {
			a.used.note(id, at.Time())
		}
		return err
	}
	a.used.told(all)
	return nil
}
