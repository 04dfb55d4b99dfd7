package notify

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"giftline/domain"
)

// Whatever is told, Slack takes it: its limits hold, nothing becomes a mention, every link is whole.
func TestSlack_Limits(t *testing.T) {
	t.Parallel()
	hostile := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{strings.Repeat("&", 512), strings.Repeat("<!here>", 70),
		strings.Repeat("ü|", 250), "<@U123>", "https://evil.example.com|click"}))
	rapid.Check(t, func(t *rapid.T) {
		var items []domain.NotificationItem
		for i := range rapid.IntRange(1, 30).Draw(t, "alerts") {
			a := stuck(i)
			a.Subject.ID, a.Named.Reference, a.Detail = hostile.Draw(t, "id"), hostile.Draw(t, "reference"), hostile.Draw(t, "detail")
			items = append(items, item(domain.StepOpened, a))
		}
		m := inSlack(newWriter(options()).message(telling(domain.KindAlerts, items...)))
		if len(m.Blocks) > 50 || m.Text == "" || m.Blocks[0].Type != "header" {
			t.Fatalf("%d blocks, text %q", len(m.Blocks), m.Text)
		}
		for _, b := range m.Blocks {
			length, most := utf8.RuneCountInString(b.Text.Text), slackSection
			if b.Type == "header" {
				most = slackHeader
			}
			if length == 0 || length > most {
				t.Fatalf("a %s of %d characters", b.Type, length)
			}
			if b.Text.Type != "mrkdwn" {
				continue
			}
			for _, after := range strings.Split(b.Text.Text, "<")[1:] {
				link, _, whole := strings.Cut(after, ">")
				if !whole || !strings.HasPrefix(link, "https://gifts.example.com/") || strings.Count(link, "|") != 1 {
					t.Fatalf("%q is no link of ours", link)
				}
			}
		}
	})
}

// Of what Slack answers only its own words are told: the rest may be the request.
func TestSlack_SaysWhy(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"no_service\n":       "answered 404 (no_service)",
		"/T0/B0/SECRETPATH":  "answered 404: look at its url",
		"<html>no such page": "answered 404: look at its url",
	} {
		s, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, answer, 404) })
		err := open(t, channelOf(Slack, s.URL+"/T0/B0/SECRETPATH")).Notify(t.Context(), someNews())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		noSecrets(t, err)
	}
}
