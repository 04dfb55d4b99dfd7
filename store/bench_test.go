package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// record posts n deliveries from 64 writers at once.
func recordAll(b *testing.B, s *store.Store, n int, make func(int) domain.Parsed) {
	b.Helper()
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := w; i < n; i += 64 {
				if _, err := s.Record(context.Background(), make(i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// One op is one webhook of 64 concurrent ones, on its way through the whole store to the disk.
func BenchmarkRecord(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "giftline.db"), store.Options{})
	b.ResetTimer()
	recordAll(b, s, b.N, func(i int) domain.Parsed { return gift(fmt.Sprint("gift-", i/4), i) })
}

// One op is one late event in the middle of a subject with 100,000 events, whose states meet again within ten.
func BenchmarkRecord_late100k(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "giftline.db"), store.Options{})
	m, _ := statemachines.All().For(domain.Resend, domain.Email)
	subject := domain.Subject{Provider: domain.Resend, Kind: domain.Email, ID: "mail"}
	event := func(kind string, n int, at domain.Instant) domain.Parsed {
		e := domain.Event{
			Subject: subject, Type: "email." + kind, At: 1_760_000_000_000_000 + at, Quality: domain.TimeExact,
			Fingerprint: domain.Fingerprint{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)},
		}
		m.Read(&e)
		return domain.Parsed{
			Inbound: domain.Inbound{Source: "resend", Provider: domain.Resend, ReceivedAt: e.At, Body: fmt.Appendf(nil, `{"n":%d}`, n)},
			Events:  []domain.Event{e},
		}
	}
	recordAll(b, s, 100_000, func(i int) domain.Parsed {
		kind := "clicked"
		if i%10 == 9 {
			kind = "opened" // a note each: entries that differ from their neighbours
		}
		return event(kind, i, domain.Instant(i)*1_000_000)
	})
	n := 100_000
	b.ResetTimer()
	for b.Loop() {
		n++
		at := domain.Instant(n%90_000)*1_000_000 + domain.Instant(n)%1_000_000
		if _, err := s.Record(context.Background(), event("clicked", n, at)); err != nil {
			b.Fatal(err)
		}
	}
}
