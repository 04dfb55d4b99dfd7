package statemachines

import (
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"giftline/domain"
)

// TestStories plays every file under testdata/stories: events as they arrive, a line of dashes, the timeline expected.
// Each is fed one by one, as webhooks come, and then folded whole in other orders.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := parseStory(t, string(text))
			told := s.arrive()
			golden(t, path, s.head+told.print(s.machine))
			assertAnyOrder(t, s, told)
		})
	}
}

// telling is a story as far as it has arrived.
type telling struct {
	rows    []domain.Recorded // in canonical order
	current domain.Current
	was     map[domain.Fingerprint][]domain.Verdict // what was believed of an event before, where it changed
}

// arrive feeds the events in the order of the file.
func (s *story) arrive() *telling {
	told := &telling{was: map[domain.Fingerprint][]domain.Verdict{}}
	for _, e := range s.events {
		s.machine.Read(&e)
		told.take(s.machine, e)
	}
	return told
}

// take adds one arriving event, or counts another copy of it.
func (told *telling) take(m *Machine, e domain.Event) {
	r := domain.Recorded{Event: e, Received: domain.Received{Seen: 1}}
	before := told.verdicts()
	for i := range told.rows {
		if told.rows[i].Fingerprint == e.Fingerprint {
			told.rows[i].Received.Seen++
			if told.rows[i].Place().Compare(e.Place()) <= 0 {
				return
			}
			// The earliest copy's time is the event's: it joins again, in its new place.
			r.Received = told.rows[i].Received
			told.rows = slices.Delete(told.rows, i, i+1)
			break
		}
		if told.rows[i].Place().Compare(e.Place()) > 0 {
			r.Received.Late = true
		}
	}
	told.rows = append(told.rows, r)
	slices.SortFunc(told.rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
	told.current = domain.Refold(m, e.Subject, "", told.rows)
	for _, r := range told.rows {
		if was, known := before[r.Fingerprint]; known && was != r.Outcome.Verdict {
			told.was[r.Fingerprint] = append(told.was[r.Fingerprint], was)
		}
	}
}

func (told *telling) verdicts() map[domain.Fingerprint]domain.Verdict {
	all := map[domain.Fingerprint]domain.Verdict{}
	for _, r := range told.rows {
		all[r.Fingerprint] = r.Outcome.Verdict
	}
	return all
}

// assertAnyOrder folds the whole set in every order, or in many where there are too many.
func assertAnyOrder(t *testing.T, s *story, told *telling) {
	t.Helper()
	want := timelineJSON(t, s.machine, s.events)
	incremental := make([]domain.Event, 0, len(told.rows))
	for _, r := range told.rows {
		incremental = append(incremental, r.Event)
	}
	if got := timelineJSON(t, s.machine, incremental); got != want {
		t.Errorf("arriving one by one gives\n%s\nfolding the whole set\n%s", got, want)
	}
	permute(s.events, func(order []domain.Event) bool {
		got := timelineJSON(t, s.machine, order)
		if got != want {
			t.Errorf("another order gives\n%s\ninstead of\n%s", got, want)
		}
		return got == want
	})
}

// permute gives every order of up to 6 events, and 60 orders of more, until told to stop.
func permute(events []domain.Event, do func([]domain.Event) bool) {
	if len(events) > 6 {
		order := slices.Clone(events)
		rng := rand.New(rand.NewSource(1))
		for range 60 {
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			if !do(order) {
				return
			}
		}
		return
	}
	everyOrder(slices.Clone(events), 0, do)
}

// everyOrder gives every order of the events from k on.
func everyOrder(events []domain.Event, k int, do func([]domain.Event) bool) bool {
	if k == len(events) {
		return do(events)
	}
	for i := k; i < len(events); i++ {
		events[k], events[i] = events[i], events[k]
		ok := everyOrder(events, k+1, do)
		events[k], events[i] = events[i], events[k]
		if !ok {
			return false
		}
	}
	return true
}
