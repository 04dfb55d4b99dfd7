package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
)

// sight is what a context sees of the alerts: which of them there are for it, by whatever way it asks.
func (w *ward) sight(ctx context.Context, all map[string]domain.Alert) (seen []string) {
	w.t.Helper()
	page, err := w.store.Alerts(ctx, domain.AlertQuery{})
	if err != nil || page.Count != int64(len(page.Alerts)) {
		w.t.Errorf("%d of %d alerts, error %v", len(page.Alerts), page.Count, err)
	}
	for name, a := range all {
		listed := slices.ContainsFunc(page.Alerts, func(b domain.Alert) bool { return a.ID == b.ID })
		_, _, one := w.store.Alert(ctx, a.ID)
		if listed != (one == nil) || one != nil && domain.CodeOf(one) != domain.CodeNotFound {
			w.t.Errorf("%s is listed: %v, and read: %v", name, listed, one)
		}
		if a.Subject != nil {
			of, _, err := w.store.AlertsOf(ctx, *a.Subject)
			if (len(of) == 1) != listed || err != nil {
				w.t.Errorf("%s is listed: %v, and of its gift there are %d, error %v", name, listed, len(of), err)
			}
		}
		if listed {
			seen = append(seen, name)
		}
	}
	slices.Sort(seen)
	return seen
}

// alertReach: a limited context sees, and acts on, what its sources have told all of.
func (s Suite) alertReach(t *testing.T) {
	w := s.newWard(t)
	all := map[string]domain.Alert{
		"of a":   alarm(w.gift("of a", "a"), domain.RuleStuck, epoch, "a"),
		"of b":   alarm(w.gift("of b", "b"), domain.RuleStuck, epoch, "b"),
		"of ab":  alarm(w.gift("of ab", "b", "a"), domain.RuleStuck, epoch, "b", "a"),
		"of a'b": alarm(w.gift("of a'b", "a'b"), domain.RuleStuck, epoch, "a'b"),
		"on a":   {ID: "alt_a", Rule: domain.RuleQuiet, Severity: domain.Critical, Source: "a"},
		"on us":  {ID: "alt_us", Rule: domain.RuleDown, Severity: domain.Critical},
	}
	for _, a := range all {
		w.step(a, domain.StepOpened, epoch)
	}
	for _, one := range []struct {
		own  []string
		want []string
	}{
		{[]string{"a"}, []string{"of a", "on a"}},
		{[]string{"b"}, []string{"of b"}},
		{[]string{"b", "a"}, []string{"of a", "of ab", "of b", "on a"}},
		{[]string{"a'b"}, []string{"of a'b"}},
		{[]string{"A", "", "%", "a\" "}, nil},
		{[]string{}, nil},
	} {
		if got := w.sight(domain.Within(t.Context(), one.own), all); !slices.Equal(got, one.want) {
			t.Errorf("within %q there are %q, want %q", one.own, got, one.want)
		}
	}
	if got := w.sight(t.Context(), all); len(got) != len(all) {
		t.Errorf("without a limit there are %q", got)
	}
	ack := domain.AlertAction{Step: domain.StepAcknowledged, By: "key_1", At: epoch}
	if n, err := w.store.Act(domain.Within(t.Context(), []string{"a"}), domain.AlertQuery{}, ack, 100); n != 2 || err != nil {
		t.Errorf("a acknowledged %d alerts, error %v", n, err)
	}
	if got := w.told(all["of b"].ID); got != "open 0: opened@0" {
		t.Errorf("what is b's: %s", got)
	}
}

