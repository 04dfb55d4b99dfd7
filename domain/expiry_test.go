package domain_test

import (
	"testing"
	"time"

	"giftline/domain"
)

func TestPolicy_ExpiresAt(t *testing.T) {
	t.Parallel()
	soon, past := when("2025-02-01T00:00:00Z"), when("2024-12-01T00:00:00Z")
	dated := func(at *domain.Instant) *domain.Labels { return &domain.Labels{ExpiresAt: at} }
	rule := func(rules ...domain.ExpiryRule) domain.Policy { return domain.Policy{Expiry: rules} }
	for _, c := range []struct {
		what    string
		machine string
		lines   []string
		labels  *domain.Labels
		policy  domain.Policy
		want    string // empty: none
		why     string
	}{
		{"the window, from when the wait began", "snappy.gift", []string{"08:00 status unopened", "09:00 status opened"}, nil, domain.Policy{},
			"2025-03-16T08:00:00Z", "help centre: a gift can be claimed for 60 days unless its campaign says otherwise"},
		{"one wait follows another", "sendoso.send", []string{"08:00 status sent", "09:00 status confirming_address"}, nil, domain.Policy{},
			"2025-01-22T09:00:00Z", "support article 360040657752: 2 to 7 business days, then it is canceled or sent anyway"},
		{"what was held in between ends a wait", "sendoso.send", []string{"08:00 status sent", "09:00 status blocked", "10:00 status clicked"}, nil, domain.Policy{},
			"2025-04-15T10:00:00Z", "support article 360046122972: an eGift can be redeemed for 90 days at most"},
		{"nobody is waited for yet", "sendoso.send", []string{"08:00 status initiated"}, nil, domain.Policy{}, "", ""},
		{"nobody is waited for any more", "snappy.gift", []string{"08:00 status unopened", "09:00 status claimed"}, nil, domain.Policy{}, "", ""},
		{"delivery has begun, so it was claimed", "snappy.gift", []string{"08:00 status unopened", "09:00 delivery orderReceived"}, nil, domain.Policy{}, "", ""},
		{"nothing has happened", "snappy.gift", nil, nil, domain.Policy{}, "", ""},
		{"e-mails wait for nobody", "resend.email", []string{"08:00 delivery sent"}, nil, domain.Policy{}, "", ""},

		{"the labels know", "snappy.gift", []string{"08:00 status unopened"}, dated(&soon), domain.Policy{}, "2025-02-01T00:00:00Z", "expires_at of its labels"},
		{"better than the configuration", "snappy.gift", []string{"08:00 status unopened"}, dated(&soon), rule(domain.ExpiryRule{Never: true}), "2025-02-01T00:00:00Z", "expires_at of its labels"},
		{"before it is sent, too", "sendoso.send", []string{"08:00 status initiated"}, dated(&soon), domain.Policy{}, "2025-02-01T00:00:00Z", "expires_at of its labels"},
		{"not of what was claimed", "snappy.gift", []string{"08:00 status claimed"}, dated(&soon), domain.Policy{}, "", ""},
		{"not of what is over", "snappy.gift", []string{"08:00 status expired"}, dated(&soon), domain.Policy{}, "", ""},
		{"a date before it all began", "snappy.gift", []string{"08:00 status unopened"}, dated(&past), domain.Policy{}, "2025-01-15T08:00:00Z", "expires_at of its labels"},
		{"labels without a date", "snappy.gift", []string{"08:00 status unopened"}, &domain.Labels{Reference: "r"}, rule(domain.ExpiryRule{At: &soon}), "2025-02-01T00:00:00Z", "the configuration says so"},

		{"a window of the configuration", "snappy.gift", []string{"08:00 status unopened", "09:00 status opened"}, nil, rule(domain.ExpiryRule{Window: 7 * day}), "2025-01-22T08:00:00Z", "the configuration says so"},
		{"a campaign that ends", "snappy.gift", []string{"08:00 status unopened"}, nil, rule(domain.ExpiryRule{At: &soon, Window: day}), "2025-02-01T00:00:00Z", "the configuration says so"},
		{"a campaign that does not", "snappy.gift", []string{"08:00 status unopened"}, nil, rule(domain.ExpiryRule{Never: true}, domain.ExpiryRule{At: &soon}), "", ""},
		{"a rule that says nothing", "snappy.gift", []string{"08:00 status unopened"}, nil, rule(domain.ExpiryRule{}), "", ""},
		{"a rule for the wait, by any of its states", "snappy.gift", []string{"08:00 status unopened"}, nil, rule(domain.ExpiryRule{State: "opened", Window: day}), "2025-01-16T08:00:00Z", "the configuration says so"},
		{"a rule for another wait", "sendoso.send", []string{"08:00 status sent"}, nil, rule(domain.ExpiryRule{State: "confirming_address", Window: day}), "2025-04-15T08:00:00Z",
			"support article 360046122972: an eGift can be redeemed for 90 days at most"},
		{"a rule for others", "snappy.gift", []string{"08:00 status unopened"}, nil, rule(domain.ExpiryRule{Fits: domain.Fits{CompanyID: "acme"}, Window: day}), "2025-03-16T08:00:00Z",
			"help centre: a gift can be claimed for 60 days unless its campaign says otherwise"},
		{"a limit of the state, by name", "snappy.gift", []string{"08:00 status unopened"}, nil, domain.Policy{Dwell: []domain.DwellRule{{State: "unopened", Limit: day}}}, "2025-01-16T08:00:00Z", "the configuration says so"},
		{"and none", "snappy.gift", []string{"08:00 status unopened"}, nil, domain.Policy{Dwell: []domain.DwellRule{{State: "unopened", Never: true}}}, "", ""},
	} {
		w := watched(t, c.machine, c.lines...)
		w.Labels = c.labels
		at, why, ok := c.policy.ExpiresAt(w, nil)
		switch {
		case !ok && c.want == "":
		case !ok || c.want == "":
			t.Errorf("%s: %v, at %s", c.what, ok, at)
		default:
			wantInstant(t, c.what, at, when(c.want))
			wantSame(t, why, c.why)
		}
	}
}

