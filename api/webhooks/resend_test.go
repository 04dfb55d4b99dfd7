package webhooks

import (
	"fmt"
	"strings"
	"testing"

	"giftline/domain"
)

func resendBody(eventType, data string) string {
	return fmt.Sprintf(`{"type":%q,"created_at":"2024-02-22T23:41:12.126Z","data":%s}`, eventType, data)
}

func TestResend_Subjects(t *testing.T) {
	for _, c := range []struct {
		eventType, data, want, target string
	}{
		{"email.sent", `{"email_id":"x"}`, "resend/email/x", ""},
		{"email.scheduled", `{"email_id":"x"}`, "resend/email/x", ""},
		{"email.suppressed", `{"email_id":"x","suppressed":{"type":"Suppressed"}}`, "resend/email/x", ""},
		{"email.unheard_of", `{"email_id":"x","status":"y"}`, "resend/email/x", ""},
		{"email.received", `{"email_id":"x"}`, "resend/inbound_email/x", ""},
		{"contact.created", `{"id":"x","status":"y"}`, "resend/contact/x", ""},
		{"domain.created", `{"id":"x","status":"not_started"}`, "resend/domain/x", "not_started"},
		{"domain.updated", `{"id":"x","status":"on_fire"}`, "resend/domain/x", "on_fire"},
		{"domain.deleted", `{"id":"x","status":"not_started"}`, "resend/domain/x", ""},
		{"suppression.added", `{"id":"y","email":"a@b.c"}`, "resend/suppression/a@b.c", ""},
		{"suppression.removed", `{"id":"y"}`, "resend/suppression/y", ""},
	} {
		e := one(t, given(domain.Resend, resendBody(c.eventType, c.data)))
		if e.Subject.String() != c.want || e.Target != c.target || e.Type != c.eventType || e.Previous != "" {
			t.Errorf("%s: %s %s target %q, want %s %q", c.eventType, e.Subject, e.Type, e.Target, c.want, c.target)
		}
	}
}

func TestResend_Unresolved(t *testing.T) {
	for _, c := range []struct {
		eventType, data string
		code            domain.ParkCode
	}{
		{"email.sent", `{}`, domain.ParkNoSubject},
		{"email.sent", `{"id":"x"}`, domain.ParkNoSubject},
		{"email.sent", `null`, domain.ParkNoSubject},
		{"contact.created", `{"email":"a@b.c"}`, domain.ParkNoSubject},
		{"broadcast.sent", `{"email_id":"x"}`, domain.ParkUnknownKind},
		{"sent", `{"email_id":"x"}`, domain.ParkUnknownKind},
		{"", `{"email_id":"x"}`, domain.ParkNoType},
	} {
		in := given(domain.Resend, resendBody(c.eventType, c.data))
		parked(t, in, domain.ResultUnresolved, c.code)
		in.Settled = domain.Settlement{Type: "email.sent", SubjectID: "said"}
		if e := one(t, in); e.Type != "email.sent" || e.Facts&domain.SettledType == 0 {
			t.Errorf("settled: %+v", e)
		}
	}
}

func TestResend_Bounces(t *testing.T) {
	for _, c := range []struct {
		eventType, bounce string
		facts             domain.Facts
		flags             domain.Flags
	}{
		{"email.bounced", `{"type":"Permanent","subType":"General"}`, domain.Permanent, 0},
		{"email.bounced", `{"type":"Permanent","subType":"Suppressed"}`, domain.Permanent, domain.Suppressed},
		{"email.bounced", `{"type":"Permanent","subType":"OnAccountSuppressionList"}`, domain.Permanent, domain.Suppressed},
		{"email.bounced", `{"type":"Transient","subType":"MailboxFull"}`, 0, 0},
		{"email.bounced", `{"type":"Undetermined"}`, 0, 0},
		{"email.bounced", `{"message":"no type in older bodies"}`, domain.Permanent, 0},
		{"email.bounced", `null`, domain.Permanent, 0},
		{"email.delivered", `{"type":"Permanent","subType":"Suppressed"}`, 0, 0},
	} {
		e := one(t, given(domain.Resend, resendBody(c.eventType, `{"email_id":"x","bounce":`+c.bounce+`}`)))
		if e.Facts != c.facts || e.Flags != c.flags {
			t.Errorf("%s %s: facts %s flags %v", c.eventType, c.bounce, factNames(e.Facts), e.Flags.Names())
		}
	}
}

