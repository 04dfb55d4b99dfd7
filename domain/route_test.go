package domain_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

func channels(routes []*domain.Route) string {
	var all []string
	for _, r := range routes {
		all = append(all, r.Channel)
	}
	return strings.Join(all, " ")
}

// nineToFive works from nine to five, Monday to Friday, but for one Thursday.
func nineToFive(t *testing.T) *domain.Calendar {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return &domain.Calendar{
		Name: "office", Zone: zone, Days: [7]bool{false, true, true, true, true, true, false}, From: 9 * 60, To: 17 * 60,
		Holidays: map[string]bool{"2025-01-16": true},
	}
}

func TestRoutes_For(t *testing.T) {
	t.Parallel()
	about := domain.Alert{
		ID: "alt_1", Rule: domain.RuleStuck, Severity: domain.Warning, Subject: &gift, Source: "snappy", Named: domain.Attributes{CompanyID: "com_1"},
	}
	ofSource := domain.Alert{ID: "alt_2", Rule: domain.RuleQuiet, Severity: domain.Critical, Source: "snappy"}
	ours := domain.Alert{ID: "alt_3", Rule: domain.RuleDisk, Severity: domain.Critical}
	for _, c := range []struct {
		name               string
		route              domain.Route
		gift, source, ours bool
	}{
		{"everything", domain.Route{}, true, true, true},
		{"its rule", domain.Route{Rules: []domain.Rule{domain.RuleFailed, domain.RuleStuck}}, true, false, false},
		{"another rule", domain.Route{Rules: []domain.Rule{domain.RuleFailed}}, false, false, false},
		{"moves only", domain.Route{Rules: []domain.Rule{domain.RuleTransition}}, false, false, false},
		{"its provider", domain.Route{Providers: []domain.Provider{domain.Sendoso, domain.Snappy}}, true, false, false},
		{"another provider", domain.Route{Providers: []domain.Provider{domain.Sendoso}}, false, false, false},
		{"its source", domain.Route{Sources: []string{"snappy"}}, true, true, false},
		{"another source", domain.Route{Sources: []string{"snappy-eu"}}, false, false, false},
		{"its company", domain.Route{CompanyIDs: []string{"com_1"}}, true, false, false},
		{"another company", domain.Route{CompanyIDs: []string{"com_2"}}, false, false, false},
		{"severe enough", domain.Route{Least: domain.Warning}, true, true, true},
		{"not severe enough", domain.Route{Least: domain.Critical}, false, true, true},
		{"its rule, another company", domain.Route{Rules: []domain.Rule{domain.RuleStuck}, CompanyIDs: []string{"com_2"}}, false, false, false},
	} {
		rs := domain.Routes{c.route}
		for a, want := range map[*domain.Alert]bool{&about: c.gift, &ofSource: c.source, &ours: c.ours} {
			if got := len(rs.For(a)) == 1; got != want {
				t.Errorf("%s: takes %s %v, want %v", c.name, a.Rule, got, want)
			}
		}
	}
}

// A channel is told once, by the first of its routes that fits.
func TestRoutes_For_oncePerChannel(t *testing.T) {
	t.Parallel()
	rs := domain.Routes{
		{Channel: "pager", Least: domain.Critical}, {Channel: "ops", Least: domain.Critical}, {Channel: "ops", Wait: time.Hour}, {Channel: "log"}, {Channel: "ops"},
	}
	got := rs.For(&domain.Alert{Rule: domain.RuleStuck, Severity: domain.Warning})
	if channels(got) != "ops log" || got[0].Wait != time.Hour {
		t.Errorf("a warning: %s, %+v", channels(got), got[0])
	}
	if got := rs.For(&domain.Alert{Rule: domain.RuleStuck, Severity: domain.Critical}); channels(got) != "pager ops log" || got[1].Wait != 0 {
		t.Errorf("something critical: %s", channels(got))
	}
}

// Moves go where they are asked for by name, however severe anything is.
func TestRoutes_ForMove(t *testing.T) {
	t.Parallel()
	moves := []domain.Rule{domain.RuleStuck, domain.RuleTransition}
	rs := domain.Routes{
		{Channel: "ops"}, {Channel: "sales", Rules: moves, CompanyIDs: []string{"com_1"}}, {Channel: "crm", Rules: moves, Least: domain.Critical},
		{Channel: "crm", Rules: moves}, {Channel: "sendoso", Rules: moves, Providers: []domain.Provider{domain.Sendoso}},
	}
	if got := channels(rs.ForMove(gift, "snappy", "com_1")); got != "sales crm" {
		t.Error(got)
	}
	if got := channels(rs.ForMove(gift, "snappy", "com_2")); got != "crm" {
		t.Error(got)
	}
}

