package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"giftline/domain"
)

const writers = 64

// machine finds a machine of the suite's by name.
func (s Suite) machine(t testing.TB, name string) domain.Machine {
	t.Helper()
	for _, m := range s.Machines.All() {
		if m.Name() == name {
			return m
		}
	}
	t.Fatalf("no machine %s", name)
	return nil
}

// report makes one event: n makes its identity, at its second.
func report(m domain.Machine, s domain.Subject, event, target string, n, at int) domain.Event {
	e := domain.Event{
		Subject: s, Fingerprint: domain.FingerprintOf("test/1", s, fmt.Sprint(n)), Type: event, Target: target,
		At: epoch + second*domain.Instant(at), Quality: domain.TimeExact,
	}
	sum := domain.HashParts(event, target, fmt.Sprint(n))
	e.Meaning = domain.Meaning(sum[:16])
	m.Read(&e)
	return e
}

// sameEvent: however many post one event at once, it is one row, seen by all.
func (s Suite) sameEvent(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	e := report(m, subjectOf(m, "gift"), "gift-status-changed", "unopened", 1, 0)
	results := map[domain.Result]int{}
	var mu sync.Mutex
	atOnce(writers, func(i int) {
		r, err := store.Record(context.Background(), delivery(e, fmt.Sprintf("wh_%d", i)))
		mu.Lock()
		defer mu.Unlock()
		if err != nil || r.EventID != e.ID() || r.Verdict != domain.Moved {
			t.Errorf("receipt %+v, error %v", r, err)
		}
		results[r.Result]++
	})
	if results[domain.ResultRecorded] != 1 || results[domain.ResultDuplicate] != writers-1 {
		t.Errorf("results %v", results)
	}
	page, err := store.Events(t.Context(), e.Subject, domain.Range{})
	if err != nil || len(page.Rows) != 1 {
		t.Fatalf("%d rows, error %v", len(page.Rows), err)
	}
	if got := page.Rows[0].Received; got.Seen != writers || len(got.DeliveryIDs) != 16 {
		t.Errorf("seen %d, %d delivery ids remembered; want %d and the first and last 8", got.Seen, len(got.DeliveryIDs), writers)
	}
}

