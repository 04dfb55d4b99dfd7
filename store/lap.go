package store

import (
	"errors"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"giftline/domain"
)

// listingRules numbers the rules by which the index is made. Raise it when one of them, or a dwell limit, has changed:
// the index is made anew then, and replicas with a lower number leave it alone.
const listingRules = 1

// lapSize is how many changes one transaction follows; maxPast is how many of a subject's events it looks at.
const (
	lapSize = 500
	maxPast = 2000
)

// errElsewhere: another replica is following.
var errElsewhere = errors.New("another replica follows the feed")

// followerRow is how far the index follows the feed.
type followerRow struct {
	Rules    int64
	Position string
	UpTo     domain.Instant
	Keys     jsonList[string] // of metadata that holds a reference
}

// lap is one transaction of the index that follows the feed. Its position and what it makes of the changes are
// committed together, so that a lap which fails or is lost is simply done again.
type lap struct {
	conn
	s        *Store
	now      domain.Instant
	size     int
	state    followerRow
	epoch    string
	snapshot int64     // changes numbered below it are all seen
	changes  []feedRow // in the order of the feed
	relisted []int64   // lines of relist
	subjects map[int64]*indexed
	order    []*indexed
	gained   map[int64]int64 // by shelf
	more     bool            // there may be more to follow
}

// indexed is one subject in a lap.
type indexed struct {
	subject int64
	row     subjectRow
	machine domain.Machine // nil where a newer version recorded the subject
	policy  *domain.Policy
	labels  *labelRow
	past    []pastEvent // the first maxPast of its events, in canonical order
	asked   bool        // listed anew whatever the feed tells
	change  int64       // number of its last change in this lap
	told    []string    // sources of its changes
	cut     bool        // an event was taken off
	was, is *listingRow // nil: not listed
	words   words
	names   []name
}

// listingRow is what is stored of a listed subject.
type listingRow struct {
	Subject int64
	Shelf   int64
	Updated domain.Instant
	DueAt   *domain.Instant
	Stuck   int64
	Seen    int64
	Terms   terms
	Names   string
	Counted []byte
}

// pastEvent is what an index needs of a recorded event.
type pastEvent struct {
	At       domain.Instant
	Region   domain.Region
	Verdict  domain.Verdict
	Target   string
	Previous string
	Source   string
}

// runLap follows at most so many changes. Errors: errElsewhere.
func (s *Store) runLap(size int) (*lap, error) {
	var l *lap
	ctx, cancel := s.batchContext()
	defer cancel()
	err := s.transact(ctx, s.writer, func(tx *gorm.DB) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic while listing: %v", p)
			}
		}()
		l = &lap{conn: conn{tx, s.dialect}, s: s, size: size, now: domain.InstantOf(s.now()), subjects: map[int64]*indexed{}, gained: map[int64]int64{}}
		return l.run()
	}, s.dialect.steadily()...)
	if postgresCode(err) == "40001" { // the other one committed since this one began
		err = errElsewhere
	}
	return l, err
}