func TestRoute_GroupOf(t *testing.T) {
	t.Parallel()
	usual := domain.Route{Wait: domain.DefaultWait, Interval: domain.DefaultInterval, Repeat: domain.DefaultRepeat}
	with := func(change func(*domain.Route)) domain.Route {
		r := usual
		change(&r)
		return r
	}
	for _, c := range []struct {
		name  string
		route domain.Route
		want  string
	}{
		{"by rule and source", usual, "stuck/snappy"},
		{"each alert for itself", with(func(r *domain.Route) { r.PerAlert = true }), "alt_1"},
		{"at another pace", with(func(r *domain.Route) { r.Wait = time.Minute }), "stuck/snappy@1m0s,5m0s"},
		{"never again", with(func(r *domain.Route) { r.Repeat = 0 }), "stuck/snappy@every:0s"},
		{"daily", with(func(r *domain.Route) { r.Daily = &domain.Daily{Minute: 9*60 + 5} }), "stuck/snappy@09:05"},
		{"in working hours", with(func(r *domain.Route) { r.During = nineToFive(t) }), "stuck/snappy@office"},
	} {
		a := domain.Alert{ID: "alt_1", Rule: domain.RuleStuck, Source: "snappy"}
		if got := c.route.GroupOf(&a); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	ours := domain.Alert{ID: "alt_1", Rule: domain.RuleDown}
	if got := usual.GroupOf(&ours); got != "downtime" {
		t.Errorf("about ourselves: %s", got)
	}
}

func TestRoute_DueAt(t *testing.T) {
	t.Parallel()
	usual := domain.Route{Wait: 30 * time.Second, Interval: 5 * time.Minute}
	daily := domain.Route{Wait: 30 * time.Second, Interval: 5 * time.Minute, Daily: &domain.Daily{Minute: 9 * 60, Calendar: nineToFive(t)}}
	everyDay := domain.Route{Daily: &domain.Daily{Minute: 9*60 + 30}}
	hours := domain.Route{Wait: time.Minute, During: nineToFive(t)}
	at := func(text string) domain.Instant {
		if text == "" {
			return 0
		}
		i, err := time.Parse("2006-01-02 15:04:05", text)
		if err != nil {
			t.Fatal(err)
		}
		return domain.InstantOf(i)
	}
	for _, c := range []struct {
		name            string
		route           domain.Route
		now, last, want string
	}{
		{"the first of a group waits for others", usual, "2025-01-15 09:00:00", "", "2025-01-15 09:00:30"},
		{"told a moment ago", usual, "2025-01-15 09:00:00", "2025-01-15 08:59:00", "2025-01-15 09:04:00"},
		{"told long ago", usual, "2025-01-15 09:00:00", "2025-01-14 08:59:00", "2025-01-15 09:00:30"},
		{"at once", domain.Route{}, "2025-01-15 09:00:00", "2025-01-15 09:00:00", "2025-01-15 09:00:00"},
		{"at nine in Berlin, today", daily, "2025-01-15 07:59:59", "", "2025-01-15 08:00:00"},
		{"Thursday is off", daily, "2025-01-15 08:00:01", "2025-01-15 08:00:00", "2025-01-17 08:00:00"},
		{"told just now, not again", daily, "2025-01-15 08:00:00", "2025-01-15 08:00:00", "2025-01-17 08:00:00"},
		{"over the weekend", daily, "2025-01-17 12:00:00", "", "2025-01-20 08:00:00"},
		{"in summer", daily, "2025-07-15 06:00:00", "", "2025-07-15 07:00:00"},
		{"any day, by UTC", everyDay, "2025-01-18 09:30:01", "", "2025-01-19 09:30:00"},
		{"told by a clock that was ahead", domain.Route{Wait: time.Minute, Interval: time.Hour}, "2025-01-15 09:00:00", "2026-01-15 09:00:00", "2025-01-15 10:00:00"},
		{"in working hours", hours, "2025-01-15 09:00:00", "", "2025-01-15 09:01:00"},
		{"on Saturday", hours, "2025-01-18 09:00:00", "", "2025-01-20 08:00:00"},
	} {
		if got, want := c.route.DueAt(at(c.now), at(c.last)), at(c.want); got != want {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
}

func TestRoute_RepeatAt(t *testing.T) {
	t.Parallel()
	if _, ok := (&domain.Route{}).RepeatAt(nine); ok {
		t.Error("without an interval it is repeated")
	}
	if at, ok := (&domain.Route{Repeat: time.Hour}).RepeatAt(nine); !ok || at != clock("10:00") {
		t.Errorf("every hour: %v, %v", at, ok)
	}
	daily := domain.Route{Repeat: 24 * time.Hour, Daily: &domain.Daily{Minute: 9 * 60}}
	if at, _ := daily.RepeatAt(clock("09:02")); at != nine+domain.InstantOfDuration(24*time.Hour) {
		t.Errorf("told a moment late, the next day: %v", at)
	}
}

// Whenever something comes, it is told later than what was told before, and in time.
func TestRoute_DueAt_property(t *testing.T) {
	t.Parallel()
	calendar := nineToFive(t)
	rapid.Check(t, func(t *rapid.T) {
		r := domain.Route{
			Wait: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "wait")), Interval: time.Duration(rapid.Int64Range(1000, int64(time.Hour)).Draw(t, "interval")),
		}
		if rapid.Bool().Draw(t, "daily") {
			r.Daily = &domain.Daily{Minute: rapid.IntRange(0, 24*60-1).Draw(t, "minute"), Calendar: calendar}
		}
		now := nine + domain.InstantOfDuration(time.Duration(rapid.Int64Range(0, int64(5000*time.Hour)).Draw(t, "now")))
		last := now - domain.InstantOfDuration(time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "last")))
		due := r.DueAt(now, last)
		if due < now || due <= last {
			t.Fatalf("due %v, now %v, last %v", due, now, last)
		}
		if wait := due.Time().Sub(now.Time()); r.Daily == nil && wait > 2*time.Hour || wait > 97*time.Hour {
			t.Fatalf("due after %v", wait)
		}
	})
}
