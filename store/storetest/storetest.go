// Package storetest is what every store must pass: a suite over domain.Store that knows nothing of the database.
package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// Suite runs a store through everything that domain promises.
type Suite struct {
	Machines domain.Machines
	// Open gives an empty store that is closed with the test. The clock is the store's.
	Open func(t testing.TB, machines domain.Machines, now func() time.Time) domain.Store
	// Together records deliveries in one commit, in the order given; nil for a store that cannot be made to.
	Together func(testing.TB, domain.Store, ...domain.Parsed)
	// Audit compares what a store keeps for itself with what it shows; nil for nothing.
	Audit func(testing.TB, domain.Store)
	// Then does something with the store that any mix was delivered to; nil for nothing.
	Then func(testing.TB, domain.Store)
	// Laps does to alerts what laps do; nil for a store whose laps cannot be told to.
	Laps *Laps
	// Sweeps opens stores that raise alerts; nil for none.
	Sweeps *Sweeps
	// Everything takes long: every store is audited, and stories of six events are told in every order instead of five.
	Everything bool
	// Light draws a quarter of the stories: for a second store whose rules are the first one's.
	Light bool
	// Only names the tests to run; nil for all.
	Only []string

	openPlain func(t testing.TB, machines domain.Machines, now func() time.Time) domain.Store
}

// Run runs the suite. Whatever a test has put into a store is audited before it is closed; the many stores of the tests
// that tell one plain story in many orders are only when Everything is.
func (s Suite) Run(t *testing.T) {
	s.openPlain, s.Open = s.Open, s.audited()
	if s.Everything {
		s.openPlain = s.Open
	}
	for name, run := range map[string]func(*testing.T){
		"any order gives the pure timeline": s.anyOrder,
		"a long story, some of it late":     s.longStory,
		"any mix in any batches":            s.anyMix,
		"every permutation of a few events": s.everyPermutation,
		"64 writers of one event":           s.sameEvent,
		"64 writers on one gift":            s.oneGift,
		"counts add up":                     s.counts,
		"typed copies":                      s.typedCopies,
		"a resolved delivery comes again":   s.resolvedAgain,
		"conflicts":                         s.conflicts,
		"approximate times":                 s.approximateTimes,
		"known at":                          s.knownAt,
		"the past is the log cut there":     s.past,
		"machine upgrade":                   s.upgrade,
		"ledger":                            s.ledger,
		"explained":                         s.explained,
		"statistics":                        s.statistics,
		"feed":                              s.feed,
		"one story of several subjects":     s.oneStory,
		"a follower misses nothing":         s.follow,
		"log":                               s.log,
		"a growing log":                     s.logGrows,
		"idempotency keys":                  s.once,
		"one key at once":                   s.onceAtOnce,
		"the life of an alert":              s.alertLife,
		"alerts known to a lap":             s.alertsKnown,
		"lists of alerts":                   s.alertLists,
		"alerts within sources":             s.alertReach,
		"people act on alerts":              s.alertActs,
		"many act at once":                  s.actsAtOnce,
		"the outbox: groups":                s.outboxGroups,
		"the outbox: work":                  s.outboxWork,
		"the outbox: stories":               s.outboxStories,
		"the outbox: belief":                s.outboxBelief,
		"the outbox: old alerts":            s.outboxOld,
		"the outbox: routes":                s.outboxRoutes,
		"the outbox: tries":                 s.outboxTries,
		"the outbox: disabled channels":     s.outboxDisabled,
		"the outbox: repeats":               s.outboxRepeats,
		"the outbox: what is open":          s.outboxOpen,
		"the outbox: what is in reach":      s.outboxReach,
		"the outbox: a channel is back":     s.outboxEnabled,
		"the outbox: what is given up":      s.outboxGivenUp,
		"the outbox: moves":                 s.outboxMoves,
		"the outbox: lists":                 s.outboxLists,
		"the outbox: at once":               s.outboxAtOnce,
		"the outbox: pruned":                s.outboxPrunes,
		"a snooze ends":                     s.alertWakes,
		"deadlines to the microsecond":      s.sweepExact,
		"what alarms ends":                  s.sweepEnds,
		"another policy":                    s.sweepPolicy,
		"the clock goes back":               s.sweepBack,
		"nothing could be heard":            s.sweepBlind,
		"one that cannot be looked at":      s.sweepUnsound,
		"a move wakes, a rebuild does not":  s.sweepWakes,
		"beside servers that raise alerts":  s.sweepBorrowed,
		"moves are told once":               s.sweepMoves,
		"what is shown in an outage":        s.sweepShown,
		"a clock that ran ahead":            s.sweepClock,
		"what is watched":                   s.watched,
		"troubles":                          s.troubles,
		"one trouble at once":               s.troubleAtOnce,
		"outages":                           s.outages,
		"an outage is looked at":            s.outageLooks,
		"work is claimed once":              s.work,
		"a lease ends":                      s.leaseEnds,
		"workers":                           s.workers,
		"keys":                              s.keys,
		"revoked keys":                      s.revoking,
		"keys within sources":               s.keysWithin,
		"own sources only":                  s.ownOnly,
		"within sources":                    s.within,
		"an own receipt":                    s.ownReceipt,
		"lists":                             s.lists,
		"lists within a reach":              s.listReach,
		"lists of own sources":              s.ownLists,
		"pages stay steady":                 s.steadyPages,
		"stuck is noticed":                  s.stuckLists,
		"labels":                            s.labels,
		"cursors of other lists":            s.strangeCursors,
	} {
		if len(s.Only) > 0 && !slices.Contains(s.Only, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel() // every test has a store of its own
			run(t)
		})
	}
}

