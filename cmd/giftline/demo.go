package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"giftline/api"
	"giftline/api/webhooks"
	"giftline/domain"
)

// demo serves a throw-away database in which the story happens. Nothing of the settings is used but the address.
func (c *serveCmd) demo(p *program, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "giftline-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o := outside{log: log}
	o.alerting, o.channels = logged()
	o.key, _, _ = api.Mint()
	if o.sources, err = demoSources(); err != nil {
		return err
	}
	svc, err := c.start(p, filepath.Join(dir, "giftline.db"), o)
	if svc == nil {
		return err
	}
	return svc.run(p.ctx, func() error {
		d := &demo{base: svc.base, where: svc.where(), sources: o.sources, start: time.Now(), counts: map[string]int{}}
		if err := d.play(p.ctx, demoStory); err != nil {
			return err
		}
		return d.introduce(p.out, o.key)
	})
}

// demoSources makes up secrets of the providers' own kinds.
func demoSources() ([]webhooks.Source, error) {
	var sources []webhooks.Source
	for _, provider := range ownProviders {
		var random [24]byte
		_, _ = rand.Read(random[:]) // never fails
		secret := "whsec_" + base64.StdEncoding.EncodeToString(random[:])
		s, err := webhooks.Open(webhooks.Source{Name: string(provider), Provider: provider, Secrets: []webhooks.Secret{{Value: secret}}})
		if err != nil {
			return nil, err
		}
		sources = append(sources, *s)
	}
	return sources, nil
}

// demo sends the story to a server, as the providers would.
type demo struct {
	base    string
	where   string // in words
	sources []webhooks.Source
	start   time.Time
	counts  map[string]int // what the server made of the webhooks
	settled int            // of the unresolved, by a later copy
	sent    int
}

func (d *demo) play(ctx context.Context, story []act) error {
	for i, a := range story {
		if err := d.perform(ctx, i, a); err != nil {
			return fmt.Errorf("the demo's webhook %d, %s of %s: %w", i+1, a.event, a.source, err)
		}
	}
	return nil
}

// perform sends one act's webhook, or its several copies.
func (d *demo) perform(ctx context.Context, i int, a act) error {
	source, err := sourceNamed(d.sources, a.source)
	if err != nil {
		return err
	}
	delivery := deliveryID(source.Provider, fmt.Sprintf("demo%04d", i+1))
	body := a.body(d.start, delivery)
	path, bare := webhookPath(source, a.pathType()), webhookPath(source, "")
	switch a.fate {
	case untyped:
		return d.post(ctx, source, bare, delivery, body)
	case upgraded:
		d.settled++
		return errors.Join(d.post(ctx, source, bare, delivery, body), d.post(ctx, source, path, delivery, body))
	case twice:
		return errors.Join(d.post(ctx, source, path, delivery, body), d.post(ctx, source, path, delivery, body))
	case forged:
		source.Secrets = []webhooks.Secret{{Value: "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of somebody else's"))}}
	}
	return d.post(ctx, source, path, delivery, body)
}

func (d *demo) post(ctx context.Context, s webhooks.Source, path, delivery string, body []byte) error {
	status, answer, err := postWebhook(ctx, d.base+path, s, delivery, body)
	if err != nil {
		return err
	}
	var told struct{ Result, Code string }
	if err := json.Unmarshal(answer, &told); err != nil {
		return fmt.Errorf("the answer %d is no JSON: %w", status, err)
	}
	if status/100 == 5 {
		return fmt.Errorf("the answer is %d %s", status, told.Code)
	}
	d.sent++
	d.counts[told.Result+told.Code]++ // an answer has one of the two: what it became, or why it was refused
	return nil
}

// introduce shows what there is to see, with lines to paste.
func (d *demo) introduce(w io.Writer, key string) error {
	snappy, err := sourceNamed(d.sources, string(domain.Snappy))
	if err != nil {
		return err
	}
	next, _ := encodeJSON(map[string]any{
		"webhookData": map[string]any{"id": "wh_yours", "eventType": "gift-delivery-status-changed", "triggeredAt": d.start.UTC().Format(time.RFC3339)},
		"eventData":   map[string]any{"giftId": demoReorder, "deliveryStatus": "delivered"},
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "Giftline's demo runs on %s until you stop it; its database goes with it.\n", d.where)
	fmt.Fprintf(&b, "%d webhooks of four providers arrived: %d recorded, %d duplicate, %d unresolved, %d quarantined, %d refused.\n",
		d.sent, d.counts["recorded"], d.counts["duplicate"], d.counts["unresolved"], d.counts["quarantined"], d.counts["bad_signature"])
	fmt.Fprintf(&b, "Of the unresolved, %d was resolved by a later copy that says its type; /unresolved lists the other %d.\n\n",
		d.settled, d.counts["unresolved"]-d.settled)
	fmt.Fprintf(&b, "Admin key: %s\n", key)
	for _, s := range d.sources {
		fmt.Fprintf(&b, "Secret of %s: %s\n", s.Name, s.Secrets[0].Value)
	}
	auth := "-H 'Authorization: Bearer " + key + "'"
	fmt.Fprintf(&b, "\nThe story of a gift, with a late claim, a retry and an impossible report:\n  curl %s %s/gifts/%s/timeline\n", auth, d.base, demoGift)
	fmt.Fprintf(&b, "\nEverything that did not add up:\n  curl %s %s/illegal-transitions\n", auth, d.base)
	fmt.Fprintf(&b, "\nWhat is stuck, and since when:\n  curl %s '%s/alerts?rule=stuck&status=live'\n", auth, d.base)
	fmt.Fprintf(&b, "\nA webhook of your own, which finishes a gift that was ordered twice:\n  curl -H '%s: %s' -d '%s' %s/webhooks/%s\n",
		snappy.Header, snappy.Secrets[0].Value, next, d.base, snappy.Name)
	fmt.Fprintf(&b, "\nThe same gift as two lanes:\n  GIFTLINE_API_KEY=%s go run ./cmd/giftline timeline --url %s %s\n", key, d.base, demoGift)
	_, err = w.Write(b.Bytes())
	return err
}

// postWebhook signs and sends a webhook, and gives the answer.
func postWebhook(ctx context.Context, target string, s webhooks.Source, delivery string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header = s.Sign(delivery, time.Now(), body)
	req.Header.Set("Content-Type", "application/json")
	return exchange(http.DefaultTransport, req)
}
