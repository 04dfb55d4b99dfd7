package domain

import "maps"

// What an explanation is bounded by.
const (
	ExplainRead = 5000 // events that are read at most: the newest
	ExplainList = 200  // entries of each of its lists: the newest
)

// Explanation says why a subject stands where it stands, as data and, in Text, for people.
type Explanation struct {
	Subject  SubjectView    `json:"subject"`
	Phase    *Phase         `json:"phase"`
	Text     string         `json:"text" doc:"All of it as a support person reads it. With Accept: text/plain it is the whole answer."`
	Regions  []Explained    `json:"regions" doc:"Where each region stands, and what decided it."`
	Unmoved  []Unmoved      `json:"unmoved" doc:"Each event that moved nothing, with the reason; oldest first."`
	Missing  []Unheard      `json:"missing" doc:"What was probably not reported, and why; oldest first."`
	Quiet    []string       `json:"quiet" doc:"What it may mean that nothing more has been heard." example:"nobody is known to have opened it: that is only seen when pictures are shown, and while opens are tracked"`
	Expected Expected       `json:"expected"`
	Deadline *Due           `json:"deadline" doc:"The first time at which somebody should look; null where nothing is limited."`
	Counts   ExplainCounted `json:"counts"`
}

// Explained is where a region stands, and why.
type Explained struct {
	Region    Region      `json:"region"`
	State     string      `json:"state" example:"claimed"`
	Since     *Instant    `json:"since" doc:"When the state was entered, by the provider's clock; null while new."`
	Final     bool        `json:"final" doc:"Nothing leads out of it."`
	Meaning   *string     `json:"meaning" doc:"The state in our words." example:"a gift chosen, details given"`
	DecidedBy *Decision   `json:"decided_by" doc:"The event that brought it there; null while new."`
	Reported  *string     `json:"reported" doc:"What the provider said last, whether it could be true or not." example:"claimed"`
	Differs   *Difference `json:"differs" doc:"Why reported is not the state; null where it is."`
}

// Decision is the event that brought a region to its state.
type Decision struct {
	ID       string   `json:"id" example:"evt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`
	Event    string   `json:"event" doc:"The provider's event type." example:"gift-status-changed"`
	At       Instant  `json:"at"`
	From     string   `json:"from" doc:"The state that was left." example:"opened"`
	Verdict  Verdict  `json:"verdict" doc:"moved, or gap where steps before it were not reported."`
	Inferred []string `json:"inferred" doc:"The steps that a gap implies, oldest first."`
	Remarks  []string `json:"remarks" doc:"What the event's flags say, in words."`
}

// Difference is why a region's last report is not its state.
type Difference struct {
	ID  string  `json:"id" doc:"The event that reported it." example:"evt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`
	At  Instant `json:"at"`
	Why string  `json:"why" doc:"Why it did not move the region, in words."`
}

// Unmoved is an event that moved nothing.
type Unmoved struct {
	ID       string   `json:"id" example:"evt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`
	At       Instant  `json:"at"`
	Event    string   `json:"event" doc:"The provider's event type." example:"gift-status-changed"`
	Region   *Region  `json:"region"`
	To       *string  `json:"to" doc:"The state it reported; null where it reports none." example:"opened"`
	Verdict  Verdict  `json:"verdict"`
	Reason   *Reason  `json:"reason"`
	Flags    Flags    `json:"flags"`
	Why      string   `json:"why" doc:"The reason in words, with what it would take."`
	RefersTo []string `json:"refers_to" doc:"Ids of the other events that the reason names."`
}

// Unheard is what was probably not reported before an event that moved.
type Unheard struct {
	ID     string   `json:"id" doc:"The event before which it is missing." example:"evt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`
	At     Instant  `json:"at"`
	Region Region   `json:"region"`
	From   string   `json:"from" example:"unopened"`
	To     string   `json:"to" example:"claimed"`
	Steps  []string `json:"steps" doc:"The states passed over, oldest first; empty where only the event's flags or its start speak of it."`
	Means  []string `json:"means" doc:"What that probably means, the likeliest first."`
}

// Due is the first time at which somebody should look, and where that comes from.
type Due struct {
	At         Instant `json:"at"`
	Region     *Region `json:"region" doc:"Whose state is limited; null where people set expires_at in the labels."`
	State      *string `json:"state" example:"unopened"`
	Documented bool    `json:"documented" doc:"true: the provider says so. false: a default of Giftline, or people's word."`
	Why        string  `json:"why" doc:"Where the limit is written, or what it is good for."`
	Passed     bool    `json:"passed" doc:"It lies in the past. That is a question, not an event: nothing moves by time."`
}

// ExplainCounted says how much an explanation is made of.
type ExplainCounted struct {
	Events  int64 `json:"events" doc:"Events on the timeline."`
	Read    int64 `json:"read" doc:"The newest of them, which are what is explained."`
	Unmoved int64 `json:"unmoved" doc:"Of those read, how many moved nothing; the newest 200 are listed."`
	Missing int64 `json:"missing" doc:"Of those read, before how many something is missing; the newest 200 are listed."`
}

// Account is what an explanation is made from.
type Account struct {
	Current Current
	Page    Page       // the newest events, and the state before them
	Earlier []Recorded // events before the page that brought regions to their states
	Beside
	Now Instant
}

