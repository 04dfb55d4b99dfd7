package domain

import (
	"context"
	"slices"
	"strings"
)

// Rule is a reason to tell people.
type Rule string

// The rules. A state's own rule stands in its machine's table, see Machine.Raises.
const (
	RuleStuck         Rule = "stuck"               // a dwell limit has passed
	RuleExpiring      Rule = "expiring"            // it will expire soon, or its provider has sent the last notice
	RuleExpired       Rule = "expired"             // on the provider's word
	RuleOverdue       Rule = "overdue_unconfirmed" // our date of expiry has passed, and the provider says nothing
	RuleFailed        Rule = "failed"
	RuleBounced       Rule = "bounced"
	RuleUndeliverable Rule = "undeliverable"
	RuleOutOfStock    Rule = "out_of_stock"
	RuleComplained    Rule = "complained"
	RuleIllegal       Rule = "illegal_transition" // one still stands when it has had time to be cured
	RuleTransition    Rule = "transition"         // any move: told where a route asks for it, and no alert

	RuleQuiet      Rule = "quiet"              // a source says nothing, against its own rhythm
	RuleDown       Rule = "downtime"           // we could not hear anything for a while
	RuleSignature  Rule = "signature_failures" // webhooks of a source are refused
	RuleQuarantine Rule = "quarantine_growth"  // what arrives cannot be read, or finds no timeline
	RuleBusy       Rule = "queue_full"         // webhooks were put off
	RuleDisk       Rule = "disk_low"
)

// Severity says how soon somebody should look.
type Severity string

// The severities, in rising order.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Severities lists them in rising order.
var Severities = []Severity{Info, Warning, Critical}

// AtLeast reports whether s is as severe as least, or more so.
func (s Severity) AtLeast(least Severity) bool {
	return slices.Index(Severities, s) >= slices.Index(Severities, least)
}

// RuleFacts are what is fixed about a rule.
type RuleFacts struct {
	Rule     Rule
	Severity Severity // unless the configuration says another
	Subject  bool     // about a subject; else about a source, or ourselves
	Means    string   // one sentence
}

// Rules lists every rule.
var Rules = []RuleFacts{
	{RuleStuck, Warning, true, "nothing has happened for longer than a stay in this state is expected to last"},
	{RuleExpiring, Info, true, "it expires soon unless somebody acts"},
	{RuleExpired, Warning, true, "its provider says that it has expired"},
	{RuleOverdue, Warning, true, "it should have expired by now, and its provider has not said so"},
	{RuleFailed, Critical, true, "it has failed"},
	{RuleBounced, Critical, true, "it bounced: the address did not take it"},
	{RuleUndeliverable, Critical, true, "the carrier could not deliver it"},
	{RuleOutOfStock, Critical, true, "what was chosen cannot be sent: somebody has to choose again, wait or cancel"},
	{RuleComplained, Critical, true, "the recipient complained"},
	{RuleIllegal, Warning, true, "what its provider reports does not add up, and no later event has cured it"},
	{RuleTransition, Info, true, "it moved to another state"},
	{RuleQuiet, Critical, false, "nothing arrives from a source that usually sends"},
	{RuleDown, Critical, false, "Giftline could not receive anything for a while"},
	{RuleSignature, Critical, false, "webhooks are refused: their signature does not fit"},
	{RuleQuarantine, Warning, false, "more arrives than usual that cannot be read, or finds no timeline"},
	{RuleBusy, Critical, false, "webhooks were put off because the queue was full"},
	{RuleDisk, Critical, false, "the disk with the database is nearly full"},
}

// FactsOf gives the facts of a rule.
func FactsOf(r Rule) (RuleFacts, bool) {
	i := slices.IndexFunc(Rules, func(f RuleFacts) bool { return f.Rule == r })
	if i < 0 {
		return RuleFacts{}, false
	}
	return Rules[i], true
}

// AlertStatus is where an alert is in its life.
type AlertStatus string

// The statuses. The last two are ends, out of which only the same episode leads back to open.
const (
	AlertOpen         AlertStatus = "open"
	AlertAcknowledged AlertStatus = "acknowledged" // somebody looks after it: no repeats
	AlertSnoozed      AlertStatus = "snoozed"      // until a time, or until its subject moves: no notifications
	AlertResolved     AlertStatus = "resolved"     // it was true, and is over; or somebody said so
	AlertWithdrawn    AlertStatus = "withdrawn"    // by what is known now it was never true
)

// Live reports whether the alert still speaks of something that holds.
func (s AlertStatus) Live() bool {
	return s == AlertOpen || s == AlertAcknowledged || s == AlertSnoozed
}

// Alert is one episode of something that people should know.
type Alert struct {
	ID       string // alt_ and a digest of the episode: the same on every replica
	Rule     Rule
	Severity Severity
	Subject  *Subject   // nil for what is about a source, or ourselves
	Source   string     // of the subject's first event, or that the alert is about; empty for ourselves
	Sources  []string   // of all that the subject's events came by: whose reach they all are in may see the alert
	Named    Attributes // of the subject when it was last looked at
	Region   Region
	State    string
	Event    string  // id of the event that it is about, where it is about one
	Since    Instant // when what it speaks of began, by the provider's clock
	At       Instant // from when on it holds, such as a deadline, by the same clock: whenever it was noticed
	RaisedAt Instant // when it was noticed first, by ours
	Detail   string  // in words, where rule, state and times do not say it all

	Status      AlertStatus
	Until       *Instant // snoozed: when it wakes
	UntilMoves  bool     // snoozed: it wakes when its subject moves
	UpdatedAt   Instant  // when the last step was made, by our clock
	EndedAt     *Instant // when it was resolved or withdrawn, by our clock
	By          string   // id of the key whose owner made the last step; empty: Giftline
	ReopenCount int64
}

