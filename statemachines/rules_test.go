package statemachines

import (
	"fmt"
	"strings"
	"testing"

	"giftline/domain"
)

// TestGuards compares the rules of every machine, in words, with the list that was reviewed.
func TestGuards(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What the rows alone do not say: guards between the regions, marks, conditions and exceptions, per machine.\n" +
		"# Guards and conditions on the other region read what it held before the instant; marks read what it holds.\n" +
		"# For every machine: what would be illegal is a note, flagged order_unknown, when another event of the same time\n" +
		"# reports a state of the region or the time is not exact, and flagged several_recipients when the event names more\n" +
		"# than one recipient. A state that nobody has heard of is illegal all the same.\n")
	for _, m := range All().All() {
		fmt.Fprintf(&b, "\n%s\n", m.Name())
		for _, rule := range m.(*Machine).rules() {
			fmt.Fprintf(&b, "  - %s\n", rule)
		}
	}
	golden(t, "testdata/guards.txt", b.String())
}

// rules says in words what the rows alone do not.
func (m *Machine) rules() []string {
	var all []string
	for i := range m.table.Guards {
		all = append(all, m.table.Guards[i].rule(m))
	}
	for _, r := range m.Regions() {
		for i := range m.regions[r].rows {
			all = append(all, m.regions[r].rows[i].rules()...)
		}
	}
	for _, n := range m.table.Notes {
		if n.When != nil {
			all = append(all, fmt.Sprintf("%s is flagged %s while %s", n.Event, names(n.Flag), n.When))
		}
	}
	if len(all) == 0 {
		return []string{"none"}
	}
	return all
}

func (g *Guard) rule(m *Machine) string {
	what := "any state of " + string(g.Region)
	if len(g.States) > 0 {
		what = strings.Join(g.States, " or ")
	}
	if g.Leaving {
		what += ", straight from new,"
	}
	if g.Flag == 0 {
		return fmt.Sprintf("%s is illegal (guard) while %s", what, &g.When)
	}
	return fmt.Sprintf("a step to %s is flagged %s while %s", what, names(g.Flag), &g.When)
}

// rules says what a row does beside being led to: by kind of edge, then by flag or condition.
func (r *Row) rules() []string {
	var all []string
	said := map[string][]string{}
	add := func(form string, from string) {
		if said[form] == nil {
			all = append(all, form)
		}
		said[form] = append(said[form], from)
	}
	for _, e := range r.Edges {
		switch {
		case e.Kind == AsNote:
			add(r.State+" while %s is a note"+flagWords(e.Flag), e.From)
		case e.Kind == Hint:
			add(r.State+" after %s is illegal, flagged "+names(e.Flag), e.From)
		case e.When != nil:
			add("%s -> "+r.State+" is a step only while "+e.When.String(), e.From)
		case e.Flag != 0:
			add("%s -> "+r.State+" is flagged "+names(e.Flag), e.From)
		}
	}
	for i, form := range all {
		all[i] = fmt.Sprintf(form, strings.Join(said[form], " or "))
	}
	return append(all, r.marks()...)
}

func (r *Row) marks() []string {
	var all []string
	if r.Credit {
		all = append(all, r.State+" is a credit: the states that lead to it count as final")
	}
	if r.Keeps {
		all = append(all, r.State+" keeps the phase in which the subject had ended; if it had not, the phase is canceled")
	}
	if r.Lasts {
		all = append(all, r.State+" may be for good, and stays so once an event has said it")
	}
	if r.Leads {
		all = append(all, r.State+" decides the phase, unless delivery failed or was canceled")
	}
	return all
}

func names(f domain.Flags) string { return strings.Join(f.Names(), " and ") }

func flagWords(f domain.Flags) string {
	if f == 0 {
		return ""
	}
	return ", flagged " + names(f)
}

// TestPhases compares the phase that every pair of states adds up to with the grid that was reviewed.
func TestPhases(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The phase per status (down) and delivery (across). A dash: none.\n" +
		"# Refunded keeps an ended phase; shown is what it makes of none.\n")
	for _, m := range All().All() {
		if len(m.Regions()) == 2 {
			fmt.Fprintf(&b, "\n%s\n%s", m.Name(), m.(*Machine).phaseGrid())
		}
	}
	golden(t, "testdata/phases.txt", b.String())
}

func (m *Machine) phaseGrid() string {
	rows := [][]string{append([]string{""}, m.regions[domain.Delivery].states()...)}
	for _, status := range m.regions[domain.Status].states() {
		row := []string{status}
		for _, delivery := range m.regions[domain.Delivery].states() {
			row = append(row, orDash(string(m.phased(domain.State{Status: status, Delivery: delivery}).Phase)))
		}
		rows = append(rows, row)
	}
	return table(rows)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// TestPhases_RefundedKeepsTheEnd: a credit does not change how a send ended.
func TestPhases_RefundedKeepsTheEnd(t *testing.T) {
	m := machineNamed(t, "sendoso.send")
	for _, tt := range []struct{ before, after domain.Phase }{
		{domain.Completed, domain.Completed}, {domain.Failed, domain.Failed}, {domain.Expired, domain.Expired},
		{domain.Canceled, domain.Canceled}, {domain.NoPhase, domain.Canceled}, {domain.Waiting, domain.Canceled},
		{domain.Held, domain.Canceled}, {domain.Fulfilling, domain.Canceled},
	} {
		s := m.phased(domain.State{Status: "refunded", Delivery: domain.New, Phase: tt.before})
		if s.Phase != tt.after {
			t.Errorf("refunded after %q is %s, want %s", tt.before, s.Phase, tt.after)
		}
	}
}

// TestPhases_OnlySendsGiftsAndEmails: the small kinds have none, in any state; the others have one in every state.
func TestPhases_OnlySendsGiftsAndEmails(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		large := len(m.Regions()) == 2
		for _, r := range m.Regions() {
			for _, row := range m.regions[r].rows {
				if (row.Phase != domain.NoPhase || row.Keeps) != large {
					t.Errorf("%s has the phase %q", row.State, row.Phase)
				}
			}
		}
	})
}
