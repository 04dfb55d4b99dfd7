package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"giftline/api"
	"giftline/domain"
)

// alertsCmd shows what people should know, and answers it.
type alertsCmd struct {
	List        alertsListCmd   `cmd:"" default:"withargs" help:"List alerts, the last updated first; without --status those that have not ended."`
	Show        alertsShowCmd   `cmd:"" help:"Show one with its life."`
	Acknowledge alertsAckCmd    `cmd:"" help:"Say that somebody looks after it: no more repeats."`
	Snooze      alertsSnoozeCmd `cmd:"" help:"Be quiet about it for a while."`
	Resolve     alertsEndCmd    `cmd:"" help:"Say that it is over."`
	Reopen      alertsReopenCmd `cmd:"" help:"Open it again, whatever was answered before."`
}

// alertsListCmd lists alerts, from the local database or from a running server.
type alertsListCmd struct {
	Rule      []string `help:"Only by this rule, such as stuck." placeholder:"RULE"`
	Severity  []string `help:"Only of this severity: info, warning or critical." placeholder:"SEVERITY"`
	Status    []string `help:"Only in this status: open, acknowledged, snoozed, resolved or withdrawn; live for the first three." default:"live" placeholder:"STATUS"`
	Provider  []string `help:"Only about subjects of this provider." placeholder:"NAME"`
	Kind      []string `help:"Only about this kind of thing." placeholder:"KIND"`
	Source    []string `help:"Only about this source, or what it told of." placeholder:"SOURCE"`
	CompanyID []string `name:"company-id" sep:"none" help:"Only about subjects of this company." placeholder:"ID"`
	Limit     int      `help:"How many at most, up to 1000." default:"100"`
	JSON      bool     `help:"Print the answer of the API."`
	asked
}

// Run prints a line per alert.
func (c *alertsListCmd) Run(p *program) error {
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	return show(p, cl, "/alerts", c.query(), c.JSON, func(list *api.AlertList) error { return writeAlerts(p.out, *list) })
}

func (c *alertsListCmd) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	for name, values := range map[string][]string{
		"rule": c.Rule, "severity": c.Severity, "status": c.Status, "provider": c.Provider, "kind": c.Kind,
		"source": c.Source, "company_id": c.CompanyID,
	} {
		if len(values) > 0 {
			q[name] = values
		}
	}
	return q
}

func writeAlerts(w io.Writer, list api.AlertList) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tRULE\tSEVERITY\tSTATUS\tABOUT\tSTATE\tSINCE (UTC)\tAT (UTC)")
	for i := range list.Alerts {
		a := &list.Alerts[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, a.Rule, a.Severity, a.Status, about(a), stayOf(a.AlertMark), when(&a.Since), when(&a.At))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if list.Next != nil {
		fmt.Fprintf(w, "These are %d of %d: ask for less, or raise --limit.\n", len(list.Alerts), list.Count)
	}
	return nil
}

// about names what an alert is about.
func about(a *api.Alert) string {
	switch {
	case a.Subject != nil:
		return oneLine(domain.Subject{Provider: a.Subject.Provider, Kind: a.Subject.Kind, ID: a.Subject.ID}.String())
	case a.Source != nil:
		return "source " + oneLine(*a.Source)
	}
	return "giftline"
}

func stayOf(m api.AlertMark) string {
	if m.State == nil {
		return "-"
	}
	return oneLine(strings.TrimSpace(string(value(m.Region)) + " " + *m.State))
}

// alertsShowCmd shows one alert.
type alertsShowCmd struct {
	ID   string `arg:"" help:"Its id, as the list shows it."`
	JSON bool   `help:"Print the answer of the API."`
	asked
}

// Run prints what it is about, and its life.
func (c *alertsShowCmd) Run(p *program) error {
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	return show(p, cl, "/alerts/"+url.PathEscape(c.ID), nil, c.JSON, func(story *api.AlertStory) error { return writeAlert(p.out, story) })
}

