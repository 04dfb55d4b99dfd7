package domain

import (
	"context"
	"time"
)

// Feed is every recorded event and every change of a verdict, over all replicas, in one order that never changes: who
// reads it from position to position misses none and gets none twice.
type Feed interface {
	// Changes reads what comes after a position that it gave before, at most limit of it, and gives the position to go
	// on from. The empty position is before everything that is still kept. A change shows once every transaction that
	// began before it has ended, so a page may be empty though something was just recorded.
	// Errors: CodeInvalid for what is no position, CodeReset.
	Changes(ctx context.Context, after string, limit int) ([]Change, string, error)
	// Latest is the position behind everything that Changes would give now.
	Latest(context.Context) (string, error)
	// Hints says, soon after something was recorded by any replica, that Changes may have more. A hint can be late,
	// superfluous or missing. stop ends it.
	Hints() (hints <-chan struct{}, stop func())
}

// Change is one line of the feed.
type Change struct {
	Position string // to go on after this one; opaque
	Subject  Subject
	EventID  string
	Was      Verdict // empty: the event was just recorded
	Verdict  Verdict // empty: the event was taken off its timeline
	JoinedAt Instant // when the change was made
	Type     string  // of the event
	Source   string  // that the event came by
	Recorded Instant // when the event joined its timeline
	Cause    string  // id of the event that changed the verdict, or ByMachine; empty for an event just recorded
}

// ByMachine stands for the event that changed a verdict where it was an upgrade of the table instead.
const ByMachine = "machine"

const (
	feedPage = 500
	feedPoll = time.Second // how long a missing hint may delay a change
)

// Follow hands every change after a position to do, in order, until the context ends or either fails. What do returned
// no error for is behind the position that the next call of it would have to begin with.
// Errors: the context's, those of Feed.Changes, and do's.
func Follow(ctx context.Context, f Feed, after string, do func(Change) error) error {
	hints, stop := f.Hints()
	defer stop()
	for {
		changes, next, err := f.Changes(ctx, after, feedPage)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if err := do(c); err != nil {
				return err
			}
		}
		after = next
		if len(changes) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hints:
		case <-time.After(feedPoll):
		}
	}
}
