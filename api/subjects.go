package api

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// Which names one subject. Fields that huma reads must be exported, and so must what embeds them.
type Which struct {
	ID       string `path:"id" doc:"The provider's own id, escaped as %XX where it holds / or %."`
	Provider string `query:"provider" doc:"Needed where the id is known at two providers." example:"snappy"`
}

// When chooses the moment to look from.
type When struct {
	AsOf    Moment `query:"as_of" doc:"Only events of this instant or before, by the provider's clock. Late-received ones count."`
	KnownAt Moment `query:"known_at" doc:"Only events that had joined by then, by our clock; arrival facts are omitted."`
}

// Omitting leaves things out.
type Omitting struct {
	Omit []string `query:"omit" enum:"received,alerts" doc:"Leaves parts out, with a comma between several: the facts about arrival, and the alerts. Without both, the same events give the same answer, byte by byte." example:"received"`
}

func (o Omitting) omits(part string) bool { return slices.Contains(o.Omit, part) }

// Paging walks the entries, 500 at a time.
type Paging struct {
	Omitting
	Cursor string `query:"cursor" doc:"next of the page before."`
}

// Moment is a query parameter that holds an instant.
type Moment struct{ at *domain.Instant }

const momentWanted = "expected RFC 3339 such as 2025-01-15T14:44:00Z; in a URL write + as %2B"

// UnmarshalText reads RFC 3339.
func (m *Moment) UnmarshalText(b []byte) error {
	var at domain.Instant
	if err := at.UnmarshalText(b); err != nil {
		return domain.Errorf(domain.CodeInvalid, "%s", momentWanted)
	}
	m.at = &at
	return nil
}

// Schema tells huma what the text looks like.
func (Moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{time.Unix(1736952240, 0).UTC().Format(time.RFC3339)}}
}

func (w When) view(p Paging) domain.View {
	return domain.View{AsOf: w.AsOf.at, KnownAt: w.KnownAt.at, OmitReceived: p.omits("received"), Cursor: p.Cursor}
}

// subjects answers for one plural of the routes.
type subjects struct {
	*API
	plural     string
	candidates []domain.Subject // without their id: what the plural covers
	words      words
}

// plurals are the routes' names of kinds. Gifts cover Sendoso's sends too.
var plurals = []struct {
	name  string
	kinds []domain.Kind
}{
	{"gifts", []domain.Kind{domain.Gift, domain.Send}},
	{"sends", []domain.Kind{domain.Send}},
	{"emails", []domain.Kind{domain.Email}},
	{"contacts", []domain.Kind{domain.Contact}},
	{"domains", []domain.Kind{domain.Domain}},
	{"products", []domain.Kind{domain.Product}},
	{"invoices", []domain.Kind{domain.Invoice}},
	{"suppressions", []domain.Kind{domain.Suppression}},
	{"inbound-emails", []domain.Kind{domain.InboundEmail}},
}

// subjectRoutes finds the providers of each plural from the machines, so that a new provider needs no line here.
func (a *API) subjectRoutes() []subjects {
	var all []subjects
	for _, p := range plurals {
		s := subjects{API: a, plural: p.name}
		for _, k := range p.kinds {
			for _, m := range a.machines.All() {
				if v := m.View(); v.Kind == k {
					s.candidates = append(s.candidates, domain.Subject{Provider: v.Provider, Kind: k})
					s.words.add(v)
				}
			}
		}
		all = append(all, s)
	}
	return all
}

// kinds are what the plural covers, each once.
func (s subjects) kinds() (all []domain.Kind) {
	for _, c := range s.candidates {
		if !slices.Contains(all, c.Kind) {
			all = append(all, c.Kind)
		}
	}
	return all
}

func (s subjects) find(ctx context.Context, w Which) (domain.Current, error) {
	if !storable(w.ID) {
		return domain.Current{}, domain.Errorf(domain.CodeNotFound, "no id looks like this: check it, ids have at most %d bytes", domain.MaxIdentifier)
	}
	var asked []domain.Subject
	var names []string
	for _, c := range s.candidates {
		names = append(names, string(c.Provider))
		if w.Provider == "" || w.Provider == string(c.Provider) {
			asked = append(asked, domain.Subject{Provider: c.Provider, Kind: c.Kind, ID: w.ID})
		}
	}
	if len(asked) == 0 {
		return domain.Current{}, domain.Errorf(domain.CodeInvalid, "provider of %s is one of: %s", s.plural, strings.Join(names, ", "))
	}
	c, err := s.reader.Find(ctx, asked...)
	if domain.CodeOf(err) == domain.CodeAmbiguous {
		return c, s.ambiguous(ctx, err, asked)
	}
	return c, err
}

