package store

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"giftline/domain"
	"giftline/migrations"
)

// inspect looks at a database before anything of it is changed: is it ours, and do we understand it?
func inspect(ctx context.Context, path, mode string) (version int64, err error) {
	db, err := openSQL(ctx, path, plainSettings(mode))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if err := checkVersion(ctx, db); err != nil {
		return 0, err
	}
	version, err = schemaVersion(ctx, db, path)
	if err != nil {
		return 0, err
	}
	newest, err := newestVersion(db)
	if err == nil && version > newest {
		err = domain.Errorf(domain.CodeNewerStore,
			"the database %s has schema %d, made by a newer giftline; this one knows up to %d: upgrade this program, or restore the backup from before the upgrade", path, version, newest)
	}
	return version, err
}

// schemaVersion is 0 for an empty database. One with tables that are not ours is refused.
func schemaVersion(ctx context.Context, db *sql.DB, path string) (version int64, err error) {
	var tables, ours int
	const count = `SELECT count(*), coalesce(sum(name = 'goose_db_version'), 0) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`
	if err := db.QueryRowContext(ctx, count).Scan(&tables, &ours); err != nil {
		return 0, err
	}
	if ours == 0 {
		if tables > 0 {
			return 0, domain.Errorf(domain.CodeNoStore, "%s holds the tables of another program: set GIFTLINE_DB to a path of its own", path)
		}
		return 0, nil
	}
	const applied = `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`
	err = db.QueryRowContext(ctx, applied).Scan(&version)
	return version, err
}

// migrate brings the schema up to date, each migration in a transaction of its own.
func migrate(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	for _, r := range results {
		log.InfoContext(ctx, "database migrated", "migration", r.Source.Path, "took_ms", float64(r.Duration.Microseconds())/1000)
	}
	return err
}

func newestVersion(db *sql.DB) (newest int64, err error) {
	provider, err := newProvider(db)
	if err != nil {
		return 0, err
	}
	for _, source := range provider.ListSources() {
		newest = max(newest, source.Version)
	}
	return newest, nil
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
