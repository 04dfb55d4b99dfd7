package statemachines

import (
	"slices"

	"giftline/domain"
)

// Fold gives the timeline that the events of one subject add up to. They may come in any order and more than once:
// a repeated fingerprint counts once, at its earliest place. The events are read by the machine first, on a copy.
// Facts about arrival and the provider's data are not the fold's to know, and stay null.
func Fold(m domain.Machine, events []domain.Event) domain.Timeline {
	rows := canonical(m, events)
	var subject domain.Subject
	if len(rows) > 0 {
		subject = rows[0].Subject
	}
	c := domain.Refold(m, subject, "", rows)
	t := domain.Timeline{
		Subject: domain.SubjectViewOf(subject, c.Source, c.Attributes),
		State:   domain.StatesOf(m, &c, nil),
		Entries: domain.EntriesOf(m, m.Start(), rows),
		Counts:  domain.Counts{Events: c.Events, Illegal: c.Illegal},
	}
	if c.State.Phase != domain.NoPhase {
		t.Phase = &c.State.Phase
	}
	for i := range t.Entries {
		t.Entries[i].Received = nil
	}
	return t
}

// canonical puts events in their order and drops repeated fingerprints.
func canonical(m domain.Machine, events []domain.Event) []domain.Recorded {
	rows := make([]domain.Recorded, len(events))
	for i, e := range events {
		m.Read(&e)
		rows[i].Event = e
	}
	slices.SortStableFunc(rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
	seen := make(map[domain.Fingerprint]bool, len(rows))
	return slices.DeleteFunc(rows, func(r domain.Recorded) bool {
		again := seen[r.Fingerprint]
		seen[r.Fingerprint] = true
		return again
	})
}
