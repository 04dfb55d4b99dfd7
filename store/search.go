package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"giftline/domain"
)

const (
	fewSubjects = 1000 // so many are sorted in memory rather than merged from the index
	maxArms     = 1500 // places of the index that are merged
)

// search is one question to the index, in one snapshot.
type search struct {
	conn
	log     *slog.Logger
	q       domain.ListQuery
	cursor  *pageCursor // nil for the first page
	backlog backlog
	shelves map[int64]*shelfRow // whose subjects may be listed
	known   []*shared           // beside them
	own     map[int64]*shared   // those of these that fit
	facets  []terms             // of each, a subject must have one
	prefix  string              // that one of its names must have
	quoted  string              // the same, as the names of a listing hold it
	few     []int64             // the candidates, where they are few
	isFew   bool
	driver  terms     // else the terms whose postings are merged; nil for all subjects
	checks  bool      // candidates may not fit
	until   time.Time // after which no more candidates are looked at; zero for never
}

// candidate is a subject that may be listed.
type candidate struct {
	listKey
	shelf int64
}

// prepare chooses where to look.
func (x *search) prepare() (err error) {
	if x.shelves, err = x.conn.shelves(&x.q, whole); err != nil {
		return err
	}
	x.facets, x.prefix = facetsOf(&x.q), folded(x.q.Text)
	x.quoted = strings.TrimPrefix(strings.TrimSuffix(namesText([]name{{Name: x.prefix}}), `","w":0}]`), "[{")
	x.chooseOwn()
	switch {
	case len(x.q.IDs) > 0:
		x.isFew = true
		x.few, err = x.named(x.q.IDs)
		return err
	case x.prefix != "":
		x.few, x.isFew, err = x.called(fewSubjects)
		if err != nil || x.isFew {
			return err
		}
	}
	return x.chooseFacet()
}

func facetsOf(q *domain.ListQuery) (facets []terms) {
	add := func(values []string, of func(string) term) {
		if len(values) == 0 {
			return
		}
		var list terms
		for _, v := range values {
			list = append(list, of(v))
		}
		facets = append(facets, list)
	}
	add(q.CompanyIDs, companyTerm)
	add(q.References, referenceTerm)
	for _, key := range slices.Sorted(maps.Keys(q.Metadata)) {
		add(q.Metadata[key], func(value string) term { return metadataTerm(key, value) })
	}
	return facets
}

// chooseFacet looks for the one that the fewest subjects fit.
func (x *search) chooseFacet() error {
	fewest := int64(fewSubjects) + 1
	for i, f := range x.facets {
		n, err := x.membersOf(f, fewest)
		if err != nil {
			return err
		}
		if int64(len(n)) < fewest {
			fewest, x.few, x.isFew = int64(len(n)), n, true
		}
		if i == 0 || len(f) < len(x.driver) {
			x.driver = f
		}
	}
	arms := max(len(x.driver), 1) * len(x.shelves)
	if x.q.Order == domain.ByCreated {
		arms = len(x.driver)
	}
	if len(x.driver) > 0 && arms > maxArms {
		x.driver = nil
	}
	x.checks = x.prefix != "" || len(x.facets) > 1 || len(x.facets) == 1 && len(x.driver) == 0 ||
		x.q.Order == domain.ByCreated && (len(x.driver) > 0 || x.q.Updated != domain.Span{})
	return nil
}

// membersOf lists the subjects that have one of the terms, up to a limit.
func (x *search) membersOf(f terms, limit int64) ([]int64, error) {
	ids := make([]int64, len(f))
	for i, t := range f {
		ids[i] = int64(t)
	}
	var all []int64
	err := x.chunked("term", ids, func(where string, args []any) error {
		subjects, err := x.numbers("SELECT subject FROM members WHERE "+where+" LIMIT ?", append(args, limit)...)
		all = append(all, subjects...)
		return err
	})
	return all, err
}

