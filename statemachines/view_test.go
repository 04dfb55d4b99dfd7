package statemachines

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"giftline/domain"
)

// TestView_SaysWhatTheTableSays: every row is there with its steps, its events and its marks.
func TestView_SaysWhatTheTableSays(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		v := m.View()
		if v.Name != m.Name() || v.Hash != m.Hash() || v.Revision != m.Revision() || v.Page != m.table.Page ||
			v.Provider != m.table.Provider || v.Kind != m.table.Kind {
			t.Errorf("the view is of %+v", v)
		}
		if len(v.Regions) != len(m.Regions()) || len(v.Notes) != len(m.table.Notes) || len(v.Guards) != len(m.table.Guards) {
			t.Fatalf("%d regions, %d notes, %d guards", len(v.Regions), len(v.Notes), len(v.Guards))
		}
		for i, r := range m.Regions() {
			assertRegionView(t, m.regions[r], v.Regions[i])
		}
	})
}

func assertRegionView(t *testing.T, r *region, v domain.RegionView) {
	t.Helper()
	if v.Region != r.name || len(v.States) != len(r.rows) {
		t.Fatalf("%s shows %d states of %d", v.Region, len(v.States), len(r.rows))
	}
	for i, s := range v.States {
		row := &r.rows[i]
		if s.State != row.State || s.Meaning != row.Meaning || s.Aside != row.Aside || s.Final != r.final[row.State] || len(s.Events) == 0 {
			t.Errorf("%s is shown as %+v", row.State, s)
		}
		if (s.Phase == nil) != (row.Phase == NoPhase) || s.Phase != nil && *s.Phase != row.Phase {
			t.Errorf("%s has the phase %v", row.State, s.Phase)
		}
		steps := slices.Clone(s.From)
		for _, e := range s.Also {
			steps = append(steps, e.From)
		}
		for _, e := range row.Edges {
			if e.steps() != slices.Contains(steps, e.From) {
				t.Errorf("%s shows the steps %v", row.State, steps)
			}
		}
	}
}

// TestView_Words spells out some rows, as /machines shows them.
func TestView_Words(t *testing.T) {
	for _, tt := range []struct{ machine, want string }{
		{"snappy.gift", `{"from":"outForDelivery","ambiguous":true,"flag":"delivery_attempt_failed"}`},
		{"snappy.gift", `{"from":"canceled","ambiguous":false,"flag":"new_order"}`},
		{"opensend.email", `{"from":"bounced","ambiguous":false,"when":"delivery is bounced, not permanently"}`},
		{"snappy.gift", `{"event":"thank-you-note-created","meaning":"the recipient wrote a thank-you note","warns":false}`},
		{"snappy.gift", `{"region":"status","states":["expired"],"when":"delivery is not new","then":"illegal"}`},
		{"snappy.gift", `"when":"status is unopened or unwrapped or opened","then":"flag claim_not_seen"}`},
		{"sendoso.send", `"when":"delivery is new and status is confirming_address","then":"flag address_confirmed_assumed"}`},
		{"resend.contact", `"events":["contact.created","contact.updated"],"phase":null,"meaning":"on the list","final":false,"aside":false,"from":["new"],"also":[],"limit":null`},
		{"sendoso.send", `"limit":{"seconds":604800,"documented":true,"why":"support article 360040657752: 2 to 7 business days, then it is canceled or sent anyway","expires":true}`},
		{"snappy.gift", `"limit":{"seconds":172800,"documented":false,"why":"it was expected to arrive on that day","expires":false}`},
	} {
		if got := asJSON(t, machineNamed(t, tt.machine).View()); !strings.Contains(got, tt.want) {
			t.Errorf("%s lacks %s in\n%s", tt.machine, tt.want, got)
		}
	}
}

// TestView_HasNoNulls: lists are empty, never null, for those who loop over them.
func TestView_HasNoNulls(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		var loose map[string]any
		if err := json.Unmarshal([]byte(asJSON(t, m.View())), &loose); err != nil {
			t.Fatal(err)
		}
		if found := nullIn(loose, ""); found != "" {
			t.Errorf("%s is null", found)
		}
	})
}

// nullIn names the first null, but those of what not every state has: a phase, a limit and a rule.
func nullIn(v any, path string) string {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if found := nullIn(value, path+"."+key); found != "" && key != "phase" && key != "limit" && key != "raises" {
				return found
			}
		}
	case []any:
		for _, value := range v {
			if found := nullIn(value, path); found != "" {
				return found
			}
		}
	case nil:
		return path
	}
	return ""
}

var (
	node  = regexp.MustCompile(`(?m)^    (\w+): (\w+)$`)
	arrow = regexp.MustCompile(`(?m)^    (\S+) --> (\S+?)(: .+)?$`)
)

// TestMermaid_DrawsTheTable: a node per state, an arrow per step, and nothing that leads from or to nowhere.
func TestMermaid_DrawsTheTable(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		drawing, nodes := m.Mermaid(), map[string]bool{"[*]": true}
		for _, n := range node.FindAllStringSubmatch(drawing, -1) {
			nodes[n[1]] = true
		}
		states, steps := 0, 0
		for _, r := range m.regions {
			states += len(r.states())
			steps++ // to new
			for _, row := range r.rows {
				if r.final[row.State] {
					steps++
				}
				for _, e := range row.Edges {
					if e.steps() {
						steps++
					}
				}
			}
		}
		arrows := arrow.FindAllStringSubmatch(drawing, -1)
		if len(nodes)-1 != states || len(arrows) != steps {
			t.Errorf("%d nodes for %d states, %d arrows for %d steps", len(nodes)-1, states, len(arrows), steps)
		}
		for _, a := range arrows {
			if !nodes[a[1]] || !nodes[a[2]] {
				t.Errorf("%s leads from or to nowhere", a[0])
			}
		}
	})
}