func (l *lap) run() error {
	if err := l.take(); err != nil {
		return err
	}
	switch {
	case l.state.Rules > listingRules: // a newer version's business
		return nil
	case l.state.Rules < listingRules:
		return l.restart()
	}
	err := l.follow()
	if domain.CodeOf(err) == domain.CodeReset {
		return l.restart()
	}
	if err != nil {
		return err
	}
	for _, step := range []func() error{l.ask, l.recall, l.skip, l.readSubjects, l.readLabels, l.readPast, l.readSources, l.judge, l.count, l.write, l.mark} {
		err := step()
		if errors.Is(err, errMiscounted) { // counting everything anew takes no former count
			return l.restart()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take holds the one row of the follower, so that only one replica follows.
func (l *lap) take() error {
	found := false
	rows, err := l.tx.Raw("SELECT rules, position, up_to, keys FROM follower" + l.d.claim).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		found = true
		if err := rows.Scan(&l.state.Rules, &l.state.Position, (*int64)(&l.state.UpTo), &l.state.Keys); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil || found {
		return err
	}
	return errElsewhere
}

// madeAnew are the tables that hold nothing but the index.
var madeAnew = []string{"postings", "members", "names", "listings", "shelves"}

// restart empties the index and begins with the first change that is kept. The next lap does, in a snapshot of its own.
// Whoever reads the index reads follower first, and so waits there, holding nothing that this transaction needs.
func (l *lap) restart() error {
	if l.d.shut != "" {
		if err := l.exec(l.d.shut); err != nil {
			return err
		}
	}
	for _, table := range madeAnew {
		if err := l.exec(l.d.empty + table); err != nil {
			return err
		}
	}
	if err := clearTallies(l.conn); err != nil {
		return err
	}
	l.state, l.more = followerRow{Rules: listingRules, Keys: l.state.Keys}, true
	return l.save()
}

func (l *lap) save() error {
	return l.exec("UPDATE follower SET rules = ?, position = ?, up_to = ?", l.state.Rules, l.state.Position, int64(l.state.UpTo))
}

// follow reads the next changes.
func (l *lap) follow() error {
	from := position{stamp: "0"}
	if l.state.Position != "" {
		var err error
		if from, err = parsePosition(l.state.Position); err != nil {
			return domain.Errorf(domain.CodeReset, "%v", err)
		}
	}
	epoch, err := l.s.resume(l.tx, from, l.state.Position != "")
	if err != nil {
		return err
	}
	l.epoch = epoch
	if err := l.one([]any{&l.snapshot}, l.d.seen); err != nil {
		return err
	}
	err = l.tx.Raw(l.d.feed.page, from.stamp, from.seq, l.size).Scan(&l.changes).Error
	for i := range l.changes {
		c := &l.changes[i]
		x := l.listing(c.Change.Subject)
		x.change = max(x.change, c.number())
		x.told = append(x.told, c.Change.Source)
		x.cut = x.cut || c.Change.Verdict == ""
	}
	l.more = len(l.changes) == l.size
	return err
}

// number orders changes, as far as it takes to say whether a snapshot holds one.
func (r *feedRow) number() int64 {
	if n, err := strconv.ParseInt(r.Stamp, 10, 64); err == nil && n > 0 {
		return n
	}
	return r.Change.Seq
}

func (l *lap) listing(subject int64) *indexed {
	x := l.subjects[subject]
	if x == nil {
		x = &indexed{subject: subject}
		l.subjects[subject] = x
		l.order = append(l.order, x)
	}
	return x
}

// ask adds the subjects that wait to be listed anew, and those whose deadline has passed.
func (l *lap) ask() error {
	waiting, err := l.numbers("SELECT id FROM relist ORDER BY id LIMIT ?", l.size)
	if err != nil {
		return err
	}
	l.relisted = waiting
	var due []int64
	err = l.chunked("id", waiting, func(where string, args []any) error {
		subjects, err := l.numbers("SELECT subject FROM relist WHERE "+where, args...)
		due = append(due, subjects...)
		return err
	})
	if err != nil {
		return err
	}
	late, err := l.numbers(dueListings+" ORDER BY due_at LIMIT ?", int64(l.now), l.size)
	for _, subject := range append(due, late...) {
		l.listing(subject).asked = true
	}
	l.more = l.more || len(waiting) == l.size || len(late) == l.size
	return err
}

// dueListings names the condition of the index made for it.
const dueListings = "SELECT subject FROM listings WHERE due_at IS NOT NULL AND stuck = 0 AND due_at <= ?"

// skip leaves out those whose listing was made after all their changes: an index made anew meets most subjects often.
func (l *lap) skip() error {
	var left []*indexed
	for _, x := range l.order {
		if x.was != nil && !x.asked && x.change < x.was.Seen {
			delete(l.subjects, x.subject)
			continue
		}
		left = append(left, x)
	}
	l.order = left
	return nil
}

// judge says where each subject is to stand.
func (l *lap) judge() error {
	for _, x := range l.order {
		if x.row.Events > 0 {
			x.judge(l.state.Keys, l.now, l.snapshot)
		}
	}
	return nil
}

// judge takes the keys of metadata that holds a reference, and the number that changes part of the listing are below.
func (x *indexed) judge(keys []string, now domain.Instant, seen int64) {
	reference := referenceOf(&x.row, x.labels, keys)
	x.names = nameList(&x.row, reference)
	x.is = &listingRow{
		Subject: x.subject, Updated: x.row.JoinedAt, Seen: seen, DueAt: x.due(),
		Terms: termsOf(&x.row, reference), Names: namesText(x.names),
	}
	if x.was != nil {
		x.is.Counted = x.was.Counted
	}
	if x.is.DueAt != nil && *x.is.DueAt <= now {
		x.is.Stuck = 1
	}
	x.words.Stuck = x.is.Stuck
}

// due is the first instant at which somebody should look.
func (x *indexed) due() *domain.Instant {
	if x.machine == nil {
		return nil
	}
	current := x.row.toCurrent()
	if due, ok := x.policy.Deadline(x.machine, &current, x.labels.toLabels(), nil); ok {
		return &due
	}
	return nil
}

// mark notes how far the index is, and what is done with.
func (l *lap) mark() error {
	err := l.chunked("id", l.relisted, func(where string, args []any) error {
		return l.exec("DELETE FROM relist WHERE "+where, args...)
	})
	if n := len(l.changes); n > 0 && err == nil {
		last := &l.changes[n-1]
		l.state.Position, l.state.UpTo = last.position(l.epoch).String(), max(l.state.UpTo, last.Change.JoinedAt)
		err = l.save()
	}
	return err
}
