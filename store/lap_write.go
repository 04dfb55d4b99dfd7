package store

import (
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"giftline/domain"
)

var (
	shelfInsert   = newInsertion("shelves", "key, "+shelfWords+", subjects", " ON CONFLICT (key) DO NOTHING")
	shelfCount    = newAlteration("shelves", "id, gained", "subjects = shelves.subjects + given.gained", "id")
	listingInsert = newInsertion("listings", listingColumns, " ON CONFLICT (subject) DO UPDATE SET "+
		sets("shelf, updated, due_at, stuck, look_at, expires_at, seen, terms, names, counted", "excluded"))
	listingDelete = newDeletion("listings", "subject")
	postingInsert = newInsertion("postings", "term, shelf, updated, subject", "")
	postingDelete = newDeletion("postings", "term, shelf, updated, subject")
	postingMove   = newAlteration("postings", "term, shelf, updated, subject, to_shelf, to_updated",
		"shelf = given.to_shelf, updated = given.to_updated", "term, shelf, updated, subject")
	memberInsert = newInsertion("members", "term, subject", "")
	memberDelete = newDeletion("members", "term, subject")
	nameInsert   = newInsertion("names", "name, what, subject", "")
	nameDelete   = newDeletion("names", "name, what, subject")
	relistInsert = newInsertion("relist", "subject", "")
)

