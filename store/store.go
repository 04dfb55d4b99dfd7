// Package store keeps deliveries, timelines and what did not fit on them: in SQLite, with one connection that writes, a
// few that read, and a lock file so that one process has the database; or in PostgreSQL, which any number of replicas
// write to, each holding the rows of its batch's subjects until it commits. It holds no rule about lifecycles: verdicts
// come from the domain.Machine of each subject.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"giftline/domain"
)

const (
	writeDeadline = 10 * time.Second // also of a read: a longer one would keep the WAL from being reset
	probeEvery    = time.Second      // how long an answer of Ready stands, so that probes cannot load the disk
)

// Options are what a Store needs beside its file.
type Options struct {
	Machines domain.Machines
	Now      func() time.Time // time.Now if nil
	Log      *slog.Logger     // nowhere if nil
	Queue    int              // deliveries that may wait for a commit; 0 for the default
	Lanes    int              // batches that PostgreSQL is given at the same time, up to 4; 0: by how far it is

	// ReferenceKeys are metadata that holds a subject's reference where its events name none: the first that is there
	// counts. Others than before make the index behind lists anew; nil leaves those that it has.
	ReferenceKeys []string
	// Alerting is by what alerts are raised and told; nil raises none.
	Alerting *domain.Alerting
	// Routes are by which a command that raises nothing has people told of what somebody does with alerts; see Act.
	Routes domain.Routes
	// Lazy has the index behind lists follow only when it is read: for commands, and for tests that read no lists.
	Lazy bool
}

// Store is a domain.Store on one SQLite file, or one replica on a PostgreSQL database.
type Store struct {
	path      string
	machines  domain.Machines
	now       func() time.Time
	log       *slog.Logger
	lock      *flock.Flock
	writer    *gorm.DB // one connection, its transactions immediate; nil when opened for reading
	reader    *gorm.DB // mode=ro: everything that is read outside a writing transaction
	dialect   *dialect
	patience  time.Duration // writeDeadline; tests have less
	group     groupCommit
	hints     *hints
	following *following
	alerting  *domain.Alerting // nil raises nothing
	routes    domain.Routes    // of a store that raises nothing
	policy    string           // its digest
	shared    *pgx.ConnConfig  // how to reach PostgreSQL; nil for a file

	closing sync.Once
	closed  atomic.Bool
	probing sync.Mutex
	probed  time.Time // when Ready last wrote
}

var _ domain.Store = (*Store)(nil)

// Open takes the database at path for this process, creates it if need be, and brings its schema up to date.
// Errors: CodeNoStore, CodeNewerStore.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if IsPostgres(path) {
		return openShared(ctx, path, o, true)
	}
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	s := newStore(path, o)
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(openError(path, err), s.Close())
	}
	if !o.Lazy {
		s.hints.running.Go(s.follow)
	}
	return s, nil
}

// openShared opens a database that other replicas may write to as well.
func openShared(ctx context.Context, dsn string, o Options, writing bool) (*Store, error) {
	s := newStore(Name(dsn), o)
	if err := s.openPostgres(ctx, dsn, writing); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if !writing {
		return s, nil
	}
	if err := errors.Join(s.useReferenceKeys(ctx, o.ReferenceKeys), s.usePolicy(ctx)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if o.Lanes == 0 {
		o.Lanes = lanesFor(s.distance(ctx))
	}
	if err := s.startWriter(o.Queue, min(o.Lanes, maxLanes)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if !o.Lazy {
		s.hints.running.Go(s.follow)
	}
	return s, nil
}

// OpenReader opens the database for reading, beside a process that may be writing to it. It never creates or changes
// one. Errors: CodeNoStore, CodeNewerStore.
func OpenReader(ctx context.Context, path string, machines domain.Machines) (*Store, error) {
	if IsPostgres(path) {
		return openShared(ctx, path, Options{Machines: machines}, false)
	}
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	s := newStore(path, Options{Machines: machines})
	if err := s.openExisting(ctx); err != nil {
		return nil, errors.Join(openError(path, err), s.Close())
	}
	return s, nil
}

func newStore(path string, o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Store{path: path, machines: o.Machines, alerting: o.Alerting, routes: o.Routes, policy: o.Alerting.Digest(), now: o.Now, log: o.Log, dialect: sqliteDialect, patience: writeDeadline, hints: newHints(), following: newFollowing()}
}

// open goes from the lock to the writing goroutine; whatever it opened before an error is left for Close.
func (s *Store) open(ctx context.Context, o Options) error {
	if err := s.takeLock(); err != nil {
		return err
	}
	if err := create(s.path); err != nil {
		return err
	}
	if _, err := inspect(ctx, s.path, "rw"); err != nil {
		return err
	}
	db, err := s.openPool(ctx, writerSettings(), &s.writer)
	if err != nil {
		return err
	}
	if err := migrate(ctx, db, s.log); err != nil {
		return err
	}
	if _, err := s.openPool(ctx, readerSettings(), &s.reader); err != nil {
		return err
	}
	if err := errors.Join(s.useReferenceKeys(ctx, o.ReferenceKeys), s.usePolicy(ctx)); err != nil {
		return err
	}
	return s.startWriter(o.Queue, 1)
}

func (s *Store) openExisting(ctx context.Context) error {
	if _, err := os.Stat(s.path); err != nil {
		return err
	}
	version, err := inspect(ctx, s.path, "ro")
	if err != nil {
		return err
	}
	db, err := s.openPool(ctx, readerSettings(), &s.reader)
	if err != nil {
		return err
	}
	newest, err := newestVersion(db)
	if err == nil && version < newest {
		err = domain.Errorf(domain.CodeNoStore,
			"the database %s has schema %d and this program needs %d: start giftline serve of this version first, it brings the schema up to date", s.path, version, newest)
	}
	return err
}

// openPool opens a pool into where, so that Close finds it.
func (s *Store) openPool(ctx context.Context, o settings, where **gorm.DB) (*sql.DB, error) {
	db, err := openSQL(ctx, s.path, o)
	if err != nil {
		return nil, err
	}
	*where, err = openGorm(db, s.log)
	if err != nil {
		*where = nil
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// takeLock keeps a second process out: two would answer from caches that the other one changes.
func (s *Store) takeLock() error {
	lock := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return err
	}
	if !ok {
		return domain.Errorf(domain.CodeNoStore,
			"the database %s is in use by another giftline process: stop that one first, or set GIFTLINE_DB to another path", s.path)
	}
	s.lock = lock
	return nil
}

// locate gives the one path by which a database is locked, whatever links lead to it.
func locate(path string) (string, error) {
	if path == "" || path == ":memory:" {
		return "", domain.Errorf(domain.CodeNoStore, "no path for the database: set GIFTLINE_DB to that of a file")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", openError(path, err)
	}
	if target, err := filepath.EvalSymlinks(abs); err == nil {
		return target, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return "", openError(abs, err)
	}
	return filepath.Join(dir, filepath.Base(abs)), nil
}

// create makes the file if there is none, for its owner only; SQLite gives its -wal and -shm the same mode.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
