package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"giftline/domain"
)

// mostAtOnce bounds how many alerts one request changes: what it does is one transaction.
const mostAtOnce = 10_000

// alertVerb is what a person wants with alerts.
type alertVerb struct {
	*API
	name string
	step domain.StepKind
	to   domain.AlertStatus
}

func (a *API) alertVerbs() []alertVerb {
	return []alertVerb{
		{a, "acknowledge", domain.StepAcknowledged, domain.AlertAcknowledged},
		{a, "snooze", domain.StepSnoozed, domain.AlertSnoozed},
		{a, "resolve", domain.StepResolved, domain.AlertResolved},
		{a, "reopen", domain.StepReopened, domain.AlertOpen},
	}
}

// register adds the routes for one alert and, for all steps but the one that takes others back, for many.
func (v alertVerb) register() {
	one, many := "/alerts/{id}/"+v.name, "/alerts/"+v.name
	switch v.step {
	case domain.StepSnoozed:
		post(v.API, one, "Be quiet about it for a while", v.snoozeOne)
		post(v.API, many, "Be quiet about many, counted first", v.snoozeBulk)
	case domain.StepAcknowledged:
		post(v.API, one, "Say that somebody looks after it", v.one)
		post(v.API, many, "Say that somebody looks after many, counted first", v.bulk)
	case domain.StepResolved:
		post(v.API, one, "Say that it is over", v.one)
		post(v.API, many, "Say that many are over, counted first", v.bulk)
	default:
		post(v.API, one, "Take the last step back", v.one)
	}
}

// AlertNote is what is said with a step.
type AlertNote struct {
	_    struct{} `additionalProperties:"false"`
	Note string   `json:"note,omitempty" maxLength:"512" doc:"Why, for whoever reads the alert." example:"asked the carrier"`
}

// AlertSnooze says until when an alert is quiet.
type AlertSnooze struct {
	_          struct{}        `additionalProperties:"false"`
	Note       string          `json:"note,omitempty" maxLength:"512" doc:"Why, for whoever reads the alert." example:"asked the carrier"`
	Until      *domain.Instant `json:"until,omitempty" doc:"When it wakes, if its subject has not moved by then." example:"2099-03-19T09:00:00Z"`
	UntilMoves bool            `json:"until_moves,omitempty" doc:"It wakes when its subject moves. One of the two must be given, both may be." example:"true"`
}

// AlertNoteInput makes a step.
type AlertNoteInput struct {
	AlertInput
	Body *AlertNote
}

// AlertSnoozeInput snoozes one.
type AlertSnoozeInput struct {
	AlertInput
	Body AlertSnooze
}

func (v alertVerb) one(ctx context.Context, in *AlertNoteInput) (*body[AlertStory], error) {
	said := AlertSnooze{}
	if in.Body != nil {
		said.Note = in.Body.Note
	}
	return v.act(ctx, in.ID, said)
}

func (v alertVerb) snoozeOne(ctx context.Context, in *AlertSnoozeInput) (*body[AlertStory], error) {
	return v.act(ctx, in.ID, in.Body)
}

