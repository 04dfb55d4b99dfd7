package store

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

const (
	followAfter = 250 * time.Millisecond // a hint, so that what comes together is followed together
	followPoll  = 5 * time.Second        // without a hint: another replica may have gone, a deadline passed
	followAgain = time.Second            // after an error
	followShare = 9                      // laps to rest after one while webhooks come: a tenth of the writer is enough
	dueShare    = 1                      // the same while deadlines wait: half
	quietAfter  = 2 * time.Millisecond   // after a commit
	looksHold   = 25 * time.Millisecond  // that laps which look at deadlines keep webhooks waiting
	looksLeast  = 16                     // deadlines that a lap looks at, however long that takes
	looksMost   = 500                    // and while no webhooks come
	recently    = time.Second            // since a commit: webhooks come
	abandonment = 2 * time.Minute        // after which a replica with another policy takes over what nobody does
	catchUpSize = 2000                   // changes that a reader waits for at most
	catchUpTime = 100 * time.Millisecond // that it waits at most
)

// following is what the lists of this process know of the index.
type following struct {
	turn      chan struct{} // held during a lap
	ended     atomic.Int64  // when the last lap did, in nanoseconds of the wall clock
	took      atomic.Int64  // how long it kept others from writing
	looks     atomic.Int64  // how many deadlines the next one may look at while webhooks come
	recorded  atomic.Int64  // when webhooks were last committed
	elsewhere elsewhere     // known to the goroutine that follows
}

func newFollowing() *following {
	f := &following{turn: make(chan struct{}, 1)}
	f.looks.Store(looksLeast)
	return f
}

// backlog is what the index does not hold yet.
type backlog struct {
	state   followerRow
	at      position        // how far the index is
	last    position        // the last change there is
	old     bool            // the index is to be made anew
	asked   bool            // subjects wait to be listed anew
	due     bool            // deadlines have passed
	review  bool            // subjects wait to be looked at by another policy
	next    *domain.Instant // when a subject is to be looked at, the first one
	foreign bool            // the policy is not ours
}

func (b *backlog) none() bool { return !b.behind() && !b.asked && !b.due }

// idle reports whether there is nothing to do, not even what nobody waits for.
func (b *backlog) idle() bool { return b.none() && !b.review }

func (b *backlog) behind() bool { return b.old || b.at.before(b.last) }

// much reports whether more waits than a reader would wait for.
func (b *backlog) much() bool { return b.last.seq-b.at.seq > catchUpSize }

// upTo is nil for an index that is up to date.
func (b *backlog) upTo() *domain.Instant {
	if b.none() {
		return nil
	}
	return &b.state.UpTo
}

// before orders places of one history.
func (p position) before(q position) bool {
	a, _ := strconv.ParseUint(p.stamp, 10, 64) // both were read or given by a database
	b, _ := strconv.ParseUint(q.stamp, 10, 64)
	return a < b || a == b && p.seq < q.seq
}

// backlogIn looks at what there is for this store to follow.
func (s *Store) backlogIn(tx *gorm.DB) (backlog, error) {
	b, err := conn{tx, s.dialect}.backlog(domain.InstantOf(s.now()))
	if b.foreign = b.state.Policy != s.policy; b.foreign {
		b.due, b.review = b.due && s.alerting != nil, b.review && s.alerting != nil
	}
	return b, err
}

// backlog looks at what there is to follow.
func (c conn) backlog(now domain.Instant) (b backlog, err error) {
	if c.d.hold != "" {
		if err := c.exec(c.d.hold); err != nil {
			return b, err
		}
	}
	var epoch string
	err = c.one(append(b.state.pointers(), &b.asked, &b.next, &b.due, &epoch), "SELECT "+followerColumns+
		", EXISTS (SELECT 1 FROM relist), ("+nextLook+"), EXISTS ("+jumpedListings+"), epoch FROM follower CROSS JOIN feed", int64(now))
	if err != nil {
		return b, err
	}
	b.due, b.review = b.due || b.next != nil && *b.next <= now, b.state.Review != nil
	if b.state.Position != "" {
		b.at, err = parsePosition(b.state.Position)
		b.old = err != nil || b.at.epoch != epoch
	}
	if b.old = b.old || b.state.Rules < listingRules; b.old {
		b.at = position{}
	}
	return b, c.one([]any{&b.last.stamp, &b.last.seq}, c.d.last)
}

// follow keeps the index near the feed until the store is closed. It gives way to webhooks, and does nothing while
// nothing happens.
func (s *Store) follow() {
	hints, stop := s.localHints()
	defer stop()
	poll := followAfter
	for {
		select {
		case <-s.hints.ctx.Done():
			return
		case <-hints:
			s.rest(followAfter)
		case <-time.After(poll):
		}
		next, err := s.followOn()
		if poll = next; err != nil && s.hints.ctx.Err() == nil {
			s.log.Warn("the index behind lists could not follow what was recorded; it tries again", "error", err)
			s.rest(followAgain)
		}
	}
}

