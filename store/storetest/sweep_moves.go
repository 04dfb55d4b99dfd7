package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"giftline/domain"
)

// sweepWakes: what is snoozed until its subject moves wakes when it does; to make the index anew is no move.
func (s Suite) sweepWakes(t *testing.T) {
	l := s.newLookout(t, s.Machines, &domain.Alerting{})
	l.tell("gift", "claimed", 0)
	l.tell("gift", "delivered", time.Minute)
	l.tell("gift", "processing", 2*time.Minute) // backward
	l.at(2 * time.Hour)
	status := func(when string, want domain.AlertStatus) {
		t.Helper()
		page, err := l.store.Alerts(t.Context(), domain.AlertQuery{Rules: []domain.Rule{domain.RuleIllegal}})
		if err != nil || len(page.Alerts) != 1 || page.Alerts[0].Status != want {
			t.Errorf("%s: %+v, error %v", when, page.Alerts, err)
		}
	}
	status("when it had time to be cured", domain.AlertOpen)
	snooze := domain.AlertAction{Step: domain.StepSnoozed, UntilMoves: true, By: "key", At: epoch}
	if n, err := l.store.Act(t.Context(), domain.AlertQuery{Rules: []domain.Rule{domain.RuleIllegal}}, snooze, 10); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	l.Sweeps.Rebuild(t, l.store)
	l.at(3 * time.Hour)
	status("made anew", domain.AlertSnoozed)
	l.tell("gift", "unwrapped", -time.Minute)
	l.at(4 * time.Hour)
	status("once it moved", domain.AlertOpen)
}

// sweepBorrowed: a command that raises no alerts lists what was recorded, and leaves it to the servers to look.
func (s Suite) sweepBorrowed(t *testing.T) {
	l := s.newLookout(t, s.Machines, patience(10*time.Minute))
	l.tell("a", "claimed", 0)
	l.at(time.Minute)
	l.store = l.open(nil)
	l.tell("b", "claimed", 0)
	l.at(20 * time.Minute)
	l.want("by a command")
	if page, err := l.store.List(t.Context(), domain.ListQuery{}); err != nil || len(page.Subjects) != 2 || page.UpTo != nil {
		t.Errorf("%d are listed, up to %v, error %v", len(page.Subjects), page.UpTo, err)
	}
	l.store = l.open(patience(10 * time.Minute))
	l.at(21 * time.Minute)
	l.want("by a server again", "stuck of a open at 10m0s", "stuck of b open at 10m0s")
}

// sweepMoves: every move is told once where a route asks for it, as it stands on the timeline: no note, no event that came
// before anybody asked, and nothing again when the index is made anew.
func (s Suite) sweepMoves(t *testing.T) {
	l := s.newLookout(t, s.Machines, &domain.Alerting{})
	l.tell("gift", "unopened", 0)
	l.at(time.Minute)
	l.store = l.open(&domain.Alerting{Routes: domain.Routes{{Channel: "ops", Rules: []domain.Rule{domain.RuleTransition}}}})
	l.tell("gift", "opened", time.Minute)
	l.at(2 * time.Minute)
	l.Sweeps.Rebuild(t, l.store)
	l.tell("gift", "delivered", 4*time.Minute)
	l.tell("gift", "orderReceived", 3*time.Minute)
	l.tell("gift", "opened", 5*time.Minute) // a repeat
	l.at(6 * time.Minute)
	l.Sweeps.Rebuild(t, l.store)
	l.at(7 * time.Minute)
	var told []string
	work, err := l.store.Claim(t.Context(), domain.WorkNotify("ops"), epoch+24*60*minutes, long, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range work {
		n, err := l.store.Compose(t.Context(), "ops", w.Key, epoch+24*60*minutes, false, 10)
		if err != nil || n == nil || n.Kind != domain.KindMove {
			t.Fatalf("%s: %+v, error %v", w.Key, n, err)
		}
		told = append(told, fmt.Sprintf("%s from %s to %s %s", n.Move.Region, n.Move.From, n.Move.To, n.Move.Verdict))
	}
	slices.Sort(told)
	want := []string{
		"delivery from new to orderReceived moved",
		"delivery from orderReceived to delivered gap",   // once an order was received late
		"delivery from orderReceived to delivered moved", // before
		"status from unopened to opened moved",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told: %q, want %q", told, want)
	}
}
