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

// ownOnly: a context that is limited to some sources sees of every subject exactly what a store sees to which nobody
// else has told anything, arrival facts included.
func (s Suite) ownOnly(t *testing.T) {
	for _, name := range []string{"snappy.gift", "sendoso.send", "resend.email"} {
		m := s.machine(t, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := epoch.Time()
			clock := func() time.Time { return now }
			shared, alone := s.openPlain(t, s.Machines, clock), s.openPlain(t, s.Machines, clock)
			n := 0
			rapid.Check(t, func(rt *rapid.T) {
				if n++; n%4 != 0 {
					return
				}
				subject := subjectOf(m, fmt.Sprintf("subject-%d", n))
				for i, e := range events(rt, m, subject, rapid.IntRange(1, 12).Draw(rt, "events")) {
					now = now.Add(time.Second)
					p := delivery(e, fmt.Sprint(i))
					p.Source = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "source")
					record(t, shared, p)
					if p.Source != "b" {
						record(t, alone, p)
					}
				}
				own := domain.Within(context.Background(), []string{"a", "c"})
				middle := epoch + second*3
				known := domain.InstantOf(now) - 4*second
				for _, v := range []domain.View{{}, {AsOf: &middle}, {KnownAt: &known}} {
					got, want := s.seen(own, shared, subject, v), s.seen(context.Background(), alone, subject, v)
					if got != want {
						rt.Fatalf("seen within a and c\n%s\nalone\n%s", got, want)
					}
				}
				s.sameEvents(rt, own, shared, alone, subject)
			})
		})
	}
}

// seen is everything that the API shows of a subject, or its error.
func (s Suite) seen(ctx context.Context, store domain.Store, subject domain.Subject, v domain.View) string {
	r := s.reader(store)
	c, err := r.Find(ctx, subject)
	if err != nil {
		return err.Error()
	}
	t, err := r.Timeline(ctx, c, v)
	if err != nil {
		return err.Error()
	}
	return bytesOf(c) + bytesOf(t)
}

// byID finds one event.
type byID interface {
	Event(context.Context, domain.Digest, domain.Fingerprint) (domain.Recorded, error)
}

// sameEvents reads page by page, and one by one.
func (s Suite) sameEvents(t *rapid.T, own context.Context, shared, alone domain.Store, subject domain.Subject) {
	last := domain.Range{Limit: 2, Last: true}
	got, err1 := shared.Events(own, subject, last)
	want, err2 := alone.Events(context.Background(), subject, last)
	if len(got.Rows) != len(want.Rows) || got.Before != want.Before || got.More != want.More || err1 != nil || err2 != nil {
		t.Fatalf("errors %v, %v; the last events within\n%s\nalone\n%s", err1, err2, bytesOf(got), bytesOf(want))
	}
	var after *domain.Place
	for {
		got, err1 := shared.Events(own, subject, domain.Range{After: after, Limit: 2})
		want, err2 := alone.Events(context.Background(), subject, domain.Range{After: after, Limit: 2})
		for _, rows := range [][]domain.Recorded{got.Rows, want.Rows} {
			for i := range rows {
				rows[i].Body = 0 // each store has numbers of its own
			}
		}
		if bytesOf(got) != bytesOf(want) || err1 != nil || err2 != nil {
			t.Fatalf("errors %v, %v; events within\n%s\nalone\n%s", err1, err2, bytesOf(got), bytesOf(want))
		}
		for i := range want.Rows {
			_, fp, _ := domain.ParseEventID(want.Rows[i].ID())
			one, err1 := shared.(byID).Event(own, subject.Digest(), fp)
			other, err2 := alone.(byID).Event(context.Background(), subject.Digest(), fp)
			one.Body, other.Body = 0, 0
			if bytesOf(one) != bytesOf(other) || err1 != nil || err2 != nil {
				t.Fatalf("errors %v, %v; event within\n%s\nalone\n%s", err1, err2, bytesOf(one), bytesOf(other))
			}
		}
		if !want.More {
			return
		}
		place := want.Rows[len(want.Rows)-1].Place()
		after = &place
	}
}

