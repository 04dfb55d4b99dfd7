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
	// Ends reports whether a status ends the subject, wherever its delivery stands.
	Ends(status string) bool
	// Regions lists the machine's regions.
	Regions() []Region
	// Limit gives how long a state is expected to last at most; false where nothing is expected.
	Limit(Region, string) (DwellLimit, bool)
	// Expiry gives the window in which a subject waits for its recipient while its status is the state; false where it does
	// not wait, or may wait for ever.
	Expiry(state string) (ExpiryWindow, bool)
	// Raises gives the rule that a state alarms by as such; empty for none.
	Raises(Region, string) Rule
	// Warns reports whether an event of a type says that the subject will expire soon.
	Warns(eventType string) bool
	// Next lists the single steps that may legally come next: what a later event, exact and alone at its time, would be
	// answered moved for. In table order; never nil.
	Next(State) []Step
	// Forbidding gives the condition, in words, of the guard that makes an event illegal, from the state before the
	// event's instant and the state that it found; empty for none.
	Forbidding(before, held State, e *Event) string
	// Missing tells in words, the likeliest first, why something before an event that moved was probably not reported:
	// the steps a gap implies, and what its flags or its unusual start remark. Nil where nothing is missing.
	Missing(held State, e *Event, o Outcome) []string
	// Quiet tells in words what it may mean that a state is all that has been heard; nil where there is nothing to tell.
	Quiet(State) []string
	// MeaningOf explains an event's reported state or type in our words; empty if unknown.
	MeaningOf(*Event) string
	// View gives the table as data, Mermaid as a diagram.
	View() MachineView
	Mermaid() string
}

// Step is something that may legally come next.
type Step struct {
	Region  Region `json:"region"`
	State   string `json:"state" doc:"The state it would lead to, as the provider spells it." example:"claimed"`
	Phase   *Phase `json:"phase" doc:"The subject's phase after it; null for kinds without phases."`
	Meaning string `json:"meaning" doc:"The state in our words." example:"a gift chosen, details given"`
	Usual   bool   `json:"usual" doc:"A step forward that the provider describes; else a return, or one that it does not rule out."`
	Aside   bool   `json:"aside" doc:"A hold, a failure or an end."`
	Flags   Flags  `json:"flags" doc:"What its entry would be flagged with."`
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
	Limit   *LimitView `json:"limit"`
	Raises  *Rule      `json:"raises" doc:"The rule of the alert that the state raises as such; null for none." example:"out_of_stock"`
}

// LimitView is how long a stay in a state is expected to last at most.
type LimitView struct {
	Seconds    int64  `json:"seconds" doc:"By the wall clock, from when the state was entered." example:"5184000"`
	Documented bool   `json:"documented" doc:"true: the provider says so. false: a default of Giftline."`
	Why        string `json:"why" doc:"Where the limit is written, or what it is good for." example:"help centre: a gift can be claimed for 60 days unless its campaign says otherwise"`
	Expires    bool   `json:"expires" doc:"true: it is how long the recipient is waited for, counted over all states with the same limit. When it has passed, the subject should have expired."`
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
	Warns   bool   `json:"warns" doc:"true: it says that the subject expires soon."`
}

// GuardView is a rule between the regions.
type GuardView struct {
	Region Region   `json:"region"`
	States []string `json:"states"` // what may not be reported
	When   string   `json:"when"`   // the condition in words
	Then   string   `json:"then"`   // "illegal", or the flag it sets
}
