package store

import (
	"slices"
	"time"

	"giftline/domain"
)

// page finds the subjects of a page, and how to go on from it.
func (x *search) page() (page domain.ListPage, err error) {
	page.UpTo = x.backlog.upTo()
	if err := x.prepare(); err != nil {
		return page, err
	}
	w := way{created: x.q.Order == domain.ByCreated, desc: !x.q.Asc}
	f, err := x.start()
	if err != nil {
		return page, err
	}
	back := x.cursor != nil && x.cursor.back
	if back {
		w.desc = !w.desc
	}
	x.until = time.Now().Add(maxScanTime)
	found, last, err := x.find(w, f, x.q.Limit+1, maxScanned)
	if err != nil {
		return page, err
	}
	if len(found) > x.q.Limit { // the last one only shows that there is more
		found = found[:x.q.Limit]
		last = &found[x.q.Limit-1].listKey
	}
	onward, before, err := x.ends(f, found, last)
	if err != nil {
		return page, err
	}
	page.Next, page.Prev = onward, before
	if back {
		page.Next, page.Prev = before, onward
		slices.Reverse(found)
	}
	if page.Subjects, err = x.listed(found); err == nil && x.q.Count {
		page.Count, err = x.count()
	}
	return page, err
}

// start finds the subject that the cursor names.
func (x *search) start() (from, error) {
	if x.cursor == nil {
		return from{}, nil
	}
	subject, err := subjectNumber(x.tx.Statement.Context, x.tx, x.cursor.digest)
	return from{key: &listKey{x.cursor.updated, subject}, including: x.cursor.including}, err
}

// ends gives the cursors to both sides of what was found: onward the way that was gone, and back to where it came from.
func (x *search) ends(f from, found []candidate, last *listKey) (onward, before string, err error) {
	c := pageCursor{query: queryHash(x.q), back: x.cursor != nil && x.cursor.back}
	if last != nil {
		if onward, err = x.cursorAt(c, *last); err != nil {
			return "", "", err
		}
	}
	c.back = !c.back
	switch {
	case f.key == nil:
	case len(found) == 0:
		c.including = !f.including
		before, err = x.cursorAt(c, *f.key)
	default:
		before, err = x.cursorAt(c, found[0].listKey)
	}
	return onward, before, err
}

func (x *search) cursorAt(c pageCursor, k listKey) (string, error) {
	var d []byte
	if err := x.one([]any{&d}, "SELECT digest FROM subjects WHERE id = ?", k.subject); err != nil {
		return "", err
	}
	c.updated = k.updated
	if err := c.digest.Scan(d); err != nil {
		return "", err
	}
	return c.String(), nil
}

// listed reads the rows of a page.
func (x *search) listed(found []candidate) (list []domain.Listed, err error) {
	ids := make([]int64, len(found))
	for i, c := range found {
		ids[i] = c.subject
	}
	rows, err := x.subjectRows(x.log, ids)
	if err != nil {
		return nil, err
	}
	labels, err := x.labelsOf(ids)
	if err != nil {
		return nil, err
	}
	for _, c := range found {
		if own := x.own[c.subject]; own != nil {
			list = append(list, own.listed(x.backlog.state.Keys))
			continue
		}
		row := rows[c.subject]
		stands, err := x.stands(row)
		if err != nil {
			return nil, err
		}
		if stands {
			list = append(list, domain.Listed{
				Current: row.toCurrent(), Reference: referenceOf(row, labels[c.subject], x.backlog.state.Keys), UpdatedAt: c.updated, Labels: labels[c.subject].toLabels(), Stuck: x.shelves[c.shelf].Words.Stuck > 0,
			})
		}
	}
	return list, nil
}

// stands reports whether a subject is still what the index knows of it, as far as the list asks: behind the feed, the
// index may not know yet of an event that came by a source out of reach.
func (x *search) stands(row *subjectRow) (bool, error) {
	switch {
	case row == nil || row.Events == 0:
		return false, nil
	case !x.backlog.behind():
		return true, nil
	case !x.said(row):
		return false, nil
	}
	return x.reaches(row.ID)
}

// said compares a row with the words of the query.
func (x *search) said(r *subjectRow) bool {
	q := &x.q
	return among(q.Kinds, r.Kind) && among(q.Providers, r.Provider) && among(q.Phases, r.State.Phase) && among(q.Statuses, r.State.Status) &&
		among(q.Deliveries, r.State.Delivery) && (q.Illegal == nil || *q.Illegal == (r.Illegal > 0))
}

func among[T comparable](wanted []T, is T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, is)
}

// count counts the whole list: from the shelves where they alone decide, else one by one, up to maxCounted.
func (x *search) count() (*int64, error) {
	var n int64
	if len(x.facets) == 0 && x.prefix == "" && len(x.q.IDs) == 0 && x.q.Updated == (domain.Span{}) {
		for _, r := range x.shelves {
			n += r.Subjects
		}
		n += int64(len(x.own))
		return &n, nil
	}
	x.until = time.Time{}
	found, last, err := x.find(way{created: x.q.Order == domain.ByCreated, desc: true}, from{}, maxCounted+1, maxCounted+1)
	if err != nil || last != nil {
		return nil, err
	}
	n = int64(len(found))
	return &n, nil
}
