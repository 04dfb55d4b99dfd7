package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"giftline/domain"
)

const summed = "CAST(sum(n) AS bigint) AS total"

// Dwells gives how long finished stays took; see domain.Stats.
func (s *Store) Dwells(ctx context.Context, machine string) ([]domain.Dwell, error) {
	m, err := s.machineNamed(machine)
	if err != nil {
		return nil, err
	}
	if err := s.catchUp(ctx); err != nil {
		return nil, err
	}
	type bucket struct {
		Region domain.Region
		State  string
		Bucket int
		Total  int64
	}
	var rows []bucket
	var own *tallies
	err = s.read(ctx, func(tx *gorm.DB) error {
		if own, err = s.sharedTallies(tx, m); err != nil {
			return err
		}
		q := tx.Table("stay_tallies").Select("region, state, bucket, "+summed).Where("machine = ?", machine)
		q, err := withinReach(ctx, tx, q)
		if err != nil {
			return err
		}
		return q.Group("region, state, bucket").Having("sum(n) <> 0").Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	for key, n := range own.stays {
		rows = append(rows, bucket{key.region, key.state, key.bucket, n})
	}
	var dwells []domain.Dwell
	for _, r := range rows {
		i := slices.IndexFunc(dwells, func(d domain.Dwell) bool { return d.Region == r.Region && d.State == r.State })
		if i < 0 {
			i = len(dwells)
			dwells = append(dwells, domain.Dwell{Region: r.Region, State: r.State, Buckets: make([]int64, len(domain.DwellBuckets)+1)})
		}
		d := &dwells[i]
		d.Count += r.Total
		d.Buckets[r.Bucket] += r.Total
	}
	return dwells, nil
}

// Funnel counts how far subjects came; see domain.Stats.
func (s *Store) Funnel(ctx context.Context, machine string, span domain.Span) (f domain.Funnel, err error) {
	m, err := s.machineNamed(machine)
	if err != nil {
		return f, err
	}
	if err := s.catchUp(ctx); err != nil {
		return f, err
	}
	type place struct {
		region domain.Region
		state  string
	}
	var rows []struct {
		Region domain.Region
		State  string
		Total  int64
	}
	var own *tallies
	err = s.read(ctx, func(tx *gorm.DB) error {
		if own, err = s.sharedTallies(tx, m); err != nil {
			return err
		}
		q := tx.Table("funnel_tallies").Select("region, state, "+summed).Where("machine = ?", machine)
		q, err := withinReach(ctx, tx, inSpan(q, "day", span))
		if err != nil {
			return err
		}
		return q.Group("region, state").Scan(&rows).Error
	})
	if err != nil {
		return f, err
	}
	been := map[place]int64{}
	for _, r := range rows {
		been[place{r.Region, r.State}] = r.Total
	}
	for key, n := range own.funnel {
		if span.Holds(key.day) {
			been[place{key.region, key.state}] += n
		}
	}
	f.Subjects = been[place{}]
	for _, region := range m.View().Regions {
		for _, state := range region.States {
			f.Reached = append(f.Reached, domain.Reached{Region: region.Region, State: state.State, Subjects: been[place{region.Region, state.State}]})
		}
	}
	return f, nil
}

// groupColumns are what event_tallies can be grouped by.
var groupColumns = map[domain.EventGroup]string{
	domain.ByNothing: "''", domain.ByProvider: "provider", domain.BySource: "source", domain.ByType: "type", domain.ByVerdict: "verdict",
}

// EventCounts counts events by when they were recorded; see domain.Stats.
func (s *Store) EventCounts(ctx context.Context, asked domain.EventCountQuery) ([]domain.EventCount, error) {
	column, ok := groupColumns[asked.Group]
	if !ok {
		return nil, domain.Errorf(domain.CodeInvalid, "events are not counted by that: take provider, source, type or verdict")
	}
	if err := s.catchUp(ctx); err != nil {
		return nil, err
	}
	var rows []struct {
		Since domain.Instant
		Name  string
		Total int64
	}
	var corrections map[eventTally]int64
	err := s.read(ctx, func(tx *gorm.DB) (err error) {
		if asked.Group == domain.ByVerdict {
			if corrections, err = s.sharedVerdicts(tx); err != nil {
				return err
			}
		}
		q := inSpan(tx.Table("event_tallies").Select("since, "+column+" AS name, "+summed).Where("daily = ?", asked.Daily), "since", asked.Span)
		if sources, limited := domain.ReachOf(ctx); limited {
			q = q.Where("source IN ?", sources)
		}
		return q.Group("since, name").Having("sum(n) <> 0").Order("since, name").Scan(&rows).Error
	})
	counts := make([]domain.EventCount, len(rows))
	for i, r := range rows {
		counts[i] = domain.EventCount{From: r.Since, Group: r.Name, Events: r.Total}
	}
	return corrected(counts, asked, corrections), err
}

// corrected adds corrections of verdicts to counts by verdict.
func corrected(counts []domain.EventCount, asked domain.EventCountQuery, corrections map[eventTally]int64) []domain.EventCount {
	for key, n := range corrections {
		if key.daily != asked.Daily || !asked.Span.Holds(key.since) {
			continue
		}
		one := domain.EventCount{From: key.since, Group: string(key.verdict)}
		i, known := slices.BinarySearchFunc(counts, one, func(a, b domain.EventCount) int {
			return cmp.Or(cmp.Compare(a.From, b.From), strings.Compare(a.Group, b.Group))
		})
		if !known {
			counts = slices.Insert(counts, i, one)
		}
		counts[i].Events += n
	}
	return slices.DeleteFunc(counts, func(c domain.EventCount) bool { return c.Events == 0 })
}

// inSpan takes the rows whose column lies in a span.
func inSpan(q *gorm.DB, column string, s domain.Span) *gorm.DB {
	for _, bound := range []struct {
		is string
		at *domain.Instant
	}{{">=", s.From}, {">", s.After}, {"<=", s.Until}, {"<", s.Before}} {
		if bound.at != nil {
			q = q.Where(column+" "+bound.is+" ?", *bound.at)
		}
	}
	return q
}

// withinReach takes the rows of subjects that were told of by sources in the context's reach only.
func withinReach(ctx context.Context, tx, q *gorm.DB) (*gorm.DB, error) {
	if _, limited := domain.ReachOf(ctx); !limited {
		return q, nil
	}
	var sets []string
	if err := tx.Raw("SELECT sources FROM source_sets").Scan(&sets).Error; err != nil {
		return nil, err
	}
	sets = slices.DeleteFunc(sets, func(set string) bool { return !domain.InReach(ctx, (&words{Sources: set}).sources()...) })
	return q.Where("sources IN ?", sets), nil
}

func (s *Store) machineNamed(name string) (domain.Machine, error) {
	all := s.machines.All()
	if i := slices.IndexFunc(all, func(m domain.Machine) bool { return m.Name() == name }); i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = m.Name()
	}
	return nil, domain.Errorf(domain.CodeInvalid, "machine is one of: %s", strings.Join(names, ", "))
}
