package main

import (
	"reflect"
	"strings"
	"testing"

	"giftline/api/webhooks"
	"giftline/domain"
)

const (
	svixSecret      = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSvixSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	tokenSecret     = "a-token-of-sixteen-or-more"
)

// configured gives the sources that an environment and a file lead to.
func configured(t *testing.T, env map[string]string, file string) ([]webhooks.Source, error) {
	t.Helper()
	args := []string{"serve"}
	if file != "" {
		args = append(args, "--config", writeFile(t, "g.yaml", file))
	}
	_, p, err := parse(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	p.getenv = func(name string) string { return env[name] }
	return p.sources()
}

func TestSources_withoutConfiguration(t *testing.T) {
	sources, err := configured(t, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]webhooks.Scheme{"sendoso": webhooks.Svix, "snappy": webhooks.Token, "resend": webhooks.Svix, "opensend": webhooks.SvixRaw}
	got := map[string]webhooks.Scheme{}
	for _, s := range sources {
		got[s.Name] = s.Scheme
		if len(s.Secrets) != 0 || string(s.Provider) != s.Name {
			t.Errorf("%+v", s)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSources_secrets(t *testing.T) {
	file := writeFile(t, "secret", svixSecret+"\n")
	inFile := "sources: [{name: resend, secrets: [" + otherSvixSecret + "]}]\n"
	for name, c := range map[string]struct {
		env  map[string]string
		file string
		want []webhooks.Secret
	}{
		"one":                  {map[string]string{"GIFTLINE_RESEND_SECRET": svixSecret}, "", []webhooks.Secret{{Value: svixSecret}}},
		"rotating":             {map[string]string{"GIFTLINE_RESEND_SECRET": svixSecret + ", " + otherSvixSecret}, "", []webhooks.Secret{{Value: svixSecret}, {Value: otherSvixSecret}}},
		"bound":                {map[string]string{"GIFTLINE_RESEND_SECRET": "email.sent=" + svixSecret}, "", []webhooks.Secret{{Value: svixSecret, EventType: "email.sent"}}},
		"file by environment":  {map[string]string{"GIFTLINE_RESEND_SECRET_FILE": file}, "", []webhooks.Secret{{Value: svixSecret}}},
		"settings file":        {nil, inFile, []webhooks.Secret{{Value: otherSvixSecret}}},
		"environment beats it": {map[string]string{"GIFTLINE_RESEND_SECRET": svixSecret}, inFile, []webhooks.Secret{{Value: svixSecret}}},
	} {
		t.Run(name, func(t *testing.T) {
			sources, err := configured(t, c.env, c.file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := sourceNamed(sources, "resend")
			if err != nil || !reflect.DeepEqual(s.Secrets, c.want) {
				t.Errorf("secrets %+v, want %+v (error %v)", s.Secrets, c.want, err)
			}
		})
	}
}

func TestSources_further(t *testing.T) {
	sources, err := configured(t, map[string]string{"GIFTLINE_SNAPPY_EU_SECRET": tokenSecret}, `
sources:
  - name: snappy-eu
    provider: snappy
    scheme: hmac
    header: X-Signature
    hash: sha512
    encoding: base64
  - {name: snappy, scheme: none}
`)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) != len(ownProviders)+1 {
		t.Errorf("%d sources", len(sources))
	}
	eu, err := sourceNamed(sources, "snappy-eu")
	if err != nil || eu.Provider != domain.Snappy || eu.Scheme != webhooks.HMAC || eu.Header != "X-Signature" || eu.Hash != "sha512" || eu.Encoding != "base64" || len(eu.Secrets) != 1 {
		t.Errorf("%+v, error %v", eu, err)
	}
	if own, err := sourceNamed(sources, "snappy"); err != nil || own.Scheme != webhooks.None {
		t.Errorf("%+v, error %v", own, err)
	}
}

func TestSources_errors(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		file string
		want []string
	}{
		"short token":         {map[string]string{"GIFTLINE_SNAPPY_SECRET": "hush-hush"}, "", []string{`"snappy"`, "16", "GIFTLINE_SNAPPY_SECRET"}},
		"short key":           {map[string]string{"GIFTLINE_RESEND_SECRET": "whsec_aHVzaA=="}, "", []string{`"resend"`, "24"}},
		"not base64":          {map[string]string{"GIFTLINE_SENDOSO_SECRET": "whsec_hush-hush_hush-hush_hush-hush_"}, "", []string{`"sendoso"`, "base64"}},
		"comma too many":      {map[string]string{"GIFTLINE_RESEND_SECRET": svixSecret + ",,"}, "", []string{"GIFTLINE_RESEND_SECRET", "empty"}},
		"by itself and file":  {map[string]string{"GIFTLINE_RESEND_SECRET": svixSecret, "GIFTLINE_RESEND_SECRET_FILE": "x"}, "", []string{"GIFTLINE_RESEND_SECRET", "remove one"}},
		"no such file":        {map[string]string{"GIFTLINE_RESEND_SECRET_FILE": "/nowhere"}, "", []string{"GIFTLINE_RESEND_SECRET_FILE", "/nowhere"}},
		"no such secret_file": {nil, "sources: [{name: resend, secret_file: /nowhere}]", []string{`"resend"`, "secret_file", "/nowhere"}},
		"secrets twice":       {nil, "sources: [{name: resend, secrets: [hush], secret_file: /nowhere}]", []string{"secrets and secret_file", "remove one"}},
		"several at once":     {map[string]string{"GIFTLINE_SNAPPY_SECRET": "hush", "GIFTLINE_OPENSEND_SECRET": "hush"}, "", []string{"snappy", "opensend"}},
		"bad name":            {nil, "sources: [{name: A/B, provider: snappy}]", []string{`"A/B"`}},
		"no provider":         {nil, "sources: [{name: more}]", []string{`"more"`, "provider"}},
		"foreign provider":    {nil, "sources: [{name: resend, provider: snappy}]", []string{`"resend"`}},
		"further, closed":     {nil, "sources: [{name: more, provider: snappy}]", []string{`"more"`, "GIFTLINE_MORE_SECRET"}},
		"twice":               {nil, "sources: [{name: snappy}, {name: snappy}]", []string{"twice"}},
		"unknown scheme":      {nil, "sources: [{name: snappy, scheme: basic}]", []string{`"basic"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configured(t, c.env, c.file)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestAPIKey(t *testing.T) {
	_, p, err := parse(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		value string
		ok    bool
	}{{"", true}, {strings.Repeat("k", 23), false}, {strings.Repeat("k", 24), true}} {
		p.getenv = func(name string) string { return map[string]string{"GIFTLINE_API_KEY": c.value}[name] }
		if key, err := p.apiKey(); (err == nil) != c.ok || c.ok && key != c.value {
			t.Errorf("%q: key %q, error %v", c.value, key, err)
		}
	}
}

func TestStrayVariables(t *testing.T) {
	sources, err := configured(t, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	got := strayVariables([]string{"GIFTLINE_SENDSO_SECRET=x", "GIFTLINE_SENDOSO_SECRET=x", "GIFTLINE_SNAPPY_SECRET_FILE=x", "GIFTLINE_TEST_POSTGRES=x", "HOME=/"}, sources)
	if !reflect.DeepEqual(got, []string{"GIFTLINE_SENDSO_SECRET"}) {
		t.Errorf("stray: %v", got)
	}
}

func TestStrayBindings(t *testing.T) {
	sources, err := configured(t, map[string]string{
		"GIFTLINE_SENDOSO_SECRET": "send.shiped=" + svixSecret + ",shipped=" + otherSvixSecret,
		"GIFTLINE_RESEND_SECRET":  "email.received=" + svixSecret,
		"GIFTLINE_SNAPPY_SECRET":  tokenSecret,
	}, "sources: [{name: resend-news, provider: resend, secrets: ['send.shipped="+svixSecret+"']}]")
	if err != nil {
		t.Fatal(err)
	}
	want := []binding{{"sendoso", domain.Sendoso, "send.shiped"}, {"resend-news", domain.Resend, "send.shipped"}}
	if got := strayBindings(sources); !reflect.DeepEqual(got, want) {
		t.Errorf("stray: %v, want %v", got, want)
	}
}
