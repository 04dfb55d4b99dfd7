package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/api/notify"
)

// channelsOf gives the channels that an environment and a file lead to.
func channelsOf(t *testing.T, env map[string]string, text string) ([]notify.Channel, error) {
	t.Helper()
	p := &program{getenv: func(name string) string { return env[name] }}
	var err error
	if p.file, err = readSettings(writeFile(t, "g.yaml", text)); err != nil {
		t.Fatal(err)
	}
	return p.channels()
}

const hook = "name: hook, kind: webhook, url: 'https://example.com/hook'"

func TestChannels(t *testing.T) {
	t.Parallel()
	urlFile, secretFile, passwordFile := writeFile(t, "url", "https://hooks.slack.com/services/T/B/x\n"), writeFile(t, "secrets", svixSecret+"\n"+otherSvixSecret+"\n"), writeFile(t, "password", "hush\n")
	webhook := notify.Channel{Name: "hook", Kind: notify.Webhook, URL: "https://example.com/hook", Secrets: []string{svixSecret}, Ends: true}
	mail := notify.Channel{Name: "m-1", Kind: notify.Email, Server: "smtp.example.com:587", User: "u", Password: "hush", From: "a@example.com", To: []string{"b@example.com"}, Ends: true}
	const mailFile = "name: m-1, kind: email, server: 'smtp.example.com:587', user: u, from: a@example.com, to: [b@example.com]"
	for name, c := range map[string]struct {
		env  map[string]string
		file string
		want notify.Channel
	}{
		"in the file":             {nil, hook + ", secrets: [" + svixSecret + "]", webhook},
		"secret by environment":   {map[string]string{"GIFTLINE_CHANNEL_HOOK_SECRET": svixSecret}, hook, webhook},
		"environment beats it":    {map[string]string{"GIFTLINE_CHANNEL_HOOK_SECRET": svixSecret}, hook + ", secrets: [" + otherSvixSecret + "]", webhook},
		"address by environment":  {map[string]string{"GIFTLINE_CHANNEL_HOOK_URL": "https://example.com/hook"}, "name: hook, kind: webhook, secrets: [" + svixSecret + "]", webhook},
		"address in a file":       {nil, "name: ops, kind: slack, url_file: " + urlFile, notify.Channel{Name: "ops", Kind: notify.Slack, URL: "https://hooks.slack.com/services/T/B/x", Ends: true}},
		"rotating, in a file":     {nil, hook + ", secret_file: " + secretFile, with(webhook, func(c *notify.Channel) { c.Secrets = append(c.Secrets, otherSvixSecret) })},
		"that by environment":     {map[string]string{"GIFTLINE_CHANNEL_HOOK_SECRET_FILE": secretFile}, hook, with(webhook, func(c *notify.Channel) { c.Secrets = append(c.Secrets, otherSvixSecret) })},
		"password":                {nil, mailFile + ", password: hush", mail},
		"password in a file":      {nil, mailFile + ", password_file: " + passwordFile, mail},
		"password by environment": {map[string]string{"GIFTLINE_CHANNEL_M_1_PASSWORD": "hush"}, mailFile, mail},
		"only beginnings":         {nil, "name: log, kind: log, ends: false", notify.Channel{Name: "log", Kind: notify.Log}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := channelsOf(t, c.env, "channels: [{"+c.file+"}]")
			if diff := cmp.Diff([]notify.Channel{c.want}, got); diff != "" || err != nil {
				t.Errorf("error %v, -want +got:\n%s", err, diff)
			}
		})
	}
}

func with(c notify.Channel, change func(*notify.Channel)) notify.Channel {
	change(&c)
	return c
}

// TestChannels_example: every channel of the file in which every key stands can be opened.
func TestChannels_example(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/alerting.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{getenv: func(string) string { return "" }}
	path := writeFile(t, "g.yaml", string(text))
	for name, secret := range map[string]string{"slack-url": "https://hooks.slack.com/services/T/B/x", "pagerduty-key": "0123456789abcdef0123456789abcdef", "smtp-password": "hush"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if p.file, err = readSettings(path); err != nil {
		t.Fatal(err)
	}
	all, err := p.channels()
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprint(c.Name, " ", c.Kind, " ", c.Ends))
	}
	want := []string{"ops slack true", "hook webhook true", "pager pagerduty true", "am alertmanager true", "mail email false", "log log true"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
}

// TestChannels_errors: each is refused with its line, without what may be secret.
func TestChannels_errors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env        map[string]string
		file, want string
	}{
		"no name":              {nil, "{kind: log}", "channels[0].name: a name is made of"},
		"bad name":             {nil, "{name: Ops, kind: log}", "[1:19] channels[0].name: a name is made of"},
		"twice":                {nil, "{name: log, kind: log}, {name: log, kind: log}", "channels[1].name: two channels are named \"log\""},
		"variables twice":      {nil, "{name: a-b, kind: log}, {name: a_b, kind: log}", "or so that their variables are"},
		"no kind":              {nil, "{name: ops}", "channels[0]: "},
		"no such kind":         {nil, "{name: ops, kind: telegram}", "telegram"},
		"no address":           {nil, "{name: ops, kind: slack}", "channels[0]: "},
		"no secret":            {nil, "{" + hook + "}", "channels[0]: "},
		"short secret":         {nil, "{" + hook + ", secrets: [whsec_aHVzaA==]}", "channels[0]: "},
		"short, elsewhere":     {map[string]string{"GIFTLINE_CHANNEL_HOOK_SECRET": "whsec_aHVzaA=="}, "{" + hook + "}", "channels[0]: "},
		"no routing key":       {nil, "{name: pager, kind: pagerduty}", "channels[0]: "},
		"no server":            {nil, "{name: mail, kind: email, from: a@example.com, to: [b@example.com]}", "channels[0]: "},
		"nobody to write to":   {nil, "{name: mail, kind: email, server: 'smtp.example.com:587', from: a@example.com}", "channels[0]: "},
		"secret and its file":  {nil, "{" + hook + ", secrets: [hush], secret_file: x}", "both secrets and secret_file are given: remove one"},
		"address and its file": {nil, "{name: ops, kind: slack, url: 'https://hush', url_file: x}", "both url and url_file are given: remove one"},
		"no such file":         {nil, "{name: ops, kind: slack, url_file: /nowhere}", "reading the file that url_file names"},
		"nor by environment":   {map[string]string{"GIFTLINE_CHANNEL_OPS_URL_FILE": "/nowhere"}, "{name: ops, kind: slack}", "GIFTLINE_CHANNEL_OPS_URL_FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := channelsOf(t, maps.Clone(c.env), "channels: ["+c.file+"]")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "g.yaml: [1:") {
				t.Fatalf("error %v, want one with %s", err, c.want)
			}
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "aHVzaA") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestStrayVariables_channels(t *testing.T) {
	t.Parallel()
	environ := []string{"GIFTLINE_CHANNEL_OPS_URL=x", "GIFTLINE_CHANNEL_OPS_SECRET_FILE=x", "GIFTLINE_CHANNEL_M_1_PASSWORD=x", "GIFTLINE_CHANNEL_OPPS_URL=x", "GIFTLINE_CHANNEL_OPS_KEY=x"}
	got := strayVariables(environ, nil, notify.Channel{Name: "ops"}, notify.Channel{Name: "m-1"})
	if diff := cmp.Diff([]string{"GIFTLINE_CHANNEL_OPPS_URL", "GIFTLINE_CHANNEL_OPS_KEY"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