// write puts into the tables what differs from what they hold.
func (l *lap) write() error {
	for _, step := range []func() error{l.findShelves, l.writeListings, l.writePostings, l.writeMembers, l.writeNames, l.countShelves} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// findShelves gives each subject the number of its shelf, and makes those that are missing.
func (l *lap) findShelves() error {
	wanted := map[[32]byte]*words{}
	for _, x := range l.order {
		if x.is != nil {
			wanted[x.words.key()] = &x.words
		}
	}
	known, err := l.knownShelves(wanted)
	if err != nil {
		return err
	}
	var missing [][32]byte
	for key := range wanted {
		if _, ok := known[key]; !ok {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		err = l.put(shelfInsert, len(missing), func(i int, args []any) []any {
			w := wanted[missing[i]]
			return append(args, missing[i][:], w.Sources, string(w.Provider), string(w.Kind), w.Status, w.Delivery, string(w.Phase), w.Illegal, w.Stuck, int64(0))
		})
		if err != nil {
			return err
		}
		if known, err = l.knownShelves(wanted); err != nil {
			return err
		}
	}
	for _, x := range l.order {
		if x.is != nil {
			x.is.Shelf = known[x.words.key()]
		}
	}
	return nil
}

func (l *lap) knownShelves(wanted map[[32]byte]*words) (map[[32]byte]int64, error) {
	known := make(map[[32]byte]int64, len(wanted))
	keys := make([][]byte, 0, len(wanted))
	for key := range wanted {
		keys = append(keys, slices.Clone(key[:]))
	}
	for len(keys) > 0 {
		n := min(len(keys), chunk)
		where, args := l.d.anyOf("key", keys[:n])
		err := l.each(func(rows *sql.Rows) error {
			var id int64
			var key []byte
			if err := rows.Scan(&id, &key); err != nil {
				return err
			}
			if len(key) == 32 {
				known[[32]byte(key)] = id
			}
			return nil
		}, "SELECT id, key FROM shelves WHERE "+where, args...)
		if err != nil {
			return nil, err
		}
		keys = keys[n:]
	}
	return known, nil
}

// differs reports whether anything of a listing is to be written.
func (x *indexed) differs() bool {
	a, b := x.was, x.is
	return a == nil || b == nil || a.Shelf != b.Shelf || a.Updated != b.Updated || a.Stuck != b.Stuck || !equal(a.DueAt, b.DueAt) ||
		!equal(a.LookAt, b.LookAt) || !equal(a.ExpiresAt, b.ExpiresAt) ||
		!slices.Equal(a.Terms, b.Terms) || a.Names != b.Names || !slices.Equal(a.Counted, b.Counted)
}

func equal(a, b *domain.Instant) bool { return a == b || a != nil && b != nil && *a == *b }

func (l *lap) writeListings() error {
	var written, gone []*indexed
	for _, x := range l.order {
		switch {
		case x.is != nil && x.differs():
			written = append(written, x)
		case x.is == nil && x.was != nil:
			gone = append(gone, x)
		}
	}
	err := l.put(listingDelete, len(gone), func(i int, args []any) []any { return append(args, gone[i].subject) })
	if err != nil {
		return err
	}
	return l.put(listingInsert, len(written), func(i int, args []any) []any {
		r := written[i].is
		return append(args, r.Subject, r.Shelf, int64(r.Updated), nullable(r.DueAt), r.Stuck, nullable(r.LookAt), nullable(r.ExpiresAt), r.Seen, r.Terms.bytes(), r.Names, blobOf(r.Counted))
	})
}

// posting is a row of postings, and where it moves to.
type posting struct {
	term   term
	at, to *listingRow
}

func (l *lap) writePostings() error {
	var gone, moved, fresh []posting
	for _, x := range l.order {
		was, is := x.was.postings(), x.is.postings()
		for _, t := range was {
			switch _, stays := slices.BinarySearch(is, t); {
			case !stays:
				gone = append(gone, posting{term: t, at: x.was})
			case x.was.Shelf != x.is.Shelf || x.was.Updated != x.is.Updated:
				moved = append(moved, posting{term: t, at: x.was, to: x.is})
			}
		}
		for _, t := range is {
			if _, stood := slices.BinarySearch(was, t); !stood {
				fresh = append(fresh, posting{term: t, at: x.is})
			}
		}
	}
	if err := l.put(postingDelete, len(gone), func(i int, args []any) []any { return gone[i].values(args) }); err != nil {
		return err
	}
	if err := l.put(postingMove, len(moved), func(i int, args []any) []any {
		return append(moved[i].values(args), moved[i].to.Shelf, int64(moved[i].to.Updated))
	}); err != nil {
		return err
	}
	return l.put(postingInsert, len(fresh), func(i int, args []any) []any { return fresh[i].values(args) })
}

// postings lists the terms under which a subject stands, sorted.
func (r *listingRow) postings() []term {
	if r == nil {
		return nil
	}
	return append([]term{anySubject}, r.Terms...)
}

func (p *posting) values(args []any) []any {
	return append(args, int64(p.term), p.at.Shelf, int64(p.at.Updated), p.at.Subject)
}

// member is a row of members.
type member struct {
	term    term
	subject int64
}

func (l *lap) writeMembers() error {
	var gone, fresh []member
	for _, x := range l.order {
		was, is := x.was.terms(), x.is.terms()
		for _, t := range without(was, is) {
			gone = append(gone, member{t, x.subject})
		}
		for _, t := range without(is, was) {
			fresh = append(fresh, member{t, x.subject})
		}
	}
	values := func(list []member) func(int, []any) []any {
		return func(i int, args []any) []any { return append(args, int64(list[i].term), list[i].subject) }
	}
	if err := l.put(memberDelete, len(gone), values(gone)); err != nil {
		return err
	}
	return l.put(memberInsert, len(fresh), values(fresh))
}

func (r *listingRow) terms() terms {
	if r == nil {
		return nil
	}
	return r.Terms
}

// without gives what is in a and not in b.
func without[E comparable](a, b []E) (rest []E) {
	for _, e := range a {
		if !slices.Contains(b, e) {
			rest = append(rest, e)
		}
	}
	return rest
}

// naming is a row of names.
type naming struct {
	name
	subject int64
}

func (l *lap) writeNames() error {
	var gone, fresh []naming
	for _, x := range l.order {
		was := x.was.names()
		for _, n := range without(was, x.names) {
			gone = append(gone, naming{n, x.subject})
		}
		for _, n := range without(x.names, was) {
			fresh = append(fresh, naming{n, x.subject})
		}
	}
	values := func(list []naming) func(int, []any) []any {
		return func(i int, args []any) []any { return append(args, list[i].Name, list[i].What, list[i].subject) }
	}
	if err := l.put(nameDelete, len(gone), values(gone)); err != nil {
		return err
	}
	return l.put(nameInsert, len(fresh), values(fresh))
}

func (r *listingRow) names() (list []name) {
	if r != nil {
		_ = json.Unmarshal([]byte(r.Names), &list) // our own text; of a damaged one the names stay until the index is made anew
	}
	return list
}

func namesText(list []name) string {
	text, _ := jsonList[name](list).Value() // names are texts: they cannot fail
	return text.(string)
}

// countShelves keeps the number of subjects on each shelf.
func (l *lap) countShelves() error {
	for _, x := range l.order {
		if x.was != nil {
			l.gained[x.was.Shelf]--
		}
		if x.is != nil {
			l.gained[x.is.Shelf]++
		}
	}
	maps.DeleteFunc(l.gained, func(_, n int64) bool { return n == 0 })
	shelves := slices.Sorted(maps.Keys(l.gained))
	return l.put(shelfCount, len(shelves), func(i int, args []any) []any { return append(args, shelves[i], l.gained[shelves[i]]) })
}
