package webhooks

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

const uuid = "3c9d4d0e-7a54-4f0e-9f4e-000000000001"

func openSendBody(attempt int, eventType, data string) string {
	return fmt.Sprintf(`{"id":"whd_%s_%d","type":%q,"created_at":"2026-05-10T12:0%d:00.000Z","data":%s}`, uuid, attempt, eventType, attempt, data)
}

func openSendIn(attempt int, eventType, data string, change ...func(*domain.Inbound)) domain.Inbound {
	change = append([]func(*domain.Inbound){withID(fmt.Sprintf("whd_%s_%d", uuid, attempt))}, change...)
	return given(domain.OpenSend, openSendBody(attempt, eventType, data), change...)
}

func TestOpenSend_Subjects(t *testing.T) {
	whole := func(mail string) string { return `{"eventType":"Send","mail":` + mail + `}` }
	for _, c := range []struct{ eventType, data, want string }{
		{"email.delivered", `{"email_id":"x","id":"y"}`, "opensend/email/x"},
		{"email.delivered", `{"id":"x"}`, "opensend/email/x"},
		{"email.sent", whole(`{"messageId":"m","headers":[{"name":"Subject","value":"s"},{"name":"x-entity-id","value":"x"}]}`), "opensend/email/x"},
		{"email.sent", whole(`{"messageId":"m","tags":{"X-Entity-ID":["x"],"ses:from":["y"]}}`), "opensend/email/x"},
		{"email.sent", whole(`{"messageId":"m","tags":{"X-Entity-ID":"x"}}`), "opensend/email/x"},
		{"email.sent", whole(`{"messageId":"m"}`), "opensend/email/m"},
		{"email.received", `{"id":"x","email_id":"y"}`, "opensend/inbound_email/x"},
		{"email.received", `{"received_email_id":"x","recipients":["a@b.c"]}`, "opensend/inbound_email/x"},
		{"contact.deleted", `{"id":"x","email":"a@b.c"}`, "opensend/contact/x"},
		{"contact.updated", `{"contact":{"id":"x"}}`, "opensend/contact/x"},
		{"domain.created", `{"id":"x"}`, "opensend/domain/x"},
		{"email.unheard_of", `{"email_id":"x"}`, "opensend/email/x"},
	} {
		if got := one(t, openSendIn(1, c.eventType, c.data)).Subject.String(); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.eventType, c.data, got, c.want)
		}
	}
}

// SES's bare objects carry no e-mail id (providers.md 5.1): kept, findable over all attempts, and settled by hand.
func TestOpenSend_TheCorrelationGap(t *testing.T) {
	for eventType, data := range map[string]string{
		"email.sent":      `{}`,
		"email.delivered": `{"timestamp":"2026-05-10T12:00:00.000Z","recipients":["a@b.c"],"smtpResponse":"250 ok"}`,
		"email.failed":    `{"reason":"Bad content"}`,
		"email.opened":    `null`,
		"contact.created": `{}`,
	} {
		one1 := parked(t, openSendIn(1, eventType, data), domain.ResultUnresolved, domain.ParkNoSubject)
		two := parked(t, openSendIn(2, eventType, data), domain.ResultUnresolved, domain.ParkNoSubject)
		if one1.Key != two.Key || one1.Event != nil {
			t.Errorf("%s: the second attempt is parked again", eventType)
		}
		if e := one(t, openSendIn(1, eventType, data, settled("", "said"))); e.Subject.ID != "said" || e.Facts&domain.SettledType != 0 {
			t.Errorf("%s, settled: %+v", eventType, e)
		}
	}
	parked(t, openSendIn(1, "broadcast.sent", `{"email_id":"x"}`), domain.ResultUnresolved, domain.ParkUnknownKind)
	parked(t, openSendIn(1, "", `{"email_id":"x"}`), domain.ResultUnresolved, domain.ParkNoType)
}

