package webhooks

import (
	"strconv"
	"time"

	"giftline/domain"
)

// FutureSlack is how far an event's time may be ahead of our clock before it is not believed.
const FutureSlack = time.Hour

// earliest is before anything a provider can report: an earlier time is that of a clock that was never set.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// maxTimeText is longer than any time; what is longer is not kept as one.
const maxTimeText = 64

// layouts are the ways of writing a time that were seen (providers.md 8), the usual one first.
var layouts = [...]string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999Z0700",
	"2006-01-02 15:04:05.999999999Z07",
}

// moment is a time as a provider wrote it.
type moment struct {
	text string // as written; empty if nothing was
	time time.Time
	read bool // time is what text says
}

// momentOf reads a time. One that is not even a string is as unreadable as one that is no time: nothing authentic is
// refused because of its time.
func momentOf(v value) moment {
	if v.absent() {
		return moment{}
	}
	m := moment{text: v.text()}
	if v[0] != '"' {
		return m
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, m.text); err == nil {
			m.time, m.read = t, !t.Before(earliest)
			break
		}
	}
	return m
}

func (m moment) given() bool { return m.text != "" }

// believable holds for a time that can have happened already.
func (m moment) believable(received domain.Instant) bool {
	return m.read && !m.time.After(received.Time().Add(FutureSlack))
}

// place sets the event's time. One that cannot be used gives way to the time of receipt, and says so.
func (m moment) place(e *domain.Event, received domain.Instant) {
	e.AtText = m.shown()
	switch {
	case m.believable(received):
		e.At, e.Quality = domain.InstantOf(m.time), domain.TimeExact
	case m.read:
		e.At, e.Quality = received, domain.TimeFuture
	case m.given():
		e.At, e.Quality = received, domain.TimeInvalid
	default:
		e.At, e.Quality = received, domain.TimeMissing
	}
}

// shown is the text as far as it is fit for a database column: something endless, or with control characters, is no
// time, and stays in the body.
func (m moment) shown() string {
	if len(m.text) > maxTimeText {
		return ""
	}
	for _, c := range []byte(m.text) {
		if c < ' ' {
			return ""
		}
	}
	return m.text
}

// said is the time for a digest of what was said: the instant, however it was written.
func (m moment) said() string {
	if !m.read {
		return "?" + m.text
	}
	return strconv.FormatInt(m.time.Unix(), 10) + "." + strconv.Itoa(m.time.Nanosecond())
}
