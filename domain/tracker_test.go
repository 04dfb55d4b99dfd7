package domain_test

import (
	"errors"
	"strings"
	"testing"

	"giftline/domain"
)

// trackerOf reads every Snappy delivery as the same.
func trackerOf(s *shelf, read domain.Parsed) *domain.Tracker {
	return &domain.Tracker{Store: s, Machines: machines{}, Parsers: map[domain.Provider]domain.Parser{
		domain.Snappy: func(in domain.Inbound) domain.Parsed {
			read.Inbound = in
			return read
		},
	}}
}

var inbound = domain.Inbound{Source: "eu", Provider: domain.Snappy, DeliveryID: "wh_1", ReceivedAt: nine, Body: []byte(`{"x":1}`)}

func track(t *testing.T, in domain.Inbound, read domain.Parsed) domain.Parsed {
	t.Helper()
	s := &shelf{}
	if r, err := trackerOf(s, read).Track(t.Context(), in); err != nil || r.Result != domain.ResultRecorded {
		t.Fatalf("the store's answer became %v, %v", r, err)
	}
	if len(s.recorded) != 1 {
		t.Fatalf("%d deliveries reached the store", len(s.recorded))
	}
	wantSame(t, s.recorded[0].Inbound, in)
	return s.recorded[0]
}

func TestTracker_Track_letsTheMachineRead(t *testing.T) {
	contact := domain.Subject{Provider: domain.Snappy, Kind: domain.Contact, ID: "c"}
	p := track(t, inbound, domain.Parsed{Events: []domain.Event{
		{Subject: gift, Type: "delivery", Target: "delivered"}, {Subject: gift, Type: "party"}, {Subject: contact, Type: "status", Target: "deleted"},
	}})
	wantSame(t, p.Parked, (*domain.Parking)(nil))
	wantSame(t, p.Events, []domain.Event{
		{Subject: gift, Type: "delivery", Target: "delivered", Region: domain.Delivery, Rank: 1},
		{Subject: gift, Type: "party", Rank: 99, Flags: domain.UnknownType},
		{Subject: contact, Type: "status", Target: "deleted", Region: domain.Status, Rank: 1},
	})
}

func TestTracker_Track_keepsWhatTheParserParked(t *testing.T) {
	parking := domain.Parking{Result: domain.ResultUnresolved, Code: domain.ParkNoType, Event: &domain.Event{Subject: gift}}
	wantSame(t, *track(t, inbound, domain.Parsed{Parked: &parking}).Parked, parking)
}

func TestTracker_Track_saysWhenTheStoreFails(t *testing.T) {
	full := domain.Errorf(domain.CodeBusy, "the disk is full")
	if _, err := trackerOf(&shelf{fail: full}, domain.Parsed{}).Track(t.Context(), inbound); !errors.Is(err, full) {
		t.Errorf("the error became %v", err)
	}
}

// TestTracker_Track_unknown: what nobody knows is kept with its bytes, and found again by them.
func TestTracker_Track_unknown(t *testing.T) {
	stranger := inbound
	stranger.Provider = "fedex"
	other := inbound
	other.Body = []byte(`{"x":2}`)
	product := domain.Parsed{Events: []domain.Event{
		{Subject: gift, Type: "note"}, {Subject: domain.Subject{Provider: domain.Snappy, Kind: domain.Product, ID: "p"}},
	}}
	for name, p := range map[string]domain.Parsed{
		"no parser for provider fedex":      track(t, stranger, domain.Parsed{}),
		"snappy has no machine for product": track(t, inbound, product),
	} {
		wantParked(t, p, domain.ResultUnresolved, domain.ParkUnknownKind, name)
	}
	again, twin := track(t, inbound, product), track(t, inbound, product)
	if again.Parked.Key != twin.Parked.Key || again.Parked.Key == track(t, other, product).Parked.Key {
		t.Error("copies are known by their bytes, and nothing else is a copy")
	}
}

func wantParked(t *testing.T, p domain.Parsed, r domain.Result, c domain.ParkCode, detail string) {
	t.Helper()
	if p.Parked == nil || len(p.Events) > 0 {
		t.Fatalf("it is not parked, and has %d events", len(p.Events))
	}
	if p.Parked.Result != r || p.Parked.Code != c || !strings.Contains(p.Parked.Detail, detail) {
		t.Errorf("parked as %s %s %q, want %s %s %q", p.Parked.Result, p.Parked.Code, p.Parked.Detail, r, c, detail)
	}
}

// TestTracker_Track_identifiers: what a database may index has at most 512 bytes and no NUL; more is quarantined, with
// its bytes and without being repeated.
func TestTracker_Track_identifiers(t *testing.T) {
	for name, field := range map[string]func(*domain.Event) *string{
		"subject id":     func(e *domain.Event) *string { return &e.Subject.ID },
		"event type":     func(e *domain.Event) *string { return &e.Type },
		"state":          func(e *domain.Event) *string { return &e.Target },
		"previous state": func(e *domain.Event) *string { return &e.Previous },
		"company id":     func(e *domain.Event) *string { return &e.Attributes.CompanyID },
		"reference":      func(e *domain.Event) *string { return &e.Attributes.Reference },
		"recipient":      func(e *domain.Event) *string { return &e.Attributes.Recipient },
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ value, detail string }{
				{strings.Repeat("x", 512), ""},
				{strings.Repeat("ü", 256), ""},
				{"any / other + = text \x01 \xff", ""},
				{strings.Repeat("x", 513), "the " + name + " is longer than 512 bytes"},
				{strings.Repeat("ü", 257), "the " + name + " is longer than 512 bytes"},
				{"a\x00b", "the " + name + " holds a NUL character"},
			} {
				e := domain.Event{Subject: gift, Type: "note"}
				*field(&e) = c.value
				wantIdentifier(t, domain.Parsed{Events: []domain.Event{{Subject: gift, Type: "note"}, e}}, c.detail)
				wantIdentifier(t, domain.Parsed{Parked: &domain.Parking{Code: domain.ParkNoType, Event: &e}}, c.detail)
			}
		})
	}
	wantIdentifier(t, domain.Parsed{Events: []domain.Event{{Subject: domain.Subject{Provider: domain.Snappy, Kind: domain.Gift}}}}, "the subject id is empty")
	long := domain.Attributes{Metadata: strings.Repeat("x", 513)}
	wantIdentifier(t, domain.Parsed{Events: []domain.Event{{Subject: gift, Type: "note", Attributes: long}}}, "") // not indexed
}

func wantIdentifier(t *testing.T, read domain.Parsed, detail string) {
	t.Helper()
	p := track(t, inbound, read)
	if detail != "" {
		wantParked(t, p, domain.ResultQuarantined, domain.ParkIdentifier, detail)
	} else if p.Parked != nil && p.Parked.Code == domain.ParkIdentifier {
		t.Errorf("refused: %s", p.Parked.Detail)
	}
}
