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

var (
	// sendosoOffer: an offer may be shorter, which only Sendoso and who labels the send know.
	sendosoOffer   = waits(90*day, documented, "support article 360046122972: an eGift can be redeemed for 90 days at most")
	sendosoPacking = within(14*day, documented, "support article 19673365028763: 2 to 10 business days until it ships, by the size of the order")
)

// sendosoSend accepts the union of eGift, physical, Amazon and Direct sends: the webhook does not carry the flavour.
// Every way in is from providers.md 10.1 and 10.2.
var sendosoSend = Table{
	Name: "sendoso.send", Provider: domain.Sendoso, Kind: domain.Send, Revision: 1,
	Page:   "https://developer.sendoso.com/webhooks/events",
	Prefix: "send.",
	Status: []Row{
		row("initiated", Preparing, "the send is being created", from(New),
			within(1*day, ours, "creating a send takes minutes, holds apart")),
		row("pending_approval", Held, "waits for the sender's approval", from("initiated"), aside,
			within(3*day, ours, "somebody on the sender's side should have approved it by then")),
		row("pending_sendoso_approval", Held, "waits for approval by a Sendoso admin",
			from("initiated", "pending_approval"), aside,
			within(3*day, ours, "an admin should have approved it by then")),
		row("insufficient_funds", Held, "on hold: not enough funds",
			from(join([]string{"initiated"}, sendosoPending)...), also("suspicious_email"), aside,
			within(2*day, ours, "the send waits until somebody adds funds")),
		row("suspicious_email", Held, "on hold: the recipient's address looks suspicious",
			from(join([]string{"initiated", "insufficient_funds"}, sendosoPending)...), aside,
			within(2*day, ours, "the send waits until a manager approves or cancels it")),
		row("sent", Waiting, "the eGift was sent to the recipient", from(sendosoEarly...), sendosoOffer),
		row("opened", Waiting, "the recipient opened the eGift's e-mail", from("sent"), sendosoOffer),
		row("clicked", Waiting, "the recipient looked at the eGift's page",
			from("sent", "opened"), maybe(sendosoRefused...), sendosoOffer),
		row("blocked", Held, "a request to redeem was blocked", from("sent", "opened", "clicked"), aside,
			within(7*day, ours, "Sendoso does not say what follows: ask its support")),
		row("email_blacklist", Held, "a request to redeem was refused: address on the blacklist",
			from("sent", "opened", "clicked"), aside,
			within(7*day, ours, "Sendoso does not say what follows: ask its support")),
		row("redeemed", Completed, "the recipient redeemed the eGift",
			from("sent", "clicked"), maybe(sendosoRefused...), maybe("confirming_address")),
		row("confirming_address", Waiting, "waits for the recipient to confirm the address",
			from(sendosoEarly...), maybe("sent", "opened", "clicked", "redeemed"),
			waits(7*day, documented, "support article 360040657752: 2 to 7 business days, then it is canceled or sent anyway")),
		row("invalid_email_format", Failed, "the recipient's address is not an e-mail address",
			from("initiated"), maybe(sendosoPending...), maybe(sendosoHolds...), aside, raises(RuleFailed)),
		row("failed", Failed, "the send could not be made",
			from(join(sendosoEarly, []string{"confirming_address"})...), maybe("sent"), aside, raises(RuleFailed)),
		row("confirmation_canceled", Canceled, "the address was not confirmed: timed out, or ended by the sender",
			from("confirming_address"), aside),
		row("canceled", Canceled, "canceled by the sender",
			from(join(sendosoEarly, []string{"confirming_address"})...), maybe(sendosoRefused...),
			alsoWhen(sendosoGivenUp, sendosoOpen...), aside),
		row("bounced", Failed, "cannot be redeemed; will be refunded",
			from("sent"), maybe("opened", "clicked", "confirming_address"), aside, raises(RuleBounced)),
		row("expired", Expired, "the link to redeem ran out",
			from("sent", "opened", "clicked"), maybe(sendosoRefused...), maybe("confirming_address"), raises(RuleExpired)),
		row("refunded", NoPhase, "credited back to the sender",
			from("invalid_email_format", "failed", "confirmation_canceled", "canceled", "bounced", "expired"),
			maybe(sendosoRefused...), alsoWhen(sendosoGivenUp, sendosoOpen...), aside, credit, keeps),
	},
	Delivery: []Row{
		row("order_received", Fulfilling, "the warehouse has the order",
			from(New), also("out_of_stock", "fulfillment_issue"), sendosoPacking),
		row("amazon_fulfilling", Fulfilling, "Amazon prepares the item",
			from(New, "order_received"), also("out_of_stock", "fulfillment_issue"),
			within(7*day, ours, "Amazon ships within days; Sendoso names no time")),
		row("amazon_shipped", Fulfilling, "on its way from Amazon to Sendoso's center", from("amazon_fulfilling"),
			within(7*day, documented, "support article 360037079972: 3 to 5 business days for notes and packing once it is there")),
		row("fulfilling", Fulfilling, "Sendoso prepares the package",
			from(New, "order_received", "amazon_shipped"), also("out_of_stock", "fulfillment_issue"), maybe("undeliverable"), sendosoPacking),
		row("out_of_stock", Held, "the item is out of stock",
			from("order_received", "amazon_fulfilling", "fulfilling"), maybe("fulfillment_issue"), aside, raises(RuleOutOfStock),
			within(7*day, ours, "somebody has to choose: wait, replace or cancel")),
		// Held like out_of_stock, and nothing has failed yet: it alarms as what needs the same decisions.
		row("fulfillment_issue", Held, "something went wrong in fulfillment",
			from("order_received", "amazon_fulfilling", "fulfilling"), maybe("out_of_stock"), aside, raises(RuleOutOfStock),
			within(3*day, ours, "somebody at Sendoso has to solve it")),
		row("shipped", Shipping, "on its way to the recipient",
			from("order_received", "amazon_shipped", "fulfilling", "out_of_stock", "fulfillment_issue"),
			maybe("undeliverable"),
			within(14*day, ours, "parcels take days; two weeks without news are worth a question")),
		row("undeliverable", Failed, "the carrier could not deliver and returns it", from("shipped"), aside, raises(RuleUndeliverable),
			within(5*day, documented, "support article 9580262939547: back in stock after about 3 business days")),
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
	Lateness: svixLateness,
	Absences: []Absence{
		{Flag: AddressConfirmedAssumed, Means: "Sendoso does not report that an address was confirmed: it was, or the send went on without"},
		{From: New, Steps: []string{"initiated"}, Means: "every send begins with initiated: this one began before the webhook was set up, or the type is not among those sent here"},
		{Into: []string{"confirmation_canceled"}, Steps: []string{"confirming_address"}, Means: "each event type may have an endpoint of its own in Sendoso's portal: the one for send.confirming_address may be missing"},
		{From: "sent", Into: []string{"clicked", "redeemed"}, Means: "an opened e-mail is only seen when its pictures are shown"},
		{Steps: []string{"opened", "clicked"}, Means: "an opened e-mail is only seen when its pictures are shown"},
		{Steps: []string{"expired"}, Means: "an eGift that nobody opened is credited when it expires, and the expiry is not always told apart"},
		{From: New, Into: []string{"fulfilling"}, Means: "another flavour of send: one from stock may be packed without a word of its order"},
		{Into: []string{"amazon_fulfilling", "amazon_shipped"}, From: New, Means: "an Amazon send, whose order may go to Amazon without a word of the warehouse"},
		{Into: []string{"shipped", "delivered"}, From: New, Means: "another flavour of send, such as Sendoso Direct, may take no steps in a warehouse"},
		{Into: []string{"delivered"}, Steps: []string{"shipped"}, Means: "not every carrier reports that a parcel was taken"},
	},
	Silences: []Silence{
		{While: []Condition{in(Status, "sent", "opened", "clicked"), in(Delivery, New)}, Means: "an eGift waits for its recipient: no news is usual until it is redeemed or expires"},
		{While: []Condition{in(Status, "redeemed"), in(Delivery, New)}, Means: "an eGift has nothing to deliver: nothing more need come"},
		{While: []Condition{in(Status, "confirming_address"), in(Delivery, New)}, Means: "Sendoso does not report a confirmed address: what comes next is the order, or that the confirmation was canceled"},
		{While: []Condition{in(Status, "initiated"), in(Delivery, New)}, Means: "a send without address confirmation goes on with its order, an eGift with sent"},
	},
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
