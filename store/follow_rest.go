package store

import (
	"time"

	"giftline/domain"
)

// giveWay leaves most of the writer to webhooks while they come.
func (s *Store) giveWay(b *backlog) {
	took := time.Duration(s.following.took.Load())
	switch {
	case b.due && s.recently():
		s.rest(dueShare * took)
	case s.busy():
		s.rest(followShare * took)
	}
}

// untilNext is how long the follower may sleep: no deadline waits for the next poll.
func (s *Store) untilNext(b *backlog) time.Duration {
	if b.next == nil || b.foreign {
		return followPoll
	}
	return min(max(b.next.Time().Sub(s.now()), time.Millisecond), followPoll)
}

// elsewhere remembers how far replicas with another policy were.
type elsewhere struct {
	position string
	next     domain.Instant
	since    time.Time
}

// abandoned reports whether what waits has waited for so long that nobody can be there any more who does it.
func (e *elsewhere) abandoned(b *backlog, now time.Time) bool {
	here := elsewhere{position: b.state.Position, since: now}
	if b.next != nil {
		here.next = *b.next
	}
	if here.position != e.position || here.next != e.next {
		*e = here
	}
	return now.Sub(e.since) > abandonment
}

// recently reports whether webhooks come.
func (s *Store) recently() bool {
	return s.group.bytes.Load() > 0 || time.Now().UnixNano()-s.following.recorded.Load() < int64(recently)
}

// looks is how many deadlines the next lap may look at.
func (s *Store) looks() int {
	if s.recently() {
		return int(s.following.looks.Load())
	}
	return looksMost
}

// noteLap remembers how long a lap wrote, not how long it waited to: that is no reason to rest. A nil lap never began.
func (f *following) noteLap(l *lap, ended time.Time) {
	f.ended.Store(ended.UnixNano())
	if l == nil {
		f.took.Store(0)
		return
	}
	took := ended.Sub(l.began)
	f.took.Store(int64(took))
	if l.late == l.looks { // one that found fewer tells nothing of how long more would take
		f.looks.Store(paced(l.looks, took))
	}
}

// paced gives how many deadlines a lap may look at, after one that looked at some in a time: it goes half of the way to as
// many as take looksHold, because the next ones may be cheaper or dearer.
func paced(looks int, took time.Duration) int64 {
	fits := int64(looks) * int64(looksHold) / max(int64(took), 1)
	return min(max((int64(looks)+fits)/2, looksLeast), looksMost)
}
