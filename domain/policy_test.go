package domain_test

import (
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
)

func machineNamed(t *testing.T, name string) domain.Machine {
	t.Helper()
	for _, m := range statemachines.All().All() {
		if m.Name() == name {
			return m
		}
	}
	t.Fatalf("there is no machine %q", name)
	return nil
}

// acme is a gift of a company, with metadata of every shape.
var acme = domain.Current{
	Subject:    gift,
	Attributes: domain.Attributes{CompanyID: "acme", Metadata: `{"team":"sales","tier":3,"vip":true,"nothing":null,"list":["sales"],"quoted":"3"}`},
}

func TestFits(t *testing.T) {
	t.Parallel()
	m := machineNamed(t, "snappy.gift")
	with := func(key, value string) domain.Fits { return domain.Fits{Metadata: map[string]string{key: value}} }
	for _, c := range []struct {
		what string
		fits domain.Fits
		want bool
	}{
		{"everything", domain.Fits{}, true},
		{"the provider", domain.Fits{Provider: domain.Snappy}, true},
		{"another provider", domain.Fits{Provider: domain.Sendoso}, false},
		{"the machine", domain.Fits{Machine: "snappy.gift"}, true},
		{"another machine", domain.Fits{Machine: "snappy.product"}, false},
		{"the company", domain.Fits{CompanyID: "acme"}, true},
		{"another company", domain.Fits{CompanyID: "acme inc"}, false},
		{"metadata that is text", with("team", "sales"), true},
		{"another text", with("team", "Sales"), false},
		{"a number", with("tier", "3"), true},
		{"a number as text", with("quoted", "3"), true},
		{"a truth", with("vip", "true"), true},
		{"null is nothing", with("nothing", "null"), false},
		{"nor is a missing one empty", with("missing", ""), false},
		{"a list is no value", with("list", "sales"), false},
		{"all of it", domain.Fits{Provider: domain.Snappy, CompanyID: "acme", Metadata: map[string]string{"team": "sales", "tier": "3"}}, true},
		{"all but one", domain.Fits{Provider: domain.Snappy, CompanyID: "acme", Metadata: map[string]string{"team": "sales", "tier": "4"}}, false},
	} {
		p := &domain.Policy{Dwell: []domain.DwellRule{{Fits: c.fits, State: "claimed", Limit: time.Hour}}}
		limit, ok := p.LimitOf(m, &acme, domain.Status, "claimed")
		if !ok || (limit.For == time.Hour) != c.want {
			t.Errorf("%s: fits is %v, want %v", c.what, limit.For == time.Hour, c.want)
		}
	}
}

func TestAttributes_Facts(t *testing.T) {
	t.Parallel()
	wantSame(t, acme.Attributes.Facts(), map[string]string{"team": "sales", "tier": "3", "vip": "true", "quoted": "3"})
	for _, odd := range []string{"", "null", "[]", `"text"`, "{"} {
		if got := (domain.Attributes{Metadata: odd}).Facts(); len(got) != 0 {
			t.Errorf("%q holds %v", odd, got)
		}
	}
}

func TestPolicy_LimitOf(t *testing.T) {
	t.Parallel()
	berlin := weekdays("Europe/Berlin")
	for _, c := range []struct {
		what   string
		rules  []domain.DwellRule
		region domain.Region
		state  string
		want   domain.DwellLimit // the zero value: none
	}{
		{"the table", nil, domain.Delivery, "orderReceived", tableOf(t, domain.Delivery, "orderReceived")},
		{"no rule of the table", nil, domain.Delivery, "delivered", domain.DwellLimit{}},
		{"a state by name", []domain.DwellRule{{State: "orderReceived", Limit: time.Hour}}, domain.Delivery, "orderReceived", configured(time.Hour)},
		{"another state by name", []domain.DwellRule{{State: "processing", Limit: time.Hour}}, domain.Delivery, "orderReceived", tableOf(t, domain.Delivery, "orderReceived")},
		{"any state that is limited", []domain.DwellRule{{Limit: time.Hour}}, domain.Delivery, "orderReceived", configured(time.Hour)},
		{"any does not limit what is not", []domain.DwellRule{{Limit: time.Hour}}, domain.Delivery, "delivered", domain.DwellLimit{}},
		{"nor the wait for the recipient", []domain.DwellRule{{Limit: time.Hour, Calendar: berlin}}, domain.Status, "opened", tableOf(t, domain.Status, "opened")},
		{"that by name, and it stays one", []domain.DwellRule{{State: "opened", Limit: time.Hour}}, domain.Status, "opened",
			domain.DwellLimit{For: time.Hour, Why: "the configuration says so", Expires: true}},
		{"a new limit by name", []domain.DwellRule{{State: "canceled", Limit: time.Hour}}, domain.Delivery, "canceled", configured(time.Hour)},
		{"never", []domain.DwellRule{{State: "orderReceived", Never: true}}, domain.Delivery, "orderReceived", domain.DwellLimit{}},
		{"only another calendar", []domain.DwellRule{{Calendar: berlin}}, domain.Delivery, "orderReceived", inDaysOf(tableOf(t, domain.Delivery, "orderReceived"), berlin)},
		{"a calendar without a limit limits nothing", []domain.DwellRule{{State: "canceled", Calendar: berlin}}, domain.Delivery, "canceled", domain.DwellLimit{}},
		{"its region", []domain.DwellRule{{Region: domain.Delivery, Limit: time.Hour}}, domain.Delivery, "orderReceived", configured(time.Hour)},
		{"another region", []domain.DwellRule{{Region: domain.Status, Limit: time.Hour}}, domain.Delivery, "orderReceived", tableOf(t, domain.Delivery, "orderReceived")},
		{"the first that fits decides", []domain.DwellRule{{State: "processing", Limit: time.Minute}, {State: "orderReceived", Limit: time.Hour}, {Never: true}},
			domain.Delivery, "orderReceived", configured(time.Hour)},
	} {
		p := &domain.Policy{Dwell: c.rules}
		got, ok := p.LimitOf(machineNamed(t, "snappy.gift"), &acme, c.region, c.state)
		if ok != (c.want.For > 0) || ok && got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.what, got, ok, c.want)
		}
	}
}

