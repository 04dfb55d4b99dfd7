package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// message is an event with all the copies that come of it, honest ones and others.
type message struct {
	event  domain.Event
	other  string // the type that some copies claim instead; empty for none
	copies []domain.Parsed
	claims map[string]bool // types claimed by copies
}

// anyMix delivers copies of every sort in any order and any batches, over an upgrade of the machine, and then lets a
// person settle some of what is unresolved. What must come of it does not depend on any of that.
func (s Suite) anyMix(t *testing.T) {
	for _, name := range []string{"sendoso.send", "snappy.gift", "opensend.email"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := s.machine(t, name)
			set := &swap{s.Machines}
			store := s.Open(t, set, time.Now)
			n := 0
			rapid.Check(t, func(rt *rapid.T) {
				if n++; s.Light && n%4 != 0 {
					return
				}
				x := mix{Suite: s, t: t, rt: rt, m: m, set: set, store: store, source: fmt.Sprint("source-", n)}
				x.subject = subjectOf(m, fmt.Sprint("subject-", n))
				if x.many = name == "opensend.email" && rapid.Bool().Draw(rt, "many"); x.many {
					x.source = "many-" + x.source // what was seen is more than what was received
				}
				x.run()
			})
			if s.Then != nil {
				s.Then(t, store)
			}
		})
	}
}

type mix struct {
	Suite
	t       *testing.T
	rt      *rapid.T
	m       domain.Machine
	set     *swap
	store   domain.Store
	source  string
	many    bool // some deliveries carry several events
	subject domain.Subject
	all     []*message
	sent    int64
}

func (x *mix) run() {
	var arrival []domain.Parsed
	for _, e := range events(x.rt, x.m, x.subject, rapid.IntRange(1, 12).Draw(x.rt, "events")) {
		g := x.message(e)
		x.all = append(x.all, g)
		arrival = append(arrival, g.copies...)
	}
	arrival = rapid.Permutation(arrival).Draw(x.rt, "arrival")
	old := rapid.IntRange(0, len(arrival)-1).Draw(x.rt, "by the older version")
	x.set.Machines = oneMachine{x.Machines, older{x.m, 0}}
	x.deliver(x.batches(arrival[:old]))
	x.set.Machines = x.Machines
	x.deliver(x.batches(arrival[old:]))
	x.check()
	x.settle()
	x.deliver(x.batches(arrival[:len(arrival)/2]))
	x.check()
}

func (x *mix) message(e domain.Event) *message {
	g := &message{event: e, claims: map[string]bool{}}
	few := func(name string, n int) int { return rapid.IntRange(0, n).Draw(x.rt, name) }
	switch {
	case x.m.Name() == "sendoso.send":
		g.event.Facts |= domain.ClaimedType
		if few("contested", 4) == 0 {
			g.other = "send.another"
		}
	case e.Quality == domain.TimeApproximate:
		g.event.Facts |= domain.ApproximateMoves
	}
	honest := 1
	if g.event.Facts&domain.ClaimedType != 0 {
		for range few("untyped", 2) {
			g.add(x.untyped(g.event))
			honest = min(len(g.other), 1) // who contests it needs somebody to contradict
		}
	}
	for i := range honest + few("copies", 2) {
		later := g.event
		if i > 0 && later.Facts&domain.ApproximateMoves != 0 {
			later.At += second * domain.Instant(few("attempt", 20))
		}
		g.add(x.wrap(later))
	}
	for range few("others", 2) {
		strange := g.event
		if g.other != "" {
			strange.Type, strange.Target = g.other, ""
		} else {
			strange.Meaning[0] ^= byte(1 + few("meaning", 1))
		}
		g.add(x.wrap(strange))
	}
	return g
}

func (g *message) add(p domain.Parsed) {
	g.copies = append(g.copies, p)
	for _, e := range p.Events {
		g.claims[e.Type] = true
	}
}

func (x *mix) wrap(e domain.Event) domain.Parsed {
	p := delivery(e, fmt.Sprint(e.Fingerprint))
	p.Source = x.source
	return p
}