func TestOpenSend_Times(t *testing.T) {
	attemptAt := domain.InstantOf(time.Date(2026, 5, 10, 12, 1, 1, 0, time.UTC))
	signed := func(in *domain.Inbound) { in.AttemptAt = attemptAt }
	const attempt = "2026-05-10T12:01:00.000000Z"
	for _, c := range []struct {
		eventType, data, at, text string
		quality                   domain.TimeQuality
		moves                     bool
	}{
		{"email.delivered", `"timestamp":"2026-05-10T11:00:00.000Z"`, "2026-05-10T11:00:00.000000Z", "2026-05-10T11:00:00.000Z", domain.TimeExact, false},
		{"email.scheduled", `"accepted_at":"2026-05-10T11:00:00Z","scheduled_at":"2026-05-11T00:00:00Z"`, "2026-05-10T11:00:00.000000Z", "2026-05-10T11:00:00Z", domain.TimeExact, false},
		{"email.received", `"created_at":"2026-05-10T11:00:00Z"`, "2026-05-10T11:00:00.000000Z", "2026-05-10T11:00:00Z", domain.TimeExact, false},
		{"contact.created", `"created_at":"2026-05-10T11:00:00Z"`, "2026-05-10T11:00:00.000000Z", "2026-05-10T11:00:00Z", domain.TimeExact, false},
		{"contact.updated", `"contact":{"updated_at":"2026-05-10T11:00:00Z"}`, "2026-05-10T11:00:00.000000Z", "2026-05-10T11:00:00Z", domain.TimeExact, false},
		{"contact.updated", `"created_at":"2026-05-01T00:00:00Z"`, attempt, "", domain.TimeApproximate, true},
		{"domain.updated", `"domain":{"updated_at":"2026-05-10T11:00:00Z"}`, "2026-05-10T11:00:00.000000Z", "2026-05-10T11:00:00Z", domain.TimeExact, false},
		{"domain.deleted", `"created_at":"2026-05-01T00:00:00Z"`, attempt, "", domain.TimeApproximate, true},
		{"email.delayed", `"next_retry_at":"2026-05-10T12:05:00Z"`, attempt, "", domain.TimeApproximate, true},
		{"email.sent", `"mail":{"timestamp":"2026-05-10T11:00:00Z"}`, "2026-05-10T11:00:00.000000Z", "2026-05-10T11:00:00Z", domain.TimeApproximate, false},
		{"email.delivered", `"timestamp":"soon","mail":{"timestamp":"2026-05-10T11:00:00Z"}`, "2026-05-10T11:00:00.000000Z", "soon", domain.TimeApproximate, false},
		{"email.delivered", `"timestamp":"yesterday"`, attempt, "yesterday", domain.TimeApproximate, true},
		{"email.delivered", `"timestamp":"2126-05-10T11:00:00Z"`, attempt, "2126-05-10T11:00:00Z", domain.TimeApproximate, true},
	} {
		e := one(t, openSendIn(1, c.eventType, `{"id":"x",`+c.data+`}`, signed))
		moves := e.Facts&domain.ApproximateMoves != 0
		if e.At.String() != c.at || e.AtText != c.text || e.Quality != c.quality || moves != c.moves {
			t.Errorf("%s %s: %s %q %s moves %v", c.eventType, c.data, e.At, e.AtText, e.Quality, moves)
		}
		if invalid := e.Flags&domain.InvalidDataTime != 0; invalid != (c.text == "yesterday" || c.text == "soon") {
			t.Errorf("%s %s: flags %v", c.eventType, c.data, e.Flags.Names())
		}
	}
	for _, envelope := range []string{`"created_at":"soon",`, `"created_at":"2126-01-01T00:00:00Z",`, ``} {
		body := `{"type":"email.sent",` + envelope + `"data":{"email_id":"x"}}`
		if e := one(t, given(domain.OpenSend, body, signed)); e.At != attemptAt || e.Quality != domain.TimeApproximate {
			t.Errorf("%s: %s %s, want the signed time of the attempt", body, e.At, e.Quality)
		}
		if e := one(t, given(domain.OpenSend, body)); e.At != receivedAt || e.Quality != domain.TimeMissing || e.Facts != 0 {
			t.Errorf("%s: %s %s, want the time of receipt", body, e.At, e.Quality)
		}
	}
}

