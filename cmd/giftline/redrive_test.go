package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// What an older version could not read stands on its timeline soon after a start of this one.
func TestServe_redrivesAfterAnUpgrade(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "giftline.db")
	s, err := store.Open(t.Context(), db, store.Options{Machines: statemachines.All()})
	if err != nil {
		t.Fatal(err)
	}
	older := domain.Tracker{Store: s, Machines: statemachines.All()} // without parsers
	claimed := webhooks.Samples()[slices.IndexFunc(webhooks.Samples(), func(s webhooks.Sample) bool { return s.Type == "claimed" })]
	r, err := older.Track(t.Context(), domain.Inbound{
		Source: "snappy", Provider: domain.Snappy, ReceivedAt: domain.InstantOf(time.Now()), Body: claimed.Body,
	})
	if err != nil || r.Result != domain.ResultUnresolved {
		t.Fatalf("%+v, error %v", r, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p := serving(t, "--db", db, "--log-level", "error")
	for range 200 {
		list, err := p.client().get(t.Context(), "/unresolved", nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(list, []byte(`"prk_`)) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	sources, err := p.client().get(t.Context(), "/sources", nil)
	if err != nil || !bytes.Contains(sources, []byte(`"recorded":1`)) || !bytes.Contains(sources, []byte(`"unresolved":0`)) {
		t.Errorf("%s, error %v: want the delivery recorded", sources, err)
	}
}
