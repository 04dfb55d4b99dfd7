package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
)

// Sweeps opens stores that raise alerts.
type Sweeps struct {
	// Place gives what opens a store, again and again, on one database, which is empty at first. Where a database takes
	// only one store, the one before is closed.
	Place func(testing.TB, domain.Machines, func() time.Time) func(*domain.Alerting) domain.Store
	// Sweep looks at all that is due by the store's clock.
	Sweep func(testing.TB, domain.Store)
	// Rebuild makes anew what can be.
	Rebuild func(testing.TB, domain.Store)
	// Audit compares what the store keeps with what it should.
	Audit func(testing.TB, domain.Store)
}

// lookout is a store that raises alerts, with a clock that stands until it is set.
type lookout struct {
	Suite
	t     testing.TB
	m     domain.Machine
	open  func(*domain.Alerting) domain.Store
	store domain.Store
	clock atomic.Int64 // microseconds
	n     int          // of the last event
	rough bool         // what is kept is not what it should be
}

func (s Suite) newLookout(t testing.TB, machines domain.Machines, a *domain.Alerting) *lookout {
	t.Helper()
	if s.Sweeps == nil {
		t.Skip("this store raises no alerts")
	}
	l := &lookout{Suite: s, t: t, m: s.machine(t, "snappy.gift")}
	l.clock.Store(int64(epoch - minutes))
	l.open = s.Sweeps.Place(t, machines, func() time.Time { return time.UnixMicro(l.clock.Load()) })
	l.store = l.open(a)
	return l
}

// patience says how long a gift may stay claimed.
func patience(limit time.Duration) *domain.Alerting {
	return &domain.Alerting{Policy: &domain.Policy{Dwell: []domain.DwellRule{{State: "claimed", Limit: limit}}}}
}

// tell has something happen to a gift, so long after the epoch.
func (l *lookout) tell(gift, state string, at time.Duration) domain.Subject {
	l.t.Helper()
	event := "gift-status-changed"
	if slices.Contains([]string{"orderReceived", "processing", "inTransit", "delivered"}, state) {
		event = "gift-delivery-status-changed"
	}
	l.n++
	e := report(l.m, subjectOf(l.m, gift), event, state, l.n, 0)
	e.At += domain.InstantOfDuration(at)
	record(l.t, l.store, delivery(e, fmt.Sprint(l.n)))
	return e.Subject
}

// at sets the clock, and looks.
func (l *lookout) at(after time.Duration) {
	l.t.Helper()
	l.clock.Store(int64(epoch + domain.InstantOfDuration(after)))
	l.Sweeps.Sweep(l.t, l.store)
	if !l.rough {
		l.Sweeps.Audit(l.t, l.store)
	}
}

func (l *lookout) all() []domain.Alert {
	l.t.Helper()
	page, err := l.store.Alerts(l.t.Context(), domain.AlertQuery{})
	if err != nil {
		l.t.Fatal(err)
	}
	slices.SortFunc(page.Alerts, func(a, b domain.Alert) int {
		return strings.Compare(a.Subject.ID+string(a.Rule), b.Subject.ID+string(b.Rule))
	})
	return page.Alerts
}

