package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// CheckIndex compares what lists are read from with what it was made from, in one snapshot, and tells what differs. The
// index holds what it held: FollowAll brings it up to date.
func (s *Store) CheckIndex(ctx context.Context, since domain.Instant) (wrong []string, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		wrong = nil
		c := &indexCheck{lap: lap{conn: conn{tx, s.dialect}, s: s, now: since}, until: domain.InstantOf(s.now()), counts: map[int64]int64{}, tallies: newTallies()}
		err := c.run()
		wrong = c.wrong
		return err
	})
	return wrong, err
}

// indexCheck is a lap over all subjects that writes nothing.
type indexCheck struct {
	lap
	until  domain.Instant // deadlines between now and it may have been noticed
	counts map[int64]int64
	rows   int64 // of postings, members and names that were found
	wrong  []string

	tallies *tallies // what they should be
}

func (c *indexCheck) run() error {
	if err := c.one(c.state.pointers(), "SELECT "+followerColumns+" FROM follower"); err != nil {
		return err
	}
	for after := int64(0); ; {
		ids, err := c.numbers("SELECT id FROM subjects WHERE id > ? ORDER BY id LIMIT ?", after, lapSize)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		if err := c.subjectsOf(ids); err != nil {
			return err
		}
	}
	if err := c.shelfCounts(); err != nil {
		return err
	}
	if err := c.leftOver(); err != nil {
		return err
	}
	return c.compareTallies()
}

func (c *indexCheck) subjectsOf(ids []int64) error {
	c.subjects, c.order = map[int64]*indexed{}, nil
	for _, id := range ids {
		c.listing(id).asked = true
	}
	for _, step := range []func() error{c.recall, c.readSubjects, c.readLabels, c.readPast, c.readSources, c.readBlind, c.judge} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, x := range c.order {
		c.countAgain(x)
		if err := c.compare(x); err != nil {
			return err
		}
	}
	return nil
}

func (c *indexCheck) tell(x *indexed, what string, args ...any) {
	c.wrong = append(c.wrong, x.row.subject().String()+": "+fmt.Sprintf(what, args...))
}

func (c *indexCheck) compare(x *indexed) error {
	a, b := x.was, x.is
	if a == nil || b == nil {
		if a != b {
			c.tell(x, "listed %v, with %d events", a != nil, x.row.Events)
		}
		return nil
	}
	c.counts[a.Shelf]++
	x.words.Stuck = a.Stuck
	c.compareWatch(x)
	var shelf words
	err := c.one([]any{&shelf.Sources, (*string)(&shelf.Provider), (*string)(&shelf.Kind), &shelf.Status, &shelf.Delivery, (*string)(&shelf.Phase),
		&shelf.Illegal, &shelf.Stuck}, "SELECT "+shelfWords+" FROM shelves WHERE id = ?", a.Shelf)
	if err != nil {
		return err
	}
	if shelf != x.words {
		c.tell(x, "it stands at %+v, want %+v", shelf, x.words)
	}
	if a.Updated != b.Updated || !slices.Equal(a.Terms, b.Terms) || a.Names != b.Names {
		c.tell(x, "listed as %+v, want %+v", a, b)
	}
	return c.compareRows(x)
}

// compareWatch compares what was found when the subject was looked at last, if that was by the policy that is known here.
// An outage that was noticed since moves deadlines to later times, which are found when it is time to look.
func (c *indexCheck) compareWatch(x *indexed) {
	a, b := x.was, x.is
	if a.DueAt != nil && (a.Stuck == 1 && *a.DueAt > c.until || a.Stuck == 0 && *a.DueAt <= c.now && c.mine()) || a.DueAt == nil && a.Stuck == 1 {
		c.tell(x, "stuck is %d, due %v", a.Stuck, a.DueAt)
	}
	if !c.mine() || x.machine == nil || x.unsound {
		return
	}
	if !c.found(a.DueAt, b.DueAt) || !c.found(a.ExpiresAt, b.ExpiresAt) || !c.looksAt(x) {
		c.tell(x, "due %v, expires %v, to be looked at %v; want %v, %v, %v", a.DueAt, a.ExpiresAt, a.LookAt, b.DueAt, b.ExpiresAt, b.LookAt)
	}
}

// mine reports whether subjects are looked at by the policy that is known here, and all of them were.
func (c *indexCheck) mine() bool { return c.state.Policy == c.s.policy && c.state.Review == nil }

func (c *indexCheck) found(was, is *domain.Instant) bool {
	return equal(was, is) || len(c.blind) > 0 && was != nil && is != nil && *was < *is
}

// looksAt reports whether the next look is at what alarms next after some moment of the check, or sooner.
func (c *indexCheck) looksAt(x *indexed) bool {
	look := x.was.LookAt
	if look != nil && *look <= c.now {
		return false
	}
	for i := range x.alarms {
		if at := x.alarms[i].At; at > c.until {
			return look != nil && *look <= at
		}
	}
	return look == nil || *look <= c.until
}

// compareRows wants every row that leads to the listing.
func (c *indexCheck) compareRows(x *indexed) error {
	for _, t := range x.was.postings() {
		if err := c.there(x, "postings WHERE term = ? AND shelf = ? AND updated = ? AND subject = ?", int64(t), x.was.Shelf, int64(x.was.Updated), x.subject); err != nil {
			return err
		}
	}
	for _, t := range x.was.Terms {
		if err := c.there(x, "members WHERE term = ? AND subject = ?", int64(t), x.subject); err != nil {
			return err
		}
	}
	for _, n := range x.was.names() {
		if err := c.there(x, "names WHERE name = ? AND what = ? AND subject = ?", n.Name, n.What, x.subject); err != nil {
			return err
		}
	}
	return nil
}

func (c *indexCheck) there(x *indexed, from string, args ...any) error {
	var n int64
	err := c.one([]any{&n}, "SELECT count(*) FROM "+from, args...)
	if c.rows += n; err == nil && n != 1 {
		c.tell(x, "%d rows of %s %v", n, from, args)
	}
	return err
}

// leftOver wants no rows beyond those that lead to listings.
func (c *indexCheck) leftOver() error {
	var n int64
	err := c.one([]any{&n}, "SELECT (SELECT count(*) FROM postings) + (SELECT count(*) FROM members) + (SELECT count(*) FROM names)")
	if err == nil && n != c.rows {
		c.wrong = append(c.wrong, fmt.Sprintf("%d rows of the index belong to no listing", n-c.rows))
	}
	return err
}

func (c *indexCheck) shelfCounts() error {
	err := c.each(func(rows *sql.Rows) error {
		var id, n int64
		err := rows.Scan(&id, &n)
		if err == nil && n != c.counts[id] {
			c.wrong = append(c.wrong, fmt.Sprintf("shelf %d counts %d subjects, %d stand on it", id, n, c.counts[id]))
		}
		delete(c.counts, id)
		return err
	}, "SELECT id, subjects FROM shelves")
	for _, id := range slices.Sorted(maps.Keys(c.counts)) {
		c.wrong = append(c.wrong, fmt.Sprintf("%d subjects stand on shelf %d, which there is not", c.counts[id], id))
	}
	return err
}
