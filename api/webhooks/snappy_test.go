package webhooks

import (
	"fmt"
	"strings"
	"testing"

	"giftline/domain"
)

func snappyBody(eventType, data string) string {
	return fmt.Sprintf(`{"webhookData":{"id":"wh_1","eventType":%q,"triggeredAt":"2025-01-15T14:44:00.138Z"},"eventData":%s}`, eventType, data)
}

func TestSnappy_Subjects(t *testing.T) {
	for _, c := range []struct {
		eventType, data, target string
		kind                    domain.Kind
	}{
		{"gift-status-changed", `{"giftId":"x","status":"claimed"}`, "claimed", domain.Gift},
		{"gift-status-changed", `{"giftId":"x","status":"hidden"}`, "hidden", domain.Gift},
		{"gift-status-changed", `{"giftId":"x"}`, "", domain.Gift},
		{"gift-delivery-status-changed", `{"giftId":"x","deliveryStatus":"inTransit","status":"claimed"}`, "inTransit", domain.Gift},
		{"gift-notification-initial-sent", `{"giftId":"x","status":"claimed"}`, "", domain.Gift},
		{"thank-you-note-created", `{"giftId":"x"}`, "", domain.Gift},
		{"order-canceled", `{"giftId":"x","orderId":"o"}`, "", domain.Gift},
		{"order-out-of-stock", `{"giftId":"x"}`, "", domain.Gift},
		{"gift-invoice-sent", `{"invoiceId":"x","companyId":"c"}`, "", domain.Invoice},
		{"stock-availability-updates", `{"id":"x","status":"out_of_stock"}`, "out_of_stock", domain.Product},
		{"gift-wrapped-in-gold", `{"giftId":"x"}`, "", domain.Gift},
		{"recipient-moved", `{"giftId":"x"}`, "", domain.Gift},
	} {
		e := one(t, given(domain.Snappy, snappyBody(c.eventType, c.data)))
		if want := (domain.Subject{Provider: domain.Snappy, Kind: c.kind, ID: "x"}); e.Subject != want || e.Target != c.target || e.Type != c.eventType {
			t.Errorf("%s %s: %s %s target %q, want %s target %q", c.eventType, c.data, e.Subject, e.Type, e.Target, want, c.target)
		}
	}
}

func TestSnappy_WithoutItsSubject(t *testing.T) {
	for _, c := range []struct {
		eventType, data string
		code            domain.ParkCode
		kind            domain.Kind
	}{
		{"gift-status-changed", `{"status":"claimed"}`, domain.ParkNoSubject, domain.Gift},
		{"gift-status-changed", `null`, domain.ParkNoSubject, domain.Gift},
		{"gift-status-changed", `{"giftId":""}`, domain.ParkNoSubject, domain.Gift},
		{"order-shredded", `{}`, domain.ParkNoSubject, domain.Gift},
		{"gift-invoice-sent", `{"giftId":"x"}`, domain.ParkNoSubject, domain.Invoice},
		{"stock-availability-updates", `{}`, domain.ParkNoSubject, domain.Product},
		{"campaign-started", `{"id":"x"}`, domain.ParkUnknownKind, domain.Gift},
		{"", `{"giftId":"x"}`, domain.ParkNoType, ""},
	} {
		in := given(domain.Snappy, snappyBody(c.eventType, c.data))
		parked(t, in, domain.ResultUnresolved, c.code)
		if c.eventType == "" {
			in.Settled.Type = "gift-status-changed"
		} else {
			in.Settled.SubjectID = "said"
		}
		if e := one(t, in); c.kind != "" && (e.Subject.Kind != c.kind || e.Subject.ID != "said") {
			t.Errorf("%s %s, settled: %s", c.eventType, c.data, e.Subject)
		}
	}
}

func TestSnappy_SettledTypeIsMarked(t *testing.T) {
	e := one(t, given(domain.Snappy, snappyBody("", `{"giftId":"x","status":"claimed"}`), settled("gift-status-changed", "")))
	if e.Type != "gift-status-changed" || e.Target != "claimed" || e.Facts != domain.SettledType {
		t.Errorf("%+v", e)
	}
}

func TestSnappy_Attributes(t *testing.T) {
	for data, want := range map[string]domain.Attributes{
		`{"giftId":"x"}`: {},
		`{"giftId":"x","companyId":"c","metadata":{"z":"1","internalReferenceId":"REF-ABC-123"}}`: {
			CompanyID: "c", Reference: "REF-ABC-123", Metadata: `{"internalReferenceId":"REF-ABC-123","z":"1"}`},
		`{"giftId":"x","metadata":{}}`:                          {},
		`{"giftId":"x","metadata":null,"companyId":null}`:       {},
		`{"giftId":"x","metadata":{"internalReferenceId":5}}`:   {Metadata: `{"internalReferenceId":5}`},
		`{"giftId":"x","metadata":{"InternalReferenceID":"r"}}`: {Metadata: `{"InternalReferenceID":"r"}`}, // the sender's own name
		`{"giftId":"x","metadata":{"n":"\u0000"}}`:              {Metadata: `{"n":"\u0000"}`},
	} {
		if got := one(t, given(domain.Snappy, snappyBody("gift-status-changed", data))).Attributes; got != want {
			t.Errorf("%s: %+v, want %+v", data, got, want)
		}
	}
}