// want compares the alerts, each as in "stuck of gift open at 10m0s".
func (l *lookout) want(when string, want ...string) {
	l.t.Helper()
	var got []string
	for _, a := range l.all() {
		got = append(got, fmt.Sprintf("%s of %s %s at %v", a.Rule, a.Subject.ID, a.Status, (a.At-epoch).Time().Sub(domain.Instant(0).Time())))
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// stuck lists what Stuck does, page by page of one.
func (l *lookout) stuck(when string, want ...string) {
	l.t.Helper()
	var got []string
	for cursor := ""; ; {
		page, next, err := l.store.Stuck(l.t.Context(), cursor, 1)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, s := range page {
			got = append(got, s.Subject.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("%s: stuck are %q, want %q", when, got, want)
	}
}

// sweepExact: an alert is stamped with its deadline, however often somebody looks.
func (s Suite) sweepExact(t *testing.T) {
	look := func(every time.Duration) (told []string) {
		l := s.newLookout(t, s.Machines, patience(time.Minute))
		deadlines := map[string]domain.Instant{}
		for i := range 7 {
			after := time.Duration(i)*17*time.Second + time.Duration(i)*123457*time.Microsecond
			subject := l.tell(fmt.Sprint("gift-", i), "claimed", after)
			deadlines[subject.ID] = epoch + domain.InstantOfDuration(after+time.Minute)
		}
		for after := every; after <= 3*time.Minute; after += every {
			l.at(after)
		}
		l.at(time.Hour)
		for _, a := range l.all() {
			told = append(told, fmt.Sprint(a.ID, a.Rule, a.State, a.Since, a.At, a.Status))
			if a.At != deadlines[a.Subject.ID] || a.RaisedAt < a.At || a.RaisedAt >= a.At+domain.InstantOfDuration(every) {
				t.Errorf("every %v, %s: stamped %v, raised %v, want %v", every, a.Subject.ID, a.At, a.RaisedAt, deadlines[a.Subject.ID])
			}
		}
		return told
	}
	often, seldom := look(time.Second), look(time.Hour)
	if len(often) != 7 || !slices.Equal(often, seldom) {
		t.Errorf("looking every second\n%q\nevery hour\n%q", often, seldom)
	}
}

// sweepEnds: what moves is not stuck any more; what turns out to have moved in time never was.
func (s Suite) sweepEnds(t *testing.T) {
	l := s.newLookout(t, s.Machines, patience(10*time.Minute))
	l.tell("moves", "claimed", 0)
	l.tell("late", "claimed", time.Minute)
	l.at(10*time.Minute - time.Microsecond)
	l.want("before any deadline")
	l.at(10 * time.Minute)
	l.want("at the first", "stuck of moves open at 10m0s")
	l.at(20 * time.Minute)
	l.stuck("after both", "moves", "late")
	l.tell("moves", "orderReceived", 15*time.Minute)
	l.tell("late", "orderReceived", 5*time.Minute)
	l.at(21 * time.Minute)
	l.want("when both have moved", "stuck of late withdrawn at 11m0s", "stuck of moves resolved at 10m0s")
	l.stuck("when both have moved")
}

// sweepPolicy: another policy looks at everything again, and the same one at nothing.
func (s Suite) sweepPolicy(t *testing.T) {
	l := s.newLookout(t, s.Machines, patience(10*time.Minute))
	for i := range 3 {
		l.tell(fmt.Sprint(i), "claimed", time.Duration(i)*time.Minute)
	}
	l.at(6 * time.Minute)
	l.want("by the first")
	l.store = l.open(patience(5 * time.Minute))
	l.at(6 * time.Minute)
	l.want("by a stricter one", "stuck of 0 open at 5m0s", "stuck of 1 open at 6m0s")
	l.at(7 * time.Minute)
	l.stuck("by a stricter one", "0", "1", "2")
	never := patience(0)
	never.Policy.Dwell[0].Never = true
	l.store = l.open(never)
	l.at(8 * time.Minute)
	l.stuck("by one without a limit")
	for _, a := range l.all() {
		if a.Status.Live() {
			t.Errorf("without a limit %s is %s", a.Subject.ID, a.Status)
		}
	}
	l.store = l.open(never)
	l.at(9 * time.Minute)
	l.stuck("by the same again")
}

// sweepBack: a clock that went back takes back what it said, and says it again in time, of the same episode.
func (s Suite) sweepBack(t *testing.T) {
	l := s.newLookout(t, s.Machines, patience(10*time.Minute))
	l.tell("gift", "claimed", 0)
	l.at(time.Hour)
	l.stuck("an hour ahead", "gift")
	l.at(5 * time.Minute)
	l.stuck("back again")
	if all := l.all(); len(all) != 1 || all[0].Status.Live() {
		t.Errorf("back again: %+v", all)
	}
	l.at(11 * time.Minute)
	l.stuck("in time", "gift")
	l.want("in time", "stuck of gift open at 10m0s")
}

// sweepBlind: while nothing can be heard nobody is stuck, also before somebody has noticed, and after that only when
// what was missed could have come again.
func (s Suite) sweepBlind(t *testing.T) {
	l := s.newLookout(t, s.Machines, patience(10*time.Minute))
	pulse := func(after time.Duration) {
		l.clock.Store(int64(epoch + domain.InstantOfDuration(after)))
		if err := l.store.Pulse(t.Context(), epoch+domain.InstantOfDuration(after), nil); err != nil {
			t.Fatal(err)
		}
	}
	pulse(0)
	l.tell("gift", "claimed", 0)
	pulse(time.Minute)
	l.at(time.Hour)
	l.want("an hour later")
	l.stuck("an hour later")
	due := time.Hour + domain.CatchUp(59*time.Minute) + 9*time.Minute
	for after := time.Hour; after < due; after += 50 * time.Second {
		pulse(after)
		l.Sweeps.Sweep(t, l.store)
		l.want(fmt.Sprint("once it is noticed, after ", after))
	}
	l.at(due)
	l.want("when it could have come again", fmt.Sprint("stuck of gift open at ", due))
}

// sweepUnsound: one that cannot be looked at does not keep the others from being looked at, and is itself looked at again.
func (s Suite) sweepUnsound(t *testing.T) {
	startled := &atomic.Bool{}
	startled.Store(true)
	l := s.newLookout(t, startling{s.Machines, startled}, patience(10*time.Minute))
	l.tell("a", "claimed", 0)
	l.tell("b", "unwrapped", 0)
	l.tell("c", "claimed", time.Second)
	l.at(11 * time.Minute)
	l.want("beside it", "stuck of a open at 10m0s", "stuck of c open at 10m1s")
	if page, err := l.store.List(t.Context(), domain.ListQuery{}); err != nil || len(page.Subjects) != 3 || page.UpTo != nil {
		t.Errorf("%d are listed, up to %v, error %v", len(page.Subjects), page.UpTo, err)
	}
	startled.Store(false)
	l.rough = true
	l.at(20 * time.Minute)
	l.want("too soon", "stuck of a open at 10m0s", "stuck of c open at 10m1s")
	l.rough = false
	l.at(2 * time.Hour)
	l.want("later", "stuck of a open at 10m0s", "failed of b open at 0s", "stuck of c open at 10m1s")
}

// startling are machines that panic when asked about one state, which fails otherwise.
type startling struct {
	domain.Machines
	startled *atomic.Bool
}

type startlingMachine struct {
	domain.Machine
	startled *atomic.Bool
}

func (s startling) For(p domain.Provider, k domain.Kind) (domain.Machine, bool) {
	m, ok := s.Machines.For(p, k)
	return startlingMachine{m, s.startled}, ok
}

func (m startlingMachine) Raises(r domain.Region, state string) domain.Rule {
	if state != "unwrapped" {
		return m.Machine.Raises(r, state)
	}
	if m.startled.Load() {
		panic("a state that nobody thought of")
	}
	return domain.RuleFailed
}

// sweepClock: a clock that ran ahead for a while holds no deadline back once it is right.
func (s Suite) sweepClock(t *testing.T) {
	l := s.newLookout(t, s.Machines, patience(10*time.Minute))
	l.tell("gift", "claimed", 0)
	beat := func(after time.Duration) {
		t.Helper()
		if err := l.store.Pulse(t.Context(), epoch+domain.InstantOfDuration(after), nil); err != nil {
			t.Fatal(err)
		}
		l.at(after)
	}
	for after := time.Duration(0); after <= 5*time.Minute; after += time.Minute {
		beat(after)
	}
	beat(365 * 24 * time.Hour)
	l.want("a year ahead")
	for after := 6 * time.Minute; after <= time.Hour; after += time.Minute {
		beat(after)
	}
	all := l.all()
	if len(all) != 1 || all[0].Rule != domain.RuleStuck || all[0].At > epoch+domain.InstantOfDuration(time.Hour) {
		t.Errorf("once it is right: %+v, want one that is stuck", all)
	}
}