// StepKind is what happened to an alert.
type StepKind string

// The steps. Only the first, the third, the fourth and the last two concern people who were not told otherwise.
const (
	StepOpened       StepKind = "opened"
	StepAcknowledged StepKind = "acknowledged"
	StepReopened     StepKind = "reopened"
	StepWoke         StepKind = "woke" // from its snooze
	StepSnoozed      StepKind = "snoozed"
	StepResolved     StepKind = "resolved"
	StepWithdrawn    StepKind = "withdrawn"
)

// Told reports whether a step is told to people.
func (s StepKind) Told() bool {
	return s == StepOpened || s == StepReopened || s == StepWoke || s == StepResolved || s == StepWithdrawn
}

// AlertStep is one step in the life of an alert.
type AlertStep struct {
	Kind StepKind
	At   Instant // by our clock
	By   string  // id of the key; empty: Giftline
	Note string  // why, in words
}

// AlertID names an episode: of a subject, or of a source (nil).
func AlertID(s *Subject, source string, a Alarm) string {
	about := "source/" + source
	if s != nil {
		d := s.Digest()
		about = "subject/" + string(d[:])
	}
	sum := HashParts("alert/1", about, string(a.Rule), string(a.Region), a.State, a.Event, a.Since.String())
	return alertPrefix + idEncoding.EncodeToString(sum[:16])
}

const alertPrefix = "alt_"

// IsAlertID reports whether a text looks like the id of an alert.
func IsAlertID(text string) bool { return strings.HasPrefix(text, alertPrefix) }

// WorkSnooze is the kind of work that ending a snooze is, with the alert's id as its key.
const WorkSnooze = "snooze"

// AlertQuery chooses alerts, the last updated first: every field that is set must fit, and a field with several values
// fits if one of them does.
type AlertQuery struct {
	IDs        []string
	Rules      []Rule
	Severities []Severity
	Statuses   []AlertStatus
	Providers  []Provider
	Kinds      []Kind
	Sources    []string
	CompanyIDs []string
	Subject    *Subject
	At         Span   // of Alert.At
	Updated    Span   // of Alert.UpdatedAt
	Cursor     string // of a former page
	Limit      int
}

// AlertPage is a page of alerts.
type AlertPage struct {
	Alerts []Alert
	Next   string // a cursor; empty at the end
	Count  int64  // how many the whole list holds
}

// AlertAction is what a person does with alerts.
type AlertAction struct {
	Step       StepKind // StepAcknowledged, StepSnoozed, StepResolved, or StepReopened to take any of them back
	Until      *Instant // snoozed
	UntilMoves bool     // snoozed
	By         string   // id of the key
	Note       string
	At         Instant // by our clock
}

// Alerts keeps what alarmed. What a limited context (see Within) does not reach is not there: an alert about a subject is
// in reach where all its sources are, one about a source where that is, one about ourselves only without a limit.
type Alerts interface {
	// Alerts gives a page. Errors: CodeInvalid for a foreign cursor.
	Alerts(context.Context, AlertQuery) (AlertPage, error)
	// Alert gives one with its steps, the first one first. Errors: CodeNotFound.
	Alert(ctx context.Context, id string) (Alert, []AlertStep, error)
	// AlertsOf gives those of a subject with the steps of each, the one raised first first; at most 100, the last.
	AlertsOf(context.Context, Subject) ([]Alert, [][]AlertStep, error)
	// Act does what a person wants with at most limit of the alerts chosen, and says with how many: those that the step
	// does not change, such as an end that came before, are left out. An AlertQuery's cursor, limit and order play no part.
	Act(ctx context.Context, q AlertQuery, a AlertAction, limit int) (int64, error)
	// Wake ends the snooze of an alert whose time has come.
	Wake(ctx context.Context, id string, now Instant) error
	// Raise compares what alarms now about sources and ourselves with what did: see ReconcileTroubles. Only alerts of the
	// rules given are touched.
	Raise(ctx context.Context, rules []Rule, standing []Trouble, now Instant) error
	// Stuck lists subjects whose deadline has passed, and Expiring those that are still open and expire in a span: the
	// earliest first, from a cursor of a former page.
	Stuck(ctx context.Context, cursor string, limit int) ([]Watching, string, error)
	Expiring(ctx context.Context, s Span, cursor string, limit int) ([]Watching, string, error)
	// WatchOf tells what is watched of those of the subjects of which something is.
	WatchOf(context.Context, ...Subject) (map[Subject]Watch, error)
	// Outages lists when nothing could be heard, of those that end after an instant, the first one first. A limited context
	// is told of its own sources.
	Outages(ctx context.Context, after Instant) ([]Outage, error)
	// Pulse notes that we live and hear: an outage of ours is kept where the last pulse is too long ago. One of a source
	// begins or ends with what quiet says.
	Pulse(ctx context.Context, now Instant, quiet []Silence) error
}

// Watch is when somebody should look at a subject, as the last look at it found.
type Watch struct {
	DueAt     *Instant // the first of its deadlines, passed or not
	ExpiresAt *Instant // while it is open
	Stuck     bool     // DueAt has passed, and nobody could say that we were blind
}

// Watching is a subject that is watched.
type Watching struct {
	Listed
	Watch
}
