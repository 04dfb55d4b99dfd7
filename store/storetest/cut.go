package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// pastStory is a story with the order in which it arrives: the i-th event at hour i.
type pastStory struct {
	machine domain.Machine
	subject domain.Subject
	arrival []domain.Event
	asOf    domain.Instant
	known   domain.Instant
}

// past: what a store says of a moment is what another one says now that never got anything else. The log is cut by the
// providers' clock, by ours, and by both.
func (s Suite) past(t *testing.T) {
	var clock atomic.Int64
	store := s.Open(t, s.Machines, func() time.Time { return domain.Instant(clock.Load()).Time() })
	stories := s.stories()
	for hour := 0; hour < longest; hour++ {
		clock.Store(int64(atHour(hour)))
		deliverEach(t, store, stories, func(g *pastStory, i int) bool { return i == hour })
	}
	for name, cut := range map[string]func(g *pastStory) (domain.View, func(i int) bool){
		"as of": func(g *pastStory) (domain.View, func(int) bool) {
			return domain.View{AsOf: &g.asOf}, func(i int) bool { return g.arrival[i].At <= g.asOf }
		},
		"known at": func(g *pastStory) (domain.View, func(int) bool) {
			return domain.View{KnownAt: &g.known}, func(i int) bool { return atHour(i) <= g.known }
		},
		"both": func(g *pastStory) (domain.View, func(int) bool) {
			return domain.View{AsOf: &g.asOf, KnownAt: &g.known}, func(i int) bool { return g.arrival[i].At <= g.asOf && atHour(i) <= g.known }
		},
	} {
		rebuilt := s.openPlain(t, s.Machines, time.Now)
		deliverEach(t, rebuilt, stories, func(g *pastStory, i int) bool {
			_, stays := cut(g)
			return stays(i)
		})
		for i := range stories {
			view, _ := cut(&stories[i])
			s.samePast(t, name, store, rebuilt, stories[i].subject, view)
		}
	}
}

const longest = 9 // events of a story

func atHour(i int) domain.Instant {
	return domain.InstantOf(epoch.Time().Add(time.Duration(i+1) * time.Hour))
}

// stories are the same ones on every run, over all machines, most events of which come late: a thousand where everything
// is told.
func (s Suite) stories() []pastStory {
	n := 200
	if s.Everything {
		n = 1000
	}
	all := make([]pastStory, n)
	machines := s.Machines.All()
	for i := range all {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		g := &all[i]
		g.machine = machines[i%len(machines)]
		g.subject = subjectOf(g.machine, fmt.Sprint("past-", i))
		g.arrival = rapid.Custom(func(rt *rapid.T) []domain.Event {
			return events(rt, g.machine, g.subject, rapid.IntRange(1, longest).Draw(rt, "events"))
		}).Example(i)
		random.Shuffle(len(g.arrival), func(a, b int) { g.arrival[a], g.arrival[b] = g.arrival[b], g.arrival[a] })
		g.asOf = g.arrival[random.IntN(len(g.arrival))].At - domain.Instant(random.IntN(3)/2) // now and then just before it
		g.known = atHour(random.IntN(len(g.arrival))) - domain.Instant(random.IntN(3)/2)
	}
	return all
}

// deliverEach records the chosen events of every story, many at once.
func deliverEach(t *testing.T, store domain.Store, stories []pastStory, choose func(g *pastStory, i int) bool) {
	t.Helper()
	atOnce(writers, func(w int) {
		for n := w; n < len(stories); n += writers {
			for i, e := range stories[n].arrival {
				if choose(&stories[n], i) {
					record(t, store, delivery(e, fmt.Sprint(i)))
				}
			}
		}
	})
}

// samePast compares what one store says of a moment with what the other one says now.
func (s Suite) samePast(t *testing.T, name string, store, rebuilt domain.Store, subject domain.Subject, view domain.View) {
	t.Helper()
	c, err := s.reader(store).Find(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	_, then := s.reader(store).Timeline(t.Context(), c, view)
	_, now := s.reader(rebuilt).Find(t.Context(), subject)
	switch {
	case domain.CodeOf(then) == domain.CodeNotFoundAt && domain.CodeOf(now) == domain.CodeNotFound:
	case then != nil || now != nil:
		t.Fatalf("%s %s: then %v, of the cut log %v", subject, name, then, now)
	default:
		got, want := bytesOf(s.timeline(t, store, subject, view)), bytesOf(s.timeline(t, rebuilt, subject, domain.View{}))
		if got != want {
			t.Fatalf("%s %s\n--- then\n%s\n--- of the cut log\n%s", subject, name, got, want)
		}
	}
}
