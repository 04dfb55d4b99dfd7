package domain

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Worklist hands out work that must be done once, whichever replica gets to it. There is no leader: a claim is a lease by
// the database's clock, and what a replica does not finish, because it died, is anybody's again when its lease ends.
// Work may therefore be done twice, if its first holder was only slow: what it changes must allow that.
type Worklist interface {
	// Plan adds work, or moves it to another time. Whoever holds it now will not be done with it: it comes again.
	Plan(ctx context.Context, kind, key string, due Instant) error
	// PlanOnce adds work unless it is known.
	PlanOnce(ctx context.Context, kind, key string, due Instant) error
	// Claim takes work of a kind that is due at now and that nobody holds, the longest due first.
	Claim(ctx context.Context, kind string, now Instant, lease time.Duration, limit int) ([]Work, error)
	// Extend holds on to a claim for another lease from now on. Errors: CodeLost.
	Extend(ctx context.Context, w Work, lease time.Duration) error
	// Done takes work off the list. Errors: CodeLost.
	Done(ctx context.Context, w Work) error
	// Postpone gives a claim back, to be done at another time. Errors: CodeLost.
	Postpone(ctx context.Context, w Work, due Instant) error
	// NextDue tells when work of a kind is due first, held or not; false when there is none.
	NextDue(ctx context.Context, kind string) (Instant, bool, error)
}

// Work is a claim.
type Work struct {
	Kind    string
	Key     string
	DueAt   Instant
	Attempt int64 // grows with every claim and plan; a holder with an older one has lost it
}

// Lease is how long a claim stands unless it is extended. A replica that dies delays its work by no more than that and
// a poll: less than 30 s.
const (
	Lease     = 15 * time.Second
	claimPoll = 5 * time.Second
	claimPage = 32
	retryWork = time.Minute            // after work that failed
	wakeRest  = 100 * time.Millisecond // from one look to the next, however often it is woken
)

// Worker does the claimed work of one kind.
type Worker struct {
	List Worklist
	Kind string
	// Do does one piece. It gives the time at which to do it again, or zero when it is done. Work that failed comes
	// again after a minute.
	Do   func(context.Context, Work) (again Instant, err error)
	Wake <-chan struct{} // says that something may be due; nil: it looks every few seconds
	Now  func() time.Time
	Log  *slog.Logger
}

// Run works until the context ends. While nothing is due it asks for the next due time every few seconds, no more: a
// claim would be a write.
func (w *Worker) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := w.turn(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("work could not be claimed", "kind", w.Kind, "error", err)
		}
		w.sleep(ctx, wait)
	}
}

// sleep ends early where somebody wakes the worker, but not before it has rested: under load they do all the time.
func (w *Worker) sleep(ctx context.Context, wait time.Duration) {
	rest := min(wait, wakeRest)
	select {
	case <-ctx.Done():
		return
	case <-time.After(rest):
	}
	if wait == rest {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait - rest):
	case <-w.Wake:
	}
}

// turn does what is due, and says how long to wait then: never longer than a poll, because another replica may plan, or
// die with what it holds.
func (w *Worker) turn(ctx context.Context) (time.Duration, error) {
	due, ok, err := w.List.NextDue(ctx, w.Kind)
	if err != nil || !ok {
		return claimPoll, err
	}
	if wait := due.Time().Sub(w.Now()); wait > 0 {
		return min(wait, claimPoll), nil
	}
	n, err := w.RunOnce(ctx)
	if err != nil || n == 0 { // what is due is held by another
		return claimPoll, err
	}
	return 0, nil
}

// RunOnce does what is due now and says how much that was.
func (w *Worker) RunOnce(ctx context.Context) (int, error) {
	claimed, err := w.List.Claim(ctx, w.Kind, InstantOf(w.Now()), Lease, claimPage)
	if err != nil {
		return 0, err
	}
	for i := range claimed {
		if i > 0 { // the others have used up some of its lease
			if err := w.List.Extend(ctx, claimed[i], Lease); err != nil {
				continue
			}
		}
		w.do(ctx, claimed[i])
	}
	return len(claimed), nil
}

// do does one piece and holds on to it meanwhile.
func (w *Worker) do(ctx context.Context, piece Work) {
	working, stop := context.WithCancel(ctx)
	var holding sync.WaitGroup
	holding.Go(func() { w.hold(working, stop, piece) })
	var again Instant
	err := calmly(func() (err error) {
		again, err = w.Do(working, piece)
		return err
	})
	stop()
	holding.Wait() // what is given back must not be held again
	switch {
	case err != nil && ctx.Err() != nil: // we are told to stop: another replica may do it at once
		again = piece.DueAt
	case err != nil:
		w.Log.Warn("work failed and is tried again", "kind", w.Kind, "key", piece.Key, "attempt", piece.Attempt, "error", err)
		again = InstantOf(w.Now().Add(retryWork))
	}
	if err := w.finish(context.WithoutCancel(ctx), piece, again); err != nil && CodeOf(err) != CodeLost {
		w.Log.Warn("finished work comes again, its claim could not be closed", "kind", w.Kind, "key", piece.Key, "error", err)
	}
}

// calmly makes an error of a panic: what is wrong with one piece of work must not end the process that takes webhooks.
func calmly(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

func (w *Worker) finish(ctx context.Context, piece Work, again Instant) error {
	if again == 0 {
		return w.List.Done(ctx, piece)
	}
	return w.List.Postpone(ctx, piece, again)
}

// hold extends a claim until the work on it ends. One that is lost stops the work: another replica does it now.
func (w *Worker) hold(ctx context.Context, stop context.CancelFunc, piece Work) {
	tick := time.NewTicker(Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if CodeOf(w.List.Extend(ctx, piece, Lease)) == CodeLost {
				stop()
				return
			}
		}
	}
}