// Explain says why a subject stands where it stands. It is a pure function of the account.
func Explain(m Machine, a Account) Explanation {
	t := teller{machine: m, held: a.Page.Before, by: map[Region]*Recorded{}, last: map[Region]*Difference{}}
	for i := range a.Earlier {
		t.by[a.Earlier[i].Region] = &a.Earlier[i]
	}
	x := Explanation{
		Subject: SubjectViewOf(a.Current.Subject, a.Current.Source, a.Current.Attributes), Phase: optional(a.Current.State.Phase),
		Regions: []Explained{}, Unmoved: []Unmoved{}, Missing: []Unheard{}, Quiet: []string{},
		Expected: ExpectedOf(m, &a.Current, a.Beside, a.Now), Deadline: dueOf(m, &a),
	}
	x.Quiet = append(x.Quiet, m.Quiet(a.Current.State)...)
	for i := range a.Page.Rows {
		t.tell(&x, a.Page.Rows, i)
	}
	for _, r := range m.Regions() {
		x.Regions = append(x.Regions, t.standing(&a.Current, r))
	}
	x.Counts = ExplainCounted{
		Events: a.Current.Events, Read: int64(len(a.Page.Rows)), Unmoved: int64(len(x.Unmoved)), Missing: int64(len(x.Missing)),
	}
	x.Unmoved = x.Unmoved[max(0, len(x.Unmoved)-ExplainList):]
	x.Missing = x.Missing[max(0, len(x.Missing)-ExplainList):]
	x.Text = x.text()
	return x
}

// teller walks over the events and remembers what the next reason may have to name.
type teller struct {
	machine Machine
	view    *MachineView           // made when it is first needed
	held    State                  // that the event at hand found
	before  State                  // before its instant
	by      map[Region]*Recorded   // the event that brought a region to the state held
	decided map[Region]*Recorded   // the same, before the instant
	last    map[Region]*Difference // of the last report, where it moved nothing
}

func (t *teller) tell(x *Explanation, rows []Recorded, i int) {
	r := &rows[i]
	if i == 0 || rows[i-1].At != r.At {
		t.before, t.decided = t.held, maps.Clone(t.by)
	}
	if r.Outcome.Verdict.Moves() {
		t.moved(x, r)
	} else {
		u := t.unmoved(r, simultaneous(rows, i))
		x.Unmoved = append(x.Unmoved, u)
		t.reported(r.Region, &Difference{u.ID, u.At, u.Why})
	}
	t.held = r.Outcome.After
}

func (t *teller) moved(x *Explanation, r *Recorded) {
	t.reported(r.Region, nil)
	if means := t.machine.Missing(t.held, &r.Event, r.Outcome); means != nil {
		x.Missing = append(x.Missing, Unheard{
			ID: r.ID(), At: r.At, Region: r.Region, From: t.held.In(r.Region), To: r.Target, Steps: t.inferred(r), Means: means,
		})
	}
	r.Before = t.held
	t.by[r.Region] = r
}

func (t *teller) inferred(r *Recorded) []string {
	if r.Outcome.Verdict != Gap {
		return []string{}
	}
	return t.machine.Inferred(t.held, &r.Event)
}

func (t *teller) reported(r Region, d *Difference) {
	if r != NoRegion {
		t.last[r] = d
	}
}

// standing says where a region stands, once all is told.
func (t *teller) standing(c *Current, r Region) Explained {
	s := Explained{
		Region: r, State: c.State.In(r), Since: c.Regions[r].Since, Final: t.machine.Final(r, c.State.In(r)),
		Reported: optional(c.Regions[r].Reported),
	}
	if by := t.by[r]; by != nil {
		t.held = by.Before
		s.Meaning = optional(t.machine.MeaningOf(&by.Event))
		s.DecidedBy = &Decision{
			ID: by.ID(), Event: by.Type, At: by.At, From: by.Before.In(r), Verdict: by.Outcome.Verdict,
			Inferred: t.inferred(by), Remarks: remarksOn(by.Outcome.Flags),
		}
	}
	if s.Reported != nil && *s.Reported != s.State {
		s.Differs = t.last[r]
	}
	return s
}

// simultaneous lists the other events that report a state of the same region at the same time.
func simultaneous(rows []Recorded, i int) (others []string) {
	first, behind := i, i+1
	for first > 0 && rows[first-1].At == rows[i].At {
		first--
	}
	for behind < len(rows) && rows[behind].At == rows[i].At {
		behind++
	}
	for j := first; j < behind && len(others) < namedAtMost; j++ {
		if j != i && rows[j].Region == rows[i].Region && rows[i].Region != NoRegion {
			others = append(others, rows[j].ID())
		}
	}
	return others
}

// namedAtMost bounds how many other events one reason names.
const namedAtMost = 8

// dueOf gives the deadline and where it comes from.
func dueOf(m Machine, a *Account) *Due {
	at, ok := a.deadline(m, &a.Current)
	if !ok {
		return nil
	}
	due := Due{At: at, Why: labeled, Passed: a.Now > at}
	if a.Labels != nil && a.Labels.ExpiresAt != nil && *a.Labels.ExpiresAt == at {
		return &due
	}
	for _, r := range m.Regions() {
		x, limited := a.Policy.stay(m, &a.Current, r)
		if exact := limited && x.at(nil) == at; exact || limited && due.Region == nil {
			state := a.Current.State.In(r)
			due.Region, due.State, due.Documented, due.Why = &r, &state, x.limit.Documented, x.limit.Why
			if exact {
				break
			}
		}
	}
	return &due
}
