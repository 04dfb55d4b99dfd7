package domain

import (
	"encoding/json"
	"slices"
)

// Flags are remarks on an entry, a closed list kept as a bit set. The order of the bits is the order they are shown in
// and what databases hold: add at the end only.
type Flags uint32

// The flags.
const (
	ClaimNotSeen            Flags = 1 << iota // delivery moved while the gift was not known to be claimed
	DeliveredNotSeen                          // engagement with an e-mail not known to be delivered
	BeforeClaim                               // a thank-you note before the claim
	AfterClaim                                // a reminder after the claim
	OrderUnknown                              // would be illegal, but the order is not known well enough
	SeveralRecipients                         // would be illegal, but the e-mail has several recipients
	ProbableDuplicate                         // the same content came under another delivery id
	AddressConfirmedAssumed                   // delivery began while the address was being confirmed
	ExchangeSuspected                         // delivery starts over after it ended
	DeliveryAttemptFailed                     // out for delivery, then in transit again
	Suppressed                                // the bounce says that the address is on a suppression list
	CancelReason                              // look at why the order was cancelled
	InvalidDataTime                           // a time inside the data is not a time
	UnknownType                               // an event type this version does not know
	NewOrder                                  // a new order on the same gift
	flagsEnd
)

var flagNames = [...]string{
	"claim_not_seen", "delivered_not_seen", "before_claim", "after_claim", "order_unknown", "several_recipients",
	"probable_duplicate", "address_confirmed_assumed", "exchange_suspected", "delivery_attempt_failed", "suppressed",
	"cancel_reason", "invalid_data_time", "unknown_type", "new_order",
}

// Names lists the flags set, in their fixed order; never nil.
func (f Flags) Names() []string {
	names := []string{}
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// MarshalJSON writes the names as an array.
func (f Flags) MarshalJSON() ([]byte, error) { return json.Marshal(f.Names()) }

// UnmarshalJSON reads what MarshalJSON wrote. Names that a newer version has are left out.
func (f *Flags) UnmarshalJSON(b []byte) error {
	var names []string
	if err := json.Unmarshal(b, &names); err != nil {
		return err
	}
	*f = 0
	for _, name := range names {
		if i := slices.Index(flagNames[:], name); i >= 0 {
			*f |= 1 << i
		}
	}
	return nil
}

// Facts are what a verdict may read of an event beside its state: a bit set, kept in a column so that no verdict needs
// a body.
type Facts uint32

// The facts.
const (
	Permanent        Facts = 1 << iota // this bounce is for good (providers.md 10.5)
	ManyRecipients                     // the event itself names more than one recipient (providers.md 10.6)
	ClaimedType                        // the type came from outside the body, so copies may contradict each other
	SettledType                        // a person settled the type: later copies do not contest it
	ApproximateMoves                   // the time is an attempt's: an earlier copy moves the event (providers.md 5.1)
	SettledSubject                     // a person said what this is about
)
