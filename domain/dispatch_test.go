package domain_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"giftline/domain"
)

// mailbox is an outbox and a worklist in memory, with the notifications that wait for their groups.
type mailbox struct {
	domain.Outbox   // what no dispatcher may ask for
	domain.Worklist // as above
	mu              sync.Mutex
	work            map[string]*domain.Work // by kind and key
	held            map[string]bool
	waiting         map[string][]*domain.Notification // by channel and group
	open            map[string]bool                   // groups with open alerts
	last            map[string]domain.Instant
	states          map[string]domain.ChannelState
	notes           []string
	old             int64 // rows to forget
}

func newMailbox() *mailbox {
	return &mailbox{
		work: map[string]*domain.Work{}, held: map[string]bool{}, waiting: map[string][]*domain.Notification{}, open: map[string]bool{},
		last: map[string]domain.Instant{}, states: map[string]domain.ChannelState{},
	}
}

// put adds a notification that is due at once.
func (m *mailbox) put(channel, group, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting[channel+" "+group] = append(m.waiting[channel+" "+group], &domain.Notification{ID: id, Channel: channel, Group: group})
	m.plan(domain.WorkNotify(channel), group, in(0))
}

func (m *mailbox) plan(kind, key string, due domain.Instant) {
	m.work[kind+" "+key] = &domain.Work{Kind: kind, Key: key, DueAt: due}
}

func (m *mailbox) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

func (m *mailbox) Compose(_ context.Context, channel, group string, now domain.Instant, repeat bool, _ int) (*domain.Notification, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.waiting[channel+" "+group]
	if len(all) == 0 && repeat && m.open[group] {
		all = []*domain.Notification{{ID: "repeat", Channel: channel, Group: group}}
		m.waiting[channel+" "+group] = all
	}
	if len(all) == 0 {
		return nil, nil
	}
	n := *all[0]
	return &n, nil
}

func (m *mailbox) KeepTry(_ context.Context, id string, t domain.Tried) (more, open bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, all := range m.waiting {
		i := slices.IndexFunc(all, func(n *domain.Notification) bool { return n.ID == id })
		if i < 0 {
			continue
		}
		n := all[i]
		n.Attempts, n.NextAt, n.LastError = n.Attempts+1, t.NextAt, t.Error
		if t.Status != domain.NotificationPending {
			m.waiting[key] = slices.Delete(all, i, i+1)
			m.note("%s %s %s", id, t.Status, t.Error)
		}
		if t.Status == domain.NotificationSent {
			m.last[key] = t.At
		}
		return len(m.waiting[key]) > 0, m.open[n.Group], nil
	}
	return false, false, errors.New("no such notification")
}

func (m *mailbox) LastTold(_ context.Context, channel, group string) (domain.Instant, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, ok := m.last[channel+" "+group]
	return last, ok, nil
}

func (m *mailbox) Disable(_ context.Context, channel, reason string, _ domain.Instant) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note("%s disabled: %s", channel, reason)
	return nil
}

func (m *mailbox) Enable(_ context.Context, channel string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note("%s enabled", channel)
	return nil
}

func (m *mailbox) Prune(_ context.Context, before domain.Instant, limit int) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := min(m.old, int64(limit))
	if m.old -= n; n > 0 {
		m.note("%d from before %v forgotten", n, in(0).Time().Sub(before.Time()))
	}
	return n, nil
}

func (m *mailbox) PlanOnce(_ context.Context, kind, key string, due domain.Instant) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.work[kind+" "+key] == nil {
		m.plan(kind, key, due)
	}
	return nil
}

func (m *mailbox) Channels(context.Context) (map[string]domain.ChannelState, error) {
	return m.states, nil
}

func (m *mailbox) Claim(_ context.Context, kind string, now domain.Instant, _ time.Duration, _ int) (claimed []domain.Work, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, w := range m.work {
		if w.Kind == kind && w.DueAt <= now && !m.held[key] {
			m.held[key] = true
			claimed = append(claimed, *w)
		}
	}
	return claimed, nil
}