// The shapes that a decoder must accept (providers.md 4.1).
func TestResend_ShapesOfRecipientsAndTags(t *testing.T) {
	for data, want := range map[string]domain.Attributes{
		`"to":["a@b.c"]`:                      {Recipient: "a@b.c"},
		`"to":"a@b.c"`:                        {Recipient: "a@b.c"},
		`"to":["a@b.c","d@e.f"]`:              {Recipient: "a@b.c"},
		`"to":[]`:                             {},
		`"to":["","a@b.c"]`:                   {Recipient: "a@b.c"},
		`"to":null,"tags":null`:               {},
		`"from":["x","y"]`:                    {},
		`"tags":{}`:                           {},
		`"tags":[]`:                           {},
		`"tags":{"category":"confirm_email"}`: {Metadata: `{"category":"confirm_email"}`},
		`"tags":[{"name":"z","value":"1"},{"value":"2","name":"a"}]`: {Metadata: `{"a":"2","z":"1"}`},
		`"tags":[{"name":"a","value":"1"},{"name":"a","value":"2"}]`: {Metadata: `{"a":"2"}`},
		`"tags":[{"name":"A","value":"1"},{"name":"a","value":"2"}]`: {Metadata: `{"A":"1","a":"2"}`},
		`"tags":{"reference":"R"}`:                                   {Reference: "R", Metadata: `{"reference":"R"}`},
		`"tags":[{"name":"internal_reference_id","value":"R"}]`:      {Reference: "R", Metadata: `{"internal_reference_id":"R"}`},
		`"tags":{"internalReferenceId":"R","reference":""}`:          {Reference: "R", Metadata: `{"internalReferenceId":"R","reference":""}`},
		`"tags":{"Reference":"R"}`:                                   {Metadata: `{"Reference":"R"}`},
		`"tags":[{"name":"q\"\\","value":{"b":1,"a":2}}]`:            {Metadata: `{"q\"\\":{"a":2,"b":1}}`},
	} {
		if got := one(t, given(domain.Resend, resendBody("email.sent", `{"email_id":"x",`+data+`}`))).Attributes; got != want {
			t.Errorf("%s: %+v, want %+v", data, got, want)
		}
	}
	contact := one(t, given(domain.Resend, resendBody("contact.updated", `{"id":"x","email":"a@b.c"}`)))
	if contact.Attributes.Recipient != "a@b.c" {
		t.Errorf("contact: %+v", contact.Attributes)
	}
}

func TestResend_ManyRecipients(t *testing.T) {
	for to, want := range map[string]domain.Facts{
		`["a@b.c","d@e.f"]`: domain.ManyRecipients, `["a@b.c","a@b.c"]`: 0, `["a@b.c"]`: 0, `"a@b.c"`: 0, `[]`: 0,
	} {
		if got := one(t, given(domain.Resend, resendBody("email.delivered", `{"email_id":"x","to":`+to+`}`))).Facts; got != want {
			t.Errorf("%s: %s", to, factNames(got))
		}
	}
}

// A time inside the data orders nothing, and must not fail the event: Resend's own samples have a second 94.
func TestResend_InvalidTimesInsideData(t *testing.T) {
	for data, want := range map[string]domain.Flags{
		`"created_at":"2024-10-10T15:11:94.110Z"`:                                     domain.InvalidDataTime,
		`"created_at":"2024-10-10T15:11:14.110Z","updated_at":"2024-10-10T15:11:94Z"`: domain.InvalidDataTime,
		`"created_at":5`: domain.InvalidDataTime,
		`"created_at":"2024-02-22T23:41:11.894719+00:00","updated_at":"2023-08-22 15:28:00+00"`: 0,
		`"created_at":null`:                   0,
		`"created_at":"2099-01-01T00:00:00Z"`: 0,
	} {
		e := one(t, given(domain.Resend, resendBody("contact.updated", `{"id":"x",`+data+`}`)))
		if e.Flags != want || e.Quality != domain.TimeExact || e.At.String() != "2024-02-22T23:41:12.126000Z" {
			t.Errorf("%s: flags %v at %s %s", data, e.Flags.Names(), e.At, e.Quality)
		}
	}
}

