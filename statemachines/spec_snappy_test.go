package statemachines

import "testing"

const unclaimed = "unopened unwrapped opened"

func TestSpec_SnappyStatus(t *testing.T) {
	assertSteps(t, machineNamed(t, "snappy.gift"), Status, []step{
		{"new -> unopened", "sent"},
		{"new -> claimed", "over the API, or by direct fulfillment: nobody opened anything"},
		{"unopened -> unwrapped opened", "the pages disagree which is first: both"},
		{"unwrapped -> opened", "the newer page"},
		{"opened -> unwrapped", "the help centre"},
		{"unwrapped opened -> claimed", "a gift chosen"},
		{unclaimed + " -> expired", "only unclaimed gifts expire"},
	})
}

func TestSpec_SnappyDelivery(t *testing.T) {
	assertSteps(t, machineNamed(t, "snappy.gift"), Delivery, []step{
		{"new -> orderReceived", "an order"},
		{"orderReceived -> processing", "each step"},
		{"processing -> inTransit", "each step"},
		{"inTransit -> outForDelivery", "each step"},
		{"outForDelivery -> delivered", "each step"},
		{"new -> delivered", "a digital gift"},
		{"inTransit -> delivered", "a carrier that reports no last leg"},
		{"outForDelivery -> inTransit [delivery_attempt_failed]", "nobody was at home; not said, allowed"},
		{"new orderReceived processing -> out_of_stock", "before fulfillment"},
		{"new orderReceived processing out_of_stock -> canceled", "by sender, system or fulfillment"},
		{"inTransit outForDelivery -> canceled [cancel_reason]", "a lost parcel; not excluded, allowed"},
		{"canceled -> orderReceived processing inTransit [new_order]", "another order on the same gift"},
		{"out_of_stock -> orderReceived processing inTransit", "a replacement"},
	})
}

func TestSpec_SnappyRulings(t *testing.T) {
	const anyDelivery = "orderReceived processing out_of_stock inTransit outForDelivery delivered canceled"
	assertRulings(t, machineNamed(t, "snappy.gift"), []ruling{
		{Status, "unopened", "new", "claimed", "gap via unwrapped", "a claim needs a click"},
		{Status, "new", "new", "unwrapped opened expired", "gap via unopened", "the subscription began mid-life"},
		{Status, "claimed", "new", "claimed", "repeat", "claimed again after a canceled order"},
		{Status, "claimed", "new", "unopened unwrapped opened expired", "illegal: after_final", "claimed stays claimed"},
		{Status, "expired", "new", "unopened unwrapped opened claimed", "illegal: after_final", "expired is the end"},
		{Status, "new " + unclaimed + " claimed", anyDelivery, "expired", "illegal: guard", "what is delivered does not expire"},

		{Delivery, "new", "expired", anyDelivery, "illegal: guard", "expired gifts are not delivered"},
		{Delivery, "processing", "expired", "inTransit canceled", "illegal: guard", "nor delivered on"},
		{Delivery, "new", unclaimed, "orderReceived out_of_stock delivered canceled", "moved +claim_not_seen", "the claim is late or lost"},
		{Delivery, "orderReceived", unclaimed, "processing", "moved +claim_not_seen", "and still is"},
		{Delivery, "new", "new claimed", "orderReceived", "moved", "nothing is amiss"},
		{Delivery, "delivered", "claimed", "orderReceived processing inTransit", "illegal: after_final +exchange_suspected", "an exchange, perhaps"},
		{Delivery, "delivered", "claimed", "outForDelivery out_of_stock canceled", "illegal: after_final", "no hint fits"},
		{Delivery, "canceled", "claimed", "out_of_stock", "note +cancel_reason", "it says why"},
		{Delivery, "canceled", "claimed", "outForDelivery delivered", "gap via inTransit +new_order", "the new order's first steps were lost"},
		{Delivery, "orderReceived", "claimed", "delivered", "gap via processing, inTransit", "any lower to any higher"},
		{Delivery, "outForDelivery", "claimed", "orderReceived processing out_of_stock", "illegal: backward", "it is on the road"},
	})
}

func TestSpec_SnappyProduct(t *testing.T) {
	m := machineNamed(t, "snappy.product")
	assertSteps(t, m, Status, []step{
		{"new -> in_stock stocked_on_demand out_of_stock discontinued", "any may be heard first"},
		{"in_stock -> stocked_on_demand out_of_stock discontinued", "freely"},
		{"stocked_on_demand -> in_stock out_of_stock discontinued", "freely"},
		{"out_of_stock -> in_stock stocked_on_demand discontinued", "freely"},
	})
	assertRulings(t, m, []ruling{
		{Status, "discontinued", "-", "in_stock stocked_on_demand", "illegal: after_final", "it will not be restocked"},
		{Status, "discontinued", "-", "out_of_stock", "note", "a deleted product is reported so"},
	})
}
