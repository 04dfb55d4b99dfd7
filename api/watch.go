package api

import (
	"context"

	"giftline/domain"
)

// WatchedList is a page of subjects that somebody should look at, the most urgent first.
type WatchedList struct {
	Subjects []Watched `json:"subjects" doc:"The subjects of this page."`
	Next     *string   `json:"next"`
}

// Watched is a subject in a list, with its times.
type Watched struct {
	Listed
	DueAt     *domain.Instant `json:"due_at" doc:"The first of its deadlines: when it counts as stuck. null where nothing is limited." example:"2025-03-16T09:00:00.000000Z"`
	ExpiresAt *domain.Instant `json:"expires_at" doc:"Its last moment, while it is open; null where it has none." example:"2025-03-16T09:00:00.000000Z"`
}

// stuck answers whose deadline has passed, the one that passed first first.
func (a *API) stuck(ctx context.Context, in *List) (*body[WatchedList], error) {
	found, next, err := a.store.Stuck(ctx, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return a.watchedList(found, next)
}

// ExpiringInput says how far to look ahead.
type ExpiringInput struct {
	Within string `query:"within" pattern:"^[1-9][0-9]{0,4}[smhd]$" default:"72h" doc:"From now on for so long: seconds, minutes, hours or days." example:"72h"`
	List
}

// expiring answers what is still open and expires soon, the next one first.
func (a *API) expiring(ctx context.Context, in *ExpiringInput) (*body[WatchedList], error) {
	from, until := domain.InstantOf(a.now()), domain.InstantOf(a.now().Add(spanOf(in.Within)))
	found, next, err := a.store.Expiring(ctx, domain.Span{From: &from, Until: &until}, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return a.watchedList(found, next)
}

func (a *API) watchedList(found []domain.Watching, next string) (*body[WatchedList], error) {
	l := WatchedList{Subjects: make([]Watched, 0, len(found)), Next: optional(next)}
	for i := range found {
		row, err := a.listed(&found[i].Listed)
		if err != nil {
			return nil, err
		}
		row.Stuck = found[i].Watch.Stuck
		l.Subjects = append(l.Subjects, Watched{row, found[i].DueAt, found[i].ExpiresAt})
	}
	return answer(l), nil
}

// OutagesInput says from when on.
type OutagesInput struct {
	After Moment `query:"after" doc:"Only those that ended later than this, or last. Without it: all that are kept."`
}

// OutageList holds the times in which nothing could be heard.
type OutageList struct {
	Outages []Outage `json:"outages" doc:"The first one first."`
}

// Outage is a time in which nothing could be heard: deadlines are later by as much.
type Outage struct {
	Source *string         `json:"source" doc:"The source that was quiet; null where Giftline itself was down." example:"snappy"`
	From   domain.Instant  `json:"from" doc:"When something was heard last before it." example:"2025-01-15T14:44:00.000000Z"`
	To     *domain.Instant `json:"to" doc:"When something was heard again; null while it lasts." example:"2025-01-15T17:44:00.000000Z"`
	Until  domain.Instant  `json:"until" doc:"When what was missed has had its chance to come again: up to then no deadline runs." example:"2025-01-15T23:44:00.000000Z"`
}

func (a *API) outages(ctx context.Context, in *OutagesInput) (*body[OutageList], error) {
	var after domain.Instant
	if in.After.at != nil {
		after = *in.After.at
	}
	found, err := a.store.Outages(ctx, after)
	l := OutageList{Outages: make([]Outage, 0, len(found))}
	for _, o := range found {
		l.Outages = append(l.Outages, Outage{Source: optional(o.Source), From: o.From, To: o.To, Until: o.Until(domain.InstantOf(a.now()))})
	}
	return answer(l), err
}
