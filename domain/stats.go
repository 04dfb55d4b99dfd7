package domain

import "context"

// Stats sum up what has happened, from counters that are corrected when a late event changes a story: no question reads
// the events of what the context reaches all of. Its reach holds as for Lists.
//
// Errors: CodeInvalid for a machine that does not exist.
type Stats interface {
	// Dwells gives how long finished stays in a state took, per state of a machine, in no order; those with none are left
	// out.
	Dwells(ctx context.Context, machine string) ([]Dwell, error)
	// Funnel counts, of the subjects whose first event came on a day of the span (by the provider's clock, UTC), how
	// many were ever in each state. A day is one of the span if it begins in it.
	Funnel(ctx context.Context, machine string, s Span) (Funnel, error)
	// EventCounts counts the events that stand on timelines by the hour or day in which they were recorded, and by what
	// Group names: none of them are 0. An hour or day is one of the span if it begins in it. The oldest come first.
	EventCounts(context.Context, EventCountQuery) ([]EventCount, error)
}

// Dwell sums up finished stays in one state. Stays are counted in fixed buckets, so the quantiles are bounds: the upper
// end of the bucket they fall into.
type Dwell struct {
	Region  Region
	State   string
	Count   int64
	Buckets []int64 // one count per bucket of DwellBuckets, and one behind for longer stays
}

// Funnel is how far subjects came.
type Funnel struct {
	Subjects int64
	Reached  []Reached // in the machine's order; states nobody reached are in it too
}

// Reached counts the subjects that were ever in a state.
type Reached struct {
	Region   Region
	State    string
	Subjects int64
}

// EventCountQuery asks for counts of events.
type EventCountQuery struct {
	Span  Span // of when they were received
	Daily bool // per UTC day; else per hour
	Group EventGroup
}

// EventGroup is what events are counted by, beside their time.
type EventGroup string

// The groups.
const (
	ByNothing  EventGroup = ""
	ByProvider EventGroup = "provider"
	BySource   EventGroup = "source"
	ByType     EventGroup = "type"
	ByVerdict  EventGroup = "verdict"
)

// EventCount is how many events were received in an hour or a day.
type EventCount struct {
	From   Instant // the beginning of the hour or day
	Group  string
	Events int64
}
