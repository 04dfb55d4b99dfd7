package domain

import (
	"slices"
	"time"
)

const (
	aMinute = 60
	anHour  = 60 * aMinute
	aDay    = 24 * anHour
)

// DwellBuckets are the upper ends, in seconds and inclusive, of the buckets that finished stays are counted in: about
// evenly spaced for the eye of a logarithm, and round for people. They are fixed for ever, since counts are kept by their place.
var DwellBuckets = [...]int64{
	1, 2, 5, 10, 20, 30,
	1 * aMinute, 2 * aMinute, 5 * aMinute, 10 * aMinute, 15 * aMinute, 30 * aMinute, 45 * aMinute,
	1 * anHour, anHour + 30*aMinute, 2 * anHour, 3 * anHour, 4 * anHour, 6 * anHour, 8 * anHour, 12 * anHour, 18 * anHour,
	1 * aDay, aDay + 12*anHour, 2 * aDay, 3 * aDay, 4 * aDay, 5 * aDay, 7 * aDay, 10 * aDay, 14 * aDay, 21 * aDay,
	30 * aDay, 45 * aDay, 60 * aDay, 90 * aDay, 120 * aDay, 180 * aDay, 270 * aDay, 365 * aDay,
}

// BucketOf gives the bucket of DwellBuckets that a stay falls into; len(DwellBuckets) stands for all longer ones. A stay
// of no time, or less, is in the first.
func BucketOf(stay time.Duration) int {
	place, _ := slices.BinarySearchFunc(DwellBuckets[:], stay, func(seconds int64, stay time.Duration) int {
		return int(min(max(time.Duration(seconds)*time.Second-stay, -1), 1))
	})
	return place
}

// Quantile gives a bound in seconds that the share q of the stays, above 0 and up to 1, kept within: the upper end of
// their bucket. longer says that they took even longer than the bound, the last there is. Without stays both are zero.
func (d *Dwell) Quantile(q float64) (seconds int64, longer bool) {
	var all int64
	for _, n := range d.Buckets {
		all += n
	}
	if all == 0 {
		return 0, false
	}
	var seen int64
	for i, n := range d.Buckets[:min(len(d.Buckets), len(DwellBuckets))] {
		seen += n
		if float64(seen) >= q*float64(all) && seen > 0 {
			return DwellBuckets[i], false
		}
	}
	return DwellBuckets[len(DwellBuckets)-1], true
}
