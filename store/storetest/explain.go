package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"giftline/domain"
)

// explained: the newest events come with the state before them, and an explanation is the same whether it trusts what is
// stored or folds everything anew.
func (s Suite) explained(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	subject := subjectOf(m, "gift")
	for i, said := range []struct{ event, target string }{
		{"gift-status-changed", "opened"}, {"gift-status-changed", "opened"}, {"gift-status-changed", "claimed"},
		{"gift-delivery-status-changed", "inTransit"}, {"gift-delivery-status-changed", "processing"}, {"thank-you-note-created", ""},
	} {
		e := report(m, subject, said.event, said.target, i, 60*(7*i%11)) // some of them late
		if _, err := store.Record(context.Background(), delivery(e, fmt.Sprintf("wh_%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	s.tails(t, store, m, subject)
	r := s.reader(store)
	c, err := r.Find(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	now := epoch.Time().Add(100 * 24 * time.Hour)
	at := domain.InstantOf(now)
	cached, err := r.Explain(t.Context(), c, domain.View{}, now)
	if err != nil {
		t.Fatal(err)
	}
	folded, err := r.Explain(t.Context(), c, domain.View{AsOf: &at}, now)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bytesOf(cached), bytesOf(folded); got != want {
		t.Errorf("explained from what is stored\n%s\nfrom a fold of everything\n%s", got, want)
	}
	if cached.Counts.Read != 6 || len(cached.Unmoved) == 0 || cached.Deadline == nil || !cached.Deadline.Passed {
		t.Errorf("%+v", cached)
	}
}

// tails compares the last events, of each number, with the end of all.
func (s Suite) tails(t *testing.T, store domain.Store, m domain.Machine, subject domain.Subject) {
	t.Helper()
	all, err := store.Events(t.Context(), subject, domain.Range{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= len(all.Rows)+1; n++ {
		page, err := store.Events(t.Context(), subject, domain.Range{Limit: n, Last: true})
		if err != nil {
			t.Fatal(err)
		}
		cut := max(0, len(all.Rows)-n)
		before := m.Start()
		if cut > 0 {
			before = all.Rows[cut-1].Outcome.After
		}
		if bytesOf(page.Rows) != bytesOf(all.Rows[cut:]) || page.Before != before || page.More != (cut > 0) {
			t.Errorf("the last %d of %d: %d rows after %v, more %v", n, len(all.Rows), len(page.Rows), page.Before, page.More)
		}
	}
}
