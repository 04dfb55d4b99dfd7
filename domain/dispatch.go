package domain

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Dispatcher tells channels what waits in the outbox: one worker a channel, so that none waits for another. It also ends
// snoozes, for that is what people are told of next.
type Dispatcher struct {
	Outbox    Outbox
	List      Worklist
	Alerts    Alerts // whose snoozes end; nil: nobody's
	Routes    Routes
	Notifiers map[string]Notifier                         // by channel
	Wakes     func() (hints <-chan struct{}, stop func()) // that something was recorded; nil: looking every few seconds is enough
	Now       func() time.Time
	Log       *slog.Logger
}

const (
	notifyDeadline = 15 * time.Second // of one attempt; receivers that take longer get it again
	itemsTold      = 1000             // alerts in a notification, of which it says how many there are
	wholeTold      = 20_000           // where all of them are to be told: some 20 MB of memory

	workPrune  = "prune"             // with the key "outbox"
	pruneEvery = time.Hour           // once nothing is left to forget
	prunePause = time.Second         // between portions, so that webhooks find the writer free
	pruneRows  = 500                 // of a portion
	toldKept   = 30 * 24 * time.Hour // how long it is known what was told
)

// Run tells until the context ends.
func (d *Dispatcher) Run(ctx context.Context) {
	d.settle(ctx)
	var running sync.WaitGroup
	for channel := range d.Notifiers {
		running.Go(func() {
			d.work(ctx, WorkNotify(channel), func(ctx context.Context, w Work) (Instant, error) { return d.tell(ctx, channel, w.Key) })
		})
	}
	if d.Alerts != nil {
		running.Go(func() { d.work(ctx, WorkSnooze, d.wake) })
	}
	running.Go(func() { d.work(ctx, workPrune, d.prune) })
	running.Wait()
}

func (d *Dispatcher) work(ctx context.Context, kind string, do func(context.Context, Work) (Instant, error)) {
	w := Worker{List: d.List, Kind: kind, Do: do, Now: d.Now, Log: d.Log}
	if d.Wakes != nil {
		wake, stop := d.Wakes()
		defer stop()
		w.Wake = wake
	}
	w.Run(ctx)
}

func (d *Dispatcher) wake(ctx context.Context, w Work) (Instant, error) {
	return 0, d.Alerts.Wake(ctx, w.Key, InstantOf(d.Now()))
}

// prune forgets what was told long ago, a portion at a time.
func (d *Dispatcher) prune(ctx context.Context, _ Work) (Instant, error) {
	now := InstantOf(d.Now())
	n, err := d.Outbox.Prune(ctx, now-InstantOfDuration(toldKept), pruneRows)
	if n >= pruneRows {
		return now + InstantOfDuration(prunePause), err
	}
	return now + InstantOfDuration(pruneEvery), err
}

// notConfigured is why a channel is disabled that nobody could tell anything.
const notConfigured = "the channel is not configured any more"

// settle has what is old forgotten, and looks after channels that came and went with the configuration: what waits for one that is gone would wait for
// ever, and one that is back may be told again.
func (d *Dispatcher) settle(ctx context.Context) {
	known, err := d.Outbox.Channels(ctx)
	err = errors.Join(err, d.List.PlanOnce(ctx, workPrune, "outbox", InstantOf(d.Now())))
	for channel, s := range known {
		_, configured := d.Notifiers[channel]
		switch {
		case configured && s.Reason == notConfigured:
			err = errors.Join(err, d.Outbox.Enable(ctx, channel))
		case !configured && s.DisabledAt == nil && s.Pending > 0:
			d.Log.Warn("what waits for a channel that is not configured any more is not told", "channel", channel, "waiting", s.Pending)
			err = errors.Join(err, d.Outbox.Disable(ctx, channel, notConfigured, InstantOf(d.Now())))
		}
	}
	if err != nil && ctx.Err() == nil {
		d.Log.Warn("the outbox could not be made ready", "error", err)
	}
}

// tell tells a group what there is to tell, and says when there is more.
func (d *Dispatcher) tell(ctx context.Context, channel, group string) (Instant, error) {
	now, route := InstantOf(d.Now()), d.Routes.Of(channel, group)
	last, told, err := d.Outbox.LastTold(ctx, channel, group)
	if err != nil {
		return 0, err
	}
	next, repeats := route.RepeatAt(last)
	if last > now { // the clock was set back since: nobody waits until it is where it was
		next = now
	}
	repeats = repeats && told
	n, err := d.Outbox.Compose(ctx, channel, group, now, repeats && next <= now, route.items())
	switch {
	case err != nil:
		return 0, err
	case n == nil && repeats && next > now: // what was planned in between was not needed
		return next, nil
	case n == nil:
		return 0, nil
	case n.NextAt != nil && *n.NextAt > now && *n.NextAt <= now+InstantOfDuration(longestAfter): // something new does not make a receiver well
		return *n.NextAt, nil
	}
	return d.try(ctx, n, route)
}

// try makes an attempt, and keeps what came of it. One that we are told to stop in counts as none.
func (d *Dispatcher) try(ctx context.Context, n *Notification, route *Route) (Instant, error) {
	failed := d.notify(ctx, n)
	if failed != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	t := route.impatient(triedAt(InstantOf(d.Now()), n.Attempts+1, failed), failed)
	d.report(n, &t)
	more, open, err := d.Outbox.KeepTry(context.WithoutCancel(ctx), n.ID, t)
	if err != nil {
		return 0, err
	}
	var told *NotifyError
	if errors.As(failed, &told) && told.Disable {
		return 0, d.Outbox.Disable(context.WithoutCancel(ctx), n.Channel, t.Error, t.At)
	}
	switch {
	case t.NextAt != nil:
		return *t.NextAt, nil
	case more:
		return route.DueAt(t.At, t.At), nil
	case open:
		again, _ := route.RepeatAt(t.At)
		return again, nil
	}
	return 0, nil
}

// errNothingOpen ends a repeat whose alerts were answered after it was made.
var errNothingOpen = &NotifyError{Err: errors.New("there is nothing to repeat any more: somebody has answered its alerts"), Final: true}

// notify calls the notifier. One that panics has failed.
func (d *Dispatcher) notify(ctx context.Context, n *Notification) (err error) {
	if n.Kind == KindRepeat && len(n.Items) == 0 {
		return errNothingOpen
	}
	ctx, cancel := context.WithTimeout(ctx, notifyDeadline)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while notifying: %v", p)
		}
	}()
	return d.Notifiers[n.Channel].Notify(ctx, *n)
}

func (d *Dispatcher) report(n *Notification, t *Tried) {
	log := d.Log.With("channel", n.Channel, "group", n.Group, "notification", n.ID, "attempt", n.Attempts+1)
	switch t.Status {
	case NotificationSent:
		log.Info("notified")
	case NotificationPending:
		log.Warn("a notification failed and is tried again", "at", *t.NextAt, "error", t.Error)
	default:
		log.Error("a notification is given up: it can be sent again", "error", t.Error)
	}
}

// Test sends a test message to a channel, past the outbox. Errors: CodeNotFound for a channel that is not configured, and
// the notifier's.
func (d *Dispatcher) Test(ctx context.Context, channel string) error {
	if d.Notifiers[channel] == nil {
		return Errorf(CodeNotFound, "no channel has this name: see /channels")
	}
	return d.notify(ctx, &Notification{
		ID: "ntf_test_" + strings.ToLower(rand.Text()), Channel: channel, Group: string(KindTest), Kind: KindTest, Status: NotificationPending,
		CreatedAt: InstantOf(d.Now()),
	})
}
