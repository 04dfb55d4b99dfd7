package webhooks

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"giftline/domain"
)

// oracle is a verifier written by others.
type oracle struct {
	name   string
	verify func(key, body []byte, header http.Header) error
	sign   func(key []byte, id string, at time.Time, body []byte) (string, error)
}

var oracles = []oracle{{
	name: "standard-webhooks",
	verify: func(key, body []byte, header http.Header) error {
		wh, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return err
		}
		return wh.Verify(body, inWebhookFamily(header))
	},
	sign: func(key []byte, id string, at time.Time, body []byte) (string, error) {
		wh, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return "", err
		}
		return wh.Sign(id, at, body)
	},
}}

func inWebhookFamily(header http.Header) http.Header {
	renamed := http.Header{}
	for _, part := range []string{"id", "timestamp", "signature"} {
		renamed.Set("webhook-"+part, header.Get("svix-"+part))
	}
	return renamed
}

// What the libraries sign we take, what we sign they take, and nobody takes what was changed on the way.
func TestVerify_AgreesWithTheLibraries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 24, 64).Draw(t, "key")
		id := rapid.StringMatching(`[!-~]{1,40}`).Draw(t, "id")
		body := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body")
		now := time.Now()
		ours := &Source{Name: "s", Scheme: Svix, Secrets: []Secret{{Value: secretPrefix + base64.StdEncoding.EncodeToString(key)}}}
		signed := ours.Sign(id, now, body)
		for _, o := range oracles {
			if theirs, err := o.sign(key, id, now, body); err != nil || theirs != signed.Get("svix-signature") {
				t.Fatalf("%s signs %s (%v), we %s", o.name, theirs, err, signed.Get("svix-signature"))
			}
		}
		change := rapid.SampledFrom([]string{"nothing", "body", "id", "timestamp", "signature"}).Draw(t, "change")
		switch change {
		case "body":
			body = append(bytes.Clone(body), 'x')
		case "id":
			signed.Set("svix-id", id+"x")
		case "timestamp":
			signed.Set("svix-timestamp", strconv.FormatInt(now.Unix()+1, 10))
		case "signature":
			signed.Set("svix-signature", "v1,"+strings.Repeat("A", 43)+"=")
		}
		verdicts := map[string]error{}
		_, verdicts["ours, svix-*"] = ours.Verify(signed, "", "", body, now)
		_, verdicts["ours, webhook-*"] = ours.Verify(inWebhookFamily(signed), "", "", body, now)
		for _, o := range oracles {
			verdicts[o.name] = o.verify(key, body, signed)
		}
		for name, err := range verdicts {
			if (err == nil) != (change == "nothing") {
				t.Fatalf("changed %s: %s says %v", change, name, err)
			}
		}
	})
}

func TestVerify_OpenSendKeyIsRawText(t *testing.T) {
	secret, body, now := "whsec_a-b_cdefghijklmnopqrstuvwxyz012345", []byte(`{}`), time.Now()
	s := open(t, Source{Name: "opensend", Provider: domain.OpenSend, Secrets: []Secret{{Value: secret}}})
	signed := s.Sign("whd_1_1", now, body)
	for _, o := range oracles {
		if err := o.verify([]byte(strings.TrimPrefix(secret, secretPrefix)), body, signed); err != nil {
			t.Errorf("%s: %v", o.name, err)
		}
	}
	if _, err := s.Verify(signed, "", "", body, now); err != nil {
		t.Error(err)
	}
}