func (m *mailbox) Extend(context.Context, domain.Work, time.Duration) error { return nil }

func (m *mailbox) Done(_ context.Context, w domain.Work) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, w.Kind+" "+w.Key)
	delete(m.work, w.Kind+" "+w.Key)
	return nil
}

func (m *mailbox) Postpone(_ context.Context, w domain.Work, due domain.Instant) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, w.Kind+" "+w.Key)
	m.plan(w.Kind, w.Key, due)
	return nil
}

func (m *mailbox) NextDue(_ context.Context, kind string) (due domain.Instant, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.work {
		if w.Kind == kind && (!ok || w.DueAt < due) {
			due, ok = w.DueAt, true
		}
	}
	return due, ok, nil
}

func (m *mailbox) noted() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.notes, "; ")
}

// receiver notes when it was told what, since it was made, and answers what it is told to.
type receiver struct {
	mu     sync.Mutex
	since  time.Time
	told   []string
	answer func(context.Context, domain.Notification) error
}

func (r *receiver) Notify(ctx context.Context, n domain.Notification) error {
	r.mu.Lock()
	r.told = append(r.told, fmt.Sprint(n.ID, "@", time.Since(r.since).Round(time.Millisecond)))
	r.mu.Unlock()
	if r.answer == nil {
		return nil
	}
	return r.answer(ctx, n)
}

func (r *receiver) heard() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.told, " ")
}

func answering(err error) *receiver {
	return &receiver{since: time.Now(), answer: func(context.Context, domain.Notification) error { return err }}
}

func dispatcher(m *mailbox, channels map[string]*receiver) *domain.Dispatcher {
	d := &domain.Dispatcher{Outbox: m, List: m, Notifiers: map[string]domain.Notifier{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	for name, r := range channels {
		d.Notifiers[name] = r
	}
	return d
}

// dispatch runs a dispatcher for so long.
func dispatch(t *testing.T, d *domain.Dispatcher, long time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	d.Run(ctx)
	synctest.Wait()
}

// A notification that fails comes again under its id, later and later, until it is given up.
func TestDispatcher_backoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newMailbox(), answering(errors.New("500"))
		m.put("ops", "stuck/snappy", "ntf_1")
		dispatch(t, dispatcher(m, map[string]*receiver{"ops": r}), 48*time.Hour)
		want := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}
		if len(r.told) != len(want)+1 || m.noted() != "ntf_1 dead 500" {
			t.Fatalf("told %v, noted %s", r.told, m.noted())
		}
		var before time.Duration
		for i, told := range r.told {
			id, text, _ := strings.Cut(told, "@")
			at, err := time.ParseDuration(text)
			if err != nil || id != "ntf_1" {
				t.Fatalf("told %s", told)
			}
			if i > 0 && (at-before < want[i-1]*8/10 || at-before > want[i-1]*12/10+time.Second) {
				t.Errorf("attempt %d came after %v, want %v and a fifth either way", i+1, at-before, want[i-1])
			}
			before = at
		}
	})
}

// A receiver that forgets what it is not told again is told at the pace of repeats, for however long it was away.
func TestDispatcher_impatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newMailbox(), &receiver{since: time.Now()}
		r.answer = func(context.Context, domain.Notification) error {
			if time.Since(r.since) < 72*time.Hour {
				return errors.New("500")
			}
			return nil
		}
		d := dispatcher(m, map[string]*receiver{"ops": r})
		d.Routes = domain.Routes{{Channel: "ops", Whole: true, Repeat: time.Minute}}
		m.put("ops", "stuck/snappy", "ntf_1")
		dispatch(t, d, 72*time.Hour+2*time.Minute)
		if m.noted() != "ntf_1 sent " || len(r.told) < 72*50 {
			t.Errorf("told %d times, noted %s", len(r.told), m.noted())
		}
	})
}

