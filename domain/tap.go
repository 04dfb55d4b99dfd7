package domain

import (
	"context"
	"sync"
	"time"
)

// tapKept is how many of the last changes a Tap keeps at least.
const tapKept = 4096

// Tap lets many follow one feed and reads it once for all of them, as long as there is anybody. Who is further behind
// than it remembers reads the feed until it has caught up.
type Tap struct {
	Feed Feed

	mu        sync.Mutex
	followers int
	stop      context.CancelFunc // of the reading
	turn      int                // counts the readings
	base      string             // the position before the first change that is kept; empty before there is one
	kept      []Change
	places    map[string]int // by position: how many changes lie up to there, those that were dropped with them
	dropped   int
	more      chan struct{} // closed when there is more
}

// Follow is what Follow does, with the others that follow the same feed. It hands over every change, whatever the context
// reaches, so that the position moves on: to leave out what is not in reach is the caller's part. An error of the feed ends it only when it stood
// in the way of this follower.
func (t *Tap) Follow(ctx context.Context, after string, do func(Change) error) error {
	t.enter()
	defer t.leave()
	for {
		changes, more, known := t.after(after)
		if !known {
			var err error
			if changes, after, err = t.Feed.Changes(beyond(ctx), after, feedPage); err != nil {
				return err
			}
		}
		for _, c := range changes {
			if err := do(c); err != nil {
				return err
			}
			after = c.Position
		}
		if len(changes) > 0 {
			continue
		}
		if err := wait(ctx, more, known); err != nil {
			return err
		}
	}
}

// wait returns when there is more, or when somebody whom nobody will tell may look again.
func wait(ctx context.Context, more <-chan struct{}, told bool) error {
	var look <-chan time.Time
	if !told {
		look = time.After(feedPoll)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-more:
	case <-look:
	}
	return nil
}

// after gives what is kept behind a position, and what tells of more; false where the position is not kept.
func (t *Tap) after(position string) ([]Change, <-chan struct{}, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position != "" && position == t.base {
		return t.kept, t.more, true
	}
	n, ok := t.places[position]
	if !ok {
		return nil, t.more, false
	}
	return t.kept[n-t.dropped:], t.more, true
}

func (t *Tap) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.followers++; t.followers > 1 {
		return
	}
	var ctx context.Context
	ctx, t.stop = context.WithCancel(context.Background())
	t.more = make(chan struct{})
	t.begin("")
	go t.read(ctx, t.turn)
}

func (t *Tap) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.followers--; t.followers == 0 {
		t.stop()
		t.begin("")
	}
}

// begin forgets what is kept, and whoever was adding to it.
func (t *Tap) begin(position string) {
	t.turn++
	t.base, t.kept, t.places, t.dropped = position, nil, map[string]int{}, 0
}

// read keeps reading the feed from its end on. After an error it begins anew: what lies between is for those who need it.
func (t *Tap) read(ctx context.Context, turn int) {
	for ctx.Err() == nil {
		if latest, err := t.Feed.Latest(ctx); err == nil {
			if turn = t.restart(turn, latest); turn == 0 {
				return
			}
			_ = Follow(ctx, t.Feed, latest, func(c Change) error { return t.add(ctx, c) })
		}
		_ = wait(ctx, nil, false)
	}
}

// restart gives the number of the new reading; 0 where it is another's turn.
func (t *Tap) restart(turn int, latest string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.turn != turn {
		return 0
	}
	t.begin(latest)
	t.tell()
	return t.turn
}

func (t *Tap) add(ctx context.Context, c Change) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil { // the last one has left, and somebody else may have come
		return ctx.Err()
	}
	t.kept = append(t.kept, c)
	t.places[c.Position] = t.dropped + len(t.kept)
	if len(t.kept) >= 2*tapKept {
		t.drop(tapKept)
	}
	t.tell()
	return nil
}

// drop leaves what others still read from where it is.
func (t *Tap) drop(n int) {
	for _, c := range t.kept[:n] {
		delete(t.places, c.Position)
	}
	t.base = t.kept[n-1].Position
	t.kept = append([]Change{}, t.kept[n:]...)
	t.dropped += n
}

func (t *Tap) tell() {
	close(t.more)
	t.more = make(chan struct{})
}
