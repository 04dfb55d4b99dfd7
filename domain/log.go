package domain

import (
	"context"
	"time"
)

// Log tells of single events over all subjects. What a limited context does not reach (see Within) is not in it.
type Log interface {
	// Log gives a page of the recorded events in the order of the feed, that is of arrival: who walks it ascending and
	// goes on from each Next meets every event, whatever is recorded meanwhile, by whichever replica. An event that was
	// taken off its timeline is not in it; one that was recorded again stands where that was.
	// Errors: CodeInvalid for a cursor of another list, CodeReset.
	Log(context.Context, LogQuery) (LogPage, error)
	// Event gives one by what its id holds, with Before filled. Errors: CodeNotFound.
	Event(context.Context, Digest, Fingerprint) (Recorded, error)
}

// LogQuery chooses events: every field that is set must fit, and a list fits if one of its values does.
type LogQuery struct {
	Verdicts  []Verdict // of today
	Providers []Provider
	Kinds     []Kind
	Sources   []string
	Types     []string
	Received  Span // see Recorded.Arrived
	At        Span // the provider's clock
	Asc       bool // the first recorded one first; else the last
	// Cursor is the Next of a former page. An ascending one is a position in the feed, and any of those is one.
	Cursor string
	Limit  int
}

// LogPage is a page of the log. It may hold fewer events than there are to come, even none: looking for a few among
// many ends after a while, and Next goes on from there.
type LogPage struct {
	Events []Recorded
	Next   string // always given ascending; empty at the end of a descending walk
	More   bool   // there is something behind Next now
}

// Drift is how far clocks that ought to agree may be apart, and how long a delivery may take to reach its timeline.
const Drift = 5 * time.Minute

// Arrived is when the event was received, by our clock; of one whose delivery waited off the timelines, when it joined.
// It never lies far from the event's place in the feed, so a range of it is found without reading the others.
func (r *Recorded) Arrived() Instant {
	if wait := r.Joined.Time().Sub(r.Received.At.Time()); wait > Drift || wait < -Drift {
		return r.Joined
	}
	return r.Received.At
}
