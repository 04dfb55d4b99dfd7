package statemachines

import (
	"strings"
	"testing"

	"giftline/domain"
)

// The files spec_*_test.go say once more, apart from the tables and line by line in the order of the providers' pages
// as we read them, what leads where. A table that has more or fewer steps than these lines fails.

// step is a line: every one of the states before the arrow leads to every one behind it. Words in brackets are flags.
type step struct {
	line string
	why  string
}

// assertSteps checks that, while the other region is new, the steps of a region are exactly those of the lines.
func assertSteps(t *testing.T, m *Machine, r domain.Region, steps []step) {
	t.Helper()
	want := map[pair]string{}
	for _, s := range steps {
		for p, flags := range s.pairs(t) {
			if _, twice := want[p]; twice {
				t.Errorf("%s -> %s is said twice", p.from, p.to)
			}
			want[p] = "moved" + flags
		}
	}
	for _, from := range m.regions[r].states() {
		for _, to := range m.regions[r].states()[1:] {
			got := m.says(r, from, to, domain.New)
			expected, listed := want[pair{from, to}]
			if listed && got != expected {
				t.Errorf("%s -> %s is %s, want %s", from, to, got, expected)
			}
			if !listed && strings.HasPrefix(got, "moved") {
				t.Errorf("%s -> %s is %s, though no line says so", from, to, got)
			}
			delete(want, pair{from, to})
		}
	}
	for p := range want {
		t.Errorf("%s -> %s: no such states in %s", p.from, p.to, r)
	}
}

// pairs takes a line apart.
func (s step) pairs(t *testing.T) map[pair]string {
	t.Helper()
	line, flags, _ := strings.Cut(s.line, "[")
	before, after, ok := strings.Cut(line, "->")
	if !ok {
		t.Fatalf("%q is no step", s.line)
	}
	marks := ""
	for _, flag := range strings.Fields(strings.TrimSuffix(flags, "]")) {
		marks += " +" + flag
	}
	all := map[pair]string{}
	for _, from := range strings.Fields(before) {
		for _, to := range strings.Fields(after) {
			all[pair{from, to}] = marks
		}
	}
	return all
}

// says is the verdict on a report of one region while from is held in it and beside in the other one. "for good"
// behind a state stands for its lasting form.
func (m *Machine) says(r domain.Region, from, to, beside string) string {
	if len(m.Regions()) == 1 {
		beside = ""
	}
	return m.verdictOn(m.holdingBoth(r, holdingOf(from), holdingOf(beside)), report{event: eventOf(m, r, to), state: to})
}

func holdingOf(words string) holding {
	state, permanent := strings.CutSuffix(words, " for good")
	return holding{state, permanent}
}

// ruling is a verdict on reports while something is held in either region.
type ruling struct {
	region   domain.Region
	held     string // states of the region
	beside   string // states of the other region
	reported string
	want     string
	why      string
}

// assertRulings checks every combination that a line names.
func assertRulings(t *testing.T, m *Machine, rulings []ruling) {
	t.Helper()
	for _, r := range rulings {
		for _, held := range listOf(r.held) {
			for _, beside := range listOf(r.beside) {
				for _, to := range listOf(r.reported) {
					if got := m.says(r.region, held, to, beside); got != r.want {
						t.Errorf("%s -> %s beside %s is %s, want %s (%s)", held, to, beside, got, r.want, r.why)
					}
				}
			}
		}
	}
}

// listOf parts words at commas if there are any (for states "for good"), else at spaces.
func listOf(words string) []string {
	if !strings.Contains(words, ",") {
		return strings.Fields(words)
	}
	var parts []string
	for _, part := range strings.Split(words, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
