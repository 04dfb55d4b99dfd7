package webhooks

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

const (
	secretA = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secretB = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	secretC = "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
)

func open(t testing.TB, s Source) *Source {
	t.Helper()
	opened, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func sendosoSource(secrets ...Secret) Source {
	return Source{Name: "sendoso", Provider: domain.Sendoso, Secrets: secrets}
}

func reasonOf(t testing.TB, err error) Refused {
	t.Helper()
	if err == nil {
		return ""
	}
	var r *Refusal
	if !errors.As(err, &r) || r.Message == "" {
		t.Fatalf("%v is no *Refusal with a message", err)
	}
	return r.Reason
}

// The vectors of providers.md 6, published by others, and the one of 5.2 for OpenSend's raw-text key.
func TestVerify_PublishedVectors(t *testing.T) {
	for _, v := range []struct {
		scheme                           Scheme
		secret, id, body, signature, bad string
		at                               int64
	}{
		{scheme: Svix, secret: secretA, id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1614265330, body: `{"test": 2432232314}`,
			signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		{scheme: Svix, secret: "whsec_plJ3nmyCDGBKInavdOK15jsl", id: "msg_loFOjxBNrRLzqYUf", at: 1731705121, body: `{"event_type":"ping","data":{"success":true}}`,
			signature: "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="},
		{scheme: Svix, secret: secretB, id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", at: 1649367553, body: `{"email":"test@example.com","username":"test_user"}`,
			signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="},
		{scheme: SvixRaw, secret: "whsec_test_secret", id: "whd_delivery-1_1", at: 1777334400,
			body:      `{"id":"whd_delivery-1_1","type":"email.delivered","created_at":"2026-04-28T00:00:00.000Z","data":{"smtpResponse":"250 ok"}}`,
			signature: "v1,8/FuLaAbEJjScEP/nWQlgtQup2iBtNmIVzowUdhbPPc="},
	} {
		t.Run(v.id, func(t *testing.T) {
			s := &Source{Name: "vector", Scheme: v.scheme, Secrets: []Secret{{Value: v.secret}}}
			now := time.Unix(v.at, 0)
			signed := s.Sign(v.id, now, []byte(v.body))
			if got := signed.Get("svix-signature"); got != v.signature {
				t.Errorf("Sign = %s, published: %s", got, v.signature)
			}
			got, err := s.Verify(signed, "", "", []byte(v.body), now)
			want := Verified{DeliveryID: v.id, AttemptAt: domain.InstantOf(now)}
			if err != nil || got != want {
				t.Errorf("Verify = %+v, %v, want %+v", got, err, want)
			}
			signed.Set("svix-signature", "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=")
			_, err = s.Verify(signed, "", "", []byte(v.body), now)
			if reasonOf(t, err) != RefusedSignature {
				t.Errorf("the published wrong signature gave %v", err)
			}
		})
	}
}

func TestVerify_SvixHeaders(t *testing.T) {
	now, body := time.Unix(1700000000, 0), []byte(`{"a":1}`)
	s := open(t, Source{Name: "resend", Provider: domain.Resend, Secrets: []Secret{{Value: secretA}}})
	good := s.Sign("msg_1", now, body)
	signature := good.Get("svix-signature")
	other := Source{Scheme: Svix, Secrets: []Secret{{Value: secretB}}}.Sign("msg_1", now, body).Get("svix-signature")
	for _, c := range []struct {
		name   string
		change func(http.Header)
		want   Refused
	}{
		{"as sent", func(h http.Header) {}, ""},
		{"several signatures, one right", func(h http.Header) { h.Set("svix-signature", other+" "+signature) }, ""},
		{"the right one is the sixteenth", func(h http.Header) { h.Set("svix-signature", strings.Repeat(other+" ", 15)+signature) }, ""},
		{"the right one is the seventeenth", func(h http.Header) { h.Set("svix-signature", strings.Repeat(other+" ", 16)+signature) }, RefusedSignature},
		{"an ed25519 entry beside it", func(h http.Header) { h.Set("svix-signature", "v1a,"+strings.Repeat("A", 86)+"== "+signature) }, ""},
		{"the right digest as v1a", func(h http.Header) { h.Set("svix-signature", strings.Replace(signature, "v1,", "v1a,", 1)) }, RefusedSignature},
		{"the right digest as v2", func(h http.Header) { h.Set("svix-signature", strings.Replace(signature, "v1,", "v2,", 1)) }, RefusedSignature},
		{"a part of the digest", func(h http.Header) { h.Set("svix-signature", "v1,"+signature[3:23]) }, RefusedSignature},
		{"an empty digest", func(h http.Header) { h.Set("svix-signature", "v1,") }, RefusedSignature},
		{"not base64", func(h http.Header) { h.Set("svix-signature", "v1,"+strings.Repeat("*", 44)) }, RefusedSignature},
		{"the right digest with other last bits", func(h http.Header) { h.Set("svix-signature", otherSpelling(signature)) }, RefusedSignature},
		{"without a version", func(h http.Header) { h.Set("svix-signature", signature[3:]) }, RefusedSignature},
		{"no signature", func(h http.Header) { h.Del("svix-signature") }, RefusedUnsigned},
		{"no id", func(h http.Header) { h.Del("svix-id") }, RefusedUnsigned},
		{"no timestamp", func(h http.Header) { h.Del("svix-timestamp") }, RefusedUnsigned},
		{"nothing", func(h http.Header) { clear(h) }, RefusedUnsigned},
		{"the timestamp is a date", func(h http.Header) { h.Set("svix-timestamp", "2023-11-14T22:13:20Z") }, RefusedMalformed},
		{"a negative timestamp", func(h http.Header) { h.Set("svix-timestamp", "-1700000000") }, RefusedMalformed},
		{"an endless timestamp", func(h http.Header) { h.Set("svix-timestamp", "9223372036854775807") }, RefusedMalformed},
		{"a timestamp that was changed", func(h http.Header) { h.Set("svix-timestamp", "1700000001") }, RefusedSignature},
		{"an id with a line break", func(h http.Header) { h["Svix-Id"] = []string{"msg\n1"} }, RefusedMalformed},
		{"an id that is not ASCII", func(h http.Header) { h["Svix-Id"] = []string{"msg\xff"} }, RefusedMalformed},
		{"an id over 512 bytes", func(h http.Header) { h.Set("svix-id", strings.Repeat("x", 513)) }, RefusedMalformed},
		{"both families, the svix one right", func(h http.Header) {
			h.Set("webhook-id", "x")
			h.Set("webhook-timestamp", "1")
			h.Set("webhook-signature", "v1,x")
		}, ""},
		{"both families, the svix one incomplete", func(h http.Header) {
			h.Set("webhook-id", "msg_1")
			h.Set("webhook-timestamp", "1700000000")
			h.Set("webhook-signature", signature)
			h.Del("svix-signature")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := good.Clone()
			c.change(header)
			_, err := s.Verify(header, "", "", body, now)
			if got := reasonOf(t, err); got != c.want {
				t.Errorf("refused for %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// otherSpelling sets a bit of the last character that a lenient decoder drops: 43 characters hold two bits more than 32
// bytes.
func otherSpelling(signature string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	end := len(signature) - 2
	return signature[:end] + string(alphabet[strings.IndexByte(alphabet, signature[end])|1]) + "="
}

func TestVerify_Tolerance(t *testing.T) {
	sent, body := time.Unix(1700000000, 0), []byte(`{}`)
	svixSource := Source{Name: "resend", Provider: domain.Resend, Secrets: []Secret{{Value: secretA}}}
	hmacSource := Source{Name: "x", Scheme: HMAC, Header: "X-Sig", TimestampHeader: "X-Time", Secrets: []Secret{{Value: secretA}}}
	for _, s := range []Source{svixSource, hmacSource} {
		for _, c := range []struct {
			late time.Duration
			want Refused
		}{
			{0, ""},
			{5 * time.Minute, ""},
			{5*time.Minute + time.Second, RefusedStale},
			{-5 * time.Minute, ""},
			{-5*time.Minute - time.Second, RefusedFuture},
			{200 * 365 * 24 * time.Hour, RefusedStale},
		} {
			_, err := open(t, s).Verify(s.Sign("msg_1", sent, body), "", "", body, sent.Add(c.late))
			if got := reasonOf(t, err); got != c.want {
				t.Errorf("%s, %s late: %q, want %q", s.Name, c.late, got, c.want)
			}
		}
	}
}

func TestVerify_SeveralSecrets(t *testing.T) {
	now, body := time.Now(), []byte(`{}`)
	s := open(t, Source{Name: "resend", Provider: domain.Resend, Secrets: []Secret{{Value: secretA}, {Value: secretB}}})
	for i, secret := range s.Secrets {
		signer := Source{Provider: domain.Resend, Secrets: []Secret{secret}}
		got, err := s.Verify(signer.Sign("msg_1", now, body), "", "", body, now)
		if err != nil || got.SecretIndex != i {
			t.Errorf("secret %d: matched %d, %v", i, got.SecretIndex, err)
		}
	}
	foreign := Source{Provider: domain.Resend, Secrets: []Secret{{Value: secretC}}}
	_, err := s.Verify(foreign.Sign("msg_1", now, body), "", "", body, now)
	if reasonOf(t, err) != RefusedSignature {
		t.Errorf("a foreign secret: %v", err)
	}
}

// A secret that is bound to a type signs that type only: the path is not signed (providers.md 2.1).
func TestVerify_BoundSecrets(t *testing.T) {
	now, body := time.Now(), []byte(`{"send_gid":"x"}`)
	s := open(t, sendosoSource(Secret{secretA, "send.shipped"}, Secret{secretB, "delivered"}, Secret{secretC, ""}))
	for _, c := range []struct {
		secret, path, bound string
		want                Refused
	}{
		{secretA, "", "send.shipped", ""},
		{secretA, "send.shipped", "send.shipped", ""},
		{secretA, "shipped", "send.shipped", ""},
		{secretB, "send.delivered", "send.delivered", ""},
		{secretA, "send.delivered", "", RefusedType},
		{secretA, "send.unheard_of", "", RefusedType},
		{secretB, "Send.Delivered", "", RefusedType},
		{secretC, "send.delivered", "", ""},
		{secretC, "", "", ""},
	} {
		header := sendosoSource(Secret{Value: c.secret}).Sign("msg_1", now, body)
		got, err := s.Verify(header, "", c.path, body, now)
		if reasonOf(t, err) != c.want || got.Bound != c.bound {
			t.Errorf("%s at %q: bound %q, %v; want %q, %q", c.secret, c.path, got.Bound, err, c.bound, c.want)
		}
	}
}

func TestVerify_Token(t *testing.T) {
	const token = "0123456789abcdef"
	snappy := Source{Name: "snappy", Provider: domain.Snappy, Secrets: []Secret{{Value: "fedcba9876543210"}, {Value: token}}}
	for _, c := range []struct {
		name, header, sent, query string
		want                      Refused
	}{
		{"in the usual header", "", token, "", ""},
		{"in another header", "X-Other", token, "", ""},
		{"in the query", "", "", token, ""},
		{"wrong", "", token + "x", "", RefusedSignature},
		{"the beginning", "", token[:15], "", RefusedSignature},
		{"wrong in the query", "", "", "x", RefusedSignature},
		{"nowhere", "", "", "", RefusedUnsigned},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := snappy
			source.Header = c.header
			s, header := open(t, source), http.Header{}
			if c.sent != "" {
				header.Set(s.Header, c.sent)
			}
			got, err := s.Verify(header, c.query, "", []byte(`{}`), time.Now())
			if reasonOf(t, err) != c.want || err == nil && got != (Verified{SecretIndex: 1}) {
				t.Errorf("%+v, %v, want %q", got, err, c.want)
			}
		})
	}
	if got := snappy.Sign("", time.Now(), nil).Get("X-Webhook-Token"); got != snappy.Secrets[0].Value {
		t.Errorf("Sign gave the token %q", got)
	}
}

func TestVerify_HMAC(t *testing.T) {
	now, body := time.Unix(1700000000, 0), []byte(`{"a":1}`)
	for _, hash := range []string{"", "sha256", "sha512", "sha1"} {
		for _, encoding := range []string{"", "hex", "base64"} {
			for _, timestamp := range []string{"", "X-Time"} {
				s := Source{Name: "x", Scheme: HMAC, Header: "X-Sig", Hash: hash, Encoding: encoding, TimestampHeader: timestamp,
					Secrets: []Secret{{Value: "0123456789abcdef"}}}
				header := s.Sign("", now, body)
				if _, err := open(t, s).Verify(header, "", "", body, now); err != nil {
					t.Errorf("%+v: %v", s, err)
				}
				if _, err := open(t, s).Verify(header, "", "", []byte(`{"a":2}`), now); reasonOf(t, err) != RefusedSignature {
					t.Errorf("%+v, another body: %v", s, err)
				}
			}
		}
	}
	// RFC 4231, test case 2, in the form that GitHub made usual.
	s := Source{Name: "x", Scheme: HMAC, Header: "X-Sig", Secrets: []Secret{{Value: "Jefe"}}}
	header := http.Header{"X-Sig": {"sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}}
	if _, err := s.Verify(header, "", "", []byte("what do ya want for nothing?"), now); err != nil {
		t.Errorf("RFC 4231: %v", err)
	}
	header.Set("X-Sig", "not hex")
	if _, err := s.Verify(header, "", "", nil, now); reasonOf(t, err) != RefusedMalformed {
		t.Errorf("not hex: %v", err)
	}
	if _, err := s.Verify(http.Header{}, "", "", nil, now); reasonOf(t, err) != RefusedUnsigned {
		t.Errorf("nothing: %v", err)
	}
}

// No secret, no service: whatever is missing or broken in the configuration closes the source.
func TestVerify_FailsClosed(t *testing.T) {
	now, body := time.Now(), []byte(`{}`)
	for name, s := range map[string]Source{
		"no secret":         {Name: "resend", Provider: domain.Resend},
		"an empty secret":   {Name: "resend", Provider: domain.Resend, Secrets: []Secret{{}}},
		"only the prefix":   {Name: "resend", Provider: domain.Resend, Secrets: []Secret{{Value: "whsec_"}}},
		"not base64":        {Name: "resend", Provider: domain.Resend, Secrets: []Secret{{Value: "whsec_*"}}},
		"an empty raw key":  {Name: "opensend", Provider: domain.OpenSend, Secrets: []Secret{{Value: "whsec_"}}},
		"an empty token":    {Name: "snappy", Provider: domain.Snappy, Secrets: []Secret{{}}},
		"an unknown scheme": {Name: "x", Scheme: "plain", Secrets: []Secret{{Value: secretA}}},
		"nothing at all":    {Name: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			emptyKey := Source{Scheme: SvixRaw, Secrets: []Secret{{Value: "x"}}}
			emptyKey.keys = []key{{}}
			header := emptyKey.Sign("msg_1", now, body)
			header.Set("Svix-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac(hashes["sha256"], nil, body, "msg_1", header.Get("Svix-Timestamp"))))
			_, err := s.Verify(header, "", "", body, now)
			if reasonOf(t, err) != RefusedNoSecret {
				t.Errorf("got %v", err)
			}
			if name == "no secret" && !strings.Contains(err.Error(), "GIFTLINE_RESEND_SECRET") {
				t.Errorf("%v does not name the setting", err)
			}
		})
	}
}

func TestVerify_NoneMustBeWrittenOut(t *testing.T) {
	s := open(t, Source{Name: "x", Provider: domain.Snappy, Scheme: None})
	got, err := s.Verify(http.Header{}, "", "", nil, time.Now())
	if err != nil || got != (Verified{SecretIndex: -1}) {
		t.Errorf("%+v, %v", got, err)
	}
	if len(s.Sign("id", time.Now(), nil)) != 0 {
		t.Error("none signs")
	}
}
