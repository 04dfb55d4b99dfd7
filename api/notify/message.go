package notify

import (
	"fmt"
	"net/url"
	"strings"

	"giftline/domain"
)

// linesAtMost is of how many alerts a message for people tells one by one.
const linesAtMost = 20

// message is what a notification says to people, in words. It is a function of the notification: another try says the
// same. No part holds a line break.
type message struct {
	Title    string
	Severity domain.Severity // the highest of what is not over
	Counts   string          // what happened to how many; empty for a single one
	Means    string          // what the rule means, where all alerts share one and some are not over
	Lines    []line          // the first alerts
	More     int64           // how many are not among the lines
	Link     string          // to all of it; empty without a public URL
}

// more gives the link to all of it, where no line has it.
func (m message) more() string {
	if len(m.Lines) == 1 && m.Lines[0].Link == m.Link {
		return ""
	}
	return m.Link
}

// line tells of one alert.
type line struct {
	Text    string
	Link    string // to the alert
	Subject string // to what it is about
}

// writer puts notifications into words.
type writer struct{ publicURL string }

func newWriter(o Options) writer { return writer{strings.TrimRight(o.PublicURL, "/")} }

func (w writer) message(n domain.Notification) message {
	switch n.Kind {
	case domain.KindTest:
		return message{Title: "Test message from Giftline", Severity: domain.Info, Link: w.link(""),
			Means: fmt.Sprintf("The channel %s works: alerts will arrive like this.", text(n.Channel, wordAtMost))}
	case domain.KindMove:
		return w.moved(n)
	}
	live, ended := countsOf(n)
	m := message{Severity: severityOf(n), Link: w.link("alerts"), More: live + ended}
	if live > 0 {
		m.Means = shared(n)
	}
	for _, item := range n.Items[:min(len(n.Items), linesAtMost)] {
		m.Lines = append(m.Lines, w.line(item, n))
	}
	m.More = max(m.More-int64(len(m.Lines)), 0)
	if live+ended == 1 && len(n.Items) == 1 {
		m.Title, m.Link = tone(n.Items[0], n)+sentence(n.Items[0], days(n)), m.Lines[0].Link
	} else {
		m.Title, m.Counts = digest(n, live, ended), counted(n)
	}
	m.Title = cut(m.Title, titleAtMost)
	return m
}

func (w writer) moved(n domain.Notification) message {
	if n.Move == nil {
		return message{Title: "A subject moved", Severity: domain.Info, Link: w.link("")}
	}
	v := n.Move
	how := fmt.Sprintf("moved from %s to %s", v.From, v.To)
	switch v.Verdict {
	case domain.Moved:
	case domain.Gap:
		how += ", by steps that nobody reported"
	default:
		how = fmt.Sprintf("was reported as %s while in %s (%s)", v.To, v.From, v.Verdict)
	}
	if v.Was != "" {
		how += fmt.Sprintf("; this was taken for %s before", v.Was)
	}
	said := subjectName(v.Subject) + reference(v.Named) + " " + text(how, sentenceAtMost) + ", " + minutes(n)(v.At)
	return message{Title: cut(said, titleAtMost), Severity: domain.Info, Link: w.subject(&v.Subject)}
}

// severityOf gives the highest severity of what is not over.
func severityOf(n domain.Notification) domain.Severity {
	highest := domain.Info
	for _, item := range n.Items {
		if !isEnd(item.Step) && item.Alert.Severity.AtLeast(highest) {
			highest = item.Alert.Severity
		}
	}
	return highest
}

// ruleOf gives the rule of all alerts that are told of, or none.
func ruleOf(n domain.Notification) domain.Rule {
	var rule domain.Rule
	for i, item := range n.Items {
		if i > 0 && item.Alert.Rule != rule {
			return ""
		}
		rule = item.Alert.Rule
	}
	return rule
}

func shared(n domain.Notification) string {
	if rule := ruleOf(n); rule != "" {
		return means(rule)
	}
	return ""
}

func (w writer) line(item domain.NotificationItem, n domain.Notification) line {
	a := item.Alert
	return line{
		Text:    text(tone(item, n)+sentence(item, minutes(n)), sentenceAtMost),
		Link:    w.link("alerts/" + url.PathEscape(a.ID)),
		Subject: w.subject(a.Subject),
	}
}

func tone(item domain.NotificationItem, n domain.Notification) string {
	if n.Kind == domain.KindRepeat {
		return still
	}
	return tones[item.Step]
}

// sentence says what an alert says, with times in a form.
func sentence(item domain.NotificationItem, at form) string {
	a := item.Alert
	if a.Subject == nil {
		return trouble(a, at)
	}
	p := phraseOf(a.Rule)
	verb := p.one
	if isEnd(item.Step) {
		verb = p.wasOne
	}
	said := subjectName(*a.Subject) + reference(a.Named) + " " + verb
	if a.State != "" && a.State != string(a.Rule) && a.Rule != domain.RuleOverdue { // not: has failed: failed
		said += p.before + text(a.State, wordAtMost)
	}
	return said + times(a, p, at) + detail(a)
}

// times says from when on an alert holds: of what was to be over, by when; of a stay that ends on the day it began, once.
func times(a domain.Alert, p phrase, at form) string {
	since, due := at(a.Since), at(a.At)
	switch {
	case a.Rule == domain.RuleOverdue:
		return " by " + due
	case a.State == string(a.Rule):
		return ", " + since
	case p.due && due != since:
		return p.since + since + ", due " + due
	}
	return p.since + since
}

// trouble speaks of a source, or of ourselves.
func trouble(a domain.Alert, at form) string {
	who := "Giftline"
	if a.Source != "" {
		who = "Source " + text(a.Source, wordAtMost)
	}
	said := a.Detail
	if said == "" {
		said = means(a.Rule)
	}
	return who + ": " + text(said, sentenceAtMost) + ", since " + at(a.Since)
}

func detail(a domain.Alert) string {
	if a.Detail == "" {
		return ""
	}
	return "; " + text(a.Detail, sentenceAtMost)
}

func reference(named domain.Attributes) string {
	if named.Reference == "" {
		return ""
	}
	return " (" + text(named.Reference, wordAtMost) + ")"
}

// form is how a time is written.
type form func(domain.Instant) string

// days leaves the time of day out, minutes does not; neither has the year of the message.
func days(n domain.Notification) form    { return formOf(n, "2 Jan", "") }
func minutes(n domain.Notification) form { return formOf(n, "2 Jan", " 15:04 UTC") }

func formOf(n domain.Notification, date, clock string) form {
	year := n.CreatedAt.Time().Year()
	return func(i domain.Instant) string {
		if t := i.Time(); t.Year() != year {
			return t.Format(date + " 2006" + clock)
		}
		return i.Time().Format(date + clock)
	}
}

func (w writer) link(path string) string {
	if w.publicURL == "" {
		return ""
	}
	return w.publicURL + "/" + path
}

// subject links to what is known of a subject. An id that is somebody's address is not told.
func (w writer) subject(s *domain.Subject) string {
	if s == nil || nouns[s.Kind].path == "" || masked(s.ID) != s.ID {
		return ""
	}
	return w.link(nouns[s.Kind].path + "/" + url.PathEscape(s.ID))
}
