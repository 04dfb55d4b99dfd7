package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
)

// log: whatever is asked of the log is what a walk through the feed, looking at every event, would find.
func (s Suite) log(t *testing.T) {
	var clock atomic.Int64
	clock.Store(int64(epoch + 60*minutes))
	store := s.Open(t, s.Machines, func() time.Time { return domain.Instant(clock.Load()).Time() })
	s.fill(t, store, &clock)
	all := everything(t, store)
	own := ownOf(t, store, all, []string{"a"})
	if len(all) < 60 {
		t.Fatalf("only %d events are in the feed", len(all))
	}
	middle := func(of func(*domain.Recorded) domain.Instant) *domain.Instant { at := of(&all[len(all)/2]); return &at }
	arrived, happened := middle((*domain.Recorded).Arrived), middle(func(r *domain.Recorded) domain.Instant { return r.At })
	for name, q := range map[string]domain.LogQuery{
		"everything": {}, "verdict": {Verdicts: []domain.Verdict{domain.Illegal, domain.Gap}}, "provider": {Providers: []domain.Provider{domain.Sendoso}},
		"kind": {Kinds: []domain.Kind{domain.Gift}}, "source": {Sources: []string{"a", "nobody"}}, "type": {Types: []string{"gift-status-changed"}},
		"two": {Kinds: []domain.Kind{domain.Gift}, Verdicts: []domain.Verdict{domain.Moved}}, "none": {Sources: []string{"nobody"}},
		"received from": {Received: domain.Span{From: arrived}}, "received after": {Received: domain.Span{After: arrived}},
		"received until": {Received: domain.Span{Until: arrived}}, "received before": {Received: domain.Span{Before: arrived}},
		"received then": {Received: domain.Span{From: arrived, Until: arrived}}, "never received": {Received: domain.Span{After: arrived, Before: arrived}},
		"from": {At: domain.Span{From: happened}}, "after": {At: domain.Span{After: happened}},
		"until": {At: domain.Span{Until: happened}}, "before": {At: domain.Span{Before: happened}},
	} {
		for _, limit := range []int{7, 1000} {
			q.Limit = limit
			s.askLog(t, store, fmt.Sprint(name, " ", limit), q, nil, all)
			s.askLog(t, store, fmt.Sprint(name, " ", limit, " of a"), q, []string{"a"}, own)
		}
	}
	s.askLog(t, store, "one by one", domain.LogQuery{Limit: 1}, nil, all)
	s.askLog(t, store, "out of reach", domain.LogQuery{Limit: 10}, []string{}, nil)
	s.strangeLogCursors(t, store)
}

// fill records events of three kinds by three sources, some late, one that leaves its timeline, one that comes back and
// one whose delivery waited for an hour.
func (s Suite) fill(t *testing.T, store domain.Store, clock *atomic.Int64) {
	gift, mail, send := s.machine(t, "snappy.gift"), s.machine(t, "resend.email"), s.machine(t, "sendoso.send")
	send1 := func(e domain.Event, source string, wait domain.Instant) {
		p := delivery(e, "")
		p.Source, p.ReceivedAt = source, domain.Instant(clock.Load())-wait
		record(t, store, p)
	}
	for n := range 60 {
		clock.Add(int64(n%3) * int64(2*minutes))
		e := report(gift, subjectOf(gift, fmt.Sprint("gift-", n%4)), "gift-status-changed", []string{"opened", "claimed", "unopened"}[n%3], n, n*37%60)
		if n%4 == 3 {
			e = report(mail, subjectOf(mail, fmt.Sprint("mail-", n%2)), "email.delivered", "delivered", n, n*37%60)
		}
		send1(e, []string{"a", "b", "c"}[n%3], domain.Instant(n%2)*second)
	}
	for n, typed := range []string{"gone", "back"} {
		e := report(send, subjectOf(send, typed), "send.shipped", "shipped", n, 5)
		e.Facts |= domain.ClaimedType
		send1(e, "a", 0)
		other := e
		other.Type, other.Target = "send.delivered", "delivered"
		send.Read(&other)
		send1(other, "a", 0)
		clock.Add(int64(minutes))
	}
	s.bringBack(t, store, send)
	send1(report(gift, subjectOf(gift, "waited"), "gift-status-changed", "opened", 99, 5), "b", 60*minutes)
}

