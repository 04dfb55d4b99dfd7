package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"giftline/domain"
)

// act is one webhook of the demo's story: what happened, when by the provider's clock, and what became of the webhook
// on its way. Acts arrive in the order they are listed in; that is how the late ones are late.
type act struct {
	source  string
	event   string
	subject string        // the provider's id; empty where the provider forgets it
	ago     time.Duration // before the demo's start
	data    string        // further fields of the event, a JSON object's inside
	fate    fate
}

// fate is what goes wrong with a webhook.
type fate int

const (
	arrives  fate = iota
	twice         // sent again, as every provider does when an answer is lost
	untyped       // by a Sendoso endpoint that does not say the type
	upgraded      // first by such an endpoint, then by one that does
	torn          // half of the body, though signed
	forged        // signed with a secret that is not ours
)

const (
	hour = time.Hour
	day  = 24 * time.Hour

	demoGift     = "gft_mug_for_ada"                 // claimed, shipped, delivered; with every kind of mishap
	demoExpired  = "gft_lamp_for_bob"                // expired, then reported claimed all the same
	demoReorder  = "gft_book_for_cyd"                // first seen when claimed; cancelled; ordered again
	demoStuck    = "gft_pen_for_dee"                 // claimed three weeks ago, and nothing since
	demoEGift    = "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0MDE" // gid://sendoso/Send/4401
	demoParcel   = "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0MDI" // gid://sendoso/Send/4402
	demoEmail    = "3f1c9a52-7a51-4d0e-9d53-0b8f6c1e2a01"
	demoBounced  = "3f1c9a52-7a51-4d0e-9d53-0b8f6c1e2a02"
	demoOpenSend = "em_7c1d2e90"
	demoContact  = "e169aa45-1ecf-4183-9955-b1499d5701d3"
	demoDomain   = "d91cd9bd-1176-453e-8fc1-35364d380206"
	demoProduct  = "prd_stoneware_mug"
)

const (
	letter  = `"from":"Acme <gifts@acme.example>","to":["ada@example.com"],"subject":"A gift is waiting for you"`
	contact = `"email":"ada@example.com","first_name":"Ada","last_name":"Lovelace","unsubscribed":false,"updated_at":"2025-01-15T14:44:00Z"`
	ref     = `"metadata":{"internalReferenceId":"REF-ABC-123"}`
)

