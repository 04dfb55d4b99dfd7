package api

import (
	"context"
	"net/url"
	"strings"

	"giftline/domain"
)

const listWords = "Every parameter that is given must fit; one that is given several times fits with any of its values. " +
	"Pages follow each other by next, which is a cursor and in the Link header too; one may be short, or empty, and still have a next. " +
	"order_by=updated shows first what moved last, and what moves while you page may change its place. " +
	"order_by=created is the one to walk everything by: whatever was there when the walk began comes exactly once, " +
	"and with dir=asc also what came since. A subject is listed within seconds of its webhook; until then up_to says how far the list is."

// SubjectList is a page of subjects.
type SubjectList struct {
	Subjects []Listed        `json:"subjects"`
	Next     *string         `json:"next" doc:"The cursor of the page after; null on the last one."`
	Prev     *string         `json:"prev" doc:"The cursor of the page before; null on the first one."`
	Count    *int64          `json:"count" doc:"With count=true: how many subjects fit, over all pages. null where that took too long to count, and where nobody asked." example:"1204"`
	UpTo     *domain.Instant `json:"up_to" doc:"The list knows of webhooks up to here. null when it knows of all." example:"2025-01-15T14:44:00.138000Z"`
}

// Listed is a subject in a list: what its own page says of it, without its story.
type Listed struct {
	domain.Summary
	Reference *string        `json:"reference" doc:"What it is found under in /references: of the labels where they name one, else of its events." example:"REF-ABC-123"`
	UpdatedAt domain.Instant `json:"updated_at" doc:"When its last event joined, by our clock." example:"2025-01-15T14:44:01.002000Z"`
	Stuck     bool           `json:"stuck" doc:"Its deadline has passed: that of its state, or the expires_at of its labels. Somebody should look." example:"false"`
	Labels    *Labels        `json:"labels" doc:"What people say of it; null for nothing."`
}

// listAnswer is a page with its neighbours in a header.
type listAnswer struct {
	Link string `header:"Link" doc:"The pages after and before, rel next and prev."`
	Body SubjectList
}

// list answers a page of what a plural covers.
func (s subjects) list(ctx context.Context, in *ListInput) (*listAnswer, error) {
	q, err := s.query(in, callerOf(ctx).Personal)
	if err != nil {
		return nil, err
	}
	page, err := s.store.List(ctx, q)
	if err != nil {
		return nil, err
	}
	l := SubjectList{
		Subjects: make([]Listed, 0, len(page.Subjects)), Next: optional(page.Next), Prev: optional(page.Prev),
		Count: page.Count, UpTo: page.UpTo,
	}
	for i := range page.Subjects {
		row, err := s.listed(&page.Subjects[i])
		if err != nil {
			return nil, err
		}
		l.Subjects = append(l.Subjects, row)
	}
	return &listAnswer{Link: links("/"+s.plural, in.asked, page), Body: l}, nil
}

func (a *API) listed(l *domain.Listed) (Listed, error) {
	summary, err := a.summaryOf(&l.Current)
	return Listed{
		Summary: summary, Reference: optional(l.Reference), UpdatedAt: l.UpdatedAt, Stuck: l.Stuck, Labels: labelsView(l.Labels),
	}, err
}

// summaryOf shows what is stored of a subject, without reading any event.
func (a *API) summaryOf(c *domain.Current) (domain.Summary, error) {
	m, ok := a.machines.For(c.Subject.Provider, c.Subject.Kind)
	if !ok {
		return domain.Summary{}, domain.Errorf(domain.CodeNewerMachine, "this version has no machine for %s %s: upgrade it", c.Subject.Provider, c.Subject.Kind)
	}
	return domain.Summary{
		Subject: domain.SubjectViewOf(c.Subject, c.Source, c.Attributes), Phase: optional(c.State.Phase),
		State: domain.StatesOf(m, c, a.reader.Policy), Counts: domain.Counts{Events: c.Events, Illegal: c.Illegal},
	}, nil
}

// links are the neighbours of a page as RFC 8288 writes them.
func links(path string, asked url.Values, page domain.ListPage) string {
	var all []string
	for _, l := range []struct{ rel, cursor string }{{"next", page.Next}, {"prev", page.Prev}} {
		if l.cursor == "" {
			continue
		}
		query := url.Values{}
		for name, values := range asked {
			query[name] = values
		}
		query.Set("cursor", l.cursor)
		all = append(all, "<"+path+"?"+query.Encode()+`>; rel="`+l.rel+`"`)
	}
	return strings.Join(all, ", ")
}
