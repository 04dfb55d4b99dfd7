package main

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"giftline/domain"
	"giftline/statemachines"
)

// fileAlerting is the part of the settings file that says what alarms, and who is told.
type fileAlerting struct {
	Calendars  []fileCalendar                  `yaml:"calendars"`
	Policies   []filePolicy                    `yaml:"policies"`
	Expiry     []fileExpiry                    `yaml:"expiry"`
	Warning    string                          `yaml:"warning"`
	Settling   string                          `yaml:"settling"`
	Grace      *string                         `yaml:"grace"`
	Severities map[domain.Rule]domain.Severity `yaml:"severities"`
	RulesOff   []domain.Rule                   `yaml:"rules_off"`
	Channels   []fileChannel                   `yaml:"channels"`
	Routes     []fileRoute                     `yaml:"routes"`
	Alerts     struct {
		AllowNetworks []string `yaml:"allow_networks"`
	} `yaml:"alerts"`
}

// filePolicy limits stays in a state.
type filePolicy struct {
	Fits     fileFits      `yaml:",inline"`
	Region   domain.Region `yaml:"region"`
	State    string        `yaml:"state"`
	Limit    string        `yaml:"limit"`
	Never    bool          `yaml:"never"`
	Calendar string        `yaml:"calendar"`
}

// fileExpiry says when something expires.
type fileExpiry struct {
	Fits   fileFits `yaml:",inline"`
	State  string   `yaml:"state"`
	Window string   `yaml:"window"`
	At     string   `yaml:"at"` // RFC 3339
	Never  bool     `yaml:"never"`
}

// fileFits chooses subjects.
type fileFits struct {
	Provider domain.Provider   `yaml:"provider"`
	Machine  string            `yaml:"machine"`
	Company  string            `yaml:"company"`
	Metadata map[string]string `yaml:"metadata"`
}

// alerting gives what the settings say of alerts: nothing means the machines' own limits, and that nobody is told. All
// that is wrong is said at once.
func (p *program) alerting(sources []string) (*domain.Alerting, error) {
	f, file := &flaws{file: &p.file}, &p.file.Alerting
	calendars := openCalendars(file.Calendars, f)
	a := &domain.Alerting{Policy: openPolicy(file, calendars, f), Severe: file.Severities, Off: file.RulesOff}
	a.Routes = openRoutes(file, sources, calendars, f)
	for _, rule := range slices.Sorted(maps.Keys(file.Severities)) {
		place := "severities." + string(rule)
		checkRule(rule, place, f)
		checkSeverity(file.Severities[rule], place, f)
	}
	for i, rule := range file.RulesOff {
		checkRule(rule, fmt.Sprintf("rules_off[%d]", i), f)
	}
	return a, f.err()
}

// allowedNetworks are the private networks that channels may reach.
func (p *program) allowedNetworks() ([]netip.Prefix, error) {
	f := &flaws{file: &p.file}
	var all []netip.Prefix
	for i, text := range p.file.Alerting.Alerts.AllowNetworks {
		network, err := netip.ParsePrefix(text)
		if err != nil || network != network.Masked() {
			f.add(fmt.Sprintf("alerts.allow_networks[%d]", i), "%q is no network: give one such as 10.0.0.0/8, or 10.0.0.5/32 for one address", text)
		}
		all = append(all, network)
	}
	return all, f.err()
}

func openPolicy(file *fileAlerting, calendars map[string]*domain.Calendar, f *flaws) *domain.Policy {
	p := &domain.Policy{Warning: f.positive("warning", file.Warning), Settling: f.positive("settling", file.Settling),
		Grace: f.duration("grace", file.Grace, domain.DefaultGrace)}
	for i, rule := range file.Policies {
		p.Dwell = append(p.Dwell, openDwell(rule, fmt.Sprintf("policies[%d]", i), calendars, f))
	}
	for i, rule := range file.Expiry {
		p.Expiry = append(p.Expiry, openExpiry(rule, fmt.Sprintf("expiry[%d]", i), f))
	}
	return p
}

func openDwell(file filePolicy, place string, calendars map[string]*domain.Calendar, f *flaws) domain.DwellRule {
	machines := file.Fits.check(place, f)
	switch {
	case file.Never && (file.Limit != "" || file.Calendar != ""):
		f.add(place, "it may last for ever (never), or so long (limit): remove one")
	case !file.Never && file.Limit == "" && file.Calendar == "":
		f.add(place, "give a limit such as 10d, or never: true, or a calendar in which the machines' own limits are counted")
	}
	checkState(file.Region, file.State, machines, place, f)
	return domain.DwellRule{
		Fits: file.Fits.fits(), Region: file.Region, State: file.State, Limit: f.positive(place+".limit", file.Limit), Never: file.Never,
		Calendar: f.calendar(place+".calendar", file.Calendar, calendars),
	}
}

func openExpiry(file fileExpiry, place string, f *flaws) domain.ExpiryRule {
	machines := file.Fits.check(place, f)
	rule := domain.ExpiryRule{Fits: file.Fits.fits(), State: file.State, Window: f.positive(place+".window", file.Window), Never: file.Never}
	if file.At != "" {
		at, err := time.Parse(time.RFC3339, file.At)
		if err != nil {
			f.add(place+".at", "%q is no instant: give one such as 2027-01-31T00:00:00Z", file.At)
		}
		instant := domain.InstantOf(at)
		rule.At = &instant
	}
	if !oneOf(file.At != "", file.Window != "", file.Never) {
		f.add(place, "give one of a window such as 60d, an instant (at) such as 2027-01-31T00:00:00Z, and never: true")
	}
	waits := func(m domain.Machine) bool { return len(waitsOf(m, file.State)) > 0 }
	if len(machines) > 0 && !slices.ContainsFunc(machines, waits) {
		f.add(place, "nothing that it chooses waits for its recipient, where that can expire")
	}
	return rule
}

