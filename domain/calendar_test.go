package domain_test

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // so that zones are the same on every machine

	"pgregory.net/rapid"

	"giftline/domain"
)

const day = 24 * time.Hour

// weekdays is Monday to Friday in a zone.
func weekdays(zone string, holidays ...string) *domain.Calendar {
	c := &domain.Calendar{Name: zone, Zone: zoneNamed(zone), Days: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}, Holidays: map[string]bool{}}
	for _, day := range holidays {
		c.Holidays[day] = true
	}
	return c
}

func zoneNamed(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// when reads 2025-01-15T09:00:00 with an offset.
func when(s string) domain.Instant {
	var i domain.Instant
	if err := i.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return i
}

// blind gives intervals from pairs of times.
func blind(times ...string) (b domain.Blind) {
	for i := 0; i < len(times); i += 2 {
		b = append(b, domain.Interval{From: when(times[i]), Until: when(times[i+1])})
	}
	return b
}

func wantInstant(t *testing.T, what string, got, want domain.Instant) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// 2025-01-15 is a Wednesday, and Berlin is an hour east until the end of March.
func TestCalendar_Add(t *testing.T) {
	t.Parallel()
	berlin := weekdays("Europe/Berlin", "2025-04-18", "2025-04-21") // Good Friday and Easter Monday
	for _, c := range []struct {
		what     string
		calendar *domain.Calendar
		from     string
		d        time.Duration
		blind    domain.Blind
		want     string
	}{
		{"by wall time", nil, "2025-01-15T09:00:00Z", 3 * day, nil, "2025-01-18T09:00:00Z"},
		{"to the microsecond", nil, "2025-01-15T09:00:00.000001Z", time.Microsecond, nil, "2025-01-15T09:00:00.000002Z"},
		{"no time at all", nil, "2025-01-15T09:00:00Z", 0, nil, "2025-01-15T09:00:00Z"},
		{"less than no time is none", nil, "2025-01-15T09:00:00Z", -time.Hour, nil, "2025-01-15T09:00:00Z"},

		{"within a working day", berlin, "2025-01-15T09:00:00Z", time.Hour, nil, "2025-01-15T10:00:00Z"},
		{"a weekend does not count", berlin, "2025-01-16T09:00:00+01:00", 3 * day, nil, "2025-01-21T09:00:00+01:00"},
		{"three weeks have three weekends", berlin, "2025-01-15T09:00:00+01:00", 15 * day, nil, "2025-02-05T09:00:00+01:00"},
		{"what begins on a Saturday begins on Monday", berlin, "2025-01-18T12:00:00+01:00", day, nil, "2025-01-21T00:00:00+01:00"},
		{"what would end with a Friday ends on Monday", berlin, "2025-01-18T12:00:00+01:00", 5 * day, nil, "2025-01-27T00:00:00+01:00"},
		{"a microsecond earlier is Friday", berlin, "2025-01-18T12:00:00+01:00", 5*day - time.Microsecond, nil, "2025-01-24T23:59:59.999999+01:00"},
		{"the weekend is the zone's", berlin, "2025-01-17T22:30:00Z", time.Hour, nil, "2025-01-20T00:30:00+01:00"},
		{"holidays do not count", berlin, "2025-04-17T12:00:00+02:00", day, nil, "2025-04-22T12:00:00+02:00"},
		{"no zone is UTC", &domain.Calendar{Days: berlin.Days}, "2025-01-17T23:00:00Z", 2 * time.Hour, nil, "2025-01-20T01:00:00Z"},
		{"without a working day it is wall time", &domain.Calendar{}, "2025-01-17T23:00:00Z", 2 * time.Hour, nil, "2025-01-18T01:00:00Z"},

		{"clocks change on a Sunday: no matter", berlin, "2025-03-28T12:00:00+01:00", day, nil, "2025-03-31T12:00:00+02:00"},
		{"a day of 23 hours", everyDay("Europe/Berlin"), "2025-03-30T00:00:00+01:00", 24 * time.Hour, nil, "2025-03-31T01:00:00+02:00"},
		{"a day of 25 hours", everyDay("Europe/Berlin"), "2025-10-26T00:00:00+02:00", 24 * time.Hour, nil, "2025-10-26T23:00:00+01:00"},
		{"a midnight that is left out", weekdays("America/Sao_Paulo"), "2018-11-02T12:00:00-03:00", day, nil, "2018-11-05T12:00:00-02:00"},
		{"a Sunday that begins at one", sundays("America/Sao_Paulo"), "2018-11-03T12:00:00-03:00", 23 * time.Hour, nil, "2018-11-11T00:00:00-02:00"},
		{"a Sunday whose midnight comes twice", sundays("America/Havana"), "2025-11-01T12:00:00-04:00", 25 * time.Hour, nil, "2025-11-09T00:00:00-05:00"},
		{"a Friday that was left out", fridays("Pacific/Apia"), "2011-12-29T12:00:00-10:00", time.Hour, nil, "2012-01-06T01:00:00+14:00"},

		{"an outage before it began", nil, "2025-01-15T09:00:00Z", time.Hour, blind("2025-01-15T07:00:00Z", "2025-01-15T08:00:00Z"), "2025-01-15T10:00:00Z"},
		{"it began in an outage", nil, "2025-01-15T09:00:00Z", time.Hour, blind("2025-01-15T08:00:00Z", "2025-01-15T09:30:00Z"), "2025-01-15T10:30:00Z"},
		{"an outage in between", nil, "2025-01-15T09:00:00Z", time.Hour, blind("2025-01-15T09:30:00Z", "2025-01-15T11:00:00Z"), "2025-01-15T11:30:00Z"},
		{"an outage as it ends", nil, "2025-01-15T09:00:00Z", time.Hour, blind("2025-01-15T10:00:00Z", "2025-01-15T11:00:00Z"), "2025-01-15T11:00:00Z"},
		{"an outage after it", nil, "2025-01-15T09:00:00Z", time.Hour, blind("2025-01-15T10:00:00.000001Z", "2025-01-15T11:00:00Z"), "2025-01-15T10:00:00Z"},
		{"two that overlap, the later one first", nil, "2025-01-15T09:00:00Z", time.Hour,
			blind("2025-01-15T10:00:00Z", "2025-01-15T12:00:00Z", "2025-01-15T09:30:00Z", "2025-01-15T11:00:00Z"), "2025-01-15T12:30:00Z"},
		{"one within another", nil, "2025-01-15T09:00:00Z", time.Hour,
			blind("2025-01-15T09:30:00Z", "2025-01-15T12:00:00Z", "2025-01-15T10:00:00Z", "2025-01-15T11:00:00Z"), "2025-01-15T12:30:00Z"},
		{"one that never was", nil, "2025-01-15T09:00:00Z", time.Hour, blind("2025-01-15T09:30:00Z", "2025-01-15T09:30:00Z"), "2025-01-15T10:00:00Z"},
		{"no time at all, in an outage", nil, "2025-01-15T09:00:00Z", 0, blind("2025-01-15T08:00:00Z", "2025-01-15T09:30:00Z"), "2025-01-15T09:30:00Z"},
		{"an outage on a weekend takes nothing", berlin, "2025-01-17T12:00:00+01:00", day, blind("2025-01-18T10:00:00+01:00", "2025-01-19T10:00:00+01:00"), "2025-01-20T12:00:00+01:00"},
		{"one from Friday to Monday takes what was to work", berlin, "2025-01-17T12:00:00+01:00", day,
			blind("2025-01-17T18:00:00+01:00", "2025-01-20T06:00:00+01:00"), "2025-01-21T00:00:00+01:00"},
	} {
		wantInstant(t, c.what, c.calendar.Add(when(c.from), c.d, c.blind), when(c.want))
	}
}

func everyDay(zone string) *domain.Calendar {
	return &domain.Calendar{Zone: zoneNamed(zone), Days: [7]bool{true, true, true, true, true, true, true}}
}

func sundays(zone string) *domain.Calendar {
	return &domain.Calendar{Zone: zoneNamed(zone), Days: [7]bool{true}}
}

func fridays(zone string) *domain.Calendar {
	return &domain.Calendar{Zone: zoneNamed(zone), Days: [7]bool{5: true}}
}

var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia",
}

