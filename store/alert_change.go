package store

import "giftline/domain"

// becomes is the status that a step leads to.
var becomes = map[domain.StepKind]domain.AlertStatus{
	domain.StepOpened: domain.AlertOpen, domain.StepReopened: domain.AlertOpen, domain.StepWoke: domain.AlertOpen,
	domain.StepAcknowledged: domain.AlertAcknowledged, domain.StepSnoozed: domain.AlertSnoozed,
	domain.StepResolved: domain.AlertResolved, domain.StepWithdrawn: domain.AlertWithdrawn,
}

// alertChanges are those of one alert.
type alertChanges struct {
	was, is *alertRow // nil: not known before; not to be written
	last    int64     // number of its last step
	steps   []domain.AlertStep
	old     bool // it held before alerting began
}

// take lays a change over what is known.
func (x *alertChanges) take(c *domain.AlertChange) {
	known := x.was
	if x.is != nil {
		known = x.is
	}
	step, ok := stepFrom(known, c.Step)
	if !ok {
		return
	}
	x.old = x.old || c.Old
	is := &alertRow{Alert: c.Alert}
	is.Sources = reachedBy(&is.Alert)
	if known != nil {
		is.number, is.RaisedAt, is.ReopenCount = known.number, known.RaisedAt, known.ReopenCount
	}
	if step != nil {
		is.make(known, step)
		x.steps = append(x.steps, *step)
	} else {
		is.live(known)
	}
	x.is = is
}

// stepFrom gives the step that an alert makes, nil for none; false where it is not touched at all.
func stepFrom(known *alertRow, step *domain.AlertStep) (*domain.AlertStep, bool) {
	opens := step != nil && step.Kind == domain.StepOpened
	switch {
	case known == nil:
		return step, opens
	case !opens:
		return step, true
	case known.Status.Live():
		return nil, true
	case known.By != "":
		return nil, false
	}
	again := *step
	again.Kind = domain.StepReopened
	return &again, true
}

// make has an alert make a step.
func (r *alertRow) make(known *alertRow, step *domain.AlertStep) {
	if known == nil {
		r.RaisedAt = step.At
	}
	if step.Kind == domain.StepReopened && !known.Status.Live() {
		r.ReopenCount++
	}
	r.Status, r.UpdatedAt, r.By, r.EndedAt = becomes[step.Kind], step.At, step.By, nil
	if !r.Status.Live() {
		r.EndedAt = &step.At
	}
	if r.Status != domain.AlertSnoozed {
		r.Until, r.UntilMoves = nil, false
	}
}

// live leaves an alert where it is in its life.
func (r *alertRow) live(known *alertRow) {
	r.Status, r.Until, r.UntilMoves = known.Status, known.Until, known.UntilMoves
	r.UpdatedAt, r.EndedAt, r.By = known.UpdatedAt, known.EndedAt, known.By
}
