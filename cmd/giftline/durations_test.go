package main

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "90s": 90 * time.Second, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond,
		"1d": 24 * time.Hour, "90d": 90 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1w2d12h": 9*24*time.Hour + 12*time.Hour,
		"1.5d": 36 * time.Hour, "0.5w": 84 * time.Hour, "10y": -1, "": -1, "5": -1, "d": -1, "-3d": -1, "+3d": -1, "3 d": -1, "3D": -1,
		"1..5d": -1, "3dx": -1, ".5d": -1, "1e3d": -1, "3660d": longest, "3661d": -1, "99999999999999999999d": -1, "2000000h": -1,
		"106751d": -1, "9000000w": -1, "3660d1ns": -1, "2000d2000d": -1, "∞": -1,
	} {
		got, err := parseDuration(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q is %s, error %v; want %s", text, got, err, want)
		}
	}
}

// TestDuration_likeGo: what Go reads and is neither negative nor too long reads the same.
func TestDuration_likeGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(0, int64(longest)).Draw(t, "duration"))
		if got, err := parseDuration(want.String()); got != want || err != nil {
			t.Errorf("%s is %s, error %v", want, got, err)
		}
	})
}

func TestMinute(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"00:00": 0, "09:30": 570, "9:30": 570, "23:59": 1439, "24:00": 1440, "24:01": -1, "9": -1, "": -1, "09:60": -1, "9h": -1} {
		got, err := parseMinute(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q is %d, error %v; want %d", text, got, err, want)
		}
	}
}
