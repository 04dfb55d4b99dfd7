package statemachines

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that zones are the same on every machine

	"giftline/domain"
)

// TestAlerts plays every file under testdata/alerts: a story in which somebody looks at the subject whenever an event
// arrives, a line of dashes, and what became of its alerts. More lines are known:
//
//	TIME look              somebody looks at it at that time
//	TIME outage TIME [S]   what is heard, or what of a source, is not heard until the second time; known from then on
//	TIME expires TIME      people say when the gift ends
//	TIME acknowledge RULE, snooze RULE, resolve RULE
//	                       a person does so; a snooze is until the subject moves
//	limit STATE DURATION   the configuration limits a state, in working days of Berlin
//	window DURATION        the configuration says how long a recipient is waited for
//	never                  the configuration says that nothing expires
//	off RULE               the configuration turns a rule off
//
// An event arrives at its own time, or when the line before it happened.
func TestAlerts(t *testing.T) {
	files, err := filepath.Glob("testdata/alerts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			head, _, _ := strings.Cut(string(text), dashes)
			p := newWatch(nil)
			for line := range strings.Lines(head) {
				line, _, _ = strings.Cut(line, "#")
				if words := strings.Fields(line); len(words) > 0 {
					p.play(t, words)
				}
			}
			golden(t, path, head+dashes+table(p.said)+dashes+table(p.standing()))
		})
	}
}

// watch is somebody who looks at one subject again and again.
type watch struct {
	machine  *Machine
	alerting domain.Alerting
	events   []domain.Event
	joined   map[domain.Fingerprint]domain.Instant
	labels   *domain.Labels
	outages  []domain.Outage
	alerts   []domain.Alert
	moves    int // how many events moved it at the last look
	now      domain.Instant
	said     [][]string
}

func newWatch(m *Machine) *watch {
	return &watch{machine: m, alerting: domain.Alerting{Policy: &domain.Policy{}}, joined: map[domain.Fingerprint]domain.Instant{}}
}

func (p *watch) play(t *testing.T, words []string) {
	t.Helper()
	switch words[0] {
	case "machine":
		p.machine = machineNamed(t, words[1])
		return
	case "limit":
		p.alerting.Policy.Dwell = append(p.alerting.Policy.Dwell, domain.DwellRule{State: words[1], Limit: span(t, words[2]), Calendar: berlin})
		return
	case "window":
		p.alerting.Policy.Expiry = append(p.alerting.Policy.Expiry, domain.ExpiryRule{Window: span(t, words[1])})
		return
	case "never":
		p.alerting.Policy.Expiry = append(p.alerting.Policy.Expiry, domain.ExpiryRule{Never: true})
		return
	case "off":
		p.alerting.Off = append(p.alerting.Off, domain.Rule(words[1]))
		return
	}
	at := stamp(t, words[0])
	p.now = max(p.now, at)
	switch words[1] {
	case "look":
		p.look()
	case "outage":
		until := stamp(t, words[2])
		p.outages = append(p.outages, domain.Outage{Source: strings.Join(words[3:], ""), From: at, To: &until})
		p.now = max(p.now, until)
		p.look()
	case "expires":
		until := stamp(t, words[2])
		p.labels = &domain.Labels{ExpiresAt: &until}
		p.look()
	case "acknowledge", "snooze", "resolve":
		p.act(words[1], domain.Rule(words[2]))
	default:
		s := &story{machine: p.machine}
		s.add(t, fmt.Sprint("event ", len(p.events)), words)
		p.hear(s.events[0])
		p.look()
	}
}

