package domain

import "time"

// Instant is a point in time in microseconds since 1970, UTC: the unit that both databases keep and compare exactly.
type Instant int64

// InstantSecond is a second in instants.
const InstantSecond Instant = 1_000_000

// Times outside these years are clamped, so that every instant prints as RFC 3339 and sorts.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

const instantLayout = "2006-01-02T15:04:05.000000Z"

// InstantOf converts t, cutting below the microsecond and clamping to the years 2000 to 2100.
func InstantOf(t time.Time) Instant {
	switch {
	case t.Before(earliest):
		t = earliest
	case t.After(latest):
		t = latest
	}
	return Instant(t.UnixMicro())
}

// Time gives the instant in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// String formats with exactly six digits of fraction.
func (i Instant) String() string { return i.Time().Format(instantLayout) }

// MarshalText makes every instant the same fixed-width text in JSON.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads RFC 3339.
func (i *Instant) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return err
	}
	*i = InstantOf(t)
	return nil
}

// InstantOfDuration converts a span of time, cutting below the microsecond.
func InstantOfDuration(d time.Duration) Instant { return Instant(d / time.Microsecond) }

const (
	hour = Instant(time.Hour / time.Microsecond)
	day  = 24 * hour
)

// Hour gives the beginning of the instant's hour.
func (i Instant) Hour() Instant { return i - i%hour }

// Day gives the beginning of the instant's day, UTC.
func (i Instant) Day() Instant { return i - i%day }
