package webhooks

import "giftline/domain"

// resendSubjects are the fields that hold the subject's id, best first.
var resendSubjects = map[domain.Kind][]string{
	domain.Email:        {"email_id"},
	domain.InboundEmail: {"email_id"},
	domain.Contact:      {"id"},
	domain.Domain:       {"id"},
	domain.Suppression:  {"email", "id"},
}

// readResend reads {type, created_at, data}. The event's time is the root's: data.created_at is the e-mail's, and a
// click's own timestamp was seen two days after the root's (providers.md 4.1).
//
// https://resend.com/docs/dashboard/webhooks/event-types
func readResend(in domain.Inbound, root object) domain.Parsed {
	eventType := first(in.Settled.Type, root.text("type"))
	data := root.object("data")
	kind, ok := mailKind(eventType)
	id := first(data.anyText(resendSubjects[kind]...), in.Settled.SubjectID)
	switch {
	case eventType == "":
		return unresolved(in, domain.ParkNoType, "type is missing: settle it with the event type")
	case !ok:
		return unresolved(in, domain.ParkUnknownKind, "an event type of a kind this version does not know")
	case id == "":
		return unresolved(in, domain.ParkNoSubject, "data."+resendSubjects[kind][0]+" is missing: settle it with the subject's id")
	}
	e := newEvent(in, kind, id, eventType)
	resendDetails(&e, data)
	at := momentOf(root.get("created_at"))
	at.place(&e, in.ReceivedAt)
	if in.DeliveryID != "" { // the same on retries and replays
		e.Fingerprint = domain.FingerprintOf("resend/1", e.Subject, "id", in.DeliveryID)
	} else {
		e.Fingerprint = domain.FingerprintOf("resend/1", e.Subject, "content", eventType, at.text, string(data.value))
	}
	e.Meaning = meaning(&e, eventType, at.said(), string(data.value))
	return recorded(in, e)
}

func resendDetails(e *domain.Event, data object) {
	to := data.addresses("to")
	e.Facts |= several(to)
	recipient := firstOf(to)
	if e.Subject.Kind == domain.Contact || e.Subject.Kind == domain.Suppression {
		recipient = data.text("email")
	}
	e.Attributes = mailAttributes(data, recipient)
	if reportsStatus(e.Type) {
		e.Target = data.text("status")
	}
	if e.Type == "email.bounced" {
		resendBounce(e, data.object("bounce"))
	}
	for _, name := range [...]string{"created_at", "updated_at"} {
		if at := momentOf(data.get(name)); at.given() && !at.read {
			e.Flags |= domain.InvalidDataTime
		}
	}
}

// resendBounce: Resend's page says that bounces are permanent; older bodies do not say so themselves.
func resendBounce(e *domain.Event, bounce object) {
	if bounceType := bounce.text("type"); bounceType == "" || bounceType == "Permanent" {
		e.Facts |= domain.Permanent
	}
	if suppressedBounce(bounce.text("subType")) {
		e.Flags |= domain.Suppressed
	}
}
