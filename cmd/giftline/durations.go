package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Longer ones are slips: instants end in the year 2100, see domain.Instant.
const longest = 3660 * day

var (
	wholeDuration = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+$`)
	partDuration  = regexp.MustCompile(`([0-9.]+)([^0-9.]+)`)
)

// parseDuration reads Go's durations with days and weeks beside them: 36h, 10d, 1w2d, 1.5d. A day has 24 hours, and a
// week seven days, whatever a calendar makes of them. There are no negative ones.
func parseDuration(text string) (time.Duration, error) {
	if text == "0" {
		return 0, nil
	}
	if !wholeDuration.MatchString(text) {
		return 0, fmt.Errorf("%q is no duration: give one such as 90s, 36h, 10d or 1w2d", text)
	}
	var total time.Duration
	for _, part := range partDuration.FindAllStringSubmatch(text, -1) {
		d, err := partOf(part[1], part[2])
		if total += d; err != nil || d > longest || total > longest {
			return 0, fmt.Errorf("%q is longer than ten years", text)
		}
	}
	return total, nil
}

// partOf gives a number of units. Errors: it is more than a time.Duration holds, or than the longest.
func partOf(number, unit string) (time.Duration, error) {
	hours := map[string]time.Duration{"d": 24, "w": 7 * 24}[unit]
	if hours == 0 {
		return time.ParseDuration(number + unit)
	}
	d, err := time.ParseDuration(number + "h")
	if err == nil && d > longest/hours {
		err = fmt.Errorf("%s%s is too long", number, unit)
	}
	return d * hours, err
}

// parseMinute reads a time of day as minutes since midnight; 24:00 is the end of the day.
func parseMinute(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day: give one such as 09:00", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}
