package domain

// From lists the statuses that a step leads out of: what a person wants with an alert of another one changes nothing.
func (s StepKind) From() []AlertStatus {
	switch s {
	case StepAcknowledged:
		return []AlertStatus{AlertOpen, AlertSnoozed}
	case StepSnoozed: // also to another time
		return []AlertStatus{AlertOpen, AlertAcknowledged, AlertSnoozed}
	case StepResolved:
		return []AlertStatus{AlertOpen, AlertAcknowledged, AlertSnoozed}
	case StepReopened:
		return []AlertStatus{AlertAcknowledged, AlertSnoozed, AlertResolved}
	}
	return nil
}
