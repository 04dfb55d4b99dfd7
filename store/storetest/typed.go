package storetest

import (
	"fmt"
	"testing"
	"time"

	"giftline/domain"
)

// send makes one copy of a Sendoso message; an empty kind is an untyped one.
func send(m domain.Machine, id, kind string) domain.Parsed {
	subject := subjectOf(m, id)
	e := report(m, subject, "send."+kind, "", 1, 10)
	e.Facts, e.Meaning = domain.ClaimedType, domain.Meaning{1}
	p := delivery(e, "msg_1")
	p.Claims = domain.Claims{Path: e.Type}
	if kind == "" {
		e.Type, e.Region, e.Target, e.Facts = "", domain.NoRegion, "", 0
		p.Events = nil
		p.Claims = domain.Claims{}
		p.Parked = &domain.Parking{
			Result: domain.ResultUnresolved, Code: domain.ParkNoType, Event: &e,
			Key: domain.EventParkKey(subject, e.Fingerprint),
		}
	}
	return p
}

// typedCopies: copies of one message may know its type or not, agree or not; their order cannot matter.
func (s Suite) typedCopies(t *testing.T) {
	m := s.machine(t, "sendoso.send")
	store := s.Open(t, s.Machines, time.Now)
	for _, c := range []struct {
		name   string
		copies []string
		event  string // the type that comes of it; empty for none
		counts map[domain.Result]int64
	}{
		{"a typed copy upgrades an untyped one", []string{"", "order_received"}, "order_received",
			map[domain.Result]int64{domain.ResultRecorded: 1, domain.ResultDuplicate: 1}},
		{"many untyped copies of one message", []string{"", "", "order_received", "order_received"}, "order_received",
			map[domain.Result]int64{domain.ResultRecorded: 1, domain.ResultDuplicate: 3}},
		{"copies that contradict each other", []string{"order_received", "shipped"}, "",
			map[domain.Result]int64{domain.ResultUnresolved: 2}},
		{"once contradicted, a majority does not help", []string{"order_received", "shipped", "order_received", ""}, "",
			map[domain.Result]int64{domain.ResultUnresolved: 4}},
		{"untyped only", []string{"", ""}, "", map[domain.Result]int64{domain.ResultUnresolved: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			permute(c.copies, func(order []string) {
				n++
				id := fmt.Sprint(c.name, n)
				before := counted(t, store)
				for _, kind := range order {
					record(t, store, send(m, id, kind))
				}
				s.expectSend(t, store, m, id, c.event)
				expectCounts(t, store, before, c.counts)
				if t.Failed() {
					t.Fatalf("in the order %q", order)
				}
			})
		})
	}
	t.Run("an untyped copy that says something else", func(t *testing.T) {
		before := counted(t, store)
		record(t, store, send(m, "else", "order_received"))
		other := send(m, "else", "")
		other.Parked.Event.Meaning = domain.Meaning{2}
		record(t, store, other)
		s.expectSend(t, store, m, "else", "order_received")
		expectCounts(t, store, before, map[domain.Result]int64{domain.ResultRecorded: 1, domain.ResultConflict: 1})
	})
	t.Run("all in one batch", func(t *testing.T) {
		for n := range 20 {
			id, before := fmt.Sprint("batch-", n), counted(t, store)
			copies := []string{"", "order_received", "shipped", ""}
			atOnce(len(copies), func(i int) { record(t, store, send(m, id, copies[i])) })
			s.expectSend(t, store, m, id, "")
			expectCounts(t, store, before, map[domain.Result]int64{domain.ResultUnresolved: 4})
		}
	})
	t.Run("settled by hand", func(t *testing.T) { s.settled(t, m) })
}

// expectSend compares a subject that may have come to nothing.
func (s Suite) expectSend(t *testing.T, store domain.Store, m domain.Machine, id, event string) {
	t.Helper()
	subject := subjectOf(m, id)
	if event != "" {
		s.expect(t, store, m, subject, send(m, id, event).Events)
		return
	}
	known, err := store.Current(t.Context(), subject)
	if err != nil || len(known) != 0 {
		t.Errorf("a subject without events is known: %+v, error %v", known, err)
	}
}