// bringBack settles what the subject back has on the parked list.
func (s Suite) bringBack(t *testing.T, store domain.Store, m domain.Machine) {
	list, _, err := store.ParkedList(context.Background(), domain.ResultUnresolved, "", 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d are unresolved, error %v", len(list), err)
	}
	for _, p := range list {
		if p.Subject.ID == "back" {
			e := report(m, *p.Subject, "send.shipped", "shipped", 1, 5)
			e.Facts |= domain.ClaimedType | domain.SettledType
			d := delivery(e, "")
			d.Source = "a"
			if _, err := store.Resolve(context.Background(), p.ID, d); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// everything reads every event that stands, in the order of its last recording, after everything recorded is in the feed.
func everything(t *testing.T, store domain.Store) (all []domain.Recorded) {
	t.Helper()
	var ids []string
	for after, last := "", ""; !strings.HasSuffix(last, "waited"); {
		list, next, err := store.Changes(context.Background(), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if last = c.Subject.ID; c.Was == "" {
				ids = append(slices.DeleteFunc(ids, func(id string) bool { return id == c.EventID }), c.EventID)
			}
		}
		after = next
	}
	for _, id := range ids {
		d, f, err := domain.ParseEventID(id)
		if err != nil {
			t.Fatal(err)
		}
		r, err := store.Event(context.Background(), d, f)
		if err == nil {
			all = append(all, r)
		} else if domain.CodeOf(err) != domain.CodeNotFound {
			t.Fatal(err)
		}
	}
	return all
}

// ownOf gives the events that sources have told, as they tell them: what a verdict is may depend on who told the rest.
func ownOf(t *testing.T, store domain.Store, all []domain.Recorded, sources []string) (own []domain.Recorded) {
	t.Helper()
	for i := range all {
		r, err := store.Event(domain.Within(t.Context(), sources), all[i].Subject.Digest(), all[i].Fingerprint)
		if err == nil {
			own = append(own, r)
		} else if domain.CodeOf(err) != domain.CodeNotFound {
			t.Fatal(err)
		}
	}
	return own
}

// askLog walks a query both ways and compares it with all events.
func (s Suite) askLog(t *testing.T, store domain.Store, name string, q domain.LogQuery, reach []string, all []domain.Recorded) {
	t.Helper()
	ctx := context.Background()
	if reach != nil {
		ctx = domain.Within(ctx, reach)
	}
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	var want []string
	for i := range all {
		r := &all[i]
		if in(texts(q.Verdicts), string(r.Outcome.Verdict)) && in(texts(q.Providers), string(r.Subject.Provider)) &&
			in(texts(q.Kinds), string(r.Subject.Kind)) && in(q.Sources, r.Source) && in(q.Types, r.Type) &&
			q.Received.Holds(r.Arrived()) && q.At.Holds(r.At) {
			want = append(want, r.ID())
		}
	}
	for _, q.Asc = range []bool{true, false} {
		if got := walkLog(t, ctx, store, q); !slices.Equal(got, want) {
			t.Errorf("%s, ascending %v: %d events, want %d:\n%v\n%v", name, q.Asc, len(got), len(want), got, want)
		}
		want = slices.Clone(want)
		slices.Reverse(want)
	}
}

// walkLog reads to the end of the log; ascending it must be possible to ask for more there, and there is none.
func walkLog(t *testing.T, ctx context.Context, store domain.Store, q domain.LogQuery) (ids []string) {
	t.Helper()
	for {
		page, err := store.Log(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > q.Limit || page.More && page.Next == "" || (page.Next != "") != (page.More || q.Asc) {
			t.Fatalf("%d events of at most %d, next %q, more %v", len(page.Events), q.Limit, page.Next, page.More)
		}
		for i := range page.Events {
			ids = append(ids, page.Events[i].ID())
		}
		if q.Cursor = page.Next; page.More {
			continue
		}
		if q.Asc {
			again, err := store.Log(ctx, q)
			if err != nil || len(again.Events) > 0 || again.Next == "" || again.More {
				t.Fatalf("behind the end: %+v, error %v", again, err)
			}
		}
		return ids
	}
}

func texts[T ~string](list []T) (all []string) {
	for _, v := range list {
		all = append(all, string(v))
	}
	return all
}

// strangeLogCursors: a walk is not turned round, and one of another history begins anew. A position of the feed will do.
func (s Suite) strangeLogCursors(t *testing.T, store domain.Store) {
	up, err := store.Log(t.Context(), domain.LogQuery{Asc: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	down, err := store.Log(t.Context(), domain.LogQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cursor string
		asc    bool
		code   domain.Code
	}{
		{up.Next, false, domain.CodeInvalid}, {down.Next, true, domain.CodeInvalid}, {"x", true, domain.CodeInvalid}, {"x", false, domain.CodeInvalid},
		{"other" + up.Next[5:], true, domain.CodeReset},
	} {
		if _, err := store.Log(t.Context(), domain.LogQuery{Asc: c.asc, Cursor: c.cursor, Limit: 1}); domain.CodeOf(err) != c.code {
			t.Errorf("%s ascending %v: error %v, want %s", c.cursor, c.asc, err, c.code)
		}
	}
	latest, err := store.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if page, err := store.Log(t.Context(), domain.LogQuery{Asc: true, Cursor: latest}); err != nil || len(page.Events) > 0 {
		t.Errorf("from the latest position of the feed: %d events, error %v", len(page.Events), err)
	}
}

// logGrows: who goes on from page to page while many write, and takes pages as they come, meets every event once.
func (s Suite) logGrows(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	const each = 8
	done := make(chan struct{})
	go func() {
		defer close(done)
		atOnce(writers, func(w int) {
			for n := range each {
				record(t, store, delivery(report(m, subjectOf(m, fmt.Sprint("gift-", (w+n)%7)), "gift-status-changed", "opened", w*each+n, w+n), ""))
			}
		})
	}()
	seen := map[string]bool{}
	giveUp := time.Now().Add(time.Minute)
	for cursor := ""; len(seen) < writers*each && time.Now().Before(giveUp); {
		page, err := store.Log(t.Context(), domain.LogQuery{Asc: true, Cursor: cursor, Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Events {
			id := page.Events[i].ID()
			if seen[id] {
				t.Errorf("%s comes twice", id)
			}
			seen[id] = true
		}
		if cursor = page.Next; !page.More {
			time.Sleep(5 * time.Millisecond) // the writers need the processor more
		}
	}
	<-done
	if len(seen) != writers*each {
		t.Errorf("%d events of %d were met", len(seen), writers*each)
	}
}
