package domain_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// monday is the first day of the stories of this file.
var monday = time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)

const (
	hourly = domain.Instant(3_600_000_000)
	daily  = 24 * hourly
)

// at is a time so many days after monday.
func at(days int, clock string) domain.Instant {
	t, err := time.Parse("15:04:05", (clock + ":00")[:8])
	if err != nil {
		panic(err)
	}
	return domain.InstantOf(monday.AddDate(0, 0, days).Add(t.Sub(t.Truncate(24 * time.Hour))))
}

// sender says how many webhooks a source sends in an hour.
type sender func(hour time.Time) int64

func steady(n int64) sender { return func(time.Time) int64 { return n } }

// office sends from nine to five on working days.
func office(h time.Time) int64 {
	if w := h.Weekday(); w == time.Saturday || w == time.Sunday || h.Hour() < 9 || h.Hour() >= 17 {
		return 0
	}
	return 60
}

// campaign sends next to nothing, but a lot on the second Tuesday.
func campaign(h time.Time) int64 {
	if h.Equal(monday.AddDate(0, 0, 8).Add(10 * time.Hour)) {
		return 5000
	}
	return 0
}

// sent gives the hours of a source from a day on until it fell silent.
func sent(s sender, from int, last domain.Instant) (all []domain.EventCount) {
	for h := at(from, "00:00"); h < last; h += hourly {
		n := s(h.Time())
		if part := last - h; part < hourly {
			n = n * int64(part) / int64(hourly)
		}
		if n > 0 {
			all = append(all, domain.EventCount{From: h, Events: n})
		}
	}
	return all
}

func ours(from, to domain.Instant) domain.Outage { return domain.Outage{From: from, To: &to} }

