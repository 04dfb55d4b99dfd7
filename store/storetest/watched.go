package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// watched: what is watched of a subject is told with it, to whom all its sources are in reach.
func (s Suite) watched(t *testing.T) {
	l := s.newLookout(t, s.Machines, patience(10*time.Minute))
	stuck, waits, done := l.tell("stuck", "claimed", 0), l.tell("waits", "opened", time.Minute), l.tell("done", "canceled", 0)
	other := delivery(report(l.m, stuck, "gift-status-changed", "claimed", 99, 1), "99")
	other.Source = "other"
	record(t, l.store, other)
	ends := epoch + 5*24*60*minutes
	if err := l.store.SetLabels(t.Context(), waits, domain.Labels{ExpiresAt: &ends}); err != nil {
		t.Fatal(err)
	}
	l.at(20 * time.Minute)
	watch, err := l.store.WatchOf(t.Context(), stuck, waits, done, subjectOf(l.m, "nobody"))
	if err != nil || len(watch) != 2 {
		t.Fatalf("%+v, error %v", watch, err)
	}
	if w := watch[stuck]; !w.Stuck || *w.DueAt != epoch+10*minutes || w.ExpiresAt != nil {
		t.Errorf("one that is stuck: %+v", w)
	}
	if w := watch[waits]; w.Stuck || *w.DueAt != ends || *w.ExpiresAt != ends {
		t.Errorf("one that waits: %+v", w)
	}
	expiring := func(span domain.Span) (ids []string) {
		page, _, err := l.store.Expiring(t.Context(), span, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			ids = append(ids, p.Subject.ID)
		}
		return ids
	}
	if soon, later := expiring(domain.Span{Before: &ends}), expiring(domain.Span{Until: &ends}); len(soon) != 0 || !slices.Equal(later, []string{"waits"}) {
		t.Errorf("before its end %q, until its end %q", soon, later)
	}
	for reach, want := range map[string]int{"snappy": 0, "snappy other": 1, "nobody": 0} {
		ctx := domain.Within(t.Context(), strings.Fields(reach))
		page, _, err := l.store.Stuck(ctx, "", 10)
		watch, also := l.store.WatchOf(ctx, stuck)
		if err != nil || also != nil || len(page) != want || len(watch) != want {
			t.Errorf("within %s: %d stuck, %d watched, errors %v, %v", reach, len(page), len(watch), err, also)
		}
	}
	if _, _, err := l.store.Stuck(t.Context(), "nonsense", 10); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("a foreign cursor: %v", err)
	}
	l.tell("stuck", "orderReceived", 15*time.Minute)
	if watch, err := l.store.WatchOf(t.Context(), stuck); err != nil || len(watch) != 0 {
		t.Errorf("of one that has just moved, before somebody looked: %+v, error %v", watch, err)
	}
}

// sweepShown: what is shown of an expiry is the provider's date, however long we were down; we ask later.
func (s Suite) sweepShown(t *testing.T) {
	week := 7 * 24 * time.Hour
	rule := domain.ExpiryRule{Window: week}
	l := s.newLookout(t, s.Machines, &domain.Alerting{Policy: &domain.Policy{Expiry: []domain.ExpiryRule{rule}}})
	gift := l.tell("gift", "unopened", 0)
	for _, beat := range []domain.Instant{epoch + minutes, epoch + 24*60*minutes} { // down for a day
		if err := l.store.Pulse(t.Context(), beat, nil); err != nil {
			t.Fatal(err)
		}
	}
	l.at(24 * time.Hour)
	watch, err := l.store.WatchOf(t.Context(), gift)
	w := watch[gift]
	if err != nil || w.ExpiresAt == nil || *w.ExpiresAt != epoch+domain.InstantOfDuration(week) || *w.DueAt <= *w.ExpiresAt {
		t.Errorf("%+v, error %v: want an expiry a week from the start, and a later deadline", w, err)
	}
}
