package storetest

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// shop is a store full of subjects of all sorts, and what is known of each by reading it without lists.
type shop struct {
	Suite
	store  domain.Store
	clock  *ticking
	random *rand.Rand
	known  []*goods // in the order in which they became known
}

// goods is one subject as lists should tell of it.
type goods struct {
	domain.Listed
	created int
	sources []string
	due     *domain.Instant
}

// ticking is a clock that never says the same twice, so that there is one order of updates.
type ticking struct {
	ticks  atomic.Int64
	passed atomic.Int64 // beside the ticks
	still  atomic.Bool
}

func (c *ticking) now() time.Time {
	if !c.still.Load() {
		c.ticks.Add(1)
	}
	return epoch.Time().Add(time.Duration(c.ticks.Load())*time.Millisecond + time.Duration(c.passed.Load()))
}

// patient are machines whose states are all expected to last an hour.
type patient struct{ domain.Machines }

type patientMachine struct{ domain.Machine }

func (patientMachine) Limit(domain.Region, string) (domain.DwellLimit, bool) {
	return domain.DwellLimit{For: time.Hour}, true
}

// Expiry leaves no wait that is counted over several states.
func (patientMachine) Expiry(string) (domain.ExpiryWindow, bool) { return domain.ExpiryWindow{}, false }

func (p patient) For(provider domain.Provider, kind domain.Kind) (domain.Machine, bool) {
	m, ok := p.Machines.For(provider, kind)
	return patientMachine{m}, ok
}

func (s Suite) newShop(t *testing.T, subjects int) *shop {
	x := &shop{Suite: s, clock: &ticking{}, random: rand.New(rand.NewPCG(5, uint64(subjects)))}
	x.store = s.Open(t, patient{s.Machines}, x.clock.now)
	for n := range subjects {
		x.add(t, n)
	}
	return x
}

// add has a subject become known, with a short story that came by one source or by two, and some of them labelled.
func (x *shop) add(t testing.TB, n int) domain.Subject {
	m := x.Machines.All()[n%len(x.Machines.All())]
	subject := subjectOf(m, fmt.Sprintf("Item-%03d", n))
	if subject.Kind == domain.Send {
		subject.ID = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "gid://sendoso/Send/%d", 4000+n))
	}
	story := rapid.Custom(func(rt *rapid.T) []domain.Event {
		return events(rt, m, subject, rapid.IntRange(1, 4).Draw(rt, "events"))
	}).Example(n)
	for i, e := range story {
		e.At += domain.Instant(x.clock.passed.Load() / 1000)
		p := delivery(e, fmt.Sprint(i))
		p.Source = []string{"north", "north", "south", "south", []string{"north", "south"}[i%2]}[n%5]
		record(t, x.store, p)
	}
	if n%6 == 0 {
		x.label(t, subject, domain.Labels{Reference: fmt.Sprint("order-", n%4), Free: map[string]string{"team": "a"}, By: "key"})
	}
	return subject
}

func (x *shop) label(t testing.TB, subject domain.Subject, l domain.Labels) {
	t.Helper()
	if err := x.store.SetLabels(t.Context(), subject, l); err != nil {
		t.Fatal(err)
	}
}

// look reads every subject by itself, as far as the context reaches.
func (x *shop) look(t testing.TB, ctx context.Context, subjects ...domain.Subject) {
	t.Helper()
	labels, err := x.store.LabelsOf(ctx, subjects...)
	if err != nil {
		t.Fatal(err)
	}
	x.known = nil
	for n, subject := range subjects {
		page, err := x.store.Events(ctx, subject, domain.Range{})
		if err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
		if len(page.Rows) == 0 {
			continue
		}
		g := &goods{Listed: domain.Listed{Current: page.Current}, created: n}
		for _, r := range page.Rows {
			g.UpdatedAt = max(g.UpdatedAt, r.Joined)
			if !slices.Contains(g.sources, r.Source) {
				g.sources = append(g.sources, r.Source)
			}
		}
		if l, ok := labels[subject]; ok {
			g.Labels = &l
		}
		g.Reference = g.reference()
		m, _ := patient{x.Machines}.For(subject.Provider, subject.Kind)
		if due, ok := (*domain.Policy)(nil).Deadline(m, &g.Current, g.Labels, nil); ok {
			g.due = &due
		}
		x.known = append(x.known, g)
	}
}

// all names the subjects of the shop.
func (x *shop) all(n int) (subjects []domain.Subject) {
	for i := range n {
		m := x.Machines.All()[i%len(x.Machines.All())]
		subject := subjectOf(m, fmt.Sprintf("Item-%03d", i))
		if subject.Kind == domain.Send {
			subject.ID = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "gid://sendoso/Send/%d", 4000+i))
		}
		subjects = append(subjects, subject)
	}
	return subjects
}

func (g *goods) reference() string {
	if g.Labels != nil && g.Labels.Reference != "" {
		return g.Labels.Reference
	}
	return g.Attributes.Reference
}

func (g *goods) stuck(now domain.Instant) bool { return g.due != nil && *g.due <= now }

// begins reports whether the text finds the subject.
func (g *goods) begins(text string, personal bool) bool {
	names := []string{g.Subject.ID, g.reference()}
	if personal {
		names = append(names, g.Attributes.Recipient)
	}
	if raw, err := base64.StdEncoding.DecodeString(g.Subject.ID); err == nil && g.Subject.Kind == domain.Send {
		names = append(names, strings.TrimPrefix(string(raw), "gid://sendoso/Send/"))
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && strings.HasPrefix(strings.ToLower(name), strings.ToLower(text))
	})
}

// fits is what a query means, said once more and without an index.
func (g *goods) fits(q *domain.ListQuery, now domain.Instant) bool {
	var facts map[string]string
	_ = json.Unmarshal([]byte(g.Attributes.Metadata), &facts)
	for key, values := range q.Metadata {
		if v, ok := facts[key]; !ok || !slices.Contains(values, v) {
			return false
		}
	}
	return oneOf(q.Kinds, g.Subject.Kind) && oneOf(q.Providers, g.Subject.Provider) && oneOf(q.Phases, g.State.Phase) &&
		oneOf(q.Statuses, g.State.Status) && oneOf(q.Deliveries, g.State.Delivery) && oneOf(q.CompanyIDs, g.Attributes.CompanyID) &&
		oneOf(q.References, g.reference()) && oneOf(q.IDs, g.Subject.ID) &&
		(q.Stuck == nil || *q.Stuck == g.stuck(now)) && (q.Illegal == nil || *q.Illegal == (g.Illegal > 0)) &&
		q.Updated.Holds(g.UpdatedAt) && (q.Text == "" || g.begins(q.Text, q.Personal))
}

func oneOf[T comparable](wanted []T, is T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, is)
}

// want lists what a query should find, in its order.
func (x *shop) want(q domain.ListQuery) (ids []string) {
	now := domain.InstantOf(x.clock.now())
	var found []*goods
	for _, g := range x.known {
		if g.fits(&q, now) {
			found = append(found, g)
		}
	}
	slices.SortFunc(found, func(a, b *goods) int {
		c := cmp.Compare(a.created, b.created)
		if q.Order != domain.ByCreated {
			c = cmp.Or(cmp.Compare(a.UpdatedAt, b.UpdatedAt), c)
		}
		if !q.Asc {
			c = -c
		}
		return c
	})
	for _, g := range found {
		ids = append(ids, g.Subject.String())
	}
	return ids
}
