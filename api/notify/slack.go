package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"giftline/domain"
)

// Limits of https://docs.slack.dev/reference/block-kit/blocks: a message has at most 50 blocks, of which ours has at most
// one for each line and four more.
const (
	slackHeader  = 150  // characters of a header
	slackSection = 3000 // characters of a section
)

// slackWords are what Slack says is wrong; its other answers may repeat the request.
var slackWords = []string{
	"invalid_payload", "invalid_blocks", "no_text", "no_service", "no_service_id", "no_team", "team_disabled", "invalid_token",
	"channel_not_found", "channel_is_archived", "action_prohibited", "posting_to_general_channel_denied", "user_not_found",
	"rollup_error", "rate_limited",
}

// slack posts to an incoming webhook, whose URL is a secret.
type slack struct {
	poster
	writer
}

func openSlack(c Channel, o Options, p *problems) domain.Notifier {
	p.only(c, "url")
	s := &slack{newPoster(p.checkURL(c.URL), o, http.StatusBadRequest), newWriter(o)}
	s.words = slackWords
	return s
}

type slackMessage struct {
	Text        string       `json:"text"` // what is shown where blocks are not
	Blocks      []slackBlock `json:"blocks"`
	UnfurlLinks bool         `json:"unfurl_links"`
	UnfurlMedia bool         `json:"unfurl_media"`
}

type slackBlock struct {
	Type string     `json:"type"`
	Text *slackText `json:"text"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Notify posts the message.
func (s *slack) Notify(ctx context.Context, n domain.Notification) error {
	body, err := json.Marshal(inSlack(s.message(n)))
	if err != nil {
		return &domain.NotifyError{Err: err, Final: true}
	}
	return s.post(ctx, body, nil)
}

var slackSigns = map[domain.Severity]string{domain.Critical: ":red_circle: ", domain.Warning: ":large_orange_circle: ", domain.Info: ""}

func inSlack(m message) slackMessage {
	out := slackMessage{Text: mrkdwn(m.Title)}
	header := cut(slackSigns[m.Severity]+m.Title, slackHeader)
	out.Blocks = append(out.Blocks, slackBlock{"header", &slackText{"plain_text", header}})
	out.section(joined("\n", mrkdwn(m.Counts), mrkdwn(sentenceCase(m.Means))))
	for _, packed := range packs(m.Lines) {
		out.section(packed)
	}
	if m.More > 0 {
		out.section(fmt.Sprintf("and %d more", m.More))
	}
	if link := m.more(); link != "" {
		out.section(slackLink(link, "Show in Giftline"))
	}
	return out
}

// section adds a block; one that is too long cannot happen, for lines are cut, and is cut rather than refused.
func (s *slackMessage) section(text string) {
	if text != "" {
		s.Blocks = append(s.Blocks, slackBlock{"section", &slackText{"mrkdwn", cut(text, slackSection)}})
	}
}

// packs puts as many lines as fit into each section.
func packs(lines []line) (all []string) {
	for _, l := range lines {
		next := slackLine(l)
		if i := len(all) - 1; i >= 0 && utf8.RuneCountInString(all[i])+1+utf8.RuneCountInString(next) <= slackSection {
			all[i] += "\n" + next
			continue
		}
		all = append(all, next)
	}
	return all
}

// slackLine leaves links out that do not fit.
func slackLine(l line) string {
	plain := "• " + mrkdwn(l.Text)
	linked := plain
	for _, link := range []struct{ url, name string }{{l.Link, "alert"}, {l.Subject, "timeline"}} {
		if link.url != "" {
			linked += " " + slackLink(link.url, link.name)
		}
	}
	if utf8.RuneCountInString(linked) > slackSection {
		return plain
	}
	return linked
}

func slackLink(url, name string) string {
	return "<" + mrkdwn(strings.ReplaceAll(url, "|", "%7C")) + "|" + name + ">"
}

var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// mrkdwn keeps text from becoming a link or a mention of somebody.
func mrkdwn(s string) string { return slackEscapes.Replace(s) }

func joined(by string, parts ...string) string {
	var some []string
	for _, part := range parts {
		if part != "" {
			some = append(some, part)
		}
	}
	return strings.Join(some, by)
}
