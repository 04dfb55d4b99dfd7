package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store/storetest"
)

// onBoth runs a test on both databases, each empty and with the real machines.
func onBoth(t *testing.T, run func(*testing.T, *Store)) {
	for name, at := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "giftline.db") },
		"postgres": func(t *testing.T) string { return storetest.Schema(t, storetest.Server(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), at(t), Options{Machines: statemachines.All(), Now: func() time.Time { return monday.Time() }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			run(t, s)
		})
	}
}

func collect(t *testing.T, s *Store, what func(*tallies)) {
	t.Helper()
	y := newTallies()
	what(y)
	if err := s.write(t.Context(), func(tx *gorm.DB) error { return y.write(conn{tx, s.dialect}) }); err != nil {
		t.Fatal(err)
	}
}

// recordedAt is a change that records an event.
func recordedAt(at domain.Instant, source, kind string, v domain.Verdict) *feedRow {
	return &feedRow{Provider: domain.Snappy, Kind: domain.Gift, Change: changeRow{Source: source, Type: kind, Verdict: v, RecordedAt: at}}
}

func TestEventCounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *Store) {
		const minute, hour, day = 60_000_000, 3600_000_000, 24 * 3600_000_000
		collect(t, s, func(y *tallies) {
			y.change(recordedAt(monday, "snappy", "claim", domain.Moved))
			y.change(recordedAt(monday+59*minute, "snappy", "claim", domain.Illegal))
			y.change(recordedAt(monday+hour, "other", "note", domain.Note))
			y.change(recordedAt(monday-day, "other", "note", domain.Note))
			y.change(recordedAt(0, "snappy", "claim", domain.Moved)) // gone before changes told when they were recorded
		})
		judged := recordedAt(monday+59*minute, "snappy", "claim", domain.Moved)
		judged.Change.Was = domain.Illegal
		gone := recordedAt(monday-day, "other", "note", "")
		gone.Change.Was = domain.Note
		collect(t, s, func(y *tallies) { y.change(judged) })
		all := func(span domain.Span) domain.EventCountQuery { return domain.EventCountQuery{Span: span} }
		from, until := monday, monday+hour
		today := monday.Day()
		for _, c := range []struct {
			what  string
			reach []string
			query domain.EventCountQuery
			want  string
		}{
			{"hours", nil, all(domain.Span{}), "15 09h 1, 16 09h 2, 16 10h 1, "},
			{"from", nil, all(domain.Span{From: &from}), "16 09h 2, 16 10h 1, "},
			{"after", nil, all(domain.Span{After: &from}), "16 10h 1, "},
			{"until", nil, all(domain.Span{From: &from, Until: &until}), "16 09h 2, 16 10h 1, "},
			{"before", nil, all(domain.Span{From: &from, Before: &until}), "16 09h 2, "},
			{"days", nil, domain.EventCountQuery{Daily: true}, "15 00h 1, 16 00h 3, "},
			{"verdicts", nil, domain.EventCountQuery{Group: domain.ByVerdict, Daily: true}, "15 00h note 1, 16 00h moved 2, 16 00h note 1, "},
			{"types", nil, domain.EventCountQuery{Group: domain.ByType, Daily: true, Span: domain.Span{From: &today}}, "16 00h claim 2, 16 00h note 1, "},
			{"a reach", []string{"other", "x"}, domain.EventCountQuery{Group: domain.BySource, Daily: true}, "15 00h other 1, 16 00h other 1, "},
			{"no reach", []string{}, all(domain.Span{}), ""},
		} {
			ctx := t.Context()
			if c.reach != nil {
				ctx = domain.Within(ctx, c.reach)
			}
			if got := countsAt(t, ctx, s, c.query); got != c.want {
				t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
			}
		}
		collect(t, s, func(y *tallies) { y.change(gone) })
		if got := countsAt(t, t.Context(), s, all(domain.Span{Before: &from})); got != "" {
			t.Errorf("an event that left its timeline counts: %s", got)
		}
		if _, err := s.EventCounts(t.Context(), domain.EventCountQuery{Group: "subject"}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("an unknown group: %v", err)
		}
	})
}

func countsAt(t *testing.T, ctx context.Context, s *Store, q domain.EventCountQuery) (told string) {
	t.Helper()
	counts, err := s.EventCounts(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		told += strings.Join(strings.Fields(fmt.Sprint(c.From.Time().Format("02 15h "), c.Group, " ", c.Events)), " ") + ", "
	}
	return told
}

