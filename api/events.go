package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// Choosing are the filters that events and the live stream share. A filter with several values fits any of them.
type Choosing struct {
	Verdict  []string `query:"verdict,explode" maxItems:"100" enum:"moved,gap,repeat,illegal,note" doc:"Only events with this verdict; several times for any of several." example:"illegal"`
	Provider []string `query:"provider,explode" maxItems:"100" enum:"sendoso,snappy,resend,opensend" doc:"Only of this provider; several times for any of several." example:"snappy"`
	Kind     []string `query:"kind,explode" maxItems:"100" enum:"send,gift,email,contact,domain,product,invoice,suppression,inbound_email" doc:"Only about this kind of thing; several times for any of several." example:"gift"`
	Source   []string `query:"source,explode" maxItems:"100" doc:"Only what came by this source, see /sources; several times for any of several." example:"snappy"`
	Type     []string `query:"type,explode" maxItems:"100" doc:"Only events of this type, as the provider spells it; several times for any of several." example:"gift-status-changed"`
}

// ReceivedSpan chooses events by when they were received.
type ReceivedSpan struct {
	ReceivedFrom   Moment `query:"received[gte]" doc:"Only what was received at this time or later, by our clock. An event whose delivery had to wait for a person or a newer version counts as received when it joined its timeline."`
	ReceivedAfter  Moment `query:"received[gt]" doc:"Only what was received later than this."`
	ReceivedUntil  Moment `query:"received[lte]" doc:"Only what was received at this time or earlier."`
	ReceivedBefore Moment `query:"received[lt]" doc:"Only what was received earlier than this."`
}

// AtSpan chooses events by the provider's time.
type AtSpan struct {
	AtFrom   Moment `query:"at[gte]" doc:"Only what happened at this time or later, by the provider's clock."`
	AtAfter  Moment `query:"at[gt]" doc:"Only what happened later than this."`
	AtUntil  Moment `query:"at[lte]" doc:"Only what happened at this time or earlier."`
	AtBefore Moment `query:"at[lt]" doc:"Only what happened earlier than this."`
}

// EventsInput asks for events across subjects.
type EventsInput struct {
	Choosing
	ReceivedSpan
	AtSpan
	Dir string `query:"dir" enum:"asc,desc" default:"desc" doc:"desc: the last recorded first, for a view of what happens. asc: the first recorded first, for a copy that is kept up to date."`
	List
}

func (in *EventsInput) query() domain.LogQuery {
	return domain.LogQuery{
		Verdicts: wordsOf[domain.Verdict](in.Verdict), Providers: wordsOf[domain.Provider](in.Provider),
		Kinds: wordsOf[domain.Kind](in.Kind), Sources: in.Source, Types: in.Type,
		Received: domain.Span{From: in.ReceivedFrom.at, After: in.ReceivedAfter.at, Until: in.ReceivedUntil.at, Before: in.ReceivedBefore.at},
		At:       domain.Span{From: in.AtFrom.at, After: in.AtAfter.at, Until: in.AtUntil.at, Before: in.AtBefore.at},
		Asc:      in.Dir == "asc", Cursor: in.Cursor, Limit: in.Limit,
	}
}

func wordsOf[T ~string](texts []string) (all []T) {
	for _, text := range texts {
		all = append(all, T(text))
	}
	return all
}

// EventList is a page of events across subjects, in the order in which they were recorded.
type EventList struct {
	Events []EventEntry `json:"events" doc:"There may be fewer than asked for, even none, and still more to come: looking for a few among many ends after a while."`
	Next   *string      `json:"next" doc:"The cursor to go on with. Ascending it is always given: at the end, keep it and ask again later, nothing will be missed. It is also a position for after= of /stream."`
	More   bool         `json:"more" doc:"Whether there is something behind next now."`
}

// EventEntry is an entry of a timeline with its subject, and how it came here.
type EventEntry struct {
	LedgerEntry
	Source     string         `json:"source" doc:"By which source it came." example:"snappy"`
	RecordedAt domain.Instant `json:"recorded_at" doc:"When it joined its timeline, by our clock: known_at counts from it."`
}

func (a *API) events(ctx context.Context, in *EventsInput) (*body[EventList], error) {
	page, err := a.store.Log(ctx, in.query())
	if err != nil {
		return nil, err
	}
	l := EventList{Next: optional(page.Next), More: page.More}
	if l.Events, err = a.eventEntries(ctx, page.Events); err != nil {
		return nil, err
	}
	return answer(l), nil
}

func (a *API) eventEntries(ctx context.Context, rows []domain.Recorded) ([]EventEntry, error) {
	entries, err := a.ledgerEntries(ctx, rows)
	shown := make([]EventEntry, len(entries))
	for i := range entries {
		shown[i] = EventEntry{LedgerEntry: entries[i], Source: rows[i].Source, RecordedAt: rows[i].Joined}
	}
	return shown, err
}

// EventInput names one event.
type EventInput struct {
	ID string `path:"id" doc:"The event's id, as answers show it." example:"evt_pfx2wh63doawn4ud7tgxpfajxbdxkcz2uim3wnaqaup4q"`
}

func (a *API) event(ctx context.Context, in *EventInput) (*body[EventEntry], error) {
	row, err := a.findEvent(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	shown, err := a.eventEntries(ctx, []domain.Recorded{row})
	if err != nil {
		return nil, err
	}
	return answer(shown[0]), nil
}

// findEvent says of what is no id that it is not found: there is only one way to have none.
func (a *API) findEvent(ctx context.Context, id string) (domain.Recorded, error) {
	d, fp, err := domain.ParseEventID(id)
	if err == nil {
		var row domain.Recorded
		if row, err = a.store.Event(ctx, d, fp); err == nil {
			return row, nil
		}
	}
	if code := domain.CodeOf(err); code == domain.CodeInvalid || code == domain.CodeNotFound {
		err = domain.Errorf(domain.CodeNotFound, "no event has this id: check that it is complete; one that left its timeline is not found either")
	}
	return domain.Recorded{}, err
}

// RawBody is what a provider sent, byte for byte.
type RawBody struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Disposition string `header:"Content-Disposition" doc:"So that a browser saves it and never shows it."`
	SHA256      string `header:"X-Content-SHA256" doc:"SHA-256 of the bytes in hexadecimal, as they were received."`
	Body        []byte
}

// eventBody gives the bytes that were signed; the store has compared them with their digest.
func (a *API) eventBody(ctx context.Context, in *EventInput) (*RawBody, error) {
	if p := mayReadBytes(callerOf(ctx)); p != nil {
		return nil, p
	}
	row, err := a.findEvent(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	bodies, err := a.store.Bodies(ctx, []int64{row.Body})
	if err != nil {
		return nil, err
	}
	raw, ok := bodies[row.Body]
	if !ok {
		return nil, domain.Errorf(domain.CodeErased, "the bytes of this event are erased; what was read of them is on its timeline")
	}
	sum := sha256.Sum256(raw)
	return &RawBody{"application/octet-stream", `attachment; filename="` + row.ID() + `.body"`, hex.EncodeToString(sum[:]), raw}, nil
}

// bodyAnswers documents bytes.
func (a *API) bodyAnswers() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "The bytes, exactly as they were signed",
		Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
}
