package statemachines

import (
	"strings"
	"testing"

	"giftline/domain"
)

// crate is a table made to show what is read when, within one instant. Delivery ranks first.
func crate() Table {
	return Table{
		Name: "acme.crate", Provider: "acme", Kind: "crate", Revision: 1, Page: "https://acme.example/crates", Prefix: "crate.",
		DeliveryFirst: true,
		Delivery: []Row{
			row("packed", Fulfilling, "packed", from(New)),
			row("sealed", Fulfilling, "sealed, which needs to be packed", alsoWhen(in(Delivery, "packed"), "packed")),
			row("lost", Failed, "gone", from("packed"), aside, lasts),
			row("found", Shipping, "there again", from("lost")),
			row("mislaid", Failed, "gone again", from("found"), aside, lasts),
		},
		Status: []Row{
			row("ordered", Preparing, "ordered", from(New)),
			row("paid", Preparing, "paid, which a lost crate is not", from("ordered")),
			row("billed", Preparing, "billed, once packed", alsoWhen(in(Delivery, "packed"), "ordered")),
			row("praised", Completed, "praised", from(New, "ordered", "paid")),
		},
		Notes: []NoteRow{{Event: "crate.photo", Meaning: "a photo", When: ptr(in(Delivery, "packed")), Flag: AfterClaim}},
		Guards: []Guard{
			{Region: Status, States: []string{"paid"}, When: in(Delivery, "lost")},
			{Region: Status, States: []string{"praised"}, When: in(Delivery, New), Flag: DeliveredNotSeen},
		},
	}
}

// TestFold_WithinAnInstant tells what each rule reads: stories of a "before" and of one instant after it.
func TestFold_WithinAnInstant(t *testing.T) {
	m, err := Compile(crate())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, before, together, want string }{
		{"a guard reads what was held before", "ordered packed", "paid lost", "lost moved, paid moved"},
		{"and forbids from the next instant on", "ordered packed lost", "paid", "paid illegal"},
		{"a condition on the other region reads what was held before", "ordered", "billed packed", "packed moved, billed illegal"},
		{"and holds from the next instant on", "ordered packed", "billed", "billed moved"},
		{"a condition on the own region reads what is held now", "", "sealed packed", "packed moved, sealed moved"},
		{"a soft guard reads what is held now", "", "praised packed", "packed moved, praised moved"},
		{"and marks what came without", "", "praised", "praised moved +delivered_not_seen"},
		{"a note reads what is held now", "", "photo packed", "packed moved, photo note +after_claim"},
		{"illegal alone in its region is illegal", "packed paid", "ordered lost", "lost moved, ordered illegal"},
		{"illegal beside another report of its region is a note", "paid", "ordered praised", "ordered note +order_unknown, praised moved +delivered_not_seen"},
		{"also beside one that nobody knows the order of", "praised", "ordered paid", "ordered note +order_unknown, paid note +order_unknown"},
		{"the same state twice is a repeat, in any company", "ordered", "ordered ordered", "ordered repeat, ordered repeat"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			held := m.Start()
			for i, state := range strings.Fields(tt.before) {
				held = last(m.Fold(held, inOrder(m, crates(m, i, state)))).After
			}
			events := inOrder(m, crates(m, 100, strings.Fields(tt.together)...))
			if got := verdictsOf(events, m.Fold(held, events)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestFold_ForGood: a state that may be for good forgets it when it is left.
func TestFold_ForGood(t *testing.T) {
	m, err := Compile(crate())
	if err != nil {
		t.Fatal(err)
	}
	held := m.Start()
	for i, tt := range []struct {
		state string
		facts domain.Facts
		want  bool
	}{
		{"packed", domain.Permanent, false}, // a state that cannot be for good
		{"lost", 0, false},
		{"lost", domain.Permanent, true},
		{"lost", 0, true},
		{"ordered", domain.Permanent, true}, // the other region's business
		{"found", 0, false},
		{"mislaid", domain.Permanent, true},
	} {
		events := crates(m, i, tt.state)
		events[0].Facts = tt.facts
		held = last(m.Fold(held, inOrder(m, events))).After
		if held.Permanent != tt.want {
			t.Errorf("after %s (%d) for good is %v", tt.state, i, held.Permanent)
		}
	}
}

// crates are exact events of one time, one per state.
func crates(m *Machine, minute int, states ...string) []domain.Event {
	var events []domain.Event
	for i, state := range states {
		e := at(m, minute, "crate."+state, "")
		e.Fingerprint[0], e.Fingerprint[1] = byte(minute), byte(i)
		events = append(events, e)
	}
	return events
}

func last(outcomes []domain.Outcome) domain.Outcome { return outcomes[len(outcomes)-1] }

func verdictsOf(events []domain.Event, outcomes []domain.Outcome) string {
	var words []string
	for i, o := range outcomes {
		word := strings.TrimPrefix(events[i].Type, "crate.") + " " + string(o.Verdict)
		for _, flag := range o.Flags.Names() {
			word += " +" + flag
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
