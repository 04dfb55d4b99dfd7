package domain_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"giftline/domain"
)

// tray is a worklist with one piece, which it notes what is done with.
type tray struct {
	domain.Worklist // what no worker may ask for
	mu              sync.Mutex
	pieces          []domain.Work
	free            time.Time // when the claims on it end
	notes           []string
	lost            bool
	fails           error
	slow            time.Duration // what holding on takes
	claims          int
}

func (d *tray) Claim(_ context.Context, _ string, now domain.Instant, lease time.Duration, _ int) (claimed []domain.Work, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.claims++
	for i := range d.pieces {
		if p := &d.pieces[i]; p.DueAt <= now && !time.Now().Before(d.free) {
			p.Attempt++
			claimed = append(claimed, *p)
		}
	}
	if len(claimed) > 0 {
		d.free = time.Now().Add(lease)
	}
	return claimed, d.fails
}

func (d *tray) Extend(_ context.Context, _ domain.Work, lease time.Duration) error {
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, "extended")
	d.free = time.Now().Add(lease)
	return d.answer()
}

func (d *tray) Done(ctx context.Context, w domain.Work) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes, d.pieces = append(d.notes, "done"), nil
	return errors.Join(ctx.Err(), d.answer())
}

func (d *tray) Postpone(ctx context.Context, w domain.Work, due domain.Instant) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, "again in "+due.Time().Sub(time.Now()).String())
	for i := range d.pieces {
		d.pieces[i].DueAt = due
	}
	d.free = time.Time{}
	return errors.Join(ctx.Err(), d.answer())
}

func (d *tray) answer() error {
	if d.lost {
		return domain.Errorf(domain.CodeLost, "lost")
	}
	return d.fails
}

func (d *tray) NextDue(context.Context, string) (domain.Instant, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.pieces) == 0 {
		return 0, false, d.fails
	}
	return d.pieces[0].DueAt, true, d.fails
}

func in(d time.Duration) domain.Instant { return domain.InstantOf(time.Now().Add(d)) }

// working runs a worker for a while and gives what it noted, and what it logged.
func working(t *testing.T, d *tray, long time.Duration, do func(context.Context, domain.Work) (domain.Instant, error)) string {
	var log bytes.Buffer
	w := &domain.Worker{List: d, Kind: "sweep", Do: do, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	w.Run(ctx)
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for line := range strings.Lines(log.String()) {
		d.notes = append(d.notes, "logged "+strings.Split(line, `"`)[1])
	}
	return strings.Join(d.notes, "; ")
}

func TestWorker(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		tray *tray
		long time.Duration
		do   func(context.Context, domain.Work) (domain.Instant, error)
		want string
	}{
		{"done", &tray{pieces: []domain.Work{{}}}, time.Second, nil, "done"},
		{"done to the second when it is due, however far that is", &tray{pieces: []domain.Work{{Key: "17s"}}}, 18 * time.Second, nil, "done"},
		{"not done before it is due", &tray{pieces: []domain.Work{{Key: "17s"}}}, 16 * time.Second, nil, ""},
		{"again", &tray{pieces: []domain.Work{{}}}, 4 * time.Second,
			func(_ context.Context, w domain.Work) (domain.Instant, error) { return in(3 * time.Second), nil }, "again in 3s; again in 3s"},
		{"failed", &tray{pieces: []domain.Work{{}}}, time.Second,
			func(context.Context, domain.Work) (domain.Instant, error) { return 0, broken }, "again in 1m0s; logged work failed and is tried again"},
		{"panicked", &tray{pieces: []domain.Work{{}}}, time.Second,
			func(context.Context, domain.Work) (domain.Instant, error) { panic("at the disco") }, "again in 1m0s; logged work failed and is tried again"},
		{"long work is held on to", &tray{pieces: []domain.Work{{}}}, time.Minute,
			func(context.Context, domain.Work) (domain.Instant, error) {
				time.Sleep(12 * time.Second)
				return 0, nil
			},
			"extended; extended; done"},
		{"work that was lost is given up", &tray{pieces: []domain.Work{{}}, lost: true}, 6 * time.Second,
			func(ctx context.Context, _ domain.Work) (domain.Instant, error) { <-ctx.Done(); return 0, nil }, "extended; done"},
		{"told to stop, it lets go at once", &tray{pieces: []domain.Work{{}}}, 2 * time.Second,
			func(ctx context.Context, _ domain.Work) (domain.Instant, error) { <-ctx.Done(); return 0, ctx.Err() }, "again in -2s"},
		{"the second piece is held for as long as the first", &tray{pieces: []domain.Work{{}, {}}}, time.Second, nil, "done; extended; done"},
		{"a dead replica's work", &tray{pieces: []domain.Work{{}}, free: time.Time{}.Add(1)}, 30 * time.Second, nil, "done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := c.tray
				for i := range d.pieces {
					wait, _ := time.ParseDuration(d.pieces[i].Key)
					d.pieces[i].DueAt = in(wait)
				}
				if !d.free.IsZero() { // its holder claimed it just now and died
					d.free = time.Now().Add(domain.Lease)
				}
				if c.do == nil {
					c.do = func(context.Context, domain.Work) (domain.Instant, error) { return 0, nil }
				}
				if got := working(t, d, c.long, c.do); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

// While nothing is due nothing is claimed, for that would be a write every few seconds.
func TestWorker_idle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &tray{pieces: []domain.Work{{DueAt: in(time.Hour)}}}
		nothing := func(context.Context, domain.Work) (domain.Instant, error) { return 0, nil }
		if got := working(t, d, 59*time.Minute, nothing); got != "" || d.claims != 0 {
			t.Errorf("%s, %d claims", got, d.claims)
		}
	})
}

// Work is given back once nobody holds on to it any more: else the next holder would wait for a lease.
func TestWorker_givesBackLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &tray{pieces: []domain.Work{{DueAt: in(0)}}, slow: 2 * time.Second}
		got := working(t, d, 20*time.Second, func(context.Context, domain.Work) (domain.Instant, error) {
			time.Sleep(6 * time.Second) // in the middle of holding on
			return 0, nil
		})
		if got != "extended; done" {
			t.Error(got)
		}
	})
}

// A database that fails stops nothing: the worker asks again, and says what it could not do.
func TestWorker_troubles(t *testing.T) {
	nothing := func(context.Context, domain.Work) (domain.Instant, error) { return 0, nil }
	synctest.Test(t, func(t *testing.T) {
		if got := working(t, &tray{fails: errors.New("broken")}, 9*time.Second, nothing); got != "logged work could not be claimed; logged work could not be claimed" {
			t.Error(got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d := &tray{pieces: []domain.Work{{DueAt: in(0)}, {DueAt: in(0)}}}
		got := working(t, d, time.Second, func(context.Context, domain.Work) (domain.Instant, error) {
			d.fails = errors.New("broken")
			return 0, nil
		})
		if want := "done; extended; logged finished work comes again, its claim could not be closed; logged work could not be claimed"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