// What a clock that was ahead put off is not put off until it is there again.
func TestDispatcher_clockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newMailbox(), answering(nil)
		d := dispatcher(m, map[string]*receiver{"ops": r})
		d.Routes = domain.Routes{{Channel: "ops", Repeat: time.Hour}}
		m.put("ops", "stuck/snappy", "ntf_1")
		year := domain.InstantOf(time.Now().AddDate(1, 0, 0))
		m.waiting["ops stuck/snappy"][0].NextAt, m.last["ops stuck/snappy"] = &year, year
		m.put("ops", "failed/snappy", "ntf_2")
		m.waiting["ops failed/snappy"], m.open["failed/snappy"], m.last["ops failed/snappy"] = nil, true, year
		dispatch(t, d, time.Minute)
		if got := r.heard(); !strings.Contains(got, "ntf_1@0s") || !strings.Contains(got, "repeat@0s") {
			t.Errorf("told %s", got)
		}
	})
}

func TestDispatcher_answers(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name   string
		answer func(context.Context, domain.Notification) error
		long   time.Duration
		told   int
		noted  string
	}{
		{"taken", nil, time.Hour, 1, "ntf_1 sent "},
		{"final", func(context.Context, domain.Notification) error {
			return fmt.Errorf("x: %w", &domain.NotifyError{Err: refused, Final: true})
		}, 48 * time.Hour, 1, "ntf_1 dead x: refused"},
		{"disable", func(context.Context, domain.Notification) error {
			return &domain.NotifyError{Err: refused, Disable: true}
		}, 48 * time.Hour, 1, "ntf_1 dead refused; ops disabled: refused"},
		{"not before an hour", func(context.Context, domain.Notification) error {
			return &domain.NotifyError{Err: refused, After: time.Hour}
		}, 59 * time.Minute, 1, ""},
		{"after an hour", func(context.Context, domain.Notification) error {
			return &domain.NotifyError{Err: refused, After: time.Hour}
		}, 61 * time.Minute, 2, ""},
		{"not before next year", func(context.Context, domain.Notification) error {
			return &domain.NotifyError{Err: refused, After: 365 * 24 * time.Hour}
		}, 24*time.Hour + time.Minute, 2, ""},
		{"sooner than the schedule says", func(context.Context, domain.Notification) error {
			return &domain.NotifyError{Err: refused, After: time.Millisecond}
		}, 3 * time.Second, 1, ""},
		{"panic", func(context.Context, domain.Notification) error { panic("at the disco") }, 7 * time.Second, 2, ""},
		{"hanging until its time is up", func(ctx context.Context, _ domain.Notification) error {
			<-ctx.Done()
			return ctx.Err()
		}, 22 * time.Second, 2, ""},
		{"what it says is kept as text", func(context.Context, domain.Notification) error {
			return &domain.NotifyError{Err: errors.New("a\x00b\xff" + strings.Repeat("x", 1000)), Final: true}
		}, time.Minute, 1, "ntf_1 dead a?b?" + strings.Repeat("x", 496) + "…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, r := newMailbox(), &receiver{since: time.Now(), answer: c.answer}
				m.put("ops", "group", "ntf_1")
				dispatch(t, dispatcher(m, map[string]*receiver{"ops": r}), c.long)
				if len(r.told) != c.told || m.noted() != c.noted {
					t.Errorf("told %s, noted %q, want %d and %q", r.heard(), m.noted(), c.told, c.noted)
				}
			})
		})
	}
}

// A channel that hangs delays no other one, and a group that fails delays no other group for longer than its attempt.
func TestDispatcher_apart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, good := newMailbox(), answering(nil)
		bad := &receiver{since: time.Now(), answer: func(ctx context.Context, n domain.Notification) error {
			if n.Group != "poison" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		m.put("bad", "poison", "ntf_1")
		m.put("good", "poison", "ntf_2")
		d := dispatcher(m, map[string]*receiver{"good": good, "bad": bad})
		go func() {
			time.Sleep(time.Second)
			m.put("good", "group", "ntf_3")
			m.put("bad", "group", "ntf_4")
		}()
		dispatch(t, d, time.Minute)
		if got := good.heard(); got != "ntf_2@0s ntf_3@5s" {
			t.Errorf("good was told %s", got)
		}
		if got := bad.heard(); !strings.HasPrefix(got, "ntf_1@0s ntf_4@15s ntf_1@") {
			t.Errorf("bad was told %s", got)
		}
	})
}

