package statemachines

import "giftline/domain"

var emailNotDelivered = []string{New, "scheduled", "delayed", "sent", "delivery_delayed"}

// emailDelivery is what both e-mail providers report of an e-mail's way, after Amazon SES's lifecycle
// (providers.md 7 and 10.5).
var emailDelivery = []Row{
	row("scheduled", Preparing, "accepted, to be sent later", from(New)),
	row("delayed", Preparing, "could not be handed over yet; will be tried again", from(New, "scheduled"), aside),
	row("sent", Shipping, "accepted for delivery", from(New, "scheduled", "delayed")),
	row("delivery_delayed", Shipping, "the recipient's server put it off", from("sent"), aside),
	row("delivered", Completed, "the recipient's server has taken it",
		from("sent", "delivery_delayed"), alsoWhen(in(Delivery, "bounced").permanently(false), "bounced")),
	row("bounced", Failed, "the recipient's server returned it", from("sent", "delivery_delayed", "delivered"), aside, lasts),
	row("failed", Failed, "it could not be sent", from(New, "scheduled", "delayed", "sent", "delivery_delayed"), aside),
	row("suppressed", Failed, "not sent: the address is on the suppression list", from(New, "scheduled", "sent"), aside),
	row("canceled", Canceled, "canceled before it was sent", from("scheduled"), aside),
}

// emailEngagement is what the recipient did with it (providers.md 10.6).
var emailEngagement = []Row{
	row("opened", Completed, "the recipient opened it", from(New), noteIn(0, "clicked", "complained"), leads),
	row("clicked", Completed, "the recipient followed a link", from(New, "opened"), noteIn(0, "complained"), leads),
	row("complained", Failed, "the recipient marked it as spam", from(New, "opened", "clicked"), aside),
}

var emailGuards = []Guard{
	{Region: Status, States: []string{"opened", "clicked"}, When: in(Delivery, "failed", "suppressed", "canceled")},
	{Region: Status, States: []string{"opened", "clicked"}, When: in(Delivery, "bounced").permanently(true)},
	{Region: Status, States: []string{"opened", "clicked"}, When: in(Delivery, emailNotDelivered...), Flag: DeliveredNotSeen},
	{Region: Status, States: []string{"complained"}, When: notIn(Delivery, "delivered"), Flag: DeliveredNotSeen},
}

// email makes an e-mail machine: the two providers' lifecycles are the same, their pages are not.
func email(provider domain.Provider, page string, reports ...Report) Table {
	return Table{
		Name: string(provider) + ".email", Provider: provider, Kind: domain.Email, Revision: 1, Page: page, Prefix: "email.",
		Status: emailEngagement, Delivery: emailDelivery, DeliveryFirst: true, Guards: emailGuards,
		Reports: reports,
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
			anyStatus("not_started", "the records were not looked for yet", from(New)),
			anyStatus("pending", "the records are being looked for", from(New)), // OpenSend looks at once
			anyStatus("verified", "may be used"),
			anyStatus("failed", "the records were not found", aside),
			anyStatus("partially_verified", "may be used for some purposes", aside),
			anyStatus("partially_failed", "one of sending and receiving is verified, the other is not", aside),
			row("deleted", NoPhase, "removed", from(domainStatuses...), aside),
		},
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
	}
}
