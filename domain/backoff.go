package domain

import (
	"errors"
	"math/rand/v2"
	"strings"
	"time"
)

// backoff is how long to wait after each attempt that failed, as Standard Webhooks recommends. After the last one a
// notification is given up.
var backoff = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}

const (
	retryJitter  = 0.2            // either way, so that what failed together does not come back together
	longestAfter = 24 * time.Hour // however long a receiver asks us to stay away
	errorLength  = 500            // bytes of what went wrong that are kept
)

// triedAt says how to go on after an attempt, which counts from 1.
func triedAt(now Instant, attempt int64, failed error) Tried {
	t := Tried{At: now, Status: NotificationSent}
	if failed == nil {
		return t
	}
	t.Status, t.Error = NotificationDead, errorText(failed)
	if wait, ok := retryAfter(attempt, failed); ok {
		next := now + InstantOfDuration(wait)
		t.Status, t.NextAt = NotificationPending, &next
	}
	return t
}

// impatient has a receiver that forgets what it is not told again told at that pace for as long as it takes: whoever comes
// back after an hour is to know within a minute.
func (r *Route) impatient(t Tried, failed error) Tried {
	var told *NotifyError
	if !r.Whole || failed == nil || errors.As(failed, &told) && (told.Final || told.Disable || told.After > 0) {
		return t
	}
	next := t.At + InstantOfDuration(r.Repeat)
	if t.NextAt != nil {
		next = min(next, *t.NextAt)
	}
	t.Status, t.NextAt = NotificationPending, &next
	return t
}

// retryAfter gives how long to wait; false for ever.
func retryAfter(attempt int64, failed error) (time.Duration, bool) {
	var told *NotifyError
	if !errors.As(failed, &told) {
		told = &NotifyError{}
	}
	if told.Final || told.Disable || attempt > int64(len(backoff)) {
		return 0, false
	}
	wait := backoff[max(attempt, 1)-1]
	wait += time.Duration((2*rand.Float64() - 1) * retryJitter * float64(wait))
	return max(wait, min(told.After, longestAfter)), true
}

// errorText is what is kept of an error: what a database takes of what a receiver said.
func errorText(err error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "?"), "\x00", "?")
	if len(text) > errorLength {
		text = strings.ToValidUTF8(text[:errorLength], "") + "…"
	}
	return text
}
