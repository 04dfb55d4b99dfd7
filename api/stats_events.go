package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"giftline/domain"
)

const (
	mostPoints = 1000 // of a chart: hours or days
	mostSeries = 100  // of a chart; the rest is one
	usualHours = 24
	usualDays  = 30
)

const (
	hour = domain.Instant(time.Hour / time.Microsecond)
	day  = 24 * hour
)

// During chooses a span of time; hours and days that it cuts are taken whole.
type During struct {
	From Moment `query:"from" doc:"The beginning. The hour or day (UTC) that it lies in is taken whole. Without it: as long before the end as is usual."`
	To   Moment `query:"to" doc:"The end, itself not part of the span; the hour or day (UTC) that it lies in is taken whole. Without it: the current one is the last."`
}

// steps gives the span as whole steps, hours or days, from the first one's beginning to the last one's end.
func (d During) steps(step domain.Instant, usual int, now time.Time) (first, end domain.Instant, err error) {
	whole := func(at domain.Instant) domain.Instant { return at - at%step }
	end = whole(domain.InstantOf(now)) + step
	if d.To.at != nil {
		end = whole(*d.To.at-1) + step
	}
	first = end - domain.Instant(usual)*step
	if d.From.at != nil {
		first = whole(*d.From.at)
	}
	switch n := (end - first) / step; {
	case n <= 0:
		return 0, 0, domain.Errorf(domain.CodeInvalid, "from must lie before to, which is now where it is not given")
	case n > mostPoints:
		return 0, 0, domain.Errorf(domain.CodeInvalid, "that is more than %d hours or days: take a later from or an earlier to, or granularity=day where there is one", mostPoints)
	}
	return first, end, nil
}

// EventStatsInput asks how many events came when.
type EventStatsInput struct {
	Granularity string `query:"granularity" enum:"hour,day" default:"hour" doc:"How long each point is. Days are UTC. Without from, 24 hours or 30 days are shown." example:"hour"`
	GroupBy     string `query:"group_by" enum:"provider,source,type,verdict" doc:"One series for each of them, instead of one for all." example:"provider"`
	During
}

// EventStats are the points of a chart: counts stand at the place of their time.
type EventStats struct {
	Granularity string             `json:"granularity" enum:"hour,day" doc:"How long each point is." example:"hour"`
	GroupBy     *domain.EventGroup `json:"group_by" doc:"What the series are; null where there is one for all." example:"provider"`
	From        domain.Instant     `json:"from" doc:"When the first point begins." example:"2025-01-15T00:00:00.000000Z"`
	To          domain.Instant     `json:"to" doc:"When the last point ends." example:"2025-01-16T00:00:00.000000Z"`
	Times       []domain.Instant   `json:"times" doc:"When each point begins, the oldest first, without a gap." example:"[\"2025-01-15T00:00:00.000000Z\"]"`
	Events      *int64             `json:"events" doc:"Of all points and series. Recorded events by today's verdict; those taken off their timelines do not count." example:"1204"`
	Before      *int64             `json:"before" doc:"As many hours or days earlier: what events was then, to compare." example:"980"`
	Series      []EventSeries      `json:"series" nullable:"true" doc:"The largest first."`
	Partial
}

// EventSeries is a line of the chart.
type EventSeries struct {
	Group  *string `json:"group" doc:"The provider, source, type or verdict; null for all, and for the rest together where there are more than 100." example:"snappy"`
	Events int64   `json:"events" doc:"The sum of counts." example:"310"`
	Counts []int64 `json:"counts" doc:"One for each of times; 0 where nothing was recorded." example:"[310]"`
}

// eventStats answers how many events were recorded when.
func (a *API) eventStats(ctx context.Context, in *EventStatsInput) (*body[EventStats], error) {
	step, usual := hour, usualHours
	if in.Granularity == "day" {
		step, usual = day, usualDays
	}
	from, to, err := in.steps(step, usual, a.now())
	if err != nil {
		return nil, err
	}
	q := domain.EventCountQuery{Daily: in.Granularity == "day", Group: domain.EventGroup(in.GroupBy)}
	s := EventStats{Granularity: in.Granularity, GroupBy: optional(q.Group), From: from, To: to}
	for at := from; at < to; at += step {
		s.Times = append(s.Times, at)
	}
	var p parts
	counts := part(&p, "events", func() ([]domain.EventCount, error) {
		q.Span = domain.Span{From: &from, Before: &to}
		return a.store.EventCounts(ctx, q)
	})
	if counts != nil {
		s.Series = seriesOf(*counts, s.Times, step, in.GroupBy != "")
		s.Events = sumOf(*counts)
	}
	s.Before = a.eventsBefore(ctx, &p, q, from, to)
	s.Partial, err = p.end(ctx, a.log)
	return answer(s), err
}

func (a *API) eventsBefore(ctx context.Context, p *parts, q domain.EventCountQuery, from, to domain.Instant) *int64 {
	earlier := from - (to - from)
	q.Group, q.Span = domain.ByNothing, domain.Span{From: &earlier, Before: &from}
	counts := part(p, "before", func() ([]domain.EventCount, error) { return a.store.EventCounts(ctx, q) })
	if counts == nil {
		return nil
	}
	return sumOf(*counts)
}

func sumOf(counts []domain.EventCount) *int64 {
	var all int64
	for _, c := range counts {
		all += c.Events
	}
	return &all
}

// seriesOf lays counts out over the times. What is one series only is there without any count too.
func seriesOf(counts []domain.EventCount, times []domain.Instant, step domain.Instant, grouped bool) []EventSeries {
	places := map[string]int{}
	var all []EventSeries
	series := func(group string) *EventSeries {
		if _, known := places[group]; !known {
			places[group] = len(all)
			one := EventSeries{Counts: make([]int64, len(times))}
			if grouped {
				one.Group = &group
			}
			all = append(all, one)
		}
		return &all[places[group]]
	}
	if !grouped {
		series("")
	}
	for _, c := range counts {
		s := series(c.Group)
		s.Events += c.Events
		s.Counts[(c.From-times[0])/step] += c.Events
	}
	slices.SortStableFunc(all, func(x, y EventSeries) int { return cmp.Compare(y.Events, x.Events) })
	return joinRest(all)
}

// joinRest bounds the answer: what stands behind the largest series becomes one.
func joinRest(all []EventSeries) []EventSeries {
	if len(all) <= mostSeries {
		return append([]EventSeries{}, all...)
	}
	rest := EventSeries{Counts: make([]int64, len(all[0].Counts))}
	for _, s := range all[mostSeries:] {
		rest.Events += s.Events
		for i, n := range s.Counts {
			rest.Counts[i] += n
		}
	}
	return append(all[:mostSeries:mostSeries], rest)
}
