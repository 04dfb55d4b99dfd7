package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

// story gives six events of one gift in canonical order: two of one instant, two of one instant and rank.
func story(subject domain.Subject) []domain.Recorded {
	twin, other := event(subject, 5, 3, "opened"), event(subject, 5, 3, "opened")
	other.Fingerprint[0] ^= 0x80 // bytes over 0x7f sort as bytes
	if twin.Place().Compare(other.Place()) > 0 {
		twin, other = other, twin
	}
	return []domain.Recorded{
		event(subject, 1, 1, "unopened"), event(subject, 3, 2, "unwrapped"), event(subject, 3, 10, "noted"), twin, other,
		event(subject, 9, 4, "claimed"),
	}
}

func TestEvents_pages(t *testing.T) {
	s := openTest(t)
	subject, all := gift("gft_1"), story(gift("gft_1"))
	addSubject(t, s, 7, subject)
	addSubject(t, s, 8, gift("gft_2"))
	addEvents(t, s, 7, all[4], all[1], all[5], all[0], all[3], all[2])
	addEvents(t, s, 8, event(gift("gft_2"), 2, 1, "unopened"))
	for limit := range 8 {
		if diff := cmp.Diff(all, allPages(t, s, subject, limit)); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
}

// allPages follows the pages to the end, and checks that each begins with the state in which the last one ended.
func allPages(t *testing.T, s *Store, subject domain.Subject, limit int) (got []domain.Recorded) {
	t.Helper()
	r := domain.Range{Limit: limit}
	before := domain.State{Status: domain.New, Delivery: domain.New}
	for {
		page, err := s.Events(t.Context(), subject, r)
		if err != nil {
			t.Fatal(err)
		}
		if page.Before != before {
			t.Errorf("limit %d after %d: before %v, want %v", limit, len(got), page.Before, before)
		}
		got = append(got, page.Rows...)
		if !page.More {
			return got
		}
		place := got[len(got)-1].Place()
		before, r.After = got[len(got)-1].Outcome.After, &place
	}
}

func TestEvents_ranges(t *testing.T) {
	s := openTest(t)
	subject, all := gift("gft_1"), story(gift("gft_1"))
	addSubject(t, s, 7, subject)
	all[0].Joined = monday + 3600_000_000 // the earliest came last
	addEvents(t, s, 7, all...)
	minute := func(m int) *domain.Instant { at := monday + domain.Instant(m)*60_000_000; return &at }
	just := func(at *domain.Instant) *domain.Instant { before := *at - 1; return &before }
	place := all[3].Place()
	far := domain.Place{At: monday + 1<<40}
	for name, c := range map[string]struct {
		r    domain.Range
		want []domain.Recorded
		more bool
	}{
		"whole instant":           {domain.Range{UpTo: minute(5)}, all[:5], false},
		"a microsecond before":    {domain.Range{UpTo: just(minute(5))}, all[:3], false},
		"before everything":       {domain.Range{UpTo: minute(0)}, []domain.Recorded{}, false},
		"known by then":           {domain.Range{Known: minute(6)}, all[1:5], false},
		"known a microsecond ago": {domain.Range{Known: just(minute(6))}, all[1:3], false},
		"both":                    {domain.Range{UpTo: minute(3), Known: minute(6)}, all[1:3], false},
		"after and up to":         {domain.Range{After: &place, UpTo: minute(5)}, all[4:5], false},
		"more of the range":       {domain.Range{UpTo: minute(5), Limit: 4}, all[:4], true},
		"no more of the range":    {domain.Range{UpTo: minute(5), Limit: 5}, all[:5], false},
		"the last of them":        {domain.Range{Limit: 2, Last: true}, all[4:], true},
		"the last of the range":   {domain.Range{UpTo: minute(5), Limit: 3, Last: true}, all[2:5], true},
		"the last, all there are": {domain.Range{UpTo: minute(5), Limit: 5, Last: true}, all[:5], false},
		"the last without limit":  {domain.Range{Last: true}, all, false},
		"the last after a place":  {domain.Range{After: &place, Limit: 1, Last: true}, all[5:], true},
		"after the end":           {domain.Range{After: &far}, []domain.Recorded{}, false},
	} {
		page, err := s.Events(t.Context(), subject, c.r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, page.Rows); diff != "" || page.More != c.more {
			t.Errorf("%s: more %v, %s", name, page.More, diff)
		}
	}
}

// TestEvents_lastBefore: a page of the last events begins with the state in which the event before it ended.
func TestEvents_lastBefore(t *testing.T) {
	s := openTest(t)
	subject, all := gift("gft_1"), story(gift("gft_1"))
	addSubject(t, s, 7, subject)
	addEvents(t, s, 7, all...)
	for limit := 1; limit <= len(all)+1; limit++ {
		page, err := s.Events(t.Context(), subject, domain.Range{Limit: limit, Last: true})
		if err != nil {
			t.Fatal(err)
		}
		want := domain.State{Status: domain.New, Delivery: domain.New}
		if limit < len(all) {
			want = all[len(all)-limit-1].Outcome.After
		}
		if page.Before != want || page.More != (limit < len(all)) {
			t.Errorf("the last %d: before %v, want %v; more %v", limit, page.Before, want, page.More)
		}
	}
}

func TestEvents_unknown(t *testing.T) {
	s := openTest(t)
	page, err := s.Events(t.Context(), gift("gft_1"), domain.Range{Limit: 5})
	if err != nil || len(page.Rows) != 0 || page.More || page.Before.Status != domain.New {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestEvents_damagedKey(t *testing.T) {
	s := openTest(t)
	addSubject(t, s, 7, gift("gft_1"))
	addEvents(t, s, 7, event(gift("gft_1"), 1, 1, "unopened"))
	if err := s.writer.Exec("UPDATE events SET meaning = x'00'").Error; err != nil {
		t.Fatal(err)
	}
	_, err := s.Events(t.Context(), gift("gft_1"), domain.Range{})
	wantCode(t, err, domain.CodeDamaged)
}

func TestBodies(t *testing.T) {
	s := openTest(t)
	raw := "{\"a\":\"\x00\xff\"}"
	insert(t, s, bodyRowOf(1, raw), bodyRowOf(2, "two"), bodyRowOf(3, ""))
	got, err := s.Bodies(t.Context(), []int64{3, 1, 99})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || string(got[1]) != raw || len(got[3]) != 0 {
		t.Errorf("%v", got)
	}
	if err := s.writer.Exec("UPDATE bodies SET body = x'00' WHERE id = 2").Error; err != nil {
		t.Fatal(err)
	}
	got, err = s.Bodies(t.Context(), []int64{1, 2})
	wantCode(t, err, domain.CodeDamaged)
	if len(got) != 1 || string(got[1]) != raw {
		t.Errorf("beside a damaged one: %v", got)
	}
	if got, err := s.Bodies(t.Context(), nil); len(got) != 0 || err != nil {
		t.Errorf("nothing asked: %v, %v", got, err)
	}
}
