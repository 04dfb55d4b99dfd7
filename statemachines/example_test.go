package statemachines_test

import (
	"fmt"
	"time"

	"giftline/domain"
	"giftline/statemachines"
)

// A delivery report overtakes the claim, as webhooks do. The order of arrival decides nothing: folding the three
// events gives the timeline that the provider's own times tell, and one step that nobody has reported.
func ExampleFold() {
	gift, _ := statemachines.All().For(domain.Snappy, domain.Gift)
	subject := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: "gft_12345"}
	arrives := func(clock, event, state string) domain.Event {
		at, _ := time.Parse(time.RFC3339, "2025-01-15T"+clock+":00Z")
		return domain.Event{
			Subject: subject, Type: event, Target: state, At: domain.InstantOf(at), Quality: domain.TimeExact,
			Fingerprint: domain.FingerprintOf("example/1", subject, event, state, clock),
		}
	}

	timeline := statemachines.Fold(gift, []domain.Event{
		arrives("11:00", "gift-delivery-status-changed", "orderReceived"),
		arrives("09:00", "gift-status-changed", "opened"),
		arrives("10:00", "gift-status-changed", "claimed"),
	})

	for _, e := range timeline.Entries {
		fmt.Println(*e.From, "->", *e.To, e.Verdict, e.Inferred)
	}
	fmt.Println("phase:", *timeline.Phase)
	// Output:
	// new -> opened gap [unopened]
	// opened -> claimed moved []
	// new -> orderReceived moved []
	// phase: fulfilling
}
