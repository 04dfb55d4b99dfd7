package storetest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// oneStory: subjects that belong together are told as one, over several pages, and each one's part is its own timeline.
func (s Suite) oneStory(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	var subjects []domain.Subject
	told := 0
	for i, name := range []string{"snappy.gift", "sendoso.send", "resend.email"} {
		m := s.machine(t, name)
		subject := subjectOf(m, "shared")
		for _, e := range rapid.Custom(func(t *rapid.T) []domain.Event { return events(t, m, subject, 250) }).Example(i) {
			if _, err := store.Record(t.Context(), delivery(e, e.ID())); err != nil {
				t.Fatal(err)
			}
			told++
		}
		subjects = append(subjects, subject)
	}
	known, err := store.Current(t.Context(), subjects...)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []domain.View{{OmitReceived: true}, {OmitReceived: true, AsOf: new(epoch + 100*second)}} {
		whole := s.story(t, store, known, v)
		for i, lane := range whole.Lanes {
			for _, e := range whole.Entries {
				if e.Lane == i+1 {
					lane.Entries = append(lane.Entries, e.Entry)
				}
			}
			subject := domain.Subject{Provider: lane.Subject.Provider, Kind: lane.Subject.Kind, ID: lane.Subject.ID}
			if got, want := bytesOf(lane), bytesOf(s.timeline(t, store, subject, v)); got != want {
				t.Errorf("the part of %s in the story is not its timeline:\n%s\nwant\n%s", subject, got, want)
			}
		}
		if v.AsOf == nil && len(whole.Entries) != told {
			t.Errorf("%d entries of %d events", len(whole.Entries), told)
		}
	}
}

// story reads all pages.
func (s Suite) story(t *testing.T, store domain.Store, subjects []domain.Current, v domain.View) domain.Story {
	t.Helper()
	var whole domain.Story
	for pages := 1; ; pages++ {
		page, err := s.reader(store).Story(t.Context(), subjects, v)
		if err != nil {
			t.Fatal(err)
		}
		page.Entries = append(whole.Entries, page.Entries...)
		whole = page
		if page.Next == nil {
			if len(whole.Entries) > domain.PageSize && pages == 1 {
				t.Error("the page has no end")
			}
			return whole
		}
		v.Cursor = *page.Next
	}
}
