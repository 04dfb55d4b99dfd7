package domain

import "context"

// Lists finds subjects by what is known of them. It reads an index that follows the feed of changes: soon after a
// webhook was answered, and in any case within seconds, the subject is listed as it stands. Whatever a limited context
// does not reach (see Within) is not listed and not counted. A subject that several sources told of is listed and counted
// as those in reach alone tell of it, without its labels, if it is one of the 1,000 such subjects that were updated last.
// By creation it stands where the first source of all told of it.
type Lists interface {
	// List gives a page of subjects, which may be short of the limit, or empty, and still have a next one: of conditions
	// that fit few subjects together, a page looks at so many candidates only. Errors: CodeInvalid for a cursor of another
	// list.
	List(context.Context, ListQuery) (ListPage, error)
	// PhaseCounts counts subjects by where they stand, from counters that are kept as subjects move.
	PhaseCounts(context.Context) ([]PhaseCount, error)
	// SetLabels keeps what people say of a known subject, apart from what its events say; empty ones are removed.
	// Errors: CodeNotFound; CodeInvalid for more than 50 free ones, names over 64 bytes, values over 512, or text that is
	// not plain UTF-8.
	SetLabels(context.Context, Subject, Labels) error
	// LabelsOf gives the labels of those of the subjects that have some.
	LabelsOf(context.Context, ...Subject) (map[Subject]Labels, error)
}

// ListQuery chooses subjects: every field that is set must fit, and a field with several values fits if one of them
// does. The zero value is every subject, the last updated first.
type ListQuery struct {
	Kinds      []Kind
	Providers  []Provider
	Phases     []Phase
	Statuses   []string
	Deliveries []string
	CompanyIDs []string
	References []string // of the labels where they name one, else of the events
	Metadata   map[string][]string
	IDs        []string
	Stuck      *bool // whether its deadline has passed
	Illegal    *bool // whether an illegal transition stands on its timeline
	Updated    Span
	// Text is what a subject's id, reference or recipient begins with, in letters of any size; for a Sendoso send also
	// the number inside its gid.
	Text     string
	Personal bool // Text may be a recipient

	Order  ListOrder
	Asc    bool // the first one first; else the last
	Cursor string
	Limit  int
	Count  bool
}

// Span is a range of time; nil is open.
type Span struct{ From, After, Until, Before *Instant } // >=, >, <=, <

// Holds reports whether an instant lies in the span.
func (s Span) Holds(at Instant) bool {
	return (s.From == nil || at >= *s.From) && (s.After == nil || at > *s.After) &&
		(s.Until == nil || at <= *s.Until) && (s.Before == nil || at < *s.Before)
}

// ListOrder is what a list is ordered by.
type ListOrder string

// The orders. Updated changes while somebody pages, so that a subject may move behind a cursor; Created never does: who
// walks by it meets every subject that was there when the walk began exactly once.
const (
	ByUpdated ListOrder = "updated" // when its last event joined, by our clock
	ByCreated ListOrder = "created" // when its first event did
)

// ListPage is a page of a list.
type ListPage struct {
	Subjects   []Listed
	Next, Prev string   // cursors; empty where there is nothing; where one leads, there may be nothing any more
	Count      *int64   // on request: how many the whole list holds; nil where they are too many to count
	UpTo       *Instant // the index follows the feed up to here; nil when it is up to date
}

// Listed is a subject in a list.
type Listed struct {
	Current
	Reference string  // by which References finds it
	UpdatedAt Instant // when its last event joined, by our clock
	Labels    *Labels // nil for none
	Stuck     bool
}

// PhaseCount counts the subjects that stand at one place.
type PhaseCount struct {
	Provider Provider
	Kind     Kind
	Status   string
	Delivery string
	Phase    Phase
	Illegal  bool
	Stuck    bool
	Subjects int64
}

// Labels are what people say of a subject, apart from what its provider does.
type Labels struct {
	Reference string // stands before the one its events tell
	Free      map[string]string
	ExpiresAt *Instant // the last moment of the gift or offer, where somebody knows it
	UpdatedAt Instant
	By        string // id of the key that set them
}

// Empty reports whether the labels say nothing.
func (l *Labels) Empty() bool { return l.Reference == "" && len(l.Free) == 0 && l.ExpiresAt == nil }
