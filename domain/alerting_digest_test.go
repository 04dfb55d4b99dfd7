package domain_test

import (
	"testing"
	"time"

	"giftline/domain"
)

// Whoever is told the same has the same digest; whatever changes a deadline or an alert changes it.
func TestAlerting_Digest(t *testing.T) {
	t.Parallel()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	at := domain.Instant(1_767_225_600_000_000)
	told := func(change func(*domain.Alerting)) string {
		a := &domain.Alerting{
			Policy: &domain.Policy{
				Dwell: []domain.DwellRule{{
					Fits: domain.Fits{Provider: domain.Snappy, Metadata: map[string]string{"team": "a", "tier": "b"}}, Limit: time.Hour,
					Calendar: &domain.Calendar{Name: "office", Zone: time.UTC, Days: [7]bool{1: true}, Holidays: map[string]bool{"2026-12-25": true, "2026-12-26": true}},
				}},
				Expiry: []domain.ExpiryRule{{At: &at}},
			},
			Severe: map[domain.Rule]domain.Severity{domain.RuleStuck: domain.Critical, domain.RuleFailed: domain.Info},
		}
		change(a)
		return a.Digest()
	}
	first := told(func(*domain.Alerting) {})
	seen := map[string]string{first: "nothing"}
	for range 20 { // maps are walked in any order
		if again := told(func(*domain.Alerting) {}); again != first {
			t.Fatalf("%s and %s", again, first)
		}
	}
	if routed := told(func(a *domain.Alerting) { a.Routes = domain.Routes{{Channel: "log"}} }); routed != first {
		t.Error("who is told changes what is looked at")
	}
	for name, change := range map[string]func(*domain.Alerting){
		"a limit":    func(a *domain.Alerting) { a.Policy.Dwell[0].Limit++ },
		"never":      func(a *domain.Alerting) { a.Policy.Dwell[0].Never = true },
		"metadata":   func(a *domain.Alerting) { a.Policy.Dwell[0].Metadata["team"] = "c" },
		"a zone":     func(a *domain.Alerting) { a.Policy.Dwell[0].Calendar.Zone = tokyo },
		"a holiday":  func(a *domain.Alerting) { a.Policy.Dwell[0].Calendar.Holidays["2026-01-01"] = true },
		"a date":     func(a *domain.Alerting) { later := at + 1; a.Policy.Expiry[0].At = &later },
		"warning":    func(a *domain.Alerting) { a.Policy.Warning = time.Hour },
		"a severity": func(a *domain.Alerting) { a.Severe[domain.RuleStuck] = domain.Info },
		"off":        func(a *domain.Alerting) { a.Off = []domain.Rule{domain.RuleStuck} },
		"no policy":  func(a *domain.Alerting) { a.Policy = nil },
	} {
		d := told(change)
		if before, known := seen[d]; known {
			t.Errorf("%s is told apart neither from %s", name, before)
		}
		seen[d] = name
	}
	var none *domain.Alerting
	if none.Digest() != "" || (&domain.Alerting{}).Digest() == "" {
		t.Error("alerting without words is not told from none")
	}
}
