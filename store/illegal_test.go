package store

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"giftline/domain"
)

func TestIllegal(t *testing.T) {
	s := openTest(t)
	want := illegalOfThree(t, s)
	for _, limit := range []int{1, 2, 3, 4, 10, 0} {
		var got []domain.Recorded
		cursor := ""
		for first := true; first || cursor != ""; first = false {
			page, next, err := s.Illegal(t.Context(), cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			got, cursor = append(got, page...), next
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
}

// illegalOfThree stores the same story for three subjects, every second event illegal, and gives those, newest first.
func illegalOfThree(t *testing.T, s *Store) (want []domain.Recorded) {
	t.Helper()
	for number := int64(1); number <= 3; number++ {
		subject := gift(fmt.Sprint("gft_", number))
		all := story(subject)
		before := domain.State{Status: domain.New, Delivery: domain.New}
		for i := range all {
			if i%2 == 0 {
				all[i].Outcome.Verdict, all[i].Outcome.Reason = domain.Illegal, domain.Backward
				illegal := all[i]
				illegal.Before = before
				want = append(want, illegal)
			}
			before = all[i].Outcome.After
		}
		addSubject(t, s, number, subject)
		addEvents(t, s, number, all...)
	}
	slices.SortFunc(want, func(a, b domain.Recorded) int {
		return -cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.Fingerprint[:], b.Fingerprint[:]))
	})
	return want
}

func TestIllegal_foreignCursor(t *testing.T) {
	s := openTest(t)
	stranger := &listCursor{digest: digest(gift("unknown").Digest())}
	for _, cursor := range []string{"x", "???", formatSeq(5), stranger.String()} {
		_, _, err := s.Illegal(t.Context(), cursor, 5)
		wantCode(t, err, domain.CodeInvalid)
	}
}

func TestEvent(t *testing.T) {
	s := openTest(t)
	all := story(gift("gft_1"))
	addSubject(t, s, 1, gift("gft_1"))
	addEvents(t, s, 1, all...)
	before := domain.State{Status: domain.New, Delivery: domain.New}
	for _, want := range all {
		want.Before, before = before, want.Outcome.After
		got, err := s.Event(t.Context(), want.Subject.Digest(), want.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	_, err := s.Event(t.Context(), gift("gft_1").Digest(), domain.Fingerprint{})
	wantCode(t, err, domain.CodeNotFound)
}
