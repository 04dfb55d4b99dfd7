package api

import (
	"cmp"
	"maps"
	"strings"

	"giftline/domain"
)

// valueWords say what each value of a closed list means, by the name of its type or of the field or parameter that holds
// it; see valuesOf.
var valueWords = map[string]map[string]string{
	"verdict": {
		"moved":   "A direct step of the table: the state changed.",
		"gap":     "The state changed, over steps that were not reported (yet); inferred lists them.",
		"repeat":  "The same state was said again. Nothing changed.",
		"illegal": "This cannot be true as the table stands; the state stays, and reason says why.",
		"note":    "It belongs on the timeline and moves nothing.",
	},
	"reason": {
		"unknown_state": "The provider names a state that nobody has heard of.",
		"guard":         "The other region forbids it.",
		"after_final":   "Nothing leads out of the state that was held.",
		"backward":      "The reported state comes earlier in the lifecycle.",
		"contradicts":   "The reported state comes later in the lifecycle, but no way leads there.",
	},
	"region": {
		"status":   "How the recipient deals with it; for e-mail, opens, clicks and complaints.",
		"delivery": "How it gets there.",
	},
	"phase": {
		"preparing":  "Being made ready; nothing has gone out.",
		"held":       "Something keeps it from going on.",
		"waiting":    "With the recipient, who has not decided.",
		"claimed":    "The recipient has accepted it.",
		"fulfilling": "Ordered, being packed or produced.",
		"shipping":   "On its way.",
		"completed":  "It has arrived.",
		"failed":     "It will not arrive.",
		"expired":    "It was not accepted in time.",
		"canceled":   "It was called off.",
	},
	"result": {
		"recorded":    "It is an event on a timeline.",
		"duplicate":   "A further copy of a recorded event; it moves nothing.",
		"conflict":    "It says something else under the identity of a recorded event. The first stands, this one is kept.",
		"unresolved":  "Its type, kind or subject is not known; a person can settle it.",
		"quarantined": "It cannot be read; its bytes are kept.",
	},
	"timequality": {
		"exact":       "The event's own time.",
		"approximate": "Taken from other times of the delivery.",
		"missing":     "The provider gave none: the time of receipt is used.",
		"invalid":     "Not readable: the time of receipt is used.",
		"future":      "More than an hour ahead of our clock: the time of receipt is used.",
	},
	"flags": {
		"claim_not_seen":            "Delivery moved while the gift was not known to be claimed: the claim's webhook is late or lost.",
		"delivered_not_seen":        "The recipient reacted to an e-mail that is not known to be delivered.",
		"before_claim":              "A thank-you note came before the claim.",
		"after_claim":               "A reminder was sent after the claim.",
		"order_unknown":             "It would be illegal, but the times do not tell the order well enough to say so.",
		"several_recipients":        "It would be illegal, but the e-mail has several recipients, and this may be about another one.",
		"probable_duplicate":        "The same content came under another delivery id.",
		"address_confirmed_assumed": "Delivery began while the address was still being confirmed.",
		"exchange_suspected":        "Delivery starts over after it ended.",
		"delivery_attempt_failed":   "It was out for delivery and is in transit again.",
		"suppressed":                "The bounce says that the address is on a suppression list.",
		"cancel_reason":             "Look at why the order was cancelled.",
		"invalid_data_time":         "A time inside data is not a time.",
		"unknown_type":              "This version does not know the event's type.",
		"new_order":                 "A new order on the same gift.",
	},
	"parkcode": {
		"no_event_type":       "Neither secret, path, header nor body tells the type: retry with event_type.",
		"unknown_kind":        "The type is of no kind that is tracked.",
		"no_subject":          "It names nothing to attach it to: retry with subject_id.",
		"contradicting_types": "Copies of one message claim different types: retry with event_type.",
		"other_meaning":       "A recorded event has the same identity and says something else.",
		"undecodable":         "It is not the JSON that the provider sends.",
		"bad_identifier":      "An id in it is empty, over 512 bytes, or has a NUL.",
		"refused_by_store":    "The database does not take it.",
	},
	"scope": {
		"read":  "See timelines, lists, statistics and the live stream.",
		"write": "Settle what is parked, label subjects, and answer alerts.",
		"admin": "Make and revoke keys, test and enable channels.",
		"raw":   "See the bytes that a provider sent.",
	},
	"orderby": {
		"updated": "When its last event joined, by our clock. It may change while somebody pages.",
		"created": "When its first event joined. It never changes: who pages by it meets everything once.",
	},
	"dir": {
		"asc":  "The first one first.",
		"desc": "The last one first.",
	},
	"provider": {
		"sendoso":  "Sendoso: sends.",
		"snappy":   "Snappy: gifts, products and invoices.",
		"resend":   "Resend: e-mails, contacts, domains and suppressions.",
		"opensend": "OpenSend: e-mails, contacts, domains and suppressions.",
	},
	"kind": {
		"send":          "A send of Sendoso.",
		"gift":          "A gift of Snappy.",
		"email":         "An e-mail that was sent.",
		"contact":       "A contact of an e-mail provider.",
		"domain":        "A domain that e-mails are sent from.",
		"product":       "A product that gifts are chosen from.",
		"invoice":       "An invoice for gifts.",
		"suppression":   "An address that is not sent to any more.",
		"inbound_email": "An e-mail that was received.",
	},
	"keystate": {
		"active":  "It opens what its scopes name.",
		"expired": "Its time is over. It opens nothing.",
		"revoked": "It was ended. It opens nothing.",
	},
	"granularity": {
		"hour": "One point an hour.",
		"day":  "One point a day, UTC.",
	},
	"groupby": {
		"provider": "One series for each provider.",
		"source":   "One series for each source.",
		"type":     "One series for each event type.",
		"verdict":  "One series for each verdict of today.",
	},
	"rule": ruleWords(),
	"severity": {
		"info":     "Good to know.",
		"warning":  "Somebody should look at it today.",
		"critical": "Somebody should look at it now.",
	},
	"alertstatus": alertStatusWords,
	"alertword":   alertStatusWords,
	"stepkind": {
		"opened":       "It was raised.",
		"acknowledged": "Somebody looks after it.",
		"reopened":     "It came back, or somebody took a step back.",
		"woke":         "Its snooze is over.",
		"snoozed":      "Nothing is told of it for a while.",
		"resolved":     "It is over.",
		"withdrawn":    "By what is known now it was never true.",
	},
	"notificationkind": {
		"alerts":     "Something happened to alerts.",
		"repeat":     "Alerts are still open.",
		"transition": "A subject moved.",
		"test":       "Somebody tries the channel.",
	},
	"notificationstatus": {
		"pending":    "Not tried yet, or to be tried again.",
		"sent":       "The channel took it.",
		"dead":       "Given up; it can be sent again.",
		"suppressed": "Never to be sent; reason says why.",
	},
	"suppressreason": {
		"snoozed":          "The alert was snoozed.",
		"acknowledged":     "It would have been a repeat, and somebody looks after the alert.",
		"over_before_sent": "The alert was over before the message was due.",
		"before_alerting":  "It held before alerts were there, or before the policy said so.",
		"channel_disabled": "The receiver does not want to hear of us, or the channel is not configured any more.",
	},
	"channelstatus": {
		"fine":           "Nothing is wrong with it.",
		"failing":        "The last attempt failed; it is tried again.",
		"disabled":       "Its receiver answered 410: nothing is sent until somebody enables it.",
		"not_configured": "It was told something once, and is not in the configuration any more.",
	},
	"omit":    {"received": "Without the facts about arrival.", "alerts": "Without the alerts."},
	"history": {"1": "With what was once held illegal and no longer is."},
}

