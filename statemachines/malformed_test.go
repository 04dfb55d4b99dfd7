package statemachines

import (
	"strings"
	"testing"

	"giftline/domain"
)

// sound is a small table with nothing wrong in it.
func sound() Table {
	return Table{
		Name: "acme.parcel", Provider: "acme", Kind: "parcel", Revision: 1, Page: "https://acme.example/events", Prefix: "parcel.",
		Status: []Row{
			row("made", Preparing, "made", from(New)),
			row("held", Held, "held back", from("made"), aside),
			row("ended", Canceled, "ended", from("made", "held"), aside),
		},
		Delivery: []Row{
			row("sent", Shipping, "on its way", from(New)),
			row("lost", Failed, "gone", from("sent"), aside, lasts),
			row("found", Shipping, "there again", alsoWhen(in(Delivery, "lost").permanently(false), "lost")),
		},
		Notes:  []NoteRow{{Event: "parcel.weighed", Meaning: "weighed", When: ptr(in(Status, "ended")), Flag: AfterClaim}},
		Guards: []Guard{{Region: Delivery, States: []string{"sent"}, When: in(Status, "ended")}},
	}
}

func TestCompile_Sound(t *testing.T) {
	if _, err := Compile(sound()); err != nil {
		t.Fatal(err)
	}
}