func (s Suite) audited() func(testing.TB, domain.Machines, func() time.Time) domain.Store {
	return func(t testing.TB, machines domain.Machines, now func() time.Time) domain.Store {
		store := s.Open(t, machines, now)
		if s.Audit != nil {
			t.Cleanup(func() { s.Audit(t, store) })
		}
		return store
	}
}

func sortRows(rows []domain.Recorded) {
	slices.SortFunc(rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
}

// reader looks at a store as the API does.
func (s Suite) reader(store domain.Store) *domain.Reader {
	return &domain.Reader{Store: store, Machines: s.Machines, Data: func(domain.Event, []byte) json.RawMessage { return nil }}
}

// timeline reads a whole timeline, page by page, without what arrival decides.
func (s Suite) timeline(t rapid.TB, store domain.Store, subject domain.Subject, v domain.View) domain.Timeline {
	t.Helper()
	v.OmitReceived = true
	r := s.reader(store)
	c, err := r.Find(context.Background(), subject)
	if err != nil {
		t.Fatal(err)
	}
	var whole domain.Timeline
	for {
		page, err := r.Timeline(context.Background(), c, v)
		if err != nil {
			t.Fatal(err)
		}
		entries := whole.Entries
		whole = page
		whole.Entries = append(entries, page.Entries...)
		if page.Next == nil {
			return whole
		}
		v.Cursor = *page.Next
	}
}

// want is the timeline by definition.
func (s Suite) want(m domain.Machine, subject domain.Subject, events []domain.Event) domain.Timeline {
	c, entries := pure(m, subject, events)
	for i := range entries {
		entries[i].Received = nil
	}
	t := domain.Timeline{
		Subject: domain.SubjectViewOf(subject, string(subject.Provider), c.Attributes), State: domain.StatesOf(m, &c, nil),
		Entries: entries, Counts: domain.Counts{Events: c.Events, Illegal: c.Illegal},
	}
	if c.State.Phase != "" {
		t.Phase = &c.State.Phase
	}
	return t
}

func (s Suite) expect(t rapid.TB, store domain.Store, m domain.Machine, subject domain.Subject, events []domain.Event) {
	t.Helper()
	got, want := bytesOf(s.timeline(t, store, subject, domain.View{})), bytesOf(s.want(m, subject, events))
	if got != want {
		t.Fatalf("the stored timeline is not the fold of its events\n--- stored\n%s\n--- pure\n%s", got, want)
	}
}

func record(t testing.TB, store domain.Store, p domain.Parsed) domain.Receipt {
	t.Helper()
	r, err := store.Record(context.Background(), p)
	if err != nil {
		t.Error(err) // not Fatal: writers record in goroutines of their own
	}
	return r
}

func subjectOf(m domain.Machine, id string) domain.Subject {
	v := m.View()
	return domain.Subject{Provider: v.Provider, Kind: v.Kind, ID: id}
}

// anyOrder delivers random stories in random orders, with repeats, one by one and many at once.
func (s Suite) anyOrder(t *testing.T) {
	for _, m := range s.Machines.All() {
		t.Run(m.Name(), func(t *testing.T) {
			t.Parallel()
			store := s.openPlain(t, s.Machines, time.Now)
			n := 0
			rapid.Check(t, func(rt *rapid.T) {
				if n++; s.Light && n%4 != 0 {
					return
				}
				subject := subjectOf(m, fmt.Sprintf("subject-%d", n))
				all := events(rt, m, subject, rapid.IntRange(1, 40).Draw(rt, "events"))
				copies := attempts(rt, all)
				arrival := rapid.Permutation(slices.Concat(copies, copies[:len(copies)/3])).Draw(rt, "arrival")
				if rapid.Bool().Draw(rt, "at once") {
					deliverAtOnce(t, store, arrival)
				} else {
					for i, e := range arrival {
						record(t, store, delivery(e, fmt.Sprint(i)))
					}
				}
				s.expect(rt, store, m, subject, all)
			})
		})
	}
}

// longStory delivers more than is read at once: most in order, the rest afterwards, so that folds begin and stop in the
// middle.
func (s Suite) longStory(t *testing.T) {
	for _, m := range s.Machines.All() {
		t.Run(m.Name(), func(t *testing.T) {
			t.Parallel()
			store := s.Open(t, s.Machines, time.Now)
			stories := 5
			if s.Light {
				stories = 1
			}
			for n := range stories {
				story := rapid.Custom(func(rt *rapid.T) []domain.Event {
					return events(rt, m, subjectOf(m, fmt.Sprint("long-", n)), 150)
				}).Example(n)
				slices.SortFunc(story, func(a, b domain.Event) int { return a.Place().Compare(b.Place()) })
				var late []domain.Event
				for i, e := range story {
					if i%7 == n {
						late = append(late, e)
						continue
					}
					record(t, store, delivery(e, fmt.Sprint(i)))
				}
				slices.Reverse(late)
				for i, e := range late {
					record(t, store, delivery(e, fmt.Sprint("late-", i)))
				}
				s.expect(t, store, m, story[0].Subject, story)
			}
		})
	}
}

func deliverAtOnce(t testing.TB, store domain.Store, arrival []domain.Event) {
	var wg sync.WaitGroup
	for i, e := range arrival {
		wg.Go(func() {
			if _, err := store.Record(context.Background(), delivery(e, fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// everyPermutation delivers a short story in every order there is, each order to a subject of its own. Orders run beside
// each other, so that they share commits.
func (s Suite) everyPermutation(t *testing.T) {
	length := 5
	if s.Everything {
		length = 6
	}
	for i, m := range s.Machines.All() {
		t.Run(m.Name(), func(t *testing.T) {
			t.Parallel()
			store := s.openPlain(t, s.Machines, time.Now)
			story := rapid.Custom(func(rt *rapid.T) []domain.Event {
				return events(rt, m, subjectOf(m, "story"), length)
			}).Example(i)
			var orders [][]domain.Event
			permute(story, func(arrival []domain.Event) {
				orders = append(orders, retold(arrival, subjectOf(m, fmt.Sprint("order-", len(orders)))))
			})
			atOnce(writers, func(w int) {
				for o := w; o < len(orders); o += writers {
					for i, e := range orders[o] {
						record(t, store, delivery(e, fmt.Sprint(i)))
					}
				}
			})
			for _, o := range orders {
				s.expect(t, store, m, o[0].Subject, o)
			}
		})
	}
}

// retold tells the same story of another subject.
func retold(events []domain.Event, subject domain.Subject) []domain.Event {
	told := slices.Clone(events)
	for i := range told {
		told[i].Subject = subject
	}
	return told
}

// permute visits every order of all.
func permute[E any](all []E, visit func([]E)) {
	var walk func(int)
	walk = func(i int) {
		if i == len(all) {
			visit(all)
			return
		}
		for j := i; j < len(all); j++ {
			all[i], all[j] = all[j], all[i]
			walk(i + 1)
			all[i], all[j] = all[j], all[i]
		}
	}
	walk(0)
}