// named finds subjects by their ids, which several providers may have given.
func (x *search) named(ids []string) ([]int64, error) {
	type maker struct {
		domain.Provider
		domain.Kind
	}
	makers := map[maker]bool{}
	for _, r := range x.shelves {
		makers[maker{r.Words.Provider, r.Words.Kind}] = true
	}
	var digests [][]byte
	for m := range makers {
		for _, id := range ids {
			d := domain.Subject{Provider: m.Provider, Kind: m.Kind, ID: id}.Digest()
			digests = append(digests, d[:])
		}
	}
	var found []int64
	for len(digests) > 0 {
		n := min(len(digests), chunk)
		where, args := x.d.anyOf("digest", digests[:n])
		subjects, err := x.numbers("SELECT id FROM subjects WHERE "+where, args...)
		if err != nil {
			return nil, err
		}
		found, digests = append(found, subjects...), digests[n:]
	}
	return found, nil
}

// called finds subjects by the beginning of a name, or by all of it where it is an address and the context may not see that:
// beginnings would tell it letter by letter; false where they are more than the limit.
func (x *search) called(limit int) ([]int64, bool, error) {
	where := ""
	if !x.q.Personal {
		where = fmt.Sprintf(" AND (name = ? OR "+x.d.inside+" = 0)", "name", "text")
	}
	args := []any{x.prefix, x.prefix + "\U0010FFFF", x.mostPersonal()}
	if !x.q.Personal {
		args = append(args, x.prefix, "@")
	}
	found, err := x.numbers("SELECT subject FROM names WHERE name >= ? AND name < ? AND what <= ?"+where+" LIMIT ?", append(args, limit+1)...)
	slices.Sort(found)
	return slices.Compact(found), err == nil && len(found) <= limit, err
}

func (x *search) mostPersonal() int64 {
	if x.q.Personal {
		return nameRecipient
	}
	return nameReference
}

// fits reports whether a subject is part of the list whose words and id are those that are asked for.
func (x *search) fits(r *listingRow) bool {
	if !x.q.Updated.Holds(r.Updated) {
		return false
	}
	for _, f := range x.facets {
		if !slices.ContainsFunc(f, func(t term) bool { return slices.Contains(r.Terms, t) }) {
			return false
		}
	}
	return x.prefix == "" || slices.ContainsFunc(r.names(), func(n name) bool {
		return n.What <= x.mostPersonal() && strings.HasPrefix(n.Name, x.prefix) && (x.q.Personal || n.Name == x.prefix || !strings.Contains(n.Name, "@"))
	})
}

// check gives those of the subjects that fit, by number.
func (x *search) check(subjects []int64) (map[int64]candidate, error) {
	fit := make(map[int64]candidate, len(subjects))
	hopeful, by := x.hopeful()
	err := x.chunked("subject", subjects, func(where string, args []any) error {
		var terms []byte
		var r listingRow
		return x.each(func(rows *sql.Rows) error {
			err := rows.Scan(&r.Subject, &r.Shelf, (*int64)(&r.Updated), &terms, &r.Names)
			r.Terms = termsIn(terms)
			if err == nil && x.shelves[r.Shelf] != nil && x.fits(&r) {
				fit[r.Subject] = candidate{listKey{r.Updated, r.Subject}, r.Shelf}
			}
			return err
		}, "SELECT subject, shelf, updated, terms, names FROM listings WHERE "+where+hopeful, append(args, by...)...)
	})
	return fit, err
}

// hopeful is a condition that keeps most of what does not fit in the database.
func (x *search) hopeful() (where string, args []any) {
	if x.prefix != "" {
		where, args = fmt.Sprintf(" AND "+x.d.inside+" > 0", "names", "text"), append(args, x.quoted)
	}
	for _, f := range x.facets {
		if len(f) == 1 {
			where, args = where+fmt.Sprintf(" AND "+x.d.inside+" > 0", "terms", "bytea"), append(args, f.bytes())
		}
	}
	return where, args
}

// way is the order in which candidates are looked at.
type way struct {
	created bool
	desc    bool
}

