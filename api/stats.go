package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"giftline/domain"
)

// MachineStatsInput names the machine whose subjects are summed up.
type MachineStatsInput struct {
	Machine string `query:"machine" required:"true" doc:"One of /machines." example:"snappy.gift"`
}

// FunnelInput asks how far subjects came.
type FunnelInput struct {
	MachineStatsInput
	During
}

// FunnelStats say how far the subjects came that began in a span of days.
type FunnelStats struct {
	Machine  string          `json:"machine" doc:"The machine, as /machines names it." example:"snappy.gift"`
	From     domain.Instant  `json:"from" doc:"When the first day begins, UTC." example:"2025-01-01T00:00:00.000000Z"`
	To       domain.Instant  `json:"to" doc:"When the last day ends." example:"2025-01-31T00:00:00.000000Z"`
	Subjects *int64          `json:"subjects" doc:"Whose first event lies in these days, by the provider's clock." example:"1204"`
	Reached  []FunnelReached `json:"reached" nullable:"true" doc:"Every state of the machine, region by region, in lifecycle order."`
	Partial
}

// FunnelReached counts the subjects that were ever in a state.
type FunnelReached struct {
	Region   domain.Region `json:"region" doc:"The part of the machine." example:"status"`
	State    string        `json:"state" doc:"The state, in the provider's spelling." example:"claimed"`
	Phase    *domain.Phase `json:"phase" doc:"What the state means across providers; null for the small kinds." example:"claimed"`
	Meaning  string        `json:"meaning" doc:"The state in our words." example:"a gift chosen, details given"`
	Subjects int64         `json:"subjects" doc:"That ever were in it, until today. States whose report is missing, though a later one implies them, count." example:"310"`
}

func (a *API) funnelStats(ctx context.Context, in *FunnelInput) (*body[FunnelStats], error) {
	m, err := a.machineNamed(in.Machine)
	if err != nil {
		return nil, err
	}
	from, to, err := in.steps(day, usualDays, a.now())
	if err != nil {
		return nil, err
	}
	var p parts
	f := part(&p, "funnel", func() (domain.Funnel, error) {
		return a.store.Funnel(ctx, in.Machine, domain.Span{From: &from, Before: &to})
	})
	s := FunnelStats{Machine: in.Machine, From: from, To: to}
	if f != nil {
		s.Subjects, s.Reached = &f.Subjects, reachedOf(m, f.Reached)
	}
	s.Partial, err = p.end(ctx, a.log)
	return answer(s), err
}

func reachedOf(m domain.Machine, counts []domain.Reached) []FunnelReached {
	reached := []FunnelReached{}
	eachState(m, func(r domain.Region, state *domain.StateView) {
		one := FunnelReached{Region: r, State: state.State, Phase: state.Phase, Meaning: state.Meaning}
		for _, c := range counts {
			if c.Region == r && c.State == state.State {
				one.Subjects = c.Subjects
			}
		}
		reached = append(reached, one)
	})
	return reached
}

func eachState(m domain.Machine, do func(domain.Region, *domain.StateView)) {
	for _, r := range m.View().Regions {
		for i := range r.States {
			do(r.Region, &r.States[i])
		}
	}
}

// machineNamed finds the machine that a parameter names.
func (a *API) machineNamed(name string) (domain.Machine, error) {
	var names []string
	for _, m := range a.machines.All() {
		if m.Name() == name {
			return m, nil
		}
		names = append(names, m.Name())
	}
	return nil, domain.Errorf(domain.CodeInvalid, "machine is one of: %s", strings.Join(names, ", "))
}

// DwellStats say how long a machine's subjects stay in each state.
type DwellStats struct {
	Machine string       `json:"machine" doc:"The machine, as /machines names it." example:"snappy.gift"`
	States  []DwellState `json:"states" doc:"Every state of the machine, region by region, in lifecycle order."`
	Partial
}

// DwellState sums up the stays in one state. Quantiles are upper bounds, the ends of fixed buckets.
type DwellState struct {
	Region   domain.Region `json:"region" doc:"The part of the machine." example:"status"`
	State    string        `json:"state" doc:"The state, in the provider's spelling." example:"unopened"`
	Count    *int64        `json:"count" doc:"Stays that have finished: entered by one event and left by another." example:"310"`
	P50      *int64        `json:"p50_seconds" doc:"Half of them took no longer; null without any." example:"86400"`
	P90      *int64        `json:"p90_seconds" doc:"Nine in ten took no longer; null without any." example:"432000"`
	Longer   bool          `json:"longer" doc:"True: some of these took longer than is counted, more than a year, and the numbers are only what is counted up to." example:"false"`
	Standing *int64        `json:"standing" doc:"Subjects that are in it now." example:"42"`
	Stuck    *int64        `json:"stuck" doc:"Those of them whose deadline has passed." example:"3"`
	Limit    *DwellBound   `json:"limit" doc:"How long it is expected to last at most; null where nothing is expected."`
}

// DwellBound is how long a state is expected to last.
type DwellBound struct {
	_          struct{} `nullable:"true"`
	Seconds    int64    `json:"seconds" doc:"From the moment the state was entered, by the provider's clock." example:"1209600"`
	Documented bool     `json:"documented" doc:"True: the provider says so; otherwise it is our estimate." example:"false"`
	Why        string   `json:"why" doc:"Where the limit comes from, or what it is good for." example:"a reminder is worth sending"`
}

