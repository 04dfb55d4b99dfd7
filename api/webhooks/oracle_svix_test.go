// Svix's own library beside the smaller one: its v1 is a whole API client, used in tests only.

package webhooks

import (
	"net/http"
	"time"

	svix "github.com/svix/svix-webhooks/go"
)

func init() {
	oracles = append(oracles, oracle{
		name: "svix",
		verify: func(key, body []byte, header http.Header) error {
			wh, err := svix.NewWebhookRaw(key)
			if err != nil {
				return err
			}
			return wh.Verify(body, header)
		},
		sign: func(key []byte, id string, at time.Time, body []byte) (string, error) {
			wh, err := svix.NewWebhookRaw(key)
			if err != nil {
				return "", err
			}
			return wh.Sign(id, at, body)
		},
	})
}
