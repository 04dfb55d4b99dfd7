package statemachines

import (
	"slices"
	"testing"

	"giftline/domain"
)

// TestExpiry spells out who waits for a recipient, and as which one wait.
func TestExpiry(t *testing.T) {
	t.Parallel()
	waits := map[string][][]string{
		"sendoso.send": {{"sent", "opened", "clicked"}, {"confirming_address"}},
		"snappy.gift":  {{"unopened", "unwrapped", "opened"}},
	}
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, row := range m.table.Status {
			w, ok := m.Expiry(row.State)
			i := slices.IndexFunc(waits[m.Name()], func(states []string) bool { return slices.Contains(states, row.State) })
			if ok != (i >= 0) || ok && (!slices.Equal(w.States, waits[m.Name()][i]) || w.Limit != *row.Limit || !w.Limit.Expires) {
				t.Errorf("%s waits: %v, %+v", row.State, ok, w)
			}
		}
		for _, row := range m.table.Delivery {
			if _, ok := m.Expiry(row.State); ok {
				t.Errorf("%s waits for a recipient", row.State)
			}
		}
		for _, state := range []string{New, "unheard-of", ""} {
			if _, ok := m.Expiry(state); ok {
				t.Errorf("%q waits for a recipient", state)
			}
		}
	})
}

// TestRaises spells out which states alarm as such.
func TestRaises(t *testing.T) {
	t.Parallel()
	email := map[string]domain.Rule{"bounced": RuleBounced, "failed": RuleFailed, "suppressed": RuleFailed, "complained": RuleComplained}
	want := map[string]map[string]domain.Rule{
		"sendoso.send": {
			"invalid_email_format": RuleFailed, "failed": RuleFailed, "bounced": RuleBounced, "expired": RuleExpired,
			"out_of_stock": RuleOutOfStock, "fulfillment_issue": RuleOutOfStock, "undeliverable": RuleUndeliverable,
		},
		"snappy.gift":     {"expired": RuleExpired, "out_of_stock": RuleOutOfStock},
		"snappy.product":  {"out_of_stock": RuleOutOfStock},
		"resend.email":    email,
		"opensend.email":  email,
		"resend.domain":   {"failed": RuleFailed},
		"opensend.domain": {"failed": RuleFailed},
	}
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, r := range m.Regions() {
			for _, state := range append(m.regions[r].states(), "unheard-of") {
				if got := m.Raises(r, state); got != want[m.Name()][state] {
					t.Errorf("%s raises %q, want %q", state, got, want[m.Name()][state])
				}
			}
		}
	})
}

// TestRaises_WhereItFailed: whatever fails or expires alarms, unless somebody wanted it so.
func TestRaises_WhereItFailed(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, r := range m.Regions() {
			for _, row := range m.regions[r].rows {
				if bad := row.Phase == Failed || row.Phase == Expired; bad && row.Raises == "" {
					t.Errorf("%s is %s and raises nothing", row.State, row.Phase)
				}
			}
		}
	})
}

func TestWarns(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, n := range m.table.Notes {
			if want := n.Event == "gift-notification-expiration-sent"; m.Warns(n.Event) != want {
				t.Errorf("%s warns: %v", n.Event, !want)
			}
		}
		for event := range m.reports {
			if m.Warns(event) {
				t.Errorf("%s warns, and reports a state", event)
			}
		}
		if m.Warns("unheard-of") {
			t.Error("what nobody knows warns")
		}
	})
}

// TestEnds spells out which statuses end a subject, wherever its delivery stands.
func TestEnds(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"sendoso.send":   {"invalid_email_format", "failed", "confirmation_canceled", "canceled", "bounced", "refunded"},
		"resend.email":   {"complained"},
		"opensend.email": {"complained"},
	}
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, state := range append(m.regions[Status].states(), "unheard-of") {
			if m.Ends(state) != slices.Contains(want[m.Name()], state) {
				t.Errorf("%s ends it: %v", state, m.Ends(state))
			}
		}
	})
}

func TestAlarms_Refused(t *testing.T) {
	t.Parallel()
	wait := waits(day, ours, "a day")
	for what, change := range map[string]func(*Table){
		"a rule that nobody knows":              func(t *Table) { raises("late")(&t.Status[0]) },
		"a rule about time":                     func(t *Table) { raises(domain.RuleStuck)(&t.Status[0]) },
		"a rule about a source":                 func(t *Table) { raises(domain.RuleQuiet)(&t.Status[0]) },
		"a wait of what does not wait":          func(t *Table) { t.Status[0].Phase = Preparing },
		"a wait in the delivery":                func(t *Table) { wait(&t.Delivery[0]) },
		"a wait without a reason":               func(t *Table) { t.Status[0].Limit.Why = "" },
		"a warning of what does not wait":       func(t *Table) { t.Status[0].Limit.Expires = false },
		"a wait in the delivery that does wait": func(t *Table) { wait(&t.Delivery[0]); t.Delivery[0].Phase = Waiting },
	} {
		table := alarming()
		if _, err := Compile(table); err != nil {
			t.Fatal(err)
		}
		change(&table)
		if _, err := Compile(table); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func alarming() Table {
	return Table{
		Name: "t", Revision: 1, Page: "p", Prefix: "x.", Notes: []NoteRow{{Event: "last", Meaning: "the last notice", Warns: true}},
		Status:   []Row{row("a", Waiting, "first", from(New), waits(day, ours, "a day"), raises(RuleFailed))},
		Delivery: []Row{row("b", Shipping, "second", from(New))},
	}
}

// TestHash_WithoutAlarms: what only alerts read is no part of the fold, so that no replica refolds because of it.
func TestHash_WithoutAlarms(t *testing.T) {
	t.Parallel()
	plain := alarming()
	plain.Status[0].Limit, plain.Status[0].Raises, plain.Notes[0].Warns = nil, "", false
	table := alarming()
	if got := table.hash(); got != plain.hash() {
		t.Errorf("the hash is %s with alarms, %s without", got, plain.hash())
	}
}

// TestView_Alarms: what the table says of alarms is shown.
func TestView_Alarms(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		v := m.View()
		for i, r := range m.Regions() {
			for j, row := range m.regions[r].rows {
				s := v.Regions[i].States[j]
				if (s.Raises == nil) != (row.Raises == "") || s.Raises != nil && *s.Raises != row.Raises {
					t.Errorf("%s raises %v", row.State, s.Raises)
				}
				if (s.Limit == nil) != (row.Limit == nil) || s.Limit != nil && s.Limit.Expires != row.Limit.Expires {
					t.Errorf("%s has the limit %+v", row.State, s.Limit)
				}
			}
		}
		for i, n := range m.table.Notes {
			if v.Notes[i].Warns != n.Warns {
				t.Errorf("%s warns: %v", n.Event, v.Notes[i].Warns)
			}
		}
	})
}
