package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// page reads one, once the index holds everything: on PostgreSQL other transactions of the server must have ended.
func (x *shop) page(t testing.TB, ctx context.Context, q domain.ListQuery) domain.ListPage {
	t.Helper()
	return settledPage(t, ctx, x.store, q)
}

func settledPage(t testing.TB, ctx context.Context, store domain.Store, q domain.ListQuery) domain.ListPage {
	t.Helper()
	for began := time.Now(); ; {
		page, err := store.List(ctx, q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if page.UpTo == nil {
			return page
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("the index does not get beyond %v", page.UpTo)
		}
	}
}

// walk pages to the end and back again, with pages of random sizes.
func (x *shop) walk(t testing.TB, ctx context.Context, q domain.ListQuery) (there, back []string) {
	t.Helper()
	last := domain.ListPage{}
	for pages := 0; pages == 0 || last.Next != ""; pages++ {
		q.Cursor, q.Limit = last.Next, 1+x.random.IntN(40)
		last = x.page(t, ctx, q)
		there = append(there, named(last)...)
		if pages > 1000 {
			t.Fatalf("%+v: there is no end", q)
		}
	}
	back = named(last)
	for last.Prev != "" {
		q.Cursor, q.Limit = last.Prev, 1+x.random.IntN(40)
		last = x.page(t, ctx, q)
		back = append(named(last), back...)
	}
	return there, back
}

func named(p domain.ListPage) (ids []string) {
	for _, l := range p.Subjects {
		ids = append(ids, l.Subject.String())
	}
	return ids
}

// filters are all that lists can be asked for, one by one.
func (x *shop) filters() map[string]func(*domain.ListQuery) {
	yes, no := true, false
	known := x.known
	middle := known[len(known)/2].UpdatedAt
	id := known[7].Subject.ID
	return map[string]func(*domain.ListQuery){
		"everything": func(*domain.ListQuery) {},
		"kinds":      func(q *domain.ListQuery) { q.Kinds = []domain.Kind{domain.Email, domain.Gift} },
		"provider":   func(q *domain.ListQuery) { q.Providers = []domain.Provider{domain.Resend} },
		"phases": func(q *domain.ListQuery) {
			q.Phases = []domain.Phase{domain.Shipping, domain.Waiting, domain.Completed}
		},
		"status":    func(q *domain.ListQuery) { q.Statuses = []string{domain.New, known[3].State.Status} },
		"delivery":  func(q *domain.ListQuery) { q.Deliveries = []string{known[0].State.Delivery} },
		"company":   func(q *domain.ListQuery) { q.CompanyIDs = []string{"a"} },
		"companies": func(q *domain.ListQuery) { q.CompanyIDs = []string{"a", "b", "a", "nobody"} },
		"reference": func(q *domain.ListQuery) { q.References = []string{"c"} },
		"labelled":  func(q *domain.ListQuery) { q.References = []string{"order-0", "order-2"} },
		"metadata":  func(q *domain.ListQuery) { q.Metadata = map[string][]string{"k": {"1"}} },
		"either":    func(q *domain.ListQuery) { q.Metadata = map[string][]string{"k": {"1", "2"}} },
		"no such":   func(q *domain.ListQuery) { q.Metadata = map[string][]string{"key": {"1"}} },
		"ids":       func(q *domain.ListQuery) { q.IDs = []string{id, "Item-011", "item-012", "nobody"} },
		"stuck":     func(q *domain.ListQuery) { q.Stuck = &yes },
		"not stuck": func(q *domain.ListQuery) { q.Stuck = &no },
		"illegal":   func(q *domain.ListQuery) { q.Illegal = &yes },
		"legal":     func(q *domain.ListQuery) { q.Illegal = &no },
		"since":     func(q *domain.ListQuery) { q.Updated.From = &middle },
		"before":    func(q *domain.ListQuery) { q.Updated.Before, q.Updated.After = &middle, &known[3].UpdatedAt },
		"until":     func(q *domain.ListQuery) { q.Updated.Until = &middle },
		"text":      func(q *domain.ListQuery) { q.Text = "iTEM-0" },
		"number":    func(q *domain.ListQuery) { q.Text = "40" },
		"order":     func(q *domain.ListQuery) { q.Text = "ORDER-" },
		"recipient": func(q *domain.ListQuery) { q.Text, q.Personal = "B", true },
		"nobody's":  func(q *domain.ListQuery) { q.Text = "b" },
	}
}

// lists: every filter, alone and beside every other one, in both orders and both ways, finds what it says, and counts it.
func (s Suite) lists(t *testing.T) {
	const n = 90
	x := s.newShop(t, n)
	x.clock.passed.Store(int64(time.Hour + 2*time.Second)) // in the middle of the stories: some are stuck
	x.clock.still.Store(true)
	x.look(t, t.Context(), x.all(n)...)
	filters := x.filters()
	found := 0
	for name, set := range filters {
		for other, also := range filters {
			if other < name || s.Light && other != name && x.random.IntN(4) > 0 {
				continue
			}
			q := domain.ListQuery{Asc: x.random.IntN(2) > 0}
			if x.random.IntN(2) > 0 {
				q.Order = domain.ByCreated
			}
			set(&q)
			also(&q)
			found += x.compare(t, name+" and "+other, t.Context(), q)
		}
	}
	t.Logf("%d subjects found", found)
	x.listed(t, t.Context())
	x.phases(t, t.Context())
}

func (x *shop) compare(t *testing.T, name string, ctx context.Context, q domain.ListQuery) int {
	t.Helper()
	want := x.want(q)
	there, back := x.walk(t, ctx, q)
	if !slices.Equal(there, want) || !slices.Equal(back, want) {
		t.Errorf("%s: %+v\nthere %q\nback  %q\nwant  %q", name, q, there, back, want)
	}
	q.Count, q.Limit = true, 1
	if page := x.page(t, ctx, q); page.Count == nil || *page.Count != int64(len(want)) {
		t.Errorf("%s: counted %v, want %d", name, page.Count, len(want))
	}
	return len(want)
}

// listed: a list tells of a subject what the subject tells of itself.
func (x *shop) listed(t *testing.T, ctx context.Context) {
	t.Helper()
	page := x.page(t, ctx, domain.ListQuery{Order: domain.ByCreated, Asc: true})
	if len(page.Subjects) != len(x.known) {
		t.Fatalf("%d are listed, want %d", len(page.Subjects), len(x.known))
	}
	now := domain.InstantOf(x.clock.now())
	for i, g := range x.known {
		g.Stuck = g.stuck(now)
		if got, want := bytesOf(page.Subjects[i]), bytesOf(g.Listed); got != want {
			t.Errorf("%s is listed as\n%s\nwant\n%s", g.Subject, got, want)
		}
	}
}

// phases: the counts add up to the subjects, each of which is counted where it stands.
func (x *shop) phases(t *testing.T, ctx context.Context) {
	t.Helper()
	want := map[domain.PhaseCount]int64{}
	now := domain.InstantOf(x.clock.now())
	for _, g := range x.known {
		want[domain.PhaseCount{
			Provider: g.Subject.Provider, Kind: g.Subject.Kind, Status: g.State.Status, Delivery: g.State.Delivery, Phase: g.State.Phase,
			Illegal: g.Illegal > 0, Stuck: g.stuck(now),
		}]++
	}
	counts, err := x.store.PhaseCounts(ctx)
	if err != nil || len(counts) != len(want) {
		t.Errorf("%d counts, error %v, want %d", len(counts), err, len(want))
	}
	for _, c := range counts {
		n := c.Subjects
		if c.Subjects = 0; want[c] != n {
			t.Errorf("%+v is counted %d times, want %d", c, n, want[c])
		}
	}
}

// reach: who has a limit sees and counts what came by his sources, as they alone tell it, and labels what nobody else
// told of.
func (s Suite) listReach(t *testing.T) {
	const n = 40
	x := s.newShop(t, n)
	x.clock.passed.Store(int64(time.Hour + 2*time.Second)) // in the middle of the stories: some are stuck
	x.clock.still.Store(true)
	x.look(t, t.Context(), x.all(n)...)
	all, filters := x.known, x.filters()
	for _, sources := range [][]string{{"north"}, {"south"}, {"north", "south"}, {"elsewhere"}, {}} {
		ctx := domain.Within(t.Context(), sources)
		x.look(t, ctx, x.all(n)...)
		for name, set := range filters {
			for _, order := range []domain.ListOrder{domain.ByUpdated, domain.ByCreated} {
				q := domain.ListQuery{Order: order, Asc: x.random.IntN(2) > 0}
				set(&q)
				x.compare(t, fmt.Sprint(name, " within ", sources), ctx, q)
			}
		}
		x.listed(t, ctx)
		x.phases(t, ctx)
		for _, g := range all[:10] {
			err := x.store.SetLabels(ctx, g.Subject, domain.Labels{Reference: "mine"})
			if got, want := domain.CodeOf(err), domain.CodeNotFound; domain.InReach(ctx, g.sources...) == (got == want) {
				t.Errorf("%v labels %s of %v: %v", sources, g.Subject, g.sources, err)
			}
			labels, err := x.store.LabelsOf(ctx, g.Subject)
			if err != nil || len(labels) > 0 && !domain.InReach(ctx, g.sources...) {
				t.Errorf("%v reads the labels of %s of %v: %v, error %v", sources, g.Subject, g.sources, labels, err)
			}
		}
	}
}

// steadyPages: who walks while others write meets each subject once by creation, and is not disturbed by updates when
// going from the last one on.
func (s Suite) steadyPages(t *testing.T) {
	const n = 60
	for _, order := range []domain.ListOrder{domain.ByCreated, domain.ByUpdated} {
		x := s.newShop(t, n)
		x.look(t, t.Context(), x.all(n)...)
		var met []string
		touched := map[string]bool{}
		q := domain.ListQuery{Order: order, Asc: order == domain.ByCreated}
		x.page(t, t.Context(), q) // all of them are listed now
		for added := n; len(met) == 0 || q.Cursor != ""; added++ {
			q.Limit = 1 + x.random.IntN(9)
			page, err := x.store.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			met, q.Cursor = append(met, named(page)...), page.Next
			if added < n+20 {
				x.add(t, added)
				g := x.known[x.random.IntN(n)]
				touched[g.Subject.String()] = true
				m, _ := s.Machines.For(g.Subject.Provider, g.Subject.Kind)
				record(t, x.store, delivery(report(m, g.Subject, "no.such.type", "", 1000+added, added), ""))
			}
		}
		times := map[string]int{}
		for _, id := range met {
			times[id]++
		}
		for _, g := range x.known {
			id := g.Subject.String()
			if times[id] != 1 && (order == domain.ByCreated || !touched[id]) || times[id] > 1 {
				t.Errorf("by %s %s was met %d times", order, id, times[id])
			}
		}
	}
}

// stuck: a deadline that passes is noticed by whoever looks, and forgotten once the subject moves.
func (s Suite) stuckLists(t *testing.T) {
	clock := &ticking{}
	store := s.Open(t, patient{s.Machines}, clock.now)
	x := &shop{Suite: s, store: store, clock: clock}
	m := s.machine(t, "snappy.gift")
	subject := subjectOf(m, "gift")
	yes := true
	want := func(when string, is bool) {
		t.Helper()
		if got := x.page(t, t.Context(), domain.ListQuery{Stuck: &yes}); (len(got.Subjects) == 1) != is {
			t.Errorf("%s: %d subjects are stuck", when, len(got.Subjects))
		}
	}
	record(t, store, delivery(report(m, subject, "gift-status-changed", "unopened", 1, 0), ""))
	want("at first", false)
	clock.passed.Store(int64(time.Hour + time.Minute))
	want("an hour later", true)
	record(t, store, delivery(report(m, subject, "gift-status-changed", "opened", 2, 3600), ""))
	want("once it moved", false)
	soon := domain.InstantOf(clock.now()) + 60*second
	x.label(t, subject, domain.Labels{ExpiresAt: &soon})
	want("before somebody says it ends", false)
	clock.passed.Add(int64(10 * time.Minute))
	want("after that", true)
	x.label(t, subject, domain.Labels{})
	want("when nobody says so any more", false)
}

// labels: what people say is kept apart, found, replaced and removed.
func (s Suite) labels(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	x := &shop{Suite: s, store: store}
	m := s.machine(t, "sendoso.send")
	subject := subjectOf(m, "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0")
	if err := store.SetLabels(t.Context(), subject, domain.Labels{Reference: "r"}); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("labels of nobody: %v", err)
	}
	record(t, store, delivery(report(m, subject, "send.shipped", "", 1, 0), ""))
	for _, bad := range []domain.Labels{
		{Reference: "a\x00b"}, {Reference: strings.Repeat("x", 513)}, {Free: map[string]string{"": "x"}}, {Free: map[string]string{"\xff": "x"}},
		{Free: map[string]string{strings.Repeat("k", 65): "x"}}, {Free: map[string]string{"k": strings.Repeat("x", 513)}}, {Free: manyLabels(51)},
	} {
		if err := store.SetLabels(t.Context(), subject, bad); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%d labels, reference %q: %v", len(bad.Free), bad.Reference, err)
		}
	}
	at := epoch
	for _, l := range []domain.Labels{
		{Reference: "PO-1", By: "key_1", UpdatedAt: epoch}, {Free: manyLabels(50), ExpiresAt: &at, UpdatedAt: epoch}, {UpdatedAt: epoch},
	} {
		x.label(t, subject, l)
		found, err := store.LabelsOf(t.Context(), subject, subjectOf(m, "other"))
		if got, ok := found[subject]; err != nil || ok == l.Empty() || ok && bytesOf(got) != bytesOf(l) {
			t.Errorf("%+v became %+v, error %v", l, found, err)
		}
		listed := x.page(t, t.Context(), domain.ListQuery{Text: "44"}).Subjects
		if len(listed) != 1 || (listed[0].Labels == nil) != l.Empty() {
			t.Errorf("%+v is listed as %+v", l, listed)
		}
		if n := len(x.page(t, t.Context(), domain.ListQuery{Text: "po-"}).Subjects); n != min(len(l.Reference), 1) {
			t.Errorf("%+v: %d are found by the reference", l, n)
		}
	}
}

func manyLabels(n int) map[string]string {
	all := map[string]string{}
	for i := range n {
		all[fmt.Sprint("label-", i)] = "x"
	}
	return all
}

// cursors: one that another list gave, or nobody, is refused.
func (s Suite) strangeCursors(t *testing.T) {
	x := s.newShop(t, 4)
	q := domain.ListQuery{Limit: 1}
	good := x.page(t, t.Context(), q).Next
	for name, other := range map[string]domain.ListQuery{
		"made up": {Cursor: "abc"}, "longer": {Cursor: good + "AA"}, "of another order": {Cursor: good, Order: domain.ByCreated},
		"the other way": {Cursor: good, Asc: true}, "of another list": {Cursor: good, Kinds: []domain.Kind{domain.Gift}},
	} {
		if page, err := x.store.List(t.Context(), other); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %d subjects, error %v", name, len(page.Subjects), err)
		}
	}
	if page := x.page(t, t.Context(), domain.ListQuery{Cursor: good, Limit: 3, Count: true}); len(page.Subjects) != 3 || *page.Count != 4 {
		t.Errorf("a page of another size: %d of %d", len(page.Subjects), *page.Count)
	}
}