func (w way) compare(a, b listKey) int {
	c := cmp.Compare(a.subject, b.subject)
	if !w.created {
		c = cmp.Or(cmp.Compare(a.updated, b.updated), c)
	}
	if w.desc {
		c = -c
	}
	return c
}

// from is where candidates begin; a nil key is the beginning.
type from struct {
	key       *listKey
	including bool
}

func (f from) holds(w way, k listKey) bool {
	if f.key == nil {
		return true
	}
	c := w.compare(k, *f.key)
	return c > 0 || c == 0 && f.including
}

// scan finds at most limit subjects that fit, looking at no more candidates than the budget. last is where it stopped
// before the end; nil if it came to it.
func (x *search) scan(w way, f from, limit, budget int) (found []candidate, last *listKey, err error) {
	if x.isFew {
		return x.sorted(w, f, limit)
	}
	for budget > 0 {
		n := min(limit-len(found), budget)
		if x.checks {
			n = min(max(2*limit, 200), budget)
		}
		next, err := x.candidates(w, f, n)
		if err != nil {
			return nil, nil, err
		}
		kept, err := x.keep(next)
		if err != nil {
			return nil, nil, err
		}
		if room := limit - len(found); len(kept) >= room {
			found = append(found, kept[:room]...)
			return found, &found[len(found)-1].listKey, nil
		}
		found = append(found, kept...)
		if len(next) < n {
			return found, nil, nil
		}
		f = from{key: &next[len(next)-1].listKey}
		if budget -= n; !x.until.IsZero() && time.Now().After(x.until) {
			break
		}
	}
	return found, f.key, nil
}

// sorted is scan for few candidates.
func (x *search) sorted(w way, f from, limit int) (found []candidate, last *listKey, err error) {
	fit, err := x.check(x.few)
	for _, c := range fit {
		if f.holds(w, c.listKey) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b candidate) int { return w.compare(a.listKey, b.listKey) })
	if len(found) >= limit && limit > 0 {
		found = found[:limit]
		last = &found[limit-1].listKey
	}
	return found, last, err
}

// keep leaves out what does not fit, and what was met before under another term.
func (x *search) keep(next []candidate) (kept []candidate, err error) {
	if x.checks && len(x.facets) == 0 && x.prefix == "" { // the time of the update alone, which candidates hold
		return slices.DeleteFunc(slices.Clone(next), func(c candidate) bool { return !x.q.Updated.Holds(c.updated) }), nil
	}
	if !x.checks {
		return slices.CompactFunc(slices.Clone(next), func(a, b candidate) bool { return a.subject == b.subject }), nil
	}
	ids := make([]int64, len(next))
	for i, c := range next {
		ids[i] = c.subject
	}
	fit, err := x.check(ids)
	for _, c := range next {
		if full, ok := fit[c.subject]; ok {
			kept = append(kept, full)
			delete(fit, c.subject)
		}
	}
	return kept, err
}

// wordsWhere gives the words of a query, which shelves are chosen by, as a condition.
func wordsWhere(q *domain.ListQuery) (string, []any) {
	var where strings.Builder
	var args []any
	among := func(column string, values []any) {
		if len(values) > 0 {
			where.WriteString(" AND " + column + " IN (?" + strings.Repeat(", ?", len(values)-1) + ")")
			args = append(args, values...)
		}
	}
	among("kind", texts(q.Kinds))
	among("provider", texts(q.Providers))
	among("phase", texts(q.Phases))
	among("status", texts(q.Statuses))
	among("delivery", texts(q.Deliveries))
	among("illegal", truths(q.Illegal))
	among("stuck", truths(q.Stuck))
	return where.String(), args
}

func truths(is *bool) []any {
	if is == nil {
		return nil
	}
	return []any{truth(*is)}
}

func texts[T ~string](list []T) []any {
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return all
}

func comparePhases(a, b domain.PhaseCount) int {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return cmp.Compare(string(x), string(y))
}
