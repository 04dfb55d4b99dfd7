package webhooks

import (
	"os"
	"strings"
	"testing"

	"giftline/domain"
)

const sendosoBody = `{"send_gid":"Z2lkOi8vc2VuZG9zby9TZW5kLzQ0","status_changed_at":"2022-09-12T12:08:27-07:00"}`

func claims(bound, path, header string) func(*domain.Inbound) {
	return func(in *domain.Inbound) { in.Claims = domain.Claims{Bound: bound, Path: path, Header: header} }
}

// secret binding > path > header > body, and what a person said above all (providers.md 2.1).
func TestSendoso_WhereTheTypeComesFrom(t *testing.T) {
	body := func(eventType string) string {
		return `{"send_gid":"g","status_changed_at":"2022-09-12T12:08:27-07:00","event_type":"` + eventType + `"}`
	}
	for _, c := range []struct {
		name, bound, path, header, inBody, settled, want string
	}{
		{name: "secret", bound: "send.sent", path: "send.opened", header: "send.clicked", inBody: "send.failed", want: "send.sent"},
		{name: "path", path: "send.opened", header: "send.clicked", inBody: "send.failed", want: "send.opened"},
		{name: "header", header: "send.clicked", inBody: "send.failed", want: "send.clicked"},
		{name: "body", inBody: "send.failed", want: "send.failed"},
		{name: "person", settled: "send.expired", bound: "send.sent", path: "send.opened", want: "send.expired"},
		{name: "without its prefix", path: "opened", want: "send.opened"},
		{name: "with an underscore", path: "order_received", want: "send.order_received"},
		{name: "one nobody has heard of", path: "send.teleported", want: "send.teleported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := one(t, given(domain.Sendoso, body(c.inBody), claims(c.bound, c.path, c.header), settled(c.settled, "")))
			if e.Type != c.want || e.Target != "" {
				t.Errorf("type %q target %q, want %q and none", e.Type, e.Target, c.want)
			}
			fact := domain.ClaimedType
			if c.settled != "" {
				fact |= domain.SettledType
			}
			if e.Facts != fact {
				t.Errorf("facts %s", factNames(e.Facts))
			}
		})
	}
}

func TestSendoso_TypesOfOthersAreUnresolved(t *testing.T) {
	for _, claimed := range []string{"email.sent", "gift-status-changed", "Send.Sent", "send.", "send.a b", "send.\x00", "send.\xff", "../sent"} {
		p := parked(t, given(domain.Sendoso, sendosoBody, claims("", claimed, ""), withID("msg_1")), domain.ResultUnresolved, domain.ParkUnknownKind)
		if strings.Contains(p.Detail, "Z2lk") || p.Event != nil {
			t.Errorf("%q: %+v", claimed, p)
		}
	}
}

// An untyped copy waits under a key that its typed sibling has too.
func TestSendoso_UntypedCopyWaitsForATypedOne(t *testing.T) {
	untyped := parked(t, given(domain.Sendoso, sendosoBody, withID("msg_1")), domain.ResultUnresolved, domain.ParkNoType)
	typed := one(t, given(domain.Sendoso, sendosoBody, withID("msg_1"), claims("", "send.sent", "")))
	if untyped.Event == nil || untyped.Event.Subject != typed.Subject || untyped.Event.Fingerprint != typed.Fingerprint ||
		untyped.Event.Meaning != typed.Meaning || untyped.Event.At != typed.At {
		t.Errorf("the untyped copy is another event:\n%+v\n%+v", untyped.Event, typed)
	}
	if untyped.Key != domain.EventParkKey(typed.Subject, typed.Fingerprint) {
		t.Error("the typed copy cannot find the untyped one")
	}
	if untyped.Event.Facts != 0 {
		t.Errorf("an untyped copy claims %s", factNames(untyped.Event.Facts))
	}
}

func TestSendoso_Fingerprint(t *testing.T) {
	typed := func(eventType string, change ...func(*domain.Inbound)) domain.Event {
		return one(t, given(domain.Sendoso, sendosoBody, append(change, claims("", eventType, ""))...))
	}
	if typed("send.sent", withID("msg_1")).Fingerprint != typed("send.opened", withID("msg_1")).Fingerprint {
		t.Error("with a message id, the type must not tell events apart: copies may contradict each other")
	}
	if typed("send.sent", withID("msg_1")).Meaning != typed("send.opened", withID("msg_1")).Meaning {
		t.Error("the type must not count as meaning")
	}
	if typed("send.sent", withID("msg_1")).Fingerprint == typed("send.sent", withID("msg_2")).Fingerprint {
		t.Error("two messages are one event")
	}
	if typed("send.sent").Fingerprint == typed("send.opened").Fingerprint {
		t.Error("without a message id, the type is all that tells two events of one second apart")
	}
	later := strings.Replace(sendosoBody, "12:08:27", "12:08:28", 1)
	if one(t, given(domain.Sendoso, later, claims("", "sent", ""))).Fingerprint == typed("sent").Fingerprint {
		t.Error("two seconds are one event")
	}
}

func TestSendoso_MeaningIsTheRestOfTheBody(t *testing.T) {
	of := func(body string) domain.Meaning {
		return one(t, given(domain.Sendoso, body, withID("msg_1"), claims("send.sent", "", ""))).Meaning
	}
	same := []string{
		sendosoBody,
		` { "status_changed_at": "2022-09-12T19:08:27.000Z", "send_gid": "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0" } `,
		strings.Replace(sendosoBody, "{", `{"event_type":"send.sent",`, 1), // a transformation on one endpoint only
	}
	for _, body := range same {
		if of(body) != of(sendosoBody) {
			t.Errorf("%s says something else", body)
		}
	}
	for _, body := range []string{strings.Replace(sendosoBody, ":27-", ":28-", 1), strings.Replace(sendosoBody, "{", `{"note":1,`, 1)} {
		if of(body) == of(sendosoBody) {
			t.Errorf("%s says the same", body)
		}
	}
}

func TestSendoso_Subject(t *testing.T) {
	for _, body := range []string{`{}`, `{"send_gid":""}`, `{"send_gid":null,"status_changed_at":"2022-09-12T12:08:27-07:00"}`} {
		in := given(domain.Sendoso, body, claims("send.sent", "", ""))
		parked(t, in, domain.ResultUnresolved, domain.ParkNoSubject)
		in.Settled.SubjectID = "gid"
		if got := one(t, in).Subject; got != (domain.Subject{Provider: domain.Sendoso, Kind: domain.Send, ID: "gid"}) {
			t.Errorf("settled: %s", got)
		}
	}
	for body, detail := range map[string]string{
		`{"send_gid":44}`:                                   "send_gid is a number, a string was expected",
		`{"send_gid":["x"]}`:                                "send_gid is an array",
		`{"Send_Gid":"x"}`:                                  "send_gid is written in another case",
		`{"send_gid":"x","SEND_GID":1}`:                     "send_gid is written in another case",
		`{"send_gid":"x","event_type":{}}`:                  "event_type is an object",
		`{"send_gid":"x","Status_changed_at":"2022-09-12"}`: "status_changed_at is written in another case",
	} {
		quarantine(t, given(domain.Sendoso, body, claims("send.sent", "", "")), detail)
	}
}

// The block on Sendoso's page lacks a comma: a sketch, no sample.
func TestSendoso_ThePageShowsNoJSON(t *testing.T) {
	schema, err := os.ReadFile("testdata/seeds/sendoso-events.schema.txt")
	if err != nil {
		t.Fatal(err)
	}
	quarantine(t, given(domain.Sendoso, string(schema)), "not JSON")
}
