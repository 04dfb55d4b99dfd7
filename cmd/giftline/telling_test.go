package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"giftline/api/notify"
	"giftline/api/webhooks"
	"giftline/domain"
)

// TestWarnOfUntold: an operator learns at the start whom alerts do not reach.
func TestWarnOfUntold(t *testing.T) {
	t.Parallel()
	ops, pager := notify.Channel{Name: "ops", Kind: notify.Log}, notify.Channel{Name: "pager", Kind: notify.Log}
	toOps := domain.Routes{{Channel: "ops"}}
	for name, c := range map[string]struct {
		channels []notify.Channel
		routes   domain.Routes
		want     string
	}{
		"nothing configured": {nil, nil, "nobody is told: no routes are configured"},
		"a route":            {[]notify.Channel{ops}, toOps, ""},
		"one channel more":   {[]notify.Channel{ops, pager}, toOps, "no route leads to the channel: it is told nothing\" channel=pager"},
		"no route":           {[]notify.Channel{ops}, nil, "channel=ops"},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			o := outside{log: slog.New(slog.NewTextHandler(&b, nil)), channels: c.channels, alerting: &domain.Alerting{Routes: c.routes}}
			o.warnOfUntold()
			if got := b.String(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("the log says %q, want %q", got, c.want)
			}
		})
	}
}

// TestNewMonitor_sources: a source that is closed hears nothing, so that its silence is no news.
func TestNewMonitor_sources(t *testing.T) {
	t.Parallel()
	m := newMonitor(nil, outside{sources: []webhooks.Source{
		{Name: "snappy", Secrets: []webhooks.Secret{{Value: tokenSecret}}}, {Name: "resend", Scheme: webhooks.Svix}, {Name: "intranet", Scheme: webhooks.None},
	}}, nil)
	if got := strings.Join(m.Sources, " "); got != "snappy intranet" {
		t.Errorf("watched are %s", got)
	}
}
