package api

import (
	"context"

	"giftline/domain"
)

// AlertMark is what every answer that holds an alert says of it.
type AlertMark struct {
	ID       string             `json:"id" doc:"Id of the episode, the same on every replica and in every message about it." example:"alt_ypf2ac2nswzl3mgsd3p5dbpeoi"`
	Rule     domain.Rule        `json:"rule" doc:"Why it was raised." example:"stuck"`
	Severity domain.Severity    `json:"severity" doc:"How soon somebody should look." example:"warning"`
	Status   domain.AlertStatus `json:"status" doc:"Where it is in its life." example:"open"`
	Region   *domain.Region     `json:"region" doc:"The region that it is about; null where it is about none." example:"status"`
	State    *string            `json:"state" doc:"The state that it is about, in the provider's spelling; null where it is about none." example:"opened"`
	Event    *string            `json:"event_id" doc:"Id of the event that it is about; null where it is about none." example:"evt_pfx2wh63doawn4ud7tgxpfajxbdxkcz2uim3wnaqaup4q"`
	Since    domain.Instant     `json:"since" doc:"When what it speaks of began, by the provider's clock." example:"2025-01-15T14:44:00.138000Z"`
	At       domain.Instant     `json:"at" doc:"From when on it holds, such as the deadline that passed, by the same clock: whenever it was noticed." example:"2025-03-16T14:44:00.138000Z"`
}

// Alert is one episode of something that people should know.
type Alert struct {
	AlertMark
	Subject    *AlertSubject   `json:"subject" doc:"What it is about; null for a source, or for Giftline itself."`
	Source     *string         `json:"source" doc:"The source that the subject was first told of by, or that it is about; null where it is about Giftline itself." example:"snappy"`
	Detail     *string         `json:"detail" doc:"In words, what the other fields do not say." example:"nothing for 3 h 10 min; there are usually 40 an hour"`
	RaisedAt   domain.Instant  `json:"raised_at" doc:"When it was noticed first, by our clock." example:"2025-03-16T14:44:01.002000Z"`
	UpdatedAt  domain.Instant  `json:"updated_at" doc:"When its last step was made, by our clock." example:"2025-03-16T14:44:01.002000Z"`
	Until      *domain.Instant `json:"until" doc:"When it wakes from its snooze; null where no time was given." example:"2025-03-19T09:00:00.000000Z"`
	UntilMoves bool            `json:"until_moves" doc:"Whether it wakes from its snooze when its subject moves." example:"false"`
	EndedAt    *domain.Instant `json:"ended_at" doc:"When it was resolved or withdrawn, by our clock; null while it lives." example:"2025-03-17T09:00:00.000000Z"`
	By         *string         `json:"by" doc:"The key that made the last step, by its id; null for Giftline." example:"abcdefgh"`
	Reopened   int64           `json:"reopened" doc:"How often it was reopened." example:"0"`
}

// AlertSubject is what an alert is about, as it was when it was last looked at.
type AlertSubject struct {
	_ struct{} `nullable:"true"`
	domain.SubjectView
}

// AlertStep is one step in the life of an alert.
type AlertStep struct {
	Kind domain.StepKind `json:"kind" doc:"What happened." example:"acknowledged"`
	At   domain.Instant  `json:"at" doc:"When, by our clock." example:"2025-03-16T15:00:00.000000Z"`
	By   *string         `json:"by" doc:"The key that made it, by its id; null for Giftline." example:"abcdefgh"`
	Note *string         `json:"note" doc:"Why, in words." example:"asked the carrier"`
}

// AlertStory is an alert with its life.
type AlertStory struct {
	Alert
	Steps []AlertStep `json:"steps" doc:"What happened to it, the first step first."`
}

// AlertList is a page of alerts, the last updated first.
type AlertList struct {
	Alerts []Alert `json:"alerts" doc:"The alerts of this page."`
	Next   *string `json:"next"`
	Count  int64   `json:"count" doc:"How many fit, over all pages." example:"12"`
}