func (a *API) dwellStats(ctx context.Context, in *MachineStatsInput) (*body[DwellStats], error) {
	m, err := a.machineNamed(in.Machine)
	if err != nil {
		return nil, err
	}
	var p parts
	dwells := part(&p, "dwells", func() ([]domain.Dwell, error) { return a.store.Dwells(ctx, in.Machine) })
	places := part(&p, "standing", func() ([]domain.PhaseCount, error) { return a.store.PhaseCounts(ctx) })
	s := DwellStats{Machine: in.Machine, States: []DwellState{}}
	view := m.View()
	eachState(m, func(r domain.Region, state *domain.StateView) {
		one := DwellState{Region: r, State: state.State}
		if limit, ok := m.Limit(r, state.State); ok {
			one.Limit = &DwellBound{Seconds: int64(limit.For.Seconds()), Documented: limit.Documented, Why: limit.Why}
		}
		if dwells != nil {
			one.finished(*dwells)
		}
		if places != nil {
			one.standing(&view, *places)
		}
		s.States = append(s.States, one)
	})
	s.Partial, err = p.end(ctx, a.log)
	return answer(s), err
}

// finished fills in what is known of the stays in the state: 0 of them where it is not among those given.
func (d *DwellState) finished(all []domain.Dwell) {
	d.Count = new(int64)
	i := slices.IndexFunc(all, func(o domain.Dwell) bool { return o.Region == d.Region && o.State == d.State && o.Count > 0 })
	if i < 0 {
		return
	}
	half, _ := all[i].Quantile(0.5)
	most, longer := all[i].Quantile(0.9)
	d.Count, d.P50, d.P90, d.Longer = &all[i].Count, &half, &most, longer
}

func (d *DwellState) standing(m *domain.MachineView, all []domain.PhaseCount) {
	d.Standing, d.Stuck = new(int64), new(int64)
	for _, c := range all {
		if c.Provider != m.Provider || c.Kind != m.Kind || (domain.State{Status: c.Status, Delivery: c.Delivery}).In(d.Region) != d.State {
			continue
		}
		*d.Standing += c.Subjects
		if c.Stuck {
			*d.Stuck += c.Subjects
		}
	}
}

// IngestStats say what became of everything that arrived.
type IngestStats struct {
	Total   *IngestCounts  `json:"total" doc:"Of all sources."`
	Sources []SourceIngest `json:"sources" nullable:"true" doc:"By name; also those that are not configured any more."`
	Partial
}

// SourceIngest is what arrived by one source.
type SourceIngest struct {
	Source string `json:"source" doc:"The webhook endpoint's name." example:"snappy"`
	IngestCounts
}

// IngestCounts add up: what was received is one of the five results each.
type IngestCounts struct {
	_        struct{} `nullable:"true"`
	Received int64    `json:"received" doc:"Deliveries that were verified and answered: the sum of recorded, duplicate, conflict, unresolved and quarantined." example:"1204"`
	SourceResults
	Rejected int64 `json:"rejected" doc:"Webhooks refused before they became deliveries, such as for a bad signature: not part of received." example:"3"`
}

func (n *IngestCounts) add(o IngestCounts) {
	n.Received += o.Received
	n.Recorded += o.Recorded
	n.Duplicate += o.Duplicate
	n.Conflict += o.Conflict
	n.Unresolved += o.Unresolved
	n.Quarantined += o.Quarantined
	n.Rejected += o.Rejected
}

func (a *API) ingestStats(ctx context.Context, _ *struct{}) (*body[IngestStats], error) {
	var p parts
	counts := part(&p, "sources", func() ([]domain.SourceCount, error) { return a.store.SourceCounts(ctx) })
	var s IngestStats
	if counts != nil {
		s.Sources, s.Total = a.ingestOf(ctx, *counts), &IngestCounts{}
	}
	for _, one := range s.Sources {
		s.Total.add(one.IngestCounts)
	}
	var err error
	s.Partial, err = p.end(ctx, a.log)
	return answer(s), err
}

// ingestOf lists every source that sent something or could, as far as the caller reaches.
func (a *API) ingestOf(ctx context.Context, counts []domain.SourceCount) []SourceIngest {
	for _, name := range a.sourceNames {
		if !slices.ContainsFunc(counts, func(c domain.SourceCount) bool { return c.Source == name }) {
			counts = append(counts, domain.SourceCount{Source: name})
		}
	}
	sources := []SourceIngest{}
	for _, c := range counts {
		if !domain.InReach(ctx, c.Source) {
			continue
		}
		one := SourceIngest{c.Source, IngestCounts{Received: c.Received, SourceResults: resultsOf(c.Counts), Rejected: c.Rejected}}
		for _, r := range a.rejected.of(c.Source) { // not on disk yet
			one.Rejected += r.Count
		}
		sources = append(sources, one)
	}
	slices.SortFunc(sources, func(x, y SourceIngest) int { return cmp.Compare(x.Source, y.Source) })
	return sources
}
