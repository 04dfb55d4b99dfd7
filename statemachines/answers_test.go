package statemachines

import (
	"slices"
	"testing"

	"giftline/domain"
)

// TestAnswers_AgreeWithTheRows reads every pair of states off the rows in the plainest way, and compares: looplab/fsm
// and the search for gaps must have come to the same.
func TestAnswers_AgreeWithTheRows(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, name := range m.Regions() {
			r := m.regions[name]
			for _, from := range r.states() {
				for i := range r.rows {
					assertAnswer(t, r, from, &r.rows[i])
				}
			}
		}
	})
}

func assertAnswer(t *testing.T, r *region, from string, to *Row) {
	t.Helper()
	a := r.answers[pair{from, to.State}]
	if direct := to.ledFrom(from, true); a.direct != direct {
		t.Errorf("%s -> %s: direct is %v, the row says %v", from, to.State, a.direct, direct)
	}
	var want []string
	if !a.direct && from != to.State {
		want = r.shortest(r.pathsTo(to, from, nil))
	}
	if !slices.Equal(a.via, want) {
		t.Errorf("%s -> %s: a gap via %v, the rows say via %v", from, to.State, a.via, want)
	}
}

// pathsTo lists every way from here to the row: any step first, then forward ones, nothing aside or twice between.
func (r *region) pathsTo(to *Row, here string, via []string) [][]string {
	var all [][]string
	for i := range r.rows {
		row := &r.rows[i]
		if !row.ledFrom(here, len(via) == 0) {
			continue
		}
		if row.State == to.State {
			all = append(all, via)
		} else if !row.Aside && !slices.Contains(via, row.State) {
			all = append(all, r.pathsTo(to, row.State, append(slices.Clone(via), row.State))...)
		}
	}
	return all
}

// shortest picks the path with the fewest steps; of equals, the one whose rows stand first.
func (r *region) shortest(paths [][]string) []string {
	if len(paths) == 0 {
		return nil
	}
	return slices.MinFunc(paths, func(a, b []string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.CompareFunc(a, b, func(x, y string) int { return r.index[x] - r.index[y] })
	})
}

// TestAnswers_FinalHasNoWayOut: final is what nothing leads out of but credits, conditions and open questions; new
// never is.
func TestAnswers_FinalHasNoWayOut(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, name := range m.Regions() {
			r := m.regions[name]
			for _, state := range r.states() {
				final := state != domain.New
				for _, row := range r.rows {
					for _, e := range row.Edges {
						open := e.Kind == Maybe || e.When != nil || row.Credit
						if e.From == state && e.steps() && !open {
							final = false
						}
					}
				}
				if m.Final(name, state) != final {
					t.Errorf("%s is final: %v", state, !final)
				}
			}
		}
	})
}

// TestAnswers_Finals names them, because much hangs on them.
func TestAnswers_Finals(t *testing.T) {
	for _, tt := range []struct {
		machine string
		region  domain.Region
		want    []string
	}{
		{"sendoso.send", Status, []string{"blocked", "email_blacklist", "redeemed", "invalid_email_format", "failed",
			"confirmation_canceled", "canceled", "bounced", "expired", "refunded"}},
		{"sendoso.send", Delivery, []string{"undeliverable", "delivered"}},
		{"snappy.gift", Status, []string{"claimed", "expired"}},
		{"snappy.gift", Delivery, []string{"delivered"}},
		{"snappy.product", Status, []string{"discontinued"}},
		{"resend.email", Delivery, []string{"bounced", "failed", "suppressed", "canceled"}},
		{"resend.email", Status, []string{"complained"}},
		{"resend.contact", Status, []string{"deleted"}},
		{"opensend.domain", Status, []string{"deleted"}},
		{"resend.suppression", Status, nil},
	} {
		m := machineNamed(t, tt.machine)
		var got []string
		for _, state := range m.regions[tt.region].states() {
			if m.Final(tt.region, state) {
				got = append(got, state)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s, %s: final are %v, want %v", tt.machine, tt.region, got, tt.want)
		}
	}
}

// TestAnswers_EveryStateIsReached: walking from the start by single exact events enters every state of every region,
// and says for good wherever that may be said.
func TestAnswers_EveryStateIsReached(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		reached := m.reached()
		for _, r := range m.Regions() {
			for _, h := range m.holdings(r) {
				if !slices.ContainsFunc(reached, func(s domain.State) bool {
					return s.In(r) == h.state && s.Permanent == h.permanent
				}) {
					t.Errorf("%s: nothing leads to %s", r, h)
				}
			}
		}
	})
}

// TestAnswers_PhasesOfReachedStates: whatever can be reached has a phase, once a region has left new; the small kinds
// have none.
func TestAnswers_PhasesOfReachedStates(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, s := range m.reached() {
			if want := len(m.Regions()) == 2 && s != m.Start(); (s.Phase != domain.NoPhase) != want {
				t.Errorf("%+v", s)
			}
		}
	})
}

// reached lists the states that single events lead to from the start, and from there on.
func (m *Machine) reached() []domain.State {
	all := []domain.State{m.Start()}
	for i := 0; i < len(all); i++ {
		for _, r := range m.Regions() {
			for _, said := range m.reportsIn(r) {
				for _, facts := range []domain.Facts{0, domain.Permanent} {
					e := domain.Event{Type: said.event, Target: said.state, Quality: domain.TimeExact, Facts: facts}
					m.Read(&e)
					after := m.Fold(all[i], []domain.Event{e})[0].After
					if !slices.Contains(all, after) {
						all = append(all, after)
					}
				}
			}
		}
	}
	return all
}
