package webhooks

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"giftline/domain"
)

// hostile are bodies that broke parsers elsewhere.
var hostile = []string{
	``, `{`, `{}`, `[]`, `null`, `"`, `{"data":null}`, `{"data":{"email_id":"\u0000"}}`, "{\"send_gid\":\"\xff\"}", `{"send_gid":"\ud800"}`,
	`{"send_gid":"x","send_gid":"y"}`, `{"Send_Gid":"x"}`, `{"send_gid":"x","status_changed_at":1e999}`,
	`{"type":"email.sent","data":{"email_id":"x","to":[[]],"tags":[{"name":"\"","value":1},{"name":"\"","value":2}]}}`,
	`{"type":"email.suppressed","data":{"recipients":["a","a",{"email":"a"}]}}`, `{"type":"email.","data":{"id":"x"}}`,
	`{"webhookData":{"eventType":"gift-","triggeredAt":{}},"eventData":{"giftId":" "}}`, nested(64), nested(65),
}

func fuzzParser(f *testing.F, provider domain.Provider) {
	for _, s := range Samples() {
		if s.Provider == provider {
			f.Add(s.Body, "msg_1", s.PathType)
		}
	}
	seeds, _ := filepath.Glob("testdata/seeds/*/*.json")
	for _, file := range seeds {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, "", "")
	}
	for _, body := range hostile {
		f.Add([]byte(body), "whd_x_1", "send.sent")
	}
	f.Fuzz(func(t *testing.T, body []byte, id, pathType string) {
		if !printable(id) { // Verify lets no others through
			id = ""
		}
		in := given(provider, string(body), withID(id), claims("", pathType, ""))
		p := parse(in)
		if again := parse(in); !reflect.DeepEqual(p, again) {
			t.Fatalf("read twice, read differently:\n%+v\n%+v", p, again)
		}
		if (p.Parked == nil) == (len(p.Events) == 0) {
			t.Fatalf("%d events and parked %+v", len(p.Events), p.Parked)
		}
		for i := range p.Events {
			checkEvent(t, &p.Events[i], body)
		}
		if p.Parked == nil {
			checkCanonicalTwin(t, in, p)
		} else {
			checkParking(t, p.Parked)
		}
	})
}

func checkEvent(t *testing.T, e *domain.Event, body []byte) {
	a := e.Attributes
	for _, text := range []string{e.Subject.ID, e.Type, e.Target, e.Previous, e.AtText, e.Copy, a.CompanyID, a.Reference, a.Recipient, a.Metadata} {
		if !utf8.ValidString(text) {
			t.Fatalf("%q is not UTF-8", text)
		}
	}
	if e.Subject.ID == "" || e.Subject.Provider == "" || e.Subject.Kind == "" || e.Type == "" || e.At == 0 || e.Quality == "" {
		t.Fatalf("incomplete: %+v", e)
	}
	if e.Fingerprint == (domain.Fingerprint{}) || e.Meaning == (domain.Meaning{}) || strings.Contains(e.AtText, "\x00") {
		t.Fatalf("unusable: %+v", e)
	}
	if a.Metadata != "" && !json.Valid([]byte(a.Metadata)) {
		t.Fatalf("metadata %s", a.Metadata)
	}
	if data := Data(*e, body); !json.Valid(data) {
		t.Fatalf("data %s", data)
	}
}

// checkCanonicalTwin: a body that says the same in other spaces, key order and escapes is the same events.
func checkCanonicalTwin(t *testing.T, in domain.Inbound, p domain.Parsed) {
	form, err := canonical(in.Body)
	if err != nil {
		t.Fatal(err)
	}
	in.Body = []byte(form)
	if twin := parse(in); !reflect.DeepEqual(twin.Events, p.Events) {
		t.Fatalf("the canonical body is read differently:\n%+v\n%+v", p.Events, twin.Events)
	}
}

func checkParking(t *testing.T, p *domain.Parking) {
	if p.Detail == "" || p.Code == "" || p.Key == (domain.ParkKey{}) || !utf8.ValidString(p.Detail) {
		t.Fatalf("incomplete: %+v", p)
	}
	if p.Result != domain.ResultUnresolved && p.Result != domain.ResultQuarantined {
		t.Fatalf("parked as %s", p.Result)
	}
	if p.Event != nil && p.Key != domain.EventParkKey(p.Event.Subject, p.Event.Fingerprint) {
		t.Fatal("the key does not follow from the event")
	}
}

func FuzzSendoso(f *testing.F)  { fuzzParser(f, domain.Sendoso) }
func FuzzSnappy(f *testing.F)   { fuzzParser(f, domain.Snappy) }
func FuzzResend(f *testing.F)   { fuzzParser(f, domain.Resend) }
func FuzzOpenSend(f *testing.F) { fuzzParser(f, domain.OpenSend) }

// FuzzVerify: no header makes the verifier panic, and it lets nothing in that the reference would not.
func FuzzVerify(f *testing.F) {
	now, body := time.Now(), []byte(`{"a":1}`)
	source := Source{Name: "resend", Provider: domain.Resend, Secrets: []Secret{{Value: secretA}, {Value: secretB, EventType: "email.sent"}}}
	good := source.Sign("msg_1", now, body)
	for _, signature := range []string{good.Get("svix-signature"), "", "v1,", "v1", ",", "v1a,x v1,y", strings.Repeat("v1,x ", 100), "v1,\xff"} {
		f.Add("msg_1", good.Get("svix-timestamp"), signature, "email.sent", body)
	}
	f.Add("\x00", "99999999999999999999", "v1,x", "", []byte{})
	f.Fuzz(func(t *testing.T, id, timestamp, signature, pathType string, body []byte) {
		header := http.Header{}
		header.Set("svix-id", id)
		header.Set("svix-timestamp", timestamp)
		header.Set("svix-signature", signature)
		for _, scheme := range []Scheme{Svix, SvixRaw, Token, HMAC} {
			s := source
			s.Scheme, s.Header = scheme, "Svix-Signature"
			got, err := s.Verify(header, signature, pathType, body, now)
			if reasonOf(t, err) == "" && scheme == Svix {
				wh, err := standardwebhooks.NewWebhook(source.Secrets[got.SecretIndex].Value)
				if err != nil {
					t.Fatal(err)
				}
				if err := wh.VerifyIgnoringTimestamp(body, inWebhookFamily(header)); err != nil {
					t.Fatalf("let in, but the reference says %v", err)
				}
			}
		}
		if !printable(id) || id == "" {
			return
		}
		if _, err := source.Verify(source.Sign(id, now, body), "", pathType, body, now); err != nil {
			t.Fatalf("our own signature: %v", err)
		}
	})
}
