package domain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// shareOf tells a share in words: its states, with the upper ends of their finished stays.
func shareOf(rows []domain.Recorded) string {
	var words []string
	for _, been := range domain.ShareOf(twoRegions, nil, judged(rows)).Been {
		words = append(words, string(been.Region)+" "+been.State)
		for _, s := range been.Stays {
			words = append(words, fmt.Sprintf("%d×%v", s.N, time.Duration(domain.DwellBuckets[s.Bucket])*time.Second))
		}
	}
	return strings.Join(words, ", ")
}

func judged(rows []domain.Recorded) (all []domain.Judged) {
	for _, r := range rows {
		all = append(all, domain.Judged{At: r.At, Region: r.Region, Verdict: r.Outcome.Verdict, Target: r.Target, Previous: r.Previous})
	}
	return all
}

func TestShareOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what  string
		lines []string
		want  string
	}{
		{"a stay ends with the next move", []string{"09:00 status unopened", "09:50 status opened"}, "status opened, status unopened, 1×1h0m0s"},
		{"what is said again ends nothing", []string{"09:00 status unopened", "09:30 status unopened", "09:50 status opened"}, "status opened, status unopened, 1×1h0m0s"},
		{"nor does what is illegal", []string{"09:00 status opened", "09:30 status lost"}, "status opened, status unopened"},
		{"nor a note", []string{"09:00 status unopened", "09:30 note"}, "status unopened"},
		{"an inferred step has no times", []string{"09:00 status opened"}, "status opened, status unopened"},
		{"no time at all is a stay", []string{"09:00 status unopened", "09:00 status opened"}, "status opened, status unopened, 1×1s"},
		{"regions do not end each other", []string{"09:00 status unopened", "09:10 delivery shipped", "11:00 delivery delivered", "12:00 status opened"},
			"delivery delivered, delivery shipped, 1×2h0m0s, status opened, status unopened, 1×3h0m0s"},
	} {
		if got := shareOf(story(c.lines...)); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
	}
	if domain.ShareOf(twoRegions, nil, nil) != nil {
		t.Error("a subject without events has a share")
	}
}

func TestShareOf_sourcesAndDay(t *testing.T) {
	t.Parallel()
	share := domain.ShareOf(twoRegions, []string{"snappy", "first"}, judged(story("23:59 status unopened")))
	wantSame(t, share.Sources, []string{"first", "snappy"})
	wantSame(t, share.Day, clock("00:00"))
}

// Every move but the last of its region ends one stay, and what a subject stayed in it has been in.
func TestShareOf_everyMoveEndsAStay(t *testing.T) {
	t.Parallel()
	lines := []string{"status unopened", "status opened", "status lost", "delivery shipped", "delivery delivered", "note"}
	rapid.Check(t, func(t *rapid.T) {
		var told []string
		for hour := range rapid.IntRange(1, 12).Draw(t, "events") {
			told = append(told, fmt.Sprintf("%02d:00 %s", hour, rapid.SampledFrom(lines).Draw(t, "line")))
		}
		ended := map[domain.Region]int64{}
		for _, e := range judged(story(told...)) {
			if e.Verdict.Moves() {
				ended[e.Region]++
			}
		}
		for _, been := range domain.ShareOf(twoRegions, nil, judged(story(told...))).Been {
			for _, s := range been.Stays {
				ended[been.Region] -= s.N
			}
		}
		for region, open := range ended {
			if open != 1 {
				t.Fatalf("%d stays are open in %s", open, region)
			}
		}
	})
}
