package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// feed: what was recorded and which verdicts changed, in one order, from any position on.
func (s Suite) feed(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	subject := subjectOf(m, "gift")
	start, err := store.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	delivered := report(m, subject, "gift-delivery-status-changed", "delivered", 1, 10)
	early := report(m, subject, "gift-delivery-status-changed", "processing", 2, 20)
	cure := report(m, subject, "gift-delivery-status-changed", "outForDelivery", 3, 20)
	told := func(e domain.Event, c domain.Change) domain.Change {
		c.Subject, c.EventID, c.Type, c.Source = subject, e.ID(), e.Type, string(subject.Provider)
		return c
	}
	for _, e := range []domain.Event{delivered, early, early, cure} {
		record(t, store, delivery(e, ""))
	}
	want := []domain.Change{
		told(delivered, domain.Change{Verdict: domain.Moved}),
		told(early, domain.Change{Verdict: domain.Illegal}),
		told(early, domain.Change{Was: domain.Illegal, Verdict: domain.Note, Cause: cure.ID()}),
		told(cure, domain.Change{Verdict: domain.Note}),
	}
	var all []domain.Change
	for _, after := range []string{start, ""} {
		all = changes(t, store, after, 1, len(want))
		if got := bare(all); bytesOf(got) != bytesOf(bare(want)) {
			t.Errorf("from %q:\n%s\nwant\n%s", after, bytesOf(got), bytesOf(bare(want)))
		}
	}
	for i, c := range all {
		if rest := changes(t, store, c.Position, 100, len(all)-i-1); bytesOf(rest) != bytesOf(append([]domain.Change{}, all[i+1:]...)) {
			t.Errorf("resumed after %d:\n%s", i, bytesOf(rest))
		}
	}
	if latest, err := store.Latest(t.Context()); err != nil || latest != all[len(all)-1].Position {
		t.Errorf("latest is %s, error %v, want the last change's", latest, err)
	}
	s.strangePositions(t, store, all[0].Position)
}

// changes reads the feed in pages until it has n changes, and sees that there are no more. A page may be empty at first:
// on PostgreSQL every transaction of the server that has begun before must end.
func changes(t testing.TB, store domain.Store, after string, page, n int) []domain.Change {
	t.Helper()
	all := []domain.Change{}
	for {
		list, next, err := store.Changes(context.Background(), after, page)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 && len(all) >= n {
			return all
		}
		all, after = append(all, list...), next
	}
}

// bare leaves out what differs between stores.
func bare(all []domain.Change) (rest []domain.Change) {
	for _, c := range all {
		if c.Was == "" && c.Recorded != c.JoinedAt {
			c.EventID = "not recorded when it joined"
		}
		c.Position, c.JoinedAt, c.Recorded = "", 0, 0
		rest = append(rest, c)
	}
	return rest
}

// strangePositions: who comes with a place that is not in this history is told to begin anew, never given a part of it.
func (s Suite) strangePositions(t *testing.T, store domain.Store, good string) {
	parts := strings.Split(good, ".")
	changed := func(i int, part string) string {
		other := append([]string{}, parts...)
		other[i] = part
		return strings.Join(other, ".")
	}
	for position, code := range map[string]domain.Code{
		"x": domain.CodeInvalid, changed(2, "-"): domain.CodeInvalid, good + ".1": domain.CodeInvalid, changed(1, "a"): domain.CodeInvalid,
		changed(0, "other"): domain.CodeReset, changed(2, "999999"): domain.CodeReset, changed(3, "00000000"): domain.CodeReset,
		changed(1, "18446744073709551615"): domain.CodeReset,
	} {
		if changes, _, err := store.Changes(t.Context(), position, 10); domain.CodeOf(err) != code || len(changes) > 0 {
			t.Errorf("%s: %d changes, error %v, want %s", position, len(changes), err, code)
		}
	}
}

var errEnough = errors.New("enough")

// follow: a follower gets every change of many writers, each once, an event's in the order they were made.
func (s Suite) follow(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	m := s.machine(t, "snappy.gift")
	const each = 25
	seen := map[string]domain.Verdict{}
	following, giveUp := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- domain.Follow(following, store, "", func(c domain.Change) error {
			if was, ok := seen[c.EventID]; ok != (c.Was != "") || was != c.Was {
				t.Errorf("%s was %q, and changes from %q", c.EventID, was, c.Was)
			}
			seen[c.EventID] = c.Verdict
			if len(seen) == writers*each {
				return errEnough
			}
			return nil
		})
	}()
	atOnce(writers, func(w int) {
		for n := range each {
			subject := subjectOf(m, fmt.Sprint("gift-", (w+n)%7))
			record(t, store, delivery(report(m, subject, "gift-status-changed", "opened", w*each+n, w+n), ""))
		}
	})
	defer time.AfterFunc(time.Minute, giveUp).Stop()
	if err := <-ended; !errors.Is(err, errEnough) {
		t.Errorf("of %d events %d were told: %v", writers*each, len(seen), err)
	}
}
