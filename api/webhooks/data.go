package webhooks

import (
	"encoding/json"

	"giftline/domain"
)

// dataOf says, per provider, which object of the body is shown as an entry's data, and what is left out of it: ids of
// subject and delivery, and what the entry says elsewhere.
var dataOf = map[domain.Provider]struct {
	container string // the root if empty
	left      map[domain.Kind][]string
}{
	domain.Sendoso: {"", map[domain.Kind][]string{
		domain.Send: {"send_gid", "status_changed_at", "event_type"},
	}},
	domain.Snappy: {"eventData", map[domain.Kind][]string{
		domain.Gift: {"giftId", "companyId"}, domain.Invoice: {"invoiceId", "companyId"}, domain.Product: {"id", "companyId"},
	}},
	domain.Resend: {"data", map[domain.Kind][]string{
		domain.Email: {"email_id"}, domain.InboundEmail: {"email_id"}, domain.Contact: {"id"}, domain.Domain: {"id"},
		domain.Suppression: {"email", "id"},
	}},
	domain.OpenSend: {"data", openSendSubjects},
}

// Data gives the provider's own fields of an event from its raw body, in canonical form: everything but the ids of
// subject and delivery. It is null where the body cannot be read.
func Data(e domain.Event, body []byte) json.RawMessage {
	root, err := decode(body)
	if err != nil {
		return nil
	}
	show := dataOf[e.Subject.Provider]
	shown := root
	if show.container != "" {
		shown = root.object(show.container)
	}
	if e.Type == "email.suppressed" && e.Subject.Kind == domain.Suppression {
		shown = onlyRecipient(shown, e.Subject.ID)
	}
	return json.RawMessage(shown.without(show.left[e.Subject.Kind]...))
}

// onlyRecipient keeps what is said of one address: the others' troubles are not on this one's timeline.
func onlyRecipient(data object, address string) object {
	kept := value("")
	for i, v := range data.list("recipients") {
		if v.text() == address || data.within(v, item("recipients", i)).anyText("email", "emailAddress") == address {
			kept = "[" + v + "]"
		}
	}
	fields := make([]member, 0, len(data.fields))
	for _, f := range data.fields {
		if f.name != "recipients" {
			fields = append(fields, f)
		} else if kept != "" {
			fields = append(fields, member{f.name, kept})
		}
	}
	return object{value: data.value, fields: fields, fault: data.fault}
}
