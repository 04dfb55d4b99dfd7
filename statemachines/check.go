package statemachines

import (
	"fmt"
	"slices"
	"time"

	"giftline/domain"
)

// check refuses what looplab/fsm would pass in silence: unknown or repeated states, edges from later rows, guards and
// reports that name nothing.
func (m *Machine) check() error {
	if m.regions[domain.Status] == nil || m.table.Revision < 1 || m.table.Page == "" {
		return fmt.Errorf("needs status rows, a revision and the provider's page")
	}
	seen := map[string]bool{domain.New: true}
	for _, name := range m.Regions() {
		if err := m.regions[name].check(seen); err != nil {
			return err
		}
	}
	for _, check := range []func() error{m.checkReports, m.checkReported, m.checkNotes, m.checkGuards, m.checkConditions, m.checkAbsences} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *region) check(seen map[string]bool) error {
	r.index = map[string]int{}
	for i, row := range r.rows {
		if seen[row.State] || row.State == "" {
			return fmt.Errorf("%s row %d: state %q is empty, new, or stands twice", r.name, i, row.State)
		}
		seen[row.State] = true
		r.index[row.State] = i
	}
	for i := range r.rows {
		if err := r.checkRow(i); err != nil {
			return fmt.Errorf("%s row %s: %w", r.name, r.rows[i].State, err)
		}
	}
	return nil
}

func (r *region) checkRow(i int) error {
	row := r.rows[i]
	switch {
	case row.Meaning == "":
		return fmt.Errorf("has no meaning")
	case row.Lasts && r.name != domain.Delivery:
		return fmt.Errorf("lasts: only delivery keeps that a state is for good")
	case row.Limit != nil && (row.Limit.For < time.Second || row.Limit.Why == ""):
		return fmt.Errorf("its limit needs a second at least, and a reason")
	case row.Limit != nil && row.Limit.Expires && (r.name != domain.Status || row.Phase != Waiting):
		return fmt.Errorf("its limit ends the wait for a recipient, for whom it does not wait")
	case row.Raises != "" && !contains(stateRules, string(row.Raises)):
		return fmt.Errorf("raises %q, which is no rule that a state can raise as such", row.Raises)
	}
	seen := map[string]bool{}
	for _, e := range row.Edges {
		at, known := r.index[e.From]
		switch {
		case seen[e.From]:
			return fmt.Errorf("names %s twice", e.From)
		case e.From == row.State:
			return fmt.Errorf("leads to itself: the same state again is a repeat")
		case e.From == domain.New && e.Kind == Forward:
		case !known:
			return fmt.Errorf("names %q, which is no row of its region", e.From)
		case e.Kind == Forward && at > i:
			return fmt.Errorf("from names the later row %s: use also", e.From)
		case e.When != nil && e.Flag != 0:
			return fmt.Errorf("flags a step from %s that holds on a condition", e.From)
		}
		seen[e.From] = true
	}
	return nil
}

// reachable refuses a row that no walk from new enters.
func (r *region) reachable() error {
	reached := map[string]bool{domain.New: true}
	for grew := true; grew; {
		grew = false
		for _, row := range r.rows {
			if !reached[row.State] && row.entered(reached) {
				reached[row.State], grew = true, true
			}
		}
	}
	for _, row := range r.rows {
		if !reached[row.State] {
			return fmt.Errorf("%s row %s: nothing leads there", r.name, row.State)
		}
	}
	return nil
}

func (r *Row) entered(from map[string]bool) bool {
	for _, e := range r.Edges {
		if e.steps() && from[e.From] {
			return true
		}
	}
	return false
}

func (m *Machine) checkReports() error {
	seen := map[string]bool{}
	for _, report := range m.table.Reports {
		r := m.regions[report.Region]
		switch {
		case seen[report.Event] || report.Event == "":
			return fmt.Errorf("report %q: is empty, or stands twice", report.Event)
		case r == nil:
			return fmt.Errorf("report %s: the machine has no region %q", report.Event, report.Region)
		case report.State != "" && !contains(r.states()[1:], report.State):
			return fmt.Errorf("report %s: %q is no row of %s", report.Event, report.State, report.Region)
		}
		seen[report.Event] = true
	}
	return nil
}

// checkReported refuses a row that no event type can report.
func (m *Machine) checkReported() error {
	for _, name := range m.Regions() {
		for _, row := range m.regions[name].rows {
			if len(m.eventsOf(name, row.State)) == 0 {
				return fmt.Errorf("%s row %s: no event reports it", name, row.State)
			}
		}
	}
	return nil
}

// stateRules are those that say something of a state, however long it lasts.
var stateRules = []string{
	string(domain.RuleExpired), string(domain.RuleFailed), string(domain.RuleBounced), string(domain.RuleUndeliverable),
	string(domain.RuleOutOfStock), string(domain.RuleComplained),
}

func (m *Machine) checkNotes() error {
	seen := map[string]bool{}
	for _, n := range m.table.Notes {
		_, reported := m.reports[n.Event]
		switch {
		case seen[n.Event] || n.Event == "" || reported:
			return fmt.Errorf("note %q: is empty, stands twice, or reports a state", n.Event)
		case n.Meaning == "":
			return fmt.Errorf("note %s: has no meaning", n.Event)
		case (n.When == nil) != (n.Flag == 0):
			return fmt.Errorf("note %s: has a flag without a condition, or the reverse", n.Event)
		case n.Warns && !slices.ContainsFunc(m.table.Status, func(r Row) bool { _, waits := m.Expiry(r.State); return waits }):
			return fmt.Errorf("note %s: warns of the end of a wait, and no state waits", n.Event)
		}
		seen[n.Event] = true
		if n.When != nil {
			if err := m.checkCondition(*n.When); err != nil {
				return fmt.Errorf("note %s: %w", n.Event, err)
			}
		}
	}
	return nil
}

func (m *Machine) checkGuards() error {
	for i, g := range m.table.Guards {
		if m.regions[g.Region] == nil || g.When.Region == g.Region {
			return fmt.Errorf("guard %d: must hold a region of the machine against the other one", i+1)
		}
		for _, s := range g.States {
			if _, ok := m.regions[g.Region].index[s]; !ok {
				return fmt.Errorf("guard %d: %q is no row of %s", i+1, s, g.Region)
			}
		}
		if err := m.checkCondition(g.When); err != nil {
			return fmt.Errorf("guard %d: %w", i+1, err)
		}
	}
	return nil
}

// checkConditions looks at the conditions on edges.
func (m *Machine) checkConditions() error {
	for _, name := range m.Regions() {
		for _, row := range m.regions[name].rows {
			for _, e := range row.Edges {
				if e.When == nil {
					continue
				}
				if err := m.checkCondition(*e.When); err != nil {
					return fmt.Errorf("%s row %s: %w", name, row.State, err)
				}
			}
		}
	}
	return nil
}

func (m *Machine) checkCondition(c Condition) error {
	r := m.regions[c.Region]
	if r == nil || len(c.In)+len(c.NotIn) == 0 {
		return fmt.Errorf("condition %q names no region or no state", c.String())
	}
	for _, s := range join(c.In, c.NotIn) {
		if !contains(r.states(), s) {
			return fmt.Errorf("condition names %q, which is no state of %s", s, c.Region)
		}
		if c.Permanent != nil && !m.row(c.Region, s).Lasts {
			return fmt.Errorf("condition asks whether %s is for good, which its row does not keep", s)
		}
	}
	return nil
}
