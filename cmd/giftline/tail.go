package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"giftline/api"
	"giftline/domain"
)

// tailCmd prints the live stream of a running server, or of the local database.
type tailCmd struct {
	Verdict  []string `help:"Only this verdict, now or before: moved, gap, repeat, illegal, note. May be given several times, as all filters may."`
	Provider []string `help:"Only this provider."`
	Kind     []string `help:"Only about this kind of thing: gift, send, email and so on."`
	Subject  []string `help:"Only about the subject with this id." placeholder:"ID"`
	Source   []string `help:"Only what came by this source."`
	Type     []string `help:"Only this type of event, as its provider spells it."`
	Since    string   `help:"Begin behind this position, as --json prints them, or at the beginning of everything that is kept: beginning." placeholder:"POSITION"`
	JSON     bool     `help:"Print the data of each event as the API sends it, one a line."`
	asked
}

// Run prints until a signal, which is a good end.
func (c *tailCmd) Run(p *program) error {
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	f := follower{client: cl, query: c.query(), do: func(e told) error { return c.print(p, e) }, waiting: func(err error, d time.Duration) {
		if err != nil {
			fmt.Fprintf(p.errs, "giftline: cut off: %s; coming again in %s\n", printable(err.Error()), d)
		}
	}}
	return f.follow(p.ctx)
}

func (c *tailCmd) query() url.Values {
	q := url.Values{}
	for name, values := range map[string][]string{
		"verdict": c.Verdict, "provider": c.Provider, "kind": c.Kind, "subject_id": c.Subject, "source": c.Source, "type": c.Type,
	} {
		if len(values) > 0 {
			q[name] = values
		}
	}
	if c.Since != "" {
		q.Set("after", c.Since)
	}
	return q
}

func (c *tailCmd) print(p *program, e told) (err error) {
	switch {
	case c.JSON:
		_, err = fmt.Fprintln(p.out, e.data)
	case e.name == "reset":
		_, err = fmt.Fprintln(p.out, "-- the position is lost: what happened before now may be missing here")
	default:
		var s api.StreamEvent
		if err := json.Unmarshal([]byte(e.data), &s); err != nil {
			return fmt.Errorf("the stream does not tell events; is a giftline server there? %w", err)
		}
		_, err = fmt.Fprintln(p.out, line(s, p.colorsFor(p.out)))
	}
	return err
}

// line tells one event: when, of what, what, and what became of it.
func line(e api.StreamEvent, paint colors) string {
	subject := domain.Subject{Provider: e.Subject.Provider, Kind: e.Subject.Kind, ID: e.Subject.ID}
	verdict := verdictWord(e.Verdict, paint)
	if e.Was != nil {
		verdict = verdictWord(e.Was, paint) + " -> " + verdict
	}
	return fmt.Sprintf("%s  %s  %s  %s", paint.dim(e.ChangedAt.String()), paint.bold(oneLine(subject.String())), oneLine(e.Type), verdict)
}

func verdictWord(v *domain.Verdict, paint colors) string {
	switch {
	case v == nil:
		return "taken off"
	case *v == domain.Illegal:
		return paint.red(string(*v))
	case *v == domain.Gap:
		return paint.yellow(string(*v))
	}
	return oneLine(string(*v))
}
