package store

import (
	"testing"
	"time"

	"giftline/domain"
)

// The follower sleeps until somebody has to be looked at, and never longer than a poll.
func TestFollow_untilNext(t *testing.T) {
	now := time.UnixMicro(1_760_000_000_000_000)
	s := &Store{now: func() time.Time { return now }}
	at := func(after time.Duration) *domain.Instant {
		i := domain.InstantOf(now.Add(after))
		return &i
	}
	for name, c := range map[string]struct {
		backlog
		want time.Duration
	}{
		"nobody":              {backlog{}, followPoll},
		"soon":                {backlog{next: at(1234567 * time.Microsecond)}, 1234567 * time.Microsecond},
		"in a year":           {backlog{next: at(365 * 24 * time.Hour)}, followPoll},
		"just now":            {backlog{next: at(-time.Second)}, time.Millisecond},
		"by another's policy": {backlog{next: at(time.Second), foreign: true}, followPoll},
	} {
		if got := s.untilNext(&c.backlog); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What waits, and gets no further for minutes, is nobody's any more.
func TestFollow_abandoned(t *testing.T) {
	var e elsewhere
	start := time.UnixMicro(1_760_000_000_000_000)
	one, two := domain.Instant(1), domain.Instant(2)
	for i, step := range []struct {
		after    time.Duration
		position string
		next     *domain.Instant
		want     bool
	}{
		{0, "a", nil, false},
		{abandonment, "a", nil, false},
		{abandonment + time.Second, "a", nil, true},
		{abandonment + 2*time.Second, "b", nil, false}, // somebody follows
		{2*abandonment + time.Second, "b", &one, false},
		{3 * abandonment, "b", &two, false}, // somebody looks
		{4*abandonment + time.Second, "b", &two, true},
	} {
		b := &backlog{state: followerRow{Position: step.position}, next: step.next}
		if got := e.abandoned(b, start.Add(step.after)); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

// While nothing is due, nothing is written, and no lap is run to find that out.
func TestFollow_idle(t *testing.T) {
	s := openTest(t)
	if err := s.FollowAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	laps := s.following.ended.Load()
	for range 3 {
		if wait, err := s.followOn(); err != nil || wait != followPoll || s.following.ended.Load() != laps {
			t.Errorf("it waits %v, error %v, and a lap was run: %v", wait, err, s.following.ended.Load() != laps)
		}
	}
}

// Laps that look at deadlines grow and shrink until webhooks wait for one as long as they may.
func TestFollow_paced(t *testing.T) {
	for name, each := range map[string]time.Duration{
		"usual": 300 * time.Microsecond, "on a slow disk": 900 * time.Microsecond, "on a fast one": time.Microsecond, "hardly at all": time.Second,
	} {
		want := min(max(int64(looksHold/each), looksLeast), looksMost)
		for _, looks := range []int64{looksLeast, looksMost} {
			for range 20 {
				looks = paced(int(looks), time.Duration(looks)*each)
			}
			if looks < want-1 || looks > want+1 {
				t.Errorf("%s: %d, want %d", name, looks, want)
			}
		}
	}
	f := newFollowing()
	for _, l := range []*lap{nil, {late: looksLeast - 1, looks: looksLeast}} {
		if f.noteLap(l, time.Now()); f.looks.Load() != looksLeast {
			t.Errorf("%d after a lap that was not full", f.looks.Load())
		}
	}
	if f.noteLap(&lap{late: looksLeast, looks: looksLeast, began: time.Now()}, time.Now()); f.looks.Load() <= looksLeast {
		t.Error("a quick lap that was full is followed by one that is no larger")
	}
}
