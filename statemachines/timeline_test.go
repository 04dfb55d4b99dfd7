package statemachines

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"giftline/domain"
)

var nine = domain.InstantOf(time.Date(2025, 1, 15, 9, 0, 0, 0, time.UTC))

// at makes an exact event of a machine's subject, so many minutes past nine.
func at(m *Machine, minutes int, event, state string) domain.Event {
	s := subjectOf(m)
	return domain.Event{
		Subject: s, Type: event, Target: state, Quality: domain.TimeExact,
		At:          nine + domain.Instant(minutes)*60_000_000,
		Fingerprint: domain.FingerprintOf("test/1", s, event, state, time.Duration(minutes).String()),
	}
}

func TestFold_Nothing(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		got := Fold(m, nil)
		if got.Entries == nil || len(got.Entries) != 0 || got.Phase != nil || got.State.Status.State != domain.New {
			t.Errorf("the timeline of nothing is %s", asJSON(t, got))
		}
		if (got.State.Delivery != nil) != (len(m.Regions()) == 2) {
			t.Errorf("delivery is %v", got.State.Delivery)
		}
	})
}

// TestFold_LeavesItsInputAlone: neither order nor content of the caller's events changes.
func TestFold_LeavesItsInputAlone(t *testing.T) {
	m := machineNamed(t, "snappy.gift")
	events := []domain.Event{at(m, 5, "gift-status-changed", "claimed"), at(m, 0, "order-canceled", "")}
	before := slices.Clone(events)
	Fold(m, events)
	if !slices.Equal(events, before) {
		t.Errorf("Fold changed its input to %+v", events)
	}
}

// TestFold_TheEarliestCopyStands: copies of one fingerprint with different times count once, at the earliest.
func TestFold_TheEarliestCopyStands(t *testing.T) {
	m := machineNamed(t, "opensend.email")
	second, first := at(m, 10, "email.sent", ""), at(m, 10, "email.sent", "")
	first.At = nine
	for _, events := range [][]domain.Event{{second, first}, {first, second}} {
		got := Fold(m, events)
		if len(got.Entries) != 1 || got.Entries[0].At != nine {
			t.Errorf("the copies became %s", asJSON(t, got.Entries))
		}
	}
}

// TestFold_Attributes: each comes from the canonically last event that carries it, whatever its verdict.
func TestFold_Attributes(t *testing.T) {
	m := machineNamed(t, "snappy.gift")
	first, last, illegal := at(m, 0, "gift-status-changed", "opened"), at(m, 1, "gift-status-changed", "claimed"), at(m, 2, "gift-status-changed", "expired")
	first.Attributes = domain.Attributes{CompanyID: "com_1", Reference: "REF-1", Metadata: `{"a":"1"}`}
	last.Attributes = domain.Attributes{Reference: "REF-2"}
	illegal.Attributes = domain.Attributes{Metadata: `{"a":"2"}`}
	got := Fold(m, []domain.Event{illegal, last, first}).Subject
	if *got.CompanyID != "com_1" || *got.Reference != "REF-2" || got.Recipient != nil || string(got.Metadata) != `{"a":"2"}` {
		t.Errorf("the subject is shown as %s", asJSON(t, got))
	}
}

// TestFold_ReportedIsTheLastSaid, illegal or unknown as it may be; since is when the state was entered, not repeated.
func TestFold_ReportedIsTheLastSaid(t *testing.T) {
	m := machineNamed(t, "snappy.gift")
	got := Fold(m, []domain.Event{
		at(m, 0, "gift-status-changed", "claimed"), at(m, 5, "gift-status-changed", "claimed"),
		at(m, 6, "gift-status-changed", "expired"), at(m, 7, "gift-status-changed", "vanished"), at(m, 8, "thank-you-note-created", ""),
	})
	s := got.State.Status
	if s.State != "claimed" || *s.Since != nine || *s.Reported != "vanished" || !s.Final {
		t.Errorf("the status is shown as %s", asJSON(t, s))
	}
	if got.Counts != (domain.Counts{Events: 5, Illegal: 2}) {
		t.Errorf("counted %+v", got.Counts)
	}
}

// TestFold_KnowsNothingOfArrival: no entry carries facts about arrival, which are not the fold's.
func TestFold_KnowsNothingOfArrival(t *testing.T) {
	m := machineNamed(t, "snappy.gift")
	for _, e := range Fold(m, []domain.Event{at(m, 0, "gift-status-changed", "claimed")}).Entries {
		if e.Received != nil || e.Data != nil {
			t.Errorf("the entry is %s", asJSON(t, e))
		}
	}
}

// TestFold_JSON fixes the fields and their order, by which two stores are compared.
func TestFold_JSON(t *testing.T) {
	m := machineNamed(t, "snappy.gift")
	b, err := json.MarshalIndent(Fold(m, []domain.Event{
		at(m, 0, "gift-status-changed", "opened"), at(m, 1, "gift-delivery-status-changed", "processing"),
		at(m, 2, "gift-status-changed", "expired"), at(m, 3, "gift-notification-reminder-sent", ""),
	}), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/timeline.json", string(b)+"\n")
}
