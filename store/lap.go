package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

// listingRules numbers the rules by which the index is made. Raise it when one of them, or a machine's limit, has changed:
// the index is made anew then, and replicas with a lower number leave it alone.
const listingRules = 2

// lapSize is how many changes one transaction follows; maxPast is how many of a subject's events it looks at.
const (
	lapSize = 500
	maxPast = 2000
)

// errElsewhere: another replica is following.
var errElsewhere = errors.New("another replica follows the feed")

// lap is one transaction of the index that follows the feed. Its position and what it makes of the changes are
// committed together, so that a lap which fails or is lost is simply done again.
type lap struct {
	conn
	s        *Store
	now      domain.Instant
	began    time.Time // to write
	size     int
	state    followerRow
	epoch    string
	snapshot int64     // changes numbered below it are all seen
	changes  []feedRow // in the order of the feed
	news     []feedRow // those of which nobody was told yet
	relisted []int64   // lines of relist
	looks    int       // how many deadlines it may look at
	late     int       // how many it found
	reviewed bool
	saved    bool         // the follower's row is to be written
	blind    domain.Blind // when nothing could be heard
	bad      []int64      // subjects that cannot be looked at
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
	past    []domain.Judged // the first maxPast of its events, in canonical order
	sources []string        // that these came by
	asked   bool            // listed anew whatever the feed tells
	moved   bool            // somebody has not been told yet
	unsound bool            // it cannot be looked at
	watched domain.Watched
	alarms  []domain.Alarm
	change  int64       // number of its last change in this lap
	told    []string    // sources of its changes
	cut     bool        // an event was taken off
	was, is *listingRow // nil: not listed
	words   words
	names   []name
}

// listingRow is what is stored of a listed subject.
type listingRow struct {
	Subject   int64
	Shelf     int64
	Updated   domain.Instant
	DueAt     *domain.Instant
	Stuck     int64
	LookAt    *domain.Instant // when to look at it next
	ExpiresAt *domain.Instant // while it is open
	Seen      int64
	Terms     terms
	Names     string
	Counted   []byte
}

// runLap follows at most so many changes, and looks at so many deadlines. Errors: errElsewhere.
func (s *Store) runLap(size, looks int) (*lap, error) {
	var l *lap
	ctx, cancel := s.batchContext()
	defer cancel()
	err := s.transact(ctx, s.writer, func(tx *gorm.DB) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic while listing: %v", p)
			}
		}()
		l = &lap{conn: conn{tx, s.dialect}, s: s, began: time.Now(), size: size, looks: looks, now: domain.InstantOf(s.now()), subjects: map[int64]*indexed{}, gained: map[int64]int64{}}
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
	if l.s.alerting != nil && l.state.Policy != l.s.policy {
		return errElsewhere // the replica that started last follows, with its policy
	}
	err := l.follow()
	if domain.CodeOf(err) == domain.CodeReset {
		return l.restart()
	}
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		l.hear, l.ask, l.recall, l.skip, l.readSubjects, l.readLabels, l.readPast, l.readSources, l.readBlind, l.judge,
		l.count, l.write, l.alert, l.tell, l.mark,
	} {
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
		l.listing(l.changes[i].Change.Subject).changed(&l.changes[i])
	}
	l.more = len(l.changes) == l.size
	return err
}

func (x *indexed) changed(c *feedRow) {
	x.change = max(x.change, c.number())
	x.told = append(x.told, c.Change.Source)
	x.cut = x.cut || c.Change.Verdict == ""
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

// skip leaves out those whose listing was made after all their changes: an index made anew meets most subjects often.
func (l *lap) skip() error {
	var left []*indexed
	for _, x := range l.order {
		if x.was != nil && !x.asked && !x.moved && x.change < x.was.Seen {
			delete(l.subjects, x.subject)
			continue
		}
		left = append(left, x)
	}
	l.order = left
	return nil
}

// keep leaves out the others, which are looked at again later.
func (l *lap) keep(good func(*indexed) bool) {
	l.order = slices.DeleteFunc(l.order, func(x *indexed) bool {
		bad := !good(x)
		if bad {
			l.bad = append(l.bad, x.subject)
		}
		return bad
	})
}

// judge says where each subject is to stand, and leaves out those on which that fails.
func (l *lap) judge() error {
	l.keep(func(x *indexed) bool { return x.row.Events == 0 || l.sound(x, func() { l.judgeOne(x) }) })
	return nil
}

func (l *lap) judgeOne(x *indexed) {
	x.judge(l.state.Keys, l.snapshot)
	switch {
	case x.machine == nil:
	case l.borrows():
		x.leave(l.now, l.now)
	case !l.named(x), !l.sound(x, func() { x.look(l.now, l.blind) }):
		x.leave(l.now, l.now+domain.InstantOfDuration(lookAgain))
		x.unsound = true
	}
}

// sound reports whether something can be done with a subject without a panic: one bad row must not keep the others from
// being looked at.
func (l *lap) sound(x *indexed, do func()) (well bool) {
	defer func() {
		if p := recover(); p != nil {
			l.s.log.Error("a subject cannot be looked at: giftline verify tells what is wrong with it", "number", x.subject, "panic", p)
		}
	}()
	do()
	return true
}

// named reports whether a subject's row names what was recorded under it: an alert about another would find no subject.
func (l *lap) named(x *indexed) bool {
	well := digest(x.row.subject().Digest()) == x.row.Digest
	if !well {
		l.s.log.Error("a subject cannot be looked at, for it has another's name: giftline verify tells what is wrong with it", "number", x.subject)
	}
	return well
}

// judge takes the keys of metadata that holds a reference, and the number that changes part of the listing are below.
func (x *indexed) judge(keys []string, seen int64) {
	reference := referenceOf(&x.row, x.labels, keys)
	x.names = nameList(&x.row, reference)
	x.is = &listingRow{
		Subject: x.subject, Updated: x.row.JoinedAt, Seen: seen,
		Terms: termsOf(&x.row, reference), Names: namesText(x.names),
	}
	if x.was != nil {
		x.is.Counted = x.was.Counted
	}
}

// mark notes how far the index is, and what is done with.
func (l *lap) mark() error {
	err := l.chunked("id", l.relisted, func(where string, args []any) error {
		return l.exec("DELETE FROM relist WHERE "+where, args...)
	})
	if err == nil {
		err = l.postpone()
	}
	if n := len(l.changes); n > 0 {
		last := &l.changes[n-1]
		l.state.Position, l.state.UpTo, l.saved = last.position(l.epoch).String(), max(l.state.UpTo, last.Change.JoinedAt), true
	}
	if n := len(l.news); n > 0 {
		l.state.Moves, l.saved = l.news[n-1].position(l.epoch).String(), true
	}
	if l.saved && err == nil {
		err = l.save()
	}
	return err
}
