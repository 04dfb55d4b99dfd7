package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"giftline/domain"
)

// Limits of https://developer.pagerduty.com/docs/events-api-v2-overview; the whole, 512 KB, is far away.
const (
	pagerDutyURL     = "https://events.pagerduty.com/v2/enqueue"
	pagerDutyKey     = 255  // characters of a dedup_key
	pagerDutySummary = 1024 // characters
)

var errNoMoves = errors.New("it is not told of moves, which are no incidents: leave the rule transition out of its route")

// pagerduty keeps one incident for each group of alerts: it begins with the first alert and ends when none is live.
type pagerduty struct {
	poster
	writer
	key string
}

func openPagerDuty(c Channel, o Options, p *problems) domain.Notifier {
	p.only(c, "url", "secrets")
	if len(c.Secrets) != 1 || c.Secrets[0] == "" {
		p.add("it needs one secret: the routing key of an integration of the kind Events API v2")
		return nil
	}
	if c.URL == "" {
		c.URL = pagerDutyURL
	}
	return &pagerduty{newPoster(p.checkURL(c.URL), o, http.StatusBadRequest), newWriter(o), c.Secrets[0]}
}

type pagerDutyEvent struct {
	RoutingKey string            `json:"routing_key"`
	Action     string            `json:"event_action"`
	DedupKey   string            `json:"dedup_key"`
	Client     string            `json:"client,omitempty"`
	ClientURL  string            `json:"client_url,omitempty"`
	Links      []pagerDutyLink   `json:"links,omitempty"`
	Payload    *pagerDutyPayload `json:"payload,omitempty"`
}

type pagerDutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

type pagerDutyPayload struct {
	Summary   string           `json:"summary"`
	Source    string           `json:"source"`
	Severity  domain.Severity  `json:"severity"` // theirs are ours, and error
	Timestamp domain.Instant   `json:"timestamp"`
	Component string           `json:"component,omitempty"`
	Class     domain.Rule      `json:"class,omitempty"`
	Details   pagerDutyDetails `json:"custom_details"`
}

type pagerDutyDetails struct {
	Means  string   `json:"means,omitempty"`
	Counts string   `json:"counts,omitempty"`
	Alerts []string `json:"alerts,omitempty"`
	More   int64    `json:"more,omitempty"`
}

// Notify begins the group's incident, tells more of it, or ends it.
func (d *pagerduty) Notify(ctx context.Context, n domain.Notification) error {
	if n.Kind == domain.KindMove {
		return &domain.NotifyError{Err: errNoMoves, Final: true}
	}
	body, err := json.Marshal(d.event(n))
	if err != nil {
		return &domain.NotifyError{Err: err, Final: true}
	}
	return d.post(ctx, body, nil)
}

func (d *pagerduty) event(n domain.Notification) pagerDutyEvent {
	e := pagerDutyEvent{RoutingKey: d.key, Action: "trigger", DedupKey: dedupKey(n)}
	if isOver(n) {
		e.Action = "resolve"
		return e
	}
	m := d.message(n)
	e.Client, e.ClientURL = "Giftline", d.publicURL
	if m.Link != "" {
		e.Links = []pagerDutyLink{{m.Link, "Show in Giftline"}}
	}
	e.Payload = &pagerDutyPayload{
		Summary: cut(m.Title, pagerDutySummary), Source: "giftline", Severity: m.Severity, Timestamp: n.CreatedAt, Class: ruleOf(n),
		Details: pagerDutyDetails{Means: m.Means, Counts: m.Counts, More: m.More},
	}
	if len(n.Items) > 0 {
		e.Payload.Component = n.Items[0].Alert.Source
	}
	for _, l := range m.Lines {
		e.Payload.Details.Alerts = append(e.Payload.Details.Alerts, l.Text)
	}
	return e
}

// isOver reports whether nothing of the group is live. What an alert is counts, not what is told of it: it may have ended
// since.
func isOver(n domain.Notification) bool {
	if live, _ := countsOf(n); len(n.Items) == 0 && live > 0 || n.Kind != domain.KindAlerts || n.Open > 0 {
		return false
	}
	return !slices.ContainsFunc(n.Items, func(i domain.NotificationItem) bool { return i.Alert.Status.Live() })
}

// dedupKey is the same for all that is told of a group. A test is an incident of its own.
func dedupKey(n domain.Notification) string {
	key := "giftline/" + n.Channel + "/" + n.Group
	if n.Kind == domain.KindTest {
		key = "giftline/test/" + n.ID
	}
	if len(key) <= pagerDutyKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "giftline/" + hex.EncodeToString(sum[:])
}
