package domain

import "context"

// Store keeps what was received. An answer without error means on disk; every error means unknown, and sending again
// is harmless because identity is decided by a unique key in the transaction of the state change.
//
// A limited context (see Within) reads of a subject what its own sources told: the stored cache where they told all of
// it, the fold of their events alone where they told some, and nothing where they told none. An event belongs to the
// source of its first copy. Bodies go by numbers that only a read of their events gives.
type Store interface {
	// Record keeps one delivery and gives what became of it. It blocks until a commit that holds it is on disk.
	// Errors: CodeBusy (queue, lock or disk full; nothing recorded), CodeNewerMachine.
	Record(context.Context, Parsed) (Receipt, error)
	// Resolve records a parked delivery that was read again and takes it off the parked list, both or neither.
	// A delivery that still cannot join a timeline stays parked under its new reason.
	// Errors: CodeNotFound where nothing open has that id; else as Record.
	Resolve(ctx context.Context, parkedID string, p Parsed) (Receipt, error)
	// Reject counts webhooks refused before they became deliveries.
	Reject(context.Context, []Rejection) error

	// Current gives the stored state of those of the subjects that are known, in the order asked.
	Current(context.Context, ...Subject) ([]Current, error)
	// Events reads a page of a subject's events in canonical order; empty when the subject is unknown.
	Events(context.Context, Subject, Range) (Page, error)
	// Bodies gives raw bodies by Recorded.Body. Erased ones are absent. Errors: CodeDamaged when the bytes do not
	// match their digest; the others are still returned.
	Bodies(context.Context, []int64) (map[int64][]byte, error)
	// Illegal lists what is illegal now over all subjects, newest first, from a cursor of a former page.
	Illegal(ctx context.Context, cursor string, limit int) ([]Recorded, string, error)
	// Cleared lists illegal beliefs that later events cleared, newest first; for one subject, or for all (nil).
	Cleared(ctx context.Context, s *Subject, limit int) ([]Cleared, error)
	// ParkedList lists open parked deliveries of one result, newest first, from a cursor of a former page.
	ParkedList(ctx context.Context, r Result, cursor string, limit int) ([]Parked, string, error)
	// ParkedDelivery gives one with its body. Errors: CodeNotFound, CodeDamaged.
	ParkedDelivery(ctx context.Context, id string) (Parked, error)
	// SourceCounts gives what arrived per source since the database was created.
	SourceCounts(context.Context) ([]SourceCount, error)

	Feed
	Log
	Once
	Worklist
	Keys
	Lists
	Stats
	Alerts
	Outbox

	// Ready fails when the database cannot take writes now.
	Ready(context.Context) error
	Close() error
}

// Range chooses events of one subject.
type Range struct {
	After *Place   // exclusive; nil for the beginning
	UpTo  *Instant // inclusive: at <= UpTo
	Known *Instant // inclusive: joined <= Known
	Limit int      // at most so many; 0 for all
	Last  bool     // the last ones of the range, instead of the first
}

// Page is a run of a subject's events.
type Page struct {
	Current Current // the subject, read in the same snapshot as the rows
	Before  State   // after the last event of the subject that stands before the page; the machine's start if none does
	Rows    []Recorded
	More    bool // events of the range remain beyond Limit; with Last, before the page
}

// Recorded is an event with what the fold says of it and how it arrived.
type Recorded struct {
	Event
	Outcome  Outcome
	Before   State // filled by lists across subjects, where the row before is not at hand
	Joined   Instant
	Received Received
	Source   string
	Body     int64 // for Store.Bodies
}

// RememberedDeliveries is how many delivery ids an event keeps at most: the first and the last, half of it each.
const RememberedDeliveries = 16

// Received are the facts about arrival, the only part of an entry that may differ between replicas.
type Received struct {
	At          Instant  `json:"at"`
	Late        bool     `json:"late"` // a canonically later event of the subject was already recorded
	Seen        int64    `json:"seen"`
	LastAt      Instant  `json:"last_at"`
	DeliveryIDs []string `json:"delivery_ids"`      // at most RememberedDeliveries
	Settled     bool     `json:"settled,omitempty"` // a person said what the delivery did not: its type or its subject
}

// Current is the stored cache of a subject's fold.
type Current struct {
	Subject    Subject
	Source     string // of the event that made the subject known
	Attributes Attributes
	State      State
	Regions    map[Region]RegionFacts
	Events     int64
	Illegal    int64
}

// RegionFacts are what the cache knows of a region beside its state.
type RegionFacts struct {
	Since    *Instant // when the state was entered; nil while new
	Reported string   // target of the canonically last event that reports one
}

// Cleared is an illegal belief that is no longer held.
type Cleared struct {
	Subject    Subject
	EventID    string
	Region     Region
	From, To   string
	Reason     Reason
	BelievedAt Instant
	ClearedAt  Instant
	ClearedBy  string // event id, or ByMachine for an upgrade
	Verdict    Verdict
}

// Parked is a delivery kept off the timelines.
type Parked struct {
	ID         string
	Result     Result
	Code       ParkCode
	Detail     string
	Source     string
	Provider   Provider
	DeliveryID string
	AttemptAt  Instant
	ReceivedAt Instant
	LastAt     Instant
	Seen       int64
	Subject    *Subject // where known
	EventID    string   // where known
	Claims     []Claims // one per differing copy: the endpoints it came by
	Size       int
	Body       []byte // only from ParkedDelivery
}

// Rejection is a webhook that was refused: bad signature, too large, unknown encoding.
type Rejection struct {
	Source string
	Reason string
	At     Instant
	Count  int64
}

// SourceCount is what arrived by one source.
type SourceCount struct {
	Source        string
	Counts        map[Result]int64
	Received      int64
	LastReceived  *Instant
	Rejected      int64
	LastRejection *Instant
	LastReason    string
}