func drawCalendar(t *rapid.T) *domain.Calendar {
	if rapid.IntRange(0, 4).Draw(t, "no calendar") == 0 {
		return nil
	}
	c := &domain.Calendar{Zone: zoneNamed(rapid.SampledFrom(zones).Draw(t, "zone")), Holidays: map[string]bool{}}
	for i := range c.Days {
		c.Days[i] = rapid.Bool().Draw(t, "works")
	}
	c.Days[rapid.IntRange(0, 6).Draw(t, "always works")] = true
	for range rapid.IntRange(0, 3).Draw(t, "holidays") {
		c.Holidays[drawStart(t).Time().Format(time.DateOnly)] = true
	}
	return c
}

// drawStart gives half an hour in one of some years, in which the clocks of the zones changed in every way they do.
func drawStart(t *rapid.T) domain.Instant {
	year := rapid.SampledFrom([]int{2011, 2018, 2025}).Draw(t, "year")
	first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	return domain.InstantOf(first.Add(30 * time.Minute * time.Duration(rapid.IntRange(0, 2*24*365).Draw(t, "half hour"))))
}

// drawBlind gives outages in whole half hours, around an instant.
func drawBlind(t *rapid.T, near domain.Instant) (b domain.Blind) {
	for range rapid.IntRange(0, 4).Draw(t, "outages") {
		from := near + domain.InstantOfDuration(30*time.Minute*time.Duration(rapid.IntRange(-200, 400).Draw(t, "begins")))
		b = append(b, domain.Interval{From: from, Until: from + domain.InstantOfDuration(30*time.Minute*time.Duration(rapid.IntRange(-2, 150).Draw(t, "lasts")))})
	}
	return b
}