// settled: a person says which type is right, and later copies do not contest it.
func (s Suite) settled(t *testing.T, m domain.Machine) {
	store := s.Open(t, s.Machines, time.Now)
	for _, kind := range []string{"", "order_received", "shipped"} {
		record(t, store, send(m, "gid", kind))
	}
	list, _, err := store.ParkedList(t.Context(), domain.ResultUnresolved, "", 10)
	if err != nil || len(list) != 1 || list[0].Code != domain.ParkContradiction || len(list[0].Claims) < 2 {
		t.Fatalf("parked: %+v, error %v", list, err)
	}
	said := send(m, "gid", "order_received")
	said.Events[0].Facts |= domain.SettledType
	r, err := store.Resolve(t.Context(), list[0].ID, said)
	if err != nil || r.Result != domain.ResultRecorded || r.Verdict != domain.Moved {
		t.Fatalf("resolved: %+v, error %v", r, err)
	}
	if r := record(t, store, send(m, "gid", "order_received")); r.Result != domain.ResultDuplicate {
		t.Errorf("a further copy of what a person has said: %+v", r)
	}
	if r := record(t, store, send(m, "gid", "shipped")); r.Result != domain.ResultConflict {
		t.Errorf("a copy at odds with what a person has said: %+v", r)
	}
	s.expect(t, store, m, subjectOf(m, "gid"), said.Events)
	expectCounts(t, store, nil, map[domain.Result]int64{domain.ResultRecorded: 1, domain.ResultDuplicate: 3, domain.ResultConflict: 1})
	if _, err := store.Resolve(t.Context(), list[0].ID, said); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("resolved twice: %v", err)
	}
}

// resolvedAgain: further copies of a delivery that a person gave its subject are copies of that event.
func (s Suite) resolvedAgain(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "opensend.email")
	lost := parked(domain.ResultUnresolved, "lost")
	lost.Provider = domain.OpenSend
	record(t, store, lost)
	list, _, err := store.ParkedList(t.Context(), domain.ResultUnresolved, "", 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("parked: %+v, error %v", list, err)
	}
	sent := report(m, subjectOf(m, "mail"), "email.sent", "", 1, 10)
	p := delivery(sent, "whd_1_1")
	p.Source, p.ReceivedAt = lost.Source, lost.ReceivedAt
	if _, err := store.Resolve(t.Context(), list[0].ID, p); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := record(t, store, lost); r.Result != domain.ResultDuplicate || r.EventID != sent.ID() {
			t.Errorf("the delivery once more: %+v", r)
		}
	}
	expectCounts(t, store, nil, map[domain.Result]int64{domain.ResultRecorded: 1, domain.ResultDuplicate: 2})
}

// older is a machine as an earlier version had it.
type older struct {
	domain.Machine
	revision int
}

func (o older) Revision() int { return o.revision }
func (o older) Hash() string  { return fmt.Sprint("older", o.revision) }

// Fold of the older version knew less: everything was a note.
func (o older) Fold(before domain.State, events []domain.Event) []domain.Outcome {
	out := make([]domain.Outcome, len(events))
	for i := range out {
		out[i] = domain.Outcome{Verdict: domain.Note, After: before}
	}
	return out
}

// Read of the older version did not know the types.
func (o older) Read(e *domain.Event) {
	e.Region, e.Rank, e.Flags = domain.NoRegion, 99, domain.UnknownType
}

// swap lets a test put another version behind an open store.
type swap struct{ domain.Machines }

func (s *swap) For(p domain.Provider, k domain.Kind) (domain.Machine, bool) {
	return s.Machines.For(p, k)
}

type oneMachine struct {
	domain.Machines
	machine domain.Machine
}

func (o oneMachine) For(domain.Provider, domain.Kind) (domain.Machine, bool) { return o.machine, true }

// upgrade: a writer that meets a subject of an older version folds it anew; one of a newer version it leaves alone.
func (s Suite) upgrade(t *testing.T) {
	m := s.machine(t, "snappy.gift")
	set := &swap{oneMachine{s.Machines, older{m, 0}}}
	store := s.Open(t, set, time.Now)
	subject := subjectOf(m, "gift")
	all := []domain.Event{
		report(m, subject, "gift-status-changed", "unopened", 1, 10),
		report(m, subject, "gift-delivery-status-changed", "processing", 2, 20),
		report(m, subject, "gift-status-changed", "claimed", 3, 20),
		report(m, subject, "gift-delivery-status-changed", "delivered", 4, 40),
		report(m, subject, "gift-delivery-status-changed", "processing", 5, 50),
	}
	for _, e := range all[:4] {
		older{m, 0}.Read(&e)
		record(t, store, delivery(e, ""))
	}
	set.Machines = s.Machines
	record(t, store, delivery(all[4], ""))
	s.expect(t, store, m, subject, all)

	set.Machines = oneMachine{s.Machines, older{m, m.Revision() - 1}}
	_, err := store.Record(t.Context(), delivery(report(m, subject, "order-canceled", "", 6, 60), ""))
	if domain.CodeOf(err) != domain.CodeNewerMachine {
		t.Errorf("an older writer got %v", err)
	}
	s.expect(t, store, m, subject, all)
}
