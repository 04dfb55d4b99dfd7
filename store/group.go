package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"giftline/domain"
)

const (
	maxBatch       = 512      // deliveries that share a commit
	defaultQueue   = 4096     // deliveries that wait for one
	maxQueuedBytes = 64 << 20 // of their bodies
)

// job is one delivery that waits for its commit.
type job struct {
	parsed  domain.Parsed
	resolve string // the parked delivery that this one takes off the list; empty for a new one
	refused bool   // the database would not take it: it is quarantined instead
	copies  int64  // deliveries it stands for: a parked one brings those that were counted with it
	receipt domain.Receipt
	err     error
	done    chan struct{}
}

// groupCommit lets concurrent deliveries share a transaction and its sync. Nothing waits for a batch to fill, because the
// next one fills while the last one syncs.
type groupCommit struct {
	gate   sync.RWMutex // closing against sending
	closed bool
	lanes  []*lane
	bytes  atomic.Int64 // of bodies in the queues
	parked parkedCounts
	failed atomic.Pointer[failure] // the last commit's; nil when it went through
}

// failure is a commit that the machine, not a delivery, is to blame for.
type failure struct {
	at  time.Time
	err error
}

func (g *groupCommit) note(err error, now time.Time) {
	switch {
	case err == nil:
		g.failed.Store(nil)
	case domain.CodeOf(err) == domain.CodeBusy:
		g.failed.Store(&failure{now, err})
	}
}

// startWriter starts lanes, between which the queue's places are divided.
func (s *Store) startWriter(size, lanes int) error {
	if size <= 0 {
		size = defaultQueue
	}
	if err := s.group.parked.load(s.writer); err != nil {
		return err
	}
	started := make([]*lane, lanes)
	for n := range started {
		started[n] = &lane{s: s, queue: make(chan *job, max(size/lanes, 1)), done: make(chan struct{})}
		if err := s.dialect.load(&started[n].next, s.writer, n); err != nil {
			return err
		}
	}
	s.group.lanes = started
	for _, l := range started {
		go l.run()
	}
	return nil
}

// stopWriter commits what is queued and refuses the rest.
func (s *Store) stopWriter() {
	g := &s.group
	g.gate.Lock()
	first := !g.closed
	g.closed = true
	g.gate.Unlock()
	if !first {
		return
	}
	for _, l := range g.lanes {
		close(l.queue)
	}
	for _, l := range g.lanes {
		<-l.done
	}
}

// Record keeps one delivery; see domain.Store.
func (s *Store) Record(ctx context.Context, p domain.Parsed) (domain.Receipt, error) {
	return s.submit(ctx, &job{parsed: p, done: make(chan struct{})})
}

// Resolve records a parked delivery that was read again; see domain.Store.
func (s *Store) Resolve(ctx context.Context, parkedID string, p domain.Parsed) (domain.Receipt, error) {
	if err := s.mayResolve(ctx, parkedID); err != nil {
		return domain.Receipt{}, err
	}
	r, err := s.submit(ctx, &job{parsed: p, resolve: parkedID, done: make(chan struct{})})
	if err != nil {
		return r, err
	}
	return s.ownReceipt(ctx, r)
}

// submit waits for the commit. When the caller's patience ends first, nothing is known: sending again is harmless.
func (s *Store) submit(ctx context.Context, j *job) (domain.Receipt, error) {
	if err := s.enqueue(j); err != nil {
		return domain.Receipt{}, err
	}
	select {
	case <-j.done:
		return j.receipt, j.err
	case <-ctx.Done():
		return domain.Receipt{}, &domain.Error{Code: domain.CodeBusy, Message: "the commit takes too long: send again", Err: ctx.Err()}
	}
}

func (s *Store) enqueue(j *job) error {
	g := &s.group
	g.gate.RLock()
	defer g.gate.RUnlock()
	if s.writer == nil {
		return domain.Errorf(domain.CodeNoStore, "the database was opened for reading only")
	}
	if g.closed {
		return domain.Errorf(domain.CodeBusy, "giftline is shutting down: try again once it is back")
	}
	size := int64(len(j.parsed.Body))
	if g.bytes.Add(size) <= maxQueuedBytes {
		select {
		case g.laneOf(&j.parsed).queue <- j:
			return nil
		default:
		}
	}
	g.bytes.Add(-size)
	return domain.Errorf(domain.CodeBusy, "too many deliveries wait for the disk: send again in a few seconds")
}

// hopeless gives the reason not to try: while the store is closing, what waits behind a failed commit would only fail as
// slowly.
func (g *groupCommit) hopeless() error {
	g.gate.RLock()
	defer g.gate.RUnlock()
	if f := g.failed.Load(); g.closed && f != nil {
		return f.err
	}
	return nil
}
