package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/store"
)

// tenants have sources of their own in one database. Everything that one sends holds its name, so that no byte of it can
// hide in an answer to the other.
var tenants = []string{"tenanta", "tenantb"}

const bothTold = "told-by-both" // a gift and an e-mail that both know by this id

func tenantSources(tenant string) []string {
	return []string{"snappy-" + tenant, "resend-" + tenant, "typed-" + tenant}
}

func newTenants(t *testing.T, which ...string) *world {
	t.Helper()
	w := newWorldOn(t, store.Options{Lazy: true}, func(c *Config) { // so that when alerts are raised does not depend on haste
		c.Sources = nil
		for _, tenant := range tenants { // all are configured, whoever sends
			c.Sources = append(c.Sources,
				webhooks.Source{Name: "snappy-" + tenant, Provider: domain.Snappy, Secrets: []webhooks.Secret{{Value: testToken}}},
				webhooks.Source{Name: "resend-" + tenant, Provider: domain.Resend, Secrets: []webhooks.Secret{{Value: testMailSecret}}},
				webhooks.Source{Name: "typed-" + tenant, Provider: domain.Sendoso, Scheme: webhooks.None})
		}
	})
	w.tellTenants(which...)
	return w
}

const testMailSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// toldBy is a webhook of a tenant; TENANT in it stands for the name.
type toldBy struct{ path, body, delivery string }

// snappyBody is one of Snappy's, with what is said of the subject.
func snappyBody(n int, event, data string) string {
	at := time.Date(2025, 1, 15, 10, n, 0, 0, time.UTC).Format(time.RFC3339)
	return fmt.Sprintf(`{"webhookData":{"id":"wh_TENANT_%d","eventType":%q,"triggeredAt":%q},"eventData":{"metadata":{"internalReferenceId":"ref-TENANT"},%s}}`,
		n, event, at, data)
}

func resendBody(n int, event, data string) string {
	at := time.Date(2025, 1, 15, 10, n, 0, 0, time.UTC).Format(time.RFC3339)
	return fmt.Sprintf(`{"type":%q,"created_at":%q,"data":{"to":["Jane TENANT <jane@TENANT.example>"],%s}}`, event, at, data)
}

// tenantStory has something for every route: subjects of every kind, illegal transitions, cleared beliefs, duplicates,
// conflicts, and deliveries that are unresolved or quarantined.
func tenantStory(tenant int) []toldBy {
	gift := func(n int, event, id, data string) toldBy {
		return toldBy{"snappy-TENANT", snappyBody(n, event, `"giftId":"`+id+`",`+data), ""}
	}
	mail := func(n int, event, data string) toldBy {
		return toldBy{"resend-TENANT", resendBody(n, event, data), fmt.Sprint("msg_TENANT_", n)}
	}
	const said, move = "gift-status-changed", "gift-delivery-status-changed"
	return []toldBy{
		gift(1, said, "gifts-TENANT", `"status":"opened"`), gift(2, said, "gifts-TENANT", `"status":"claimed"`),
		gift(2, said, "gifts-TENANT", `"status":"claimed"`), gift(3, said, "gifts-TENANT", `"status":"expired"`),
		gift(4, move, "gifts-TENANT", `"deliveryStatus":"inTransit"`), gift(6, move, "gifts-TENANT", `"deliveryStatus":"processing"`),
		gift(5, "order-canceled", "gifts-TENANT", `"cancelReason":"of TENANT"`),
		gift(7, "thank-you-note-created", "gifts-TENANT", `"thankYouNote":"yours, Jane of TENANT"`),
		gift(20+tenant, said, bothTold, `"status":"opened","note":"TENANT"`),
		gift(30+tenant, said, bothTold, `"status":"unopened","note":"TENANT"`),
		{"snappy-TENANT", snappyBody(10, "stock-availability-updates", `"id":"products-TENANT","status":"in_stock"`), ""},
		{"snappy-TENANT", snappyBody(11, "gift-invoice-sent", `"invoiceId":"invoices-TENANT"`), ""},
		{"typed-TENANT/send.shipped", `{"send_gid":"sends-TENANT","status_changed_at":"2025-01-15T14:44:00Z"}`, ""},
		{"typed-TENANT/send.opened", `{"send_gid":"sends-TENANT","status_changed_at":"2025-01-16T14:44:00Z"}`, ""},
		mail(12, "email.sent", `"email_id":"emails-TENANT"`), mail(13, "email.opened", `"email_id":"emails-TENANT"`),
		mail(14, "email.delivered", `"email_id":"`+bothTold+`"`), mail(15, "email.received", `"email_id":"inbound-emails-TENANT"`),
		mail(16, "contact.created", `"id":"contacts-TENANT","email":"jane@TENANT.example","first_name":"Jane TENANT"`),
		mail(17, "domain.created", `"id":"domains-TENANT","name":"TENANT.example","status":"pending"`),
		mail(18, "suppression.added", `"email":"suppressions-TENANT","origin":"bounce"`),
		{"typed-TENANT", `{"send_gid":"lost-TENANT","status_changed_at":"2025-01-15T14:44:00Z"}`, ""},
		{"snappy-TENANT", "not JSON but TENANT", ""},
		{"resend-TENANT", resendBody(19, "email.clicked", `"email_id":"emails-TENANT","click":{"link":"https://TENANT.example"}`), "msg_TENANT_13"},
	}
}

// tellTenants delivers the tenants' stories in turns, each step at a moment of its own that the others do not change.
func (w *world) tellTenants(which ...string) {
	w.t.Helper()
	for step := range tenantStory(0) {
		for i, tenant := range tenants {
			w.pass(time.Second)
			if slices.Contains(which, tenant) {
				w.deliver(tenant, tenantStory(i)[step])
			}
		}
	}
	w.pass(time.Minute)
}

func (w *world) deliver(tenant string, one toldBy) {
	w.t.Helper()
	named := strings.NewReplacer("TENANT", tenant)
	path, body := named.Replace(one.path), named.Replace(one.body)
	source, _, _ := strings.Cut(path, "/")
	var headers []string
	if one.delivery != "" {
		for header, values := range w.sources[source].Sign(named.Replace(one.delivery), w.time(), []byte(body)) {
			headers = append(headers, header, values[0])
		}
	}
	if out := w.do("POST", "/webhooks/"+path, body, headers...); out.Code != 200 {
		w.t.Fatalf("POST %s: %d %s\n%s", path, out.Code, out.Body, body)
	}
}
