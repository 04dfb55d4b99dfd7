package statemachines

import (
	"testing"

	"giftline/domain"
)

// TestRead_RanksFollowTheRows: both regions' rows in one list, each update behind the other reports of its row, then
// notes and unknown types, then unknown states.
func TestRead_RanksFollowTheRows(t *testing.T) {
	for _, tt := range []struct {
		machine string
		order   []domain.Event // in rising rank; an equal rank is marked by same
	}{
		{"snappy.gift", []domain.Event{
			{Type: "gift-status-changed", Target: "unopened"},
			{Type: "gift-status-changed", Target: "unwrapped"},
			{Type: "gift-status-changed", Target: "expired"},
			{Type: "gift-delivery-status-changed", Target: "orderReceived"},
			{Type: "order-out-of-stock"},
			{Type: "gift-delivery-status-changed", Target: "inTransit"},
			{Type: "order-canceled"},
			{Type: "thank-you-note-created"},
			{Type: "gift-status-changed", Target: "unheard-of"},
		}},
		{"sendoso.send", []domain.Event{{Type: "send.initiated"}, {Type: "send.refunded"}, {Type: "send.order_received"}, {Type: "send.delivered"}, {Type: "send.unheard-of"}}},
		{"resend.email", []domain.Event{{Type: "email.scheduled"}, {Type: "email.delivered"}, {Type: "email.canceled"}, {Type: "email.opened"}, {Type: "email.complained"}, {Type: "email.unheard-of"}}},
		{"resend.contact", []domain.Event{{Type: "contact.created"}, {Type: "contact.updated"}, {Type: "contact.deleted"}, {Type: "contact.unheard-of"}}},
		{"opensend.domain", []domain.Event{
			{Type: "domain.created", Target: "pending"},
			{Type: "domain.updated", Target: "pending"},
			{Type: "domain.created", Target: "verified"},
			{Type: "domain.deleted", Target: "pending"},
			{Type: "domain.unheard-of"},
			{Type: "domain.updated", Target: "unheard-of"},
		}},
	} {
		m := machineNamed(t, tt.machine)
		last := -1
		for _, e := range tt.order {
			m.Read(&e)
			if e.Rank <= last {
				t.Errorf("%s: %s %s has rank %d, not above %d", tt.machine, e.Type, e.Target, e.Rank, last)
			}
			last = e.Rank
		}
	}
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, machine  string
		event          domain.Event
		region         domain.Region
		target         string
		flags          domain.Flags
		meaningIsKnown bool
	}{
		{"the state is in the type", "sendoso.send", domain.Event{Type: "send.shipped"}, Delivery, "shipped", 0, true},
		{"the state is in the body", "snappy.gift", domain.Event{Type: "gift-status-changed", Target: "claimed"}, Status, "claimed", 0, true},
		{"the type has a state of ours", "snappy.gift", domain.Event{Type: "order-canceled"}, Delivery, "canceled", 0, true},
		{"a deleted domain, whatever its status", "resend.domain", domain.Event{Type: "domain.deleted", Target: "verified"}, Status, "deleted", 0, true},
		{"a misspelt type", "resend.email", domain.Event{Type: "email.delivered_delayed"}, Delivery, "delivery_delayed", 0, true},
		{"only Resend misspelt it", "opensend.email", domain.Event{Type: "email.delivered_delayed"}, domain.NoRegion, "", domain.UnknownType, false},
		{"a note", "snappy.gift", domain.Event{Type: "thank-you-note-created", Target: "stray"}, domain.NoRegion, "", 0, true},
		{"an unknown type", "sendoso.send", domain.Event{Type: "send.teleported"}, domain.NoRegion, "", domain.UnknownType, false},
		{"another kind's type", "resend.email", domain.Event{Type: "email.received"}, domain.NoRegion, "", domain.UnknownType, false},
		{"an unknown state", "snappy.gift", domain.Event{Type: "gift-status-changed", Target: "Claimed"}, Status, "Claimed", 0, false},
		{"new is no state to report", "snappy.gift", domain.Event{Type: "gift-status-changed", Target: "new"}, Status, "new", 0, false},
		{"the other region's state", "snappy.gift", domain.Event{Type: "gift-status-changed", Target: "delivered"}, Status, "delivered", 0, false},
		{"no state where one belongs", "snappy.gift", domain.Event{Type: "gift-status-changed"}, domain.NoRegion, "", 0, false},
		{"a note that an older version did not know", "snappy.gift", domain.Event{Type: "thank-you-note-created", Flags: domain.UnknownType}, domain.NoRegion, "", 0, true},
		{"a report that an older version did not know", "sendoso.send", domain.Event{Type: "send.shipped", Flags: domain.UnknownType}, Delivery, "shipped", 0, true},
		{"remarks of the parser stay", "resend.email", domain.Event{Type: "email.bounced", Flags: domain.Suppressed}, Delivery, "bounced", domain.Suppressed, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, e := machineNamed(t, tt.machine), tt.event
			m.Read(&e)
			if e.Region != tt.region || e.Target != tt.target || e.Flags != tt.flags || (m.MeaningOf(&e) != "") != tt.meaningIsKnown {
				t.Errorf("read as %q of %q, flags %v, meaning %q", e.Target, e.Region, e.Flags.Names(), m.MeaningOf(&e))
			}
			again := e
			if m.Read(&again); again != e {
				t.Errorf("read again it is %+v instead of %+v", again, e)
			}
		})
	}
}

// TestRead_StatesAreIllegalUntilKnown: what cannot be a state of the region is illegal from any state, new included.
func TestRead_StatesAreIllegalUntilKnown(t *testing.T) {
	m := machineNamed(t, "snappy.gift")
	for _, target := range []string{"new", "Claimed", "delivered", "claimed ", "\x00", "née"} {
		e := domain.Event{Type: "gift-status-changed", Target: target, Quality: domain.TimeMissing}
		m.Read(&e)
		if o := m.Fold(m.Start(), []domain.Event{e})[0]; o.Reason != domain.UnknownState || o.After != m.Start() {
			t.Errorf("%q is %s %s", target, o.Verdict, o.Reason)
		}
	}
}
