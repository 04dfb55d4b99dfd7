package statemachines

import "giftline/domain"

var emailNotDelivered = []string{New, "scheduled", "delayed", "sent", "delivery_delayed"}

// emailAttempts is how long Amazon SES, which both providers send by, tries to deliver.
var emailAttempts = within(14*hour, documented, "Amazon SES gives up after 14 hours at most")

// emailDelivery is what both e-mail providers report of an e-mail's way, after Amazon SES's lifecycle
// (providers.md 7 and 10.5).
var emailDelivery = []Row{
	row("scheduled", Preparing, "accepted, to be sent later", from(New)),
	row("delayed", Preparing, "could not be handed over yet; will be tried again", from(New, "scheduled"), aside,
		within(6*hour, ours, "three tries to hand it over end well before")),
	row("sent", Shipping, "accepted for delivery", from(New, "scheduled", "delayed"), emailAttempts),
	row("delivery_delayed", Shipping, "the recipient's server put it off", from("sent"), aside, emailAttempts),
	row("delivered", Completed, "the recipient's server has taken it",
		from("sent", "delivery_delayed"), alsoWhen(in(Delivery, "bounced").permanently(false), "bounced")),
	row("bounced", Failed, "the recipient's server returned it", from("sent", "delivery_delayed", "delivered"), aside, lasts, raises(RuleBounced)),
	row("failed", Failed, "it could not be sent", from(New, "scheduled", "delayed", "sent", "delivery_delayed"), aside, raises(RuleFailed)),
	// Nothing bounced: it was not even tried.
	row("suppressed", Failed, "not sent: the address is on the suppression list", from(New, "scheduled", "sent"), aside, raises(RuleFailed)),
	row("canceled", Canceled, "canceled before it was sent", from("scheduled"), aside),
}

// emailEngagement is what the recipient did with it (providers.md 10.6).
var emailEngagement = []Row{
	row("opened", Completed, "the recipient opened it", from(New), noteIn(0, "clicked", "complained"), leads),
	row("clicked", Completed, "the recipient followed a link", from(New, "opened"), noteIn(0, "complained"), leads),
	row("complained", Failed, "the recipient marked it as spam", from(New, "opened", "clicked"), aside, raises(RuleComplained)),
}

var emailGuards = []Guard{
	{Region: Status, States: []string{"opened", "clicked"}, When: in(Delivery, "failed", "suppressed", "canceled")},
	{Region: Status, States: []string{"opened", "clicked"}, When: in(Delivery, "bounced").permanently(true)},
	{Region: Status, States: []string{"opened", "clicked"}, When: in(Delivery, emailNotDelivered...), Flag: DeliveredNotSeen},
	{Region: Status, States: []string{"complained"}, When: notIn(Delivery, "delivered"), Flag: DeliveredNotSeen},
}

// svixLateness is what the schedules of Svix and of its kind come to (providers.md 10.7).
const svixLateness = "automatic retries go on for up to 28 hours, and somebody may send it again days later"

var emailAbsences = []Absence{
	{Flag: DeliveredNotSeen, Into: []string{"opened", "clicked"}, Means: "it was opened, so it was delivered: that webhook is late or lost, its type is not among those sent here, or a scanner opened it on the way"},
	{Flag: DeliveredNotSeen, Into: []string{"complained"}, Means: "it was marked as spam, so it was delivered: that webhook is late or lost, or its type is not among those sent here"},
	{From: New, Into: []string{"clicked"}, Means: "an opened e-mail is only seen when its pictures are shown, and while opens are tracked"},
	{Steps: []string{"sent"}, Means: "email.sent is not among the types sent here"},
}

var emailSilences = []Silence{
	{While: []Condition{in(Delivery, "delivered"), in(Status, New)}, Means: "nobody is known to have opened it: that is only seen when pictures are shown, and while opens are tracked"},
	{While: []Condition{in(Delivery, "sent", "delivery_delayed"), in(Status, New)}, Means: "the recipient's server has neither taken nor returned it yet"},
	{While: []Condition{in(Delivery, "bounced").permanently(false)}, Means: "the bounce is not for good: it may still be delivered"},
}

