package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"giftline/domain"
)

// timelineCmd shows one timeline, from the local database or from a running server.
type timelineCmd struct {
	ID       string `arg:"" help:"The provider's id, or the subject as answers show it: provider/kind/id."`
	Provider string `help:"Provider, where the id is known at several."`
	Kind     string `help:"What the id names, where it names several: gift, send, email, contact, domain, product, invoice, suppression, inbound_email."`
	AsOf     moment `help:"Only what had happened by this time (RFC 3339)." placeholder:"TIME"`
	KnownAt  moment `help:"Only what was known here by this time (RFC 3339)." placeholder:"TIME"`
	Explain  bool   `help:"Say in words why it stands where it stands, what moved nothing, and what may come next."`
	Alerts   bool   `help:"Show what was raised about it, with what people did about that." negatable:"" default:"true"`
	JSON     bool   `help:"Print the answer of the API."`
	asked
}

// moment is a flag that holds an instant.
type moment struct{ at *domain.Instant }

// UnmarshalText reads RFC 3339.
func (m *moment) UnmarshalText(b []byte) error {
	var at domain.Instant
	if err := at.UnmarshalText(b); err != nil {
		return usagef("expected RFC 3339 such as 2025-01-15T14:44:00Z, not %q", b)
	}
	m.at = &at
	return nil
}

// Run finds the one subject that is meant and prints its timeline.
func (c *timelineCmd) Run(p *program) error {
	candidates, err := c.candidates()
	if err != nil {
		return err
	}
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	subject, err := cl.findOne(p.ctx, c.ID, candidates)
	if err != nil {
		return err
	}
	if c.Explain {
		return c.explain(p, cl, subject)
	}
	query := c.query()
	if !c.Alerts {
		query.Set("omit", "alerts")
	}
	doc, err := cl.timeline(p.ctx, subject, query)
	if err != nil {
		return err
	}
	if !c.JSON {
		return p.draw(doc)
	}
	raw, err := encodeJSON(doc)
	if err == nil {
		_, err = fmt.Fprintf(p.out, "%s\n", raw)
	}
	return err
}

// explain prints the text of an explanation, or all of it as data.
func (c *timelineCmd) explain(p *program, cl *client, s domain.Subject) error {
	query := c.query()
	query.Set("provider", string(s.Provider))
	raw, err := cl.get(p.ctx, pathOf(s)+"/explain", query)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = fmt.Fprintf(p.out, "%s\n", bytes.TrimSpace(raw))
		return err
	}
	var x domain.Explanation
	if err := json.Unmarshal(raw, &x); err != nil {
		return fmt.Errorf("the answer is no explanation; is %s a giftline server? %w", cl.base, err)
	}
	_, err = fmt.Fprint(p.out, printable(x.Text))
	return err
}

func (c *timelineCmd) query() url.Values {
	q := url.Values{}
	if c.AsOf.at != nil {
		q.Set("as_of", c.AsOf.at.String())
	}
	if c.KnownAt.at != nil {
		q.Set("known_at", c.KnownAt.at.String())
	}
	return q
}

// draw shows a document as lanes.
func (p *program) draw(doc document) error {
	raw, err := encodeJSON(doc) // json.Marshal would write < of the metadata as an escape
	if err != nil {
		return err
	}
	var s story
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("reading the timeline: %w", err)
	}
	return drawStory(p.out, s, p.colorsFor(p.out))
}

// document is a timeline answer with its parts as they came, so that --json shows the very same text.
type document struct {
	Subject json.RawMessage   `json:"subject"`
	Phase   json.RawMessage   `json:"phase"`
	State   json.RawMessage   `json:"state"`
	Entries []json.RawMessage `json:"entries"`
	Counts  json.RawMessage   `json:"counts"`
	Labels  json.RawMessage   `json:"labels,omitempty"` // a server of before has none
	Alerts  json.RawMessage   `json:"alerts,omitempty"` // left out where there is none
	Next    *string           `json:"next"`
}

// timeline reads all pages into one.
func (c *client) timeline(ctx context.Context, s domain.Subject, query url.Values) (document, error) {
	whole := document{Entries: []json.RawMessage{}}
	query.Set("provider", string(s.Provider))
	for {
		raw, err := c.get(ctx, pathOf(s)+"/timeline", query)
		if err != nil {
			return whole, err
		}
		var page document
		if err := json.Unmarshal(raw, &page); err != nil {
			return whole, fmt.Errorf("the answer is no timeline; is %s a giftline server? %w", c.base, err)
		}
		page.Entries = append(whole.Entries, page.Entries...)
		whole = page
		if page.Next == nil {
			return whole, nil
		}
		query.Set("cursor", *page.Next)
	}
}
