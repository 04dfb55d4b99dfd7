package notify

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// An incident is the group's: it begins with the first alert, hears of more, and ends when none is live.
func TestPagerDuty_OneIncidentForAGroup(t *testing.T) {
	t.Parallel()
	url, last := keeper(t)
	d := open(t, channelOf(PagerDuty, url))
	one, two := stuck(1), stuck(2)
	over := func(a domain.Alert) domain.NotificationItem {
		return item(domain.StepResolved, ended(a, domain.AlertResolved))
	}
	with := func(n domain.Notification, live int64) domain.Notification { n.Open = live; return n }
	for i, step := range []struct {
		n    domain.Notification
		want string
	}{
		{telling(domain.KindAlerts, item(domain.StepOpened, one)), "trigger"},
		{with(telling(domain.KindAlerts, item(domain.StepOpened, two)), 2), "trigger"},
		{with(telling(domain.KindAlerts, over(one)), 1), "trigger"}, // the other is still live
		{with(telling(domain.KindRepeat, item(domain.StepOpened, two)), 1), "trigger"},
		{telling(domain.KindAlerts, over(two)), "resolve"},
		{with(telling(domain.KindAlerts, item(domain.StepReopened, two), over(one)), 1), "trigger"},
		{with(telling(domain.KindAlerts, item(domain.StepWoke, ended(two, domain.AlertResolved)), over(two)), 0), "resolve"}, // both in one
		{with(telling(domain.KindAlerts, item(domain.StepOpened, two), over(one)), 0), "trigger"},                            // whatever is counted
		{telling(domain.KindAlerts, item(domain.StepWithdrawn, ended(two, domain.AlertWithdrawn))), "resolve"},
	} {
		if err := d.Notify(t.Context(), step.n); err != nil {
			t.Fatal(err)
		}
		var e pagerDutyEvent
		if err := json.Unmarshal([]byte(last().body), &e); err != nil {
			t.Fatal(err)
		}
		if e.Action != step.want || e.DedupKey != "giftline/ops/stuck/snappy" || e.RoutingKey != "R0UT1NGKEY" || (e.Payload == nil) != (e.Action == "resolve") {
			t.Errorf("step %d: %+v, want %s", i+1, e, step.want)
		}
	}
}

func TestPagerDuty_Limits(t *testing.T) {
	t.Parallel()
	d := open(t, channelOf(PagerDuty, "")).(*pagerduty)
	hostile := rapid.OneOf(rapid.String(), rapid.Just(strings.Repeat("😀", 512)))
	rapid.Check(t, func(t *rapid.T) {
		var items []domain.NotificationItem
		for i := range rapid.IntRange(1, 1000).Draw(t, "alerts") {
			a := stuck(i)
			a.Subject.ID = strings.Repeat("x", 512)
			items = append(items, item(domain.StepOpened, a))
		}
		n := telling(domain.KindAlerts, items...)
		n.Group = hostile.Draw(t, "group")
		e := d.event(n)
		if len(e.DedupKey) > pagerDutyKey || len([]rune(e.Payload.Summary)) > pagerDutySummary || len(asJSON(t, e)) > 512<<10 {
			t.Fatalf("too long: a key of %d, a summary of %d, all of it %d", len(e.DedupKey), len(e.Payload.Summary), len(asJSON(t, e)))
		}
		n.Group += "x"
		if d.event(n).DedupKey == e.DedupKey {
			t.Fatal("two groups share an incident")
		}
	})
}