// demoStory is what four providers report to a company over some weeks.
var demoStory = []act{
	// A Snappy gift. The claim arrives after the order that it led to; the carrier's retry comes twice; and two days
	// after the delivery somebody's queue still says "processing".
	{"snappy", "gift-status-changed", demoGift, 20 * day, `"status":"unopened",` + ref, arrives},
	{"snappy", "gift-notification-initial-sent", demoGift, 20*day - hour, ref, arrives},
	{"snappy", "gift-notification-reminder-sent", demoGift, 17 * day, ref, arrives},
	{"snappy", "gift-status-changed", demoGift, 16*day + 5*hour, `"status":"opened",` + ref, arrives},
	{"snappy", "gift-delivery-status-changed", demoGift, 16*day + 3*hour, `"deliveryStatus":"orderReceived"`, arrives},
	{"snappy", "gift-status-changed", demoGift, 16*day + 4*hour, `"status":"claimed",` + ref, arrives},
	{"snappy", "gift-delivery-status-changed", demoGift, 13 * day, `"deliveryStatus":"inTransit"`, arrives},
	{"snappy", "gift-delivery-status-changed", demoGift, 11*day + 6*hour, `"deliveryStatus":"outForDelivery","outForDeliveryDate":"2025-01-16T08:00:00.000Z"`, twice},
	{"snappy", "gift-delivery-status-changed", demoGift, 11 * day, `"deliveryStatus":"delivered"`, arrives},
	{"snappy", "gift-delivery-status-changed", demoGift, 9 * day, `"deliveryStatus":"processing"`, arrives},
	{"snappy", "thank-you-note-created", demoGift, 8 * day, `"thankYouNote":"What a lovely mug, thank you!"`, arrives},

	// A gift that ran out, and a claim that cannot be: an expired gift cannot be reactivated.
	{"snappy", "gift-status-changed", demoExpired, 75 * day, `"status":"unopened"`, arrives},
	{"snappy", "gift-notification-expiration-sent", demoExpired, 18 * day, ref, arrives},
	{"snappy", "gift-status-changed", demoExpired, 15 * day, `"status":"expired"`, arrives},
	{"snappy", "gift-status-changed", demoExpired, 14 * day, `"status":"claimed"`, arrives},

	// A gift whose first reports were lost, whose order was cancelled, and which was ordered again.
	{"snappy", "gift-status-changed", demoReorder, 12 * day, `"status":"claimed"`, arrives},
	{"snappy", "gift-delivery-status-changed", demoReorder, 12*day - hour, `"deliveryStatus":"orderReceived"`, arrives},
	{"snappy", "order-out-of-stock", demoReorder, 11 * day, `"orderId":"ord_1"`, arrives},
	{"snappy", "order-canceled", demoReorder, 10 * day, `"cancelReason":"out of stock"`, arrives},
	{"snappy", "gift-delivery-status-changed", demoReorder, 6 * day, `"deliveryStatus":"orderReceived"`, arrives},
	{"snappy", "gift-delivery-status-changed", demoReorder, 5 * day, `"deliveryStatus":"processing"`, arrives},
	{"snappy", "stock-availability-updates", demoProduct, 11*day + hour, `"title":"Stoneware mug","status":"out_of_stock"`, arrives},
	{"snappy", "stock-availability-updates", demoProduct, 4 * day, `"title":"Stoneware mug","status":"in_stock"`, arrives},

	// A gift that is going nowhere: an alert says so.
	{"snappy", "gift-status-changed", demoStuck, 24 * day, `"status":"unopened",` + ref, arrives},
	{"snappy", "gift-status-changed", demoStuck, 23 * day, `"status":"opened"`, arrives},
	{"snappy", "gift-status-changed", demoStuck, 22 * day, `"status":"claimed"`, arrives},

	// A Sendoso eGift. "clicked" comes by an endpoint that does not say the type, then by one that does; the last
	// report is left without.
	{"sendoso", "send.initiated", demoEGift, 9 * day, "", arrives},
	{"sendoso", "send.sent", demoEGift, 9*day - hour, "", arrives},
	{"sendoso", "send.opened", demoEGift, 8 * day, "", arrives},
	{"sendoso", "send.clicked", demoEGift, 8 * day, "", upgraded},
	{"sendoso", "send.redeemed", demoEGift, 7 * day, "", arrives},
	{"sendoso", "send.opened", demoEGift, 2 * day, "", untyped},

	// A parcel by Sendoso: the webhook for "shipped" was slow, the one for "fulfilling" never came.
	{"sendoso", "send.initiated", demoParcel, 14 * day, "", arrives},
	{"sendoso", "send.confirming_address", demoParcel, 14*day - hour, "", arrives},
	{"sendoso", "send.order_received", demoParcel, 11 * day, "", arrives},
	{"sendoso", "send.delivered", demoParcel, 5 * day, "", arrives},
	{"sendoso", "send.shipped", demoParcel, 8 * day, "", arrives},

	// E-mail by Resend. The first is read; the second bounces for good and is then said to be delivered.
	{"resend", "email.sent", demoEmail, 20 * day, letter, twice},
	{"resend", "email.delivered", demoEmail, 20*day - time.Minute, letter, arrives},
	{"resend", "email.opened", demoEmail, 16*day + 6*hour, letter, arrives},
	{"resend", "email.clicked", demoEmail, 16*day + 5*hour, letter + `,"click":{"link":"https://acme.example/gift","ipAddress":"192.0.2.7"}`, arrives},
	{"resend", "email.sent", demoBounced, 19 * day, letter, arrives},
	{"resend", "email.bounced", demoBounced, 19*day - time.Minute, letter + `,"bounce":{"type":"Permanent","subType":"General","message":"no such mailbox"}`, arrives},
	{"resend", "email.delivered", demoBounced, 18 * day, letter, arrives},
	{"resend", "contact.created", demoContact, 30 * day, contact, arrives},
	{"resend", "contact.updated", demoContact, 3 * day, contact + `,"created_at":"2024-10-10T15:11:94.110Z"`, arrives},
	{"resend", "domain.created", demoDomain, 40 * day, `"name":"acme.example","status":"not_started"`, arrives},
	{"resend", "domain.updated", demoDomain, 40*day - hour, `"name":"acme.example","status":"pending"`, arrives},
	{"resend", "domain.updated", demoDomain, 39 * day, `"name":"acme.example","status":"verified"`, arrives},

	// E-mail by OpenSend: read before it is known to be delivered, because its delivery reports carry no e-mail id.
	{"opensend", "email.scheduled", demoOpenSend, 4 * day, `"to":["bob@example.com"]`, arrives},
	{"opensend", "email.opened", demoOpenSend, 2 * day, "", arrives},
	{"opensend", "email.delivered", "", 3 * day, `"recipients":["bob@example.com"],"smtpResponse":"250 ok"`, arrives},

	// What cannot be read is kept, and what is not signed with our secret is not.
	{"resend", "email.sent", demoEmail, hour, letter, torn},
	{"resend", "email.delivered", demoEmail, hour, letter, forged},
}