func markOf(a *domain.Alert) AlertMark {
	return AlertMark{
		ID: a.ID, Rule: a.Rule, Severity: a.Severity, Status: a.Status, Region: optional(a.Region), State: optional(a.State),
		Event: optional(a.Event), Since: a.Since, At: a.At,
	}
}

func alertView(a *domain.Alert) Alert {
	v := Alert{
		AlertMark: markOf(a), Source: optional(a.Source), Detail: optional(a.Detail), RaisedAt: a.RaisedAt, UpdatedAt: a.UpdatedAt,
		Until: a.Until, UntilMoves: a.UntilMoves, EndedAt: a.EndedAt, By: optional(a.By), Reopened: a.ReopenCount,
	}
	if a.Subject != nil {
		v.Subject = &AlertSubject{SubjectView: domain.SubjectViewOf(*a.Subject, a.Source, a.Named)}
	}
	return v
}

func stepViews(steps []domain.AlertStep) []AlertStep {
	shown := make([]AlertStep, 0, len(steps))
	for _, s := range steps {
		shown = append(shown, AlertStep{Kind: s.Kind, At: s.At, By: optional(s.By), Note: optional(s.Note)})
	}
	return shown
}

// alertList answers a page.
func (a *API) alertList(ctx context.Context, in *AlertsInput) (*body[AlertList], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	page, err := a.store.Alerts(ctx, q)
	if err != nil {
		return nil, err
	}
	l := AlertList{Alerts: make([]Alert, 0, len(page.Alerts)), Next: optional(page.Next), Count: page.Count}
	for i := range page.Alerts {
		l.Alerts = append(l.Alerts, alertView(&page.Alerts[i]))
	}
	return answer(l), nil
}

// AlertInput names an alert.
type AlertInput struct {
	ID string `path:"id" doc:"The alert's id." example:"alt_ypf2ac2nswzl3mgsd3p5dbpeoi"`
}

func (a *API) oneAlert(ctx context.Context, in *AlertInput) (*body[AlertStory], error) {
	story, err := a.alertStory(ctx, in.ID)
	return answer(story), err
}

func (a *API) alertStory(ctx context.Context, id string) (AlertStory, error) {
	if !storable(id) {
		return AlertStory{}, domain.Errorf(domain.CodeNotFound, "no alert has this id: see /alerts")
	}
	found, steps, err := a.store.Alert(ctx, id)
	return AlertStory{alertView(&found), stepViews(steps)}, err
}

// SubjectAlerts are the alerts of one subject.
type SubjectAlerts struct {
	Subject Named        `json:"subject"`
	Alerts  []AlertStory `json:"alerts" doc:"The one raised first first; at most 100, the last."`
}

// alerts answers those of a subject.
func (s subjects) alerts(ctx context.Context, in *Which) (*body[SubjectAlerts], error) {
	c, err := s.find(ctx, *in)
	if err != nil {
		return nil, err
	}
	found, steps, err := s.store.AlertsOf(ctx, c.Subject)
	l := SubjectAlerts{Subject: named(c.Subject), Alerts: make([]AlertStory, 0, len(found))}
	for i := range found {
		l.Alerts = append(l.Alerts, AlertStory{alertView(&found[i]), stepViews(steps[i])})
	}
	return answer(l), err
}

// TimelineAlert is an alert beside the story of its subject.
type TimelineAlert struct {
	AlertMark
	Steps []AlertStep `json:"steps" doc:"What happened to it, the first step first."`
}

// alertsBeside gives what a story is shown with. Alerts are no part of the story: they depend on the clock and on who did
// what here, so they stay out of a look into the past, and whoever compares stories leaves them out.
func (a *API) alertsBeside(ctx context.Context, s domain.Subject, w When, o Omitting) ([]TimelineAlert, error) {
	if w.AsOf.at != nil || w.KnownAt.at != nil || o.omits("alerts") {
		return nil, nil
	}
	found, steps, err := a.store.AlertsOf(ctx, s)
	var shown []TimelineAlert
	for i := range found {
		shown = append(shown, TimelineAlert{markOf(&found[i]), stepViews(steps[i])})
	}
	return shown, err
}
