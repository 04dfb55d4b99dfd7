package statemachines

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// hasty makes alarms come and go within the hours of a walk.
var hasty = &domain.Policy{
	Dwell:   []domain.DwellRule{{Limit: 25 * time.Minute}},
	Expiry:  []domain.ExpiryRule{{Window: 50 * time.Minute}},
	Warning: 20 * time.Minute, Settling: 15 * time.Minute,
}

// drawWatch plays events in some order, with looks in between, and outages that are known from some time on.
func (w *walks) drawWatch(t *rapid.T, events []domain.Event, outages []domain.Outage) *watch {
	p := newWatch(w.machine)
	p.alerting.Policy = hasty
	p.now = domain.InstantOf(time.Date(2025, 1, 14, 9, 0, 0, 0, time.UTC))
	for _, e := range events {
		p.now += pick(t, []domain.Instant{0, 60_000_000, 1_800_000_000, 7_200_000_000})
		p.hear(e)
		if len(p.outages) < len(outages) && rapid.Bool().Draw(t, "outage is known") {
			p.outages = outages[:len(p.outages)+1]
		}
		if rapid.Bool().Draw(t, "look") {
			p.look()
		}
	}
	p.outages = outages
	return p
}

// TestAlerts_Law_ArrivalPlaysNoPart: whatever came first and whoever looked when, what is alarming in the end is the same,
// with the same stamps. Only how long what is illegal was given to be cured depends on when it came.
func TestAlerts_Law_ArrivalPlaysNoPart(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		events := w.draw(t, 12)
		outages := drawOutages(t)
		end := domain.InstantOf(time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC))

		at := w.drawWatch(t, events, outages)
		at.now = end
		at.look()
		at.once(t)

		shuffled := slices.Clone(events)
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "order"))).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		other := w.drawWatch(t, shuffled, outages)
		other.alerts, other.now = nil, end
		other.look()

		if got, want := at.live(), other.live(); !maps.Equal(got, want) {
			t.Errorf("looked at often: %v\nat once: %v", got, want)
		}
	})
}

func drawOutages(t *rapid.T) (all []domain.Outage) {
	for range rapid.IntRange(0, 2).Draw(t, "outages") {
		from := domain.InstantOf(time.Date(2025, 1, 15, 8, 0, 0, 0, time.UTC)) + domain.Instant(rapid.Int64Range(0, 30_000_000_000).Draw(t, "from"))
		to := from + domain.Instant(rapid.Int64Range(1, 10_000_000_000).Draw(t, "lasts"))
		all = append(all, domain.Outage{From: from, To: &to})
	}
	return all
}

// live gives the stamps of the alerts that live, by what they are about.
func (p *watch) live() map[string]string {
	all := map[string]string{}
	for i := range p.alerts {
		a := &p.alerts[i]
		if !a.Status.Live() {
			continue
		}
		stamps := dated(a.Since)
		if a.Rule != domain.RuleIllegal {
			stamps += " " + a.At.String()
		}
		all[fmt.Sprint(a.Rule, " ", about(a), " ", a.Event)] = stamps
	}
	return all
}

// once checks that no alert was opened twice, nor ended twice.
func (p *watch) once(t *rapid.T) {
	is := map[string]bool{}
	for _, said := range p.said {
		name, step := said[1], said[2]
		switch step {
		case "opened", "reopened":
			if is[name] {
				t.Errorf("%s is %s while it lives", name, step)
			}
			is[name] = true
		case "resolved", "withdrawn":
			if !is[name] {
				t.Errorf("%s is %s while it does not live", name, step)
			}
			is[name] = false
		}
	}
}

// TestAlerts_Law_InOrderNothingIsTakenBack: where every event arrives at once, in order and never at a time with another,
// what was told was true and is never told again.
func TestAlerts_Law_InOrderNothingIsTakenBack(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		p := newWatch(w.machine)
		p.alerting.Policy = hasty
		events := w.drawInOrder(t, 20)
		for i := range events {
			if p.now = max(p.now, events[i].At); i > 0 && events[i-1].At < events[i].At {
				p.now = events[i-1].At + domain.Instant(rapid.Int64Range(0, int64(events[i].At-events[i-1].At)-1).Draw(t, "look"))
				p.look()
				p.now = events[i].At
			}
			p.hear(events[i])
			if i == len(events)-1 || events[i+1].At > events[i].At {
				p.look()
			}
		}
		p.once(t)
		for _, said := range p.said {
			if step := said[2]; step == "withdrawn" || step == "reopened" {
				t.Errorf("%v", said)
			}
		}
	})
}

// TestAlerts_Law_StampsAreTheAlarms: whatever lives is stamped with its alarm's time, which has come.
func TestAlerts_Law_StampsAreTheAlarms(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		p := w.drawWatch(t, w.draw(t, 12), drawOutages(t))
		p.look()
		watched, b := p.watched(), domain.BlindOf(p.outages, p.now)
		alarms := hasty.Alarms(watched, b)
		for i := range p.alerts {
			if a := &p.alerts[i]; a.Status.Live() && !slices.ContainsFunc(alarms, func(x domain.Alarm) bool {
				return x.Rule == a.Rule && x.State == a.State && x.Event == a.Event && x.Since == a.Since && x.At == a.At && x.At <= p.now
			}) {
				t.Errorf("%+v lives without an alarm of %+v", a, alarms)
			}
		}
		before := len(p.said)
		if p.look(); len(p.said) > before {
			t.Errorf("another look at the same time says %v", p.said[before:])
		}
	})
}
