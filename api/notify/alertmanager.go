package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"giftline/domain"
)

// alertmanager hands each alert over, so that its grouping, silences and receivers do the rest. What is live is said to
// end four repeats from now: if we die, it ends by itself, as alerts of Prometheus do.
type alertmanager struct {
	poster
	writer
	lasts time.Duration
}

const (
	alertmanagerPath  = "/api/v2/alerts"
	alertmanagerAlone = 1000 // alerts in a request, well below a megabyte
)

func openAlertmanager(c Channel, o Options, p *problems) domain.Notifier {
	p.only(c, "url")
	u := p.checkURL(c.URL)
	if !strings.HasSuffix(u.Path, alertmanagerPath) { // most know the address of its pages
		u = u.JoinPath(alertmanagerPath)
	}
	if c.Repeat <= 0 {
		c.Repeat = time.Minute
	}
	return &alertmanager{newPoster(u, o, http.StatusBadRequest), newWriter(o), 4 * c.Repeat}
}

type alertmanagerAlert struct {
	Labels       map[string]string `json:"labels"` // what it is known by: nothing that changes during its life
	Annotations  map[string]string `json:"annotations"`
	StartsAt     domain.Instant    `json:"startsAt"`
	EndsAt       domain.Instant    `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// Notify posts all alerts, a portion at a time. Of a portion with one that it does not like Alertmanager takes the others, so
// that what it says of one portion is no reason to keep the next one from it.
func (a *alertmanager) Notify(ctx context.Context, n domain.Notification) error {
	if n.Kind == domain.KindMove {
		return &domain.NotifyError{Err: errNoMoves, Final: true}
	}
	all := a.alerts(n)
	if len(all) == 0 {
		return a.postAll(ctx, all)
	}
	var refused error
	for portion := range slices.Chunk(all, alertmanagerAlone) {
		err := a.postAll(ctx, portion)
		var told *domain.NotifyError
		if err != nil && !(errors.As(err, &told) && told.Final) {
			return err
		}
		refused = cmp.Or(refused, err)
	}
	return refused
}

func (a *alertmanager) postAll(ctx context.Context, portion []alertmanagerAlert) error {
	body, err := json.Marshal(portion)
	if err != nil {
		return &domain.NotifyError{Err: err, Final: true}
	}
	return a.post(ctx, body, nil)
}

func (a *alertmanager) alerts(n domain.Notification) []alertmanagerAlert {
	now := domain.InstantOf(a.now())
	all := []alertmanagerAlert{}
	if n.Kind == domain.KindTest {
		return append(all, alertmanagerAlert{
			Labels:      map[string]string{"alertname": "GiftlineTest", "severity": string(domain.Info), "alert_id": n.ID},
			Annotations: annotations(a.message(n).Title, "", ""), StartsAt: now, EndsAt: now + domain.InstantOfDuration(a.lasts),
		})
	}
	for _, item := range n.Items {
		all = append(all, a.alert(item, n, now))
	}
	return all
}

func (a *alertmanager) alert(item domain.NotificationItem, n domain.Notification, now domain.Instant) alertmanagerAlert {
	l := a.line(item, n)
	out := alertmanagerAlert{
		Labels: labelsOf(item.Alert), Annotations: annotations(l.Text, sentenceCase(means(item.Alert.Rule)), l.Subject),
		StartsAt: item.Alert.At, EndsAt: now + domain.InstantOfDuration(a.lasts), GeneratorURL: l.Link,
	}
	if !item.Alert.Status.Live() {
		out.EndsAt = now
		if item.Alert.EndedAt != nil {
			out.EndsAt = *item.Alert.EndedAt
		}
	}
	out.StartsAt = min(out.StartsAt, now, out.EndsAt) // the provider's clock is not ours, and an alert may not end before it starts
	return out
}

// labelsOf leaves empty ones out, as Alertmanager would.
func labelsOf(a domain.Alert) map[string]string {
	labels := map[string]string{
		"alertname": "Giftline" + camel(string(a.Rule)), "rule": string(a.Rule), "severity": string(a.Severity), "source": a.Source,
		"region": string(a.Region), "state": masked(a.State), "alert_id": a.ID,
	}
	if a.Subject != nil {
		labels["provider"], labels["kind"], labels["subject"] = string(a.Subject.Provider), string(a.Subject.Kind), masked(a.Subject.ID)
	}
	for name, value := range labels {
		labels[name] = strings.ToValidUTF8(value, "\uFFFD")
		if value == "" {
			delete(labels, name)
		}
	}
	return labels
}

func annotations(summary, description, timeline string) map[string]string {
	all := map[string]string{"summary": summary}
	if description != "" {
		all["description"] = description
	}
	if timeline != "" {
		all["timeline"] = timeline
	}
	return all
}

// camel writes a rule as alerts are named: out_of_stock is OutOfStock.
func camel(s string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(s, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
