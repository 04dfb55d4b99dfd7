package domain_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "giftline/domain"
)

func TestDwellBuckets_AreFixed(t *testing.T) {
	t.Parallel()
	if n := len(DwellBuckets); n != 40 || DwellBuckets[0] != 1 || DwellBuckets[n-1] != 365*24*60*60 {
		t.Errorf("%d buckets from %d to %d seconds; counts are kept by their place", n, DwellBuckets[0], DwellBuckets[n-1])
	}
	for i := 1; i < len(DwellBuckets); i++ {
		if step := float64(DwellBuckets[i]) / float64(DwellBuckets[i-1]); step < 1.15 || step > 2.5 {
			t.Errorf("bucket %d is %.2f times the one before", i, step)
		}
	}
}

func TestBucketOf(t *testing.T) {
	t.Parallel()
	for stay, bound := range map[time.Duration]int64{
		-time.Hour:                         1,
		0:                                  1,
		time.Second:                        1,
		time.Second + 1:                    2,
		time.Minute:                        60,
		time.Minute + time.Microsecond:     120,
		24 * time.Hour:                     86400,
		365 * 24 * time.Hour:               365 * 86400,
		365*24*time.Hour - time.Nanosecond: 365 * 86400,
	} {
		if got := DwellBuckets[BucketOf(stay)]; got != bound {
			t.Errorf("%v is in the bucket up to %d s, want %d s", stay, got, bound)
		}
	}
	if got := BucketOf(365*24*time.Hour + 1); got != len(DwellBuckets) {
		t.Errorf("what is longer than a year is in bucket %d, want the one behind the last", got)
	}
}

func TestDwell_Quantile(t *testing.T) {
	t.Parallel()
	stays := func(all ...time.Duration) *Dwell {
		d := &Dwell{Buckets: make([]int64, len(DwellBuckets)+1)}
		for _, stay := range all {
			d.Buckets[BucketOf(stay)]++
			d.Count++
		}
		return d
	}
	day := 24 * time.Hour
	for _, c := range []struct {
		what   string
		d      *Dwell
		q      float64
		want   int64
		longer bool
	}{
		{"none", stays(), 0.5, 0, false},
		{"no buckets at all", &Dwell{}, 0.9, 0, false},
		{"one", stays(50 * time.Second), 0.5, 60, false},
		{"the smaller of two", stays(time.Second, time.Hour), 0.5, 1, false},
		{"the larger of two", stays(time.Second, time.Hour), 0.51, 3600, false},
		{"most", stays(time.Second, time.Second, time.Second, 400*day), 0.75, 1, false},
		{"beyond the last", stays(time.Second, 400*day), 0.9, 365 * 86400, true},
		{"a share of nothing", stays(time.Hour), 0, 3600, false},
	} {
		if got, longer := c.d.Quantile(c.q); got != c.want || longer != c.longer {
			t.Errorf("%s: %d s, longer %v; want %d s, longer %v", c.what, got, longer, c.want, c.longer)
		}
	}
}

// A quantile is never below the stay that it stands for.
func TestDwell_QuantileBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, 2*365*86400), 1, 50).Draw(t, "seconds")
		d := &Dwell{Buckets: make([]int64, len(DwellBuckets)+1)}
		for _, seconds := range all {
			d.Buckets[BucketOf(time.Duration(seconds)*time.Second)]++
		}
		slices.Sort(all)
		middle := all[(len(all)-1)/2]
		bound, longer := d.Quantile(0.5)
		if longer != (middle > DwellBuckets[len(DwellBuckets)-1]) || !longer && bound < middle {
			t.Fatalf("p50 %d s (longer %v) of stays whose middle is %d s", bound, longer, middle)
		}
	})
}