// Something new does not bring a failing notification forward, and is told behind it.
func TestDispatcher_inOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox()
		r := &receiver{since: time.Now()}
		r.answer = func(context.Context, domain.Notification) error {
			if len(r.told) == 1 {
				return &domain.NotifyError{Err: errors.New("429"), After: time.Hour}
			}
			return nil
		}
		d := dispatcher(m, map[string]*receiver{"ops": r})
		d.Routes = domain.Routes{{Channel: "ops", Interval: 10 * time.Minute}}
		m.put("ops", "stuck/snappy", "ntf_1")
		go func() {
			time.Sleep(time.Minute)
			m.put("ops", "stuck/snappy", "ntf_2")
		}()
		dispatch(t, d, 2*time.Hour)
		if got := r.heard(); got != "ntf_1@0s ntf_1@1h0m0s ntf_2@1h10m0s" {
			t.Errorf("told %s", got)
		}
	})
}

// While alerts of a group are open it is told again; in between nothing is, whatever the work is planned for.
func TestDispatcher_repeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newMailbox(), answering(nil)
		d := dispatcher(m, map[string]*receiver{"ops": r})
		d.Routes = domain.Routes{{Channel: "ops", Repeat: 24 * time.Hour}}
		m.open["stuck/snappy"] = true
		m.put("ops", "stuck/snappy", "ntf_1")
		go func() {
			time.Sleep(time.Hour)
			m.mu.Lock()
			defer m.mu.Unlock()
			m.plan(domain.WorkNotify("ops"), "stuck/snappy", in(0)) // of what was over before it was told
		}()
		dispatch(t, d, 50*time.Hour)
		if got := r.heard(); got != "ntf_1@0s repeat@24h0m0s repeat@48h0m0s" {
			t.Errorf("told %s", got)
		}
		m.open["stuck/snappy"] = false
		dispatch(t, d, 50*time.Hour)
		if got := r.heard(); got != "ntf_1@0s repeat@24h0m0s repeat@48h0m0s" || len(m.work) > 1 {
			t.Errorf("told %s once nothing is open, planned %v", got, m.work)
		}
	})
}

// A repeat whose alerts were answered before it was told, or told again, says nothing to anybody.
func TestDispatcher_repeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newMailbox(), answering(nil)
		m.put("ops", "stuck/snappy", "ntf_1")
		m.waiting["ops stuck/snappy"][0].Kind = domain.KindRepeat
		dispatch(t, dispatcher(m, map[string]*receiver{"ops": r}), time.Hour)
		if want := []string{"ntf_1 dead there is nothing to repeat any more: somebody has answered its alerts"}; r.heard() != "" || !slices.Equal(m.notes, want) {
			t.Errorf("told %q, noted %q", r.heard(), m.notes)
		}
	})
}

// What is planned while nobody looks is told at once where somebody says so, and within a poll otherwise. However often
// it is said, it is looked at ten times a second at most.
func TestDispatcher_wakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := newMailbox(), answering(nil)
		hints := []chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)} // for what is told, and for what is forgotten
		var given, stopped atomic.Int64
		d := dispatcher(m, map[string]*receiver{"ops": r})
		d.Wakes = func() (<-chan struct{}, func()) { return hints[given.Add(1)-1], func() { stopped.Add(1) } }
		wake := func() {
			for _, c := range hints {
				c <- struct{}{}
			}
		}
		go func() {
			time.Sleep(time.Second)
			m.put("ops", "a", "ntf_1")
			wake()
			time.Sleep(30 * time.Millisecond)
			m.put("ops", "b", "ntf_2")
			wake()
		}()
		dispatch(t, d, 3*time.Second)
		if got := r.heard(); got != "ntf_1@1s ntf_2@1.1s" || stopped.Load() != 2 {
			t.Errorf("told %s, %d stopped listening", got, stopped.Load())
		}
	})
}

