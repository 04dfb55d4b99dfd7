//go:build unix

package store_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

const (
	minute = hour / 60
	began  = domain.Instant(1_760_000_400_000_000) // on a full hour

	storyGifts = 1000
	storyStuck = 10 // of them get no further
	storyLimit = 8 * hour
)

// outpost is a service without its API: a store, the monitor over it, and a clock that only moves when it is told to.
type outpost struct {
	t       *testing.T
	db      string
	clock   *atomic.Int64
	store   *store.Store
	monitor *domain.Monitor
	strange int      // gifts that play no part
	told    []string // in each message: the rule, and how many of its alerts began or ended
}

// outposts runs a story on either database.
func outposts(t *testing.T, story func(*outpost)) {
	run := func(name string, db func(*testing.T) string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &outpost{t: t, db: db(t), clock: &atomic.Int64{}}
			o.clock.Store(int64(began))
			story(o)
		})
	}
	run("sqlite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "giftline.db") })
	run("postgres", func(t *testing.T) string { return ownSchema(t, storetest.Server(t)) })
}

// start opens the database. Its laps run before the monitor has looked: nothing may be wrong by that.
func (o *outpost) start() {
	o.t.Helper()
	alerting := &domain.Alerting{
		Policy: &domain.Policy{Dwell: []domain.DwellRule{{Region: domain.Delivery, State: "orderReceived", Limit: time.Duration(storyLimit) * time.Microsecond}}},
		Routes: domain.Routes{{Channel: "ops", Wait: domain.DefaultWait, Interval: domain.DefaultInterval}},
	}
	s, err := store.Open(o.t.Context(), o.db, store.Options{
		Machines: statemachines.All(), Alerting: alerting, Lazy: true, Now: func() time.Time { return o.now().Time() },
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.store = s
	o.monitor = &domain.Monitor{Store: s, Sources: []string{"snappy"}, Alerting: alerting, Log: slog.New(slog.DiscardHandler)}
	o.sweep()
	o.look()
}

func (o *outpost) stop() {
	o.t.Helper()
	if err := o.store.Close(); err != nil {
		o.t.Fatal(err)
	}
}

func (o *outpost) now() domain.Instant { return domain.Instant(o.clock.Load()) }

func (o *outpost) sweep() {
	o.t.Helper()
	if err := o.store.FollowAll(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

func (o *outpost) look() {
	o.t.Helper()
	if err := o.monitor.RunOnce(o.t.Context(), o.now()); err != nil {
		o.t.Fatal(err)
	}
	o.sweep()
	o.tell()
}

// live passes time in which the pulse beats, with something at every ten minutes.
func (o *outpost) live(until domain.Instant, each ...func()) {
	o.t.Helper()
	for o.now() < until {
		o.clock.Add(int64(10 * minute))
		store.Spoil(o.t, o.store, "UPDATE pulse SET at = ?", int64(o.now()-minute/6)) // as all the beats since would have
		for _, do := range each {
			do()
		}
		o.sweep()
		o.look()
	}
}

// gifts delivers the same report on some gifts, at once; each happened a second after the one before.
func (o *outpost) gifts(from, to int, state string, at domain.Instant) {
	o.t.Helper()
	var all []store.Driven
	for n := from; n < to; n++ {
		p := said(fmt.Sprintf("gift-%04d", n), "gift-delivery-status-changed", state, 0)
		e := &p.Events[0]
		e.At = at + domain.Instant(n)*domain.InstantSecond
		e.Fingerprint = domain.FingerprintOf("story/1", e.Subject, state)
		p.ReceivedAt, p.Body = o.now(), []byte(e.Subject.ID+state)
		all = append(all, store.Driven{Parsed: p})
	}
	if len(all) > 0 {
		store.Together(o.t, o.store, all...)
	}
}

// hum delivers news of a gift that nobody waits for.
func (o *outpost) hum() {
	o.strange++
	o.gifts(5000+o.strange, 5001+o.strange, "delivered", o.now())
}

// backlog gives, each time, the next part of what was missed: the gifts moved on at some time.
func (o *outpost) backlog(moved domain.Instant, parts int) func() {
	done := storyStuck
	size := (storyGifts - storyStuck + parts - 1) / parts
	return func() {
		next := min(done+size, storyGifts)
		o.gifts(done, next, "processing", moved)
		done = next
	}
}

// raised lists every alert that there ever was, in short, with the steps that it made; those about gifts are counted.
func (o *outpost) raised() string {
	o.t.Helper()
	var all []string
	gifts := map[string]int{}
	for q := (domain.AlertQuery{Limit: 1000}); ; {
		page, err := o.store.Alerts(o.t.Context(), q)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, a := range page.Alerts {
			_, steps, err := o.store.Alert(o.t.Context(), a.ID)
			if err != nil {
				o.t.Fatal(err)
			}
			line := string(a.Rule)
			for _, s := range steps {
				line += " " + string(s.Kind)
			}
			if a.Subject != nil {
				gifts[line]++
				continue
			}
			all = append(all, line)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	for line, n := range gifts {
		all = append(all, fmt.Sprint(n, " ", line))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (o *outpost) want(when, want string) {
	o.t.Helper()
	if got := o.raised(); got != want {
		o.t.Errorf("%s: raised %q, want %q", when, got, want)
	}
}

// tell sends what waits for the channel.
func (o *outpost) tell() {
	o.t.Helper()
	ctx := o.t.Context()
	claimed, err := o.store.Claim(ctx, domain.WorkNotify("ops"), o.now(), domain.Lease, 100)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, w := range claimed {
		n, err := o.store.Compose(ctx, "ops", w.Key, o.now(), false, 1)
		if err != nil {
			o.t.Fatal(err)
		}
		if n != nil {
			o.told = append(o.told, fmt.Sprint(n.Items[0].Alert.Rule, " ", n.Counts))
			if more, _, err := o.store.KeepTry(ctx, n.ID, domain.Tried{At: o.now(), Status: domain.NotificationSent}); err != nil || more {
				o.t.Fatalf("more is to be told: %v, error %v", more, err)
			}
		}
		if err := o.store.Done(ctx, w); err != nil {
			o.t.Fatal(err)
		}
	}
}

// wantTold compares the messages that were sent.
func (o *outpost) wantTold(want ...string) {
	o.t.Helper()
	if !slices.Equal(o.told, want) {
		o.t.Errorf("told %q, want %q", o.told, want)
	}
}

// wantStuck checks that the gifts without news are stuck from their own deadline on, moved by the outage to the
// microsecond.
func (o *outpost) wantStuck(source string) {
	o.t.Helper()
	outages, err := o.store.Outages(o.t.Context(), 0)
	if err != nil || len(outages) != 1 || outages[0].Source != source || outages[0].To == nil {
		o.t.Fatalf("outages %+v, error %v", outages, err)
	}
	blind := outages[0].Until(0) - outages[0].From
	stuck, err := o.store.Alerts(o.t.Context(), domain.AlertQuery{Rules: []domain.Rule{domain.RuleStuck}})
	if err != nil || len(stuck.Alerts) != storyStuck {
		o.t.Fatalf("%d gifts are stuck, error %v", len(stuck.Alerts), err)
	}
	for _, a := range stuck.Alerts {
		var n domain.Instant
		if _, err := fmt.Sscanf(a.Subject.ID, "gift-%04d", &n); err != nil || n >= storyStuck {
			o.t.Errorf("%s is stuck", a.Subject)
		}
		if want := began + n*domain.InstantSecond + storyLimit + blind; a.At != want {
			o.t.Errorf("%s is stuck from %s on, want %s", a.Subject.ID, a.At, want)
		}
	}
}

// The service is stopped past all deadlines and comes back to a backlog: one alert says so, and no gift counts as stuck
// for it. A gift of which nothing comes any more is, later.
func TestOutage_ours(t *testing.T) {
	t.Parallel()
	outposts(t, func(o *outpost) {
		o.start()
		o.gifts(0, storyGifts, "orderReceived", began)
		o.live(began + hour)
		o.stop()
		o.clock.Store(int64(began + 20*hour))
		o.start()
		o.want("after the start", "downtime opened")
		missed := o.backlog(began+2*hour, 60)
		o.live(began+31*hour, missed)
		o.want("while the backlog arrives", "downtime opened")
		o.live(began + 38*hour + 50*minute)
		o.want("before any deadline", "downtime opened resolved")
		o.wantTold("downtime map[opened:1]", "downtime map[resolved:1]")
		o.live(began + 40*hour)
		o.want("in the end", "10 stuck opened, downtime opened resolved")
		o.wantTold("downtime map[opened:1]", "downtime map[resolved:1]", "stuck map[opened:10]")
		o.wantStuck("")
		o.stop()
	})
}

// The service lives and its provider says nothing, against its rhythm: one alert says so until it comes back.
func TestOutage_quietSource(t *testing.T) {
	t.Parallel()
	outposts(t, func(o *outpost) {
		o.start()
		o.past(35, 100)
		o.gifts(0, storyGifts, "orderReceived", began)
		o.live(began+20*minute, o.hum)
		o.live(began + 12*hour)
		o.want("while it is silent", "quiet opened")
		o.live(began+31*hour+30*minute, o.hum, o.backlog(began+2*hour, 60))
		o.want("before any deadline", "quiet opened resolved")
		o.wantTold("quiet map[opened:1]", "quiet map[resolved:1]")
		o.live(began+34*hour, o.hum)
		o.want("in the end", "10 stuck opened, quiet opened resolved")
		o.wantTold("quiet map[opened:1]", "quiet map[resolved:1]", "stuck map[opened:10]")
		o.wantStuck("snappy")
		o.stop()
	})
}

// past has the source have sent so much in every hour of some days.
func (o *outpost) past(days int, hourly int64) {
	o.t.Helper()
	for h := began - domain.Instant(days)*24*hour; h < began; h += hour {
		store.Spoil(o.t, o.store, "INSERT INTO event_tallies (daily, since, source, provider, kind, type, verdict, n) VALUES (?, ?, 'snappy', 'snappy', 'gift', 'x', 'moved', ?)",
			false, int64(h), hourly)
	}
}
