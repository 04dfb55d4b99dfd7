package webhooks

import (
	"strings"

	"giftline/domain"
)

// The two e-mail providers name their events alike: the part before the dot is what they are about.
var mailKinds = []struct {
	prefix string
	kind   domain.Kind
}{
	{"email.", domain.Email},
	{"contact.", domain.Contact},
	{"domain.", domain.Domain},
	{"suppression.", domain.Suppression},
}

func mailKind(eventType string) (domain.Kind, bool) {
	if eventType == "email.received" { // must never sit on an outbound e-mail's machine (providers.md 11)
		return domain.InboundEmail, true
	}
	for _, k := range mailKinds {
		if strings.HasPrefix(eventType, k.prefix) {
			return k.kind, true
		}
	}
	return "", false
}

// reportsStatus: the deleted sample still carries the status of before (providers.md 11).
func reportsStatus(eventType string) bool {
	return eventType == "domain.created" || eventType == "domain.updated"
}

// suppressedBounces are the bounces that say the address is on a suppression list (providers.md 4.4, 7).
func suppressedBounce(subType string) bool {
	return subType == "Suppressed" || subType == "OnAccountSuppressionList"
}

// addresses reads one address or a list of them, each a string or an object that holds it under one of keys.
func (o object) addresses(name string, keys ...string) []string {
	v := o.get(name)
	switch {
	case v.absent():
		return nil
	case v[0] == '"':
		return nonEmpty(v.text())
	}
	var all []string
	for i, e := range o.list(name) {
		switch {
		case e[0] == '"':
			all = append(all, nonEmpty(e.text())...)
		case e[0] == '{' && len(keys) > 0:
			all = append(all, nonEmpty(o.within(e, item(name, i)).anyText(keys...))...)
		default:
			o.expected(item(name, i), e, "an address")
		}
	}
	return all
}

func (o object) anyText(names ...string) string {
	for _, name := range names {
		if text := o.text(name); text != "" {
			return text
		}
	}
	return ""
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// several says that an event is about more than one recipient, each with a fate of its own (providers.md 10.6).
func several(addresses []string) domain.Facts {
	for _, a := range addresses {
		if a != addresses[0] {
			return domain.ManyRecipients
		}
	}
	return 0
}

func firstOf(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// tags reads an e-mail's tags, an object today and an array of {name, value} in older versions (providers.md 4.1), into
// one canonical object; of a name given twice the last counts.
func (o object) tags() object {
	v := o.get("tags")
	if v.absent() || v[0] == '{' {
		return o.object("tags")
	}
	var pairs []member
	places := map[string]int{}
	for i, e := range o.list("tags") {
		pair, ok := o.tag(e, item("tags", i))
		if !ok {
			continue
		}
		if at, again := places[pair.name]; again {
			pairs[at] = pair
			continue
		}
		places[pair.name] = len(pairs)
		pairs = append(pairs, pair)
	}
	form, _ := canonical([]byte(object{fields: pairs}.without())) // of valid parts under different names: cannot fail
	return o.within(value(form), "tags")
}

func (o object) tag(v value, name string) (member, bool) {
	if v[0] != '{' {
		o.expected(name, v, "an object")
		return member{}, false
	}
	tag := o.within(v, name)
	key, content := tag.get("name"), tag.get("value")
	if key.kind() != "a string" || content == "" {
		o.fail(name, "is not a name and a value")
		return member{}, false
	}
	return member{string(key[1 : len(key)-1]), content}, true
}

// mailAttributes are what e-mail events tell of their subject.
func mailAttributes(data object, recipient string) domain.Attributes {
	a := domain.Attributes{Recipient: recipient}
	if tags := data.tags(); len(tags.fields) > 0 {
		a.Metadata = string(tags.value)
		a.Reference = tags.reference("reference", "internal_reference_id", "internalReferenceId")
	}
	return a
}
