package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// hints wake those who follow the feed. The table is the truth: a hint that is lost delays, and loses nothing.
type hints struct {
	mu        sync.Mutex
	waiting   map[chan struct{}]bool
	committed chan struct{} // holds one while other replicas have not been told
	listening sync.Once
	ctx       context.Context // ends with the store
	end       context.CancelFunc
	running   sync.WaitGroup
}

func newHints() *hints {
	h := &hints{waiting: map[chan struct{}]bool{}, committed: make(chan struct{}, 1)}
	h.ctx, h.end = context.WithCancel(context.Background())
	return h
}

// give wakes everybody of this process.
func (h *hints) give() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.waiting {
		offer(c)
	}
}

// offer leaves a hint where none is waiting yet.
func offer(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run starts what the store waits for when it closes; false once it closes.
func (h *hints) run(do func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return false
	}
	h.running.Go(do)
	return true
}

func (h *hints) close() {
	h.mu.Lock()
	h.end()
	h.mu.Unlock()
	h.running.Wait()
}

// Hints wakes a follower of the feed; see domain.Feed.
func (s *Store) Hints() (<-chan struct{}, func()) {
	h := s.hints
	if s.shared != nil && h.ctx.Err() == nil {
		h.listening.Do(func() { h.running.Go(s.listen) })
	}
	return s.localHints()
}

// localHints tells of what this process records, and of what it hears of others.
func (s *Store) localHints() (<-chan struct{}, func()) {
	h := s.hints
	c := make(chan struct{}, 1)
	h.mu.Lock()
	h.waiting[c] = true
	h.mu.Unlock()
	return c, func() {
		h.mu.Lock()
		delete(h.waiting, c)
		h.mu.Unlock()
	}
}

const (
	hintChannel  = "giftline"
	hintEvery    = 50 * time.Millisecond // at most so often a replica tells the others
	listenAgain  = time.Second
	hintDeadline = 5 * time.Second
)

// tell passes hints on to the other replicas until the store is closed. It does so outside the transactions that
// record: one with a NOTIFY takes a lock on the whole database while it commits.
func (s *Store) tell() {
	for {
		select {
		case <-s.hints.ctx.Done():
			return
		case <-s.hints.committed:
		}
		ctx, cancel := context.WithTimeout(s.hints.ctx, hintDeadline)
		err := s.reader.WithContext(ctx).Exec("SELECT pg_notify(?, '')", hintChannel).Error
		cancel()
		if err != nil && s.hints.ctx.Err() == nil {
			s.log.Debug("other replicas were not told of a commit; they find it when they look", "error", err)
		}
		s.rest(hintEvery)
	}
}

func (s *Store) rest(d time.Duration) {
	select {
	case <-s.hints.ctx.Done():
	case <-time.After(d):
	}
}

// listen hears what other replicas tell, on a connection of its own, until the store is closed.
func (s *Store) listen() {
	for s.hints.ctx.Err() == nil {
		if err := s.hear(s.hints.ctx); s.hints.ctx.Err() == nil {
			s.log.Debug("not hearing other replicas for a moment", "error", err)
		}
		s.rest(listenAgain)
	}
}

func (s *Store) hear(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.shared.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+hintChannel); err != nil {
		return err
	}
	for {
		s.hints.give() // also for what was told while nobody listened
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}

// recorded wakes those who follow the feed after a commit.
func (s *Store) recorded(b *batch) {
	if len(b.changes) == 0 {
		return
	}
	s.following.recorded.Store(time.Now().UnixNano())
	s.hint()
}

// hint wakes who waits here, and soon those of other replicas.
func (s *Store) hint() {
	s.hints.give()
	if s.shared != nil {
		offer(s.hints.committed)
	}
}

// renewFeed begins a new history where the feed's was written by another cluster, from which this database was restored:
// its transactions would count as not ended yet.
func renewFeed(db *gorm.DB) error {
	return db.Transaction(func(tx *gorm.DB) error {
		var foreign bool
		err := tx.Raw("SELECT EXISTS (SELECT 1 FROM changes WHERE stamp >= pg_snapshot_xmax(pg_current_snapshot()))").Row().Scan(&foreign)
		if err != nil || !foreign {
			return err
		}
		if err := tx.Exec("UPDATE changes SET stamp = '1'").Error; err != nil {
			return err
		}
		return tx.Exec("UPDATE feed SET epoch = replace(gen_random_uuid()::text, '-', '')").Error
	})
}
