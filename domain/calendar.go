package domain

import (
	"fmt"
	"time"
)

// Calendar says when people work. Nil is always, and so is one without working days, which Check refuses.
type Calendar struct {
	Name     string
	Zone     *time.Location
	Days     [7]bool         // working days, by time.Weekday
	Holidays map[string]bool // days off, as 2006-01-02 in the zone
	From, To int             // working hours in minutes since midnight, for notifications only; both 0: all day
}

const minutesOfDay = 24 * 60

// forever is later than any instant, and far enough from overflowing.
const forever = Instant(1) << 62

// Check refuses what would never come to an end, or mean something else than it says.
func (c *Calendar) Check() error {
	if !c.works() {
		return fmt.Errorf("calendar %s has no working day", c.Name)
	}
	if c.From != 0 || c.To != 0 {
		if c.From < 0 || c.From >= c.To || c.To > minutesOfDay {
			return fmt.Errorf("calendar %s: working hours must begin before they end, on the same day", c.Name)
		}
	}
	for day := range c.Holidays {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return fmt.Errorf("calendar %s: holiday %q is not a date like 2006-01-02", c.Name, day)
		}
	}
	return nil
}

// Add gives the instant at which so much time has been counted since from. Counted is time on working days that lies in
// no outage, each moment once: a working day lasts from midnight to midnight in its zone, and a day of d is 24 hours of
// it, so that the days on which clocks change count their 23 or 25. The instant itself is counted: what would end with the
// last working day of a week, or as an outage begins, ends when the next one begins, or when that is over.
func (c *Calendar) Add(from Instant, d time.Duration, b Blind) Instant {
	b = b.joined()
	at, left := from, max(0, InstantOfDuration(d))
	for {
		begin, end := c.counted(at, b)
		if left < end-begin {
			return begin + left
		}
		at, left = end, left-(end-begin)
	}
}

// counted gives the next stretch of time that counts, from at on: within one day, and between two outages.
func (c *Calendar) counted(at Instant, b Blind) (begin, end Instant) {
	for {
		begin, end = c.working(at)
		next := b.endingAfter(begin)
		switch {
		case next == nil || next.From >= end:
			return begin, end
		case next.From > begin:
			return begin, next.From
		}
		at = next.Until
	}
}

// working gives what is left at an instant of its day, or of the next one on which people work.
func (c *Calendar) working(at Instant) (begin, end Instant) {
	if !c.works() {
		return at, forever
	}
	for {
		end, works := c.day(at)
		if works {
			return at, end
		}
		at = end
	}
}

// Next gives the first instant from at on that lies in working hours.
func (c *Calendar) Next(at Instant) Instant {
	if !c.works() {
		return at
	}
	for {
		end, works := c.day(at)
		if begins, ends := c.hours(at, end); works && at < ends {
			return max(at, begins)
		}
		at = end
	}
}

// hours gives when work begins and ends on the day of an instant, which has an end itself.
func (c *Calendar) hours(at, end Instant) (begins, ends Instant) {
	if c.From == 0 && c.To == 0 {
		return at, end
	}
	if c.To < minutesOfDay {
		end = c.clock(at, c.To)
	}
	return c.clock(at, c.From), end
}

func (c *Calendar) clock(at Instant, minute int) Instant {
	y, m, d := at.Time().In(c.zone()).Date()
	return Instant(time.Date(y, m, d, 0, minute, 0, 0, c.zone()).UnixMicro())
}

// day tells of the day that an instant lies in: when the next one begins, and whether people work.
func (c *Calendar) day(at Instant) (end Instant, works bool) {
	t := at.Time().In(c.zone())
	y, m, d := t.Date()
	end = max(midnight(y, m, d+1, c.zone()), at+1) // so that it ends, whatever a zone may do
	return end, c.Days[t.Weekday()] && !c.Holidays[t.Format(time.DateOnly)]
}

// midnight gives the first instant of a day. Where clocks change at midnight, that is not always 00:00, or 00:00 comes
// twice: of the instants that either way of reading the clock gives, the first one that is not on the day before.
func midnight(y int, m time.Month, d int, zone *time.Location) Instant {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	_, before := t.Add(-26 * time.Hour).Zone() // a zone that changes sides leaves out a day
	_, after := t.Add(26 * time.Hour).Zone()
	if before == after {
		return Instant(t.UnixMicro())
	}
	wall := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	for _, offset := range []int{max(before, after), min(before, after)} { // the further east, the earlier
		t = wall.Add(-time.Duration(offset) * time.Second)
		if here := t.Add(offsetAt(t, zone)); !here.Before(wall) {
			break
		}
	}
	return Instant(t.UnixMicro())
}

func offsetAt(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

func (c *Calendar) works() bool { return c != nil && c.Days != [7]bool{} }

func (c *Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}
