package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

// write runs do in an immediate transaction on the writing connection. A caller that goes away does not undo it: the
// deadline is our own. An error means that nothing is known to be written. Inside do, use tx and nothing else: a file's
// pool has no second connection.
func (s *Store) write(ctx context.Context, do func(tx *gorm.DB) error) error {
	return s.writeWithin(context.WithoutCancel(ctx), s.patience, do)
}

func (s *Store) writeWithin(ctx context.Context, limit time.Duration, do func(tx *gorm.DB) error) error {
	switch {
	case s.writer == nil:
		return domain.Errorf(domain.CodeNoStore, "the database was opened for reading only")
	case s.closed.Load():
		return domain.Errorf(domain.CodeBusy, "giftline is shutting down: try again once it is back")
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.transact(ctx, s.writer, do)
}

// transact gives up with the context: what hangs then is the connection, and it is closed. Whether a commit on it was
// done nobody knows.
func (s *Store) transact(ctx context.Context, pool *gorm.DB, do func(tx *gorm.DB) error, options ...*sql.TxOptions) error {
	planned := new(bool)
	err := pool.WithContext(context.WithValue(ctx, wakeKey{}, planned)).Transaction(do, options...)
	s.distrust(err)
	if err == nil && *planned {
		s.hint()
	}
	return translate(err)
}

// wakeKey keeps in the context of a transaction whether somebody waits for what it writes.
type wakeKey struct{}

// wakeLater has everybody woken who waits for hints, once the transaction of a context is committed.
func wakeLater(ctx context.Context) {
	if planned, ok := ctx.Value(wakeKey{}).(*bool); ok {
		*planned = true
	}
}

// batchContext ends a transaction of group commit that hangs. SQLite waits for nothing but its own disk, and every
// context that can end would cost it time.
func (s *Store) batchContext() (context.Context, context.CancelFunc) {
	if s.dialect != postgresDialect {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), s.patience)
}

// read runs do on one snapshot, so that what several queries say fits together.
func (s *Store) read(ctx context.Context, do func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	return s.transact(ctx, s.reader, do, s.dialect.options()...)
}

// failureStands is how long a failed commit speaks for the database: then a webhook may try again.
const failureStands = 10 * time.Second

// Ready fails when the database cannot take writes now: the last commit just failed, or a small write does. To a file it
// really writes, because nothing less notices a full or read-only disk; of a server it asks for a write that finds no
// row, which a standby refuses. Success stands for a second. After a lost connection
// it does so at once: the server may be back, and as long as nobody is ready no webhook comes to find out.
func (s *Store) Ready(ctx context.Context) error {
	if f := s.group.failed.Load(); f != nil && s.now().Sub(f.at) < failureStands && !lost(f.err) {
		return f.err
	}
	s.probing.Lock()
	defer s.probing.Unlock()
	if now := s.now(); now.Sub(s.probed) < probeEvery && !now.Before(s.probed) && !s.closed.Load() {
		return nil
	}
	err := s.writeWithin(ctx, s.patience, func(tx *gorm.DB) error {
		return tx.Exec(s.dialect.probe).Error
	})
	if err == nil {
		s.probed = s.now()
	}
	return err
}

// Close commits what waits, then closes the readers, moves the WAL into the database and lets go of the lock. Calling
// it again does nothing.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		s.stopWriter()
		s.hints.close()
		s.closed.Store(true)
		err = errors.Join(closePool(s.reader), s.checkpoint(), closePool(s.writer))
		if s.dialect == postgresDialect {
			err = nil // a connection that breaks while it is closed loses nothing: what was answered is committed
		}
		if s.lock != nil {
			err = errors.Join(err, s.lock.Close())
		}
	})
	return err
}

// checkpoint empties the WAL. The file itself is SQLite's to delete, never ours: it may hold commits.
func (s *Store) checkpoint() error {
	if s.writer == nil || s.dialect != sqliteDialect {
		return nil
	}
	var busy, frames, moved int
	err := s.writer.Raw("PRAGMA wal_checkpoint(TRUNCATE)").Row().Scan(&busy, &frames, &moved)
	if err == nil && busy != 0 {
		s.log.Warn("the write-ahead log could not be emptied: another program reads the database; nothing is lost, but copy the -wal file with it")
	}
	return translate(err)
}

func closePool(g *gorm.DB) error {
	if g == nil {
		return nil
	}
	db, err := g.DB()
	if err != nil {
		return err
	}
	return db.Close()
}
