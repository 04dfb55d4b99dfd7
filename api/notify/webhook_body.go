package notify

import (
	"net/url"

	"giftline/domain"
)

// bodyAtMost is how many alerts a body holds.
const bodyAtMost = 1000

// The types of a WebhookBody.
const (
	TypeAlerts = "alerts.notified"
	TypeMoved  = "subject.moved"
	TypeTest   = "test"
)

// WebhookBody is what a webhook channel is sent. It is sent at least once: whoever acts on it remembers the id, which is
// that of the header webhook-id too. Fields may be added; what is not known or does not apply is null. The signature is
// checked as https://www.standardwebhooks.com says, before anything is read.
//
// No address of a person is told: where an id or a reference is or holds one, all but its first letter and its domain are
// hidden. Ids of events and alerts lead to the rest for those who may see it.
type WebhookBody struct {
	ID        string         `json:"id"`        // of the notification
	Type      string         `json:"type"`      // decides what data is
	Timestamp domain.Instant `json:"timestamp"` // when the notification was made, by our clock
	Data      any            `json:"data"`      // AlertsNotified, SubjectMoved or Tested
}

// AlertsNotified is the data of alerts.notified: something happened to alerts, or they are still open.
type AlertsNotified struct {
	Repeat bool             `json:"repeat"` // nothing happened: they are still open
	Title  string           `json:"title"`  // all of it in a sentence
	Counts map[string]int64 `json:"counts"` // how many alerts by step: opened, reopened, woke, resolved, withdrawn
	Alerts []AlertNotified  `json:"alerts"` // the first 1,000, those first that need somebody
	More   int64            `json:"more"`   // how many more there are: GET /alerts lists them
}

// AlertNotified is one alert. Its id is the same in every notification: it is one episode.
type AlertNotified struct {
	ID       string          `json:"id"`
	Step     string          `json:"step"` // what happened to it
	Rule     string          `json:"rule"`
	Severity string          `json:"severity"`
	Status   string          `json:"status"`
	Title    string          `json:"title"`
	Subject  *NotifiedOf     `json:"subject"` // null for what is about a source, or Giftline itself
	Source   *string         `json:"source"`  // null for what is about Giftline itself
	Region   *string         `json:"region"`
	State    *string         `json:"state"`
	EventID  *string         `json:"event_id"`  // of the event that it is about, where it is about one
	Since    domain.Instant  `json:"since"`     // when what it speaks of began, by the provider's clock
	At       domain.Instant  `json:"at"`        // from when on it holds, such as a deadline, by the same clock
	RaisedAt domain.Instant  `json:"raised_at"` // when it was noticed first, by ours
	EndedAt  *domain.Instant `json:"ended_at"`  // when it was resolved or withdrawn, by ours
	Detail   *string         `json:"detail"`    // in words
	URL      *string         `json:"url"`       // where it is shown
}

// SubjectMoved is the data of subject.moved: one step of a subject's timeline. Late events may change earlier steps, so
// the same event may be told again, with another verdict and the former one in was.
type SubjectMoved struct {
	Title   string         `json:"title"`
	Subject NotifiedOf     `json:"subject"`
	EventID string         `json:"event_id"`
	Event   string         `json:"event"` // the provider's full type, such as send.shipped
	Region  string         `json:"region"`
	From    string         `json:"from"`
	To      string         `json:"to"`
	Verdict string         `json:"verdict"`
	Was     *string        `json:"was"`   // the verdict before, where it was another
	Phase   *string        `json:"phase"` // where the subject is now, in one word for all providers
	At      domain.Instant `json:"at"`    // by the provider's clock
	URL     *string        `json:"url"`   // where the subject is shown
}

// NotifiedOf is what something is about.
type NotifiedOf struct {
	Provider  string  `json:"provider"`
	Kind      string  `json:"kind"`
	ID        string  `json:"id"`
	Source    *string `json:"source"`
	CompanyID *string `json:"company_id"`
	Reference *string `json:"reference"`
}

// Tested is the data of test.
type Tested struct {
	Title   string `json:"title"`
	Channel string `json:"channel"`
}

func (w writer) body(n domain.Notification) WebhookBody {
	b := WebhookBody{ID: n.ID, Timestamp: n.CreatedAt}
	title := w.message(n).Title
	switch {
	case n.Kind == domain.KindTest:
		b.Type, b.Data = TypeTest, Tested{title, n.Channel}
	case n.Kind == domain.KindMove && n.Move != nil:
		b.Type, b.Data = TypeMoved, w.move(n.Move, title)
	default:
		b.Type, b.Data = TypeAlerts, w.alerts(n, title)
	}
	return b
}

func (w writer) alerts(n domain.Notification, title string) AlertsNotified {
	live, ended := countsOf(n)
	a := AlertsNotified{Repeat: n.Kind == domain.KindRepeat, Title: title, Counts: map[string]int64{}, Alerts: []AlertNotified{}}
	for step, count := range n.Counts {
		a.Counts[string(step)] = count
	}
	for _, item := range n.Items[:min(len(n.Items), bodyAtMost)] {
		a.Alerts = append(a.Alerts, w.alert(item, n))
	}
	a.More = max(live+ended-int64(len(a.Alerts)), 0)
	return a
}

func (w writer) alert(item domain.NotificationItem, n domain.Notification) AlertNotified {
	a := item.Alert
	told := AlertNotified{
		ID: a.ID, Step: string(item.Step), Rule: string(a.Rule), Severity: string(a.Severity), Status: string(a.Status),
		Title: cut(sentence(item, minutes(n)), sentenceAtMost), Source: orNull(a.Source), Region: orNull(string(a.Region)), State: orNull(masked(a.State)),
		EventID: orNull(a.Event), Since: a.Since, At: a.At, RaisedAt: a.RaisedAt, EndedAt: a.EndedAt, Detail: orNull(masked(a.Detail)),
		URL: orNull(w.link("alerts/" + url.PathEscape(a.ID))),
	}
	if a.Subject != nil {
		of := notifiedOf(*a.Subject, a.Named, a.Source)
		told.Subject = &of
	}
	return told
}

func (w writer) move(m *domain.Move, title string) SubjectMoved {
	return SubjectMoved{
		Title: title, Subject: notifiedOf(m.Subject, m.Named, m.Source), EventID: m.EventID, Event: masked(m.Event), Region: string(m.Region),
		From: masked(m.From), To: masked(m.To), Verdict: string(m.Verdict), Was: orNull(string(m.Was)), Phase: orNull(string(m.Phase)), At: m.At,
		URL: orNull(w.subject(&m.Subject)),
	}
}

func notifiedOf(s domain.Subject, named domain.Attributes, source string) NotifiedOf {
	return NotifiedOf{string(s.Provider), string(s.Kind), masked(s.ID), orNull(source), orNull(masked(named.CompanyID)), orNull(masked(named.Reference))}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
