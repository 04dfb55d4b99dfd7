package domain_test

import (
	"testing"

	"giftline/domain"
)

func TestDeadline(t *testing.T) {
	early, late := clock("09:30"), clock("23:00")
	for _, c := range []struct {
		name   string
		lines  []string
		phase  domain.Phase
		labels *domain.Labels
		want   *domain.Instant
	}{
		{"a limited state", []string{"09:00 status opened"}, domain.Waiting, nil, ptr(clock("10:00"))},
		{"a state without limit", []string{"09:00 status unopened"}, domain.Waiting, nil, nil},
		{"delivery has begun", []string{"09:00 status opened", "09:10 delivery shipped"}, domain.Shipping, nil, nil},
		{"people say it ends earlier", []string{"09:00 status opened"}, domain.Waiting, &domain.Labels{ExpiresAt: &early}, &early},
		{"people say it ends later", []string{"09:00 status opened"}, domain.Waiting, &domain.Labels{ExpiresAt: &late}, ptr(clock("10:00"))},
		{"only people know", []string{"09:00 status unopened"}, domain.Waiting, &domain.Labels{ExpiresAt: &late}, &late},
		{"it has ended", []string{"09:00 status unopened"}, domain.Completed, &domain.Labels{ExpiresAt: &late}, nil},
		{"labels without an end", []string{"09:00 status unopened"}, domain.Waiting, &domain.Labels{Reference: "r"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := domain.Refold(twoRegions, gift, "snappy", story(c.lines...))
			now.State.Phase = c.phase
			got, ok := (*domain.Policy)(nil).Deadline(twoRegions, &now, c.labels, nil)
			if c.want == nil {
				wantSame(t, ok, false)
				return
			}
			wantSame(t, got, *c.want)
		})
	}
}