func TestRhythm_Quiet(t *testing.T) {
	t.Parallel()
	weekend := domain.Outage{Source: "snappy", From: at(21, "00:00"), To: ptr(at(28, "00:00"))}
	for name, c := range map[string]struct {
		sends   sender
		from    int // the day of its first webhook
		last    domain.Instant
		now     domain.Instant
		outages []domain.Outage
		usual   int64 // 0: it is not quiet
	}{
		"twenty are missing":                    {steady(10), 0, at(30, "10:00"), at(30, "12:00"), nil, 20},
		"fewer are missing":                     {steady(10), 0, at(30, "10:00"), at(30, "11:59"), nil, 0},
		"many are missing, but not for long":    {steady(900), 0, at(30, "10:00"), at(30, "10:29"), nil, 0},
		"many are missing for half an hour":     {steady(900), 0, at(30, "10:00"), at(30, "10:30"), nil, 450},
		"a night":                               {office, 0, at(29, "17:00"), at(30, "09:00"), nil, 0},
		"a weekend":                             {office, 0, at(32, "17:00"), at(35, "09:00"), nil, 0},
		"clocks were put back at the weekend":   {office, 0, at(32, "17:00"), at(35, "10:00"), nil, 0},
		"a Monday on which nothing comes":       {office, 0, at(32, "17:00"), at(35, "10:30"), nil, 30},
		"a month without a word":                {office, 0, at(32, "17:00"), at(65, "10:00"), nil, 4680},
		"a campaign is no rhythm":               {campaign, 0, at(14, "12:00"), at(15, "12:00"), nil, 0},
		"known for hours only":                  {steady(900), 0, at(0, "20:00"), at(0, "23:00"), nil, 0},
		"known for two days":                    {steady(10), 0, at(2, "10:00"), at(2, "13:00"), nil, 30},
		"nights, known for two days":            {office, 0, at(1, "17:00"), at(2, "09:00"), nil, 0},
		"the first weekend":                     {office, 0, at(4, "17:00"), at(7, "09:00"), nil, 0},
		"from the second day of the first week": {office, 0, at(2, "12:00"), at(2, "14:00"), nil, 120},
		"we were down ourselves":                {steady(10), 0, at(30, "10:00"), at(30, "14:00"), []domain.Outage{ours(at(30, "10:20"), at(30, "13:30"))}, 0},
		"and it stays silent afterwards":        {steady(10), 0, at(30, "10:00"), at(30, "15:20"), []domain.Outage{ours(at(30, "10:20"), at(30, "13:30"))}, 22},
		"we were down the weeks before":         {steady(10), 0, at(30, "10:00"), at(30, "13:00"), []domain.Outage{ours(at(9, "00:00"), at(28, "00:00"))}, 30},
		"an hour before tells nothing":          {steady(10), 7, at(22, "10:00"), at(22, "14:00"), []domain.Outage{ours(at(15, "12:00"), at(15, "13:00"))}, 40},
		"it was silent the week before":         {absent(steady(10), 21, 28), 0, at(30, "10:00"), at(30, "12:00"), []domain.Outage{weekend}, 20},
		"its silence now is no silence before":  {steady(10), 0, at(30, "10:00"), at(30, "12:00"), []domain.Outage{{Source: "snappy", From: at(30, "10:00")}}, 20},
		"that of another source":                {steady(10), 0, at(30, "10:00"), at(30, "12:00"), []domain.Outage{{Source: "resend", From: at(0, "00:00")}}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := domain.Rhythm{Source: "snappy", Last: c.last, Hours: sent(c.sends, c.from, c.last), Outages: c.outages}
			got, quiet := r.Quiet(c.now)
			if quiet != (c.usual > 0) {
				t.Fatalf("quiet is %v: %+v", quiet, got)
			}
			if want := (domain.Silence{Source: "snappy", Since: c.last, Usual: c.usual}); quiet && got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func absent(s sender, from, to int) sender {
	return func(h time.Time) int64 {
		if i := domain.InstantOf(h); i >= at(from, "00:00") && i < at(to, "00:00") {
			return 0
		}
		return s(h)
	}
}

// Who falls silent stays so until something arrives: only that ends it.
func TestRhythm_Quiet_stays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(0, 40), 24, 24*40).Draw(rt, "hours")
		last := at(0, "00:00") + domain.Instant(len(counts))*hourly
		r := domain.Rhythm{Last: last}
		for i, n := range counts {
			if n > 0 {
				r.Hours = append(r.Hours, domain.EventCount{From: at(0, "00:00") + domain.Instant(i)*hourly, Events: n})
			}
		}
		later := rapid.SliceOfN(rapid.Int64Range(0, 72*60), 2, 20).Draw(rt, "minutes")
		silent, now := false, last
		for _, minutes := range later {
			now += domain.Instant(minutes) * 60_000_000
			_, quiet := r.Quiet(now)
			if silent && !quiet {
				rt.Fatalf("not quiet any more at %s", now)
			}
			silent = quiet
		}
	})
}

// Sources that never fall silent are never called so, whatever their hours: a quarter of a year of each is gone through.
func TestRhythm_Quiet_neverWrong(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	local := func(h time.Time) int64 { return office(h.In(newYork)) } // the clocks change on day 62
	for name, s := range map[string]sender{
		"two an hour": steady(2), "thirty an hour": steady(30), "office hours in New York": local, "campaigns": func(h time.Time) int64 {
			if h.Day()%11 == 0 && h.Hour() == 15 {
				return 900
			}
			return office(h) / 30
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			r := domain.Rhythm{Last: at(0, "00:00")}
			for h := at(0, "00:00"); h < at(90, "00:00"); h += hourly {
				n := scattered(random, float64(s(h.Time())))
				for i := range n {
					next := h + hourly*domain.Instant(i)/domain.Instant(n)
					if _, quiet := r.Quiet(next); quiet {
						t.Fatalf("quiet from %s to %s", r.Last, next)
					}
					r.Last = next
				}
				if n > 0 {
					r.Hours = append(r.Hours, domain.EventCount{From: h, Events: n})
				}
			}
		})
	}
}

// scattered draws how many come where so many are usual, if they come independently.
func scattered(random *rand.Rand, mean float64) (n int64) {
	for t := random.ExpFloat64(); t < mean; t += random.ExpFloat64() {
		n++
	}
	return n
}
