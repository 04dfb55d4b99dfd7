package webhooks

import (
	"strings"

	"giftline/domain"
)

const sendosoPrefix = "send."

// readSendoso reads a body of two fields that does not say what happened: the type comes from the secret's binding, the
// path, a header or, from a transformation in the portal, a key of the body (providers.md 2.1).
//
// https://developer.sendoso.com/webhooks/events
func readSendoso(in domain.Inbound, root object) domain.Parsed {
	gid := first(root.text("send_gid"), in.Settled.SubjectID)
	claimed := first(in.Settled.Type, in.Claims.Bound, in.Claims.Path, in.Claims.Header, root.text("event_type"))
	eventType := fullType(domain.Sendoso, claimed)
	switch {
	case gid == "":
		return unresolved(in, domain.ParkNoSubject, "send_gid is missing: settle it with the send's id")
	case claimed != "" && !isSendType(eventType):
		return unresolved(in, domain.ParkUnknownKind, "the type claimed for this is not one of Sendoso's (send.…): "+
			"correct the URL, the header or the secret's binding, or settle the type")
	}
	e := sendosoEvent(in, root, gid, eventType)
	if eventType == "" {
		return untyped(in, e)
	}
	return recorded(in, e)
}

func sendosoEvent(in domain.Inbound, root object, gid, eventType string) domain.Event {
	e := newEvent(in, domain.Send, gid, eventType)
	at := momentOf(root.get("status_changed_at"))
	at.place(&e, in.ReceivedAt)
	if eventType != "" {
		e.Facts |= domain.ClaimedType
	}
	// The id is the message's: the same on every endpoint, whether the endpoint knows the type or not.
	if in.DeliveryID != "" {
		e.Fingerprint = domain.FingerprintOf("sendoso/1", e.Subject, "id", in.DeliveryID)
	} else {
		e.Fingerprint = domain.FingerprintOf("sendoso/1", e.Subject, "content", eventType, at.text)
	}
	// Not the type: copies that contradict each other's type are told from other conflicts by the store.
	e.Meaning = meaning(&e, "", at.said(), root.without("send_gid", "status_changed_at", "event_type"))
	return e
}

// untyped waits for a copy from a typed endpoint, or for a person.
func untyped(in domain.Inbound, e domain.Event) domain.Parsed {
	return domain.Parsed{Inbound: in, Parked: &domain.Parking{
		Result: domain.ResultUnresolved, Code: domain.ParkNoType, Event: &e, Key: domain.EventParkKey(e.Subject, e.Fingerprint),
		Detail: "nothing says which event this is: give each event type an endpoint of its own in Sendoso's portal " +
			"(…/send.shipped), or bind each secret to its type; or settle the type",
	}}
}

// fullType gives a type in the provider's full spelling. Only Sendoso's are typed by people, with their prefix or
// without.
func fullType(p domain.Provider, claimed string) string {
	if p != domain.Sendoso || claimed == "" || !allIn(claimed, typeWord) {
		return claimed
	}
	return sendosoPrefix + claimed
}

const (
	typeWord  = "abcdefghijklmnopqrstuvwxyz0123456789_"
	typeChars = typeWord + "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-"
)

// isSendType lets names pass that we have not heard of: Sendoso is said to have three more than it lists.
func isSendType(eventType string) bool {
	name, ok := strings.CutPrefix(eventType, sendosoPrefix)
	return ok && name != "" && allIn(name, typeChars)
}

func allIn(s, chars string) bool {
	return strings.Trim(s, chars) == ""
}
