package domain

import "slices"

// Alerting is what a deployment has said of alerts. Nil is the tables and the defaults.
type Alerting struct {
	Policy *Policy
	Routes Routes
	Severe map[Rule]Severity // where it is another than the rule's own
	Off    []Rule            // which raise nothing
}

// On reports whether a rule raises alerts.
func (a *Alerting) On(r Rule) bool { return a == nil || !slices.Contains(a.Off, r) }

// Severity gives how severe the alerts of a rule are.
func (a *Alerting) Severity(r Rule) Severity {
	if a != nil {
		if s, ok := a.Severe[r]; ok {
			return s
		}
	}
	facts, _ := FactsOf(r)
	return facts.Severity
}

func (a *Alerting) policy() *Policy {
	if a == nil {
		return nil
	}
	return a.Policy
}
