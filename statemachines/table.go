package statemachines

import (
	"strings"
	"time"

	"giftline/domain"
)

// Table is a machine as its provider's page tells it, with two columns added: where a state may come from, and what it
// means to a reader who knows none of the providers.
type Table struct {
	Name     string
	Provider domain.Provider
	Kind     domain.Kind
	Revision int    // raise it whenever the table changes: replicas compare it
	Page     string // the provider's own page
	Prefix   string // an event type is Prefix + state, unless Reports say otherwise
	Status   []Row
	Delivery []Row // empty for machines with one region
	// DeliveryFirst ranks delivery before status at equal times (e-mail: delivered before opened).
	DeliveryFirst bool
	Reports       []Report
	Notes         []NoteRow
	Guards        []Guard
	Absences      []Absence // no part of the fold, and neither are these two
	Silences      []Silence
	Lateness      string // how late a webhook of the provider may be, in words
}

// Row is one state. Rows stand in lifecycle order: their place is the rank of the events that report them.
type Row struct {
	State   string
	Phase   domain.Phase
	Meaning string
	Edges   []Edge
	Aside   bool // a hold, a failure or an end: never inferred
	Credit  bool // money back: leads out of final states
	Keeps   bool // the phase stays as it ended before
	Lasts   bool // may be for good: domain.Permanent is kept while the state is held
	Leads   bool // engagement: its phase stands over delivery's, unless delivery failed or was canceled

	Limit  *domain.DwellLimit // how long a stay is expected to last; no part of the fold
	Raises domain.Rule        // by which the state alarms as such; no part of the fold either
}

// Edge is one way into a row, or what is said where there is none.
type Edge struct {
	Kind EdgeKind
	From string
	When *Condition
	Flag domain.Flags
}

// EdgeKind tells the columns of a row apart.
type EdgeKind int

// The kinds of edges.
const (
	Forward EdgeKind = iota // from an earlier row, or from new
	Return                  // a return or restart the provider describes
	Maybe                   // the provider does not say (AMBIGUOUS in providers.md): allowed, but ends nothing's finality
	AsNote                  // no move: the report is a note here
	Hint                    // no move: the report is illegal here, with a flag that helps
)

// Condition is a test on the fold's state, kept as data so that documents can print it.
type Condition struct {
	Region    domain.Region
	In, NotIn []string
	Permanent *bool // of a bounce
}

// Report is an event type that is not Prefix + state.
type Report struct {
	Event  string
	Region domain.Region
	State  string // empty: the state is a value in the body
	Update bool   // the same state again is a note, and the event ranks behind others of its row
}

// NoteRow is an event type that moves nothing; Flag is set when the condition holds.
type NoteRow struct {
	Event, Meaning string
	When           *Condition
	Flag           domain.Flags
	Warns          bool // it says that the subject expires soon; no part of the fold
}

// Guard is a rule between the regions: while When holds, the rows may not be entered (Flag 0: illegal), or their
// entry is flagged.
type Guard struct {
	Region  domain.Region
	States  []string // empty: every row of the region
	Leaving bool     // only for the step out of new
	When    Condition
	Flag    domain.Flags
}

// row makes a Row; the edges and marks follow in the order a reader wants them.
func row(state string, phase domain.Phase, meaning string, parts ...func(*Row)) Row {
	r := Row{State: state, Phase: phase, Meaning: meaning}
	for _, part := range parts {
		part(&r)
	}
	return r
}

func edges(kind EdgeKind, when *Condition, flag domain.Flags, states []string) func(*Row) {
	return func(r *Row) {
		for _, s := range states {
			r.Edges = append(r.Edges, Edge{Kind: kind, From: s, When: when, Flag: flag})
		}
	}
}

// from lists the earlier rows, or new, that lead here directly.
func from(states ...string) func(*Row) { return edges(Forward, nil, 0, states) }

// also lists the rows that may return here.
func also(states ...string) func(*Row) { return edges(Return, nil, 0, states) }

// maybe lists the rows of which the provider does not say that they lead here.
func maybe(states ...string) func(*Row) { return edges(Maybe, nil, 0, states) }

// alsoWhen lists rows that lead here while the condition holds; those that lead here anyway, listed before, stay as
// they are.
func alsoWhen(c Condition, states ...string) func(*Row) {
	return func(r *Row) {
		for _, s := range states {
			if !r.follows(s) {
				r.Edges = append(r.Edges, Edge{Kind: Return, From: s, When: &c})
			}
		}
	}
}

// follows reports whether the state leads to the row at all times.
func (r *Row) follows(state string) bool {
	for _, e := range r.Edges {
		if e.From == state && e.steps() && e.When == nil {
			return true
		}
	}
	return false
}

// flagged sets the flag on steps from the states, which must be listed before.
func flagged(flag domain.Flags, states ...string) func(*Row) {
	return func(r *Row) {
		for i := range r.Edges {
			for _, s := range states {
				if r.Edges[i].From == s {
					r.Edges[i].Flag |= flag
				}
			}
		}
	}
}

// noteIn makes the report a note while the region holds one of the states.
func noteIn(flag domain.Flags, states ...string) func(*Row) { return edges(AsNote, nil, flag, states) }

// hint flags the report when it is illegal in one of the states.
func hint(flag domain.Flags, states ...string) func(*Row) { return edges(Hint, nil, flag, states) }

const (
	hour = time.Hour
	day  = 24 * hour
)

// documented and ours say whose a limit is: the provider's, who wrote it down, or a default of ours.
const (
	documented = true
	ours       = false
)

// within limits how long a stay is expected to last, by the wall clock; why says where that is written, or what it is
// good for.
func within(limit time.Duration, documented bool, why string) func(*Row) {
	return func(r *Row) { r.Limit = &domain.DwellLimit{For: limit, Documented: documented, Why: why} }
}

// waits limits how long a recipient is waited for, like within. Rows with the same limit are one wait, whose time counts from
// the first of them that is entered: when it has passed, the subject should have expired.
func waits(limit time.Duration, documented bool, why string) func(*Row) {
	return func(r *Row) {
		within(limit, documented, why)(r)
		r.Limit.Expires = true
	}
}

// raises makes the state alarm as such, as soon as it is entered.
func raises(rule domain.Rule) func(*Row) { return func(r *Row) { r.Raises = rule } }

func aside(r *Row)  { r.Aside = true }
func credit(r *Row) { r.Credit = true }
func keeps(r *Row)  { r.Keeps = true }
func lasts(r *Row)  { r.Lasts = true }
func leads(r *Row)  { r.Leads = true }

func in(region domain.Region, states ...string) Condition {
	return Condition{Region: region, In: states}
}

func notIn(region domain.Region, states ...string) Condition {
	return Condition{Region: region, NotIn: states}
}

func (c Condition) permanently(yes bool) Condition {
	c.Permanent = &yes
	return c
}

// holds tests the state.
func (c *Condition) holds(s domain.State) bool {
	held := s.In(c.Region)
	switch {
	case len(c.In) > 0 && !contains(c.In, held), contains(c.NotIn, held):
		return false
	case c.Permanent != nil && *c.Permanent != s.Permanent:
		return false
	}
	return true
}

// String says the condition in words.
func (c *Condition) String() string {
	words := string(c.Region)
	if len(c.In) > 0 {
		words += " is " + strings.Join(c.In, " or ")
	}
	if len(c.NotIn) > 0 {
		words += " is not " + strings.Join(c.NotIn, " or ")
	}
	if c.Permanent != nil {
		words += map[bool]string{true: ", permanently", false: ", not permanently"}[*c.Permanent]
	}
	return words
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