var alertStatusWords = map[string]string{
	"live":         "Open, acknowledged or snoozed.",
	"open":         "Nobody has answered it.",
	"acknowledged": "Somebody looks after it: it is not told of again.",
	"snoozed":      "Nothing is told of it until it wakes.",
	"resolved":     "It was true and is over, or somebody said so.",
	"withdrawn":    "By what is known now it was never true.",
}

// ruleWords say what each rule means.
func ruleWords() map[string]string {
	words := map[string]string{}
	for _, f := range domain.Rules {
		words[string(f.Rule)] = strings.ToUpper(f.Means[:1]) + f.Means[1:] + "."
	}
	return words
}

// glossary says what the values of closed lists mean: valueWords, and the states by their machines' tables.
type glossary map[string]map[string]string

func glossaryOf(machines []domain.Machine) glossary {
	g := glossary(maps.Clone(valueWords))
	for _, m := range machines {
		for _, region := range m.View().Regions {
			name := "states of " + string(region.Region)
			if g[name] == nil {
				g[name] = map[string]string{domain.New: "before the first event"}
			}
			for _, s := range region.States {
				g[name][s.State] = alsoMeans(g[name][s.State], s.Meaning)
			}
		}
	}
	return g
}

// alsoMeans joins what machines of several providers say of one state.
func alsoMeans(known, meaning string) string {
	if known == "" || strings.Contains(known, meaning) {
		return cmp.Or(known, meaning)
	}
	return known + "; or: " + meaning
}

// of finds a closed list by a name in any spelling: TimeQuality and time_quality are one. Lists named after a region hold
// its states.
func (g glossary) of(name string) map[string]string {
	if states := g["states of "+name]; states != nil {
		return states
	}
	return g[strings.ToLower(strings.ReplaceAll(name, "_", ""))]
}
