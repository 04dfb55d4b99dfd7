package domain_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"giftline/domain"
)

// tape is a feed whose positions are numbers.
type tape struct {
	mu      sync.Mutex
	ids     []string
	hints   chan struct{}
	stopped bool
	fails   error
}

func (f *tape) Changes(_ context.Context, after string, limit int) ([]domain.Change, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from, _ := strconv.Atoi(after)
	var changes []domain.Change
	for i := from; i < len(f.ids) && len(changes) < limit; i++ {
		after = strconv.Itoa(i + 1)
		changes = append(changes, domain.Change{EventID: f.ids[i], Position: after})
	}
	return changes, after, f.fails
}

func (f *tape) Latest(context.Context) (string, error) { return strconv.Itoa(len(f.ids)), nil }

func (f *tape) Hints() (<-chan struct{}, func()) { return f.hints, func() { f.stopped = true } }

func (f *tape) add(n int, hint bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.ids = append(f.ids, fmt.Sprint("evt_", len(f.ids)))
	}
	if hint {
		f.hints <- struct{}{}
	}
}

// A follower gets what is there, then what comes: at once when it is told, within a second when it is not.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{hints: make(chan struct{}, 1)}
		f.add(1200, false) // more than two pages
		var got []string
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- domain.Follow(ctx, f, "1", func(c domain.Change) error { got = append(got, c.EventID); return nil })
		}()
		for _, step := range []struct {
			hint bool
			wait time.Duration
		}{{true, 0}, {false, time.Second}, {true, 0}} {
			synctest.Wait() // it has read what there was
			f.add(1, step.hint)
			time.Sleep(step.wait)
			synctest.Wait()
			if !slices.Equal(got, f.ids[1:]) {
				t.Fatalf("after %+v: %d changes, want the %d after the first", step, len(got), len(f.ids)-1)
			}
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || !f.stopped {
			t.Errorf("ended with %v, hints stopped: %v", err, f.stopped)
		}
	})
}

func TestFollow_ends(t *testing.T) {
	broken, full := errors.New("broken"), errors.New("full")
	f := &tape{ids: []string{"a", "b"}}
	var got []string
	err := domain.Follow(t.Context(), f, "", func(c domain.Change) error { got = append(got, c.EventID); return full })
	if !errors.Is(err, full) || len(got) != 1 {
		t.Errorf("ended with %v after %d changes, want the reader's error after one", err, len(got))
	}
	f.fails = broken
	if err := domain.Follow(t.Context(), f, "", nil); !errors.Is(err, broken) {
		t.Errorf("ended with %v, want the feed's error", err)
	}
}
