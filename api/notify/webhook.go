package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

// webhook posts WebhookBody, signed by Standard Webhooks v1.
type webhook struct {
	poster
	writer
	secrets []string
}

func openWebhook(c Channel, o Options, p *problems) domain.Notifier {
	p.only(c, "url", "secrets")
	if len(c.Secrets) == 0 {
		p.add("no secret: receivers need one to tell us from others, in secrets or secret_file. Make one with: echo whsec_$(openssl rand -base64 32)")
	}
	for _, secret := range c.Secrets {
		if err := signer(secret).Check(); err != nil {
			p.add("a secret is none: it is whsec_ and 24 to 64 random bytes in base64. Make one with: echo whsec_$(openssl rand -base64 32)")
		}
	}
	return &webhook{newPoster(p.checkURL(c.URL), o), newWriter(o), c.Secrets}
}

// signer signs as those do who send to us.
func signer(secret string) webhooks.Source {
	return webhooks.Source{Name: "outbound", Scheme: webhooks.Svix, Secrets: []webhooks.Secret{{Value: secret}}}
}

// Notify posts the notification. Another try has another time and signature, and the same id and body.
func (w *webhook) Notify(ctx context.Context, n domain.Notification) error {
	body, err := json.Marshal(w.body(n))
	if err != nil {
		return &domain.NotifyError{Err: err, Final: true}
	}
	return w.post(ctx, body, w.sign(n.ID, w.now(), body))
}

// sign signs with every secret, so that receivers can change theirs at any time.
func (w *webhook) sign(id string, at time.Time, body []byte) http.Header {
	signatures := make([]string, len(w.secrets))
	for i, secret := range w.secrets {
		signatures[i] = signer(secret).Sign(id, at, body).Get("Svix-Signature")
	}
	header := http.Header{}
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	header.Set("Webhook-Signature", strings.Join(signatures, " "))
	return header
}
