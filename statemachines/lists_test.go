package statemachines

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

var providers = []domain.Provider{domain.Sendoso, domain.Snappy, domain.Resend, domain.OpenSend}

// TestLists_EventTypes compares what the machines of a provider read with the types on the provider's page, as sets.
func TestLists_EventTypes(t *testing.T) {
	for _, p := range providers {
		t.Run(string(p), func(t *testing.T) {
			read := map[string]bool{}
			for _, m := range machinesOf(p) {
				for event := range m.reports {
					read[event] = true
				}
				for event := range m.notes {
					read[event] = true
				}
			}
			assertSameSet(t, listed(t, string(p)), keys(read))
		})
	}
}

// TestLists_NoTypeIsUnknown: every type on a provider's page is a state or a note on one of its machines.
func TestLists_NoTypeIsUnknown(t *testing.T) {
	for _, p := range providers {
		for _, event := range listed(t, string(p)) {
			if !readBySomeMachine(p, event) {
				t.Errorf("%s: no machine reads %s", p, event)
			}
		}
	}
}

// readBySomeMachine tries the type with each of the machine's states in the body, and without any.
func readBySomeMachine(p domain.Provider, event string) bool {
	for _, m := range machinesOf(p) {
		for _, r := range m.Regions() {
			for _, state := range append([]string{""}, m.regions[r].states()...) {
				e := domain.Event{Type: event, Target: state, Quality: domain.TimeExact}
				m.Read(&e)
				if e.Flags&domain.UnknownType == 0 && m.MeaningOf(&e) != "" {
					return true
				}
			}
		}
	}
	return false
}

// TestLists_States compares a region's rows with the provider's own list of states, as sets. Where the state is the
// event type's last part (Sendoso, e-mail), the types say it all.
func TestLists_States(t *testing.T) {
	files, err := filepath.Glob("testdata/lists/*.*.*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists of states: %v", err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			dot := strings.LastIndex(name, ".")
			m := machineNamed(t, name[:dot])
			assertSameSet(t, listed(t, name), m.regions[domain.Region(name[dot+1:])].states()[1:])
		})
	}
}

// TestLists_KnownByName: machines are found by what they track, and by nothing else.
func TestLists_KnownByName(t *testing.T) {
	for _, m := range All().All() {
		own := m.(*Machine).table
		if want := string(own.Provider) + "." + string(own.Kind); m.Name() != want {
			t.Errorf("%s should be named %s", m.Name(), want)
		}
		if found, ok := All().For(own.Provider, own.Kind); !ok || found != m {
			t.Errorf("%s is not found by its provider and kind", m.Name())
		}
	}
	if m, ok := All().For(domain.Sendoso, domain.Gift); ok || m != nil {
		t.Errorf("Sendoso tracks no gifts, but %v was found", m)
	}
}

func machinesOf(p domain.Provider) []*Machine {
	var found []*Machine
	for _, m := range All().All() {
		if m := m.(*Machine); m.table.Provider == p {
			found = append(found, m)
		}
	}
	return found
}

// listed reads a list: one word per line; a + before it and a reason behind it where the provider's list lacks it.
func listed(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/lists/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(strings.TrimPrefix(line, "+"))
		if len(fields) > 0 && !strings.HasPrefix(line, "#") {
			words = append(words, fields[0])
		}
	}
	return words
}

func assertSameSet(t *testing.T, want, got []string) {
	t.Helper()
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the list (-) and the tables (+) differ:\n%s", diff)
	}
}

func keys(set map[string]bool) []string {
	var all []string
	for k := range set {
		all = append(all, k)
	}
	return all
}
