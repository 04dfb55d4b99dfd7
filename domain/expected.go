package domain

import (
	"context"
	"time"
)

// Expected is what may come next of a subject, and by when.
type Expected struct {
	Next      []Step       `json:"next" doc:"The single steps that may legally come next, in lifecycle order. Empty: nothing is left to come."`
	DueAt     *Instant     `json:"due_at" doc:"When somebody should look, if nothing happens until then; null where nothing is limited." example:"2025-03-16T09:00:00.000000Z"`
	OverdueBy *int64       `json:"overdue_by" doc:"Seconds since due_at; null while it is ahead. Overdue moves nothing: it does not mean expired." example:"3600"`
	ExpiresAt *Instant     `json:"expires_at" doc:"The last moment of what still waits for its recipient, or has a label that says so; null where it may wait for ever, or waits no more." example:"2025-03-16T09:00:00.000000Z"`
	Regions   []ExpectedIn `json:"regions" doc:"How long the states held now usually last."`
}

// ExpectedIn is how long a region's state is expected to last.
type ExpectedIn struct {
	Region Region   `json:"region"`
	State  string   `json:"state" doc:"The state held." example:"claimed"`
	DueAt  *Instant `json:"due_at" doc:"Until when it is expected to stay so at most; null where that is not limited."`
	Usual  *Usual   `json:"usual" doc:"Of finished stays in this state, over all subjects that the key reaches; null while there are none."`
}

// Usual sums up finished stays in a state. The quantiles are upper bounds: the ends of fixed buckets.
type Usual struct {
	Count      int64 `json:"count" doc:"How many stays have finished." example:"1204"`
	P50Seconds int64 `json:"p50_seconds" doc:"Half of them took no longer." example:"86400"`
	P90Seconds int64 `json:"p90_seconds" doc:"Nine in ten took no longer." example:"432000"`
	Longer     bool  `json:"longer" doc:"True: some of these took more than a year, and the numbers are only what is counted up to."`
}

// Beside is what is known of a subject beside its events. Everything may be missing.
type Beside struct {
	Policy *Policy
	Labels *Labels
	Watch  *Watch
	Dwells []Dwell
}

// deadline gives the first instant at which somebody should look at a subject, if there is one.
func (b *Beside) deadline(m Machine, c *Current) (Instant, bool) {
	return b.Policy.Deadline(m, c, b.Labels, b.Watch)
}

// ExpectedOf tells what may come next of a subject as it stands now.
func ExpectedOf(m Machine, c *Current, b Beside, now Instant) Expected {
	x := Expected{Next: m.Next(c.State), Regions: []ExpectedIn{}}
	if b.Watch != nil {
		x.ExpiresAt = b.Watch.ExpiresAt
	} else if at, _, ok := b.Policy.ExpiresAt(&Watched{Machine: m, Current: *c, Labels: b.Labels}, nil); ok {
		x.ExpiresAt = &at // of what the index does not know yet, or the caller knows a part of: from when its state was entered
	}
	if due, ok := b.deadline(m, c); ok {
		x.DueAt = &due
		if late := int64(now-due) / int64(InstantSecond); now > due {
			x.OverdueBy = &late
		}
	}
	for _, r := range m.Regions() {
		in := ExpectedIn{Region: r, State: c.State.In(r), Usual: usualOf(b.Dwells, r, c.State.In(r))}
		if due, ok := b.Policy.DueAt(m, c, r, nil); ok {
			in.DueAt = &due
		}
		x.Regions = append(x.Regions, in)
	}
	return x
}

func usualOf(dwells []Dwell, r Region, state string) *Usual {
	for i := range dwells {
		if d := &dwells[i]; d.Region == r && d.State == state && d.Count > 0 {
			half, longer := d.Quantile(0.5)
			most, longest := d.Quantile(0.9)
			return &Usual{Count: d.Count, P50Seconds: half, P90Seconds: most, Longer: longer || longest}
		}
	}
	return nil
}

// Expected tells what may come next of a known subject.
func (r *Reader) Expected(ctx context.Context, c Current, now time.Time) (*Expected, error) {
	m, err := r.machine(c.Subject)
	if err != nil {
		return nil, err
	}
	b, err := r.beside(ctx, m, c.Subject)
	if err != nil {
		return nil, err
	}
	x := ExpectedOf(m, &c, b, InstantOf(now))
	return &x, nil
}

// beside reads what is known beside a subject's events, where this Reader is told it.
func (r *Reader) beside(ctx context.Context, m Machine, s Subject) (b Beside, err error) {
	b.Policy = r.Policy
	if r.Dwells != nil {
		if b.Dwells, err = r.Dwells(ctx, m.Name()); err != nil {
			return b, err
		}
	}
	if b.Labels, err = one(ctx, r.LabelsOf, s); err != nil {
		return b, err
	}
	b.Watch, err = one(ctx, r.WatchOf, s)
	return b, err
}

// one asks for one subject; nil where there is nothing, or nobody to ask.
func one[T any](ctx context.Context, ask func(context.Context, ...Subject) (map[Subject]T, error), s Subject) (*T, error) {
	if ask == nil {
		return nil, nil
	}
	all, err := ask(ctx, s)
	if found, ok := all[s]; ok && err == nil {
		return &found, nil
	}
	return nil, err
}

func (r *Reader) machine(s Subject) (Machine, error) {
	m, ok := r.Machines.For(s.Provider, s.Kind)
	if !ok {
		return nil, Errorf(CodeNewerMachine, "this version has no machine for %s %s: upgrade it", s.Provider, s.Kind)
	}
	return m, nil
}
