package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

func TestCleared(t *testing.T) {
	s := openTest(t)
	one, two := gift("gft_1"), gift("gft_2")
	addSubject(t, s, 1, one)
	addSubject(t, s, 2, two)
	fp, cause := domain.Fingerprint{1}, domain.Fingerprint{2}
	change := changeRow{
		JoinedAt: monday + 2, FP: fingerprint(fp), Was: domain.Illegal, Verdict: domain.Moved, Region: domain.Status,
		WasFrom: "claimed", WasTo: "opened", WasReason: domain.Backward, BelievedAt: monday + 1, Cause: cause[:],
	}
	byUpgrade, recorded, filled := change, change, change
	change.Seq, change.Subject = 1, 1
	byUpgrade.Seq, byUpgrade.Subject, byUpgrade.Cause, byUpgrade.Verdict = 2, 2, nil, domain.Note
	recorded.Seq, recorded.Subject, recorded.Was = 3, 1, ""
	filled.Seq, filled.Subject, filled.Was = 4, 1, domain.Gap
	insert(t, s, change, byUpgrade, recorded, filled)

	first := domain.Cleared{
		Subject: one, EventID: domain.EventID(one.Digest(), fp), Region: domain.Status, From: "claimed", To: "opened",
		Reason: domain.Backward, BelievedAt: monday + 1, ClearedAt: monday + 2,
		ClearedBy: domain.EventID(one.Digest(), cause), Verdict: domain.Moved,
	}
	second := first
	second.Subject, second.EventID, second.ClearedBy, second.Verdict = two, domain.EventID(two.Digest(), fp), "machine", domain.Note
	for name, c := range map[string]struct {
		subject *domain.Subject
		limit   int
		want    []domain.Cleared
	}{
		"all":        {nil, 10, []domain.Cleared{second, first}},
		"the newest": {nil, 1, []domain.Cleared{second}},
		"one":        {&one, 10, []domain.Cleared{first}},
		"other":      {&two, 10, []domain.Cleared{second}},
		"unknown":    {&domain.Subject{}, 10, []domain.Cleared{}},
	} {
		got, err := s.Cleared(t.Context(), c.subject, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
