package api

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"giftline/domain"
)

// PhaseStats say where subjects stand now.
type PhaseStats struct {
	Subjects *int64       `json:"subjects" doc:"All that are known." example:"1204"`
	Illegal  *int64       `json:"illegal" doc:"Those on whose timeline an illegal transition stands." example:"7"`
	Stuck    *int64       `json:"stuck" doc:"Those whose deadline has passed." example:"12"`
	Phases   []PhaseTotal `json:"phases" nullable:"true" doc:"By provider, kind and phase; only where there is somebody."`
	Partial
}

// PhaseTotal counts the subjects of a kind at a provider that are in one phase.
type PhaseTotal struct {
	Provider   domain.Provider `json:"provider" doc:"Whose subjects they are." example:"snappy"`
	Kind       domain.Kind     `json:"kind" doc:"What is tracked." example:"gift"`
	Phase      *domain.Phase   `json:"phase" doc:"null for the small kinds, which have none." example:"claimed"`
	Subjects   int64           `json:"subjects" doc:"How many subjects." example:"310"`
	Illegal    int64           `json:"illegal" doc:"Those of them on whose timeline an illegal transition stands." example:"2"`
	Stuck      int64           `json:"stuck" doc:"Those of them whose deadline has passed." example:"5"`
	Statuses   []StateTotal    `json:"statuses" doc:"The same subjects by their status, the most frequent first."`
	Deliveries []StateTotal    `json:"deliveries" doc:"The same by their delivery; empty for kinds without one."`
}

// StateTotal counts the subjects in one state.
type StateTotal struct {
	State    string `json:"state" doc:"The state, in the provider's spelling." example:"claimed"`
	Subjects int64  `json:"subjects" doc:"How many subjects." example:"300"`
}

func (a *API) phaseStats(ctx context.Context, _ *struct{}) (*body[PhaseStats], error) {
	var p parts
	counts := part(&p, "phases", func() ([]domain.PhaseCount, error) { return a.store.PhaseCounts(ctx) })
	var s PhaseStats
	if counts != nil {
		s.Phases, s.Subjects, s.Illegal, s.Stuck = phasesOf(*counts), new(int64), new(int64), new(int64)
	}
	for _, one := range s.Phases {
		*s.Subjects += one.Subjects
		*s.Illegal += one.Illegal
		*s.Stuck += one.Stuck
	}
	var err error
	s.Partial, err = p.end(ctx, a.log)
	return answer(s), err
}

func phasesOf(counts []domain.PhaseCount) []PhaseTotal {
	type place struct {
		provider domain.Provider
		kind     domain.Kind
		phase    domain.Phase
	}
	totals := map[place]*PhaseTotal{}
	for _, c := range counts {
		at := place{c.Provider, c.Kind, c.Phase}
		if totals[at] == nil {
			totals[at] = &PhaseTotal{Provider: c.Provider, Kind: c.Kind, Phase: optional(c.Phase), Statuses: []StateTotal{}, Deliveries: []StateTotal{}}
		}
		totals[at].add(c)
	}
	all := []PhaseTotal{}
	for _, t := range totals {
		t.sort()
		all = append(all, *t)
	}
	slices.SortFunc(all, func(x, y PhaseTotal) int {
		return cmp.Or(cmp.Compare(x.Provider, y.Provider), cmp.Compare(x.Kind, y.Kind), cmp.Compare(phasePlace(x.Phase), phasePlace(y.Phase)))
	})
	return all
}

// phasePlace puts phases in lifecycle order.
func phasePlace(p *domain.Phase) int {
	if p == nil {
		return -1
	}
	return slices.Index(closedLists[reflect.TypeFor[domain.Phase]()], any(*p))
}

func (t *PhaseTotal) add(c domain.PhaseCount) {
	t.Subjects += c.Subjects
	if c.Illegal {
		t.Illegal += c.Subjects
	}
	if c.Stuck {
		t.Stuck += c.Subjects
	}
	t.Statuses = addState(t.Statuses, c.Status, c.Subjects)
	if c.Delivery != "" {
		t.Deliveries = addState(t.Deliveries, c.Delivery, c.Subjects)
	}
}

func addState(all []StateTotal, state string, n int64) []StateTotal {
	if i := slices.IndexFunc(all, func(s StateTotal) bool { return s.State == state }); i >= 0 {
		all[i].Subjects += n
		return all
	}
	return append(all, StateTotal{state, n})
}

// sort puts the most frequent states first.
func (t *PhaseTotal) sort() {
	for _, states := range [][]StateTotal{t.Statuses, t.Deliveries} {
		slices.SortFunc(states, func(x, y StateTotal) int {
			return cmp.Or(cmp.Compare(y.Subjects, x.Subjects), cmp.Compare(x.State, y.State))
		})
	}
}