// ambiguous says at which providers the id is known, as data too.
func (s subjects) ambiguous(ctx context.Context, err error, asked []domain.Subject) error {
	found, failed := s.store.Current(ctx, asked...)
	if failed != nil {
		return failed
	}
	p := problemOf(err)
	for _, c := range found {
		p.Providers = append(p.Providers, c.Subject.Provider)
	}
	return p
}

// storable reports whether any database could hold the value as an id.
func storable(s string) bool {
	return len(s) <= domain.MaxIdentifier && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// SummaryInput asks where a subject is.
type SummaryInput struct {
	Which
	When
	Omitting
}

// Summary is where a subject is.
type Summary struct {
	domain.Summary
	Labels *Labels         `json:"labels" doc:"What people say of it; null for nothing."`
	Alerts []TimelineAlert `json:"alerts,omitempty" doc:"What was raised about it, the one raised first first; at most 100, the last. Left out where there is none, with omit=alerts, and of a look into the past."`
}

// summary answers where it is now, or was, without its story.
func (s subjects) summary(ctx context.Context, in *SummaryInput) (*body[Summary], error) {
	c, err := s.find(ctx, in.Which)
	if err != nil {
		return nil, err
	}
	l, err := s.labelsOf(ctx, c.Subject)
	if err != nil {
		return nil, err
	}
	l = in.knownBy(l)
	alerts, err := s.alertsBeside(ctx, c.Subject, in.When, in.Omitting)
	if err != nil {
		return nil, err
	}
	if in.AsOf.at == nil && in.KnownAt.at == nil { // spares reading any event
		now, err := s.summaryOf(&c)
		if err != nil {
			return nil, err
		}
		now.Expected, err = s.reader.Expected(ctx, c, s.now())
		return answer(Summary{now, l, alerts}), err
	}
	t, err := s.reader.Timeline(ctx, c, in.view(Paging{}))
	if err != nil {
		return nil, err
	}
	return answer(Summary{domain.Summary{Subject: t.Subject, Phase: t.Phase, State: t.State, Counts: t.Counts}, l, alerts}), nil
}

// TimelineInput asks how a subject got there.
type TimelineInput struct {
	Which
	When
	Paging
}

// Timeline is how a subject got where it is: what its events say, with what people say of it beside that.
type Timeline struct {
	Subject domain.SubjectView `json:"subject"`
	Phase   *domain.Phase      `json:"phase"`
	State   domain.States      `json:"state"`
	Entries []domain.Entry     `json:"entries"`
	Counts  domain.Counts      `json:"counts"`
	Labels  *Labels            `json:"labels" doc:"What people say of it; null for nothing."`
	Alerts  []TimelineAlert    `json:"alerts,omitempty" doc:"What was raised about it, the one raised first first; at most 100, the last. Left out where there is none, with omit=alerts, and of a look into the past."`
	Next    *string            `json:"next"`
}

func (s subjects) timeline(ctx context.Context, in *TimelineInput) (*body[Timeline], error) {
	t, err := s.page(ctx, in)
	if err != nil {
		return nil, err
	}
	l, err := s.labelsOf(ctx, subjectOf(t.Subject))
	if err != nil {
		return nil, err
	}
	alerts, err := s.alertsBeside(ctx, subjectOf(t.Subject), in.When, in.Omitting)
	if err != nil {
		return nil, err
	}
	return answer(Timeline{t.Subject, t.Phase, t.State, t.Entries, t.Counts, in.knownBy(l), alerts, t.Next}), nil
}

func (s subjects) page(ctx context.Context, in *TimelineInput) (domain.Timeline, error) {
	c, err := s.find(ctx, in.Which)
	if err != nil {
		return domain.Timeline{}, err
	}
	return s.reader.Timeline(ctx, c, in.view(in.Paging))
}

// Entries are those of a timeline's page that were asked for. A page may hold none of them and still have a next.
type Entries struct {
	Subject domain.SubjectView `json:"subject"`
	Entries []domain.Entry     `json:"entries"`
	Next    *string            `json:"next"`
}

// transitions answers the entries that moved it.
func (s subjects) transitions(ctx context.Context, in *TimelineInput) (*body[Entries], error) {
	t, err := s.page(ctx, in)
	if err != nil {
		return nil, err
	}
	return answer(only(t, domain.Verdict.Moves)), nil
}

func only(t domain.Timeline, keep func(domain.Verdict) bool) Entries {
	kept := Entries{Subject: t.Subject, Entries: []domain.Entry{}, Next: t.Next}
	for _, e := range t.Entries {
		if keep(e.Verdict) {
			kept.Entries = append(kept.Entries, e)
		}
	}
	return kept
}

// body is what huma calls an output.
type body[T any] struct{ Body T }

func answer[T any](v T) *body[T] { return &body[T]{v} }

func optional[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}
