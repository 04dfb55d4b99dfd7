package domain_test

import (
	"testing"
	"time"

	"giftline/domain"
)

// count is what a source came to at some minute after nine.
type count struct {
	minute                    int
	received, refused, unread int64
	putOff                    int64
	lastRefused               int // minute
	free, size                uint64
}

func samplesOf(counts ...count) (all domain.Samples) {
	for _, c := range counts {
		source := domain.SourceCount{
			Source: "snappy", Received: c.received, Rejected: c.refused, LastReason: "bad_signature",
			Counts: map[domain.Result]int64{domain.ResultQuarantined: c.unread / 2, domain.ResultUnresolved: c.unread - c.unread/2},
		}
		if c.refused > 0 {
			source.LastRejection = ptr(minutesPast(c.lastRefused))
		}
		all = append(all, domain.Sample{
			At: minutesPast(c.minute), Sources: []domain.SourceCount{source},
			Vitals: domain.Vitals{PutOff: c.putOff, DiskFree: c.free, DiskSize: c.size},
		})
	}
	return all
}

func minutesPast(n int) domain.Instant { return nine + domain.Instant(n)*60*domain.InstantSecond }

func TestSamples_Troubles(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	for name, c := range map[string]struct {
		samples domain.Samples
		want    domain.Rule // empty: nothing
		since   int         // minute
		seen    int
	}{
		"nothing was looked at yet":                {},
		"numbers of before we looked":              {samples: samplesOf(count{received: 5, refused: 900, unread: 900, putOff: 900})},
		"ten are refused":                          {samplesOf(count{}, count{minute: 5}, count{minute: 9, refused: 10, lastRefused: 8}), domain.RuleSignature, 5, 8},
		"nine are refused":                         {samples: samplesOf(count{}, count{minute: 9, refused: 9, lastRefused: 8})},
		"ten are refused within the hour":          {samplesOf(count{}, count{minute: 25, refused: 5, lastRefused: 25}, count{minute: 55, refused: 10, lastRefused: 51}), domain.RuleSignature, 0, 51},
		"strangers guess while webhooks are taken": {samples: samplesOf(count{}, count{minute: 9, received: 10, refused: 10, lastRefused: 9})},
		"a secret changed just now":                {samplesOf(count{}, count{minute: 40, received: 900}, count{minute: 50, received: 905, refused: 11, lastRefused: 50}), domain.RuleSignature, 40, 50},
		"twenty cannot be read":                    {samplesOf(count{}, count{minute: 30}, count{minute: 50, received: 100, unread: 20}), domain.RuleQuarantine, 30, 50},
		"nineteen cannot be read":                  {samples: samplesOf(count{}, count{minute: 50, received: 19, unread: 19})},
		"twenty of many cannot be read":            {samples: samplesOf(count{}, count{minute: 50, received: 200, unread: 20})},
		"what could not be read is read again":     {samples: samplesOf(count{received: 100, unread: 100}, count{minute: 50, received: 110})},
		"webhooks are put off":                     {samplesOf(count{putOff: 7}, count{minute: 6, putOff: 7}, count{minute: 9, putOff: 8}), domain.RuleBusy, 6, 9},
		"webhooks were put off":                    {samples: samplesOf(count{}, count{minute: 1, putOff: 8}, count{minute: 6, putOff: 8}, count{minute: 11, putOff: 8})},
		"a twentieth of a large disk is free":      {samples: samplesOf(count{free: 50 * gib, size: 1000 * gib})},
		"less than a twentieth of a large disk is": {samplesOf(count{minute: 3, free: 50*gib - 1, size: 1000 * gib}), domain.RuleDisk, 3, 3},
		"less than a GiB is":                       {samplesOf(count{minute: 3, free: gib - 1, size: 8 * gib}), domain.RuleDisk, 3, 3},
		"less than a GiB is, but half of the disk": {samples: samplesOf(count{free: gib / 2, size: gib})},
		"nothing is known of the disk":             {samples: samplesOf(count{})},
		"a disk on which nothing is left":          {samplesOf(count{size: gib}), domain.RuleDisk, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := c.samples.Troubles()
			if c.want == "" || len(found) != 1 {
				if len(found) > 0 || c.want != "" {
					t.Fatalf("found %+v, want %q", found, c.want)
				}
				return
			}
			if f := found[0]; f.Rule != c.want || f.Since != minutesPast(c.since) || f.Seen != minutesPast(c.seen) {
				t.Errorf("found %+v, want %s since minute %d, seen at %d", f, c.want, c.since, c.seen)
			}
		})
	}
}

// What people read of the troubles.
func TestSamples_Troubles_words(t *testing.T) {
	t.Parallel()
	found := samplesOf(count{}, count{minute: 4, refused: 34, unread: 25, received: 33, putOff: 7, lastRefused: 4, free: 1234 << 20, size: 99 << 30}).Troubles()
	var words []string
	for _, f := range found {
		words = append(words, f.Source+": "+f.Detail)
	}
	wantSame(t, words, []string{
		"snappy: 34 webhooks of snappy were refused within 4 min, the last one as bad_signature; 33 were taken",
		"snappy: 25 of 33 webhooks of snappy within 4 min could not be read, or found no timeline",
		": 7 webhooks were answered 503 within 4 min: their providers send them again",
		": about 1200 of 101376 MiB are free where the database is; when none are, webhooks are answered 503",
	})
}

