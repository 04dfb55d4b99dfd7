package main

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones are known on machines without a database of them, such as Windows and bare containers

	"giftline/domain"
)

// fileCalendar says when people work.
type fileCalendar struct {
	Name     string   `yaml:"name"`
	Zone     string   `yaml:"zone"`
	Days     string   `yaml:"days"`     // mon-fri unless given
	Hours    string   `yaml:"hours"`    // all day unless given
	Holidays []string `yaml:"holidays"` // days off, as 2006-01-02
}

// openCalendars gives the file's calendars by name.
func openCalendars(files []fileCalendar, f *flaws) map[string]*domain.Calendar {
	all := map[string]*domain.Calendar{}
	for i, file := range files {
		place := fmt.Sprintf("calendars[%d]", i)
		c := openCalendar(file, place, f)
		if !sourceName.MatchString(file.Name) {
			f.add(place+".name", "a name is made of small letters, digits, - and _, and starts with a letter or digit: policies and routes call the calendar by it")
		} else if all[file.Name] != nil {
			f.add(place+".name", "two calendars are named %q: give each its own name", file.Name)
		}
		all[file.Name] = c
	}
	return all
}

func openCalendar(file fileCalendar, place string, f *flaws) *domain.Calendar {
	c := &domain.Calendar{Name: file.Name, Holidays: map[string]bool{}}
	var err error
	c.Zone, err = parseZone(file.Zone)
	f.check(place+".zone", err)
	c.Days, err = parseDays(file.Days)
	f.check(place+".days", err)
	c.From, c.To, err = parseHours(file.Hours)
	f.check(place+".hours", err)
	for i, day := range file.Holidays {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			f.add(fmt.Sprintf("%s.holidays[%d]", place, i), "%q is no date: give one such as 2026-12-25", day)
		}
		c.Holidays[day] = true
	}
	return c
}

// parseZone has no default: with the zone of whichever machine this runs on, replicas would not agree.
func parseZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("give the IANA name of a time zone, such as Europe/Berlin or UTC")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q: give its IANA name, such as Europe/Berlin", name)
	}
	return zone, nil
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseDays reads days and ranges of days, with commas between them: mon-fri, or sun-thu, or mon,wed,fri-sat.
func parseDays(text string) (days [7]bool, err error) {
	if text == "" {
		text = "mon-fri"
	}
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		from, to := dayOf(first), dayOf(last)
		if from < 0 || to < 0 {
			return days, fmt.Errorf("%q are no days: give some such as mon-fri or mon,wed,sat", text)
		}
		for d := from; ; d = (d + 1) % 7 { // a range may go over the end of the week
			days[d] = true
			if d == to {
				break
			}
		}
	}
	return days, nil
}

func dayOf(name string) int {
	for i, day := range weekdays {
		if strings.TrimSpace(name) == day {
			return i
		}
	}
	return -1
}

// parseHours reads the hours of a day, such as 09:00-17:00; both 0 for all of it.
func parseHours(text string) (from, to int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	first, last, _ := strings.Cut(text, "-")
	from, err = parseMinute(strings.TrimSpace(first))
	if err == nil {
		to, err = parseMinute(strings.TrimSpace(last))
	}
	if err != nil || from >= to {
		return 0, 0, fmt.Errorf("%q are no hours of a day: give some such as 09:00-17:00, the earlier one first", text)
	}
	return from, to, nil
}
