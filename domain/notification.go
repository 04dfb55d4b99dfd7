package domain

import (
	"context"
	"time"
)

// Notification is a message to a channel, made once: however often it is tried, its id is the same.
type Notification struct {
	ID      string // ntf_ and a UUIDv7
	Channel string
	Group   string
	Kind    NotificationKind
	Status  NotificationStatus
	// Counts says how many alerts it tells of, by what happened to them; Items are the first of them, the ones that need
	// somebody first.
	Counts    map[StepKind]int64
	Items     []NotificationItem
	Open      int64 // how many alerts of the group are live, told here or not, so that a channel knows when all is over
	Move      *Move // for KindMove
	CreatedAt Instant
	Attempts  int64
	NextAt    *Instant // of the next attempt, while pending
	SentAt    *Instant
	LastError string
	Reason    SuppressReason // for NotificationSuppressed
}

// NotificationItem is an alert in a notification.
type NotificationItem struct {
	Alert Alert
	Step  StepKind // what happened to it; StepOpened for one that still is open, in a repeat
}

// NotificationKind is what a notification is.
type NotificationKind string

// The kinds.
const (
	KindAlerts NotificationKind = "alerts" // something happened to alerts
	KindRepeat NotificationKind = "repeat" // alerts are still open
	KindMove   NotificationKind = "transition"
	KindTest   NotificationKind = "test"
)

// NotificationStatus is what became of a notification.
type NotificationStatus string

// The statuses.
const (
	NotificationPending    NotificationStatus = "pending" // not tried yet, or to be tried again
	NotificationSent       NotificationStatus = "sent"
	NotificationDead       NotificationStatus = "dead"       // given up; it can be sent again
	NotificationSuppressed NotificationStatus = "suppressed" // never to be sent: one alert, and why
)

// SuppressReason says why somebody was not told.
type SuppressReason string

// The reasons.
const (
	SuppressSnoozed      SuppressReason = "snoozed"
	SuppressAcknowledged SuppressReason = "acknowledged"     // a repeat
	SuppressOver         SuppressReason = "over_before_sent" // it was over before the group was told: neither its beginning nor its end
	SuppressOld          SuppressReason = "before_alerting"  // it held before alerts were there
	SuppressDisabled     SuppressReason = "channel_disabled" // the receiver answered 410, or the channel is not configured any more
)

// Move is a step of a subject, for those who follow every one.
type Move struct {
	Subject Subject
	Named   Attributes
	Source  string   // of the change
	Sources []string // of all its subject's events: from and to tell of what they said
	EventID string
	Event   string // the provider's full type
	Region  Region
	From    string
	To      string
	Verdict Verdict
	Was     Verdict // where it was another before
	Phase   Phase
	At      Instant
}

// Notifier tells people. One of its kind is made for each channel.
type Notifier interface {
	// Notify tells a channel. Whatever it returns, the receiver may have got the message. An error says how to go on; one
	// that is no *NotifyError is tried again.
	Notify(context.Context, Notification) error
}

// NotifyError says how to go on after a failure.
type NotifyError struct {
	Err     error
	Final   bool          // trying again is of no use
	Disable bool          // the receiver does not want to hear of us again
	After   time.Duration // not before; 0: as the schedule says
}

// Error gives the cause.
func (e *NotifyError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *NotifyError) Unwrap() error { return e.Err }

// ChannelState is what is known of a channel beside its configuration.
type ChannelState struct {
	Channel    string
	DisabledAt *Instant // until somebody enables it
	Reason     string
	Pending    int64
	Dead       int64
	Suppressed int64
	Sent       int64
	LastSentAt *Instant
	LastError  string
	FailingAt  *Instant // since when every attempt fails; nil where the last one did not
}

// NotificationQuery chooses notifications, the last made first.
type NotificationQuery struct {
	Channels []string
	Statuses []NotificationStatus
	Alert    string // that tell of it
	Cursor   string
	Limit    int
}

// Outbox keeps what is to be told, and what was. Items are put into it in the transaction of what they tell of; a group of
// items is work of the kind WorkNotify(channel), with the group as its key.
type Outbox interface {
	// Compose gives the notification that a group is to be told next: one that was made before and has not ended, else a
	// new one of what waits, else, when repeat says so, one of the alerts of the group that are open, see Route.Whole. Nil: nothing is to be
	// told. Items holds at most so many.
	Compose(ctx context.Context, channel, group string, now Instant, repeat bool, items int) (*Notification, error)
	// KeepTry keeps what an attempt came to: status NotificationSent, NotificationDead, or NotificationPending with the time
	// of the next one. It says whether the group has more to tell, and whether alerts of it are open.
	KeepTry(ctx context.Context, id string, t Tried) (more, open bool, err error)
	// LastTold gives when a group was told last; false for never.
	LastTold(ctx context.Context, channel, group string) (Instant, bool, error)
	// Disable stops a channel, Enable starts it again: what it was not told stays suppressed.
	Disable(ctx context.Context, channel, reason string, now Instant) error
	Enable(ctx context.Context, channel string) error
	// Resend has a dead notification tried again. Errors: CodeNotFound, CodeInvalid for one that is not dead.
	Resend(ctx context.Context, id string, now Instant) error
	// Notifications gives a page, without items; Notification gives one with its items, at most 1,000. What a limited
	// context does not reach all of is not there. Errors: CodeNotFound; CodeInvalid for a foreign cursor.
	Notifications(context.Context, NotificationQuery) ([]Notification, string, error)
	Notification(ctx context.Context, id string) (Notification, error)
	// Prune forgets what was told or suppressed before an instant, at most so many rows at once, and says how many it were.
	// What was told of alerts that still hold stays.
	Prune(ctx context.Context, before Instant, limit int) (int64, error)
	// Channels tells of every channel that something is known of.
	Channels(context.Context) (map[string]ChannelState, error)
}

// Tried is what one try to tell came to.
type Tried struct {
	At     Instant
	Status NotificationStatus
	NextAt *Instant
	Error  string
}

// WorkNotify is the kind of work that telling a channel is.
func WorkNotify(channel string) string { return "notify/" + channel }
