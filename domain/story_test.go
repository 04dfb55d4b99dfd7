package domain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// shelves hold several stories.
type shelves struct {
	domain.Store
	on map[domain.Subject]*shelf
}

func (s shelves) Events(ctx context.Context, subject domain.Subject, r domain.Range) (domain.Page, error) {
	return s.on[subject].Events(ctx, subject, r)
}

func (s shelves) Bodies(_ context.Context, ids []int64) (map[int64][]byte, error) {
	found := map[int64][]byte{}
	for _, id := range ids {
		found[id] = fmt.Appendf(nil, `{"body":%d}`, id)
	}
	return found, nil
}

// tale is several subjects with stories that often say things at the same instant.
func tale(t *rapid.T) (*domain.Reader, []domain.Current) {
	s := shelves{on: map[domain.Subject]*shelf{}}
	var subjects []domain.Current
	for i := range rapid.IntRange(1, 6).Draw(t, "subjects") {
		subject := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: fmt.Sprint("g", i/2)}
		if i%2 == 1 {
			subject.Provider, subject.Kind = domain.Sendoso, domain.Send
		}
		rows := drawRows(t, subject, int64(i+1)*1000)
		c := domain.Refold(twoRegions, subject, string(subject.Provider), rows)
		s.on[subject] = &shelf{known: []domain.Current{c}, rows: rows}
		subjects = append(subjects, c)
	}
	data := func(_ domain.Event, body []byte) json.RawMessage { return body }
	return &domain.Reader{Store: s, Machines: machines{}, Data: data}, subjects
}

func drawRows(t *rapid.T, subject domain.Subject, body int64) []domain.Recorded {
	events := []string{"status unopened", "status opened", "status claimed", "delivery shipped", "delivery delivered", "note"}
	var rows []domain.Recorded
	for i := range rapid.IntRange(1, 40).Draw(t, "events") {
		word := append(strings.Fields(rapid.SampledFrom(events).Draw(t, "event")), "")
		r := domain.Recorded{Source: "x", Body: body + int64(i)}
		r.At = nine + domain.Instant(rapid.IntRange(0, 9).Draw(t, "at"))
		r.Joined = nine + domain.Instant(rapid.IntRange(0, 9).Draw(t, "joined"))
		r.Subject, r.Type, r.Target, r.Quality = subject, word[0], word[1], domain.TimeExact
		r.Fingerprint = domain.FingerprintOf("tale/1", subject, fmt.Sprint(i))
		twoRegions.Read(&r.Event)
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
	return rows
}

// walk reads a story to its end, page by page.
func walk(t *rapid.T, r *domain.Reader, subjects []domain.Current, v domain.View, size int) domain.Story {
	var whole domain.Story
	for {
		page, err := r.StoryBy(context.Background(), subjects, v, size)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Entries) == 0 && len(whole.Entries) > 0 || len(page.Entries) > size {
			t.Fatalf("a page of %d entries", len(page.Entries))
		}
		page.Entries = append(whole.Entries, page.Entries...)
		whole = page
		if page.Next == nil {
			return whole
		}
		v.Cursor = *page.Next
	}
}

func drawView(t *rapid.T) (v domain.View) {
	at := func(name string) *domain.Instant {
		i := nine + domain.Instant(rapid.IntRange(0, 9).Draw(t, name))
		return &i
	}
	switch rapid.IntRange(0, 3).Draw(t, "view") {
	case 1:
		v.AsOf = at("as of")
	case 2:
		v.KnownAt = at("known at")
	case 3:
		v.OmitReceived = true
	}
	return v
}

