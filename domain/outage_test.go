package domain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

func TestCatchUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ outage, want time.Duration }{
		{0, 6 * time.Minute},
		{4 * time.Minute, 6 * time.Minute},
		{6 * time.Minute, 36 * time.Minute},
		{time.Hour, 2*time.Hour + 24*time.Minute},
		{3 * time.Hour, 6 * time.Hour},
		{8 * time.Hour, 12 * time.Hour},
		{48 * time.Hour, 12 * time.Hour},
		{365 * day, 12 * time.Hour},
	} {
		if got := domain.CatchUp(c.outage); got != c.want {
			t.Errorf("after %v: %v, want %v", c.outage, got, c.want)
		}
	}
}

// TestCatchUp_outlastsEveryRetry plays Svix: whatever is first tried in an outage, and whatever the jitter, comes again
// within the time to catch up, if it comes again at all.
func TestCatchUp_outlastsEveryRetry(t *testing.T) {
	t.Parallel()
	waits := []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
	}
	rapid.Check(t, func(t *rapid.T) {
		outage := time.Duration(rapid.Int64Range(1, int64(40*time.Hour)).Draw(t, "outage"))
		at := time.Duration(rapid.Int64Range(0, int64(outage)-1).Draw(t, "first try"))
		for _, wait := range waits {
			if at >= outage {
				break
			}
			at += time.Duration(float64(wait) * rapid.Float64Range(0.8, 1.2).Draw(t, "jitter"))
		}
		if at >= outage && at-outage > domain.CatchUp(outage) {
			t.Errorf("after an outage of %v a webhook came %v later, not within %v", outage, at-outage, domain.CatchUp(outage))
		}
	})
}

func TestOutage_Until(t *testing.T) {
	t.Parallel()
	ended := when("2025-01-15T10:00:00Z")
	o := domain.Outage{From: when("2025-01-15T09:00:00Z"), To: &ended}
	wantInstant(t, "ended", o.Until(when("2025-01-20T00:00:00Z")), when("2025-01-15T12:24:00Z"))
	o.To = nil
	wantInstant(t, "lasts, as if it ended now", o.Until(when("2025-01-15T12:00:00Z")), when("2025-01-15T18:00:00Z"))
}

// TestOutage_Until_ahead: while an outage lasts, its end is always ahead, and never comes nearer than it is when it ends.
func TestOutage_Until_ahead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := domain.Outage{From: nine}
		early := nine + domain.Instant(rapid.Int64Range(0, 200_000_000_000).Draw(t, "early"))
		late := early + domain.Instant(rapid.Int64Range(0, 200_000_000_000).Draw(t, "late"))
		if o.Until(early) <= early || o.Until(late) < o.Until(early) {
			t.Errorf("at %s until %s, at %s until %s", early, o.Until(early), late, o.Until(late))
		}
	})
}

func TestBlindOf(t *testing.T) {
	t.Parallel()
	ended := clock("10:00")
	got := domain.BlindOf([]domain.Outage{{From: nine, To: &ended}, {Source: "snappy", From: clock("11:00")}}, clock("11:01"))
	wantSame(t, got, domain.Blind{{From: nine, Until: clock("12:24")}, {Source: "snappy", From: clock("11:00"), Until: clock("11:07")}})
	wantSame(t, len(domain.BlindOf(nil, nine)), 0)
}