// webhookData.id is a delivery id only: the pages' samples share one (providers.md 9).
func TestSnappy_Identity(t *testing.T) {
	body := snappyBody("gift-status-changed", `{"giftId":"x","status":"opened"}`)
	p := parse(given(domain.Snappy, body))
	if p.DeliveryID != "wh_1" {
		t.Errorf("delivery id %q", p.DeliveryID)
	}
	if got := parse(given(domain.Snappy, body, withID("msg_1"))).DeliveryID; got != "msg_1" {
		t.Errorf("a signed delivery id gave way to %q", got)
	}
	same := func(a, b string) bool {
		return one(t, given(domain.Snappy, a)).Fingerprint == one(t, given(domain.Snappy, b)).Fingerprint
	}
	for what, other := range map[string]string{
		"a retry under another id":  strings.Replace(body, "wh_1", "wh_2", 1),
		"a retry with a target":     strings.Replace(body, `"id":"wh_1"`, `"id":"wh_1","target":"https://x"`, 1),
		"the same, in other spaces": strings.ReplaceAll(body, ",", " ,\n"),
		"the same, escaped":         strings.Replace(body, "opened", `\u006fpened`, 1),
	} {
		if !same(body, other) {
			t.Errorf("%s is another event", what)
		}
	}
	for what, other := range map[string]string{
		"another status":   strings.Replace(body, "opened", "claimed", 1),
		"another type":     strings.Replace(body, "gift-status-changed", "gift-delivery-status-changed", 1),
		"another time":     strings.Replace(body, ".138Z", ".139Z", 1),
		"another gift":     strings.Replace(body, `"x"`, `"y"`, 1),
		"a further field":  strings.Replace(body, `"status"`, `"orderId":"o","status"`, 1),
		"a number's digit": strings.Replace(body, `"status"`, `"n":1.0,"status"`, 1),
	} {
		if same(body, other) {
			t.Errorf("%s is the same event", what)
		}
	}
}

func TestSnappy_Quarantine(t *testing.T) {
	good := snappyBody("gift-status-changed", `{"giftId":"x","status":"opened"}`)
	for body, detail := range map[string]string{
		strings.Replace(good, `"x"`, `{"id":1}`, 1):                       "eventData.giftId is an object, a string was expected",
		strings.Replace(good, `"opened"`, `5`, 1):                         "eventData.status is a number",
		strings.Replace(good, `"gift-status-changed"`, `true`, 1):         "webhookData.eventType is true",
		strings.Replace(good, `"wh_1"`, `12345`, 1):                       "webhookData.id is a number",
		strings.Replace(good, `giftId`, `GiftId`, 1):                      "eventData.giftId is written in another case",
		strings.Replace(good, `{"giftId"`, `{"giftid":"y","giftId"`, 1):   "eventData.giftId is written in another case",
		strings.Replace(good, `eventData`, `EventData`, 1):                "eventData is written in another case",
		strings.Replace(good, `{"giftId"`, `{"metadata":[],"giftId"`, 1):  "eventData.metadata is an array",
		strings.Replace(good, `{"giftId"`, `{"companyId":[],"giftId"`, 1): "eventData.companyId is an array",
		`{"webhookData":"x","eventData":{}}`:                              "webhookData is a string",
		`{"webhookData":{"eventType":"order-canceled"},"eventData":[]}`:   "eventData is an array",
	} {
		quarantine(t, given(domain.Snappy, body), detail)
	}
	for _, id := range []string{strings.Repeat("x", 513), `a\u0000b`} {
		parked(t, given(domain.Snappy, strings.Replace(good, "wh_1", id, 1)), domain.ResultQuarantined, domain.ParkIdentifier)
	}
}

func TestSnappy_Times(t *testing.T) {
	good := snappyBody("gift-status-changed", `{"giftId":"x","status":"opened"}`)
	for body, want := range map[string]domain.TimeQuality{
		good: domain.TimeExact,
		strings.Replace(good, `,"triggeredAt":"2025-01-15T14:44:00.138Z"`, ``, 1): domain.TimeMissing,
		strings.Replace(good, `"2025-01-15T14:44:00.138Z"`, `1736952240138`, 1):   domain.TimeInvalid,
		strings.Replace(good, `2025-01-15`, `2125-01-15`, 1):                      domain.TimeFuture,
	} {
		if got := one(t, given(domain.Snappy, body)).Quality; got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
