package api

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"giftline/api/webhooks"
	"giftline/domain"
)

// SourceList says which providers arrive.
type SourceList struct {
	Sources []SourceView `json:"sources"`
}

// SourceView is one endpoint: what to paste at the provider, and what came of it.
type SourceView struct {
	Name          string           `json:"name"`
	Provider      domain.Provider  `json:"provider"`
	Configured    bool             `json:"configured" doc:"False: it has no secret, and so refuses everything."`
	Scheme        string           `json:"scheme"`
	URL           string           `json:"url" doc:"What to paste at the provider."`
	Next          *string          `json:"next_step" doc:"What to do to make it work."`
	Received      int64            `json:"received"`
	Results       SourceResults    `json:"results" doc:"They add up to received."`
	LastReceived  *domain.Instant  `json:"last_received"`
	Rejected      int64            `json:"rejected" doc:"Refused before they became deliveries."`
	LastRejection *SourceRejection `json:"last_rejection"`
}

// SourceResults are what became of a source's deliveries.
type SourceResults struct {
	Recorded    int64 `json:"recorded"`
	Duplicate   int64 `json:"duplicate"`
	Conflict    int64 `json:"conflict"`
	Unresolved  int64 `json:"unresolved"`
	Quarantined int64 `json:"quarantined"`
}

// SourceRejection is when and why a webhook was last refused.
type SourceRejection struct {
	_      struct{}       `nullable:"true"`
	At     domain.Instant `json:"at"`
	Reason string         `json:"reason"`
}

// source is one configured endpoint, with when its missing secret was last complained of.
type source struct {
	webhooks.Source
	warned atomic.Int64
}

// withDefaults adds the sources that nobody configured: closed, so that a webhook to one says what is missing.
func withDefaults(configured []webhooks.Source) []webhooks.Source {
	all := slices.Clone(configured)
	for _, p := range []domain.Provider{domain.Sendoso, domain.Snappy, domain.Resend, domain.OpenSend} {
		if !slices.ContainsFunc(all, func(s webhooks.Source) bool { return s.Name == string(p) }) {
			all = append(all, webhooks.Source{Name: string(p), Provider: p})
		}
	}
	return all
}

// open fills in what the provider usually does. Whoever loads the configuration has checked it; if not, a source that is
// wrong is closed rather than half open.
func (a *API) open(s webhooks.Source) *source {
	opened, err := webhooks.Open(s)
	if err != nil {
		a.log.LogAttrs(context.Background(), slog.LevelError, "a source is closed: its configuration is wrong", slog.Any("err", err))
		return &source{Source: webhooks.Source{Name: s.Name, Provider: s.Provider, Scheme: webhooks.Token}}
	}
	return &source{Source: *opened}
}

// closed reports whether nothing can be verified here.
func (s *source) closed() bool { return s.Scheme != webhooks.None && len(s.Secrets) == 0 }

// setting names what opens a closed source.
func (s *source) setting() string {
	if s.Name == string(s.Provider) {
		return "GIFTLINE_" + strings.ToUpper(s.Name) + "_SECRET"
	}
	return "secrets of the source " + s.Name + " in the configuration file"
}

func (a *API) sourceList(ctx context.Context, _ *struct{}) (*body[SourceList], error) {
	counts, err := a.store.SourceCounts(ctx)
	if err != nil {
		return nil, err
	}
	l := SourceList{Sources: []SourceView{}}
	for _, name := range a.sourcesWithin(ctx) {
		count := domain.SourceCount{Source: name}
		if i := slices.IndexFunc(counts, func(c domain.SourceCount) bool { return c.Source == name }); i >= 0 {
			count = counts[i]
		}
		l.Sources = append(l.Sources, a.sourceView(a.sources[name], count))
	}
	return answer(l), nil
}

// sourcesWithin names the configured sources that the context reaches.
func (a *API) sourcesWithin(ctx context.Context) []string {
	return slices.DeleteFunc(slices.Clone(a.sourceNames), func(name string) bool { return !domain.InReach(ctx, name) })
}

func (a *API) sourceView(s *source, n domain.SourceCount) SourceView {
	v := SourceView{
		Name: s.Name, Provider: s.Provider, Configured: !s.closed(), Scheme: string(s.Scheme), URL: a.pasteURL(s),
		Received: n.Received, LastReceived: n.LastReceived, Rejected: n.Rejected,
		Results: resultsOf(n.Counts),
	}
	if n.LastRejection != nil {
		v.LastRejection = &SourceRejection{At: *n.LastRejection, Reason: n.LastReason}
	}
	for _, r := range a.rejected.of(s.Name) { // not on disk yet
		v.Rejected += r.Count
		if v.LastRejection == nil || r.At >= v.LastRejection.At {
			v.LastRejection = &SourceRejection{At: r.At, Reason: r.Reason}
		}
	}
	v.Next = s.nextStep(v)
	return v
}

func resultsOf(counts map[domain.Result]int64) SourceResults {
	return SourceResults{
		counts[domain.ResultRecorded], counts[domain.ResultDuplicate], counts[domain.ResultConflict],
		counts[domain.ResultUnresolved], counts[domain.ResultQuarantined],
	}
}

func (s *source) nextStep(v SourceView) *string {
	switch {
	case !v.Configured:
		return optional("set " + s.setting() + " to the provider's secret, and start again")
	case v.Received == 0 && v.Rejected == 0:
		return optional("paste the URL at the provider and send a test webhook")
	case v.Received == 0:
		return optional("webhooks arrive and are refused: compare the secret with the provider's")
	}
	return nil
}

// pasteURL ends in the type where the provider's body carries none.
func (a *API) pasteURL(s *source) string {
	u := strings.TrimSuffix(a.publicURL, "/") + "/webhooks/" + url.PathEscape(s.Name)
	if s.Provider == domain.Sendoso {
		u += "/{event_type}"
	}
	return u
}
