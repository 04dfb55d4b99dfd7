package notify

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"giftline/domain"
)

// phrase is how a rule is put into a sentence about subjects. What is over is told in the past.
type phrase struct {
	one, many     string // Snappy gift gft_1 …; 500 gifts …
	wasOne, were  string
	before, since string // the state and when it began: is stuck" in "claimed" since "14 Jan; no state that only says the rule again
	due           bool   // what it holds from is a deadline
}

var phrases = map[domain.Rule]phrase{
	domain.RuleStuck:         {"is stuck", "are stuck", "was stuck", "were stuck", " in ", " since ", true},
	domain.RuleExpiring:      {"expires soon", "expire soon", "was to expire soon", "were to expire soon", ": ", ", waiting since ", false},
	domain.RuleExpired:       {"has expired", "have expired", "had expired", "had expired", ": ", " since ", false},
	domain.RuleOverdue:       {"should have expired", "should have expired by now", "should have expired", "should have expired", ": ", " since ", true},
	domain.RuleFailed:        {"has failed", "have failed", "had failed", "had failed", ": ", " since ", false},
	domain.RuleBounced:       {"has bounced", "have bounced", "had bounced", "had bounced", ": ", " since ", false},
	domain.RuleUndeliverable: {"could not be delivered", "could not be delivered", "could not be delivered", "could not be delivered", ": ", " since ", false},
	domain.RuleOutOfStock:    {"is out of stock", "are out of stock", "was out of stock", "were out of stock", ": ", " since ", false},
	domain.RuleComplained:    {"drew a complaint", "drew complaints", "drew a complaint", "drew complaints", ": ", " since ", false},
	domain.RuleIllegal:       {"does not add up", "do not add up", "did not add up", "did not add up", ": ", " reported ", false},
}

// phraseOf gives a phrase for every rule: those to come have at least their name.
func phraseOf(r domain.Rule) phrase {
	if p, ok := phrases[r]; ok {
		return p
	}
	name := "(" + strings.ReplaceAll(string(r), "_", " ") + ")"
	return phrase{name, name, name, name, ": ", " since ", false}
}

func means(r domain.Rule) string {
	if f, ok := domain.FactsOf(r); ok {
		return f.Means
	}
	return string(r)
}

// tones say what happened to an alert, before what it says.
var tones = map[domain.StepKind]string{
	domain.StepReopened:  "Again: ",
	domain.StepWoke:      "Awake again: ",
	domain.StepResolved:  "Over: ",
	domain.StepWithdrawn: "Withdrawn, it was never so: ",
}

const still = "Still: " // in a repeat

var providerNames = map[domain.Provider]string{
	domain.Sendoso: "Sendoso", domain.Snappy: "Snappy", domain.Resend: "Resend", domain.OpenSend: "OpenSend",
}

func providerName(p domain.Provider) string {
	if name := providerNames[p]; name != "" {
		return name
	}
	return text(string(p), wordAtMost)
}

// nouns are what a kind is called, once and often; paths where it is found.
var nouns = map[domain.Kind]struct{ one, many, path string }{
	domain.Send:         {"send", "sends", "sends"},
	domain.Gift:         {"gift", "gifts", "gifts"},
	domain.Email:        {"e-mail", "e-mails", "emails"},
	domain.Contact:      {"contact", "contacts", "contacts"},
	domain.Domain:       {"domain", "domains", "domains"},
	domain.Product:      {"product", "products", "products"},
	domain.Invoice:      {"invoice", "invoices", "invoices"},
	domain.Suppression:  {"suppression", "suppressions", "suppressions"},
	domain.InboundEmail: {"inbound e-mail", "inbound e-mails", "inbound-emails"},
}

// subjectName is how people speak of a subject: Snappy gift gft_1.
func subjectName(s domain.Subject) string {
	noun := nouns[s.Kind].one
	if noun == "" {
		noun = string(s.Kind)
	}
	return providerName(s.Provider) + " " + noun + " " + text(s.ID, wordAtMost)
}

const (
	wordAtMost     = 100 // characters of an id or a reference that a sentence shows
	sentenceAtMost = 400
	titleAtMost    = 200
)

// address finds e-mail addresses, also escaped ones: some ids are an address.
var address = regexp.MustCompile(`(?i)([^\s"<>,;:()\[\]\\@/?&=#]+)(@|%40)([^\s"<>,;:()\[\]\\@/?&=#]+)`)

// masked leaves the first letter and the domain of every e-mail address.
func masked(s string) string {
	return address.ReplaceAllStringFunc(s, func(found string) string {
		parts := address.FindStringSubmatch(found)
		first, size := utf8.DecodeRuneInString(parts[1])
		if size == len(parts[1]) { // nothing would be hidden
			return "***" + parts[2] + parts[3]
		}
		return string(first) + "***" + parts[2] + parts[3]
	})
}

// text makes what others wrote fit for one line of a message: masked, valid, no longer than so many characters, and
// without what would break the line, hide in it or turn it around.
func text(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return cut(masked(s), most)
}

// cut shortens to so many characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
