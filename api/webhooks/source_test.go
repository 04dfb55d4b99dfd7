package webhooks

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

func TestSource_Check(t *testing.T) {
	resend := func(secrets ...string) Source {
		s := Source{Name: "mail", Provider: domain.Resend}
		for _, secret := range secrets {
			s.Secrets = append(s.Secrets, Secret{Value: secret})
		}
		return s
	}
	with := func(s Source, change func(*Source)) Source { change(&s); return s }
	for _, c := range []struct {
		name   string
		source Source
		want   string // in the error; empty if it is right
	}{
		{"a closed source", resend(), ""},
		{"a secret of 24 bytes", resend(secretA), ""},
		{"two", resend(secretA, secretB), ""},
		{"without its prefix", resend(strings.TrimPrefix(secretA, "whsec_")), ""},
		{"padded", resend("whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ=="), ""},
		{"the published vector of 18 bytes", resend("whsec_plJ3nmyCDGBKInavdOK15jsl"), "18 bytes, at least 24"},
		{"empty", resend(secretA, ""), "secret 2 of 2 is empty: paste"},
		{"only the prefix", resend("whsec_"), "is empty"},
		{"not base64", resend("whsec_a-b_cdefghijklmnopqrstuvwxyz012345"), "svix-raw"},
		{"a public key", resend("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "ed25519"},
		{"twice the same", resend(secretA, secretA), "was given before"},
		{"a raw key", with(resend("whsec_a-b_cdefghijklmnopqrstuvwxyz012345"), func(s *Source) { s.Provider = domain.OpenSend }), ""},
		{"a short raw key", with(resend("whsec_test_secret"), func(s *Source) { s.Provider = domain.OpenSend }), "11 bytes, at least 24"},
		{"a token", with(resend("0123456789abcdef"), func(s *Source) { s.Provider = domain.Snappy }), ""},
		{"a short token", with(resend("0123456789abcde"), func(s *Source) { s.Provider = domain.Snappy }), "shorter than 16"},
		{"none", with(resend(), func(s *Source) { s.Scheme = None }), ""},
		{"none with a secret", with(resend(secretA), func(s *Source) { s.Scheme = None }), "remove them"},
		{"an unknown scheme", with(resend(secretA), func(s *Source) { s.Scheme = "basic" }), "use svix, svix-raw, token, hmac or none"},
		{"an unknown provider without a scheme", Source{Name: "mail", Provider: "x"}, "unknown scheme"},
		{"hmac", with(resend(secretA), func(s *Source) { s.Scheme, s.Header = HMAC, "X-Sig" }), ""},
		{"hmac without header", with(resend(secretA), func(s *Source) { s.Scheme = HMAC }), "needs header"},
		{"hmac with md5", with(resend(secretA), func(s *Source) { s.Scheme, s.Header, s.Hash = HMAC, "X-Sig", "md5" }), "use sha256, sha512 or sha1"},
		{"hmac in base32", with(resend(secretA), func(s *Source) { s.Scheme, s.Header, s.Encoding = HMAC, "X-Sig", "base32" }), "use hex or base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(c.source)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"mail"`)):
				t.Errorf("%v does not name the source and say %q", err, c.want)
			}
			for _, s := range c.source.Secrets {
				if err != nil && len(s.Value) > 8 && strings.Contains(err.Error(), s.Value) {
					t.Errorf("%v tells the secret", err)
				}
			}
		})
	}
}

func TestSource_DefaultsOfItsProvider(t *testing.T) {
	for provider, want := range map[domain.Provider]Scheme{
		domain.Sendoso: Svix, domain.Resend: Svix, domain.OpenSend: SvixRaw, domain.Snappy: Token,
	} {
		if s := open(t, Source{Name: "x", Provider: provider}); s.Scheme != want {
			t.Errorf("%s: %s, want %s", provider, s.Scheme, want)
		}
	}
}

func TestParseSecrets(t *testing.T) {
	for list, want := range map[string][]Secret{
		"":                              nil,
		"  ":                            nil,
		secretA:                         {{Value: secretA}},
		secretA + ", " + secretB:        {{Value: secretA}, {Value: secretB}},
		"send.shipped=" + secretA:       {{Value: secretA, EventType: "send.shipped"}},
		"shipped=" + secretA:            {{Value: secretA, EventType: "shipped"}},
		"send.shipped=MfKQ9r8GKYqrTwjU": {{Value: "MfKQ9r8GKYqrTwjU", EventType: "send.shipped"}},
		"whsec_YWFhYQ==":                {{Value: "whsec_YWFhYQ=="}},
		"send.sent=whsec_YWFhYQ==":      {{Value: "whsec_YWFhYQ==", EventType: "send.sent"}},
		"token=with=equals=signs":       {{Value: "token=with=equals=signs"}},
		"send.sent=" + secretA + "," + secretB + ",send.failed=" + secretC: {
			{Value: secretA, EventType: "send.sent"}, {Value: secretB}, {Value: secretC, EventType: "send.failed"}},
	} {
		got, err := ParseSecrets(list)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("ParseSecrets(%q): %v\n%s", list, err, diff)
		}
	}
	for _, list := range []string{",", secretA + ",", "send.shipped="} {
		if got, err := ParseSecrets(list); err == nil {
			t.Errorf("ParseSecrets(%q) = %v, want an error", list, got)
		}
	}
}
