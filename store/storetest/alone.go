package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// pair is a store that several tell of the same subjects, and one that only the sources a and c tell anything.
type pair struct {
	shared, alone domain.Store
	own           context.Context // reaches a and c
}

// ownLists: lists, counts, the ledger and statistics of a limited context are those of a store which nobody else has
// told anything.
func (s Suite) ownLists(t *testing.T) {
	now := epoch.Time()
	clock := func() time.Time { return now }
	machines := patient{s.Machines}
	p := pair{s.Open(t, machines, clock), s.Open(t, machines, clock), domain.Within(context.Background(), []string{"a", "c"})}
	for n := range 60 {
		m := s.Machines.All()[n%3]
		tellers := [][]string{{"a"}, {"b"}, {"a", "b"}, {"c", "b", "b", "a"}}[n/3%4] // who tells first has it created
		story := rapid.Custom(func(rt *rapid.T) []domain.Event { return events(rt, m, subjectOf(m, fmt.Sprint("Item-", n)), 6) }).Example(n)
		for i, e := range story {
			now = now.Add(20 * time.Second)
			one := delivery(e, fmt.Sprint(i))
			one.Source = tellers[i%len(tellers)]
			record(t, p.shared, one)
			if one.Source != "b" {
				record(t, p.alone, one)
			}
		}
	}
	now = now.Add(42 * time.Minute)
	for name, set := range ownFilters() {
		for _, order := range []domain.ListOrder{domain.ByUpdated, domain.ByCreated} {
			q := domain.ListQuery{Order: order, Asc: len(name)%2 > 0, Limit: 7, Count: true}
			set(&q)
			p.samePages(t, fmt.Sprint(name, " by ", order), q)
		}
	}
	p.sameLedger(t)
	for _, m := range s.Machines.All()[:3] {
		got, want := statisticsOf(t, p.own, p.shared, m), statisticsOf(t, context.Background(), p.alone, m)
		if bytesOf(got) != bytesOf(want) {
			t.Errorf("statistics of %s within\n%s\nalone\n%s", m.Name(), bytesOf(got), bytesOf(want))
		}
	}
	got, err1 := p.shared.PhaseCounts(p.own)
	want, err2 := p.alone.PhaseCounts(context.Background())
	if bytesOf(got) != bytesOf(want) || err1 != nil || err2 != nil {
		t.Errorf("errors %v, %v; counts within\n%s\nalone\n%s", err1, err2, bytesOf(got), bytesOf(want))
	}
}

func ownFilters() map[string]func(*domain.ListQuery) {
	yes, no := true, false
	return map[string]func(*domain.ListQuery){
		"everything": func(*domain.ListQuery) {},
		"one kind":   func(q *domain.ListQuery) { q.Kinds = []domain.Kind{domain.Gift} },
		"one phase":  func(q *domain.ListQuery) { q.Phases = []domain.Phase{domain.Waiting, domain.Shipping} },
		"new":        func(q *domain.ListQuery) { q.Deliveries = []string{domain.New} },
		"company":    func(q *domain.ListQuery) { q.CompanyIDs = []string{"a"} },
		"reference":  func(q *domain.ListQuery) { q.References = []string{"c", "a"} },
		"metadata":   func(q *domain.ListQuery) { q.Metadata = map[string][]string{"k": {"1"}} },
		"stuck":      func(q *domain.ListQuery) { q.Stuck = &yes },
		"not stuck":  func(q *domain.ListQuery) { q.Stuck = &no },
		"legal":      func(q *domain.ListQuery) { q.Illegal = &no },
		"text":       func(q *domain.ListQuery) { q.Text = "item-1" },
		"recipient":  func(q *domain.ListQuery) { q.Text, q.Personal = "b", true },
		"ids":        func(q *domain.ListQuery) { q.IDs = []string{"Item-7", "Item-8", "Item-3", "Item-9"} },
	}
}

// samePages walks to the end; the cursors of two stores differ.
func (p pair) samePages(t *testing.T, name string, q domain.ListQuery) {
	t.Helper()
	next := q
	for pages := 0; pages == 0 || q.Cursor != ""; pages++ {
		got, want := settledPage(t, p.own, p.shared, q), settledPage(t, context.Background(), p.alone, next)
		q.Cursor, next.Cursor = got.Next, want.Next
		if bytesOf(got.Subjects) != bytesOf(want.Subjects) || bytesOf(got.Count) != bytesOf(want.Count) ||
			(got.Next == "") != (want.Next == "") || (got.Prev == "") != (want.Prev == "") {
			t.Fatalf("%s, page %d; within\n%s\nalone\n%s", name, pages, bytesOf(got), bytesOf(want))
		}
	}
}

// sameLedger pages through what is illegal.
func (p pair) sameLedger(t *testing.T) {
	t.Helper()
	var cursor, other string
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		got, next1, err1 := p.shared.Illegal(p.own, cursor, 5)
		want, next2, err2 := p.alone.Illegal(context.Background(), other, 5)
		for _, rows := range [][]domain.Recorded{got, want} {
			for i := range rows {
				rows[i].Body = 0 // each store has numbers of its own
			}
		}
		if bytesOf(got) != bytesOf(want) || (next1 == "") != (next2 == "") || err1 != nil || err2 != nil {
			t.Fatalf("page %d, errors %v, %v; illegal within\n%s\nalone\n%s", pages, err1, err2, bytesOf(got), bytesOf(want))
		}
		cursor, other = next1, next2
	}
}