func atOnce(n int, do func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// oneGift: many writers on one gift leave the same bytes as one after the other.
func (s Suite) oneGift(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	subject := subjectOf(m, "gift")
	reports := reportsOf(m)
	var all []domain.Event
	for i := range writers * 4 {
		r := reports[i%len(reports)]
		all = append(all, report(m, subject, r.Type, r.Target, i, (i*37)%97))
	}
	atOnce(writers, func(w int) {
		for i := w; i < len(all); i += writers {
			if _, err := store.Record(context.Background(), delivery(all[i], "")); err != nil {
				t.Error(err)
			}
		}
	})
	s.expect(t, store, m, subject, all)
}

// counts: whatever came, the results add up to what was received.
func (s Suite) counts(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	e := report(m, subjectOf(m, "gift"), "gift-status-changed", "unopened", 1, 0)
	other := e
	other.Meaning[0]++
	for _, p := range []domain.Parsed{
		delivery(e, "1"), delivery(e, "2"), delivery(other, "3"),
		parked(domain.ResultUnresolved, "a"), parked(domain.ResultUnresolved, "a"), parked(domain.ResultQuarantined, "b"),
	} {
		record(t, store, p)
	}
	expectCounts(t, store, nil, map[domain.Result]int64{
		domain.ResultRecorded: 1, domain.ResultDuplicate: 1, domain.ResultConflict: 1,
		domain.ResultUnresolved: 2, domain.ResultQuarantined: 1,
	})
	if err := store.Reject(t.Context(), []domain.Rejection{{Source: "snappy", Reason: "bad_signature", At: epoch, Count: 3}}); err != nil {
		t.Fatal(err)
	}
	counts, err := store.SourceCounts(t.Context())
	if err != nil || counts[0].Rejected != 3 || counts[0].LastReason != "bad_signature" || counts[0].Received != 6 {
		t.Errorf("after a rejection: %+v, error %v", counts, err)
	}
}

func parked(r domain.Result, body string) domain.Parsed {
	return domain.Parsed{
		Inbound: domain.Inbound{Source: "snappy", Provider: domain.Snappy, ReceivedAt: epoch, Body: []byte(body)},
		Parked:  &domain.Parking{Result: r, Code: domain.ParkUndecodable, Detail: "why", Key: domain.ParkKeyOf(string(r), body)},
	}
}

// counted gives what the one source has received so far, by result.
func counted(t testing.TB, store domain.Store) map[domain.Result]int64 {
	t.Helper()
	counts, err := store.SourceCounts(context.Background())
	if err != nil || len(counts) > 1 {
		t.Fatalf("%d sources, error %v", len(counts), err)
	}
	if len(counts) == 0 {
		return nil
	}
	var sum int64
	for _, n := range counts[0].Counts {
		sum += n
	}
	if sum != counts[0].Received {
		t.Errorf("the results add up to %d of %d received", sum, counts[0].Received)
	}
	return counts[0].Counts
}

// expectCounts compares what was counted since.
func expectCounts(t testing.TB, store domain.Store, before, want map[domain.Result]int64) {
	t.Helper()
	now := counted(t, store)
	for _, r := range []domain.Result{domain.ResultRecorded, domain.ResultDuplicate, domain.ResultConflict, domain.ResultUnresolved, domain.ResultQuarantined} {
		if got := now[r] - before[r]; got != want[r] {
			t.Errorf("%s: counted %d, want %d", r, got, want[r])
		}
	}
}

// conflicts: the first copy stands, a few others are kept, all are counted.
func (s Suite) conflicts(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	e := report(m, subjectOf(m, "gift"), "gift-status-changed", "unopened", 1, 0)
	record(t, store, delivery(e, "1"))
	for i := range 12 {
		other := e
		other.Meaning[0] += byte(i + 1)
		if r := record(t, store, delivery(other, "2")); r.Result != domain.ResultConflict || r.EventID != e.ID() {
			t.Fatalf("another meaning: %+v", r)
		}
	}
	list, _, err := store.ParkedList(t.Context(), domain.ResultConflict, "", 100)
	if err != nil || len(list) != 8 {
		t.Errorf("%d conflicts kept, want 8; error %v", len(list), err)
	}
	s.expect(t, store, m, e.Subject, []domain.Event{e})
	expectCounts(t, store, nil, map[domain.Result]int64{domain.ResultRecorded: 1, domain.ResultConflict: 12})
}

// approximateTimes: an event whose only time is an attempt's stands at the earliest attempt, whichever came first.
func (s Suite) approximateTimes(t *testing.T) {
	m := s.machine(t, "opensend.email")
	store := s.Open(t, s.Machines, time.Now)
	permute([]int{5, 20, 60}, func(attempts []int) {
		subject := subjectOf(m, fmt.Sprint("mail", attempts))
		sent := report(m, subject, "email.sent", "", 1, 10)
		opened := report(m, subject, "email.opened", "", 2, 40)
		opened.Attributes.Recipient = "b@example.com"
		for _, e := range []domain.Event{sent, opened} {
			record(t, store, delivery(e, ""))
		}
		var earliest domain.Event
		for _, at := range attempts {
			e := report(m, subject, "email.delivered", "", 3, at)
			e.Quality, e.Facts = domain.TimeApproximate, domain.ApproximateMoves
			e.Attributes.Recipient = "a@example.com"
			e.Meaning = domain.Meaning{1}
			record(t, store, delivery(e, fmt.Sprint("whd_1_", at)))
			if at == 5 {
				earliest = e
			}
		}
		s.expect(t, store, m, subject, []domain.Event{sent, opened, earliest})
	})
}

// knownAt: what was known by then is the fold of what had joined by then.
func (s Suite) knownAt(t *testing.T) {
	now := epoch.Time()
	store := s.Open(t, s.Machines, func() time.Time { return now })
	m := s.machine(t, "snappy.gift")
	subject := subjectOf(m, "gift")
	arrival := []domain.Event{
		report(m, subject, "gift-status-changed", "expired", 1, 50),
		report(m, subject, "gift-status-changed", "unopened", 2, 10),
		report(m, subject, "gift-status-changed", "claimed", 3, 40),
		report(m, subject, "gift-delivery-status-changed", "processing", 4, 60),
	}
	for i, e := range arrival {
		now = epoch.Time().Add(time.Duration(i) * time.Hour)
		record(t, store, delivery(e, ""))
	}
	for i := range arrival {
		known := domain.InstantOf(epoch.Time().Add(time.Duration(i) * time.Hour))
		got := s.timeline(t, store, subject, domain.View{KnownAt: &known})
		if want := s.want(m, subject, arrival[:i+1]); bytesOf(got) != bytesOf(want) {
			t.Errorf("known after %d:\n%s\nwant\n%s", i+1, bytesOf(got), bytesOf(want))
		}
	}
	asOf := arrival[2].At
	if got, want := s.timeline(t, store, subject, domain.View{AsOf: &asOf}), s.want(m, subject, arrival[1:3]); bytesOf(got) != bytesOf(want) {
		t.Errorf("as of the claim:\n%s\nwant\n%s", bytesOf(got), bytesOf(want))
	}
	now = epoch.Time().Add(-24 * time.Hour) // the clock jumps back
	late := report(m, subject, "gift-status-changed", "opened", 5, 30)
	record(t, store, delivery(late, ""))
	known := domain.InstantOf(epoch.Time().Add(2 * time.Hour))
	if got, want := s.timeline(t, store, subject, domain.View{KnownAt: &known}), s.want(m, subject, arrival[:3]); bytesOf(got) != bytesOf(want) {
		t.Errorf("the past changed when the clock jumped back:\n%s", bytesOf(got))
	}
}

// ledger: an illegal belief that a late event clears is remembered with what cleared it.
func (s Suite) ledger(t *testing.T) {
	now := epoch.Time()
	store := s.Open(t, s.Machines, func() time.Time { return now })
	m := s.machine(t, "snappy.gift")
	subject := subjectOf(m, "gift")
	delivered := report(m, subject, "gift-delivery-status-changed", "delivered", 1, 10)
	again := report(m, subject, "gift-delivery-status-changed", "processing", 2, 20)
	canceled := report(m, subject, "order-canceled", "", 3, 5)
	early := report(m, subject, "order-canceled", "", 4, 15)
	record(t, store, delivery(delivered, ""))
	if r := record(t, store, delivery(again, "")); r.Verdict != domain.Illegal {
		t.Fatalf("processing after delivered: %+v", r)
	}
	illegal, _, err := store.Illegal(t.Context(), "", 10)
	if err != nil || len(illegal) != 1 || illegal[0].ID() != again.ID() || illegal[0].Before.Delivery != "delivered" {
		t.Fatalf("illegal now: %+v, error %v", illegal, err)
	}
	now = now.Add(time.Hour)
	notYet := report(m, subject, "gift-delivery-status-changed", "outForDelivery", 5, 20)
	record(t, store, delivery(notYet, "")) // shares the instant: nobody can be accused any more
	cleared, err := store.Cleared(t.Context(), &subject, 10)
	if err != nil || len(cleared) != 1 {
		t.Fatalf("cleared: %+v, error %v", cleared, err)
	}
	c := cleared[0]
	if c.EventID != again.ID() || c.ClearedBy != notYet.ID() || c.From != "delivered" || c.To != "processing" ||
		c.Reason != domain.AfterFinal || c.ClearedAt != domain.InstantOf(now) || c.BelievedAt != epoch {
		t.Errorf("cleared: %+v", c)
	}
	for _, e := range []domain.Event{canceled, early} {
		record(t, store, delivery(e, ""))
	}
	s.expect(t, store, m, subject, []domain.Event{delivered, again, canceled, early, notYet})
}
