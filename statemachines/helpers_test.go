package statemachines

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

var update = flag.Bool("update", false, "rewrite README.md and the expectations under testdata")

// golden compares with a file, or writes it under -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test -update .)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what the tables say now; if that is meant: go test -update .\n%s", path, diff)
	}
}

// everyMachine runs a test on each machine under its name.
func everyMachine(t *testing.T, test func(*testing.T, *Machine)) {
	for _, m := range All().All() {
		t.Run(m.Name(), func(t *testing.T) {
			t.Parallel()
			test(t, m.(*Machine))
		})
	}
}

func machineNamed(t testing.TB, name string) *Machine {
	t.Helper()
	for _, m := range All().All() {
		if m.Name() == name {
			return m.(*Machine)
		}
	}
	t.Fatalf("there is no machine %q", name)
	return nil
}

// subjectOf is the one subject that a test tells of.
func subjectOf(m *Machine) domain.Subject {
	return domain.Subject{Provider: m.table.Provider, Kind: m.table.Kind, ID: "subject-1"}
}

// eventOf gives the event type that a state is best known by: the one named after it, else one that reports no other
// state, else the first.
func eventOf(m *Machine, r domain.Region, state string) string {
	types := m.eventsOf(r, state)
	best := types[0]
	for _, event := range types {
		switch {
		case event == m.table.Prefix+state:
			return event
		case m.reports[event].State == state && m.reports[best].State == "":
			best = event
		}
	}
	return best
}

// timelineJSON is what must be the same to the byte, whatever the order of arrival.
func timelineJSON(t interface{ Fatal(...any) }, m domain.Machine, events []domain.Event) string {
	return asJSON(t, Fold(m, events))
}

func asJSON(t interface{ Fatal(...any) }, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// table aligns rows of cells in columns.
func table(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = w.Write([]byte(strings.Join(row, "\t") + "\n"))
	}
	_ = w.Flush()
	return trimLines(b.String())
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
