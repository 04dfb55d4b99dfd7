package statemachines

import "giftline/domain"

var snappyUnclaimed = []string{"unopened", "unwrapped", "opened"}

// snappyClaimWindow is the default of a campaign; another one is known only to Snappy, and to who labels the gift.
var snappyClaimWindow = waits(60*day, documented, "help centre: a gift can be claimed for 60 days unless its campaign says otherwise")

// snappyGift follows gift-status-changed and gift-delivery-status-changed. The states out_of_stock and canceled are
// ours, from order-out-of-stock and order-canceled. Every way in is from providers.md 10.3 and 10.4.
var snappyGift = Table{
	Name: "snappy.gift", Provider: domain.Snappy, Kind: domain.Gift, Revision: 1,
	Page: "https://docs.snappy.com/webhook-event-types",
	Reports: []Report{
		{Event: "gift-status-changed", Region: Status},
		{Event: "gift-delivery-status-changed", Region: Delivery},
		{Event: "order-canceled", Region: Delivery, State: "canceled"},
		{Event: "order-out-of-stock", Region: Delivery, State: "out_of_stock"},
	},
	Status: []Row{
		row("unopened", Waiting, "sent; the link has not been clicked", from(New), snappyClaimWindow),
		// The provider's pages disagree which of the next two comes first.
		row("unwrapped", Waiting, "link clicked; options not yet seen", from("unopened"), also("opened"), snappyClaimWindow),
		row("opened", Waiting, "options seen", from("unopened", "unwrapped"), snappyClaimWindow),
		row("claimed", Claimed, "a gift chosen, details given", from(New, "unwrapped", "opened"), // from new: claimed over the API
			within(14*day, documented, "help centre: usually days from claim to delivery, allow two weeks")),
		row("expired", Expired, "ran out before a claim", from(snappyUnclaimed...), raises(RuleExpired)),
	},
	Delivery: []Row{
		row("orderReceived", Fulfilling, "the order was received",
			from(New), also("canceled", "out_of_stock"), flagged(NewOrder, "canceled"), hint(ExchangeSuspected, "delivered"),
			within(4*day, ours, "preparing usually begins within days")),
		row("processing", Fulfilling, "being prepared for shipping",
			from("orderReceived"), also("canceled", "out_of_stock"), flagged(NewOrder, "canceled"),
			hint(ExchangeSuspected, "delivered"),
			within(7*day, ours, "half of the two weeks that Snappy allows from claim to delivery")),
		row("out_of_stock", Held, "the chosen product ran out before fulfillment",
			from(New, "orderReceived", "processing"), noteIn(CancelReason, "canceled"), aside, raises(RuleOutOfStock),
			within(3*day, ours, "somebody has to offer a replacement or cancel the order")),
		row("inTransit", Shipping, "with the carrier",
			from("processing", "out_of_stock"), also("canceled"), maybe("outForDelivery"),
			flagged(NewOrder, "canceled"), flagged(DeliveryAttemptFailed, "outForDelivery"),
			hint(ExchangeSuspected, "delivered"),
			within(10*day, ours, "what is left of the two weeks that Snappy allows from claim to delivery")),
		row("outForDelivery", Shipping, "expected to arrive today", from("inTransit"),
			within(2*day, ours, "it was expected to arrive on that day")),
		// From new: digital gifts; from inTransit: carriers that report no last leg.
		row("delivered", Completed, "arrived", from(New, "inTransit", "outForDelivery")),
		row("canceled", Canceled, "the order was canceled; another may follow on the same gift",
			from(New, "orderReceived", "processing", "out_of_stock"), maybe("inTransit", "outForDelivery"),
			flagged(CancelReason, "inTransit", "outForDelivery"), aside),
	},
	Notes: []NoteRow{
		{Event: "gift-notification-initial-sent", Meaning: "the first notification was sent"},
		{Event: "gift-notification-reminder-sent", Meaning: "a reminder was sent", When: ptr(in(Status, "claimed")), Flag: AfterClaim},
		{Event: "gift-notification-resend-sent", Meaning: "a notification was sent again by hand"},
		{Event: "gift-notification-expiration-sent", Meaning: "the last-chance notice was sent", Warns: true, When: ptr(in(Status, "claimed")), Flag: AfterClaim},
		{Event: "thank-you-note-created", Meaning: "the recipient wrote a thank-you note", When: ptr(notIn(Status, "claimed")), Flag: BeforeClaim},
	},
	Guards: []Guard{
		{Region: Delivery, When: in(Status, "expired")},
		{Region: Status, States: []string{"expired"}, When: notIn(Delivery, New)},
		{Region: Delivery, When: in(Status, snappyUnclaimed...), Flag: ClaimNotSeen},
	},
	Lateness: "Snappy does not say how long it tries again",
	Absences: []Absence{
		{Flag: ClaimNotSeen, Means: "delivery began, so the gift was claimed: over the API, or the webhook of the claim was lost or is late"},
		{From: New, Into: []string{"claimed"}, Means: "claimed over the API, or fulfilled without a choice (Direct Fulfillment, Embedded Marketplace): such a gift is never opened"},
		{From: New, Steps: []string{"unopened"}, Means: "the gift was sent before the webhook was set up"},
		{Into: []string{"claimed"}, Steps: []string{"unwrapped", "opened"}, Means: "claimed over the API, or opened where nobody could see it: Snappy's pages do not agree which of opened and unwrapped comes first"},
		{From: New, Into: []string{"delivered"}, Means: "a digital gift, which arrives at once"},
		{From: "inTransit", Into: []string{"delivered"}, Means: "not every carrier reports the last leg"},
		{Steps: []string{"inTransit", "outForDelivery"}, Means: "not every carrier reports each leg"},
		{Steps: []string{"orderReceived", "processing"}, Means: "not every order reports each step of its preparation"},
	},
	Silences: []Silence{
		{While: []Condition{in(Status, snappyUnclaimed...), in(Delivery, New)}, Means: "the recipient has not chosen yet: Snappy sends reminders until the gift is claimed or expires"},
		{While: []Condition{in(Status, "claimed"), in(Delivery, New)}, Means: "the claim is there, the order is not: it usually follows at once"},
		{While: []Condition{in(Delivery, "canceled")}, Means: "the order was canceled, not the gift: another order may follow on it"},
		{While: []Condition{in(Delivery, "out_of_stock")}, Means: "Snappy does not say whether another product is chosen by itself: the sender is told, or offered one"},
	},
}

