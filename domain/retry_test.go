package domain_test

import (
	"slices"
	"strings"
	"testing"

	"giftline/domain"
)

// desk is a shelf with one parked delivery, and its parsers read as providers' do: the body lists what it says itself
// as "type", "subject" or both, a settlement fills in, and without either a delivery is parked.
type desk struct {
	*shelf
	tracker domain.Tracker
	said    []domain.Inbound
}

func deskWith(p domain.Parked) *desk {
	p.ID = "prk_1"
	d := &desk{shelf: &shelf{parked: p}}
	d.tracker = domain.Tracker{Store: d.shelf, Machines: machines{}, Parsers: map[domain.Provider]domain.Parser{}}
	for _, provider := range []domain.Provider{domain.Sendoso, domain.Snappy, domain.Resend, domain.OpenSend} {
		d.tracker.Parsers[provider] = d.read
	}
	return d
}

func (d *desk) read(in domain.Inbound) domain.Parsed {
	d.said = append(d.said, in)
	eventType, id := in.Settled.Type, in.Settled.SubjectID
	if strings.Contains(string(in.Body), "type") {
		eventType = "note"
	}
	if strings.Contains(string(in.Body), "subject") {
		id = "s1"
	}
	p := domain.Parsed{Inbound: in}
	switch {
	case strings.Contains(string(in.Body), "unknown") && in.Settled.Type == "":
		p.Parked = &domain.Parking{Result: domain.ResultUnresolved, Code: domain.ParkUnknownKind}
	case eventType == "":
		p.Parked = &domain.Parking{Result: domain.ResultUnresolved, Code: domain.ParkNoType}
	case strings.HasPrefix(eventType, "nonsense"):
		p.Parked = &domain.Parking{Result: domain.ResultUnresolved, Code: domain.ParkUnknownKind, Detail: "no such kind"}
	case id == "":
		p.Parked = &domain.Parking{Result: domain.ResultUnresolved, Code: domain.ParkNoSubject}
	default:
		p.Events = []domain.Event{{Subject: domain.Subject{Provider: in.Provider, Kind: domain.Gift, ID: id}, Type: eventType}}
	}
	return p
}

func (d *desk) retry(t *testing.T, said domain.Settlement) error {
	t.Helper()
	before := len(d.resolved)
	_, err := d.tracker.Retry(t.Context(), "prk_1", said)
	if wrote := len(d.resolved) > before; wrote != (err == nil) {
		t.Errorf("%+v: the store was asked to resolve: %v, the error is %v", said, wrote, err)
	}
	return err
}

var (
	nothing = domain.Settlement{}
	theType = domain.Settlement{Type: "note"}
	subject = domain.Settlement{SubjectID: "s1"}
	both    = domain.Settlement{Type: "note", SubjectID: "s1"}
)

// TestTracker_Retry_settlesOnlyWhatIsMissing is the whole rule: for every reason to be parked, what a person may say.
func TestTracker_Retry_settlesOnlyWhatIsMissing(t *testing.T) {
	all := []domain.Settlement{nothing, theType, subject, both}
	for _, c := range []struct {
		code            domain.ParkCode
		body            string // what the delivery says itself
		sendoso, others []domain.Settlement
	}{
		{domain.ParkNoType, "", all, all},
		{domain.ParkUnknownKind, "unknown subject", []domain.Settlement{nothing, theType}, []domain.Settlement{nothing}},
		{domain.ParkNoSubject, "type", all, []domain.Settlement{nothing, subject}},
		{domain.ParkContradiction, "type subject", []domain.Settlement{theType}, []domain.Settlement{theType}},
		{domain.ParkContradiction, "subject", []domain.Settlement{theType}, []domain.Settlement{theType}},
		{domain.ParkMeaning, "type subject", []domain.Settlement{nothing}, []domain.Settlement{nothing}},
		{domain.ParkUndecodable, "type subject", []domain.Settlement{nothing}, []domain.Settlement{nothing}},
		{domain.ParkIdentifier, "type subject", []domain.Settlement{nothing}, []domain.Settlement{nothing}},
		{domain.ParkRefused, "type subject", []domain.Settlement{nothing}, []domain.Settlement{nothing}},
	} {
		for _, p := range []domain.Provider{domain.Sendoso, domain.Snappy, domain.Resend, domain.OpenSend} {
			allowed := c.others
			if p == domain.Sendoso {
				allowed = c.sendoso
			}
			for _, said := range all {
				err := deskWith(domain.Parked{Code: c.code, Provider: p, Body: []byte(c.body)}).retry(t, said)
				if slices.Contains(allowed, said) != (err == nil) {
					t.Errorf("%s at %s, %+v: %v", c.code, p, said, err)
				} else if err != nil {
					wantCode(t, err, domain.CodeInvalid)
				}
			}
		}
	}
}

