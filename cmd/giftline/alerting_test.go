package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

// alertingOf gives what a settings file leads to.
func alertingOf(t *testing.T, text string) (*domain.Alerting, error) {
	t.Helper()
	p := &program{getenv: func(string) string { return "" }}
	var err error
	if p.file, err = readSettings(writeFile(t, "g.yaml", text)); err != nil {
		t.Fatal(err)
	}
	a, err := p.alerting([]string{"sendoso", "snappy", "snappy-eu"})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// byName compares time zones, which point into themselves.
var byName = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestAlerting_example: the file in which every key stands means what its comments say.
func TestAlerting_example(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/alerting.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := alertingOf(t, string(text))
	if err != nil {
		t.Fatal(err)
	}
	office := &domain.Calendar{
		Name: "office", Zone: zone(t, "Europe/Berlin"), Days: [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true},
		Holidays: map[string]bool{"2026-12-25": true, "2026-12-26": true}, From: 9 * 60, To: 17 * 60,
	}
	warehouse := &domain.Calendar{
		Name: "warehouse", Zone: zone(t, "America/Los_Angeles"), Holidays: map[string]bool{},
		Days: [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Saturday: true},
	}
	campaign := domain.InstantOf(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC))
	want := &domain.Alerting{
		Policy: &domain.Policy{
			Dwell: []domain.DwellRule{
				{Fits: domain.Fits{Machine: "snappy.gift", Metadata: map[string]string{"tier": "vip"}}, Region: domain.Status, State: "claimed", Limit: 10 * day, Calendar: office},
				{Fits: domain.Fits{Provider: domain.Sendoso, CompanyID: "com_1"}, State: "out_of_stock", Never: true},
				{Fits: domain.Fits{Provider: domain.Sendoso}, Calendar: warehouse},
			},
			Expiry: []domain.ExpiryRule{
				{Fits: domain.Fits{Provider: domain.Snappy, Metadata: map[string]string{"campaign": "xmas"}}, At: &campaign},
				{Fits: domain.Fits{Provider: domain.Snappy, CompanyID: "com_1"}, Never: true},
				{Fits: domain.Fits{Machine: "sendoso.send"}, State: "sent", Window: 60 * day},
			},
			Warning: 3 * day, Settling: hour, Grace: 36 * hour,
		},
		Routes: domain.Routes{
			{Channel: "pager", Least: domain.Critical, Wait: 30 * time.Second, Interval: 5 * time.Minute, Repeat: 4 * hour, During: office},
			{Channel: "ops", Rules: []domain.Rule{domain.RuleStuck, domain.RuleOverdue}, Least: domain.Warning, Wait: 30 * time.Second, Interval: 5 * time.Minute, Repeat: day, During: office},
			{Channel: "am", Wait: 30 * time.Second, Interval: time.Minute, Repeat: time.Minute, Whole: true},
			{Channel: "mail", Rules: []domain.Rule{domain.RuleExpiring, domain.RuleExpired}, Providers: []domain.Provider{domain.Snappy}, CompanyIDs: []string{"com_1"},
				Wait: 30 * time.Second, Interval: 5 * time.Minute, Daily: &domain.Daily{Minute: 9 * 60, Calendar: office}},
			{Channel: "hook", Rules: []domain.Rule{domain.RuleTransition}, Sources: []string{"snappy"}, Wait: 30 * time.Second, Interval: 5 * time.Minute, Repeat: day},
			{Channel: "log", Wait: 30 * time.Second, Interval: 5 * time.Minute, Repeat: day},
		},
		Severe: map[domain.Rule]domain.Severity{domain.RuleStuck: domain.Critical, domain.RuleExpired: domain.Info},
		Off:    []domain.Rule{domain.RuleOutOfStock},
	}
	if diff := cmp.Diff(want, got, byName); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAlerting_none: without a word about them, alerts follow the machines' tables and nobody is told.
func TestAlerting_none(t *testing.T) {
	t.Parallel()
	got, err := alertingOf(t, "addr: :1\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&domain.Alerting{Policy: &domain.Policy{Grace: day}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAlerting_flaws: each is refused with its line, and with what to do.
func TestAlerting_flaws(t *testing.T) {
	t.Parallel()
	const calendar = "calendars: [{name: office, zone: UTC}]\n"
	const channel = "channels: [{name: ops, kind: log}]\n"
	for name, c := range map[string]struct{ text, want string }{
		"no zone":             {"calendars:\n  - {name: office}", "[2:5] calendars[0].zone: give the IANA name of a time zone, such as Europe/Berlin or UTC"},
		"empty zone":          {"calendars:\n  - name: office\n    zone: ''", "[3:11] calendars[0].zone: give the IANA name"},
		"zone of the machine": {"calendars: [{name: office, zone: Local}]", "[1:34] calendars[0].zone: give the IANA name"},
		"no such zone":        {"calendars: [{name: office, zone: Europe/Berlni}]", `there is no time zone "Europe/Berlni"`},
		"no such day":         {"calendars: [{name: office, zone: UTC, days: mon-fry}]", `calendars[0].days: "mon-fry" are no days`},
		"empty day":           {"calendars: [{name: office, zone: UTC, days: 'mon,'}]", `calendars[0].days: "mon," are no days`},
		"hours backwards":     {"calendars: [{name: office, zone: UTC, hours: '17:00-09:00'}]", `"17:00-09:00" are no hours of a day`},
		"one hour":            {"calendars: [{name: office, zone: UTC, hours: '9-17'}]", `"9-17" are no hours`},
		"holiday of no date":  {"calendars:\n- name: office\n  zone: UTC\n  holidays:\n  - 2026-12-25\n  - 2026-02-30", `[6:5] calendars[0].holidays[1]: "2026-02-30" is no date`},
		"nameless calendar":   {"calendars: [{zone: UTC}]", "calendars[0].name: a name is made of"},
		"calendar twice":      {"calendars: [{name: a, zone: UTC}, {name: a, zone: UTC}]", `calendars[1].name: two calendars are named "a"`},

		"no limit":             {"policies:\n  - {state: claimed}", "[2:5] policies[0]: give a limit such as 10d, or never: true"},
		"limit and never":      {"policies: [{state: claimed, limit: 3d, never: true}]", "policies[0]: it may last for ever (never), or so long (limit): remove one"},
		"limit without a unit": {"policies: [{state: claimed, limit: 5}]", `[1:36] policies[0].limit: "5" is no duration: give one such as 90s`},
		"limit of nothing":     {"policies: [{state: claimed, limit: 0s}]", "policies[0].limit: it is no time at all"},
		"limit below nothing":  {"policies: [{state: claimed, limit: -3d}]", `policies[0].limit: "-3d" is no duration`},
		"no such provider":     {"policies: [{provider: snapy, limit: 3d}]", `policies[0].provider: there is no provider "snapy": give one of sendoso, `},
		"no such machine":      {"policies: [{machine: snappy, limit: 3d}]", `policies[0].machine: there is no machine "snappy": giftline machines lists them`},
		"another's machine":    {"policies: [{provider: sendoso, machine: snappy.gift, limit: 3d}]", `the machine "snappy.gift" is not one of sendoso`},
		"no such state":        {"policies:\n  - machine: snappy.gift\n    state: claimd\n    limit: 3d", `[3:12] policies[0].state: no machine that it chooses waits in a state "claimd": those of snappy.gift are unopened, unwrapped, opened, claimed, orderReceived,`},
		"state of another":     {"policies: [{provider: sendoso, state: unwrapped, limit: 3d}]", `waits in a state "unwrapped":`},
		"state elsewhere":      {"policies: [{provider: snappy, region: delivery, state: claimed, limit: 3d}]", `waits in a state "claimed" in its region delivery:`},
		"state that ends":      {"policies: [{provider: snappy, state: expired, limit: 3d}]", `waits in a state "expired"`},
		"no such region":       {"policies: [{region: engagement, limit: 3d}]", `policies[0].region: there is no region "engagement"`},
		"region it lacks":      {"policies: [{machine: resend.contact, region: delivery, limit: 3d}]", `have no region "delivery"`},
		"no such calendar":     {calendar + "policies: [{limit: 3d, calendar: ofice}]", `[2:34] policies[0].calendar: there is no calendar "ofice": define it under calendars`},

		"expiry of nothing":  {"expiry: [{provider: snappy}]", "expiry[0]: give one of a window such as 60d"},
		"two expiries":       {"expiry: [{provider: snappy, window: 3d, never: true}]", "expiry[0]: give one of"},
		"expiry by day":      {"expiry: [{provider: snappy, at: 2027-01-31}]", `expiry[0].at: "2027-01-31" is no instant: give one such as 2027-01-31T00:00:00Z`},
		"expiry of e-mail":   {"expiry: [{provider: resend, window: 3d}]", "expiry[0]: nothing that it chooses waits for its recipient"},
		"expiry when it has": {"expiry: [{machine: snappy.gift, state: claimed, window: 3d}]", "expiry[0]: nothing that it chooses waits for its recipient"},
		"warning":            {"warning: soon", `[1:10] warning: "soon" is no duration`},
		"settling":           {"settling: 0", "settling: it is no time at all"},

		"no such rule":       {"rules_off: [stuk]", `[1:13] rules_off[0]: there is no rule "stuk": the rules are stuck, expiring, `},
		"severity of none":   {"severities: {stuk: info}", `[1:20] severities.stuk: there is no rule "stuk"`},
		"no such severity":   {"severities:\n  stuck: high", `[2:10] severities.stuck: there is no severity "high": give one of info, warning, critical`},
		"no such channel":    {channel + "routes: [{channel: opps}]", `[2:20] routes[0].channel: there is no channel "opps": define it under channels`},
		"route to nowhere":   {"routes:\n  - rules: [stuck]", `[2:5] routes[0].channel: it leads to no channel: name one`},
		"rule of a route":    {channel + "routes: [{channel: ops, rules: [stuck, late]}]", `[2:40] routes[0].rules[1]: there is no rule "late"`},
		"provider of one":    {channel + "routes: [{channel: ops, providers: [fedex]}]", `routes[0].providers[0]: there is no provider "fedex"`},
		"source of one":      {channel + "routes: [{channel: ops, sources: [snappy-us]}]", `routes[0].sources[0]: there is no source "snappy-us": the sources are sendoso, snappy, snappy-eu`},
		"severity of one":    {channel + "routes: [{channel: ops, severity: high}]", `routes[0].severity: there is no severity "high"`},
		"wait for ever":      {channel + "routes: [{channel: ops, wait: never}]", `routes[0].wait: "never" is no duration`},
		"time of day":        {channel + "routes: [{channel: ops, daily: 9am}]", `routes[0].daily: "9am" is no time of day`},
		"daily, and at once": {channel + "routes: [{channel: ops, daily: '09:00', wait: 3s}]", "routes[0].daily: what is told once a day waits for that: remove wait"},
		"calendar of a day":  {channel + calendar + "routes: [{channel: ops, daily: '09:00', calendar: x}]", `routes[0].calendar: there is no calendar "x"`},
		"calendar for what?": {channel + calendar + "routes: [{channel: ops, calendar: office}]", "routes[0].calendar: it is for daily"},
		"pager that moves":   {"channels: [{name: pager, kind: pagerduty}]\nroutes: [{channel: pager, rules: [stuck, transition]}]", "[2:34] routes[0].rules: a channel of the kind pagerduty takes"},
		"told once for ever": {"channels: [{name: am, kind: alertmanager}]\nroutes: [{channel: am, repeat: never}]", "routes[0]: Alertmanager takes what it is not told again for over"},
		"told once a day":    {"channels: [{name: am, kind: alertmanager}]\nroutes: [{channel: am, daily: '09:00'}]", "routes[0]: Alertmanager takes"},
		"told by day":        {"channels: [{name: am, kind: alertmanager}]\n" + calendar + "routes: [{channel: am, during: office}]", "routes[0]: Alertmanager takes"},
		"during what?":       {channel + "routes: [{channel: ops, during: nights}]", `routes[0].during: there is no calendar "nights"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := alertingOf(t, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "g.yaml: [") {
				t.Errorf("error %v\nwant one with %s", err, c.want)
			}
		})
	}
}

// TestAlerting_flawsAtOnce: a file with several is corrected in one go.
func TestAlerting_flawsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := alertingOf(t, "calendars: [{name: a}]\npolicies: [{limit: 3}, {state: lost, limit: 3d}]\nrules_off: [x]\nwarning: x\n")
	if err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("error %v, want five", err)
	}
}

// TestAlerting_unknownKeys: a misspelt key is refused wherever it stands.
func TestAlerting_unknownKeys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"policy: []", "calendars: [{nam: x}]", "policies: [{staet: x}]", "policies: [{fits: {}}]", "expiry: [{windw: 3d}]", "channels: [{secret: hush}]",
		"routes: [{rule: stuck}]", "alerts: {allow: []}", "alerting: {}",
	} {
		if _, err := readSettings(writeFile(t, "g.yaml", text)); err == nil || !strings.Contains(err.Error(), "unknown field") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

func TestAllowedNetworks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[]": "", "[10.0.0.0/8, 127.0.0.1/32, 'fd00::/8']": "", "[10.0.0.5/8]": `alerts.allow_networks[0]: "10.0.0.5/8" is no network`,
		"[127.0.0.1]": "or 10.0.0.5/32 for one address", "[10.0.0.0/8, example.com]": "[1:39] alerts.allow_networks[1]",
	} {
		p := &program{}
		var err error
		if p.file, err = readSettings(writeFile(t, "g.yaml", "alerts: {allow_networks: "+text+"}")); err != nil {
			t.Fatal(err)
		}
		all, err := p.allowedNetworks()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, error %v, want one with %q", text, all, err, want)
		}
	}
}

// TestRepeatOf: what is shown at a channel must outlast the pause until it is told again.
func TestRepeatOf(t *testing.T) {
	t.Parallel()
	routes := domain.Routes{{Channel: "am", Repeat: time.Minute}, {Channel: "ops", Repeat: day}, {Channel: "am", Repeat: 5 * time.Minute}}
	for channel, want := range map[string]time.Duration{"am": 5 * time.Minute, "ops": day, "log": 0} {
		if got := repeatOf(channel, routes); got != want {
			t.Errorf("%s is told again after %s, want %s", channel, got, want)
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "mon tue wed thu fri", "mon-fri": "mon tue wed thu fri", "sun-thu": "sun mon tue wed thu", "fri-mon": "sun mon fri sat",
		"Mon, wed,FRI-sat": "mon wed fri sat", "mon": "mon", "mon-sun": "sun mon tue wed thu fri sat", "mon-": "", "monday": "", "1-5": "", "mon-wed-fri": "",
	} {
		days, err := parseDays(text)
		var got []string
		for d, works := range days {
			if works {
				got = append(got, weekdays[d])
			}
		}
		if (err != nil) != (want == "") || err == nil && strings.Join(got, " ") != want {
			t.Errorf("%q is %v, error %v; want %s", text, got, err, want)
		}
	}
}
