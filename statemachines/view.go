package statemachines

import (
	"fmt"
	"sort"
	"strings"

	"giftline/domain"
)

// View gives the table as data.
func (m *Machine) View() domain.MachineView {
	t := m.table
	v := domain.MachineView{
		Name: t.Name, Provider: t.Provider, Kind: t.Kind, Revision: t.Revision, Hash: m.hash, Page: t.Page,
		Notes: []domain.NoteView{}, Guards: []domain.GuardView{},
	}
	for _, name := range m.Regions() {
		v.Regions = append(v.Regions, m.regionView(m.regions[name]))
	}
	for _, n := range t.Notes {
		v.Notes = append(v.Notes, domain.NoteView{Event: n.Event, Meaning: n.Meaning, Warns: n.Warns})
	}
	for i := range t.Guards {
		v.Guards = append(v.Guards, m.guardView(&t.Guards[i]))
	}
	return v
}

func (m *Machine) regionView(r *region) domain.RegionView {
	v := domain.RegionView{Region: r.name}
	for i := range r.rows {
		v.States = append(v.States, m.stateView(r, &r.rows[i]))
	}
	return v
}

func (m *Machine) stateView(r *region, row *Row) domain.StateView {
	v := domain.StateView{
		State: row.State, Events: m.eventsOf(r.name, row.State), Meaning: row.Meaning, Final: r.final[row.State],
		Aside: row.Aside, From: []string{}, Also: []domain.EdgeView{}, Phase: shown(row.Phase),
	}
	if l := row.Limit; l != nil {
		v.Limit = &domain.LimitView{Seconds: int64(l.For.Seconds()), Documented: l.Documented, Why: l.Why, Expires: l.Expires}
	}
	if row.Raises != "" {
		v.Raises = &row.Raises
	}
	for _, e := range row.Edges {
		switch {
		case e.Kind == Forward:
			v.From = append(v.From, e.From)
		case e.steps():
			v.Also = append(v.Also, edgeView(e))
		}
	}
	return v
}

func edgeView(e Edge) domain.EdgeView {
	v := domain.EdgeView{From: e.From, Ambiguous: e.Kind == Maybe, Flag: strings.Join(e.Flag.Names(), ", ")}
	if e.When != nil {
		v.When = e.When.String()
	}
	return v
}

// eventsOf lists the event types that can report a state, sorted.
func (m *Machine) eventsOf(r domain.Region, state string) []string {
	var types []string
	for event, report := range m.reports {
		if report.Region == r && (report.State == state || report.State == "") {
			types = append(types, event)
		}
	}
	sort.Strings(types)
	return types
}

func (m *Machine) guardView(g *Guard) domain.GuardView {
	v := domain.GuardView{Region: g.Region, States: g.States, When: g.When.String(), Then: "illegal"}
	if len(v.States) == 0 {
		v.States = m.regions[g.Region].states()[1:]
	}
	if g.Leaving {
		v.When = string(g.Region) + " is new and " + v.When
	}
	if g.Flag != 0 {
		v.Then = "flag " + strings.Join(g.Flag.Names(), ", ")
	}
	return v
}

// Mermaid draws the regions as one state diagram each: solid arrows are direct steps, labelled ones returns, open
// questions and conditions. It starts at new, which is where every subject starts.
func (m *Machine) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, name := range m.Regions() {
		m.regions[name].draw(&b)
	}
	return b.String()
}

func (r *region) draw(b *strings.Builder) {
	fmt.Fprintf(b, "  state %s {\n    [*] --> %s_new\n    %s_new: new\n", r.name, r.name, r.name)
	for _, row := range r.rows {
		fmt.Fprintf(b, "    %s: %s\n", r.node(row.State), row.State)
	}
	for _, row := range r.rows {
		for _, e := range row.Edges {
			if e.steps() {
				fmt.Fprintf(b, "    %s --> %s%s\n", r.node(e.From), r.node(row.State), e.label())
			}
		}
	}
	for _, row := range r.rows {
		if r.final[row.State] {
			fmt.Fprintf(b, "    %s --> [*]\n", r.node(row.State))
		}
	}
	b.WriteString("  }\n")
}

// node keeps the two regions' names apart in one diagram.
func (r *region) node(state string) string { return string(r.name) + "_" + state }

func (e *Edge) label() string {
	switch {
	case e.When != nil && len(e.When.In)+len(e.When.NotIn) > 2:
		return ": on a condition"
	case e.When != nil:
		return ": when " + e.When.String()
	case e.Kind == Return:
		return ": returns"
	case e.Kind == Maybe:
		return ": maybe"
	}
	return ""
}
