package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

// lookAgain is when a subject that cannot be looked at has its next turn.
const lookAgain = time.Hour

// dueListings names the condition of the index made for it. jumpedListings are those that were stuck by a clock that has
// gone back since.
const (
	dueListings    = "SELECT subject FROM listings WHERE look_at IS NOT NULL AND look_at <= ?"
	jumpedListings = "SELECT subject FROM listings WHERE stuck = 1 AND due_at > ?"
	nextLook       = "SELECT min(look_at) FROM listings WHERE look_at IS NOT NULL"
)

// rules is the policy by which subjects are looked at; nil is the tables alone.
func (s *Store) rules() *domain.Policy {
	if s.alerting == nil {
		return nil
	}
	return s.alerting.Policy
}

// borrows reports whether the lap is that of a command, beside or between servers that raise alerts: it lists, and
// leaves it to them to look.
func (l *lap) borrows() bool { return l.s.alerting == nil && l.state.Policy != "" }

// usePolicy has every subject looked at again where the last one that looked went by another policy. Replicas leave laps
// to those with the policy of the one that started last.
func (s *Store) usePolicy(ctx context.Context) error {
	if s.alerting == nil {
		return nil
	}
	return s.transact(ctx, s.writer, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		now := int64(domain.InstantOf(s.now()))
		latest, err := c.latest()
		if err != nil {
			return err
		}
		err = c.exec("UPDATE follower SET alerting_since = ?, moves = ? WHERE alerting_since = 0", now, latest)
		if err == nil { // begun by a clock that was ahead: nobody would be told until it is where it was
			err = c.exec("UPDATE follower SET alerting_since = ? WHERE alerting_since > ?", now, now)
		}
		if err != nil {
			return err
		}
		return c.exec("UPDATE follower SET policy = ?, review = 0 WHERE policy <> ? AND rules <= ?", s.policy, s.policy, listingRules)
	})
}

// latest gives the position of the last change, settled or not.
func (c conn) latest() (string, error) {
	var p position
	if err := c.one([]any{&p.epoch}, "SELECT epoch FROM feed"); err != nil {
		return "", err
	}
	err := c.one([]any{&p.stamp, &p.seq}, c.d.last)
	return p.String(), err
}

// ask adds the subjects that wait to be listed anew, and those to look at: because it is time, because the clock went
// back, or because another policy looked last.
func (l *lap) ask() error {
	waiting, err := l.numbers("SELECT id FROM relist ORDER BY id LIMIT ?", l.size)
	if err != nil {
		return err
	}
	l.relisted, l.more = waiting, l.more || len(waiting) == l.size
	var due []int64
	err = l.chunked("id", waiting, func(where string, args []any) error {
		subjects, err := l.numbers("SELECT subject FROM relist WHERE "+where, args...)
		due = append(due, subjects...)
		return err
	})
	if err == nil && !l.borrows() {
		err = l.askDue(&due)
	}
	for _, subject := range due {
		l.listing(subject).asked = true
	}
	return err
}

func (l *lap) askDue(due *[]int64) error {
	late, err := l.numbers(dueListings+" ORDER BY look_at LIMIT ?", int64(l.now), l.looks)
	if err != nil {
		return err
	}
	jumped, err := l.numbers(jumpedListings+" ORDER BY due_at LIMIT ?", int64(l.now), l.looks)
	if err != nil {
		return err
	}
	l.late = len(late) + len(jumped)
	l.more = l.more || len(late) == l.looks || len(jumped) == l.looks
	*due = append(append(*due, late...), jumped...)
	if l.state.Review == nil {
		return nil
	}
	next, err := l.numbers("SELECT subject FROM listings WHERE subject > ? ORDER BY subject LIMIT ?", *l.state.Review, l.looks)
	if l.reviewed, l.saved, l.state.Review = true, true, nil; len(next) == l.looks {
		l.state.Review = &next[len(next)-1]
	}
	*due = append(*due, next...)
	return err
}

// readBlind reads when nothing could be heard, once for all subjects of the lap.
func (l *lap) readBlind() (err error) {
	if len(l.order) > 0 {
		l.blind, err = l.conn.blind(l.now)
	}
	return err
}

// look finds what is or will be alarming, and when to look next: always later than now, or never.
func (x *indexed) look(now domain.Instant, blind domain.Blind) {
	x.watched = domain.Watched{
		Machine: x.machine, Current: x.row.toCurrent(), Sources: x.words.sources(), Labels: x.labels.toLabels(),
		Past: x.past, Cut: x.row.Events > int64(len(x.past)), Moved: x.moved,
	}
	x.alarms = x.policy.Alarms(&x.watched, blind)
	for i := range x.alarms {
		a := &x.alarms[i]
		if (a.Rule == domain.RuleStuck || a.Rule == domain.RuleOverdue) && (x.is.DueAt == nil || a.At < *x.is.DueAt) {
			x.is.DueAt = &a.At
		}
		if a.At > now && (x.is.LookAt == nil || a.At < *x.is.LookAt) {
			x.is.LookAt = &a.At
		}
	}
	x.is.Stuck = truth(x.is.DueAt != nil && *x.is.DueAt <= now)
	x.words.Stuck = x.is.Stuck
	if at, _, ok := x.policy.ExpiresAt(&x.watched, nil); ok { // by the provider's clock, which does not wait for us
		x.is.ExpiresAt = &at
	}
}

// leave has somebody look at another time: until then, what was found last stands. A clock that was set back makes what
// is stuck no reason to look earlier, see jumpedListings.
func (x *indexed) leave(now, until domain.Instant) {
	x.is.DueAt, x.is.Stuck, x.is.LookAt, x.is.ExpiresAt = nil, 0, &until, nil
	if was := x.was; was != nil {
		x.is.DueAt, x.is.Stuck, x.is.ExpiresAt = was.DueAt, was.Stuck, was.ExpiresAt
		if was.Stuck > 0 && was.DueAt != nil && *was.DueAt > now {
			x.is.DueAt = &now
		}
	}
	x.words.Stuck = x.is.Stuck
}

// postpone gives those that could not be looked at another turn, whatever the clock does.
func (l *lap) postpone() error {
	return l.chunked("subject", l.bad, func(where string, args []any) error {
		again := int64(l.now + domain.InstantOfDuration(lookAgain))
		const later = "UPDATE listings SET look_at = ?, due_at = CASE WHEN stuck = 1 AND due_at > ? THEN ? ELSE due_at END WHERE "
		return l.exec(later+where, append([]any{again, int64(l.now), int64(l.now)}, args...)...)
	})
}
