package statemachines

import "giftline/domain"

// The bare words, so that the tables read as pages do.
const (
	New      = domain.New
	Status   = domain.Status
	Delivery = domain.Delivery

	NoPhase    = domain.NoPhase
	Preparing  = domain.Preparing
	Held       = domain.Held
	Waiting    = domain.Waiting
	Claimed    = domain.Claimed
	Fulfilling = domain.Fulfilling
	Shipping   = domain.Shipping
	Completed  = domain.Completed
	Failed     = domain.Failed
	Expired    = domain.Expired
	Canceled   = domain.Canceled

	ClaimNotSeen            = domain.ClaimNotSeen
	DeliveredNotSeen        = domain.DeliveredNotSeen
	BeforeClaim             = domain.BeforeClaim
	AfterClaim              = domain.AfterClaim
	AddressConfirmedAssumed = domain.AddressConfirmedAssumed
	ExchangeSuspected       = domain.ExchangeSuspected
	DeliveryAttemptFailed   = domain.DeliveryAttemptFailed
	CancelReason            = domain.CancelReason
	NewOrder                = domain.NewOrder

	RuleExpired       = domain.RuleExpired
	RuleFailed        = domain.RuleFailed
	RuleBounced       = domain.RuleBounced
	RuleUndeliverable = domain.RuleUndeliverable
	RuleOutOfStock    = domain.RuleOutOfStock
	RuleComplained    = domain.RuleComplained
)
