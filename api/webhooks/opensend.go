package webhooks

import (
	"strconv"
	"strings"

	"giftline/domain"
)

// maxSuppressed is the most recipients one email.suppressed may name: each becomes an event.
const maxSuppressed = 1000

// openSendTimes are the fields that hold an event's own time; "timestamp" for types not listed. The envelope has only
// the time of the attempt (providers.md 5.1).
var openSendTimes = map[string]string{
	"email.scheduled":  "accepted_at",
	"email.suppressed": "submitted_at",
	"email.received":   "created_at",
	"contact.created":  "created_at",
	"contact.updated":  "updated_at",
	"contact.deleted":  "deleted_at",
	"domain.created":   "created_at",
	"domain.updated":   "updated_at",
	"domain.deleted":   "deleted_at",
}

// openSendSubjects are the fields of data that hold the subject's id, best first. An inbound e-mail's is
// received_email_id in the ingestion that OpenSend ships, id in the contract it documents.
var openSendSubjects = map[domain.Kind][]string{
	domain.Email:        {"email_id", "id"},
	domain.InboundEmail: {"id", "received_email_id", "email_id"},
	domain.Contact:      {"id"},
	domain.Domain:       {"id"},
	domain.Suppression:  {"email", "id"},
}

// openSendRecipients are the fields that name recipients, the most telling first: SES's for its lifecycle events,
// OpenSend's own for the others.
var openSendRecipients = [...]string{
	"bouncedRecipients", "complainedRecipients", "delayedRecipients", "recipients", "recipient", "to",
}

// openSend is one delivery while it is read.
type openSend struct {
	in        domain.Inbound
	root      object
	eventType string
	data      object
	record    object // the contact or domain inside data, where there is one
	mail      object // SES's whole message, where OpenSend passes it on
}

// readOpenSend reads {id, type, created_at, data}, of which id and created_at are the attempt's, and data is whatever
// OpenSend stored: often the bare object of Amazon SES's, without any e-mail id (providers.md 5.1).
//
// https://github.com/namuh-eng/opensend/blob/main/public/docs/webhooks/event-types.md
func readOpenSend(in domain.Inbound, root object) domain.Parsed {
	in.DeliveryID = first(in.DeliveryID, root.text("id"))
	o := openSend{in: in, root: root, eventType: first(in.Settled.Type, root.text("type")), data: root.object("data")}
	kind, ok := mailKind(o.eventType)
	switch {
	case o.eventType == "":
		return unresolved(in, domain.ParkNoType, "type is missing: settle it with the event type")
	case !ok:
		return unresolved(in, domain.ParkUnknownKind, "an event type of a kind this version does not know")
	case o.eventType == "email.suppressed":
		return o.suppressed()
	}
	o.parts(kind)
	id := o.subject(kind)
	if id == "" {
		return unresolved(in, domain.ParkNoSubject, "OpenSend sent no id of what this is about: look the delivery up there "+
			"(GET /api/webhooks/{id}/deliveries, GET /emails/{id}/events), and settle it with the subject's id")
	}
	return recorded(in, o.event(kind, id))
}

func (o *openSend) parts(kind domain.Kind) {
	switch kind {
	case domain.Contact:
		o.record = o.data.object("contact")
	case domain.Domain:
		o.record = o.data.object("domain")
	case domain.Email:
		o.mail = o.data.object("mail")
	}
}

func (o *openSend) subject(kind domain.Kind) string {
	if id := o.text(openSendSubjects[kind]...); id != "" {
		return id
	}
	return first(entityID(o.mail), o.mail.text("messageId"), o.in.Settled.SubjectID)
}

// text gives the first of the fields that data has, or the record inside it.
func (o *openSend) text(names ...string) string {
	return first(o.data.anyText(names...), o.record.anyText(names...))
}

// entityID finds OpenSend's own id of an e-mail, which it gives to SES as a header and a tag.
func entityID(mail object) string {
	const name = "X-Entity-ID"
	for i, v := range mail.list("headers") {
		if h := mail.within(v, item("headers", i)); strings.EqualFold(h.text("name"), name) {
			return h.text("value")
		}
	}
	tags := mail.object("tags")
	tag := tags.exact(name)
	if list := tag.elements(); len(list) > 0 {
		tag = list[0]
	}
	if tag.kind() == "a string" {
		return tag.text()
	}
	return ""
}

