package webhooks

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// receivedAt is our clock in all tests of parsers.
var receivedAt = domain.InstantOf(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))

// providers.md 8, row by row.
func TestMoment_Layouts(t *testing.T) {
	for text, want := range map[string]string{
		"2024-02-22T23:41:12.126Z":         "2024-02-22T23:41:12.126000Z",
		"2025-01-15T14:44:00Z":             "2025-01-15T14:44:00.000000Z",
		"2024-02-22T23:41:11.894719+00:00": "2024-02-22T23:41:11.894719Z",
		"2022-09-12T12:08:27-07:00":        "2022-09-12T19:08:27.000000Z",
		"2023-08-22 15:28:00+00":           "2023-08-22T15:28:00.000000Z",
		"2026-10-01 12:00:00.000000+00":    "2026-10-01T12:00:00.000000Z",
		"2023-06-16 15:27:53.148+00:00":    "2023-06-16T15:27:53.148000Z",
		"2022-09-12T12:08:27-0700":         "2022-09-12T19:08:27.000000Z",
		"2022-09-12 12:08:27.5-0700":       "2022-09-12T19:08:27.500000Z",
		"2024-02-22T23:41:12.123456789Z":   "2024-02-22T23:41:12.123456Z",
	} {
		var e domain.Event
		momentOf(value(strconv.Quote(text))).place(&e, receivedAt)
		if e.At.String() != want || e.AtText != text || e.Quality != domain.TimeExact {
			t.Errorf("%s: %s %q %s, want %s", text, e.At, e.AtText, e.Quality, want)
		}
	}
}

func TestMoment_UnusableTimes(t *testing.T) {
	for _, c := range []struct {
		value   value
		quality domain.TimeQuality
		text    string
	}{
		{"", domain.TimeMissing, ""},
		{"null", domain.TimeMissing, ""},
		{`""`, domain.TimeMissing, ""},
		{`"2024-10-10T15:11:94.110Z"`, domain.TimeInvalid, "2024-10-10T15:11:94.110Z"}, // second 94, as Resend's page has it
		{`"yesterday"`, domain.TimeInvalid, "yesterday"},
		{`"1970-01-01T00:00:00Z"`, domain.TimeInvalid, "1970-01-01T00:00:00Z"}, // a clock that was never set
		{`"2000-01-01T00:00:00Z"`, domain.TimeExact, "2000-01-01T00:00:00Z"},
		{`1736952240`, domain.TimeInvalid, "1736952240"},
		{`{"at":1}`, domain.TimeInvalid, `{"at":1}`},
		{`"a\u0000b"`, domain.TimeInvalid, ""},
		{value(`"` + strings.Repeat("9", 65) + `"`), domain.TimeInvalid, ""},
		{`"2026-11-20T13:00:00Z"`, domain.TimeExact, "2026-11-20T13:00:00Z"}, // an hour ahead is still believed
		{`"2026-11-20T13:00:01Z"`, domain.TimeFuture, "2026-11-20T13:00:01Z"},
		{`"9999-12-31T23:59:59Z"`, domain.TimeFuture, "9999-12-31T23:59:59Z"},
	} {
		var e domain.Event
		momentOf(c.value).place(&e, receivedAt)
		if e.Quality != c.quality || e.AtText != c.text {
			t.Errorf("%s: %s %q, want %s %q", c.value, e.Quality, e.AtText, c.quality, c.text)
		}
		if c.quality != domain.TimeExact && e.At != receivedAt {
			t.Errorf("%s: placed at %s, want the time of receipt", c.value, e.At)
		}
	}
}

func TestMoment_SaidIsTheInstant(t *testing.T) {
	said := func(text string) string { return momentOf(value(strconv.Quote(text))).said() }
	if said("2022-09-12T12:08:27-07:00") != said("2022-09-12T19:08:27.000Z") {
		t.Error("the same instant, written differently, says something else")
	}
	for _, other := range []string{"2022-09-12T12:08:27.000000001-07:00", "2022-09-12T12:08:27", ""} {
		if said("2022-09-12T12:08:27-07:00") == said(other) {
			t.Errorf("%q says the same", other)
		}
	}
}