func stamp(t *testing.T, word string) domain.Instant {
	t.Helper()
	at, err := parseStamp(word)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func span(t *testing.T, word string) time.Duration {
	t.Helper()
	if days, ok := strings.CutSuffix(word, "d"); ok {
		hours, err := time.ParseDuration(days + "h")
		if err != nil {
			t.Fatal(err)
		}
		return 24 * hours
	}
	d, err := time.ParseDuration(word)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var berlin = func() *domain.Calendar {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return &domain.Calendar{Zone: zone, Days: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}, Holidays: map[string]bool{"2025-04-18": true}}
}()

func (p *watch) hear(e domain.Event) {
	if _, again := p.joined[e.Fingerprint]; !again {
		p.joined[e.Fingerprint] = p.now
	}
	p.events = append(p.events, e)
}

// watched is what there is to look at.
func (p *watch) watched() *domain.Watched {
	rows := canonical(p.machine, p.events)
	w := &domain.Watched{Machine: p.machine, Sources: []string{"main"}, Labels: p.labels}
	w.Current = domain.Refold(p.machine, subjectOf(p.machine), "main", rows)
	moves := 0
	for _, r := range rows {
		w.Past = append(w.Past, domain.Judged{
			At: r.At, Region: r.Region, Verdict: r.Outcome.Verdict, Target: r.Target, Previous: r.Previous, Type: r.Type,
			Fingerprint: r.Fingerprint, Joined: p.joined[r.Fingerprint], Phase: r.Outcome.After.Phase,
		})
		if r.Outcome.Verdict.Moves() {
			moves++
		}
	}
	w.Moved = moves != p.moves
	p.moves = moves
	return w
}

// look does what a lap does.
func (p *watch) look() {
	w, b := p.watched(), domain.BlindOf(p.outages, p.now)
	alarms := p.alerting.Policy.Alarms(w, b)
	for _, c := range p.alerting.Reconcile(w, b, alarms, p.alerts, p.now) {
		i := slices.IndexFunc(p.alerts, func(a domain.Alert) bool { return a.ID == c.Alert.ID })
		if i < 0 {
			p.alerts = append(p.alerts, c.Alert)
		} else {
			p.alerts[i] = c.Alert
		}
		p.say(&c)
	}
}

// say tells what happened to an alert; a dot stands for what was only learned.
func (p *watch) say(c *domain.AlertChange) {
	step, note := ".", ""
	if c.Step != nil {
		step, note = string(c.Step.Kind), c.Step.Note
	}
	p.said = append(p.said, []string{dated(p.now), p.name(&c.Alert), step, string(c.Alert.Rule), about(&c.Alert), "since " + dated(c.Alert.Since), "at " + dated(c.Alert.At), note})
}

// name tells alerts apart by the order in which they were opened.
func (p *watch) name(a *domain.Alert) string {
	return fmt.Sprint("#", 1+slices.IndexFunc(p.alerts, func(b domain.Alert) bool { return a.ID == b.ID }))
}

func about(a *domain.Alert) string {
	if a.State == "" {
		return string(a.Region)
	}
	return string(a.Region) + " " + a.State
}

func dated(i domain.Instant) string { return clock{dated: true}.stamp(i) }

// standing lists the alerts as they are at the end.
func (p *watch) standing() (rows [][]string) {
	for i := range p.alerts {
		a := &p.alerts[i]
		rows = append(rows, []string{p.name(a), string(a.Status), string(a.Severity), string(a.Rule), about(a), a.Detail})
	}
	return rows
}

// act does what a person does, as the store keeps it.
func (p *watch) act(what string, rule domain.Rule) {
	for i := range p.alerts {
		a := &p.alerts[i]
		if a.Rule != rule || !a.Status.Live() {
			continue
		}
		a.By, a.UpdatedAt = "key_1", p.now
		switch what {
		case "acknowledge":
			a.Status = domain.AlertAcknowledged
		case "snooze":
			a.Status, a.UntilMoves = domain.AlertSnoozed, true
		case "resolve":
			a.Status, a.EndedAt = domain.AlertResolved, &p.now
		}
		p.said = append(p.said, []string{dated(p.now), p.name(a), string(a.Status), string(a.Rule), about(a), "by a person"})
	}
}
