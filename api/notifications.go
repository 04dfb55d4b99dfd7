package api

import (
	"context"

	"giftline/domain"
)

// NotificationsInput chooses notifications.
type NotificationsInput struct {
	Channel []string                    `query:"channel,explode" maxItems:"100" doc:"Only to this channel; several times for any of several." example:"ops"`
	Status  []domain.NotificationStatus `query:"status,explode" maxItems:"100" enum:"pending,sent,dead,suppressed" doc:"Only with this status; several times for any of several." example:"dead"`
	Alert   string                      `query:"alert" doc:"Only those that tell of the alert with this id." example:"alt_ypf2ac2nswzl3mgsd3p5dbpeoi"`
	List
}

// NotificationList is a page of notifications, the last made first.
type NotificationList struct {
	Notifications []Notification `json:"notifications" doc:"The notifications of this page."`
	Next          *string        `json:"next"`
}

// Notification is a message to a channel: however often it is tried, its id is the same.
type Notification struct {
	ID        string                    `json:"id" doc:"Id of the message, the same at every attempt." example:"ntf_01a20181-9b75-7e16-8e14-95a441947302"`
	Channel   string                    `json:"channel" doc:"The channel, by its name." example:"ops"`
	Kind      domain.NotificationKind   `json:"kind" doc:"What it tells." example:"alerts"`
	Status    domain.NotificationStatus `json:"status" doc:"What became of it." example:"sent"`
	Reason    *domain.SuppressReason    `json:"reason" doc:"Why it was suppressed; null for every other status."`
	Counts    map[string]int64          `json:"counts" doc:"How many alerts it tells of, by what happened to them." example:"{\"opened\":500}"`
	CreatedAt domain.Instant            `json:"created_at" doc:"When it was made." example:"2025-03-16T14:44:31.002000Z"`
	Attempts  int64                     `json:"attempts" doc:"How often it was tried." example:"1"`
	NextAt    *domain.Instant           `json:"next_at" doc:"When it is tried next; null unless it is pending." example:"2025-03-16T14:45:01.002000Z"`
	SentAt    *domain.Instant           `json:"sent_at" doc:"When the channel took it; null before that." example:"2025-03-16T14:44:31.202000Z"`
	LastError *string                   `json:"last_error" doc:"Why the last attempt failed; null where it did not." example:"the receiver answered 503"`
}

// NotificationStory is a notification with what it tells.
type NotificationStory struct {
	Notification
	Items []NotificationItem `json:"items" doc:"The alerts, those first that need somebody first; at most 1,000."`
	Move  *Transition        `json:"transition" doc:"With the kind transition: the step that it tells of; else null."`
}

// NotificationItem is an alert in a notification.
type NotificationItem struct {
	Step  domain.StepKind `json:"step" doc:"What happened to the alert; opened for one that still is, in a repeat." example:"opened"`
	Alert Alert           `json:"alert" doc:"The alert as it is now."`
}

// Transition is a step of a subject, as it was told.
type Transition struct {
	_       struct{}        `nullable:"true"`
	Subject AlertSubject    `json:"subject"`
	Event   string          `json:"event_id"`
	Type    string          `json:"type" doc:"The provider's full type." example:"gift-status-changed"`
	Region  *domain.Region  `json:"region"`
	From    *string         `json:"from" doc:"The region's state before it." example:"opened"`
	To      *string         `json:"to" doc:"The state that was reported." example:"claimed"`
	Was     *domain.Verdict `json:"was" doc:"The verdict before, where it was another; else null."`
	Verdict *domain.Verdict `json:"verdict"`
	Phase   *domain.Phase   `json:"phase"`
	At      domain.Instant  `json:"at" doc:"When it happened, by the provider's clock." example:"2025-01-15T14:44:00.138000Z"`
}

func notificationView(n *domain.Notification) Notification {
	v := Notification{
		ID: n.ID, Channel: n.Channel, Kind: n.Kind, Status: n.Status, Reason: optional(n.Reason), Counts: map[string]int64{},
		CreatedAt: n.CreatedAt, Attempts: n.Attempts, NextAt: n.NextAt, SentAt: n.SentAt, LastError: optional(n.LastError),
	}
	for step, count := range n.Counts {
		v.Counts[string(step)] = count
	}
	return v
}

func transitionView(m *domain.Move) *Transition {
	if m == nil {
		return nil
	}
	return &Transition{
		Subject: AlertSubject{SubjectView: domain.SubjectViewOf(m.Subject, m.Source, m.Named)}, Event: m.EventID, Type: m.Event,
		Region: optional(m.Region), From: optional(m.From), To: optional(m.To), Was: optional(m.Was), Verdict: optional(m.Verdict),
		Phase: optional(m.Phase), At: m.At,
	}
}

func (a *API) notificationList(ctx context.Context, in *NotificationsInput) (*body[NotificationList], error) {
	var wrong faults
	wrong.storable("channel", in.Channel)
	wrong.storable("alert", []string{in.Alert})
	if err := wrong.problem(); err != nil {
		return nil, err
	}
	found, next, err := a.store.Notifications(ctx, domain.NotificationQuery{
		Channels: in.Channel, Statuses: in.Status, Alert: in.Alert, Cursor: in.Cursor, Limit: in.Limit,
	})
	l := NotificationList{Notifications: make([]Notification, 0, len(found)), Next: optional(next)}
	for i := range found {
		l.Notifications = append(l.Notifications, notificationView(&found[i]))
	}
	return answer(l), err
}

// NotificationInput names one.
type NotificationInput struct {
	ID string `path:"id" doc:"The notification's id." example:"ntf_01a20181-9b75-7e16-8e14-95a441947302"`
}

func (a *API) oneNotification(ctx context.Context, in *NotificationInput) (*body[NotificationStory], error) {
	if !storable(in.ID) {
		return nil, domain.Errorf(domain.CodeNotFound, "no notification has this id: see /notifications")
	}
	n, err := a.store.Notification(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	story := NotificationStory{Notification: notificationView(&n), Items: make([]NotificationItem, 0, len(n.Items)), Move: transitionView(n.Move)}
	for i := range n.Items {
		story.Items = append(story.Items, NotificationItem{n.Items[i].Step, alertView(&n.Items[i].Alert)})
	}
	return answer(story), nil
}

// resend has one tried again that was given up. Whether the caller may see it is asked first; asking again for what waits
// already is no mistake.
func (a *API) resend(ctx context.Context, in *NotificationInput) (*body[NotificationStory], error) {
	found, err := a.oneNotification(ctx, in)
	if err != nil || found.Body.Status == domain.NotificationPending {
		return found, err
	}
	if err := a.store.Resend(ctx, in.ID, domain.InstantOf(a.now())); err != nil {
		return nil, err
	}
	return a.oneNotification(ctx, in)
}