// within: lists, counts, parked deliveries and settlements stop at the sources of a limited context.
func (s Suite) within(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	own := map[string]context.Context{}
	for _, source := range []string{"a", "b"} {
		own[source] = domain.Within(t.Context(), []string{source})
		subject := subjectOf(m, "gift-of-"+source)
		delivered := report(m, subject, "gift-delivery-status-changed", "delivered", 1, 10)
		illegal := report(m, subject, "gift-delivery-status-changed", "processing", 2, 20)
		other := illegal
		other.Meaning[0]++
		cleared := report(m, subject, "gift-delivery-status-changed", "inTransit", 3, 30)
		cure := report(m, subject, "gift-delivery-status-changed", "outForDelivery", 4, 30)
		for _, p := range []domain.Parsed{
			delivery(delivered, "1"), delivery(illegal, "2"), delivery(other, "3"), delivery(cleared, "4"), delivery(cure, "5"),
			parked(domain.ResultUnresolved, source), parked(domain.ResultQuarantined, source),
		} {
			p.Source = source
			record(t, store, p)
		}
	}
	ids := map[string][]string{}
	for source, ctx := range own {
		counts, err := store.SourceCounts(ctx)
		if err != nil || len(counts) != 1 || counts[0].Source != source || counts[0].Received != 7 {
			t.Errorf("%s counts %+v, error %v", source, counts, err)
		}
		for _, one := range []struct {
			what  string
			limit int
		}{{"illegal", 1}, {"illegal", 100}} {
			rows, next, err := store.Illegal(ctx, "", one.limit)
			if err != nil || len(rows) != 1 || rows[0].Source != source || next != "" {
				t.Errorf("%s is told of %d illegal transitions, next %q, error %v", source, len(rows), next, err)
			}
		}
		beliefs, err := store.Cleared(ctx, nil, 100)
		if err != nil || len(beliefs) != 1 || beliefs[0].Subject.ID != "gift-of-"+source {
			t.Errorf("%s is told of %+v, error %v", source, beliefs, err)
		}
		latest, last := "", "not asked yet"
		var seen []domain.Change
		for last != latest && err == nil { // on PostgreSQL others' transactions must have ended
			if latest, err = store.Latest(t.Context()); err == nil {
				seen, last, err = store.Changes(ctx, "", 100)
			}
		}
		for _, c := range seen {
			if c.Subject.ID != "gift-of-"+source {
				t.Errorf("%s follows %+v", source, c)
			}
		}
		if err != nil {
			t.Errorf("%s came to %s of %s, error %v", source, last, latest, err)
		}
		for _, r := range []domain.Result{domain.ResultUnresolved, domain.ResultQuarantined, domain.ResultConflict} {
			list, next, err := store.ParkedList(ctx, r, "", 1)
			if err != nil || len(list) != 1 || list[0].Source != source || next != "" {
				t.Fatalf("%s is told of %s %+v, next %q, error %v", source, r, list, next, err)
			}
			ids[source] = append(ids[source], list[0].ID)
		}
	}
	s.foreign(t, store, m, own["a"], ids["b"])
	all, next, err := store.Illegal(t.Context(), "", 1)
	if err != nil || len(all) != 1 || next == "" {
		t.Fatalf("%d illegal transitions, next %q, error %v", len(all), next, err)
	}
	for source, ctx := range own { // the cursor names a subject: its existence must not be told
		if _, _, err := store.Illegal(ctx, next, 1); (err == nil) != (all[0].Source == source) {
			t.Errorf("%s goes on from %s's place: %v", source, all[0].Source, err)
		}
	}
}

// foreign: nothing of another source can be read or settled by its id.
func (s Suite) foreign(t *testing.T, store domain.Store, m domain.Machine, a context.Context, ids []string) {
	e := report(m, subjectOf(m, "gift-of-b"), "gift-status-changed", "opened", 9, 9)
	again := delivery(e, "9")
	again.Source = "b"
	for _, id := range slices.Concat(ids, []string{"prk_unknown"}) {
		_, read := store.ParkedDelivery(a, id)
		_, settled := store.Resolve(a, id, again)
		for _, err := range []error{read, settled} {
			if domain.CodeOf(err) != domain.CodeNotFound {
				t.Errorf("%s of b: %v", id, err)
			}
		}
	}
	if known, err := store.Current(a, e.Subject); len(known) != 0 || err != nil {
		t.Errorf("a gift of b's: %+v, error %v", known, err)
	}
	if beliefs, err := store.Cleared(a, &e.Subject, 10); len(beliefs) != 0 || err != nil {
		t.Errorf("beliefs about a gift of b's: %+v, error %v", beliefs, err)
	}
	page, err := store.Events(a, e.Subject, domain.Range{})
	if err != nil || page.Current.Events != 0 || len(page.Rows) != 0 {
		t.Errorf("events of a gift of b's: %+v, error %v", page, err)
	}
}

// ownReceipt: who settles something is told how its own sources see it.
func (s Suite) ownReceipt(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	subject := subjectOf(m, "gift")
	theirs := delivery(report(m, subject, "gift-status-changed", "claimed", 1, 10), "1")
	lost := parked(domain.ResultUnresolved, "lost")
	theirs.Source, lost.Source = "b", "a"
	record(t, store, theirs)
	record(t, store, lost)
	a := domain.Within(t.Context(), []string{"a"})
	list, _, err := store.ParkedList(a, domain.ResultUnresolved, "", 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("parked: %+v, error %v", list, err)
	}
	found := delivery(report(m, subject, "gift-status-changed", "opened", 2, 20), "2")
	found.Inbound = lost.Inbound
	r, err := store.Resolve(a, list[0].ID, found)
	if err != nil || r.Result != domain.ResultRecorded || r.Verdict != domain.Gap || r.State.Status != "opened" {
		t.Errorf("settled: %+v, error %v; of the whole story it is backward", r, err)
	}
}