func tableOf(t *testing.T, r domain.Region, state string) domain.DwellLimit {
	t.Helper()
	limit, ok := machineNamed(t, "snappy.gift").Limit(r, state)
	if !ok {
		t.Fatalf("%s has no limit", state)
	}
	return limit
}

func configured(limit time.Duration) domain.DwellLimit {
	return domain.DwellLimit{For: limit, Why: "the configuration says so"}
}

func inDaysOf(limit domain.DwellLimit, c *domain.Calendar) domain.DwellLimit {
	limit.Calendar = c
	return limit
}

// TestPolicy_nil: without a policy the tables hold.
func TestPolicy_nil(t *testing.T) {
	t.Parallel()
	w := watched(t, "snappy.gift", "09:00 status claimed", "08:00 status unopened")
	none := (*domain.Policy)(nil)
	wantSame(t, none.Alarms(w, nil), (&domain.Policy{}).Alarms(w, nil))
	due, ok := none.DueAt(w.Machine, &w.Current, domain.Status, nil)
	wantInstant(t, "due", due, clock("09:00")+domain.InstantOfDuration(14*day))
	wantSame(t, ok, true)
}

func TestPolicy_DueAt(t *testing.T) {
	t.Parallel()
	later := when("2025-02-01T00:00:00Z")
	for _, c := range []struct {
		what    string
		machine string
		policy  domain.Policy
		lines   []string
		region  domain.Region
		want    string // empty: none
	}{
		{"a limited state", "snappy.gift", domain.Policy{}, []string{"09:00 status claimed"}, domain.Status, "2025-01-29T09:00:00Z"},
		{"nothing has happened in the region", "snappy.gift", domain.Policy{}, []string{"09:00 status claimed"}, domain.Delivery, ""},
		{"delivery has begun", "snappy.gift", domain.Policy{}, []string{"09:00 status claimed", "10:00 delivery orderReceived"}, domain.Status, ""},
		{"and is limited itself", "snappy.gift", domain.Policy{}, []string{"09:00 status claimed", "10:00 delivery orderReceived"}, domain.Delivery, "2025-01-19T10:00:00Z"},
		{"the wait, from its last state", "snappy.gift", domain.Policy{}, []string{"08:00 status unopened", "09:00 status opened"}, domain.Status, "2025-03-16T09:00:00Z"},
		{"another window", "snappy.gift", domain.Policy{Expiry: []domain.ExpiryRule{{Window: 30 * day}}}, []string{"09:00 status opened"}, domain.Status, "2025-02-14T09:00:00Z"},
		{"a date", "snappy.gift", domain.Policy{Expiry: []domain.ExpiryRule{{At: &later}}}, []string{"09:00 status opened"}, domain.Status, "2025-02-01T00:00:00Z"},
		{"a wait without end", "snappy.gift", domain.Policy{Expiry: []domain.ExpiryRule{{Never: true}}}, []string{"09:00 status opened"}, domain.Status, ""},
		{"done, whatever was heard last", "resend.email", domain.Policy{}, []string{"09:00 delivery sent", "10:00 status opened"}, domain.Delivery, ""},
		{"ended by its status", "sendoso.send", domain.Policy{}, []string{"09:00 delivery order_received", "10:00 status failed"}, domain.Delivery, ""},
		{"failed, and awaited back", "sendoso.send", domain.Policy{}, []string{"09:00 delivery shipped", "10:00 delivery undeliverable"}, domain.Delivery, "2025-01-20T10:00:00Z"},
	} {
		w := watched(t, c.machine, c.lines...)
		got, ok := c.policy.DueAt(w.Machine, &w.Current, c.region, nil)
		if c.want == "" {
			if ok {
				t.Errorf("%s: due at %s", c.what, got)
			}
			continue
		}
		wantInstant(t, c.what, got, when(c.want))
	}
}
