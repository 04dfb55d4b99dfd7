package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"giftline/api/notify"
	"giftline/domain"
)

// fileRoute says which alerts a channel is told, and when.
type fileRoute struct {
	Channel   string            `yaml:"channel"`
	Rules     []domain.Rule     `yaml:"rules"`
	Providers []domain.Provider `yaml:"providers"`
	Sources   []string          `yaml:"sources"`
	Companies []string          `yaml:"companies"`
	Severity  domain.Severity   `yaml:"severity"` // this or a more severe one
	Wait      *string           `yaml:"wait"`
	Interval  *string           `yaml:"interval"`
	Repeat    *string           `yaml:"repeat"`
	Daily     string            `yaml:"daily"`
	Calendar  string            `yaml:"calendar"` // of daily
	During    string            `yaml:"during"`
	PerAlert  bool              `yaml:"per_alert"`
}

// resend is how often Alertmanager is told again of what holds: it takes what it has not heard of for a few minutes to
// be over.
const resend = time.Minute

// openRoutes gives the file's routes, in its order.
func openRoutes(file *fileAlerting, sources []string, calendars map[string]*domain.Calendar, f *flaws) domain.Routes {
	var all domain.Routes
	for i, r := range file.Routes {
		place := fmt.Sprintf("routes[%d]", i)
		at := slices.IndexFunc(file.Channels, func(c fileChannel) bool { return c.Name == r.Channel })
		if r.Channel == "" {
			f.add(place+".channel", "it leads to no channel: name one of those under channels")
			continue
		}
		if at < 0 {
			f.add(place+".channel", "there is no channel %q: define it under channels", r.Channel)
			continue
		}
		kind := file.Channels[at].Kind
		r.check(place, sources, f)
		route := r.open(place, kind, calendars, f)
		checkKind(&route, kind, place, f)
		all = append(all, route)
	}
	return all
}

func (r *fileRoute) open(place string, kind notify.Kind, calendars map[string]*domain.Calendar, f *flaws) domain.Route {
	interval, repeat := domain.DefaultInterval, domain.DefaultRepeat
	if kind == notify.Alertmanager {
		interval, repeat = resend, resend
	}
	return domain.Route{
		Channel: r.Channel, Rules: r.Rules, Providers: r.Providers, Sources: r.Sources, CompanyIDs: r.Companies, Least: r.Severity, PerAlert: r.PerAlert,
		Whole:    kind == notify.Alertmanager,
		Wait:     f.duration(place+".wait", r.Wait, domain.DefaultWait),
		Interval: f.duration(place+".interval", r.Interval, interval),
		Repeat:   f.duration(place+".repeat", r.Repeat, repeat),
		Daily:    r.daily(place, calendars, f), During: f.calendar(place+".during", r.During, calendars),
	}
}

// daily gives the time of day at which the channel is told, if there is one: by UTC where no calendar is named.
func (r *fileRoute) daily(place string, calendars map[string]*domain.Calendar, f *flaws) *domain.Daily {
	calendar := f.calendar(place+".calendar", r.Calendar, calendars)
	if r.Daily == "" {
		if r.Calendar != "" {
			f.add(place+".calendar", "it is for daily, which says the time of day: for the hours in which the channel is told, use during")
		}
		return nil
	}
	minute, err := parseMinute(r.Daily)
	f.check(place+".daily", err)
	if r.Wait != nil || r.Interval != nil {
		f.add(place+".daily", "what is told once a day waits for that: remove wait and interval, or daily")
	}
	return &domain.Daily{Minute: minute % (24 * 60), Calendar: calendar}
}

// check refuses what chooses nothing, because there is no such thing.
func (r *fileRoute) check(place string, sources []string, f *flaws) {
	for i, rule := range r.Rules {
		checkRule(rule, fmt.Sprintf("%s.rules[%d]", place, i), f)
	}
	for i, p := range r.Providers {
		if !slices.Contains(ownProviders, p) {
			f.add(fmt.Sprintf("%s.providers[%d]", place, i), "there is no provider %q: give some of %s", p, listed(ownProviders))
		}
	}
	for i, s := range r.Sources {
		if !slices.Contains(sources, s) {
			f.add(fmt.Sprintf("%s.sources[%d]", place, i), "there is no source %q: the sources are %s", s, strings.Join(sources, ", "))
		}
	}
	if r.Severity != "" {
		checkSeverity(r.Severity, place+".severity", f)
	}
}

// checkKind refuses what channels of a kind cannot do.
func checkKind(r *domain.Route, kind notify.Kind, place string, f *flaws) {
	if slices.Contains(r.Rules, domain.RuleTransition) && !kind.TellsMoves() {
		f.add(place+".rules", "a channel of the kind %s takes what begins and ends, and a transition does not end: tell another channel", kind)
	}
	if kind == notify.Alertmanager && (r.Repeat == 0 || r.Daily != nil || r.During != nil) {
		f.add(place, "Alertmanager takes what it is not told again for over: let it be told at any time (no daily, no during), with a repeat")
	}
}

// repeatOf is how often a channel is told again at least, where all that is told again is.
func repeatOf(channel string, routes domain.Routes) (longest time.Duration) {
	for i := range routes {
		if routes[i].Channel == channel {
			longest = max(longest, routes[i].Repeat)
		}
	}
	return longest
}

// duration reads one that has a default; never is none.
func (f *flaws) duration(place string, text *string, unlessGiven time.Duration) time.Duration {
	switch {
	case text == nil:
		return unlessGiven
	case *text == "never" && strings.HasSuffix(place, ".repeat"):
		return 0
	}
	d, err := parseDuration(*text)
	f.check(place, err)
	return d
}
