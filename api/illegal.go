package api

import (
	"context"

	"giftline/domain"
)

// WithHistory adds what was once believed.
type WithHistory struct {
	History string `query:"history" enum:"1" doc:"1 adds the beliefs that later events cleared, on the first page."`
}

// List walks a list that spans subjects.
type List struct {
	Cursor string `query:"cursor" doc:"next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// Cleared is an illegal belief that is no longer held.
type Cleared struct {
	Subject    Named           `json:"subject"`
	Event      string          `json:"event_id"`
	Region     *domain.Region  `json:"region"`
	From       *string         `json:"from"`
	To         *string         `json:"to"`
	Reason     *domain.Reason  `json:"reason"`
	BelievedAt domain.Instant  `json:"believed_at"`
	ClearedAt  domain.Instant  `json:"cleared_at"`
	ClearedBy  string          `json:"cleared_by" doc:"An event id, or machine for an upgrade."`
	Verdict    *domain.Verdict `json:"verdict" doc:"Of today; null when the event left the timeline."`
}

// Named is a subject without what is known of it.
type Named struct {
	_        struct{}        `nullable:"true"` // where a parked delivery's is not known
	Provider domain.Provider `json:"provider"`
	Kind     domain.Kind     `json:"kind"`
	ID       string          `json:"id"`
}

func named(s domain.Subject) Named { return Named{Provider: s.Provider, Kind: s.Kind, ID: s.ID} }

// IllegalInput asks what did not add up for a subject.
type IllegalInput struct {
	TimelineInput
	WithHistory
}

// IllegalEntries are a subject's illegal transitions.
type IllegalEntries struct {
	Entries
	Cleared []Cleared `json:"cleared,omitzero"`
}

// clearedKept bounds the history of one subject.
const clearedKept = 500

func (s subjects) illegal(ctx context.Context, in *IllegalInput) (*body[IllegalEntries], error) {
	t, err := s.page(ctx, &in.TimelineInput)
	if err != nil {
		return nil, err
	}
	found := IllegalEntries{Entries: only(t, func(v domain.Verdict) bool { return v == domain.Illegal })}
	if in.History == "1" && in.Cursor == "" {
		subject := domain.Subject{Provider: t.Subject.Provider, Kind: t.Subject.Kind, ID: t.Subject.ID}
		if found.Cleared, err = s.cleared(ctx, &subject, clearedKept); err != nil {
			return nil, err
		}
	}
	return answer(found), nil
}

// LedgerInput asks what did not add up anywhere.
type LedgerInput struct {
	List
	WithHistory
}

// Ledger is what is illegal now over all subjects, newest first.
type Ledger struct {
	Entries []LedgerEntry `json:"entries"`
	Next    *string       `json:"next"`
	Cleared []Cleared     `json:"cleared,omitzero"`
}

// LedgerEntry is an entry with its subject before it.
type LedgerEntry struct {
	Subject Named `json:"subject"`
	domain.Entry
}

func (a *API) ledger(ctx context.Context, in *LedgerInput) (*body[Ledger], error) {
	rows, next, err := a.store.Illegal(ctx, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	l := Ledger{Next: optional(next)}
	if l.Entries, err = a.ledgerEntries(ctx, rows); err != nil {
		return nil, err
	}
	if in.History == "1" && in.Cursor == "" {
		if l.Cleared, err = a.cleared(ctx, nil, in.Limit); err != nil {
			return nil, err
		}
	}
	return answer(l), nil
}

func (a *API) ledgerEntries(ctx context.Context, rows []domain.Recorded) ([]LedgerEntry, error) {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].Body
	}
	bodies, err := a.store.Bodies(ctx, ids)
	if err != nil {
		return nil, err
	}
	entries := make([]LedgerEntry, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		m, ok := a.machines.For(r.Subject.Provider, r.Subject.Kind)
		if !ok {
			return nil, domain.Errorf(domain.CodeNewerMachine, "this version has no machine for %s %s: upgrade it", r.Subject.Provider, r.Subject.Kind)
		}
		e := LedgerEntry{Subject: named(r.Subject), Entry: domain.EntryOf(m, r.Before, r)}
		if raw, ok := bodies[r.Body]; ok {
			e.Data = a.reader.Data(r.Event, raw)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// cleared is never nil, so that an empty history shows as one.
func (a *API) cleared(ctx context.Context, s *domain.Subject, limit int) ([]Cleared, error) {
	beliefs, err := a.store.Cleared(ctx, s, limit)
	shown := make([]Cleared, 0, len(beliefs))
	for _, b := range beliefs {
		shown = append(shown, Cleared{
			Subject: named(b.Subject), Event: b.EventID, Region: optional(b.Region), From: optional(b.From), To: optional(b.To),
			Reason: optional(b.Reason), BelievedAt: b.BelievedAt, ClearedAt: b.ClearedAt, ClearedBy: b.ClearedBy, Verdict: optional(b.Verdict),
		})
	}
	return shown, err
}