func TestOpenSend_Details(t *testing.T) {
	for _, c := range []struct {
		eventType, data, recipient string
		facts                      domain.Facts
		flags                      domain.Flags
	}{
		{"email.bounced", `"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"a@b.c"}]`, "a@b.c", domain.Permanent, 0},
		{"email.bounced", `"bounceType":"Transient","bouncedRecipients":[{"emailAddress":"a@b.c"},{"emailAddress":"d@e.f"}]`, "a@b.c", domain.ManyRecipients, 0},
		{"email.bounced", `"bouncedRecipients":[]`, "", 0, 0}, // unlike Resend, silence is not permanence
		{"email.bounced", `"bounceType":"Permanent","bounceSubType":"OnAccountSuppressionList"`, "", domain.Permanent, domain.Suppressed},
		{"email.delivered", `"bounceType":"Permanent"`, "", 0, 0},
		{"email.complained", `"complainedRecipients":[{"emailAddress":"a@b.c"},{"emailAddress":"d@e.f"}]`, "a@b.c", domain.ManyRecipients, 0},
		{"email.delivery_delayed", `"delayedRecipients":[{"emailAddress":"a@b.c"}]`, "a@b.c", 0, 0},
		{"email.delivered", `"recipients":["a@b.c","d@e.f"]`, "a@b.c", domain.ManyRecipients, 0},
		{"email.opened", `"recipient":"a@b.c"`, "a@b.c", 0, 0},
		{"email.sent", `"to":["a@b.c","d@e.f"]`, "a@b.c", domain.ManyRecipients, 0},
		{"email.sent", `"mail":{"destination":["a@b.c","d@e.f"]}`, "a@b.c", domain.ManyRecipients, 0},
	} {
		e := one(t, openSendIn(1, c.eventType, `{"email_id":"x",`+c.data+`}`))
		if e.Facts&^domain.ApproximateMoves != c.facts || e.Flags != c.flags || e.Attributes.Recipient != c.recipient {
			t.Errorf("%s %s: facts %s flags %v recipient %q", c.eventType, c.data, factNames(e.Facts), e.Flags.Names(), e.Attributes.Recipient)
		}
	}
	contact := one(t, openSendIn(1, "contact.updated", `{"id":"x","contact":{"email":"a@b.c"}}`))
	if contact.Attributes.Recipient != "a@b.c" || contact.Target != "" {
		t.Errorf("contact: %+v", contact)
	}
	for data, want := range map[string]string{
		`{"id":"x","status":"verified","previous_status":"pending"}`:      "verified<pending",
		`{"domain":{"id":"x","status":"failed"}}`:                         "failed<",
		`{"id":"x","tags":{"reference":"R"},"status":"partially_failed"}`: "partially_failed<",
	} {
		if e := one(t, openSendIn(1, "domain.updated", data)); e.Target+"<"+e.Previous != want {
			t.Errorf("%s: %q after %q", data, e.Target, e.Previous)
		}
	}
	if e := one(t, openSendIn(1, "domain.deleted", `{"id":"x","status":"verified"}`)); e.Target != "" {
		t.Errorf("a deleted domain reports %q", e.Target)
	}
}

// Every attempt has another id, another envelope time and another body; a replay is another delivery (providers.md 5.1).
func TestOpenSend_Identity(t *testing.T) {
	data := `{"email_id":"x","ip":"203.0.113.7"}`
	first, retry := one(t, openSendIn(1, "email.opened", data)), one(t, openSendIn(2, "email.opened", data))
	if first.Fingerprint != retry.Fingerprint || first.Meaning != retry.Meaning || first.Copy != retry.Copy {
		t.Errorf("a retry is another event:\n%+v\n%+v", first, retry)
	}
	if first.Copy != "whd_"+uuid || first.At >= retry.At {
		t.Errorf("copy %q, at %s and %s", first.Copy, first.At, retry.At)
	}
	replay := one(t, openSendIn(1, "email.opened", data, withID("whd_another_1")))
	if replay.Fingerprint != first.Fingerprint || replay.Copy == first.Copy {
		t.Error("a replay must be the same event under another delivery")
	}
	for _, other := range []domain.Inbound{
		openSendIn(1, "email.clicked", data), openSendIn(1, "email.opened", strings.Replace(data, ".7", ".8", 1)),
		openSendIn(1, "email.opened", strings.Replace(data, `"x"`, `"y"`, 1)),
	} {
		if one(t, other).Fingerprint == first.Fingerprint {
			t.Errorf("%s is the same event", other.Body)
		}
	}
	unsigned := parse(given(domain.OpenSend, openSendBody(1, "email.opened", data)))
	if unsigned.DeliveryID != "whd_"+uuid+"_1" || unsigned.Events[0].Copy != first.Copy {
		t.Errorf("without a signed id: %q", unsigned.DeliveryID)
	}
}

func TestDeliveryOf(t *testing.T) {
	for id, want := range map[string]string{
		"whd_a_1": "whd_a", "whd_a_10": "whd_a", "whd_a": "whd_a", "whd_a_": "whd_a_", "whd_a_x": "whd_a_x", "_1": "_1", "": "",
	} {
		if got := deliveryOf(id); got != want {
			t.Errorf("%q is an attempt of %q, want %q", id, got, want)
		}
	}
}

