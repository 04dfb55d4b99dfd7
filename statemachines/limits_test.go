package statemachines

import (
	"slices"
	"testing"
	"time"

	"giftline/domain"
)

// unlimited are the states that may last for ever though something may follow: nobody waits there.
var unlimited = map[string][]string{
	"sendoso.send":         {"redeemed", "invalid_email_format", "failed", "confirmation_canceled", "canceled", "bounced", "expired"},
	"snappy.gift":          {"canceled"},
	"snappy.product":       {"in_stock", "stocked_on_demand", "out_of_stock"},
	"resend.email":         {"scheduled", "delivered", "opened", "clicked", "bounced"},
	"opensend.email":       {"scheduled", "delivered", "opened", "clicked", "bounced"},
	"resend.contact":       {"active"},
	"opensend.contact":     {"active"},
	"resend.domain":        {"verified", "failed", "partially_verified", "partially_failed"},
	"opensend.domain":      {"verified", "failed", "partially_verified", "partially_failed"},
	"resend.suppression":   {"added", "removed"},
	"opensend.suppression": {"added", "removed"},
}

// TestLimits: wherever a subject may get stuck, there is a limit; and nowhere is one that nobody could act on.
func TestLimits(t *testing.T) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		for _, name := range m.Regions() {
			for _, row := range m.regions[name].rows {
				limit, ok := m.Limit(name, row.State)
				free := slices.Contains(unlimited[m.Name()], row.State)
				switch {
				case !ok && !free && !m.Final(name, row.State):
					t.Errorf("%s %s has no limit", name, row.State)
				case ok && free:
					t.Errorf("%s %s has a limit, though nobody waits there", name, row.State)
				case ok && (limit.For < time.Hour || limit.For > 365*day || limit.Why == ""):
					t.Errorf("%s %s has the limit %+v", name, row.State, limit)
				}
			}
		}
	})
}

// TestLimits_Documented spells out what the providers promise (providers.md 10.7).
func TestLimits_Documented(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		machine string
		region  domain.Region
		state   string
		want    time.Duration
	}{
		{"sendoso.send", Status, "sent", 90 * day},
		{"sendoso.send", Status, "opened", 90 * day},
		{"sendoso.send", Status, "clicked", 90 * day},
		{"sendoso.send", Status, "confirming_address", 7 * day},
		{"sendoso.send", Delivery, "undeliverable", 5 * day},
		{"snappy.gift", Status, "unopened", 60 * day},
		{"snappy.gift", Status, "claimed", 14 * day},
		{"resend.email", Delivery, "sent", 14 * hour},
		{"opensend.email", Delivery, "delivery_delayed", 14 * hour},
	} {
		limit, ok := machineNamed(t, tt.machine).Limit(tt.region, tt.state)
		if !ok || limit.For != tt.want || !limit.Documented {
			t.Errorf("%s %s: %+v, want %v", tt.machine, tt.state, limit, tt.want)
		}
	}
	if _, ok := machineNamed(t, "resend.email").Limit(Delivery, "scheduled"); ok {
		t.Error("an e-mail may be scheduled for any time")
	}
}

func TestLimits_Refused(t *testing.T) {
	t.Parallel()
	for what, part := range map[string]func(*Row){
		"no time":   within(0, ours, "now"),
		"no reason": within(day, ours, ""),
	} {
		table := Table{Name: "t", Revision: 1, Page: "p", Prefix: "x.", Status: []Row{row("a", NoPhase, "first", from(New), part)}}
		if _, err := Compile(table); err == nil {
			t.Errorf("a limit of %s was taken", what)
		}
	}
}