// A story is its subjects' timelines, shuffled into one order that neither the size of a page nor the order in which
// the subjects are given changes.
func TestReader_Story(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, subjects := tale(t)
		v := drawView(t)
		var lines []domain.Timeline
		for _, c := range subjects {
			line, err := r.Timeline(context.Background(), c, v)
			if err == nil {
				lines = append(lines, line)
			} else if domain.CodeOf(err) != domain.CodeNotFoundAt {
				t.Fatal(err)
			}
		}
		if len(lines) == 0 {
			_, err := r.Story(context.Background(), subjects, v)
			if domain.CodeOf(err) != domain.CodeNotFoundAt {
				t.Fatalf("error %v where nothing was known", err)
			}
			return
		}
		whole := walk(t, r, subjects, v, 1000)
		wantLanes(t, whole, lines)
		mixed := rapid.Permutation(subjects).Draw(t, "order")
		again := walk(t, r, mixed, v, rapid.IntRange(1, 50).Draw(t, "size"))
		if inJSON(t, whole) != inJSON(t, again) {
			t.Fatalf("another story:\n%s\n%s", inJSON(t, whole), inJSON(t, again))
		}
	})
}

// wantLanes compares each lane with the subject's own timeline, and the order over all of them.
func wantLanes(t *rapid.T, s domain.Story, lines []domain.Timeline) {
	slices.SortFunc(lines, func(a, b domain.Timeline) int { return nameOf(a).Compare(nameOf(b)) })
	if len(s.Lanes) != len(lines) {
		t.Fatalf("%d lanes of %d subjects", len(s.Lanes), len(lines))
	}
	for i, lane := range s.Lanes {
		lane.Entries = []domain.Entry{}
		for _, e := range s.Entries {
			if e.Lane == i+1 {
				lane.Entries = append(lane.Entries, e.Entry)
			}
		}
		if inJSON(t, lane) != inJSON(t, lines[i]) {
			t.Fatalf("lane %d is\n%s\nthe timeline\n%s", i+1, inJSON(t, lane), inJSON(t, lines[i]))
		}
	}
	ordered := slices.IsSortedFunc(s.Entries, func(a, b domain.StoryEntry) int {
		if a.At != b.At {
			return int(a.At - b.At)
		}
		return a.Lane - b.Lane
	})
	if !ordered {
		t.Fatalf("not in order: %s", inJSON(t, s.Entries))
	}
}

func nameOf(l domain.Timeline) domain.Subject {
	return domain.Subject{Provider: l.Subject.Provider, Kind: l.Subject.Kind, ID: l.Subject.ID}
}

func inJSON(t *rapid.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A subject that joins between two pages tells what comes after the mark, wherever it stands among the others.
func TestReader_Story_anotherSubjectOnTheWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, subjects := tale(t)
		whole := walk(t, r, subjects, domain.View{}, 1000)
		size := rapid.IntRange(1, len(whole.Entries)).Draw(t, "size")
		left := rapid.IntRange(0, len(subjects)-1).Draw(t, "left out")
		if len(subjects) == 1 {
			return
		}
		page, err := r.StoryBy(context.Background(), slices.Delete(slices.Clone(subjects), left, left+1), domain.View{}, size)
		if err != nil || page.Next == nil {
			return
		}
		last := page.Entries[len(page.Entries)-1].ID
		rest := walk(t, r, subjects, domain.View{Cursor: *page.Next}, 1000)
		at := slices.IndexFunc(whole.Entries, func(e domain.StoryEntry) bool { return e.ID == last })
		if inJSON(t, rest.Entries) != inJSON(t, whole.Entries[at+1:]) {
			t.Fatal("behind the mark stands something else")
		}
	})
}

func TestReader_Story_refuses(t *testing.T) {
	r, _ := readerOf(story("09:00 status unopened"))
	c, err := r.Find(t.Context(), gift)
	if err != nil {
		t.Fatal(err)
	}
	for _, cursor := range []string{"x", "!", "AAAA", strings.Repeat("A", 60)} {
		_, err := r.Story(t.Context(), []domain.Current{c}, domain.View{Cursor: cursor})
		wantCode(t, err, domain.CodeInvalid)
	}
	unknown := domain.Current{Subject: domain.Subject{Provider: domain.Snappy, Kind: "balloon", ID: "b"}}
	_, err = r.Story(t.Context(), []domain.Current{unknown}, domain.View{})
	wantCode(t, err, domain.CodeNewerMachine)
}
