package store

import (
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"

	"giftline/domain"
)

// armsAtOnce is how many places of the index one statement merges: SQLite takes no more.
const armsAtOnce = 500

// arm is a run of the index in the order of a list.
type arm struct {
	term  term
	shelf int64
}

// arms lists the runs that together hold all candidates.
func (x *search) arms() (arms []arm) {
	shelves := slices.Sorted(maps.Keys(x.shelves))
	if x.q.Order == domain.ByCreated && len(x.driver) > 0 {
		shelves = []int64{0} // members know no shelves
	}
	for _, t := range driving(x.driver) {
		for _, shelf := range shelves {
			arms = append(arms, arm{t, shelf})
		}
	}
	return arms
}

func driving(driver terms) terms {
	if len(driver) == 0 {
		return terms{anySubject}
	}
	driver = slices.Clone(driver)
	slices.Sort(driver)
	return slices.Compact(driver)
}

// candidates merges at most n of what comes next.
func (x *search) candidates(w way, f from, n int) (found []candidate, err error) {
	all := x.arms()
	for arms := range slices.Chunk(all, armsAtOnce) {
		err := x.each(func(rows *sql.Rows) error {
			var c candidate
			err := rows.Scan((*int64)(&c.updated), &c.subject, &c.shelf)
			found = append(found, c)
			return err
		}, x.merge(arms, w, f, n))
		if err != nil {
			return nil, err
		}
	}
	if len(all) > armsAtOnce {
		slices.SortFunc(found, func(a, b candidate) int { return w.compare(a.listKey, b.listKey) })
		found = found[:min(len(found), n)]
	}
	return found, nil
}

// merge writes the statement. All in it are numbers of ours: bound ones would be too many.
func (x *search) merge(arms []arm, w way, f from, n int) string {
	run, order := x.run(w, f), " ORDER BY "+w.columns()+" LIMIT "+strconv.Itoa(n)
	if x.d == postgresDialect {
		var terms, shelves []string
		for _, a := range arms {
			terms, shelves = append(terms, literal(int64(a.term))), append(shelves, literal(a.shelf))
		}
		return "SELECT c.updated, c.subject, c.shelf FROM unnest(ARRAY[" + strings.Join(terms, ", ") + "]::bigint[], ARRAY[" + strings.Join(shelves, ", ") +
			"]::bigint[]) AS arm (term, shelf) CROSS JOIN LATERAL (" + run("arm.term", "arm.shelf") + order + ") AS c" + order
	}
	all := make([]string, len(arms))
	for i, a := range arms {
		all[i] = run(literal(int64(a.term)), literal(a.shelf))
	}
	return strings.Join(all, " UNION ALL ") + order
}

func literal(n int64) string { return strconv.FormatInt(n, 10) }

// columns are those of the order. The first one is known by its place, because a run of members has none.
func (w way) columns() string {
	direction := ""
	if w.desc {
		direction = " DESC"
	}
	if w.created {
		return "2" + direction
	}
	return "1" + direction + ", 2" + direction
}

// run gives the query of one arm.
func (x *search) run(w way, f from) func(term, shelf string) string {
	switch {
	case !w.created:
		f, span := w.tighten(f, x.q.Updated)
		bounds := w.bounds(f) + spanBounds(span)
		return func(term, shelf string) string {
			return "SELECT updated, subject, shelf FROM postings WHERE term = " + term + " AND shelf = " + shelf + bounds
		}
	case len(x.driver) > 0:
		return func(term, _ string) string {
			return "SELECT 0 AS updated, subject, 0 AS shelf FROM members WHERE term = " + term + w.bounds(f)
		}
	}
	return func(_, shelf string) string {
		return "SELECT updated, subject, shelf FROM listings WHERE shelf = " + shelf + w.bounds(f)
	}
}

// tighten leaves one bound at the side where a run begins: given two, the database might begin at the wider one.
func (w way) tighten(f from, s domain.Span) (from, domain.Span) {
	near, rest := domain.Span{From: s.From, After: s.After}, domain.Span{Until: s.Until, Before: s.Before}
	if w.desc {
		near, rest = rest, near
	}
	switch {
	case f.key == nil:
		return f, s
	case near.Holds(f.key.updated):
		return f, rest
	}
	return from{}, s
}

// bounds are what a run begins with.
func (w way) bounds(f from) string {
	if f.key == nil {
		return ""
	}
	than := ">"
	if w.desc {
		than = "<"
	}
	if f.including {
		than += "="
	}
	if w.created {
		return " AND subject " + than + " " + literal(f.key.subject)
	}
	return " AND (updated, subject) " + than + " (" + literal(int64(f.key.updated)) + ", " + literal(f.key.subject) + ")"
}

func spanBounds(s domain.Span) (bounds string) {
	for _, b := range []struct {
		than string
		at   *domain.Instant
	}{{">=", s.From}, {">", s.After}, {"<=", s.Until}, {"<", s.Before}} {
		if b.at != nil {
			bounds += " AND updated " + b.than + " " + literal(int64(*b.at))
		}
	}
	return bounds
}