// waitsOf gives the states, or the one that is meant, in which a machine's subjects wait for their recipient.
func waitsOf(m domain.Machine, state string) (all []string) {
	for _, name := range statesIn(m, domain.Status) {
		if _, ok := m.Expiry(name); ok && (state == "" || state == name) {
			all = append(all, name)
		}
	}
	return all
}

func oneOf(ways ...bool) bool {
	n := 0
	for _, taken := range ways {
		if taken {
			n++
		}
	}
	return n == 1
}

func (file *fileFits) fits() domain.Fits {
	return domain.Fits{Provider: file.Provider, Machine: file.Machine, CompanyID: file.Company, Metadata: file.Metadata}
}

// check gives the machines that are chosen; none where what chooses them is wrong.
func (file *fileFits) check(place string, f *flaws) (chosen []domain.Machine) {
	all := statemachines.All().All()
	for _, m := range all {
		if (file.Machine == "" || file.Machine == m.Name()) && (file.Provider == "" || file.Provider == m.View().Provider) {
			chosen = append(chosen, m)
		}
	}
	named := func(m domain.Machine) bool { return m.Name() == file.Machine }
	switch {
	case file.Provider != "" && !slices.Contains(ownProviders, file.Provider):
		f.add(place+".provider", "there is no provider %q: give one of %s", file.Provider, listed(ownProviders))
	case file.Machine != "" && !slices.ContainsFunc(all, named):
		f.add(place+".machine", "there is no machine %q: giftline machines lists them", file.Machine)
	case len(chosen) == 0:
		f.add(place+".provider", "the machine %q is not one of %s: remove one of the two", file.Machine, file.Provider)
	}
	return chosen
}

// checkState refuses what no machine has: it would never fit, and nobody would know why.
func checkState(r domain.Region, state string, machines []domain.Machine, place string, f *flaws) {
	if r != "" && r != domain.Status && r != domain.Delivery {
		f.add(place+".region", "there is no region %q: give status or delivery, or none", r)
		return
	}
	has := func(m domain.Machine) bool {
		return slices.ContainsFunc(m.Regions(), func(in domain.Region) bool {
			return (r == "" || r == in) && (state == "" || canLast(m, in, state))
		})
	}
	if len(machines) == 0 || slices.ContainsFunc(machines, has) {
		return
	}
	if state == "" {
		f.add(place+".region", "the machines that it chooses have no region %q", r)
	} else {
		f.add(place+".state", "no machine that it chooses waits in a state %q%s: %s", state, inRegion(r), lasting(r, machines))
	}
}

// canLast reports whether it makes sense to limit the stay in a state: it is none of the ends. A status out of which
// nothing leads is none either where the machine limits it, because delivery goes on.
func canLast(m domain.Machine, r domain.Region, state string) bool {
	_, limited := m.Limit(r, state)
	return slices.Contains(statesIn(m, r), state) && (limited || !m.Final(r, state))
}

// lasting says which states may be limited: by name where one machine was chosen.
func lasting(r domain.Region, machines []domain.Machine) string {
	if len(machines) != 1 {
		return "giftline machines lists them"
	}
	m := machines[0]
	var states []string
	for _, in := range m.Regions() {
		for _, state := range statesIn(m, in) {
			if (r == "" || r == in) && canLast(m, in, state) {
				states = append(states, state)
			}
		}
	}
	return "those of " + m.Name() + " are " + listed(states)
}

// listed puts commas between words.
func listed[T ~string](words []T) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(word))
	}
	return b.String()
}

func inRegion(r domain.Region) string {
	if r == "" {
		return ""
	}
	return " in its region " + string(r)
}

// statesIn lists the states of a machine's region.
func statesIn(m domain.Machine, r domain.Region) (states []string) {
	for _, region := range m.View().Regions {
		if region.Region == r {
			for _, s := range region.States {
				states = append(states, s.State)
			}
		}
	}
	return states
}

func checkRule(rule domain.Rule, place string, f *flaws) {
	if _, ok := domain.FactsOf(rule); !ok {
		var names []string
		for _, r := range domain.Rules {
			names = append(names, string(r.Rule))
		}
		f.add(place, "there is no rule %q: the rules are %s", rule, strings.Join(names, ", "))
	}
}

func checkSeverity(s domain.Severity, place string, f *flaws) {
	if !slices.Contains(domain.Severities, s) {
		f.add(place, "there is no severity %q: give one of %s", s, listed(domain.Severities))
	}
}

// positive reads a duration that, if it is given, is more than nothing.
func (f *flaws) positive(place, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := parseDuration(text)
	if err == nil && d == 0 {
		err = fmt.Errorf("it is no time at all: give a duration such as 36h or 10d")
	}
	f.check(place, err)
	return d
}

// calendar finds a calendar by its name; none for no name.
func (f *flaws) calendar(place, name string, calendars map[string]*domain.Calendar) *domain.Calendar {
	c, ok := calendars[name]
	if name != "" && !ok {
		f.add(place, "there is no calendar %q: define it under calendars", name)
	}
	return c
}
