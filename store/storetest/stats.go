package storetest

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// tallied is what statistics say of some subjects of one machine, by words that name it.
type tallied map[string]int64

// statistics: what is counted is what the timelines tell, however their events arrived, for everybody and for those who
// reach some of the sources only, whose timelines are their own.
func (s Suite) statistics(t *testing.T) {
	for _, name := range []string{"sendoso.send", "snappy.gift", "resend.email"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := epoch.Time()
			store := s.Open(t, s.Machines, func() time.Time { return now })
			m := s.machine(t, name)
			var subjects []domain.Subject
			var stories [][]domain.Parsed
			for n := range 12 {
				subjects = append(subjects, subjectOf(m, fmt.Sprint("subject-", n)))
				stories = append(stories, rapid.Custom(func(rt *rapid.T) []domain.Parsed { return story(rt, m, subjects[n], n) }).Example(n))
			}
			for n := range told { // a delivery of each subject an hour, so that all stories change all the time
				for _, story := range stories {
					record(t, store, story[n])
				}
				now = now.Add(time.Hour)
				if n == told/3 || n == told-1 {
					s.sameCounts(t, store, m, subjects)
				}
			}
		})
	}
}

// told is how many deliveries tell a story.
const told = 18

// story draws deliveries of one subject, late and repeated, on a day of its own and by one source or two.
func story(rt *rapid.T, m domain.Machine, subject domain.Subject, n int) []domain.Parsed {
	all := events(rt, m, subject, told-3)
	for i := range all {
		all[i].At += domain.Instant(n%3) * 24 * 3600 * second
	}
	var arrival []domain.Parsed
	for i, e := range rapid.Permutation(append(all, all[:3]...)).Draw(rt, "arrival") {
		p := delivery(e, fmt.Sprint(i))
		p.Source = []string{"first", "second", []string{"first", "second"}[e.Fingerprint[0]%2]}[n%3]
		arrival = append(arrival, p)
	}
	return arrival
}

// sameCounts compares statistics with timelines, as soon as the store's index is as far as they are.
func (s Suite) sameCounts(t *testing.T, store domain.Store, m domain.Machine, subjects []domain.Subject) {
	t.Helper()
	for _, reach := range [][]string{nil, {"first"}, {"second", "third"}, {"first", "second"}} {
		ctx := context.Background()
		if reach != nil {
			ctx = domain.Within(ctx, reach)
		}
		want := s.countedByHand(t, ctx, store, subjects)
		got := statisticsOf(t, ctx, store, m)
		for end := time.Now().Add(20 * time.Second); !maps.Equal(got, want) && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
			got = statisticsOf(t, ctx, store, m)
		}
		if !maps.Equal(got, want) {
			t.Errorf("within %v:\n%s\nwant\n%s", reach, bytesOf(got), bytesOf(want))
		}
	}
}

func statisticsOf(t *testing.T, ctx context.Context, store domain.Store, m domain.Machine) tallied {
	t.Helper()
	c := tallied{}
	dwells, err := store.Dwells(ctx, m.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dwells {
		for bucket, n := range d.Buckets {
			c.add(n, d.Region, d.State, "stays of bucket", bucket)
		}
	}
	for n := range domain.Instant(3) {
		from := epoch.Day() + n*24*3600*second
		f, err := store.Funnel(ctx, m.Name(), domain.Span{From: &from, Until: &from})
		if err != nil {
			t.Fatal(err)
		}
		c.add(f.Subjects, "began", from)
		for _, r := range f.Reached {
			c.add(r.Subjects, "began", from, "were", r.Region, r.State)
		}
	}
	for _, group := range []domain.EventGroup{domain.ByVerdict, domain.ByType, domain.BySource} {
		for _, daily := range []bool{true, false} {
			counts, err := store.EventCounts(ctx, domain.EventCountQuery{Group: group, Daily: daily})
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range counts {
				c.add(one.Events, "recorded", daily, one.From, one.Group)
			}
		}
	}
	return c
}

// countedByHand walks the timelines of what lies within the reach.
func (s Suite) countedByHand(t *testing.T, ctx context.Context, store domain.Store, subjects []domain.Subject) tallied {
	t.Helper()
	c := tallied{}
	for _, subject := range subjects {
		page, err := store.Events(ctx, subject, domain.Range{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			for _, group := range []string{string(r.Outcome.Verdict), r.Type, r.Source} {
				c.add(1, "recorded", true, r.Joined.Day(), group)
				c.add(1, "recorded", false, r.Joined.Hour(), group)
			}
		}
		if len(page.Rows) > 0 {
			line, err := s.reader(store).Timeline(ctx, page.Current, domain.View{})
			if err != nil {
				t.Fatal(err)
			}
			c.walk(line.Entries)
		}
	}
	return c
}

func (c tallied) add(n int64, what ...any) {
	if n != 0 {
		c[fmt.Sprintln(what...)] += n
	}
}

// walk counts a timeline by its entries.
func (c tallied) walk(entries []domain.Entry) {
	day := entries[0].At.Day()
	since, been := map[domain.Region]domain.Instant{}, map[string]bool{}
	for _, e := range entries {
		if !e.Verdict.Moves() {
			continue
		}
		r := *e.Region
		if began, ok := since[r]; ok {
			c.add(1, r, *e.From, "stays of bucket", domain.BucketOf(time.Duration(e.At-began)*time.Microsecond))
		}
		since[r] = e.At
		for _, state := range append(e.Inferred, *e.To) {
			been[fmt.Sprintln("began", day, "were", r, state)] = true
		}
	}
	c.add(1, "began", day)
	for what := range been {
		c[what]++
	}
}
