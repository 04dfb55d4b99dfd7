package domain

import "encoding/json"

// Timeline is the fold's whole result for one subject, and the answer of the timeline routes: field order and formats
// are fixed, so that two stores can be compared byte by byte.
type Timeline struct {
	Subject SubjectView `json:"subject"`
	Phase   *Phase      `json:"phase"`
	State   States      `json:"state"`
	Entries []Entry     `json:"entries"`
	Counts  Counts      `json:"counts"`
	Next    *string     `json:"next"`
}

// Summary is a timeline without its entries.
type Summary struct {
	Subject SubjectView `json:"subject"`
	Phase   *Phase      `json:"phase"`
	State   States      `json:"state"`
	Counts  Counts      `json:"counts"`
	// Expected is what may come next and when; left out of lists, and of a look into the past.
	Expected *Expected `json:"expected,omitempty"`
}

// SubjectView is how a subject and its attributes are shown.
type SubjectView struct {
	Provider  Provider        `json:"provider"`
	Kind      Kind            `json:"kind"`
	ID        string          `json:"id"`
	Source    string          `json:"source"`
	CompanyID *string         `json:"company_id"`
	Reference *string         `json:"reference"`
	Recipient *string         `json:"recipient"`
	Metadata  json.RawMessage `json:"metadata"`
}

// States are the regions' states; kinds with one region have no delivery.
type States struct {
	Status   RegionState  `json:"status"`
	Delivery *RegionState `json:"delivery,omitempty"`
}

// RegionState is where a region stands.
type RegionState struct {
	State    string   `json:"state"`
	Since    *Instant `json:"since"`    // when the state was entered, by the provider's clock
	Final    bool     `json:"final"`    // nothing leads out of it
	Reported *string  `json:"reported"` // last said by the provider, whether it could be true or not
	DueAt    *Instant `json:"due_at"`   // until when it is expected to stay so at most
}

// Entry is one event on a timeline.
type Entry struct {
	ID          string          `json:"id"`
	At          Instant         `json:"at"`
	Region      *Region         `json:"region"`
	Event       string          `json:"event"`
	From        *string         `json:"from"`
	To          *string         `json:"to"`
	Verdict     Verdict         `json:"verdict"`
	Inferred    []string        `json:"inferred"`
	Reason      *Reason         `json:"reason"`
	Phase       *Phase          `json:"phase"`
	Meaning     *string         `json:"meaning"`
	Flags       Flags           `json:"flags"`
	TimeQuality TimeQuality     `json:"time_quality"`
	TimeText    *string         `json:"time_text"`
	Data        json.RawMessage `json:"data"`
	Received    *Received       `json:"received,omitempty"`
}

// Counts sum up a timeline.
type Counts struct {
	Events  int64 `json:"events"`
	Illegal int64 `json:"illegal"`
}

// SubjectViewOf shows a subject with its attributes.
func SubjectViewOf(s Subject, source string, a Attributes) SubjectView {
	view := SubjectView{
		Provider: s.Provider, Kind: s.Kind, ID: s.ID, Source: source,
		CompanyID: optional(a.CompanyID), Reference: optional(a.Reference), Recipient: optional(a.Recipient),
	}
	if a.Metadata != "" {
		view.Metadata = json.RawMessage(a.Metadata)
	}
	return view
}

// StatesOf shows a subject's state region by region, with the limits of a policy.
func StatesOf(m Machine, c *Current, p *Policy) States {
	var view States
	s, facts := c.State, c.Regions
	for _, r := range m.Regions() {
		one := RegionState{
			State: s.In(r), Since: facts[r].Since, Final: m.Final(r, s.In(r)), Reported: optional(facts[r].Reported),
		}
		if due, limited := p.DueAt(m, c, r, nil); limited {
			one.DueAt = &due
		}
		if r == Delivery {
			view.Delivery = &one
		} else {
			view.Status = one
		}
	}
	return view
}

// EntryOf shows one recorded event; before is the state that its subject held when the event's turn came.
func EntryOf(m Machine, before State, r *Recorded) Entry {
	e := Entry{
		ID: r.ID(), At: r.At, Event: r.Type, Verdict: r.Outcome.Verdict, Inferred: []string{},
		Reason: optional(r.Outcome.Reason), Phase: optional(r.Outcome.After.Phase), Meaning: optional(m.MeaningOf(&r.Event)),
		Flags: r.Outcome.Flags, TimeQuality: r.Quality, TimeText: optional(r.AtText), Received: &r.Received,
	}
	r.Received.Settled = r.Facts&(SettledType|SettledSubject) != 0
	if r.Region != NoRegion {
		from := before.In(r.Region)
		e.Region, e.From, e.To = &r.Region, &from, &r.Target
	}
	if r.Outcome.Verdict == Gap {
		e.Inferred = m.Inferred(before, &r.Event)
	}
	return e
}

// EntriesOf shows a run of events that follows the state before.
func EntriesOf(m Machine, before State, rows []Recorded) []Entry {
	entries := make([]Entry, 0, len(rows))
	for i := range rows {
		entries = append(entries, EntryOf(m, before, &rows[i]))
		before = rows[i].Outcome.After
	}
	return entries
}

func optional[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}
