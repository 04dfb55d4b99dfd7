package notify

import (
	"fmt"
	"slices"
	"strings"

	"giftline/domain"
)

// digest says in one sentence what happened to many: 480 Snappy gifts are stuck, 20 no longer.
func digest(n domain.Notification, live, ended int64) string {
	rule := ruleOf(n)
	if rule == "" || len(n.Items) == 0 {
		return mixed(n, live, ended)
	}
	if slices.ContainsFunc(n.Items, func(i domain.NotificationItem) bool { return i.Alert.Subject == nil }) {
		return mixed(n, live, ended) + ": " + means(rule)
	}
	p := phraseOf(rule)
	if live == 0 {
		return mood(n, live) + things(n, ended) + " " + choose(ended, p.wasOne, p.were)
	}
	said := mood(n, live) + things(n, live) + " " + choose(live, p.one, p.many)
	if ended > 0 {
		said += fmt.Sprintf(", %d no longer", ended)
	}
	return said
}

// mixed is for alerts of several rules.
func mixed(n domain.Notification, live, ended int64) string {
	said := mood(n, live) + plural(live, "alert", "alerts")
	switch {
	case live == 0:
		return mood(n, live) + plural(ended, "alert", "alerts")
	case ended > 0:
		said += fmt.Sprintf(", %d over", ended)
	}
	return said
}

// mood says that the whole of a digest is nothing new.
func mood(n domain.Notification, live int64) string {
	switch {
	case n.Kind == domain.KindRepeat:
		return still
	case live > 0:
		return ""
	case n.Counts[domain.StepResolved] == 0:
		return tones[domain.StepWithdrawn]
	}
	return tones[domain.StepResolved]
}

// things counts subjects by the provider and the kind that all of them share.
func things(n domain.Notification, count int64) string {
	first := *n.Items[0].Alert.Subject
	provider, kind := providerName(first.Provider)+" ", nouns[first.Kind]
	for _, item := range n.Items {
		if item.Alert.Subject.Provider != first.Provider {
			provider = ""
		}
		if item.Alert.Subject.Kind != first.Kind || kind.one == "" {
			kind.one, kind.many = "subject", "subjects"
		}
	}
	return plural(count, provider+kind.one, provider+kind.many)
}

// plural counts: 1 gift, 2 gifts.
func plural(count int64, one, many string) string {
	return fmt.Sprintf("%d %s", count, choose(count, one, many))
}

func choose(count int64, one, many string) string {
	if count == 1 {
		return one
	}
	return many
}

// told are the steps in the order in which counts are told, in words.
var told = []struct {
	step domain.StepKind
	word string
}{
	{domain.StepOpened, "new"}, {domain.StepReopened, "reopened"}, {domain.StepWoke, "awake again"},
	{domain.StepResolved, "over"}, {domain.StepWithdrawn, "withdrawn"},
}

func counted(n domain.Notification) string {
	var parts []string
	for _, t := range told {
		count := n.Counts[t.step]
		if count == 0 {
			continue
		}
		word := t.word
		if n.Kind == domain.KindRepeat {
			word = "open"
		}
		parts = append(parts, fmt.Sprintf("%d %s", count, word))
	}
	return strings.Join(parts, ", ")
}

// plain is a message as lines of text, for e-mail.
func (m message) plain(id string) string {
	var b strings.Builder
	paragraph := func(lines ...string) {
		for _, line := range lines {
			if line != "" {
				b.WriteString(line + "\n")
			}
		}
		b.WriteString("\n")
	}
	paragraph(m.Title)
	if m.Counts != "" || m.Means != "" {
		paragraph(m.Counts, sentenceCase(m.Means))
	}
	for _, l := range m.Lines {
		links := strings.TrimSpace(l.Link + "\n  " + l.Subject)
		paragraph("- "+l.Text, indent(links))
	}
	if m.More > 0 {
		paragraph(fmt.Sprintf("and %d more", m.More))
	}
	if link := m.more(); link != "" {
		paragraph("See " + link)
	}
	b.WriteString("Giftline " + id + "\n")
	return b.String()
}

func indent(s string) string {
	if s == "" {
		return ""
	}
	return "  " + s
}

// sentenceCase makes a rule's meaning a sentence.
func sentenceCase(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