// TestTracker_Retry_drivesItAsItArrived: the first copy's claims, its times and bytes, and what was said.
func TestTracker_Retry_drivesItAsItArrived(t *testing.T) {
	d := deskWith(domain.Parked{
		Code: domain.ParkContradiction, Source: "eu", Provider: domain.Sendoso, DeliveryID: "msg_1", AttemptAt: nine,
		ReceivedAt: clock("09:01"), LastAt: clock("12:00"), Claims: []domain.Claims{{Path: "shipped"}, {Path: "delivered"}}, Body: []byte("subject"),
	})
	if err := d.retry(t, theType); err != nil {
		t.Fatal(err)
	}
	want := domain.Inbound{
		Source: "eu", Provider: domain.Sendoso, DeliveryID: "msg_1", AttemptAt: nine, ReceivedAt: clock("09:01"),
		Claims: domain.Claims{Path: "shipped"}, Settled: theType, Body: []byte("subject"),
	}
	wantSame(t, d.said[len(d.said)-1], want)
	wantSame(t, d.recorded[0].Inbound, want)
	wantSame(t, d.recorded[0].Events[0].Rank, 99) // the machine has read it
}

// TestTracker_Retry_refusesTypesThatNobodySends, for a slip of the pen would stay on the timeline, or park the
// delivery where its type cannot be settled any more.
func TestTracker_Retry_refusesTypesThatNobodySends(t *testing.T) {
	for _, slip := range []string{"noet", "nonsense.x", strings.Repeat("x", 600), "a\x00b"} {
		d := deskWith(domain.Parked{Code: domain.ParkNoType, Provider: domain.Resend, Body: []byte("subject")})
		err := d.retry(t, domain.Settlement{Type: slip})
		wantCode(t, err, domain.CodeInvalid)
		if err != nil && len(err.Error()) > 200 {
			t.Errorf("the message repeats all of it: %v", err)
		}
		if err := d.retry(t, theType); err != nil {
			t.Errorf("said right, it is refused: %v", err)
		}
	}
	// The provider's own unknown type is no slip: it is a note on its subject, flagged.
	d := deskWith(domain.Parked{Code: domain.ParkNoSubject, Provider: domain.Resend, Body: []byte("type")})
	d.tracker.Parsers[domain.Resend] = func(in domain.Inbound) domain.Parsed {
		return domain.Parsed{Inbound: in, Events: []domain.Event{{Subject: gift, Type: "party"}}}
	}
	if err := d.retry(t, subject); err != nil {
		t.Error(err)
	}
}

// TestTracker_Retry_halfIsNoTrap: a settlement is not kept. After half of one the list names the other half as the
// reason, but both are missing still, and both may be said.
func TestTracker_Retry_halfIsNoTrap(t *testing.T) {
	d := deskWith(domain.Parked{Code: domain.ParkNoType, Provider: domain.Resend})
	if err := d.retry(t, theType); err != nil {
		t.Fatal(err)
	}
	wantSame(t, d.recorded[0].Parked.Code, domain.ParkNoSubject)
	d.parked.Code = domain.ParkNoSubject // what the store makes of it
	if err := d.retry(t, both); err != nil {
		t.Fatal(err)
	}
	wantSame(t, len(d.recorded[1].Events), 1)
}

func TestTracker_Retry_whenTheStoreCannot(t *testing.T) {
	d := deskWith(domain.Parked{Code: domain.ParkNoType, Provider: domain.Sendoso})
	_, err := d.tracker.Retry(t.Context(), "prk_2", nothing)
	wantCode(t, err, domain.CodeNotFound)
	d.fail = domain.Errorf(domain.CodeDamaged, "the body is not what was received")
	wantCode(t, d.retry(t, nothing), domain.CodeDamaged)
}
