package statemachines

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/looplab/fsm"

	"giftline/domain"
)

// foldVersion is part of every machine's hash: raise it when the fold's rules change, so that replicas refold.
const foldVersion = "fold/1"

// Machine is a compiled table.
type Machine struct {
	table   Table
	regions map[domain.Region]*region
	reports map[string]Report
	notes   map[string]*NoteRow
	ranks   int // of the states; notes rank behind them, unknown states last
	hash    string
}

// region is one region's rows with every question about a pair of states answered.
type region struct {
	name    domain.Region
	rows    []Row
	index   map[string]int // of a state's row; new is not a row
	rank    int            // of the first row
	answers map[pair]*answer
	final   map[string]bool
}

type pair struct{ from, to string }

// answer is what the table says of a report while a state is held. Only direct and via come from looplab/fsm.
type answer struct {
	direct bool
	via    []string // the steps a gap infers; nil when there is no path
	flags  domain.Flags
	when   []Edge // direct while their condition holds
	note   *Edge
	hint   domain.Flags
}

// Compile checks a table and answers every (state, report) pair of it. Errors name the table and the row.
func Compile(t Table) (*Machine, error) {
	m := &Machine{table: t, regions: map[domain.Region]*region{}, reports: map[string]Report{}, notes: map[string]*NoteRow{}}
	order := []domain.Region{domain.Status, domain.Delivery}
	if t.DeliveryFirst {
		order = []domain.Region{domain.Delivery, domain.Status}
	}
	for _, name := range order {
		if rows := t.rows(name); len(rows) > 0 {
			m.regions[name] = &region{name: name, rows: rows, rank: m.ranks}
			m.ranks += len(rows)
		}
	}
	m.name()
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("machine %s: %w", t.Name, err)
	}
	for _, name := range m.Regions() {
		m.regions[name].answer()
		if err := m.regions[name].reachable(); err != nil {
			return nil, fmt.Errorf("machine %s: %w", t.Name, err)
		}
	}
	m.hash = t.hash()
	return m, nil
}

func (t *Table) rows(r domain.Region) []Row {
	if r == domain.Delivery {
		return t.Delivery
	}
	return t.Status
}

// name lists the event types that report each state, and those that are notes.
func (m *Machine) name() {
	for _, r := range m.regions {
		for _, row := range r.rows {
			if m.table.Prefix != "" {
				m.reports[m.table.Prefix+row.State] = Report{Region: r.name, State: row.State}
			}
		}
	}
	for _, report := range m.table.Reports {
		m.reports[report.Event] = report
	}
	for i := range m.table.Notes {
		m.notes[m.table.Notes[i].Event] = &m.table.Notes[i]
	}
}

// answer asks looplab/fsm about every pair of states, once; its answers are remembered because the fold asks the same
// questions for ever.
func (r *region) answer() {
	machine := r.fsm()
	r.answers = map[pair]*answer{}
	r.final = map[string]bool{}
	for _, from := range r.states() {
		for _, to := range r.rows {
			a := &answer{direct: allows(machine, from, to.State)}
			for i := range to.Edges {
				a.learn(&to.Edges[i], from)
			}
			r.answers[pair{from, to.State}] = a
		}
	}
	for _, from := range r.states() {
		r.final[from] = r.ends(from)
		for _, to := range r.rows {
			r.infer(from, to.State)
		}
	}
}

// fsm builds the looplab machine of the region: the event is the state it reports.
func (r *region) fsm() *fsm.FSM {
	var events fsm.Events
	for _, row := range r.rows {
		desc := fsm.EventDesc{Name: row.State, Dst: row.State}
		for _, e := range row.Edges {
			if e.steps() && e.When == nil {
				desc.Src = append(desc.Src, e.From)
			}
		}
		events = append(events, desc)
	}
	return fsm.NewFSM(domain.New, events, nil)
}

// allows asks for one step. The context is never a request's: a cancelled one would jam the machine for good.
func allows(machine *fsm.FSM, from, to string) bool {
	machine.SetState(from)
	err := machine.Event(context.Background(), to)
	var none fsm.NoTransitionError
	return err == nil || errors.As(err, &none)
}

func (e *Edge) steps() bool { return e.Kind == Forward || e.Kind == Return || e.Kind == Maybe }

// learn takes what an edge into the row says of the state from.
func (a *answer) learn(e *Edge, from string) {
	switch {
	case e.From != from:
	case e.Kind == AsNote:
		a.note = e
	case e.Kind == Hint:
		a.hint |= e.Flag
	case e.When != nil:
		a.when = append(a.when, *e)
	default:
		a.flags |= e.Flag
	}
}

// states lists new and the rows.
func (r *region) states() []string {
	all := []string{domain.New}
	for _, row := range r.rows {
		all = append(all, row.State)
	}
	return all
}

// ends reports whether the state is final: no edge leads out of it, not counting credits, conditions and edges that
// the provider leaves open.
func (r *region) ends(state string) bool {
	for _, row := range r.rows {
		for _, e := range row.Edges {
			if e.From == state && !row.Credit && e.When == nil && (e.Kind == Forward || e.Kind == Return) {
				return false
			}
		}
	}
	return state != domain.New
}

// infer finds the path of a gap: at most one return, as its first step, then forward steps only, no aside row inside;
// the shortest, ties by row order.
func (r *region) infer(from, to string) {
	a := r.answers[pair{from, to}]
	if a.direct || from == to {
		return
	}
	type node struct {
		state string
		path  []string
	}
	seen := map[string]bool{from: true}
	for queue := []node{{from, nil}}; len(queue) > 0; queue = queue[1:] {
		here := queue[0]
		for _, row := range r.rows {
			if seen[row.State] || !row.enteredFrom(here.state, here.state == from) {
				continue
			}
			if row.State == to {
				a.via = here.path
				a.flags |= r.answers[pair{from, here.path[0]}].flags
				return
			}
			if !row.Aside {
				seen[row.State] = true
				queue = append(queue, node{row.State, append(here.path[:len(here.path):len(here.path)], row.State)})
			}
		}
	}
}

// enteredFrom reports whether an unconditional edge leads from the state here; returns count for first steps only.
func (r *Row) enteredFrom(state string, first bool) bool {
	for _, e := range r.Edges {
		if e.From == state && e.When == nil && (e.Kind == Forward || first && e.steps()) {
			return true
		}
	}
	return false
}

// hash covers everything the fold reads of the table, and nothing it does not.
func (t *Table) hash() string {
	h := sha256.New()
	fmt.Fprintln(h, foldVersion, t.Name, t.Prefix, t.DeliveryFirst, t.Reports)
	for _, r := range []domain.Region{domain.Status, domain.Delivery} {
		for _, row := range t.rows(r) {
			fmt.Fprintln(h, r, row.State, row.Phase, row.Aside, row.Credit, row.Keeps, row.Lasts, row.Leads)
			for _, e := range row.Edges {
				fmt.Fprintln(h, e.Kind, e.From, e.When, e.Flag)
			}
		}
	}
	for _, n := range t.Notes {
		fmt.Fprintln(h, n.Event, n.When, n.Flag)
	}
	for _, g := range t.Guards {
		fmt.Fprintln(h, g.Region, g.States, g.Leaving, &g.When, g.Flag)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
