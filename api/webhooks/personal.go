package webhooks

import (
	"strings"

	"giftline/domain"
)

// personalOf names, per provider, the fields of an event's data that tell of a person and hold no address of theirs, by
// which a value would give itself away. Names are compared without case, _ and -.
var personalOf = map[domain.Provider][]string{
	domain.Sendoso: {"recipient", "sender"},
	domain.Snappy:  {"recipient", "sender", "thankyounote"},
	domain.Resend:  {"from", "to", "cc", "bcc", "replyto", "ip"},
	domain.OpenSend: {
		"from", "to", "cc", "bcc", "replyto", "recipient", "recipients", "bouncedrecipients", "complainedrecipients",
		"delayedrecipients", "ip",
	},
	// What companies put into metadata and tags, or a provider might add.
	"": {
		"user", "username", "displayname", "surname", "familyname", "givenname", "nickname", "recipientname", "sendername",
		"contactname", "customername", "employeename", "managername", "zip", "zipcode", "postcode", "city", "dob", "latitude",
		"longitude", "headers",
	},
}

// personalParts make every name personal that holds one of them.
var personalParts = []string{"email", "address", "phone", "mobile", "firstname", "lastname", "fullname", "street", "postal", "useragent", "birth"}

// Beneath these everything is personal, whatever it is called.
var personalWhole = []string{"address", "headers"}

// things are what has a name without being a person.
var things = []string{"brand", "records", "capabilities", "product", "company", "template", "tags", "attachments"}

var plainName = strings.NewReplacer("_", "", "-", "", " ", "")

var personalNames = func() map[string]bool {
	all := map[string]bool{}
	for _, names := range personalOf {
		for _, name := range names {
			all[name] = true
		}
	}
	return all
}()

// Personal reports whether a field of an event's data or metadata tells of a person: its value if that is a plain one,
// and with whole all that is beneath it. The field stands in parent, which is empty for data itself. It does not ask
// for the provider: an answer may hold data of several, and hiding too much is the lesser harm.
func Personal(parent, name string) (personal, whole bool) {
	name, parent = plain(name), plain(parent)
	switch {
	case name == "emailid": // a message's, not a person's
		return false, false
	case name == "name":
		return !contains(things, parent), false
	}
	return personalNames[name] || contains(personalParts, name), contains(personalWhole, name)
}

func plain(name string) string { return plainName.Replace(strings.ToLower(name)) }

func contains(parts []string, name string) bool {
	for _, part := range parts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
