package domain_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"giftline/domain"
)

// counted is a tape that counts how often it was read, and knows where its end is from any goroutine.
type counted struct {
	tape
	reads, ends atomic.Int64
}

func (f *counted) Changes(ctx context.Context, after string, limit int) ([]domain.Change, string, error) {
	f.reads.Add(1)
	return f.tape.Changes(ctx, after, limit)
}

func (f *counted) Latest(ctx context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ends.Add(1)
	return f.tape.Latest(ctx)
}

func (f *counted) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = err
}

// follower is one of those who follow a tap.
type follower struct {
	got   []string
	ended chan error
	leave context.CancelFunc
}

func follow(ctx context.Context, tap *domain.Tap, after string) *follower {
	f := &follower{ended: make(chan error, 1)}
	ctx, f.leave = context.WithCancel(ctx)
	go func() {
		f.ended <- tap.Follow(ctx, after, func(c domain.Change) error { f.got = append(f.got, c.EventID); return nil })
	}()
	return f
}

// Many follow for the price of one, each from its own place.
func TestTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &counted{tape: tape{hints: make(chan struct{}, 1)}}
		f.add(1200, false)
		tap := &domain.Tap{Feed: f}
		var all []*follower
		places := []string{"", "7", "1199", "1200"}
		for range 25 {
			for _, after := range places {
				all = append(all, follow(t.Context(), tap, after))
			}
		}
		synctest.Wait()
		f.reads.Store(0)
		for range 10 {
			f.add(1, false)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if n := f.reads.Load(); n > 30 {
			t.Errorf("the feed was read %d times in 10 s for %d followers", n, len(all))
		}
		for i, one := range all {
			if want := f.ids[[]int{0, 7, 1199, 1200}[i%len(places)]:]; !slices.Equal(one.got, want) {
				t.Errorf("the one after %q got %d changes, want %d", places[i%len(places)], len(one.got), len(want))
			}
			one.leave()
			if err := <-one.ended; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		}
		synctest.Wait()
		f.reads.Store(0)
		time.Sleep(time.Minute)
		if n := f.reads.Load(); n > 0 {
			t.Errorf("the feed was read %d times for nobody", n)
		}
	})
}

// More than is kept goes by, and nobody misses any of it, also who comes while it does.
func TestTap_floods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &counted{tape: tape{hints: make(chan struct{}, 1)}}
		tap := &domain.Tap{Feed: f}
		var all []*follower
		for range 12 {
			all = append(all, follow(t.Context(), tap, ""))
			f.add(3000, false)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		for _, one := range all {
			if !slices.Equal(one.got, f.ids) {
				t.Errorf("got %d changes of %d", len(one.got), len(f.ids))
			}
			one.leave()
		}
		synctest.Wait()
	})
}

// A feed that fails ends those whom it kept from reading; the others go on once it is back.
func TestTap_failingFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &counted{tape: tape{hints: make(chan struct{}, 1)}}
		f.add(3, false)
		tap := &domain.Tap{Feed: f}
		one := follow(t.Context(), tap, "3")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		broken := errors.New("broken")
		f.fail(broken)
		behind := follow(t.Context(), tap, "1")
		if err := <-behind.ended; !errors.Is(err, broken) {
			t.Errorf("the one behind ended with %v", err)
		}
		time.Sleep(500 * time.Millisecond)
		f.fail(nil)
		f.add(5, false)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if !slices.Equal(one.got, f.ids[3:]) {
			t.Errorf("got %v, want %v", one.got, f.ids[3:])
		}
		full := errors.New("full")
		if err := tap.Follow(t.Context(), "", func(domain.Change) error { return full }); !errors.Is(err, full) {
			t.Errorf("ended with %v, want the follower's own error", err)
		}
		one.leave()
		synctest.Wait()
	})
}
