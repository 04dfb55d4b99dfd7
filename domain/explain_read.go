package domain

import (
	"context"
	"math"
	"time"
)

// Explain says why a known subject stands where it stands, or stood: of a time that has passed it tells what was expected
// then, but not how long stays usually last. Errors: CodeNotFoundAt.
func (r *Reader) Explain(ctx context.Context, c Current, v View, now time.Time) (Explanation, error) {
	m, err := r.machine(c.Subject)
	if err != nil {
		return Explanation{}, err
	}
	a := Account{Now: v.clock(now)}
	if v.AsOf == nil && v.KnownAt == nil {
		err = r.present(ctx, m, c, &a)
	} else {
		err = r.formerly(ctx, m, c, v, &a)
	}
	if err != nil {
		return Explanation{}, err
	}
	return Explain(m, a), nil
}

// clock is the time at which a view looks.
func (v View) clock(now time.Time) Instant {
	at := InstantOf(now)
	for _, then := range []*Instant{v.AsOf, v.KnownAt} {
		if then != nil {
			at = min(at, *then)
		}
	}
	return at
}

// present reads the newest events, and those that decided what is still held.
func (r *Reader) present(ctx context.Context, m Machine, c Current, a *Account) (err error) {
	if a.Beside, err = r.beside(ctx, m, c.Subject); err != nil {
		return err
	}
	if a.Page, err = r.Store.Events(ctx, c.Subject, Range{Limit: ExplainRead, Last: true}); err != nil {
		return err
	}
	a.Current = a.Page.Current
	for _, region := range m.Regions() {
		since := a.Current.Regions[region].Since
		if !a.Page.More || since == nil || *since > a.Page.Rows[0].At {
			continue
		}
		before := Place{At: *since - 1, Rank: math.MaxInt32} // behind whatever has that time
		p, err := r.Store.Events(ctx, c.Subject, Range{After: &before, UpTo: since, Limit: ExplainRead})
		if err != nil {
			return err
		}
		a.decided(region, p.Before, p.Rows)
	}
	return nil
}

// formerly folds what was known or had happened by then.
func (r *Reader) formerly(ctx context.Context, m Machine, c Current, v View, a *Account) error {
	then, rows, err := r.past(ctx, m, c, v)
	if err != nil {
		return err
	}
	a.Current, a.Page = then, Page{Current: then, Before: m.Start(), Rows: rows}
	cut := max(0, len(rows)-ExplainRead)
	if cut == 0 {
		return nil
	}
	a.Page.Rows, a.Page.Before, a.Page.More = rows[cut:], rows[cut-1].Outcome.After, true
	for _, region := range m.Regions() {
		a.decided(region, m.Start(), rows[:cut])
	}
	return nil
}

// decided keeps the last of the rows that moved the region, unless it stands on the page itself.
func (a *Account) decided(region Region, before State, rows []Recorded) {
	var last *Recorded
	first := a.Page.Rows[0].Place()
	for i := range rows {
		if rows[i].Region == region && rows[i].Outcome.Verdict.Moves() && rows[i].Place().Compare(first) < 0 {
			last = &rows[i]
			last.Before = before
		}
		before = rows[i].Outcome.After
	}
	if last != nil {
		a.Earlier = append(a.Earlier, *last)
	}
}