// body writes the act as its provider would, for a delivery id.
func (a act) body(start time.Time, delivery string) []byte {
	at := start.Add(-a.ago).UTC().Truncate(time.Millisecond)
	var body string
	switch domain.Provider(a.source) {
	case domain.Sendoso:
		body = object(field("send_gid", a.subject), field("status_changed_at", at.Format(time.RFC3339)))
	case domain.Snappy:
		id := "giftId"
		if a.event == "stock-availability-updates" {
			id = "id"
		}
		head := object(field("id", delivery), field("eventType", a.event), field("triggeredAt", at.Format(time.RFC3339Nano)))
		body = object(`"webhookData":`+head, `"eventData":`+object(field("companyId", "com_acme"), field(id, a.subject), a.data))
	case domain.Resend:
		body = object(field("type", a.event), field("created_at", at.Format(time.RFC3339Nano)),
			`"data":`+object(field(a.idField(), a.subject), a.data))
	default: // OpenSend: the envelope's time is this attempt's, the event's is inside
		body = object(field("id", delivery), field("type", a.event), field("created_at", start.UTC().Format(time.RFC3339Nano)),
			`"data":`+object(field("email_id", a.subject), field(a.timeField(), at.Format(time.RFC3339Nano)), a.data))
	}
	if a.fate == torn {
		body = body[:len(body)/2]
	}
	return []byte(body)
}

// pathType is the type in the path: Sendoso's bodies do not say it.
func (a act) pathType() string {
	if domain.Provider(a.source) == domain.Sendoso {
		return a.event
	}
	return ""
}

// idField is where Resend puts the id.
func (a act) idField() string {
	if strings.HasPrefix(a.event, "email.") {
		return "email_id"
	}
	return "id"
}

// timeField is where OpenSend puts the event's time.
func (a act) timeField() string {
	if a.event == "email.scheduled" {
		return "accepted_at"
	}
	return "timestamp"
}

// object joins fields, leaving out the empty ones.
func object(fields ...string) string {
	out := "{"
	for _, f := range fields {
		if f != "" && out != "{" {
			out += ","
		}
		out += f
	}
	return out + "}"
}

// field writes a string field, or nothing for an empty value.
func field(name, value string) string {
	if value == "" {
		return ""
	}
	text, _ := json.Marshal(value) // a string always has JSON
	return fmt.Sprintf("%q:%s", name, text)
}
