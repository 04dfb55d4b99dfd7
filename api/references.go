package api

import (
	"context"
	"slices"

	"giftline/domain"
)

// ReferenceInput names what links subjects.
type ReferenceInput struct {
	Reference string `path:"reference" doc:"The reference that they share, escaped as %XX where it holds / or %." example:"REF-ABC-123"`
}

// Related are the subjects that share a reference.
type Related struct {
	Reference string `json:"reference" example:"REF-ABC-123"`
	Lanes     []Lane `json:"lanes" doc:"By provider, kind and id."`
	Truncated bool   `json:"truncated" doc:"There are more subjects than lanes: the first 100 that were created are shown." example:"false"`
}

// Lane is one of them.
type Lane struct {
	Lane int `json:"lane" doc:"Counted from 1; entries name it." example:"1"`
	domain.Summary
	Labels *Labels `json:"labels" doc:"What people say of it; null for nothing."`
}

// maxLanes is how many subjects a story has at most.
const maxLanes = 100

// reference answers which subjects belong together.
func (a *API) reference(ctx context.Context, in *ReferenceInput) (*body[Related], error) {
	found, related, err := a.related(ctx, in.Reference)
	if err != nil {
		return nil, err
	}
	for i := range found {
		summary, err := a.summaryOf(&found[i].Current)
		if err != nil {
			return nil, err
		}
		related.Lanes = append(related.Lanes, Lane{i + 1, summary, labelsView(found[i].Labels)})
	}
	return answer(related), nil
}

// related finds them in the order of the lanes, which it leaves to the caller.
func (a *API) related(ctx context.Context, reference string) ([]domain.Listed, Related, error) {
	missing := domain.Errorf(domain.CodeNotFound, "nothing has this reference: check it, or set it with PUT …/{id}/labels")
	if !storable(reference) {
		return nil, Related{}, missing
	}
	page, err := a.store.List(ctx, domain.ListQuery{
		References: []string{reference}, Order: domain.ByCreated, Asc: true, Limit: maxLanes,
	})
	if err == nil && len(page.Subjects) == 0 {
		err = missing
	}
	slices.SortFunc(page.Subjects, func(x, y domain.Listed) int { return x.Subject.Compare(y.Subject) })
	return page.Subjects, Related{Reference: reference, Lanes: []Lane{}, Truncated: page.Next != ""}, err
}

// StoryInput asks for the one story of subjects that share a reference.
type StoryInput struct {
	ReferenceInput
	When
	Paging
}

// Story is what happened to all of them, in one order: by time, then by lane, then as on each one's own timeline.
type Story struct {
	Related
	Entries []StoryEntry `json:"entries"`
	Next    *string      `json:"next" doc:"The cursor of the page after; null on the last one."`
}

// StoryEntry is an entry of one of the lanes, with its subject's name.
type StoryEntry struct {
	Lane    int   `json:"lane" example:"1"`
	Subject Named `json:"subject"`
	domain.Entry
}

func (a *API) story(ctx context.Context, in *StoryInput) (*body[Story], error) {
	found, related, err := a.related(ctx, in.Reference)
	if err != nil {
		return nil, err
	}
	labels := map[domain.Subject]*domain.Labels{}
	var subjects []domain.Current
	for _, f := range found {
		labels[f.Subject] = f.Labels
		subjects = append(subjects, f.Current)
	}
	told, err := a.reader.Story(ctx, subjects, in.view(in.Paging))
	if err != nil {
		return nil, err
	}
	s := Story{Related: related, Entries: make([]StoryEntry, 0, len(told.Entries)), Next: told.Next}
	for i, t := range told.Lanes {
		summary := domain.Summary{Subject: t.Subject, Phase: t.Phase, State: t.State, Counts: t.Counts}
		s.Lanes = append(s.Lanes, Lane{i + 1, summary, in.knownBy(labelsView(labels[subjectOf(t.Subject)]))})
	}
	for _, e := range told.Entries {
		s.Entries = append(s.Entries, StoryEntry{e.Lane, named(subjectOf(told.Lanes[e.Lane-1].Subject)), e.Entry})
	}
	return answer(s), nil
}

func subjectOf(v domain.SubjectView) domain.Subject {
	return domain.Subject{Provider: v.Provider, Kind: v.Kind, ID: v.ID}
}