// TestPolicy_ExpiresAt_cut: of a past that is too long to be read, the wait counts from its last state.
func TestPolicy_ExpiresAt_cut(t *testing.T) {
	t.Parallel()
	w := watched(t, "snappy.gift", "08:00 status unopened", "09:00 status opened")
	w.Cut = true
	at, _, _ := (*domain.Policy)(nil).ExpiresAt(w, nil)
	wantInstant(t, "cut", at, when("2025-03-16T09:00:00Z"))
	w.Cut, w.Past = false, nil
	at, _, _ = (*domain.Policy)(nil).ExpiresAt(w, nil)
	wantInstant(t, "without a past", at, when("2025-03-16T09:00:00Z"))
}

// TestPolicy_ExpiresAt_blind: a window is longer by what nobody heard, a date that people gave is not; but what is blind at
// that time asks later.
func TestPolicy_ExpiresAt_blind(t *testing.T) {
	t.Parallel()
	w := watched(t, "snappy.gift", "08:00 status unopened")
	b := blind("2025-01-20T00:00:00Z", "2025-01-22T00:00:00Z", "2025-01-31T12:00:00Z", "2025-02-01T12:00:00Z")
	at, _, _ := (*domain.Policy)(nil).ExpiresAt(w, b)
	wantInstant(t, "a window", at, when("2025-03-19T08:00:00Z"))
	date := when("2025-02-01T00:00:00Z")
	w.Labels = &domain.Labels{ExpiresAt: &date}
	at, _, _ = (*domain.Policy)(nil).ExpiresAt(w, b)
	wantInstant(t, "a date", at, date)
	wantSame(t, alarmsOf(w, nil, b), []string{"expiring 2025-01-29T00:00:00.000000Z", "overdue_unconfirmed 2025-02-01T12:00:00.000000Z"})
	b = blind("2025-01-28T00:00:00Z", "2025-02-03T00:00:00Z")
	wantSame(t, alarmsOf(w, nil, b), []string{"overdue_unconfirmed 2025-02-03T00:00:00.000000Z"})
}

