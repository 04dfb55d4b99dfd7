package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// errDead is what a process gets that is not there any more.
var errDead = errors.New("the process is dead")

// mortal is a process between a dispatcher and its store: from some moment on, nothing that it does happens.
type mortal struct {
	*store.Store
	steps *atomic.Int64 // until it dies
	end   context.CancelFunc
}

// step is done by a living process. It may die before it, or behind it without hearing what came of it.
func (m *mortal) step(do func() error) error {
	if m.dies() {
		return errDead
	}
	if err := do(); err != nil {
		return err
	}
	if m.dies() {
		return errDead
	}
	return nil
}

func (m *mortal) dies() bool {
	if m.steps.Add(-1) > 0 {
		return false
	}
	m.end()
	return true
}

func (m *mortal) Compose(ctx context.Context, channel, group string, now domain.Instant, repeat bool, items int) (n *domain.Notification, err error) {
	err = m.step(func() error {
		n, err = m.Store.Compose(ctx, channel, group, now, repeat, items)
		return err
	})
	return n, err
}

func (m *mortal) KeepTry(ctx context.Context, id string, t domain.Tried) (more, open bool, err error) {
	err = m.step(func() error {
		more, open, err = m.Store.KeepTry(ctx, id, t)
		return err
	})
	return more, open, err
}

func (m *mortal) Claim(ctx context.Context, kind string, now domain.Instant, lease time.Duration, limit int) (claimed []domain.Work, err error) {
	err = m.step(func() error {
		claimed, err = m.Store.Claim(ctx, kind, now, lease, limit)
		return err
	})
	return claimed, err
}

func (m *mortal) Extend(ctx context.Context, w domain.Work, lease time.Duration) error {
	return m.step(func() error { return m.Store.Extend(ctx, w, lease) })
}

func (m *mortal) Done(ctx context.Context, w domain.Work) error {
	return m.step(func() error { return m.Store.Done(ctx, w) })
}

func (m *mortal) Postpone(ctx context.Context, w domain.Work, due domain.Instant) error {
	return m.step(func() error { return m.Store.Postpone(ctx, w, due) })
}

// hearers note which notification told them which step of an alert, over all processes that told them.
type hearers struct {
	mu sync.Mutex
	by map[string]map[string]bool // by alert and step: ids of notifications
}

// from hears one process. What it says may be lost on the way, or heard though it died meanwhile.
func (h *hearers) from(m *mortal) domain.Notifier {
	return notifier(func(_ context.Context, n domain.Notification) error {
		return m.step(func() error {
			h.mu.Lock()
			defer h.mu.Unlock()
			if rand.IntN(10) == 0 {
				return errors.New("500")
			}
			for _, i := range n.Items {
				key := i.Alert.ID + " " + string(i.Step)
				if h.by[key] == nil {
					h.by[key] = map[string]bool{}
				}
				h.by[key][n.ID] = true
			}
			return nil
		})
	})
}

type notifier func(context.Context, domain.Notification) error

func (f notifier) Notify(ctx context.Context, n domain.Notification) error { return f(ctx, n) }

// sourceAlert is about a source of its own.
func sourceAlert(n int, now domain.Instant) domain.Alert {
	a := domain.Alert{Rule: domain.RuleQuiet, Severity: domain.Critical, Source: fmt.Sprintf("source-%d", n%3), Since: now, At: now}
	a.ID = domain.AlertID(nil, fmt.Sprint(n), domain.Alarm{Rule: a.Rule, Since: now})
	return a
}

var toOps = domain.Routes{{Channel: "ops", Wait: time.Second, Interval: time.Second}}

func tellOps(t *testing.T, s domain.Store, a domain.Alert, kind domain.StepKind) {
	now := domain.InstantOf(time.Now())
	store.TellAlerts(t, s, toOps, now, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: kind, At: now}})
}

// dispatchFor tells for a while, and dies after so many steps.
func (h *hearers) dispatchFor(t *testing.T, s *store.Store, long time.Duration, steps int64) {
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	m := &mortal{s, &atomic.Int64{}, cancel}
	m.steps.Store(steps)
	d := domain.Dispatcher{
		Outbox: m, List: m, Routes: toOps, Notifiers: map[string]domain.Notifier{"ops": h.from(m)}, Wakes: s.Hints, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	}
	d.Run(ctx)
}

// drain tells until there is no more to tell.
func (h *hearers) drain(t *testing.T, s *store.Store) {
	for range 48 {
		if _, ok, err := s.NextDue(t.Context(), domain.WorkNotify("ops")); !ok || err != nil {
			if err != nil {
				t.Error(err)
			}
			return
		}
		h.dispatchFor(t, s, time.Hour, 1<<40)
	}
	t.Error("there is still more to tell")
}

// A process that dies between any two steps of telling, fifty times, loses nothing: people hear at least once of every
// beginning and of every end, each by one notification.
func TestDispatcher_crashes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Machines: statemachines.All(), Lazy: true})
		h := &hearers{by: map[string]map[string]bool{}}
		var alerts []domain.Alert
		for range 50 {
			for range 4 {
				alerts = append(alerts, sourceAlert(len(alerts), domain.InstantOf(time.Now())))
				tellOps(t, s, alerts[len(alerts)-1], domain.StepOpened)
			}
			h.dispatchFor(t, s, time.Hour, rand.Int64N(40))
		}
		h.drain(t, s)
		for _, a := range alerts {
			tellOps(t, s, a, domain.StepResolved)
		}
		for range 10 {
			h.dispatchFor(t, s, time.Hour, rand.Int64N(40))
		}
		h.drain(t, s)
		for _, a := range alerts {
			for _, step := range []domain.StepKind{domain.StepOpened, domain.StepResolved} {
				if by := h.by[a.ID+" "+string(step)]; len(by) != 1 {
					t.Errorf("of %s %s tell %d notifications", a.ID, step, len(by))
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Five hundred at once are one message of five hundred.
func TestDispatcher_floods(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Machines: statemachines.All(), Lazy: true})
		var told []domain.Notification
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		d := domain.Dispatcher{Outbox: s, List: s, Routes: toOps, Wakes: s.Hints, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		d.Notifiers = map[string]domain.Notifier{"ops": notifier(func(_ context.Context, n domain.Notification) error {
			told = append(told, n)
			return nil
		})}
		go func() {
			now := domain.InstantOf(time.Now())
			var all []domain.AlertChange
			for n := range 500 {
				all = append(all, domain.AlertChange{Alert: sourceAlert(3*n, now), Step: &domain.AlertStep{Kind: domain.StepOpened, At: now}})
			}
			store.TellAlerts(t, s, toOps, now, all...)
		}()
		d.Run(ctx)
		if len(told) != 1 || told[0].Counts[domain.StepOpened] != 500 || len(told[0].Items) != 500 {
			t.Errorf("%d messages", len(told))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Who waits for hints is woken once something to tell is committed, and not by what is put off.
func TestHints_told(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Machines: statemachines.All(), Lazy: true})
	hints, stop := s.Hints()
	defer stop()
	given := func() bool {
		select {
		case <-hints:
			return true
		default:
			return false
		}
	}
	a := sourceAlert(1, domain.InstantOf(time.Now()))
	tellOps(t, s, a, domain.StepOpened)
	if !given() {
		t.Error("nobody was woken")
	}
	if store.TellAlerts(t, s, toOps, a.At, domain.AlertChange{Alert: a}); given() {
		t.Error("somebody was woken for nothing")
	}
}
