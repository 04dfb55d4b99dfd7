package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"giftline/api"
	"giftline/domain"
)

// sourcesCmd says which providers arrive.
type sourcesCmd struct {
	JSON bool   `help:"Print the answer of the API."`
	Addr string `help:"Address that serve listens on, for the URLs to paste where there is no public one." env:"GIFTLINE_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	asked
	public
}

// public is where providers reach us.
type public struct {
	PublicURL string `help:"Address at which providers reach this server, for the URLs to paste." env:"GIFTLINE_PUBLIC_URL" placeholder:"URL"`
}

// base checks the address; it is empty where none is given.
func (p public) base() (string, error) {
	if p.PublicURL == "" {
		return "", nil
	}
	base, err := baseURL(p.PublicURL)
	if err != nil {
		return "", fmt.Errorf("the public URL (--public-url, GIFTLINE_PUBLIC_URL or public_url) %w", err)
	}
	return base, nil
}

// Run prints a line per source.
func (c *sourcesCmd) Run(p *program) error {
	base, err := c.public.base()
	if err != nil {
		return err
	}
	if base == "" && !strings.HasSuffix(c.Addr, ":0") { // which free port serve took is not known here
		base = "http://" + reachable(c.Addr)
	}
	cl, err := c.asked.open(p, base)
	if err != nil {
		return err
	}
	defer cl.close()
	return show(p, cl, "/sources", nil, c.JSON, func(list *api.SourceList) error {
		if err := writeSources(p.out, *list); err != nil || c.URL != "" {
			return err
		}
		return c.writeSettings(p, cl, *list)
	})
}

// writeSettings says whose settings a list from the database shows, and which of the database's sources they lack.
func (c *sourcesCmd) writeSettings(p *program, cl *client, list api.SourceList) error {
	raw, err := cl.get(p.ctx, "/stats/ingest", nil)
	if err != nil {
		return err
	}
	var known api.IngestStats
	if err := json.Unmarshal(raw, &known); err != nil {
		return err
	}
	for _, s := range known.Sources {
		if !slices.ContainsFunc(list.Sources, func(v api.SourceView) bool { return v.Name == s.Source }) {
			fmt.Fprintf(p.out, "%s is in the database, with %d received, but not in the settings here\n", oneLine(s.Source), s.Received)
		}
	}
	_, err = fmt.Fprintln(p.out, "State, scheme and URL are as this shell's settings say; a server says its own with --url.")
	return err
}

func writeSources(w io.Writer, list api.SourceList) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tSCHEME\tSTATE\tRECEIVED\tPARKED\tREFUSED\tLAST RECEIVED (UTC)\tURL")
	for _, s := range list.Sources {
		parked := s.Results.Conflict + s.Results.Unresolved + s.Results.Quarantined
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", s.Name, s.Scheme, stateOf(s), s.Received, parked, s.Rejected, when(s.LastReceived), s.URL)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, s := range list.Sources {
		if s.LastRejection != nil {
			fmt.Fprintf(w, "%s last refused a webhook at %s: %s\n", s.Name, when(&s.LastRejection.At), s.LastRejection.Reason)
		}
		if s.Next != nil {
			fmt.Fprintf(w, "%s: %s\n", s.Name, oneLine(*s.Next))
		}
	}
	return nil
}

func stateOf(s api.SourceView) string {
	if s.Configured {
		return "open"
	}
	return "closed"
}

func when(at *domain.Instant) string {
	if at == nil {
		return "never"
	}
	return at.Time().Format(time.DateTime)
}
