// Package notify tells people: one file for each kind of channel, each of them one request.
package notify

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"giftline/domain"
)

// Kind is what a channel speaks.
type Kind string

// The kinds.
const (
	Webhook      Kind = "webhook" // JSON, signed by Standard Webhooks
	Slack        Kind = "slack"
	PagerDuty    Kind = "pagerduty"    // Events API v2
	Alertmanager Kind = "alertmanager" // API v2
	Email        Kind = "email"
	Log          Kind = "log"
)

// Channel is one configured place to tell people.
type Channel struct {
	Name     string
	Kind     Kind
	URL      string   // webhook, slack, alertmanager; of pagerduty another than its own
	Secrets  []string // webhook: whsec_…, several while rotating, the first signs first; pagerduty: its routing key
	Server   string   // email: host:port of the SMTP server
	TLS      string   // email: starttls (default), tls or none
	User     string   // email; empty for no login
	Password string
	From     string
	To       []string
	Ends     bool // told of ends too
}

// Options are what all channels share.
type Options struct {
	PublicURL string         // links lead there; empty for none
	Allow     []netip.Prefix // private networks that channels may reach
	Version   string
	Now       func() time.Time
	Log       *slog.Logger
}

// Open makes the notifier of a channel. Errors tell what is wrong with its configuration.
func Open(c Channel, o Options) (domain.Notifier, error) {
	return nil, errors.New("not written yet") // TODO(notify)
}