// alertActs: each step changes the alerts that it can change, and no others.
func (s Suite) alertActs(t *testing.T) {
	w := s.newWard(t)
	until, later := epoch+100*minutes, epoch+200*minutes
	ways := map[string][]domain.AlertAction{ // how an alert gets to where it is
		"open":         nil,
		"acknowledged": {{Step: domain.StepAcknowledged}},
		"asleep":       {{Step: domain.StepSnoozed, Until: &until}},
		"ended":        {{Step: domain.StepResolved}},
		"over":         nil, // by itself
	}
	for _, one := range []struct {
		name   string
		action domain.AlertAction
		want   map[string]string // the status after it, of those that it changes
	}{
		{"acknowledge", domain.AlertAction{Step: domain.StepAcknowledged}, map[string]string{"open": "acknowledged", "asleep": "acknowledged"}},
		{"the same snooze", domain.AlertAction{Step: domain.StepSnoozed, Until: &until}, map[string]string{"open": "snoozed", "acknowledged": "snoozed"}},
		{"another snooze", domain.AlertAction{Step: domain.StepSnoozed, Until: &later}, map[string]string{"open": "snoozed", "acknowledged": "snoozed", "asleep": "snoozed"}},
		{"a snooze that moves end", domain.AlertAction{Step: domain.StepSnoozed, Until: &until, UntilMoves: true}, map[string]string{"open": "snoozed", "acknowledged": "snoozed", "asleep": "snoozed"}},
		{"resolve", domain.AlertAction{Step: domain.StepResolved}, map[string]string{"open": "resolved", "acknowledged": "resolved", "asleep": "resolved"}},
		{"take back", domain.AlertAction{Step: domain.StepReopened}, map[string]string{"acknowledged": "open", "asleep": "open", "ended": "open"}},
	} {
		query, ids := domain.AlertQuery{CompanyIDs: []string{one.name}}, map[string]string{}
		for name, way := range ways {
			a := alarm(w.gift(one.name+name), domain.RuleStuck, epoch)
			a.Named.CompanyID, ids[name] = one.name, a.ID
			w.step(a, domain.StepOpened, epoch)
			for _, step := range way {
				w.act(a.ID, step)
			}
			if name == "over" {
				w.step(a, domain.StepResolved, epoch)
			}
		}
		before := map[string]string{}
		for name, id := range ids {
			before[name] = w.told(id)
		}
		one.action.At, one.action.By, one.action.Note = epoch+9*minutes, "key_2", "why"
		n, err := w.store.Act(t.Context(), query, one.action, 100)
		if int(n) != len(one.want) || err != nil {
			t.Errorf("%s: %d alerts, error %v", one.name, n, err)
		}
		for name, id := range ids {
			a, steps := w.read(id)
			last := steps[len(steps)-1]
			switch want := one.want[name]; {
			case want == "" && w.told(id) != before[name]:
				t.Errorf("%s: %s became %s", one.name, name, w.told(id))
			case want != "" && (string(a.Status) != want || a.By != "key_2" || last.By != "key_2" || last.Note != "why" || last.At != epoch+9*minutes):
				t.Errorf("%s: %s became %s, %+v, want %s", one.name, name, w.told(id), last, want)
			}
		}
		if again, err := w.store.Act(t.Context(), query, one.action, 100); again != 0 && one.name != "take back" || err != nil {
			t.Errorf("%s once more: %d alerts, error %v", one.name, again, err)
		}
	}
	w.actsRefused()
}

// actsRefused: a step needs what makes it one, and no more alerts than are asked for are changed.
func (w *ward) actsRefused() {
	w.t.Helper()
	for _, a := range []domain.AlertAction{
		{Step: domain.StepSnoozed}, {Step: domain.StepOpened}, {Step: domain.StepWoke}, {Step: domain.StepWithdrawn}, {},
		{Step: domain.StepResolved, Note: "a\x00b"},
	} {
		if _, err := w.store.Act(context.Background(), domain.AlertQuery{}, a, 1); domain.CodeOf(err) != domain.CodeInvalid {
			w.t.Errorf("%+v: %v", a, err)
		}
	}
	query := domain.AlertQuery{CompanyIDs: []string{"many"}}
	for n := range 5 {
		a := alarm(w.gift(fmt.Sprint("many", n)), domain.RuleStuck, epoch)
		a.Named.CompanyID = "many"
		w.step(a, domain.StepOpened, epoch)
	}
	for _, want := range []int64{3, 2, 0} {
		n, err := w.store.Act(context.Background(), query, domain.AlertAction{Step: domain.StepResolved, By: "key_1"}, 3)
		if n != want || err != nil {
			w.t.Errorf("%d alerts resolved, error %v, want %d", n, err, want)
		}
	}
	if got := w.Laps.Waiting(w.t, w.store); len(got) != 1 || got[0] != "take backended" {
		w.t.Errorf("%q are looked at again, want the one whose end was taken back", got)
	}
}

