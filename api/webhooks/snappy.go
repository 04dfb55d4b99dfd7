package webhooks

import (
	"strings"

	"giftline/domain"
)

// snappyOthers are the types that are not about a gift, and the field that holds their subject's id.
var snappyOthers = map[string]struct {
	kind  domain.Kind
	field string
}{
	"gift-invoice-sent":          {domain.Invoice, "invoiceId"},
	"stock-availability-updates": {domain.Product, "id"},
}

// snappyGifts begin the types that are always about a gift.
var snappyGifts = [...]string{"gift-", "order-", "thank-you-note-"}

// snappyStates are the types whose state is a value in the body, and where.
var snappyStates = map[string]string{
	"gift-status-changed":          "status",
	"gift-delivery-status-changed": "deliveryStatus",
	"stock-availability-updates":   "status",
}

// readSnappy reads webhookData, which says what kind of thing happened, and eventData, which says what.
//
// https://docs.snappy.com (Webhooks and Events Types)
func readSnappy(in domain.Inbound, root object) domain.Parsed {
	envelope, data := root.object("webhookData"), root.object("eventData")
	in.DeliveryID = first(in.DeliveryID, envelope.text("id"))
	eventType := first(in.Settled.Type, envelope.text("eventType"))
	kind, field := snappySubject(eventType)
	id := first(data.text(field), in.Settled.SubjectID)
	switch {
	case eventType == "":
		return unresolved(in, domain.ParkNoType, "webhookData.eventType is missing: a test of the provider's may lack it; else settle the type")
	case id == "" && kind == domain.Gift && !aboutGift(eventType):
		return unresolved(in, domain.ParkUnknownKind, "an event type this version does not know, without a giftId")
	case id == "":
		return unresolved(in, domain.ParkNoSubject, "eventData."+field+" is missing: settle it with the subject's id")
	}
	e := newEvent(in, kind, id, eventType)
	if state, ok := snappyStates[eventType]; ok {
		e.Target = data.text(state)
	}
	at := momentOf(envelope.get("triggeredAt"))
	at.place(&e, in.ReceivedAt)
	e.Attributes = snappyAttributes(data)
	// webhookData.id is left out: nobody says that it stays the same over retries, and the pages' samples share one
	// (providers.md 9).
	e.Fingerprint = domain.FingerprintOf("snappy/1", e.Subject, eventType, at.text, string(data.value))
	e.Meaning = meaning(&e, eventType, at.said(), string(data.value))
	return recorded(in, e)
}

// snappySubject gives the kind of a type's subject and the field with its id. A type that is new to us is about a gift
// if it names one.
func snappySubject(eventType string) (domain.Kind, string) {
	if other, ok := snappyOthers[eventType]; ok {
		return other.kind, other.field
	}
	return domain.Gift, "giftId"
}

func aboutGift(eventType string) bool {
	for _, prefix := range snappyGifts {
		if strings.HasPrefix(eventType, prefix) {
			return true
		}
	}
	return false
}

func snappyAttributes(data object) domain.Attributes {
	metadata := data.object("metadata")
	a := domain.Attributes{CompanyID: data.text("companyId")}
	if len(metadata.fields) > 0 {
		a.Metadata = string(metadata.value)
		a.Reference = metadata.reference("internalReferenceId")
	}
	return a
}