// TestCompile_Malformed: a table with a mistake cannot start, and the message says where the mistake is.
func TestCompile_Malformed(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*Table)
		want  string // behind the machine's name
	}{
		{"no status rows", func(t *Table) { t.Status = nil }, "needs status rows"},
		{"no revision", func(t *Table) { t.Revision = 0 }, "a revision"},
		{"no page", func(t *Table) { t.Page = "" }, "the provider's page"},

		{"a state without a name", func(t *Table) { t.Status[1].State = "" }, `status row 1: state ""`},
		{"a state named new", func(t *Table) { t.Status[1].State = New }, `status row 1: state "new"`},
		{"a state twice", func(t *Table) { t.Status[2].State = "held" }, `status row 2: state "held" is empty, new, or stands twice`},
		{"a state in both regions", func(t *Table) { t.Delivery[1].State = "held" }, `delivery row 1: state "held" is empty, new, or stands twice`},
		{"no meaning", func(t *Table) { t.Status[1].Meaning = "" }, "status row held: has no meaning"},
		{"a status for good", func(t *Table) { t.Status[1].Lasts = true }, "status row held: lasts"},

		{"from a later row", edge(0, from("held")), "status row made: from names the later row held: use also"},
		{"from an unknown row", edge(1, from("packed")), `status row held: names "packed"`},
		{"also from an unknown row", edge(1, also("packed")), `status row held: names "packed"`},
		{"also from new", edge(1, also(New)), `status row held: names "new"`},
		{"from the other region", edge(1, from("sent")), `status row held: names "sent"`},
		{"from itself", edge(1, from("held")), "status row held: leads to itself"},
		{"the same edge twice", edge(1, from("made")), "status row held: names made twice"},
		{"a step and a note from one state", edge(1, noteIn(0, "made")), "status row held: names made twice"},
		{"nothing leads there", func(t *Table) { t.Status[1].Edges = nil }, "status row held: nothing leads there"},
		{"only a note leads there", func(t *Table) { t.Status[1].Edges[0].Kind = AsNote }, "status row held: nothing leads there"},
		{"only itself leads there", func(t *Table) {
			t.Status[1].Edges = []Edge{{Kind: Return, From: "ended"}}
			t.Status[2].Edges = []Edge{{From: "held"}}
		}, "status row held: nothing leads there"},

		{"a conditional edge with a flag", func(t *Table) { t.Delivery[2].Edges[0].Flag = NewOrder }, "delivery row found: flags a step from lost"},
		{"a condition on no state", edge(2, alsoWhen(Condition{Region: Delivery}, New)), "status row ended"},
		{"a condition on an unknown state", onCondition(in(Delivery, "gone")), `delivery row found: condition names "gone"`},
		{"a condition on an unknown region", onCondition(in("weather", "wet")), "delivery row found: condition"},
		{"for good where that is not kept", onCondition(in(Delivery, "sent").permanently(true)), "delivery row found: condition asks whether sent is for good"},

		{"a report of no row", report1(Report{"parcel.x", Status, "packed", false}), `report parcel.x: "packed" is no row of status`},
		{"a report of new", report1(Report{"parcel.x", Status, New, false}), `report parcel.x: "new" is no row`},
		{"a report of no region", report1(Report{"parcel.x", "weather", "", false}), `report parcel.x: the machine has no region "weather"`},
		{"a report without a name", report1(Report{"", Status, "made", false}), `report "": is empty`},
		{"a report twice", func(t *Table) {
			t.Reports = []Report{{"parcel.x", Status, "made", false}, {"parcel.x", Status, "held", false}}
		}, `report "parcel.x": is empty, or stands twice`},
		{"a row that nothing reports", func(t *Table) {
			t.Prefix = ""
			t.Reports = []Report{{"parcel.delivery", Delivery, "", false}}
		}, "status row made: no event reports it"},

		{"a note twice", func(t *Table) { t.Notes = append(t.Notes, t.Notes[0]) }, `note "parcel.weighed": is empty, stands twice`},
		{"a note that reports a state", func(t *Table) { t.Notes[0].Event = "parcel.sent" }, `note "parcel.sent"`},
		{"a note without a meaning", func(t *Table) { t.Notes[0].Meaning = "" }, "note parcel.weighed: has no meaning"},
		{"a note's flag without its condition", func(t *Table) { t.Notes[0].When = nil }, "note parcel.weighed: has a flag without a condition"},
		{"a note's condition without its flag", func(t *Table) { t.Notes[0].Flag = 0 }, "note parcel.weighed: has a flag without a condition"},
		{"a note's condition on an unknown state", func(t *Table) { t.Notes[0].When = ptr(in(Status, "wet")) }, `note parcel.weighed: condition names "wet"`},

		{"a guard on its own region", func(t *Table) { t.Guards[0].When = in(Delivery, "sent") }, "guard 1: must hold a region of the machine against the other one"},
		{"a guard of no region", func(t *Table) { t.Guards[0].Region = "weather" }, "guard 1: must hold a region"},
		{"a guard of an unknown row", func(t *Table) { t.Guards[0].States = []string{"made"} }, `guard 1: "made" is no row of delivery`},
		{"a guard against an unknown state", func(t *Table) { t.Guards[0].When = in(Status, "sent") }, `guard 1: condition names "sent"`},
		{"a guard against nothing", func(t *Table) { t.Guards[0].When = in(Status) }, "guard 1: condition"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := sound()
			tt.spoil(&table)
			_, err := Compile(table)
			if err == nil || !strings.HasPrefix(err.Error(), "machine acme.parcel: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want machine acme.parcel: … %s", err, tt.want)
			}
		})
	}
}

// edge adds to a status row.
func edge(i int, part func(*Row)) func(*Table) {
	return func(t *Table) { part(&t.Status[i]) }
}

// onCondition changes the condition on which a lost parcel is found.
func onCondition(c Condition) func(*Table) {
	return func(t *Table) { t.Delivery[2].Edges[0].When = &c }
}

func report1(r Report) func(*Table) {
	return func(t *Table) { t.Reports = []Report{r} }
}

// TestNewSet_OneMachineEach: two tables for the same kind of a provider would hide one another.
func TestNewSet_OneMachineEach(t *testing.T) {
	again := sound()
	again.Name = "acme.package"
	if _, err := NewSet(sound(), again); err == nil || !strings.Contains(err.Error(), "acme.package") {
		t.Errorf("got %v, want a refusal that names acme.package", err)
	}
}

// TestNewSet_NamesTheTable: one bad table spoils the set.
func TestNewSet_NamesTheTable(t *testing.T) {
	bad := sound()
	bad.Kind, bad.Name, bad.Page = domain.Gift, "acme.gift", ""
	if _, err := NewSet(sound(), bad); err == nil || !strings.Contains(err.Error(), "machine acme.gift") {
		t.Errorf("got %v, want a refusal that names acme.gift", err)
	}
}
