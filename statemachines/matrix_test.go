package statemachines

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"giftline/domain"
)

// TestMatrix compares, for every machine and region, what is said of each report while each state is held with the
// file that was reviewed. The other region is new, unless a line says otherwise.
func TestMatrix(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, r := range m.Regions() {
			golden(t, fmt.Sprintf("testdata/matrix/%s.%s.txt", m.Name(), r), m.matrix(r))
		}
	})
}

// report is one thing that an event may say.
type report struct {
	label, event, state string
}

// matrix answers every pair of one region, with the variants that the other region makes.
func (m *Machine) matrix(r domain.Region) string {
	rows := [][]string{{"HELD", "REPORTED", "VERDICT", "WHILE"}}
	for _, held := range m.holdings(r) {
		for _, said := range m.reportsIn(r) {
			rows = append(rows, m.verdicts(r, held, said)...)
		}
	}
	title := fmt.Sprintf("# %s, %s: what is said of a report while a state is held.\n", m.Name(), r)
	return title + m.neutral(r) + "\n" + grouped(table(rows))
}

func (m *Machine) neutral(r domain.Region) string {
	if len(m.Regions()) == 1 {
		return ""
	}
	return fmt.Sprintf("# %s is new, unless the last column says otherwise.\n", other(r))
}

func other(r domain.Region) domain.Region {
	if r == domain.Status {
		return domain.Delivery
	}
	return domain.Status
}

// holding is a state of one region as it may be held.
type holding struct {
	state     string
	permanent bool
}

func (h holding) String() string {
	if h.permanent {
		return h.state + " for good"
	}
	return h.state
}

func (m *Machine) holdings(r domain.Region) []holding {
	reg := m.regions[r]
	if reg == nil {
		return []holding{{}}
	}
	var all []holding
	for _, state := range reg.states() {
		all = append(all, holding{state: state})
		if m.row(r, state).Lasts {
			all = append(all, holding{state: state, permanent: true})
		}
	}
	return all
}

// holdingBoth is the state of a machine that holds one thing in each region.
func (m *Machine) holdingBoth(r domain.Region, own, beside holding) domain.State {
	s := domain.State{}.With(r, own.state).With(other(r), beside.state)
	s.Permanent = own.permanent || beside.permanent
	return m.phased(s)
}

// reportsIn lists what can be said of a region; with status come the notes, which belong to neither.
func (m *Machine) reportsIn(r domain.Region) []report {
	var all []report
	for _, row := range m.regions[r].rows {
		plain, updates := "", []string{}
		for _, event := range m.eventsOf(r, row.State) {
			if m.reports[event].Update {
				updates = append(updates, event)
			} else {
				plain = event
			}
		}
		if plain != "" {
			all = append(all, report{row.State, plain, row.State})
		}
		for _, event := range updates {
			all = append(all, report{row.State + " by " + event, event, row.State})
		}
	}
	for _, event := range m.openReports(r) {
		all = append(all, report{"any other by " + event, event, "unheard-of"})
	}
	if r == domain.Status {
		for _, n := range m.table.Notes {
			all = append(all, report{n.Event, n.Event, ""})
		}
		all = append(all, report{"(unknown type)", "unheard-of", ""})
	}
	return all
}

// openReports are the event types that carry the state in the body, where anything may stand.
func (m *Machine) openReports(r domain.Region) []string {
	var events []string
	for _, report := range m.table.Reports {
		if report.Region == r && report.State == "" {
			events = append(events, report.Event)
		}
	}
	return events
}

// verdicts is a line for the neutral case, and one for each verdict that the other region can make of it.
func (m *Machine) verdicts(r domain.Region, held holding, said report) [][]string {
	besides := m.holdings(other(r))
	neutral := m.verdictOn(m.holdingBoth(r, held, besides[0]), said)
	lines := [][]string{{held.String(), said.label, neutral, ""}}
	var differ []string
	while := map[string][]string{}
	for _, beside := range besides[1:] {
		v := m.verdictOn(m.holdingBoth(r, held, beside), said)
		if v == neutral {
			continue
		}
		if while[v] == nil {
			differ = append(differ, v)
		}
		while[v] = append(while[v], beside.String())
	}
	for _, v := range differ {
		when := "is " + strings.Join(while[v], ", ")
		if len(while[v]) == len(besides)-1 {
			when = "is not new"
		}
		lines = append(lines, []string{held.String(), said.label, v, string(other(r)) + " " + when})
	}
	return lines
}

// verdictOn folds one exact event of one recipient, alone at its time.
func (m *Machine) verdictOn(before domain.State, said report) string {
	e := domain.Event{Subject: subjectOf(m), Type: said.event, Target: said.state, Quality: domain.TimeExact}
	m.Read(&e)
	o := m.Fold(before, []domain.Event{e})[0]
	words := string(o.Verdict)
	if o.Verdict == domain.Gap {
		words += " via " + strings.Join(m.Inferred(before, &e), ", ")
	}
	if o.Reason != domain.NoReason {
		words += ": " + string(o.Reason)
	}
	for _, flag := range o.Flags.Names() {
		words += " +" + flag
	}
	return words
}

// grouped puts an empty line before each new state held.
func grouped(text string) string {
	var lines []string
	held := ""
	for _, line := range strings.Split(text, "\n") {
		first, _, _ := strings.Cut(line, "  ")
		if first != held && !slices.Contains([]string{"", "HELD"}, held) {
			lines = append(lines, "")
		}
		held = first
		lines = append(lines, line)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// TestMatrix_NoStrays: a machine that is gone leaves no file behind.
func TestMatrix_NoStrays(t *testing.T) {
	files, err := filepath.Glob("testdata/matrix/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	regions := 0
	for _, m := range All().All() {
		regions += len(m.Regions())
	}
	if len(files) != regions {
		t.Errorf("%d files for %d regions: delete those of machines that are gone", len(files), regions)
	}
}