func (o *openSend) event(kind domain.Kind, id string) domain.Event {
	e := newEvent(o.in, kind, id, o.eventType)
	recipients := o.recipients()
	e.Facts |= several(recipients)
	recipient := firstOf(recipients)
	if kind == domain.Contact || kind == domain.Suppression {
		recipient = o.text("email")
	}
	e.Attributes = mailAttributes(o.data, recipient)
	if reportsStatus(o.eventType) {
		e.Target, e.Previous = o.text("status"), o.text("previous_status")
	}
	if o.eventType == "email.bounced" {
		openSendBounce(&e, o.data)
	}
	o.finish(&e, string(o.data.value))
	return e
}

// openSendBounce: unlike Resend, OpenSend passes transient bounces on as well (providers.md 5.4).
func openSendBounce(e *domain.Event, data object) {
	if data.text("bounceType") == "Permanent" {
		e.Facts |= domain.Permanent
	}
	if suppressedBounce(data.text("bounceSubType")) {
		e.Flags |= domain.Suppressed
	}
}

func (o *openSend) recipients() []string {
	for _, name := range openSendRecipients {
		if list := o.data.addresses(name, "emailAddress", "email"); len(list) > 0 {
			return list
		}
	}
	return o.mail.addresses("destination")
}

// finish sets the time and what identifies the event: its content, since ids and envelope times change with every
// attempt and a replay is another delivery altogether. Two genuine events of the same content cannot be told from a
// replay; Copy lets the store remark on that.
func (o *openSend) finish(e *domain.Event, data string) {
	o.place(e)
	e.Copy = deliveryOf(o.in.DeliveryID)
	e.Fingerprint = domain.FingerprintOf("opensend/1", e.Subject, e.Type, data)
	e.Meaning = meaning(e, e.Type, "", data)
}

// place finds the event's time: its own, else when the mail was given to SES, else when this attempt was made.
func (o *openSend) place(e *domain.Event) {
	own := o.ownTime()
	if own.given() && !own.read {
		e.Flags |= domain.InvalidDataTime
	}
	own.place(e, o.in.ReceivedAt)
	if e.Quality == domain.TimeExact {
		return
	}
	if sent := momentOf(o.mail.get("timestamp")); sent.believable(o.in.ReceivedAt) {
		e.At, e.Quality, e.AtText = domain.InstantOf(sent.time), domain.TimeApproximate, first(e.AtText, sent.shown())
		return
	}
	if attempt, ok := o.attempt(); ok {
		e.At, e.Quality = attempt, domain.TimeApproximate
		e.Facts |= domain.ApproximateMoves
	}
}

func (o *openSend) ownTime() moment {
	field, ok := openSendTimes[o.eventType]
	if !ok {
		field = "timestamp"
	}
	v := o.data.get(field)
	if v.absent() {
		v = o.record.get(field)
	}
	return momentOf(v)
}

// attempt is when this attempt was made. Its text is not kept: it is not the event's time, and differs from copy to
// copy.
func (o *openSend) attempt() (domain.Instant, bool) {
	if at := momentOf(o.root.get("created_at")); at.believable(o.in.ReceivedAt) {
		return domain.InstantOf(at.time), true
	}
	return o.in.AttemptAt, o.in.AttemptAt != 0
}

// suppressed reads a send that suppressed addresses blocked. There is no e-mail yet, and never will be: it is told of
// each address (providers.md 11).
func (o *openSend) suppressed() domain.Parsed {
	recipients := o.data.list("recipients")
	if len(recipients) > maxSuppressed {
		o.data.fail("recipients", "has over "+strconv.Itoa(maxSuppressed)+" entries")
		return recorded(o.in)
	}
	addresses := o.data.addresses("recipients", "email", "emailAddress")
	if len(addresses) == 0 {
		addresses = nonEmpty(o.in.Settled.SubjectID)
	}
	var events []domain.Event
	said := domain.HashParts(string(o.data.value)) // once: a thousand events would hash a large body a thousand times
	seen := map[string]bool{}
	for _, address := range addresses {
		if !seen[address] {
			seen[address] = true
			events = append(events, o.blocked(address, string(said[:])))
		}
	}
	if len(events) == 0 {
		return unresolved(o.in, domain.ParkNoSubject, "data.recipients names nobody: settle it with the address")
	}
	return recorded(o.in, events...)
}

func (o *openSend) blocked(address, said string) domain.Event {
	e := newEvent(o.in, domain.Suppression, address, o.eventType)
	e.Attributes.Recipient = address
	o.finish(&e, said)
	return e
}

// deliveryOf takes the number of the attempt off an OpenSend delivery id: whd_<uuid>_<n>.
func deliveryOf(id string) string {
	i := strings.LastIndexByte(id, '_')
	if i <= 0 || i == len(id)-1 || !allIn(id[i+1:], "0123456789") {
		return id
	}
	return id[:i]
}
