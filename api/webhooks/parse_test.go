package webhooks

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"giftline/domain"
)

// given builds the delivery of a body, as Verify leaves it.
func given(p domain.Provider, body string, change ...func(*domain.Inbound)) domain.Inbound {
	in := domain.Inbound{Source: string(p), Provider: p, ReceivedAt: receivedAt, Body: []byte(body)}
	for _, c := range change {
		c(&in)
	}
	return in
}

func withID(id string) func(*domain.Inbound) {
	return func(in *domain.Inbound) { in.DeliveryID = id }
}

func settled(eventType, subject string) func(*domain.Inbound) {
	return func(in *domain.Inbound) { in.Settled = domain.Settlement{Type: eventType, SubjectID: subject} }
}

func parse(in domain.Inbound) domain.Parsed { return Parsers()[in.Provider](in) }

func one(t testing.TB, in domain.Inbound) domain.Event {
	t.Helper()
	p := parse(in)
	if p.Parked != nil || len(p.Events) != 1 {
		t.Fatalf("want one event, got %d, parked %+v", len(p.Events), p.Parked)
	}
	return p.Events[0]
}

func parked(t testing.TB, in domain.Inbound, result domain.Result, code domain.ParkCode) *domain.Parking {
	t.Helper()
	p := parse(in)
	if p.Parked == nil || len(p.Events) > 0 {
		t.Fatalf("want it parked, got %+v", p.Events)
	}
	if p.Parked.Result != result || p.Parked.Code != code || p.Parked.Detail == "" || p.Parked.Key == (domain.ParkKey{}) {
		t.Fatalf("parked as %+v, want %s %s", p.Parked, result, code)
	}
	return p.Parked
}

func quarantine(t testing.TB, in domain.Inbound, detail string) {
	t.Helper()
	if got := parked(t, in, domain.ResultQuarantined, domain.ParkUndecodable).Detail; !strings.Contains(got, detail) {
		t.Errorf("the detail %q does not say %q", got, detail)
	}
}

// sketch writes an event as one block of text, for golden files.
func sketch(e domain.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s %s", e.Subject, e.Type)
	for _, word := range []struct{ name, value string }{
		{"target", e.Target}, {"previous", e.Previous}, {"copy", e.Copy}, {"facts", factNames(e.Facts)},
		{"flags", strings.Join(e.Flags.Names(), "+")},
	} {
		if word.value != "" {
			fmt.Fprintf(&b, " %s=%s", word.name, word.value)
		}
	}
	fmt.Fprintf(&b, "\n  at %s %s %q\n", e.At, e.Quality, e.AtText)
	if a := e.Attributes; a != (domain.Attributes{}) {
		fmt.Fprintf(&b, "  company %q reference %q recipient %q metadata %s\n", a.CompanyID, a.Reference, a.Recipient, a.Metadata)
	}
	fmt.Fprintf(&b, "  fingerprint %s meaning %s\n", hex.EncodeToString(e.Fingerprint[:]), hex.EncodeToString(e.Meaning[:]))
	return b.String()
}

func factNames(f domain.Facts) string {
	var names []string
	for i, name := range []string{"permanent", "many_recipients", "claimed_type", "settled_type", "approximate_moves"} {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// What no provider's reader gets to see.
func TestParsers_QuarantineWhatIsNotStrictJSON(t *testing.T) {
	for provider := range Parsers() {
		for _, c := range []struct{ body, detail string }{
			{"", "empty"},
			{"not json", "not JSON"},
			{`{"send_gid":"x","send_gid":"y"}`, "the same key twice"},
			{"{\"send_gid\":\"\xff\"}", "not UTF-8"},
			{`{"send_gid":"\ud800"}`, "not JSON"},
			{`{"send_gid":"x"}}`, "not JSON"},
			{`[]`, "an array"},
			{`null`, "null"},
			{`{"a":` + nested(64) + `}`, "deeper than 64"},
		} {
			quarantine(t, given(provider, c.body), c.detail)
		}
	}
}

// A body without anything we know is read, but has no place.
func TestParsers_LeaveAnEmptyObjectUnresolved(t *testing.T) {
	for provider, code := range map[domain.Provider]domain.ParkCode{
		domain.Sendoso: domain.ParkNoSubject, domain.Snappy: domain.ParkNoType,
		domain.Resend: domain.ParkNoType, domain.OpenSend: domain.ParkNoType,
	} {
		parked(t, given(provider, `{}`), domain.ResultUnresolved, code)
	}
}

// The largest bodies that get in are read, whatever they repeat: some 30 ms each; a square of their size would be minutes.
func TestParsers_LargeBodies(t *testing.T) {
	const size = 1 << 20
	repeat := func(part string) string { return strings.TrimSuffix(strings.Repeat(part+",", size/(len(part)+1)), ",") }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size-100; i++ {
			fmt.Fprintf(&b, format+",", i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	for name, in := range map[string]domain.Inbound{
		"tags":       given(domain.Resend, resendBody("email.sent", `{"email_id":"x","tags":[`+numbered(`{"name":"%d","value":1}`)+`]}`)),
		"one tag":    given(domain.Resend, resendBody("email.sent", `{"email_id":"x","tags":[`+repeat(`{"name":"a","value":1}`)+`]}`)),
		"recipients": given(domain.Resend, resendBody("email.sent", `{"email_id":"x","to":[`+repeat(`"a"`)+`]}`)),
		"keys":       given(domain.Snappy, snappyBody("gift-status-changed", `{"giftId":"x",`+numbered(`"%d":1`)+`}`)),
		"headers":    given(domain.OpenSend, openSendBody(1, "email.sent", `{"mail":{"messageId":"x","headers":[`+repeat(`{"name":"a"}`)+`]}}`)),
		"addresses": given(domain.OpenSend, openSendBody(1, "email.suppressed",
			`{"text":"`+strings.Repeat("x", size-60_000)+`","recipients":`+addressList(1000)+`}`)),
	} {
		t.Run(name, func(t *testing.T) {
			if p := parse(in); p.Parked != nil {
				t.Fatalf("parked: %+v", p.Parked)
			}
		})
	}
}

func TestParsers_ParkKeysFindFurtherCopies(t *testing.T) {
	key := func(in domain.Inbound) domain.ParkKey { return parse(in).Parked.Key }
	noSubject := `{"type":"email.sent","created_at":"2026-05-10T00:00:00.000Z","data":{}}`
	if key(given(domain.Resend, noSubject, withID("msg_1"))) != key(given(domain.Resend, noSubject+" ", withID("msg_1"))) {
		t.Error("two copies of one message have different keys")
	}
	if key(given(domain.Resend, noSubject, withID("msg_1"))) == key(given(domain.Resend, noSubject, withID("msg_2"))) {
		t.Error("two messages have one key")
	}
	if key(given(domain.Resend, noSubject)) != key(given(domain.Resend, noSubject)) {
		t.Error("equal bodies without an id have different keys")
	}
	if key(given(domain.Resend, `x`)) == key(given(domain.Resend, `y`)) {
		t.Error("different rubbish has one key")
	}
	other := func(in *domain.Inbound) { in.Source = "another" }
	if key(given(domain.Resend, `x`)) == key(given(domain.Resend, `x`, other)) {
		t.Error("two sources share a key")
	}
}
