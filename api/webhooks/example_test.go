package webhooks_test

import (
	"fmt"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

// A webhook is verified on its raw bytes first, then read.
func Example() {
	source, err := webhooks.Open(webhooks.Source{
		Name: "resend", Provider: domain.Resend,
		Secrets: []webhooks.Secret{{Value: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
	})
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	body := []byte(`{"type": "email.opened", "created_at": "2026-11-20T11:59:58.126Z", "data": {"email_id": "56761188"}}`)
	header := source.Sign("msg_1", now, body)

	verified, err := source.Verify(header, "", "", body, now)
	if err != nil {
		panic(err)
	}
	parsed := webhooks.Parsers()[source.Provider](domain.Inbound{
		Source: source.Name, Provider: source.Provider, DeliveryID: verified.DeliveryID, AttemptAt: verified.AttemptAt,
		ReceivedAt: domain.InstantOf(now), Body: body,
	})
	event := parsed.Events[0]
	fmt.Println(event.Subject, event.Type, event.At)
	_, err = source.Verify(header, "", "", append(body, ' '), now)
	fmt.Println(err)
	// Output:
	// resend/email/56761188 email.opened 2026-11-20T11:59:58.126000Z
	// no secret of source "resend" made this signature: compare the secret with the provider's, and see that nothing between changes the body
}
