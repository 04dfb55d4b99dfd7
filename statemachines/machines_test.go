package statemachines

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

const machinesFile = "testdata/machines.txt"

// TestMachines holds every machine against the revision and hash last recorded. A table, or the fold, that changes
// without a new revision would let two versions of Giftline fight over the same subjects.
func TestMachines(t *testing.T) {
	known := recordedMachines(t)
	rows := [][]string{}
	for _, m := range All().All() {
		rows = append(rows, []string{m.Name(), strconv.Itoa(m.Revision()), m.Hash()})
		if was, ok := known[m.Name()]; ok {
			assertRaised(t, m.Name(), was, recorded{m.Revision(), m.Hash()})
		}
	}
	if !t.Failed() {
		golden(t, machinesFile, "# name, revision, hash: raise Revision in the table whenever the hash changes.\n"+table(rows))
	}
}

type recorded struct {
	revision int
	hash     string
}

func assertRaised(t *testing.T, name string, was, is recorded) {
	t.Helper()
	switch {
	case is.revision < was.revision:
		t.Errorf("%s: revision %d is lower than the recorded %d", name, is.revision, was.revision)
	case is.hash != was.hash && is.revision == was.revision:
		t.Errorf("%s: its hash changed from %s to %s while its revision stayed %d.\n"+
			"Raise Revision in its table, then: go test -update .\n"+
			"(A machine that no release has had yet may instead lose its line in %s.)", name, was.hash, is.hash, is.revision, machinesFile)
	case is.hash == was.hash && is.revision != was.revision:
		t.Errorf("%s: its revision was raised to %d, but nothing that the fold reads has changed", name, is.revision)
	}
}

func recordedMachines(t *testing.T) map[string]recorded {
	t.Helper()
	text, err := os.ReadFile(machinesFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := map[string]recorded{}
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		revision, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatalf("%s: %v", machinesFile, err)
		}
		known[words[0]] = recorded{revision, words[2]}
	}
	return known
}

// TestMachines_Hash: what the fold reads is in the hash, what it does not read is not.
func TestMachines_Hash(t *testing.T) {
	base := func() Table {
		return Table{
			Name: "t", Revision: 1, Page: "p", Prefix: "x.",
			Status:   []Row{row("a", NoPhase, "first", from(New)), row("b", NoPhase, "second", from("a"))},
			Delivery: []Row{row("c", NoPhase, "third", from(New))},
			Notes:    []NoteRow{{Event: "n", Meaning: "a note"}},
			Guards:   []Guard{{Region: Status, When: in(Delivery, "c")}},
		}
	}
	same := map[string]func(*Table){
		"a meaning":        func(t *Table) { t.Status[0].Meaning = "the first" },
		"the page":         func(t *Table) { t.Page = "https://example.com" },
		"a note's meaning": func(t *Table) { t.Notes[0].Meaning = "a remark" },
		"an absence":       func(t *Table) { t.Absences = []Absence{{From: "a", Means: "lost"}} },
		"a silence":        func(t *Table) { t.Silences = []Silence{{While: []Condition{in(Status, "a")}, Means: "waits"}} },
		"the lateness":     func(t *Table) { t.Lateness = "a day" },
		"a dwell limit":    func(t *Table) { within(day, ours, "try")(&t.Status[0]) },
	}
	other := map[string]func(*Table){
		"a state":           func(t *Table) { t.Status[1].State = "bb" },
		"a phase":           func(t *Table) { t.Status[1].Phase = Held },
		"an edge":           func(t *Table) { t.Status[1].Edges[0].From = New },
		"an edge's kind":    func(t *Table) { t.Status[1].Edges[0].Kind = Maybe },
		"an edge's flag":    func(t *Table) { t.Status[1].Edges[0].Flag = NewOrder },
		"a condition":       func(t *Table) { c := in(Delivery, "c"); t.Status[1].Edges[0].When = &c },
		"aside":             func(t *Table) { t.Status[1].Aside = true },
		"credit":            func(t *Table) { t.Status[1].Credit = true },
		"keeps":             func(t *Table) { t.Status[1].Keeps = true },
		"leads":             func(t *Table) { t.Status[1].Leads = true },
		"lasts":             func(t *Table) { t.Delivery[0].Lasts = true },
		"the prefix":        func(t *Table) { t.Prefix = "y." },
		"the order":         func(t *Table) { t.DeliveryFirst = true },
		"a report":          func(t *Table) { t.Reports = []Report{{Event: "r", Region: Status, State: "a"}} },
		"a note":            func(t *Table) { t.Notes[0].Event = "m" },
		"a guard's flag":    func(t *Table) { t.Guards[0].Flag = NewOrder },
		"a guard's states":  func(t *Table) { t.Guards[0].States = []string{"b"} },
		"a guard's leaving": func(t *Table) { t.Guards[0].Leaving = true },
		"a guard's when":    func(t *Table) { t.Guards[0].When = notIn(Delivery, "c") },
	}
	plain := base()
	for what, change := range same {
		if changed := base(); func() string { change(&changed); return changed.hash() }() != plain.hash() {
			t.Errorf("%s changes the hash, though the fold does not read it", what)
		}
	}
	for what, change := range other {
		if changed := base(); func() string { change(&changed); return changed.hash() }() == plain.hash() {
			t.Errorf("%s does not change the hash", what)
		}
	}
}
