package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

func TestReject(t *testing.T) {
	s := openTest(t)
	received := monday
	insert(t, s, sourceRow{
		Source: "snappy", Received: 6, Recorded: 1, Duplicate: 2, Conflict: 1, Unresolved: 1, Quarantined: 1, LastReceived: &received,
	})
	err := errors.Join(
		s.Reject(t.Context(), nil),
		s.Reject(t.Context(), []domain.Rejection{
			{Source: "snappy", Reason: "new", At: monday + 9, Count: 2}, {Source: "resend", Reason: "bad", At: monday, Count: 1},
		}),
		s.Reject(t.Context(), []domain.Rejection{{Source: "snappy", Reason: "old", At: monday + 5, Count: 3}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	first, last := monday, monday+9
	want := []domain.SourceCount{
		{Source: "resend", Counts: counts(0, 0, 0, 0, 0), Rejected: 1, LastRejection: &first, LastReason: "bad"},
		{
			Source: "snappy", Counts: counts(1, 2, 1, 1, 1), Received: 6, LastReceived: &received,
			Rejected: 5, LastRejection: &last, LastReason: "new",
		},
	}
	got, err := s.SourceCounts(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func counts(recorded, duplicate, conflict, unresolved, quarantined int64) map[domain.Result]int64 {
	return map[domain.Result]int64{
		domain.ResultRecorded: recorded, domain.ResultDuplicate: duplicate, domain.ResultConflict: conflict,
		domain.ResultUnresolved: unresolved, domain.ResultQuarantined: quarantined,
	}
}
