package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// Twins delivers one stream of about so many events, late, repeated and illegal ones among them, to two stores, to the
// second in another order, and wants the same of both: every timeline and state, and the list of illegal transitions.
func (s Suite) Twins(t *testing.T, one, two domain.Store, events int) {
	subjects, arrival := s.stream(events)
	deliverAll(t, one, arrival)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(arrival), func(i, j int) { arrival[i], arrival[j] = arrival[j], arrival[i] })
	deliverAll(t, two, arrival)
	illegal := s.illegal(t, one)
	t.Logf("%d deliveries about %d subjects, %d illegal transitions", len(arrival), len(subjects), len(illegal))
	if len(illegal) == 0 {
		t.Error("the stream has no illegal transition, so it shows little")
	}
	if a, b := bytesOf(illegal), bytesOf(s.illegal(t, two)); a != b {
		t.Errorf("the lists of illegal transitions differ: %d and %d bytes", len(a), len(b))
	}
	differ := 0
	for _, subject := range subjects {
		a, b := bytesOf(s.timeline(t, one, subject, domain.View{})), bytesOf(s.timeline(t, two, subject, domain.View{}))
		if differ++; a == b {
			differ--
		} else if differ <= 3 {
			t.Errorf("%s differs\n--- one\n%s\n--- two\n%s", subject, a, b)
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d timelines differ", differ, len(subjects))
	}
}

// stream draws stories of all machines, mixed as they would arrive: each in some order, a third of it repeated.
func (s Suite) stream(n int) (subjects []domain.Subject, arrival []domain.Parsed) {
	random := rand.New(rand.NewPCG(3, 4))
	var stories [][]domain.Parsed
	for left := n; left > 0; {
		m := s.Machines.All()[len(subjects)%len(s.Machines.All())]
		subject := subjectOf(m, fmt.Sprint("twin-", len(subjects)))
		all := rapid.Custom(func(rt *rapid.T) []domain.Event {
			return attempts(rt, events(rt, m, subject, rapid.IntRange(1, 40).Draw(rt, "events")))
		}).Example(len(subjects))
		left -= len(all)
		all = slices.Concat(all, all[:len(all)/3])
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		story := make([]domain.Parsed, len(all))
		for i, e := range all {
			story[i] = delivery(e, fmt.Sprint(i))
		}
		subjects, stories = append(subjects, subject), append(stories, story)
	}
	for len(stories) > 0 {
		i := random.IntN(min(len(stories), 200)) // so many are under way at a time
		arrival, stories[i] = append(arrival, stories[i][0]), stories[i][1:]
		if len(stories[i]) == 0 {
			stories = slices.Delete(stories, i, i+1)
		}
	}
	return subjects, arrival
}

func deliverAll(t testing.TB, store domain.Store, arrival []domain.Parsed) {
	atOnce(writers, func(w int) {
		for i := w; i < len(arrival); i += writers {
			if _, err := store.Record(context.Background(), arrival[i]); err != nil {
				t.Error(err)
			}
		}
	})
}

// illegal lists all illegal transitions as they are, without the facts of arrival.
func (s Suite) illegal(t testing.TB, store domain.Store) (all []domain.Recorded) {
	t.Helper()
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, next, err := store.Illegal(context.Background(), cursor, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			r.Joined, r.Received, r.Body = 0, domain.Received{}, 0
			all = append(all, r)
		}
		cursor = next
	}
	return all
}