// A trouble that comes and goes is one, with the beginning of the first.
func TestLasting(t *testing.T) {
	t.Parallel()
	trouble := func(r domain.Rule, source string, since, seen int) domain.Found {
		return domain.Found{Trouble: domain.Trouble{Rule: r, Source: source, Since: minutesPast(since), Detail: "new"}, Seen: minutesPast(seen)}
	}
	old := trouble(domain.RuleSignature, "snappy", 0, 5)
	old.Detail = "old"
	for name, c := range map[string]struct {
		before, found []domain.Found
		now           int
		want          []domain.Found
	}{
		"it is found":                       {nil, []domain.Found{trouble(domain.RuleDisk, "", 3, 3)}, 3, []domain.Found{trouble(domain.RuleDisk, "", 3, 3)}},
		"it is found again":                 {[]domain.Found{old}, []domain.Found{trouble(domain.RuleSignature, "snappy", 20, 30)}, 31, []domain.Found{trouble(domain.RuleSignature, "snappy", 0, 30)}},
		"it is not found again":             {[]domain.Found{old}, nil, 34, []domain.Found{old}},
		"it is not found for half an hour":  {[]domain.Found{old}, nil, 35, nil},
		"its last sign is half an hour old": {nil, []domain.Found{old}, 35, nil},
		"another source's is found": {[]domain.Found{old}, []domain.Found{trouble(domain.RuleSignature, "resend", 20, 30)}, 31,
			[]domain.Found{trouble(domain.RuleSignature, "resend", 20, 30), old}},
		"another one of the source is": {[]domain.Found{old}, []domain.Found{trouble(domain.RuleQuarantine, "snappy", 20, 30)}, 35,
			[]domain.Found{trouble(domain.RuleQuarantine, "snappy", 20, 30)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := domain.Lasting(c.before, c.found, minutesPast(c.now))
			if len(got)+len(c.want) > 0 {
				wantSame(t, got, c.want)
			}
		})
	}
}

func TestSilence_Trouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after time.Duration
		usual int64
		want  string
	}{
		{31 * time.Minute, 20, "nothing from snappy for 31 min; about 20 webhooks are usual in that time"},
		{time.Hour + 9*time.Minute, 1234, "nothing from snappy for 1 h; about 1200 webhooks are usual in that time"},
		{3*time.Hour + 19*time.Minute, 64, "nothing from snappy for 3 h 10 min; about 64 webhooks are usual in that time"},
		{47 * time.Hour, 996, "nothing from snappy for 1 d 23 h; about 1000 webhooks are usual in that time"},
		{48 * time.Hour, 0, "nothing from snappy for 2 d"},
		{9 * 24 * time.Hour, 900, "nothing from snappy for 9 d"}, // what is usual is known of a week at most
	} {
		s := domain.Silence{Source: "snappy", Since: nine, Usual: c.usual}
		got := s.Trouble(nine + domain.InstantOfDuration(c.after))
		wantSame(t, got, domain.Trouble{Rule: domain.RuleQuiet, Source: "snappy", Since: nine, Detail: c.want})
	}
}

func TestDowntimes(t *testing.T) {
	t.Parallel()
	down := ours(clock("09:00"), clock("09:05"))
	again := ours(clock("09:30"), clock("09:40"))
	until := again.Until(0)
	const words = "; what providers send again may arrive until "
	for name, c := range map[string]struct {
		outages []domain.Outage
		now     domain.Instant
		since   domain.Instant
		want    string // empty: nothing
	}{
		"never":                      {nil, nine, 0, ""},
		"for five minutes":           {[]domain.Outage{down}, clock("09:06"), nine, "webhooks could not be received from 2025-01-15 09:00 UTC to 2025-01-15 09:05 UTC (5 min)"},
		"for less":                   {[]domain.Outage{ours(nine, clock("09:05")-1)}, clock("09:06"), 0, ""},
		"until now":                  {[]domain.Outage{{From: nine}}, clock("12:00"), 0, ""}, // who is down says nothing
		"a source":                   {[]domain.Outage{{Source: "snappy", From: nine, To: ptr(clock("10:00"))}}, clock("10:01"), 0, ""},
		"as long as it is caught up": {[]domain.Outage{again}, until - 1, clock("09:30"), "webhooks could not be received from 2025-01-15 09:30 UTC to 2025-01-15 09:40 UTC (10 min)"},
		"and no longer":              {[]domain.Outage{again}, until, 0, ""},
		"twice in a short time":      {[]domain.Outage{down, again}, clock("09:40"), nine, "webhooks could not be received from 2025-01-15 09:00 UTC to 2025-01-15 09:05 UTC (5 min), from 2025-01-15 09:30 UTC to 2025-01-15 09:40 UTC (10 min)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := domain.Downtimes(c.outages, c.now)
			if c.want == "" {
				if len(got) > 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			end := c.outages[len(c.outages)-1]
			detail := c.want + words + end.Until(0).Time().Format("2006-01-02 15:04 UTC") + ", and deadlines wait for it"
			wantSame(t, got, []domain.Trouble{{Rule: domain.RuleDown, Since: c.since, Detail: detail}})
		})
	}
}
