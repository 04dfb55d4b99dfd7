package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"giftline/domain"
	"giftline/migrations"
)

// IsPostgres reports whether a setting names a PostgreSQL database and not a file.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// openPostgres joins the replicas on a database, and brings its schema up to date. Errors: CodeNoStore, CodeNewerStore.
func (s *Store) openPostgres(ctx context.Context, dsn string, writing bool) error {
	config, err := postgresConfig(dsn)
	if err != nil {
		return err
	}
	s.dialect = postgresDialect
	if writing && config.ValidateConnect == nil {
		config = toPrimary(config)
	}
	s.shared = config
	if s.reader, err = poolOf(config, postgresReaders, s.log); err != nil {
		return s.postgresError(err)
	}
	if writing {
		if s.writer, err = poolOf(forWriting(config), maxLanes+1, s.log); err != nil {
			return s.postgresError(err)
		}
		if err := s.prepare(ctx, s.writer, s.checkPostgres, s.migratePostgres, s.refuseHalfMoved); err != nil {
			return s.postgresError(err)
		}
		if err := renewFeed(s.writer.WithContext(ctx)); err != nil {
			return s.postgresError(err)
		}
	}
	if err := s.prepare(ctx, s.reader, s.sameSchema, s.refuseHalfMoved); err != nil {
		return s.postgresError(err)
	}
	if writing {
		s.hints.running.Go(s.tell)
	}
	return nil
}

func (s *Store) prepare(ctx context.Context, g *gorm.DB, steps ...func(context.Context, *sql.DB) error) error {
	db, err := g.DB()
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(ctx, db); err != nil {
			return err
		}
	}
	return nil
}

// sameSchema refuses to read tables of another version than this one's.
func (s *Store) sameSchema(ctx context.Context, db *sql.DB) error {
	provider, err := newPostgresProvider(db)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	var version int64
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&version)
	if newest := sources[len(sources)-1].Version; err != nil || version != newest {
		return &domain.Error{Code: domain.CodeNoStore, Err: err, Message: fmt.Sprintf(
			"the database has not the schema %d that this version reads: start giftline serve of this version on it first", newest)}
	}
	return nil
}

// postgresError says what is wrong without the password.
func (s *Store) postgresError(err error) error {
	if domain.CodeOf(err) == domain.CodeNoStore || domain.CodeOf(err) == domain.CodeNewerStore {
		return err
	}
	message := "the PostgreSQL database %s cannot be used: check that it runs, and its user, password and rights"
	if takesNoWrites(err) {
		message = "the PostgreSQL database %s takes no writes: its server is a standby, or read-only. Set GIFTLINE_DB to the primary, or to both in the form postgres://user@one,other/name?target_session_attrs=read-write"
	}
	return &domain.Error{Code: domain.CodeNoStore, Err: err, Message: fmt.Sprintf(message, s.path)}
}

// checkPostgres refuses a database on which an answer would be no promise.
func (s *Store) checkPostgres(ctx context.Context, db *sql.DB) error {
	settings := map[string]string{}
	for _, name := range []string{"fsync", "synchronous_commit", "server_encoding", "server_version_num"} {
		var value string
		if err := db.QueryRowContext(ctx, "SELECT current_setting('"+name+"')").Scan(&value); err != nil {
			return err
		}
		settings[name] = value
	}
	switch {
	case settings["fsync"] == "off":
		return domain.Errorf(domain.CodeNoStore, "PostgreSQL runs with fsync = off, so nothing could be promised: turn it on")
	case settings["server_encoding"] != "UTF8":
		return domain.Errorf(domain.CodeNoStore, "the database has the encoding %s: create it with ENCODING 'UTF8'", settings["server_encoding"])
	case settings["synchronous_commit"] == "off":
		s.log.Warn("PostgreSQL runs with synchronous_commit = off: what was answered can be lost when it crashes")
	}
	return nil
}

const migrationTurn = 0x6769667461 // "gifta"

// migratePostgres takes turns with other replicas that start at the same time.
func (s *Store) migratePostgres(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SET lock_timeout = 0"); err != nil { // a migration may take its time
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "RESET lock_timeout") }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationTurn); err != nil {
		return err
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationTurn)
	}()
	provider, err := newPostgresProvider(db)
	if err != nil {
		return err
	}
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	for _, r := range results {
		s.log.InfoContext(ctx, "database migrated", "migration", r.Source.Path, "took_ms", float64(r.Duration.Microseconds())/1000)
	}
	return err
}

func newPostgresProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations.Postgres, "postgres")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; version > newest {
		return domain.Errorf(domain.CodeNewerStore,
			"the database has schema %d, made by a newer giftline; this one knows up to %d: upgrade this program", version, newest)
	}
	return nil
}