// email makes an e-mail machine: the two providers' lifecycles are the same, their pages are not.
func email(provider domain.Provider, page string, reports ...Report) Table {
	return Table{
		Name: string(provider) + ".email", Provider: provider, Kind: domain.Email, Revision: 1, Page: page, Prefix: "email.",
		Status: emailEngagement, Delivery: emailDelivery, DeliveryFirst: true, Guards: emailGuards,
		Reports: reports, Absences: emailAbsences, Silences: emailSilences, Lateness: svixLateness,
	}
}

// inboundEmail has one state: it must never sit on an outbound e-mail's machine (providers.md 11).
func inboundEmail(provider domain.Provider, page string) Table {
	return Table{
		Name: string(provider) + ".inbound_email", Provider: provider, Kind: domain.InboundEmail, Revision: 1, Page: page,
		Prefix: "email.",
		Status: []Row{row("received", NoPhase, "an e-mail came in", from(New))},
	}
}

// contact: an update may be the first thing heard, because imports announce no creation (providers.md 11).
func contact(provider domain.Provider, page string) Table {
	return Table{
		Name: string(provider) + ".contact", Provider: provider, Kind: domain.Contact, Revision: 1, Page: page,
		Reports: []Report{
			{Event: "contact.created", Region: Status, State: "active"},
			{Event: "contact.updated", Region: Status, State: "active", Update: true},
			{Event: "contact.deleted", Region: Status, State: "deleted"},
		},
		Status: []Row{
			row("active", NoPhase, "on the list", from(New)),
			row("deleted", NoPhase, "taken off the list", from(New, "active"), aside),
		},
	}
}

var domainStatuses = []string{"not_started", "pending", "verified", "failed", "partially_verified", "partially_failed"}

// sendingDomain: any status may follow any other, since DNS can break and heal (providers.md 11).
func sendingDomain(provider domain.Provider, page string) Table {
	return Table{
		Name: string(provider) + ".domain", Provider: provider, Kind: domain.Domain, Revision: 1, Page: page,
		Reports: []Report{
			{Event: "domain.created", Region: Status},
			{Event: "domain.updated", Region: Status, Update: true},
			{Event: "domain.deleted", Region: Status, State: "deleted"},
		},
		Status: []Row{
			anyStatus("not_started", "the records were not looked for yet", from(New),
				within(7*day, ours, "somebody has to set the records and have them looked for")),
			anyStatus("pending", "the records are being looked for", from(New), // OpenSend looks at once
				within(3*day, ours, "DNS records that are right are found within hours: look at them")),
			anyStatus("verified", "may be used"),
			anyStatus("failed", "the records were not found", aside, raises(RuleFailed)),
			anyStatus("partially_verified", "may be used for some purposes", aside),
			anyStatus("partially_failed", "one of sending and receiving is verified, the other is not", aside),
			row("deleted", NoPhase, "removed", from(domainStatuses...), aside),
		},
		Lateness: svixLateness,
		Silences: []Silence{{While: []Condition{in(Status, "pending", "not_started")}, Means: "DNS records are looked for again and again: a status follows only when it changes"}},
	}
}

func anyStatus(state, meaning string, parts ...func(*Row)) Row {
	earlier := true
	for _, other := range domainStatuses {
		switch {
		case other == state:
			earlier = false
		case earlier:
			parts = append(parts, from(other))
		default:
			parts = append(parts, also(other))
		}
	}
	return row(state, NoPhase, meaning, parts...)
}

// suppression follows one address on a suppression list; it may come and go (providers.md 11).
func suppression(provider domain.Provider, page string, notes ...NoteRow) Table {
	return Table{
		Name: string(provider) + ".suppression", Provider: provider, Kind: domain.Suppression, Revision: 1, Page: page,
		Prefix: "suppression.", Notes: notes,
		Status: []Row{
			row("added", NoPhase, "the address is on the suppression list", from(New), also("removed")),
			row("removed", NoPhase, "the address was taken off the list", from("added")),
		},
		Lateness: svixLateness,
		Absences: []Absence{{From: New, Steps: []string{"added"}, Means: "the address was on the list before the webhook was set up"}},
	}
}
