package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

// triggerCmd sends a sample event to a running server, signed with the source's own secret.
type triggerCmd struct {
	Event string   `arg:"" optional:"" placeholder:"SOURCE.EVENT" help:"Source and event, such as resend.email.opened or sendoso.send.shipped."`
	Set   []string `help:"Put a value into the body: data.email_id=abc. JSON is taken as such, all else as text. May be repeated." sep:"none" placeholder:"PATH=VALUE"`
	Addr  string   `help:"Address of the server." env:"GIFTLINE_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	URL   string   `name:"url" help:"Address of the server as a URL, where --addr does not do." placeholder:"URL"`
	List  bool     `help:"List the events there are samples of."`
}

// Run builds, signs and sends the webhook, and prints the answer.
func (c *triggerCmd) Run(p *program) error {
	if c.List {
		return listSamples(p)
	}
	base, err := c.base()
	if err != nil {
		return err
	}
	source, sample, err := c.choose(p)
	if err != nil {
		return err
	}
	delivery := deliveryID(source.Provider, randomText())
	body, err := c.body(sample, delivery)
	if err != nil {
		return err
	}
	status, answer, err := postWebhook(p.ctx, base+webhookPath(source, sample.PathType), source, delivery, body)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.out, "%s\n", bytes.TrimSpace(answer)); err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("%s answered %d", base, status)
	}
	return nil
}

func (c *triggerCmd) base() (string, error) {
	if c.URL == "" {
		return "http://" + reachable(c.Addr), nil
	}
	base, err := baseURL(c.URL)
	if err != nil {
		return "", usagef("--url: %v", err)
	}
	return base, nil
}

// choose finds the source and the sample that the argument names.
func (c *triggerCmd) choose(p *program) (webhooks.Source, webhooks.Sample, error) {
	var sample webhooks.Sample
	name, event, ok := strings.Cut(c.Event, ".")
	if !ok {
		return webhooks.Source{}, sample, usagef("which event? Give source.event, such as resend.email.opened; --list shows all")
	}
	sources, err := p.sources()
	if err != nil {
		return webhooks.Source{}, sample, err
	}
	source, err := sourceNamed(sources, name)
	if err != nil {
		return source, sample, err
	}
	var known, ofType []string
	for _, s := range webhooks.Samples() {
		if s.Provider != source.Provider {
			continue
		}
		if s.Type == event {
			source, err = signingFor(source, event)
			return source, s, err
		}
		known = append(known, name+"."+s.Type)
		if typeOf(s) == event {
			ofType = append(ofType, name+"."+s.Type)
		}
	}
	if len(ofType) > 0 {
		return source, sample, usagef("%s has a sample for each of what it reports; name one of them:\n  %s", c.Event, strings.Join(ofType, "\n  "))
	}
	return source, sample, usagef("there is no sample of %s; there are:\n  %s", c.Event, strings.Join(known, "\n  "))
}

// typeOf is the provider's name for the type of a sample; Snappy's samples are named after the status inside.
func typeOf(s webhooks.Sample) string {
	doc, _ := decodeJSON(s.Body)
	eventType, _ := getPath(doc, "webhookData.eventType")
	text, _ := eventType.(string)
	return text
}

// signingFor puts the secret first that may sign the event: one bound to its type, else one bound to none.
func signingFor(s webhooks.Source, event string) (webhooks.Source, error) {
	bound := func(to string) func(webhooks.Secret) bool {
		return func(secret webhooks.Secret) bool { return secret.EventType == to }
	}
	for _, fits := range []func(webhooks.Secret) bool{bound(event), bound(strings.TrimPrefix(event, "send.")), bound("")} {
		if i := slices.IndexFunc(s.Secrets, fits); i >= 0 {
			s.Secrets = []webhooks.Secret{s.Secrets[i]}
			return s, nil
		}
	}
	if s.Scheme == webhooks.None {
		return s, nil
	}
	if len(s.Secrets) > 0 {
		return s, fmt.Errorf("no secret of source %s may sign %s: all are bound to other types", s.Name, event)
	}
	return s, fmt.Errorf("source %s has no secret here: set %s to the one that the server has", s.Name, variableFor(s.Name))
}

// body is the sample with a fresh event time and delivery id, then with what --set says.
func (c *triggerCmd) body(sample webhooks.Sample, delivery string) ([]byte, error) {
	doc, err := decodeJSON(sample.Body)
	if err != nil {
		return nil, fmt.Errorf("the sample of %s: %w", sample.Type, err)
	}
	if doc, err = freshen(doc, sample.Provider, delivery, time.Now()); err != nil {
		return nil, err
	}
	for _, entry := range c.Set {
		path, text, ok := strings.Cut(entry, "=")
		if !ok {
			return nil, usagef("--set %q: expected path=value", entry)
		}
		if doc, err = setPath(doc, path, jsonOrText(text)); err != nil {
			return nil, err
		}
	}
	return encodeJSON(doc)
}

// eventTimes are the paths that hold the time of an event, and deliveryIDs those of its delivery, where there are any.
var (
	eventTimes = map[domain.Provider][]string{
		domain.Sendoso: {"status_changed_at"},
		domain.Snappy:  {"webhookData.triggeredAt"},
		domain.Resend:  {"created_at"},
		domain.OpenSend: {"created_at", "data.timestamp", "data.accepted_at", "data.submitted_at", "data.created_at",
			"data.updated_at", "data.deleted_at", "data.contact.created_at", "data.contact.updated_at", "data.contact.deleted_at",
			"data.domain.created_at", "data.domain.updated_at", "data.domain.deleted_at"},
	}
	deliveryIDs = map[domain.Provider]string{domain.Snappy: "webhookData.id", domain.OpenSend: "id"}
)

// freshen makes the sample happen now, as a delivery of its own. Only what the sample has is replaced.
func freshen(doc any, provider domain.Provider, delivery string, now time.Time) (any, error) {
	values := map[string]any{}
	for _, path := range eventTimes[provider] {
		values[path] = now.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if path, ok := deliveryIDs[provider]; ok {
		values[path] = delivery
	}
	var err error
	for path, value := range values {
		if _, ok := getPath(doc, path); ok && err == nil {
			doc, err = setPath(doc, path, value)
		}
	}
	return doc, err
}

// deliveryID looks like the provider's own.
func deliveryID(provider domain.Provider, unique string) string {
	switch provider {
	case domain.Snappy:
		return "wh_" + unique
	case domain.OpenSend:
		return "whd_" + unique + "_1" // the number of the attempt
	}
	return "msg_" + unique
}

func randomText() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// webhookPath is where a source takes an event; pathType is the type of one whose body does not say it.
func webhookPath(s webhooks.Source, pathType string) string {
	path := "/webhooks/" + s.Name
	if pathType != "" {
		path += "/" + url.PathEscape(pathType)
	}
	return path
}

func sourceNamed(sources []webhooks.Source, name string) (webhooks.Source, error) {
	var names []string
	for _, s := range sources {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return webhooks.Source{}, usagef("no source is named %q; there are %s", name, strings.Join(names, ", "))
}

func listSamples(p *program) error {
	sources, err := p.sources()
	if err != nil {
		return err
	}
	for _, source := range sources {
		for _, s := range webhooks.Samples() {
			if s.Provider == source.Provider {
				_, err = fmt.Fprintf(p.out, "%s.%s\n", source.Name, s.Type)
			}
		}
	}
	return err
}