// alarmsOf tells rules and times.
func alarmsOf(w *domain.Watched, p *domain.Policy, b domain.Blind) (all []string) {
	for _, a := range p.Alarms(w, b) {
		all = append(all, string(a.Rule)+" "+a.At.String())
	}
	return all
}

func TestPolicy_Alarms_expiring(t *testing.T) {
	t.Parallel()
	notice := "09:00 note gift-notification-expiration-sent"
	for _, c := range []struct {
		what   string
		policy domain.Policy
		lines  []string
		blind  domain.Blind
		want   []string
	}{
		{"three days before", domain.Policy{}, []string{"08:00 status unopened"}, nil, []string{"expiring 2025-03-13T08:00:00.000000Z", "overdue_unconfirmed 2025-03-16T08:00:00.000000Z"}},
		{"a week before", domain.Policy{Warning: 7 * day}, []string{"08:00 status unopened"}, nil, []string{"expiring 2025-03-09T08:00:00.000000Z", "overdue_unconfirmed 2025-03-16T08:00:00.000000Z"}},
		{"not before it began", domain.Policy{Warning: 60 * day}, []string{"08:00 status unopened"}, nil, []string{"overdue_unconfirmed 2025-03-16T08:00:00.000000Z"}},
		{"with time for the provider to say so", domain.Policy{Grace: day}, []string{"08:00 status unopened"}, nil, []string{"expiring 2025-03-13T08:00:00.000000Z", "overdue_unconfirmed 2025-03-17T08:00:00.000000Z"}},
		{"by the provider's notice", domain.Policy{}, []string{"08:00 status unopened", notice}, nil, []string{"expiring 2025-01-15T09:00:00.000000Z", "overdue_unconfirmed 2025-03-16T08:00:00.000000Z"}},
		{"a notice of what never expires", domain.Policy{Expiry: []domain.ExpiryRule{{Never: true}}}, []string{"08:00 status unopened", notice}, nil, []string{"expiring 2025-01-15T09:00:00.000000Z"}},
		{"a notice after ours", domain.Policy{Expiry: []domain.ExpiryRule{{Window: 3*day + time.Minute}}}, []string{"08:00 status unopened", notice}, nil,
			[]string{"expiring 2025-01-15T08:01:00.000000Z", "overdue_unconfirmed 2025-01-18T08:01:00.000000Z"}},
		{"a notice before the wait", domain.Policy{}, []string{"08:00 note gift-notification-expiration-sent", "09:00 status unopened"}, nil,
			[]string{"expiring 2025-03-13T09:00:00.000000Z", "overdue_unconfirmed 2025-03-16T09:00:00.000000Z"}},
		{"a reminder is no notice", domain.Policy{}, []string{"08:00 status unopened", "09:00 note gift-notification-reminder-sent"}, nil,
			[]string{"expiring 2025-03-13T08:00:00.000000Z", "overdue_unconfirmed 2025-03-16T08:00:00.000000Z"}},
		{"blind when it should be told", domain.Policy{}, []string{"08:00 status unopened"}, blind("2025-03-13T00:00:00Z", "2025-03-14T00:00:00Z"),
			[]string{"expiring 2025-03-14T00:00:00.000000Z", "overdue_unconfirmed 2025-03-17T08:00:00.000000Z"}},
		{"blind until it is overdue", domain.Policy{}, []string{"08:00 status unopened"}, blind("2025-01-15T08:00:00Z", "2025-12-31T00:00:00Z"),
			[]string{"expiring 2025-12-31T00:00:00.000000Z", "overdue_unconfirmed 2026-03-01T00:00:00.000000Z"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			wantSame(t, alarmsOf(watched(t, "snappy.gift", c.lines...), &c.policy, c.blind), c.want)
		})
	}
}