// A share that is counted anew takes back what it was before, and who reaches only some sources counts what they alone
// told of.
func TestShares(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *Store) {
		m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
		today := monday.Day()
		story := func(at domain.Instant, minutes int64, sources ...string) *domain.Share {
			return domain.ShareOf(m, sources, []domain.Judged{
				{At: at, Region: domain.Status, Verdict: domain.Moved, Target: "unopened"},
				{At: at + domain.Instant(minutes)*60_000_000, Region: domain.Status, Verdict: domain.Moved, Target: "opened"},
			})
		}
		var counted []byte
		count := func(share *domain.Share, was []byte) (now []byte) {
			collect(t, s, func(y *tallies) {
				var err error
				if now, err = y.subject(m, share, was); err != nil {
					t.Fatal(err)
				}
			})
			return now
		}
		count(story(monday, 1, "snappy"), nil)
		counted = count(story(monday, 600, "snappy", "other"), nil)
		for _, c := range []struct {
			reach           []string
			subjects, stays int64
		}{{nil, 2, 2}, {[]string{"snappy"}, 1, 1}, {[]string{"other"}, 0, 0}, {[]string{"other", "snappy"}, 2, 2}, {[]string{}, 0, 0}} {
			ctx := t.Context()
			if c.reach != nil {
				ctx = domain.Within(ctx, c.reach)
			}
			subjects, stays := sums(t, ctx, s, domain.Span{From: &today, Until: &today})
			if subjects != c.subjects || stays != c.stays {
				t.Errorf("within %v: %d subjects, %d stays; want %d, %d", c.reach, subjects, stays, c.subjects, c.stays)
			}
		}
		counted = count(story(monday-86_400_000_000, 1, "other"), counted) // a late event says that it began a day earlier
		if subjects, _ := sums(t, t.Context(), s, domain.Span{From: &today}); subjects != 1 {
			t.Errorf("%d subjects began today", subjects)
		}
		dwells, err := s.Dwells(t.Context(), "snappy.gift")
		want := []domain.Dwell{{Region: domain.Status, State: "unopened", Count: 2, Buckets: make([]int64, len(domain.DwellBuckets)+1)}}
		want[0].Buckets[domain.BucketOf(time.Minute)] = 2
		if diff := cmp.Diff(want, dwells); err != nil || diff != "" {
			t.Errorf("error %v %s", err, diff)
		}
		count(nil, counted) // its events were taken off
		if subjects, stays := sums(t, t.Context(), s, domain.Span{}); subjects != 1 || stays != 1 {
			t.Errorf("%d subjects, %d stays are left", subjects, stays)
		}
	})
}

func sums(t *testing.T, ctx context.Context, s *Store, span domain.Span) (subjects, stays int64) {
	t.Helper()
	f, err := s.Funnel(ctx, "snappy.gift", span)
	if err != nil {
		t.Fatal(err)
	}
	dwells, err := s.Dwells(ctx, "snappy.gift")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dwells {
		stays += d.Count
	}
	for _, r := range f.Reached {
		if r.State == "opened" && r.Subjects != f.Subjects || r.State == "claimed" && r.Subjects != 0 {
			t.Errorf("%d of %d were %s", r.Subjects, f.Subjects, r.State)
		}
	}
	return f.Subjects, stays
}

func TestStats_unknownMachine(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "giftline.db"), Options{Machines: statemachines.All()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, funnel := s.Funnel(t.Context(), "gift", domain.Span{})
	_, dwells := s.Dwells(t.Context(), "gift")
	wantCode(t, funnel, domain.CodeInvalid)
	wantCode(t, dwells, domain.CodeInvalid)
}

// No statistic may scan a table that grows with the events: only tallies, by the beginning of their keys.
func TestStats_plans(t *testing.T) {
	t.Parallel()
	s := openTest(t)
	for _, query := range []string{
		"SELECT since, type AS name, CAST(sum(n) AS bigint) AS total FROM event_tallies WHERE daily = 1 AND since >= 1 AND since < 2 GROUP BY since, name HAVING sum(n) <> 0 ORDER BY since, name",
		"SELECT region, state, bucket, CAST(sum(n) AS bigint) AS total FROM stay_tallies WHERE machine = 'x' GROUP BY region, state, bucket",
		"SELECT region, state, CAST(sum(n) AS bigint) AS total FROM funnel_tallies WHERE machine = 'x' AND day >= 1 AND day < 2 GROUP BY region, state",
	} {
		for _, step := range plan(t, s, query) {
			if len(step) >= 4 && step[:4] == "SCAN" {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
	}
}