// Who is told to stop in the middle of an attempt does not count it: the same comes again.
func TestDispatcher_stops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox()
		r := &receiver{since: time.Now(), answer: func(ctx context.Context, _ domain.Notification) error { <-ctx.Done(); return ctx.Err() }}
		m.put("ops", "group", "ntf_1")
		dispatch(t, dispatcher(m, map[string]*receiver{"ops": r}), time.Second)
		n, err := m.Compose(t.Context(), "ops", "group", in(0), false, 1)
		if due, ok, _ := m.NextDue(t.Context(), domain.WorkNotify("ops")); err != nil || n == nil || n.Attempts != 0 || !ok || due > in(0) {
			t.Errorf("left %+v, error %v, due %v", n, err, due)
		}
	})
}

// What was told is forgotten after a month, in portions.
func TestDispatcher_forgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox()
		m.old = 501
		dispatch(t, dispatcher(m, nil), time.Minute)
		if got := m.noted(); got != "500 from before 720h0m0s forgotten; 1 from before 720h0m0s forgotten" {
			t.Error(got)
		}
		m.old = 1
		dispatch(t, dispatcher(m, nil), 58*time.Minute)
		if m.old != 1 {
			t.Error("it looks more often than every hour")
		}
		dispatch(t, dispatcher(m, nil), 5*time.Minute)
		if m.old != 0 {
			t.Error("it looks less often than every hour")
		}
	})
}

// What waits for a channel that is not configured any more does not wait for ever, and one that is back is told again. One
// that does not want to hear of us stays disabled.
func TestDispatcher_settles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := in(0)
		m := newMailbox()
		m.states = map[string]domain.ChannelState{
			"gone": {Pending: 1}, "quiet": {}, "back": {DisabledAt: &at, Reason: "the channel is not configured any more"},
			"refuses": {DisabledAt: &at, Reason: "410 Gone"}, "ops": {Pending: 1},
		}
		dispatch(t, dispatcher(m, map[string]*receiver{"back": answering(nil), "refuses": answering(nil), "ops": answering(nil)}), time.Second)
		slices.Sort(m.notes)
		if got := m.noted(); got != "back enabled; gone disabled: the channel is not configured any more" {
			t.Error(got)
		}
	})
}

type others struct{ domain.Store }

// sleepers are alerts whose snoozes end.
type sleepers struct {
	others // what no dispatcher may ask for
	woke   chan string
}

func (s sleepers) Wake(_ context.Context, id string, now domain.Instant) error {
	s.woke <- id + "@" + now.String()
	return nil
}

func TestDispatcher_endsSnoozes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, s := newMailbox(), sleepers{woke: make(chan string, 1)}
		at := in(time.Hour)
		m.plan(domain.WorkSnooze, "alt_1", at)
		d := dispatcher(m, nil)
		d.Alerts = s
		dispatch(t, d, time.Hour+time.Second)
		if got := <-s.woke; got != "alt_1@"+at.String() {
			t.Error(got)
		}
	})
}

func TestDispatcher_Test(t *testing.T) {
	var got domain.Notification
	r := &receiver{answer: func(_ context.Context, n domain.Notification) error { got = n; return errors.New("no") }}
	d := dispatcher(newMailbox(), map[string]*receiver{"ops": r})
	if err := d.Test(t.Context(), "other"); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("an unknown channel: %v", err)
	}
	if err := d.Test(t.Context(), "ops"); err == nil || err.Error() != "no" {
		t.Errorf("what the receiver says: %v", err)
	}
	if got.Kind != domain.KindTest || got.Channel != "ops" || !strings.HasPrefix(got.ID, "ntf_test_") {
		t.Errorf("sent %+v", got)
	}
}
