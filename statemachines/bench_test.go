package statemachines

import (
	"fmt"
	"testing"

	"giftline/domain"
)

// BenchmarkFold folds a subject's history, from one event to that of a very busy one.
func BenchmarkFold(b *testing.B) {
	m := machineNamed(b, "snappy.gift")
	for _, n := range []int{1, 40, 100_000} {
		b.Run(fmt.Sprintf("%d events", n), func(b *testing.B) {
			events := inOrder(m, busy(m, n, 1_000_000))
			benchmark(b, n, func() { m.Fold(m.Start(), events) })
		})
	}
	b.Run("100000 events of one instant", func(b *testing.B) {
		events := inOrder(m, busy(m, 100_000, 0))
		benchmark(b, 100_000, func() { m.Fold(m.Start(), events) })
	})
}

// BenchmarkFold_Timeline makes the whole answer: sorted, folded, shown.
func BenchmarkFold_Timeline(b *testing.B) {
	m := machineNamed(b, "snappy.gift")
	for _, n := range []int{1, 40, 100_000} {
		b.Run(fmt.Sprintf("%d events", n), func(b *testing.B) {
			events := busy(m, n, 1_000_000)
			benchmark(b, n, func() { Fold(m, events) })
		})
	}
}

func benchmark(b *testing.B, events int, do func()) {
	b.ReportAllocs()
	for b.Loop() {
		do()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/event")
}

// busy is a gift whose orders are canceled and placed again for ever, with so many microseconds between reports.
func busy(m *Machine, n int, apart domain.Instant) []domain.Event {
	round := []struct{ event, state string }{
		{"gift-status-changed", "claimed"}, {"gift-delivery-status-changed", "orderReceived"},
		{"gift-delivery-status-changed", "processing"}, {"gift-delivery-status-changed", "outForDelivery"},
		{"order-canceled", ""}, {"gift-status-changed", "expired"}, {"thank-you-note-created", ""},
	}
	events := make([]domain.Event, n)
	for i := range events {
		said := round[i%len(round)]
		events[i] = domain.Event{
			Subject: subjectOf(m), Type: said.event, Target: said.state, Quality: domain.TimeExact,
			At: nine + domain.Instant(i)*apart, Fingerprint: domain.FingerprintOf("bench/1", subjectOf(m), fmt.Sprint(i)),
		}
	}
	return events
}
