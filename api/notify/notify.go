// Package notify tells people: one file for each kind of channel, each of them one request.
//
// What is told is the same everywhere (message.go): ids, references, states and times, never the address of a recipient
// and nothing of what a provider wrote besides. Every address is checked when it is dialled (guard.go), and no error
// holds a secret or more of a URL than its host.
package notify

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"
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

// Kinds lists them.
var Kinds = []Kind{Webhook, Slack, PagerDuty, Alertmanager, Email, Log}

// TellsMoves reports whether a channel of the kind can be told each move of a subject: an incident that nobody ends is
// none.
func (k Kind) TellsMoves() bool { return k != PagerDuty && k != Alertmanager }

// NeedsEnds reports whether a channel of the kind is told of ends whatever its configuration says: otherwise what it shows
// would never end.
func (k Kind) NeedsEnds() bool { return k == PagerDuty || k == Alertmanager }

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
	Ends     bool          // told of ends too
	Repeat   time.Duration // alertmanager: how often its route repeats; 0: every minute
}

// Options are what all channels share.
type Options struct {
	PublicURL string         // links lead there; empty for none
	Allow     []netip.Prefix // private networks that channels may reach
	Version   string
	Now       func() time.Time
	Log       *slog.Logger
}

// opening makes the notifier of a channel that is told of everything, with everything that is wrong with its settings.
type opening func(Channel, Options, *problems) domain.Notifier

var openings = map[Kind]opening{
	Webhook:      openWebhook,
	Slack:        openSlack,
	PagerDuty:    openPagerDuty,
	Alertmanager: openAlertmanager,
	Email:        openEmail,
	Log:          openLog,
}

// Open makes the notifier of a channel. Errors tell all that is wrong with its configuration, and what to do about it.
func Open(c Channel, o Options) (domain.Notifier, error) {
	open := openings[c.Kind]
	if open == nil {
		return nil, fmt.Errorf("channel %q: unknown kind %q: use %s", c.Name, c.Kind, listed(Kinds))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	p := problems{channel: c.Name}
	checkPublicURL(o.PublicURL, &p)
	n := open(c, o, &p)
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	if c.Ends || c.Kind.NeedsEnds() {
		return n, nil
	}
	return beginnings{n}, nil
}

func listed(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// problems gathers what is wrong with a channel's settings. Secrets are never repeated in them.
type problems struct {
	channel string
	errs    []error
}

func (p *problems) add(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("channel %q: "+format, append([]any{p.channel}, args...)...))
}

// checkURL reads a URL to post to. It is not repeated when it is wrong: Slack's are secrets.
func (p *problems) checkURL(raw string) *url.URL {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		p.add("no url: say where to post to, in url or url_file")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		p.add("its url is none: it begins with https:// (or http://) and a host")
	case u.Fragment != "":
		p.add("its url has a part behind #, which is never sent: leave it out")
	default:
		return u
	}
	return &url.URL{}
}

func checkPublicURL(raw string, p *problems) {
	if raw == "" {
		return
	}
	if u, err := url.Parse(raw); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		p.add("the public URL %q is none: links need one like https://giftline.example.com", raw)
	}
}

// only says which settings a kind has no use for: they would be believed to do something.
func (p *problems) only(c Channel, used ...string) {
	for _, setting := range []struct {
		name string
		set  bool
	}{
		{"url", c.URL != ""}, {"secrets", len(c.Secrets) > 0}, {"server", c.Server != ""}, {"tls", c.TLS != ""},
		{"user", c.User != ""}, {"password", c.Password != ""}, {"from", c.From != ""}, {"to", len(c.To) > 0},
	} {
		if setting.set && !slices.Contains(used, setting.name) {
			p.add("kind %s has no use for %s: remove it", c.Kind, setting.name)
		}
	}
}
