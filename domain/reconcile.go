package domain

// AlertChange is an alert as it is from now on, and the step that made it so; without a step, only what is known of it
// has changed.
type AlertChange struct {
	Alert Alert
	Step  *AlertStep
	// Old: it held before alerting began here. It is kept, and told to nobody (SuppressOld). The store that looks sets it.
	Old bool
}

// Reconcile compares what alarms about a subject at now with the alerts that it has had, and gives what changes: an alarm
// without an alert opens one, or reopens that of the same episode unless a person has ended it; a live alert without an
// alarm is resolved where it was true at the time it is stamped with, by what is known now, and withdrawn where it was not.
func (a *Alerting) Reconcile(w *Watched, b Blind, alarms []Alarm, known []Alert, now Instant) []AlertChange {
	return nil // TODO(policy)
}

// Trouble is something about a source, or about ourselves (empty), that alarms now.
type Trouble struct {
	Rule   Rule
	Source string
	Since  Instant
	Detail string // in words
}

// ReconcileTroubles does for sources and ourselves what Reconcile does for subjects.
func (a *Alerting) ReconcileTroubles(standing []Trouble, known []Alert, now Instant) []AlertChange {
	return nil // TODO(policy)
}