func TestOpenSend_SuppressedIsToldOfEachAddress(t *testing.T) {
	data := `{"reason":"recipient_suppressed","recipients":[{"email":"a@b.c","reason":"bounced"},"d@e.f",{"email":"a@b.c","reason":"again"}],"submitted_at":"2026-05-10T11:00:00Z"}`
	p, retry := parse(openSendIn(1, "email.suppressed", data)), parse(openSendIn(2, "email.suppressed", data))
	if len(p.Events) != 2 || p.Parked != nil {
		t.Fatalf("%d events, parked %+v", len(p.Events), p.Parked)
	}
	for i, address := range []string{"a@b.c", "d@e.f"} {
		e := p.Events[i]
		want := domain.Subject{Provider: domain.OpenSend, Kind: domain.Suppression, ID: address}
		if e.Subject != want || e.Type != "email.suppressed" || e.Target != "" || e.Attributes.Recipient != address ||
			e.At.String() != "2026-05-10T11:00:00.000000Z" || e.Quality != domain.TimeExact || e.Facts != 0 {
			t.Errorf("%+v", e)
		}
		if e != retry.Events[i] {
			t.Errorf("a retry gives another event:\n%+v\n%+v", e, retry.Events[i])
		}
	}
	if p.Events[0].Fingerprint == p.Events[1].Fingerprint {
		t.Error("two addresses share a fingerprint")
	}
}

func addressList(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"email":"%d@b.c"}`, i))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func TestOpenSend_SuppressedLimits(t *testing.T) {
	list := func(n int) string { return `{"recipients":` + addressList(n) + `}` }
	if got := len(parse(openSendIn(1, "email.suppressed", list(1000))).Events); got != 1000 {
		t.Errorf("%d events of 1000", got)
	}
	quarantine(t, openSendIn(1, "email.suppressed", list(1001)), "data.recipients has over 1000 entries")
	for _, data := range []string{`{"recipients":[]}`, `{}`, `{"recipients":[{"reason":"bounced"}]}`} {
		parked(t, openSendIn(1, "email.suppressed", data), domain.ResultUnresolved, domain.ParkNoSubject)
		if e := one(t, openSendIn(1, "email.suppressed", data, settled("", "a@b.c"))); e.Subject.ID != "a@b.c" {
			t.Errorf("settled: %s", e.Subject)
		}
	}
}

func TestOpenSend_Quarantine(t *testing.T) {
	for data, detail := range map[string]string{
		`{"email_id":5}`:                                     "data.email_id is a number",
		`{"Email_id":"x"}`:                                   "data.email_id is written in another case",
		`{"email_id":"x","recipients":{"a":1}}`:              "data.recipients is an object, an array was expected",
		`{"email_id":"x","bouncedRecipients":[5]}`:           "data.bouncedRecipients[0] is a number, an address was expected",
		`{"email_id":"x","bouncedRecipients":[{"email":5}]}`: "data.bouncedRecipients[0].email is a number",
		`{"email_id":"x","bouncetype":"Permanent"}`:          "data.bounceType is written in another case",
		`{"mail":5}`:                        "data.mail is a number, an object was expected",
		`{"mail":{"headers":[{"name":5}]}}`: "data.mail.headers[0].name is a number",
		`{"mail":{"tags":[]}}`:              "data.mail.tags is an array",
		`5`:                                 "data is a number",
	} {
		quarantine(t, openSendIn(1, "email.bounced", data), detail)
	}
	quarantine(t, openSendIn(1, "email.suppressed", `{"recipients":"a@b.c"}`), "data.recipients is a string")
	quarantine(t, openSendIn(1, "contact.updated", `{"id":"x","contact":[]}`), "data.contact is an array")
	quarantine(t, given(domain.OpenSend, `{"id":5,"type":"email.sent","data":{}}`), "id is a number")
}

// The page's own sample has no subject at all.
func TestOpenSend_ThePagesSample(t *testing.T) {
	body, err := os.ReadFile("testdata/seeds/opensend/event-types.contact.created.json")
	if err != nil {
		t.Fatal(err)
	}
	parked(t, given(domain.OpenSend, string(body)), domain.ResultUnresolved, domain.ParkNoSubject)
}