func writeAlert(w io.Writer, a *api.AlertStory) error {
	d := &drawing{w: w}
	d.line(a.ID, string(a.Rule), string(a.Severity), string(a.Status))
	for _, row := range [][2]string{
		{"about", about(&a.Alert)}, {"state", stayOf(a.AlertMark)}, {"since", a.Since.Time().Format(clockLayout)},
		{"at", a.At.Time().Format(clockLayout)}, {"detail", oneLine(value(a.Detail))}, {"wakes", wakes(a)},
	} {
		if row[1] != "" && row[1] != "-" {
			d.line("  "+pad(row[0], 10), row[1])
		}
	}
	d.line("")
	d.steps("", a.Steps)
	return d.err
}

// wakes says when a snooze ends.
func wakes(a *api.AlertStory) string {
	if a.Status != domain.AlertSnoozed {
		return ""
	}
	var words []string
	if a.Until != nil {
		words = append(words, a.Until.Time().Format(clockLayout))
	}
	if a.UntilMoves {
		words = append(words, "when it moves")
	}
	return strings.Join(words, " or ")
}

// replying is what all steps that people make have in common.
type replying struct {
	ID   []string `arg:"" help:"Ids of alerts, as the list shows them."`
	Note string   `help:"Why, for whoever reads the alert." placeholder:"TEXT"`
	asked
}

// each makes a step with every one of the alerts, and says so. The first that cannot be made ends it.
func (c *replying) each(p *program, verb string, body any) (err error) {
	cl, err := c.asked.openWriting(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cl.close()) }()
	for _, id := range c.ID {
		raw, err := cl.send(p.ctx, http.MethodPost, "/alerts/"+url.PathEscape(id)+"/"+verb, body)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		var a api.AlertStory
		if err := json.Unmarshal(raw, &a); err != nil {
			return fmt.Errorf("the answer is no alert; is %s a giftline server? %w", cl.base, err)
		}
		line := fmt.Sprintf("%s is %s: %s, %s", a.ID, a.Status, a.Rule, about(&a.Alert))
		if woken := wakes(&a); woken != "" {
			line += ", until " + woken
		}
		fmt.Fprintln(p.out, line)
	}
	return nil
}

// alertsAckCmd, alertsEndCmd and alertsReopenCmd take a note alone.
type (
	alertsAckCmd    struct{ replying }
	alertsEndCmd    struct{ replying }
	alertsReopenCmd struct{ replying }
)

// Run acknowledges.
func (c *alertsAckCmd) Run(p *program) error {
	return c.each(p, "acknowledge", api.AlertNote{Note: c.Note})
}

// Run resolves.
func (c *alertsEndCmd) Run(p *program) error {
	return c.each(p, "resolve", api.AlertNote{Note: c.Note})
}

// Run reopens.
func (c *alertsReopenCmd) Run(p *program) error {
	return c.each(p, "reopen", api.AlertNote{Note: c.Note})
}

// alertsSnoozeCmd says until when.
type alertsSnoozeCmd struct {
	Until      string `help:"When it wakes: 12h or 3d from now, or RFC 3339." placeholder:"TIME"`
	UntilMoves bool   `help:"It wakes when its subject moves."`
	replying
}

// Run snoozes.
func (c *alertsSnoozeCmd) Run(p *program) error {
	s := api.AlertSnooze{Note: c.Note, UntilMoves: c.UntilMoves}
	if c.Until != "" {
		at, err := laterBy(c.Until, time.Now())
		if err != nil {
			return err
		}
		s.Until = &at
	}
	if s.Until == nil && !s.UntilMoves {
		return usagef("say when it wakes: --until, --until-moves, or both")
	}
	return c.each(p, "snooze", s)
}

// laterBy reads a time, or how long it is until then.
func laterBy(text string, now time.Time) (domain.Instant, error) {
	var at domain.Instant
	if at.UnmarshalText([]byte(text)) == nil {
		return at, nil
	}
	if span, ok := api.ParseSpan(text); ok {
		return domain.InstantOf(now.Add(span)), nil
	}
	return 0, usagef("expected a time such as 12h, 3d or 2025-01-15T14:44:00Z, not %q", text)
}
