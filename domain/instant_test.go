package domain_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

func TestInstantOf(t *testing.T) {
	east := time.FixedZone("east", 8*3600)
	for _, c := range []struct {
		name string
		time time.Time
		want string
	}{
		{"six digits, also of nothing", time.Date(2025, 1, 15, 14, 44, 0, 0, time.UTC), "2025-01-15T14:44:00.000000Z"},
		{"in UTC", time.Date(2025, 1, 15, 2, 0, 0, 138e6, east), "2025-01-14T18:00:00.138000Z"},
		{"cut, not rounded", time.Date(2025, 12, 31, 23, 59, 59, 999_999_999, time.UTC), "2025-12-31T23:59:59.999999Z"},
		{"the first there is", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "2000-01-01T00:00:00.000000Z"},
		{"before it", time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), "2000-01-01T00:00:00.000000Z"},
		{"before it in UTC", time.Date(2000, 1, 1, 7, 59, 0, 0, east), "2000-01-01T00:00:00.000000Z"},
		{"the second 94 of nobody's year", time.Time{}, "2000-01-01T00:00:00.000000Z"},
		{"beyond every range", time.Date(-300_000, 1, 1, 0, 0, 0, 0, time.UTC), "2000-01-01T00:00:00.000000Z"},
		{"the last there is", time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), "2100-01-01T00:00:00.000000Z"},
		{"after it", time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC), "2100-01-01T00:00:00.000000Z"},
	} {
		t.Run(c.name, func(t *testing.T) { wantSame(t, domain.InstantOf(c.time).String(), c.want) })
	}
}

func TestInstant_UnmarshalText(t *testing.T) {
	for text, want := range map[string]string{
		`"2025-01-15T14:44:00Z"`:             "2025-01-15T14:44:00.000000Z",
		`"2025-01-15T14:44:00.1380009Z"`:     "2025-01-15T14:44:00.138000Z",
		`"2025-01-15T22:44:00.138+08:00"`:    "2025-01-15T14:44:00.138000Z",
		`"1970-01-01T00:00:00Z"`:             "2000-01-01T00:00:00.000000Z",
		`"9999-12-31T23:59:59.999999-12:00"`: "2100-01-01T00:00:00.000000Z",
	} {
		var i domain.Instant
		if err := json.Unmarshal([]byte(text), &i); err != nil || i.String() != want {
			t.Errorf("%s is read as %s, %v; want %s", text, i, err, want)
		}
	}
	for _, text := range []string{
		`""`, `"now"`, `"2025-01-15"`, `"2025-01-15T14:44:00"`, `"2025-01-15 14:44:00Z"`, `"2025-02-29T00:00:00Z"`,
		`"2025-01-15T14:44:94Z"`, `1736952240`,
	} {
		i := nine
		if err := json.Unmarshal([]byte(text), &i); err == nil || i != nine {
			t.Errorf("%s is read as %s, %v", text, i, err)
		}
	}
}

// TestInstant_text: instants are read as they are written, their texts sort as they do, and all are in UTC.
func TestInstant_text(t *testing.T) {
	instant := rapid.Custom(func(t *rapid.T) domain.Instant {
		zone := time.FixedZone("zone", rapid.IntRange(-14*60, 14*60).Draw(t, "zone")*60)
		return domain.InstantOf(time.Unix(rapid.Int64Range(946684800, 4102444800).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).In(zone))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := instant.Draw(t, "a"), instant.Draw(t, "b")
		text, err := a.MarshalText()
		var again domain.Instant
		if err != nil || again.UnmarshalText(text) != nil || again != a || len(text) != 27 {
			t.Fatalf("%d is written %s and read as %d", a, text, again)
		}
		if (a < b) != (a.String() < b.String()) {
			t.Fatalf("%s and %s sort otherwise than their texts", a, b)
		}
		if a.Time().Location() != time.UTC || domain.InstantOf(a.Time()) != a {
			t.Fatalf("%s is the time %s", a, a.Time())
		}
	})
}
