package statemachines

import "giftline/domain"

var (
	sendosoPending = []string{"pending_approval", "pending_sendoso_approval"}
	sendosoHolds   = []string{"insufficient_funds", "suspicious_email"}
	sendosoEarly   = join([]string{"initiated"}, sendosoPending, sendosoHolds)
	sendosoRefused = []string{"blocked", "email_blacklist"}
	// sendosoGivenUp are the deliveries after which operations may still cancel or refund (providers.md 10.1).
	sendosoGivenUp = in(Delivery, "order_received", "amazon_fulfilling", "amazon_shipped", "fulfilling",
		"out_of_stock", "fulfillment_issue", "undeliverable")
	// sendosoOpen is every status but redeemed, canceled and refunded.
	sendosoOpen = join(sendosoEarly, []string{"sent", "opened", "clicked", "confirming_address"}, sendosoRefused,
		[]string{"invalid_email_format", "failed", "confirmation_canceled", "bounced", "expired"})
)

// sendosoSend accepts the union of eGift, physical, Amazon and Direct sends: the webhook does not carry the flavour.
// Every way in is from providers.md 10.1 and 10.2.
var sendosoSend = Table{
	Name: "sendoso.send", Provider: domain.Sendoso, Kind: domain.Send, Revision: 1,
	Page:   "https://developer.sendoso.com/webhooks/events",
	Prefix: "send.",
	Status: []Row{
		row("initiated", Preparing, "the send is being created", from(New)),
		row("pending_approval", Held, "waits for the sender's approval", from("initiated"), aside),
		row("pending_sendoso_approval", Held, "waits for approval by a Sendoso admin",
			from("initiated", "pending_approval"), aside),
		row("insufficient_funds", Held, "on hold: not enough funds",
			from(join([]string{"initiated"}, sendosoPending)...), also("suspicious_email"), aside),
		row("suspicious_email", Held, "on hold: the recipient's address looks suspicious",
			from(join([]string{"initiated", "insufficient_funds"}, sendosoPending)...), aside),
		row("sent", Waiting, "the eGift was sent to the recipient", from(sendosoEarly...)),
		row("opened", Waiting, "the recipient opened the eGift's e-mail", from("sent")),
		row("clicked", Waiting, "the recipient looked at the eGift's page",
			from("sent", "opened"), maybe(sendosoRefused...)),
		row("blocked", Held, "a request to redeem was blocked", from("sent", "opened", "clicked"), aside),
		row("email_blacklist", Held, "a request to redeem was refused: address on the blacklist",
			from("sent", "opened", "clicked"), aside),
		row("redeemed", Completed, "the recipient redeemed the eGift",
			from("sent", "clicked"), maybe(sendosoRefused...), maybe("confirming_address")),
		row("confirming_address", Waiting, "waits for the recipient to confirm the address",
			from(sendosoEarly...), maybe("sent", "opened", "clicked", "redeemed")),
		row("invalid_email_format", Failed, "the recipient's address is not an e-mail address",
			from("initiated"), maybe(sendosoPending...), maybe(sendosoHolds...), aside),
		row("failed", Failed, "the send could not be made",
			from(join(sendosoEarly, []string{"confirming_address"})...), maybe("sent"), aside),
		row("confirmation_canceled", Canceled, "the address was not confirmed: timed out, or ended by the sender",
			from("confirming_address"), aside),
		row("canceled", Canceled, "canceled by the sender",
			from(join(sendosoEarly, []string{"confirming_address"})...), maybe(sendosoRefused...),
			alsoWhen(sendosoGivenUp, sendosoOpen...), aside),
		row("bounced", Failed, "cannot be redeemed; will be refunded",
			from("sent"), maybe("opened", "clicked", "confirming_address"), aside),
		row("expired", Expired, "the link to redeem ran out",
			from("sent", "opened", "clicked"), maybe(sendosoRefused...), maybe("confirming_address")),
		row("refunded", NoPhase, "credited back to the sender",
			from("invalid_email_format", "failed", "confirmation_canceled", "canceled", "bounced", "expired"),
			maybe(sendosoRefused...), alsoWhen(sendosoGivenUp, sendosoOpen...), aside, credit, keeps),
	},
	Delivery: []Row{
		row("order_received", Fulfilling, "the warehouse has the order",
			from(New), also("out_of_stock", "fulfillment_issue")),
		row("amazon_fulfilling", Fulfilling, "Amazon prepares the item",
			from(New, "order_received"), also("out_of_stock", "fulfillment_issue")),
		row("amazon_shipped", Fulfilling, "on its way from Amazon to Sendoso's center", from("amazon_fulfilling")),
		row("fulfilling", Fulfilling, "Sendoso prepares the package",
			from(New, "order_received", "amazon_shipped"), also("out_of_stock", "fulfillment_issue"), maybe("undeliverable")),
		row("out_of_stock", Held, "the item is out of stock",
			from("order_received", "amazon_fulfilling", "fulfilling"), maybe("fulfillment_issue"), aside),
		row("fulfillment_issue", Held, "something went wrong in fulfillment",
			from("order_received", "amazon_fulfilling", "fulfilling"), maybe("out_of_stock"), aside),
		row("shipped", Shipping, "on its way to the recipient",
			from("order_received", "amazon_shipped", "fulfilling", "out_of_stock", "fulfillment_issue"),
			maybe("undeliverable")),
		row("undeliverable", Failed, "the carrier could not deliver and returns it", from("shipped"), aside),
		row("delivered", Completed, "delivered to the recipient", from("shipped"), maybe("undeliverable")),
	},
	Guards: []Guard{
		{Region: Delivery, Leaving: true, When: in(Status, "invalid_email_format", "failed", "confirmation_canceled",
			"canceled", "bounced", "expired", "refunded")},
		// Undeliverable too: it would imply that a canceled send was shipped.
		{Region: Delivery, States: []string{"shipped", "undeliverable", "delivered"}, When: in(Status, "canceled")},
		{Region: Status, States: []string{"canceled"}, When: in(Delivery, "shipped", "delivered")},
		{Region: Delivery, Leaving: true, When: in(Status, "confirming_address"), Flag: AddressConfirmedAssumed},
	},
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