// TestCalendar_Add_countsHalfHours walks on from half hour to half hour, and asks of each whether it counts.
func TestCalendar_Add_countsHalfHours(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, from := drawCalendar(t), drawStart(t)
		b := drawBlind(t, from)
		n := rapid.IntRange(0, 600).Draw(t, "half hours")
		at, left := from, n
		for ; left > 0 || !counts(c, at, b); at += domain.InstantOfDuration(30 * time.Minute) {
			if counts(c, at, b) {
				left--
			}
		}
		if got := c.Add(from, time.Duration(n)*30*time.Minute, b); got != at {
			t.Fatalf("%d half hours from %s: %s, want %s (%+v, %v)", n, from, got, at, c, b)
		}
	})
}

func counts(c *domain.Calendar, at domain.Instant, b domain.Blind) bool {
	if slices.ContainsFunc(b, func(i domain.Interval) bool { return i.From <= at && at < i.Until }) {
		return false
	}
	if c == nil {
		return true
	}
	here := at.Time().In(c.Zone)
	return c.Days[here.Weekday()] && !c.Holidays[here.Format(time.DateOnly)]
}

// TestCalendar_Add_inParts: two times after each other come to where both together do, to the microsecond; and what began
// later never ends earlier.
func TestCalendar_Add_inParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCalendar(t)
		from := drawStart(t) + domain.Instant(rapid.Int64Range(0, 3_600_000_000).Draw(t, "microseconds"))
		b := drawBlind(t, from)
		span := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(20*day/time.Microsecond)).Draw(t, "span")) * time.Microsecond
		})
		one, two := span.Draw(t, "one"), span.Draw(t, "two")
		whole := c.Add(from, one+two, b)
		if parts := c.Add(c.Add(from, one, b), two, b); parts != whole {
			t.Errorf("%v and %v from %s: %s, at once %s", one, two, from, parts, whole)
		}
		if later := c.Add(from+domain.InstantOfDuration(two), one, b); later < c.Add(from, one, b) {
			t.Errorf("%v from %s ends later than from %v later", one, from, two)
		}
		if plain := c.Add(from, one, nil); plain > c.Add(from, one, b) {
			t.Errorf("%v from %s ends earlier with the outages %v", one, from, b)
		}
	})
}

func TestCalendar_Next(t *testing.T) {
	t.Parallel()
	berlin := weekdays("Europe/Berlin", "2025-04-18", "2025-04-21")
	berlin.From, berlin.To = 9*60, 17*60+30
	late := weekdays("Europe/Berlin")
	late.From, late.To = 18*60, 24*60
	for _, c := range []struct {
		what     string
		calendar *domain.Calendar
		at, want string
	}{
		{"always", nil, "2025-01-18T03:00:00Z", "2025-01-18T03:00:00Z"},
		{"without a working day, too", &domain.Calendar{From: 540, To: 600}, "2025-01-18T03:00:00Z", "2025-01-18T03:00:00Z"},
		{"at work", berlin, "2025-01-15T12:00:00.000001+01:00", "2025-01-15T12:00:00.000001+01:00"},
		{"as work begins", berlin, "2025-01-15T09:00:00+01:00", "2025-01-15T09:00:00+01:00"},
		{"before work", berlin, "2025-01-15T08:59:59+01:00", "2025-01-15T09:00:00+01:00"},
		{"as work ends", berlin, "2025-01-15T17:30:00+01:00", "2025-01-16T09:00:00+01:00"},
		{"on Friday evening", berlin, "2025-01-17T20:00:00+01:00", "2025-01-20T09:00:00+01:00"},
		{"before Easter", berlin, "2025-04-17T20:00:00+02:00", "2025-04-22T09:00:00+02:00"},
		{"the clock has changed meanwhile", berlin, "2025-03-28T20:00:00+01:00", "2025-03-31T09:00:00+02:00"},
		{"all day long", weekdays("Europe/Berlin"), "2025-01-18T03:00:00+01:00", "2025-01-20T00:00:00+01:00"},
		{"until midnight", late, "2025-01-15T23:59:59.999999+01:00", "2025-01-15T23:59:59.999999+01:00"},
		{"from midnight on", late, "2025-01-16T00:00:00+01:00", "2025-01-16T18:00:00+01:00"},
	} {
		wantInstant(t, c.what, c.calendar.Next(when(c.at)), when(c.want))
	}
}

func TestCalendar_Check(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*domain.Calendar){
		"no working day":               func(c *domain.Calendar) { c.Days = [7]bool{} },
		"work that ends as it begins":  func(c *domain.Calendar) { c.From, c.To = 540, 540 },
		"a night shift":                func(c *domain.Calendar) { c.From, c.To = 22*60, 6*60 },
		"more than a day":              func(c *domain.Calendar) { c.From, c.To = 0, 24*60+1 },
		"work before midnight":         func(c *domain.Calendar) { c.From, c.To = -1, 60 },
		"a holiday that is no date":    func(c *domain.Calendar) { c.Holidays["2025-02-30"] = true },
		"a holiday in another writing": func(c *domain.Calendar) { c.Holidays["24.12.2025"] = true },
	} {
		c := weekdays("Europe/Berlin", "2025-12-24")
		c.From, c.To = 540, 1440
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		if change(c); c.Check() == nil {
			t.Errorf("a calendar with %s was taken", what)
		}
	}
}