func (x *mix) untyped(e domain.Event) domain.Parsed {
	p := x.wrap(e)
	e.Type, e.Region, e.Target, e.Facts = "", domain.NoRegion, "", 0
	p.Events = nil
	p.Parked = &domain.Parking{
		Result: domain.ResultUnresolved, Code: domain.ParkNoType, Event: &e, Key: domain.EventParkKey(e.Subject, e.Fingerprint),
	}
	return p
}

// batches cuts an arrival into runs, and puts some deliveries without a claimed type into one.
func (x *mix) batches(arrival []domain.Parsed) (all [][]domain.Parsed) {
	for len(arrival) > 0 {
		n := rapid.IntRange(1, min(len(arrival), 12)).Draw(x.rt, "batch")
		batch := slices.Clone(arrival[:n])
		arrival = arrival[n:]
		if x.many && n > 1 && rapid.Bool().Draw(x.rt, "join") {
			batch[0].Events = slices.Concat(batch[0].Events, batch[1].Events)
			batch = slices.Delete(batch, 1, 2)
		}
		all = append(all, batch)
	}
	return all
}

// deliver reads each delivery with the machine of today, as the tracker does.
func (x *mix) deliver(batches [][]domain.Parsed) {
	m, _ := x.set.For(x.subject.Provider, x.subject.Kind)
	for _, batch := range batches {
		for i := range batch {
			batch[i].Events = slices.Clone(batch[i].Events)
			for j := range batch[i].Events {
				m.Read(&batch[i].Events[j])
			}
		}
		x.sent += int64(len(batch))
		if x.Together != nil {
			x.Together(x.t, x.store, batch...)
			continue
		}
		atOnce(len(batch), func(i int) { record(x.t, x.store, batch[i]) })
	}
}

// settle lets a person say the type of some messages that have none, or two.
func (x *mix) settle() {
	list, _, err := x.store.ParkedList(context.Background(), domain.ResultUnresolved, "", 1000)
	if err != nil {
		x.rt.Fatal(err)
	}
	for _, p := range list {
		i := slices.IndexFunc(x.all, func(g *message) bool { return g.event.ID() == p.EventID })
		if i < 0 || rapid.Bool().Draw(x.rt, "leave") {
			continue
		}
		g := x.all[i]
		g.event.Facts |= domain.SettledType
		g.claims = map[string]bool{g.event.Type: true}
		r, err := x.store.Resolve(context.Background(), p.ID, x.wrap(g.event))
		if err != nil || r.Result != domain.ResultRecorded {
			x.rt.Fatalf("settled: %+v, error %v", r, err)
		}
	}
}

// check compares the timeline with the fold of what stands, and the counts with what was sent.
func (x *mix) check() {
	var stand []domain.Event
	for _, g := range x.all {
		if len(g.claims) == 1 {
			stand = append(stand, g.event)
		}
	}
	known, err := x.store.Current(context.Background(), x.subject)
	if err != nil || len(known) != min(1, len(stand)) {
		x.rt.Fatalf("known as %+v with %d events, error %v", known, len(stand), err)
	}
	if len(stand) > 0 {
		got, want := x.timeline(x.rt, x.store, x.subject, domain.View{}), x.want(x.m, x.subject, stand)
		got.Subject.Source = want.Subject.Source
		if bytesOf(got) != bytesOf(want) {
			x.rt.Fatalf("the stored timeline is not the fold of what stands\n--- stored\n%s\n--- pure\n%s", bytesOf(got), bytesOf(want))
		}
	}
	counts, err := x.store.SourceCounts(context.Background())
	i := slices.IndexFunc(counts, func(c domain.SourceCount) bool { return c.Source == x.source })
	if err != nil || i < 0 {
		x.rt.Fatalf("no counts, error %v", err)
	}
	var sum int64
	for r, n := range counts[i].Counts {
		if sum += n; n < 0 || r == domain.ResultQuarantined && n > 0 {
			x.rt.Fatalf("%d %s", n, r)
		}
	}
	if sum != x.sent || counts[i].Received != x.sent {
		x.rt.Fatalf("%d sent, %d received, results add up to %d", x.sent, counts[i].Received, sum)
	}
}