// alertWakes: a snooze until a time is work that comes due then; what ended before, or sleeps longer, is left alone.
func (s Suite) alertWakes(t *testing.T) {
	w := s.newWard(t)
	until := epoch + 10*minutes
	due := func(want ...string) {
		t.Helper()
		claimed, err := w.store.Claim(t.Context(), domain.WorkSnooze, epoch+1000*minutes, time.Nanosecond, 100)
		var got []string
		for _, c := range claimed {
			got = append(got, fmt.Sprint(c.Key, "@", int64(c.DueAt-epoch)/int64(minutes)))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || err != nil {
			t.Errorf("to wake: %q, error %v, want %q", got, err, want)
		}
	}
	wake := func(id string, at domain.Instant) {
		t.Helper()
		if err := w.store.Wake(t.Context(), id, at); err != nil {
			t.Error(err)
		}
	}
	a, b := alarm(w.gift("a"), domain.RuleStuck, epoch), alarm(w.gift("b"), domain.RuleStuck, epoch)
	for _, one := range []domain.Alert{a, b} {
		w.step(one, domain.StepOpened, epoch)
		w.act(one.ID, domain.AlertAction{Step: domain.StepSnoozed, Until: &until, UntilMoves: true, At: epoch})
	}
	due(a.ID+"@10", b.ID+"@10")
	wake(a.ID, until-1)
	w.wantTold(a.ID, "snoozed 0: opened@0 snoozed@0 by key_1")
	w.act(b.ID, domain.AlertAction{Step: domain.StepResolved, At: epoch + minutes})
	due(a.ID + "@10")
	later := epoch + 20*minutes
	w.act(a.ID, domain.AlertAction{Step: domain.StepSnoozed, Until: &later, At: epoch + 2*minutes})
	due(a.ID + "@20")
	if got, _ := w.read(a.ID); got.Until == nil || *got.Until != later || got.UntilMoves {
		t.Errorf("snoozed anew: %+v", got)
	}
	for _, at := range []domain.Instant{until, later, later + minutes} {
		wake(a.ID, at)
		wake(b.ID, at)
	}
	w.wantTold(a.ID, "open 0: opened@0 snoozed@0 by key_1 snoozed@2 by key_1 woke@20")
	w.wantTold(b.ID, "resolved 0: opened@0 snoozed@0 by key_1 resolved@1 by key_1")
	if got, _ := w.read(a.ID); got.Until != nil || got.By != "" {
		t.Errorf("awake: %+v", got)
	}
	due()
	w.act(a.ID, domain.AlertAction{Step: domain.StepSnoozed, UntilMoves: true, At: epoch}) // that is no work
	due()
	w.step(a, domain.StepWoke, epoch+30*minutes)
	wake("alt_unknown", later)
	if got := w.told(a.ID); got != "open 0: opened@0 snoozed@0 by key_1 snoozed@2 by key_1 woke@20 snoozed@0 by key_1 woke@30" {
		t.Errorf("woken by a lap: %s", got)
	}
}

// actsAtOnce: of many people who take on the same alerts while laps end some, one gets each, and no step is lost.
func (s Suite) actsAtOnce(t *testing.T) {
	w := s.newWard(t)
	const alerts, people = 30, 6
	all := make([]domain.Alert, alerts)
	for n := range all {
		all[n] = alarm(w.gift(fmt.Sprint("gift-", n%5)), domain.RuleStuck, epoch+domain.Instant(n))
		w.step(all[n], domain.StepOpened, epoch)
	}
	var taken atomic.Int64
	atOnce(people+1, func(p int) {
		if p == people {
			for n := range alerts / 3 {
				w.step(all[n], domain.StepResolved, epoch+minutes)
			}
			return
		}
		for more := int64(1); more > 0; {
			var err error
			ack := domain.AlertAction{Step: domain.StepAcknowledged, By: fmt.Sprint("key_", p), At: epoch + minutes}
			if more, err = w.store.Act(t.Context(), domain.AlertQuery{}, ack, 4); err != nil {
				t.Error(err)
			}
			taken.Add(more)
		}
	})
	var acknowledged int64
	for n, a := range all {
		now, steps := w.read(a.ID)
		for _, step := range steps {
			if step.Kind == domain.StepAcknowledged {
				acknowledged++
			}
		}
		if ended := n < alerts/3; ended != (now.Status == domain.AlertResolved) || !ended && len(steps) != 2 || len(steps) > 3 {
			t.Errorf("alert %d is %s after %+v", n, now.Status, steps)
		}
	}
	if acknowledged != taken.Load() {
		t.Errorf("%d alerts were taken on, and %d steps say so", taken.Load(), acknowledged)
	}
}