// act makes a step with one alert. Asking again for what is so already changes nothing, and is no mistake.
func (v alertVerb) act(ctx context.Context, id string, said AlertSnooze) (*body[AlertStory], error) {
	action, err := v.action(ctx, said)
	if err != nil {
		return nil, err
	}
	before, err := v.alertStory(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.step == domain.StepSnoozed && said.Until == nil && before.Subject == nil {
		return nil, invalidBody("until_moves", "the alert has no subject that could move: give until")
	}
	n, err := v.store.Act(ctx, domain.AlertQuery{IDs: []string{id}, Statuses: v.step.From()}, action, 1)
	if err != nil {
		return nil, err
	}
	after, err := v.alertStory(ctx, id)
	if err == nil && n == 0 && after.Status != v.to {
		return nil, newProblem(http.StatusConflict, codeAlertOver, fmt.Sprintf("the alert is %s: there is nothing to %s", after.Status, v.name))
	}
	return answer(after), err
}

// action checks what was said of a step.
func (v alertVerb) action(ctx context.Context, said AlertSnooze) (domain.AlertAction, error) {
	now := domain.InstantOf(v.now())
	action := domain.AlertAction{Step: v.step, Until: said.Until, UntilMoves: said.UntilMoves, By: callerOf(ctx).ID, Note: said.Note, At: now}
	switch {
	case !storable(said.Note):
		return action, invalidBody("note", fmt.Sprintf("has at most %d bytes, and no NUL", domain.MaxIdentifier))
	case v.step != domain.StepSnoozed:
		return action, nil
	case said.Until == nil && !said.UntilMoves:
		return action, invalidBody("until", "say when it wakes: give this, until_moves, or both")
	case said.Until != nil && *said.Until <= now:
		return action, invalidBody("until", "is over already: choose a time to come")
	}
	return action, nil
}

// AlertBulk says which alerts a step is made with. It counts them, until the count is confirmed.
type AlertBulk struct {
	_ struct{} `additionalProperties:"false"`
	AlertFilter
	ID      []string     `json:"id,omitempty" maxItems:"1000" doc:"Only these alerts." example:"[\"alt_ypf2ac2nswzl3mgsd3p5dbpeoi\"]"`
	At      InstantRange `json:"at,omitzero" doc:"Only those that hold from a time in this range on."`
	Updated InstantRange `json:"updated,omitzero" doc:"Only those whose last step was made in this range."`
	Note    string       `json:"note,omitempty" maxLength:"512" doc:"Why, for whoever reads the alerts." example:"asked the carrier"`
	Confirm *int64       `json:"confirm,omitempty" minimum:"0" maximum:"10000" doc:"How many alerts are to be changed: would_change of an answer to the same request without it. Left out: nothing is changed." example:"12"`
}

// AlertBulkSnooze is the same with the end of the snooze.
type AlertBulkSnooze struct {
	AlertBulk
	Until      *domain.Instant `json:"until,omitempty" doc:"When they wake, unless their subjects have moved by then." example:"2099-03-19T09:00:00Z"`
	UntilMoves bool            `json:"until_moves,omitempty" doc:"Each wakes when its subject moves. One of the two must be given, both may be." example:"true"`
}

// InstantRange is a range of time; what is left out is open.
type InstantRange struct {
	_   struct{}        `additionalProperties:"false"`
	GTE *domain.Instant `json:"gte,omitempty" doc:"This instant or later." example:"2025-01-15T00:00:00Z"`
	GT  *domain.Instant `json:"gt,omitempty" doc:"Later than this." example:"2025-01-15T00:00:00Z"`
	LTE *domain.Instant `json:"lte,omitempty" doc:"This instant or earlier." example:"2025-01-16T00:00:00Z"`
	LT  *domain.Instant `json:"lt,omitempty" doc:"Earlier than this." example:"2025-01-16T00:00:00Z"`
}

func (r InstantRange) span() domain.Span {
	return domain.Span{From: r.GTE, After: r.GT, Until: r.LTE, Before: r.LT}
}

// AlertBulkInput and AlertBulkSnoozeInput carry them.
type (
	AlertBulkInput       struct{ Body AlertBulk }
	AlertBulkSnoozeInput struct{ Body AlertBulkSnooze }
)

// AlertsChanged says how many alerts a step fits, and how many it was made with.
type AlertsChanged struct {
	WouldChange int64  `json:"would_change" doc:"How many alerts the filters choose that the step would change. At most 10,000 are changed by one request." example:"12"`
	Changed     *int64 `json:"changed" doc:"How many were changed; null where nothing was confirmed." example:"12"`
}

func (v alertVerb) bulk(ctx context.Context, in *AlertBulkInput) (*body[AlertsChanged], error) {
	return v.actAll(ctx, &AlertBulkSnooze{AlertBulk: in.Body})
}

func (v alertVerb) snoozeBulk(ctx context.Context, in *AlertBulkSnoozeInput) (*body[AlertsChanged], error) {
	return v.actAll(ctx, &in.Body)
}

func (v alertVerb) actAll(ctx context.Context, b *AlertBulkSnooze) (*body[AlertsChanged], error) {
	action, err := v.action(ctx, AlertSnooze{Note: b.Note, Until: b.Until, UntilMoves: b.UntilMoves})
	if err != nil {
		return nil, err
	}
	q, some, err := b.query(v.step)
	if err != nil {
		return nil, err
	}
	var c AlertsChanged
	if some {
		page, err := v.store.Alerts(ctx, q)
		if err != nil {
			return nil, err
		}
		c.WouldChange = page.Count
	}
	switch {
	case b.Confirm == nil:
		return answer(c), nil
	case *b.Confirm != c.WouldChange:
		return nil, newProblem(http.StatusConflict, codeCountChanged, fmt.Sprintf("there are %d alerts to change now: look at them, and confirm that", c.WouldChange))
	}
	var n int64
	if c.WouldChange > 0 {
		if n, err = v.store.Act(ctx, q, action, mostAtOnce); err != nil {
			return nil, err
		}
	}
	c.Changed = &n
	return answer(c), nil
}

// query chooses those alerts that the step would change; false where there can be none.
func (b *AlertBulk) query(step domain.StepKind) (domain.AlertQuery, bool, error) {
	var wrong faults
	q := b.AlertFilter.query(&wrong, "body.")
	wrong.storableAt("body.id", b.ID)
	q.IDs, q.At, q.Updated, q.Limit = b.ID, b.At.span(), b.Updated.span(), 1
	asked := q.Statuses
	q.Statuses = slices.DeleteFunc(step.From(), func(s domain.AlertStatus) bool {
		return len(asked) > 0 && !slices.Contains(asked, s)
	})
	return q, len(q.Statuses) > 0, wrong.problem()
}