// followOn runs laps until there is nothing more to follow, and says how long there is nothing to look at.
func (s *Store) followOn() (time.Duration, error) {
	for s.hints.ctx.Err() == nil {
		b, err := s.backlog(context.WithoutCancel(s.hints.ctx)) // it takes a moment; cut short, it would cost the connection
		if err != nil || b.idle() || b.state.Rules > listingRules {
			return s.untilNext(&b), err
		}
		if b.foreign && s.following.elsewhere.abandoned(&b, time.Now()) {
			s.log.Warn("subjects are looked at by this replica's policy again: nobody follows with the one that was started last")
			err = s.usePolicy(context.WithoutCancel(s.hints.ctx))
		}
		if err != nil {
			return followPoll, err
		}
		progress, err := s.turn(s.hints.ctx, lapSize)
		if errors.Is(err, errElsewhere) {
			return followPoll, nil
		}
		if err != nil || !progress { // it waits for another transaction; the next hint or look finds it
			return followPoll, err
		}
		s.giveWay(&b)
	}
	return followPoll, nil
}

func (s *Store) backlog(ctx context.Context) (b backlog, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		b, err = s.backlogIn(tx)
		return err
	})
	return b, err
}

// turn runs a lap once no other one of this process runs, and reports whether it found something to do. Whose patience
// ends first leaves the lap to itself: it may wait for the writer, or for the disk.
func (s *Store) turn(ctx context.Context, size int) (bool, error) {
	f := s.following
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	type outcome struct {
		progress bool
		err      error
	}
	ended := make(chan outcome, 1)
	running := s.hints.run(func() {
		defer func() { <-f.turn }()
		l, err := s.runLap(size, s.looks())
		f.noteLap(l, time.Now())
		ended <- outcome{err == nil && (len(l.changes) > 0 || len(l.order) > 0 || len(l.relisted) > 0 || len(l.bad) > 0 || l.reviewed || l.more), err}
	})
	if !running {
		<-f.turn
		return false, domain.Errorf(domain.CodeBusy, "the store is being closed")
	}
	select {
	case o := <-ended:
		return o.progress, o.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// busy reports whether webhooks wait or were just committed.
func (s *Store) busy() bool {
	return s.group.bytes.Load() > 0 || time.Now().UnixNano()-s.following.recorded.Load() < int64(quietAfter)
}

// catchUp lets the index follow what was recorded before a list is read, as far as that takes a moment only. What is
// left then, the list tells.
func (s *Store) catchUp(ctx context.Context) error {
	if s.writer == nil || s.closed.Load() {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, catchUpTime)
	defer cancel()
	for target, spent := (*position)(nil), s.spent(); ; {
		b, err := s.backlog(ctx)
		if target == nil {
			target = &b.last
		}
		if err != nil || b.none() || b.much() || b.state.Rules > listingRules || spent || !b.at.before(*target) && !b.asked && !b.due {
			return err
		}
		progress, err := s.turn(waiting, lapSize)
		switch {
		case waiting.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, errElsewhere):
			s.log.Debug("a list was read without catching up first", "error", err)
			return nil
		case !progress && err == nil && !b.behind(): // what is left cannot be listed
			return nil
		case !progress: // another replica follows, or a transaction has not ended
			wait(waiting, 5*time.Millisecond)
		}
	}
}

// followPatience is how long the feed may take to tell what was recorded: until older transactions have ended.
const followPatience = 10 * time.Second

// FollowAll has the index behind lists hold everything that was recorded before, however much that is.
func (s *Store) FollowAll(ctx context.Context) error {
	b, err := s.backlog(ctx)
	for target, end := b.last, time.Now().Add(followPatience); err == nil && (b.old || b.at.before(target) || b.asked || b.due || b.review); {
		progress, err := s.turn(ctx, lapSize)
		switch {
		case err != nil && !errors.Is(err, errElsewhere):
			return err
		case progress:
			end = time.Now().Add(followPatience)
		case err == nil && !b.behind():
			return nil // what is left cannot be listed
		case time.Now().After(end):
			return domain.Errorf(domain.CodeBusy, "the index behind lists gets no further: is a transaction open for long?")
		default:
			wait(ctx, 5*time.Millisecond)
		}
		if b, err = s.backlog(ctx); err != nil {
			return err
		}
	}
	return err
}

// Reindex has the index behind lists made anew, from the first change that is kept. Lists are empty at first, and say how
// far they are.
func (s *Store) Reindex(ctx context.Context) error {
	err := s.write(ctx, func(tx *gorm.DB) error { return tx.Exec("UPDATE follower SET rules = 0").Error })
	if err == nil {
		s.hints.give()
	}
	return err
}

// spent reports whether laps have had their share of the writer, and webhooks wait for it.
func (s *Store) spent() bool {
	f := s.following
	return s.group.bytes.Load() > 0 && time.Now().UnixNano()-f.ended.Load() < followShare*f.took.Load()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
