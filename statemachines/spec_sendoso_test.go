package statemachines

import (
	"strings"
	"testing"
)

const (
	early   = "initiated pending_approval pending_sendoso_approval insufficient_funds suspicious_email"
	refused = "blocked email_blacklist"
	lost    = "invalid_email_format failed confirmation_canceled canceled bounced expired refunded"
)

func TestSpec_SendosoStatus(t *testing.T) {
	assertSteps(t, machineNamed(t, "sendoso.send"), Status, []step{
		{"new -> initiated", "the first status of any send"},
		{"initiated -> pending_approval pending_sendoso_approval", "the approval gate"},
		{"pending_approval -> pending_sendoso_approval", "the second gate"},
		{"initiated pending_approval pending_sendoso_approval -> insufficient_funds suspicious_email", "a hold"},
		{"insufficient_funds -> suspicious_email", "two independent holds"},
		{"suspicious_email -> insufficient_funds", "two independent holds"},
		{early + " -> invalid_email_format", "a bad address; from pendings and holds not said, allowed"},
		{early + " -> sent", "the eGift goes out, the hold was approved"},
		{early + " -> confirming_address", "a physical send with address confirmation"},
		{early + " -> canceled", "declined or canceled"},
		{early + " confirming_address sent -> failed", "creation failed; from sent not said, allowed"},
		{"confirming_address -> bounced redeemed", "not said, allowed"},
		{"sent -> opened", "the eGift chain"},
		{"opened -> clicked", "the eGift chain"},
		{"clicked -> redeemed", "the eGift chain"},
		{"sent -> clicked redeemed", "images blocked, or all in one second"},
		{"sent -> bounced", "not redeemable"},
		{"sent opened clicked -> expired", "the link ran out; the sample shows it after clicked"},
		{"sent opened clicked -> blocked email_blacklist", "a request to redeem is refused"},
		{refused + " -> redeemed clicked expired refunded canceled", "tried again or timed out; not said, allowed"},
		{"opened clicked -> bounced", "a scanner opened it; not said, allowed"},
		{"sent opened clicked redeemed -> confirming_address", "Choice: picked, then the address; not said, allowed"},
		{"confirming_address -> confirmation_canceled", "timed out, or ended by the sender: the pages disagree"},
		{"confirming_address -> canceled", "inventoried sends may be canceled here"},
		{"confirming_address -> expired", "the link expired; not said, allowed"},
		{"expired -> refunded", "expired and credited"},
		{"bounced -> refunded", "bounced and credited"},
		{"confirmation_canceled canceled failed invalid_email_format -> refunded", "money back"},
	})
}

func TestSpec_SendosoDelivery(t *testing.T) {
	assertSteps(t, machineNamed(t, "sendoso.send"), Delivery, []step{
		{"new -> order_received", "submitted to the warehouse"},
		{"new order_received -> amazon_fulfilling", "Amazon's flavour"},
		{"amazon_fulfilling -> amazon_shipped", "from Amazon to Sendoso's center"},
		{"amazon_shipped -> fulfilling", "notes and packing at the center"},
		{"new order_received -> fulfilling", "the warehouse's flavour"},
		{"fulfilling order_received amazon_shipped -> shipped", "to the recipient"},
		{"shipped -> delivered", "arrived"},
		{"shipped -> undeliverable", "the carrier returns it"},
		{"order_received amazon_fulfilling fulfilling -> out_of_stock fulfillment_issue", "trouble"},
		{"out_of_stock fulfillment_issue -> order_received amazon_fulfilling fulfilling shipped", "solved"},
		{"out_of_stock -> fulfillment_issue", "not said, allowed"},
		{"fulfillment_issue -> out_of_stock", "not said, allowed"},
		{"undeliverable -> shipped fulfilling", "shipped again; not said, allowed"},
		{"undeliverable -> delivered", "the carrier corrects itself; not said, allowed"},
	})
}

func TestSpec_SendosoRulings(t *testing.T) {
	var (
		givenUp = "order_received amazon_fulfilling amazon_shipped fulfilling out_of_stock fulfillment_issue undeliverable"
		open    = early + " sent opened clicked confirming_address invalid_email_format failed confirmation_canceled bounced expired " + refused
		begin   = "order_received amazon_fulfilling fulfilling"
	)
	assertRulings(t, machineNamed(t, "sendoso.send"), []ruling{
		{Status, open, givenUp, "canceled refunded", "moved", "operations give up before the send is shipped"},
		{Status, "canceled", givenUp, "refunded", "moved", "money back, whatever the delivery"},
		{Status, "redeemed", givenUp, "refunded", "illegal: after_final", "a redeemed eGift is not given up"},
		{Status, "refunded", givenUp, "canceled", "illegal: after_final", "nor is one that was credited"},
		{Status, open + " refunded redeemed", "shipped delivered", "canceled", "illegal: guard", "never after shipping"},
		{Status, "sent", "new shipped delivered", "refunded", "gap via expired", "credited because never opened"},
		{Status, "redeemed", "new", "sent opened", "illegal: after_final", "certainly illegal"},
		{Status, "refunded", "new", "redeemed", "illegal: after_final", "certainly illegal"},
		{Status, "expired", "new", "redeemed", "illegal: after_final", "an expired link cannot be redeemed"},
		{Status, "sent", "new", early, "illegal: backward", "a hold comes before sending"},
		{Status, "sent opened clicked", "new", "invalid_email_format", "illegal: contradicts", "the address was good"},

		{Delivery, "new", lost, begin, "illegal: guard", "a send that ended does not begin its delivery"},
		{Delivery, "new", lost, "shipped delivered undeliverable out_of_stock", "illegal: guard", "not even by a gap"},
		{Delivery, "new", "confirming_address", begin, "moved +address_confirmed_assumed", "confirmed has no event"},
		{Delivery, "new", early + " redeemed sent " + refused, begin, "moved", "delivery needs no claim; holds are released"},
		{Delivery, "order_received fulfilling", "canceled", "shipped delivered undeliverable", "illegal: guard", "canceled is not shipped"},
		{Delivery, "order_received", strings.ReplaceAll(lost, " canceled", ""), "shipped", "moved", "only canceled forbids shipping"},
		{Delivery, "delivered", "new", "undeliverable", "illegal: after_final", "a correction is not believed"},
		{Delivery, "shipped", "new", "fulfilling order_received", "illegal: backward", "it has left the warehouse"},
	})
}