func TestResend_Identity(t *testing.T) {
	body := resendBody("email.clicked", `{"email_id":"x","click":{"link":"https://a"}}`)
	event := func(body string, change ...func(*domain.Inbound)) domain.Event {
		return one(t, given(domain.Resend, body, change...))
	}
	replay := event(strings.ReplaceAll(body, ",", ", "), withID("msg_1"))
	if first := event(body, withID("msg_1")); first.Fingerprint != replay.Fingerprint || first.Meaning != replay.Meaning {
		t.Error("a replay is another event, or says something else")
	}
	if event(body, withID("msg_1")).Fingerprint == event(body, withID("msg_2")).Fingerprint {
		t.Error("two clicks of one link are one event")
	}
	for what, other := range map[string]string{
		"link": strings.Replace(body, "https://a", "https://b", 1), "time": strings.Replace(body, "126Z", "127Z", 1),
		"type": strings.Replace(body, "clicked", "opened", 1),
	} {
		if event(body).Fingerprint == event(other).Fingerprint {
			t.Errorf("without an id: another %s is the same event", what)
		}
		if a, b := event(body, withID("msg_1")), event(other, withID("msg_1")); a.Fingerprint != b.Fingerprint || a.Meaning == b.Meaning {
			t.Errorf("with one id: another %s must be the same event with another meaning", what)
		}
	}
}

func TestResend_Quarantine(t *testing.T) {
	for data, detail := range map[string]string{
		`{"email_id":56761188}`:                              "data.email_id is a number, a string was expected",
		`{"Email_Id":"x"}`:                                   "data.email_id is written in another case",
		`{"email_id":"x","EMAIL_ID":"y"}`:                    "data.email_id is written in another case",
		`{"email_id":"x","to":{"a":"b"}}`:                    "data.to is an object, an array was expected",
		`{"email_id":"x","to":[5]}`:                          "data.to[0] is a number, an address was expected",
		`{"email_id":"x","to":["a",{"email":"b"}]}`:          "data.to[1] is an object",
		`{"email_id":"x","to":7}`:                            "data.to is a number",
		`{"email_id":"x","tags":"y"}`:                        "data.tags is a string",
		`{"email_id":"x","tags":["y"]}`:                      "data.tags[0] is a string, an object was expected",
		`{"email_id":"x","tags":[{"name":"y"}]}`:             "data.tags[0] is not a name and a value",
		`{"email_id":"x","tags":[{"name":5,"value":"y"}]}`:   "data.tags[0] is not a name and a value",
		`{"email_id":"x","tags":[{"Name":"a","value":"y"}]}`: "data.tags[0].name is written in another case",
		`{"email_id":"x","bounce":"hard"}`:                   "data.bounce is a string, an object was expected",
		`{"email_id":"x","bounce":{"type":5}}`:               "data.bounce.type is a number",
		`{"email_id":"x","bounce":{"subtype":"Suppressed"}}`: "data.bounce.subType is written in another case",
		`["x"]`: "data is an array",
	} {
		quarantine(t, given(domain.Resend, resendBody("email.bounced", data)), detail)
	}
	quarantine(t, given(domain.Resend, `{"type":5}`), "type is a number")
	quarantine(t, given(domain.Resend, resendBody("domain.updated", `{"id":"x","status":{}}`)), "data.status is an object")
	quarantine(t, given(domain.Resend, resendBody("contact.updated", `{"id":"x","email":[]}`)), "data.email is an array")
}