// snappyProduct follows a product's stock; a deleted product is reported as out_of_stock with little else.
var snappyProduct = Table{
	Name: "snappy.product", Provider: domain.Snappy, Kind: domain.Product, Revision: 1,
	Page:    "https://docs.snappy.com/webhook-event-types",
	Reports: []Report{{Event: "stock-availability-updates", Region: Status}},
	Status: []Row{
		row("in_stock", NoPhase, "can be ordered", from(New), also("stocked_on_demand", "out_of_stock")),
		row("stocked_on_demand", NoPhase, "can be ordered, with some lead time", from(New, "in_stock"), also("out_of_stock")),
		row("out_of_stock", NoPhase, "cannot be ordered for now",
			from(New, "in_stock", "stocked_on_demand"), noteIn(0, "discontinued"), aside, raises(RuleOutOfStock)),
		row("discontinued", NoPhase, "gone and not coming back",
			from(New, "in_stock", "stocked_on_demand", "out_of_stock"), aside),
	},
}

// snappyInvoice has one state: the page tells no more of invoices, and they name no gift.
var snappyInvoice = Table{
	Name: "snappy.invoice", Provider: domain.Snappy, Kind: domain.Invoice, Revision: 1,
	Page:    "https://docs.snappy.com/webhook-event-types",
	Reports: []Report{{Event: "gift-invoice-sent", Region: Status, State: "sent"}},
	Status:  []Row{row("sent", NoPhase, "the invoice was sent to the company", from(New))},
}

func ptr(c Condition) *Condition { return &c }
