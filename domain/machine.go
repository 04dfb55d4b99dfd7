package domain

// State is everything the fold carries from one instant to the next. It is comparable on purpose: a refold may stop
// where the new state equals the stored one.
type State struct {
	Status    string
	Delivery  string // empty for machines with one region
	Phase     Phase  // also a register: a refunded send keeps how it ended before
	Permanent bool   // register: delivery is bounced, and for good
}

// In gives the state held in a region.
func (s State) In(r Region) string {
	if r == Delivery {
		return s.Delivery
	}
	return s.Status
}

// With gives s with the region's state replaced.
func (s State) With(r Region, state string) State {
	if r == Delivery {
		s.Delivery = state
	} else {
		s.Status = state
	}
	return s
}

// Outcome is what the fold says of one event: a cache wherever it is stored.
type Outcome struct {
	Verdict Verdict
	Reason  Reason // for Illegal only
	Flags   Flags  // those the event came with and those the fold adds
	After   State
}

// Machine is the transition table of a kind at a provider.
type Machine interface {
	// Name is like "snappy.gift".
	Name() string
	// Revision orders the versions of this machine's table; Hash tells them apart.
	Revision() int
	Hash() string
	// Start is the state before the first event.
	Start() State
	// Read sets the event's Region, Target, Rank and the flags and facts that follow from its type.
	Read(*Event)
	// Fold runs events, in canonical order and made of whole instants, from the state before them.
	Fold(before State, events []Event) []Outcome
	// Inferred lists the steps that a gap from the state before implies, oldest first.
	Inferred(before State, e *Event) []string
	// Final reports whether nothing leads out of the state.
	Final(r Region, state string) bool
	// Regions lists the machine's regions.
	Regions() []Region
	// MeaningOf explains an event's reported state or type in our words; empty if unknown.
	MeaningOf(*Event) string
	// View gives the table as data, Mermaid as a diagram.
	View() MachineView
	Mermaid() string
}

// Machines finds the machine of a subject.
type Machines interface {
	// For gives the machine that folds the subject's events, or false where nothing is known of that kind at that
	// provider.
	For(Provider, Kind) (Machine, bool)
	// All lists every machine, in a fixed order.
	All() []Machine
}

// MachineView is a machine's table as data, for /machines, the documents and the tests that compare it with the
// providers' pages.
type MachineView struct {
	Name     string       `json:"name"`
	Provider Provider     `json:"provider"`
	Kind     Kind         `json:"kind"`
	Revision int          `json:"revision"`
	Hash     string       `json:"hash"`
	Page     string       `json:"page"` // the provider's own page
	Regions  []RegionView `json:"regions"`
	Notes    []NoteView   `json:"notes"`
	Guards   []GuardView  `json:"guards"`
}

// RegionView is one region's rows, in lifecycle order.
type RegionView struct {
	Region Region      `json:"region"`
	States []StateView `json:"states"`
}

// StateView is one row.
type StateView struct {
	State   string     `json:"state"`
	Events  []string   `json:"events"` // the event types that report it
	Phase   *Phase     `json:"phase"`
	Meaning string     `json:"meaning"`
	Final   bool       `json:"final"`
	Aside   bool       `json:"aside"` // an exception, never inferred
	From    []string   `json:"from"`
	Also    []EdgeView `json:"also"`
}

// EdgeView is a return, a restart or an edge that the provider leaves open.
type EdgeView struct {
	From      string `json:"from"`
	Ambiguous bool   `json:"ambiguous"`      // the provider does not say; allowed
	When      string `json:"when,omitempty"` // condition in words
	Flag      string `json:"flag,omitempty"`
}

// NoteView is an event type that moves nothing.
type NoteView struct {
	Event   string `json:"event"`
	Meaning string `json:"meaning"`
}

// GuardView is a rule between the regions.
type GuardView struct {
	Region Region   `json:"region"`
	States []string `json:"states"` // what may not be reported
	When   string   `json:"when"`   // the condition in words
	Then   string   `json:"then"`   // "illegal", or the flag it sets
}
