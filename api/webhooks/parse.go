package webhooks

import (
	"giftline/domain"
)

// reader reads what one provider's body reports. It must not fail: what cannot join a timeline it parks. Faults of
// single fields are collected in the root object and looked at afterwards.
type reader func(in domain.Inbound, root object) domain.Parsed

// Parsers gives the parser of every provider.
func Parsers() map[domain.Provider]domain.Parser {
	return map[domain.Provider]domain.Parser{
		domain.Sendoso:  parser(readSendoso),
		domain.Snappy:   parser(readSnappy),
		domain.Resend:   parser(readResend),
		domain.OpenSend: parser(readOpenSend),
	}
}

// parser decodes the body strictly, once, and hands it to the provider's reader.
func parser(read reader) domain.Parser {
	return func(in domain.Inbound) domain.Parsed {
		root, err := decode(in.Body)
		if err != nil {
			return quarantined(in, domain.ParkUndecodable, err.Error())
		}
		p := read(in, root)
		if *root.fault != "" {
			return quarantined(in, domain.ParkUndecodable, *root.fault)
		}
		if !storable(p.DeliveryID) {
			return quarantined(in, domain.ParkIdentifier, "the delivery id is longer than 512 bytes, or holds control characters")
		}
		return p
	}
}

// storable keeps delivery ids that come from a body to what every database takes; others were seen to by Verify.
func storable(id string) bool {
	for _, c := range []byte(id) {
		if c < ' ' {
			return false
		}
	}
	return len(id) <= domain.MaxIdentifier
}

func recorded(in domain.Inbound, events ...domain.Event) domain.Parsed {
	return domain.Parsed{Inbound: in, Events: events}
}

// quarantined keeps a delivery that cannot be read. Further copies are known by their bytes.
func quarantined(in domain.Inbound, code domain.ParkCode, detail string) domain.Parsed {
	key := domain.ParkKeyOf("quarantined", in.Source, string(in.Body))
	return domain.Parsed{Inbound: in, Parked: &domain.Parking{
		Result: domain.ResultQuarantined, Code: code, Detail: detail, Key: key,
	}}
}

// unresolved keeps a delivery that was read but has no place. Further copies are known by the sender's id, which at
// OpenSend changes with every attempt but for its beginning; without any by their bytes.
func unresolved(in domain.Inbound, code domain.ParkCode, detail string) domain.Parsed {
	id := in.DeliveryID
	if in.Provider == domain.OpenSend {
		id = deliveryOf(id)
	}
	key := domain.ParkKeyOf("unresolved", in.Source, "id", id)
	if id == "" {
		key = domain.ParkKeyOf("unresolved", in.Source, "body", string(in.Body))
	}
	return domain.Parsed{Inbound: in, Parked: &domain.Parking{
		Result: domain.ResultUnresolved, Code: code, Detail: detail, Key: key,
	}}
}

// newEvent starts an event with what all providers' have in common.
func newEvent(in domain.Inbound, kind domain.Kind, id, eventType string) domain.Event {
	e := domain.Event{Subject: domain.Subject{Provider: in.Provider, Kind: kind, ID: id}, Type: eventType}
	if in.Settled.Type != "" {
		e.Facts |= domain.SettledType
	}
	if in.Settled.SubjectID == id && id != "" {
		e.Facts |= domain.SettledSubject
	}
	return e
}

// meaning digests what the event says: two copies of one fingerprint that differ in it are a conflict. Attempt times
// and envelope ids must not come in here, they differ between honest copies.
func meaning(e *domain.Event, eventType, at, data string) domain.Meaning {
	s := e.Subject
	sum := domain.HashParts("meaning/1", string(s.Provider), string(s.Kind), s.ID, eventType, e.Target, at, data)
	return domain.Meaning(sum[:16])
}
