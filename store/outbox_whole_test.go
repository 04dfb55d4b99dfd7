package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"giftline/domain"
	"giftline/store"
)

// Whoever resolves an alert by a command beside the server, or while it is down, has those told who heard of it.
func TestOutbox_command(t *testing.T) {
	t.Parallel()
	clock, path := newStanding(), filepath.Join(t.TempDir(), "giftline.db")
	routes := domain.Routes{{Channel: "ops"}}
	s := open(t, path, store.Options{Now: clock.now, Alerting: &domain.Alerting{Policy: aMinute.Policy, Routes: routes}, Lazy: true})
	claims(t, s, clock, "a")
	clock.pass(time.Hour)
	if err := s.FollowAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := domain.InstantOf(clock.now())
	n, err := s.Compose(t.Context(), "ops", "stuck/snappy@0s,0s@every:0s", now, false, 1)
	if err != nil || n == nil {
		t.Fatalf("%+v, error %v", n, err)
	}
	if _, _, err := s.KeepTry(t.Context(), n.ID, domain.Tried{At: now, Status: domain.NotificationSent}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, store.Options{Now: clock.now, Lazy: true, Routes: routes})
	if n, err := s.Act(t.Context(), domain.AlertQuery{}, domain.AlertAction{Step: domain.StepResolved, By: "key", At: now}, 1); n != 1 || err != nil {
		t.Fatalf("%d resolved, error %v", n, err)
	}
	n, err = s.Compose(t.Context(), "ops", n.Group, now, false, 1)
	if err != nil || n == nil || n.Counts[domain.StepResolved] != 1 {
		t.Errorf("told of %+v, error %v", n, err)
	}
}

// A channel that takes what it is not told again for over is told of everything that is live, whoever looks after it, but
// for what is snoozed.
func TestOutbox_whole(t *testing.T) {
	t.Parallel()
	clock := newStanding()
	alerting := &domain.Alerting{Policy: aMinute.Policy, Routes: domain.Routes{{Channel: "ops", Whole: true, Repeat: time.Minute}, {Channel: "mail", Repeat: time.Minute}}}
	s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Now: clock.now, Alerting: alerting, Lazy: true})
	claims(t, s, clock, "a", "b", "c")
	follow := func() {
		clock.pass(time.Hour)
		if err := s.FollowAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	clock.pass(-time.Hour) // stuck a minute after alerting began
	follow()
	follow()
	now := domain.InstantOf(clock.now())
	told := func(channel string) (int, bool) {
		route := alerting.Routes[0]
		if channel == "mail" {
			route = alerting.Routes[1]
		}
		all := alertsOf(t, s)
		n, err := s.Compose(t.Context(), channel, route.GroupOf(&all[0]), now, true, 100)
		if err != nil || n == nil {
			t.Fatalf("nothing is told: error %v", err)
		}
		_, open, err := s.KeepTry(t.Context(), n.ID, domain.Tried{At: now, Status: domain.NotificationSent})
		if err != nil {
			t.Fatal(err)
		}
		return len(n.Items), open
	}
	want := func(channel string, want int) {
		t.Helper()
		if n, open := told(channel); n != want || !open {
			t.Errorf("%s is told of %d, open %v, want %d", channel, n, open, want)
		}
	}
	want("ops", 3)
	want("mail", 3)
	all := alertsOf(t, s)
	for i, step := range []domain.StepKind{domain.StepAcknowledged, domain.StepSnoozed} {
		a := domain.AlertAction{Step: step, UntilMoves: step == domain.StepSnoozed, At: now}
		if _, err := s.Act(t.Context(), domain.AlertQuery{IDs: []string{all[i].ID}}, a, 1); err != nil {
			t.Fatal(err)
		}
	}
	want("ops", 2)
	want("mail", 1)
	a := domain.AlertAction{Step: domain.StepAcknowledged, At: now}
	if _, err := s.Act(t.Context(), domain.AlertQuery{IDs: []string{all[2].ID}}, a, 1); err != nil {
		t.Fatal(err)
	}
	want("ops", 2)
}
