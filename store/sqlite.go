package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"giftline/domain"
)

// Before 3.51.3 SQLite could corrupt a database when its WAL was reset at the wrong moment.
var oldestSQLite = []int{3, 51, 3}

// pragma is a setting and the value that SQLite must report for it.
type pragma struct{ name, value string }

// settings describe a pool: how each of its connections is opened, and what it must report once it is.
type settings struct {
	connections int
	parameters  url.Values
	pragmas     []pragma
}

// plainSettings open a file as it is, without turning it into one of ours: for a look before anything is changed.
func plainSettings(mode string) settings {
	return settings{connections: 1, parameters: url.Values{
		"mode": {mode}, "_busy_timeout": {"5000"}, "_synchronous": {"FULL"},
	}}
}

// writerSettings are those of the only connection that writes. Page size and checkpoints stay at their defaults. Nobody else
// changes what it caches: the pages that a lap changes fit in 64 MiB, where by default they would spill into the log before
// the commit, and the statements of all shapes of insertions, which would be parsed again and again.
func writerSettings() settings {
	s := durable("rw", 1)
	s.parameters.Set("_txlock", "immediate") // a deferred one that turns to writing fails whatever the busy timeout
	s.parameters.Set("_stmt_cache_size", "512")
	s.parameters.Set("_cache_size", "-65536") // KiB
	return s
}

// readerSettings are those of the connections that cannot write, twice over: by mode and by query_only.
func readerSettings() settings {
	s := durable("ro", 4)
	s.parameters.Set("_query_only", "1")
	s.pragmas = append(s.pragmas, pragma{"query_only", "1"})
	return s
}

// durable are the settings without which an answer is not a promise: mattn would sync a WAL at checkpoints only.
func durable(mode string, connections int) settings {
	return settings{
		connections: connections,
		parameters: url.Values{
			"mode": {mode}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_busy_timeout": {"5000"}, "_foreign_keys": {"1"},
		},
		pragmas: []pragma{{"journal_mode", "wal"}, {"synchronous", "2"}, {"busy_timeout", "5000"}, {"foreign_keys", "1"}},
	}
}

// dsn escapes the path, so that ?, # and % are part of the file's name and not of the URI.
func dsn(path string, parameters url.Values) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: parameters.Encode()}
	return u.String()
}

// openSQL opens a pool and reads its settings back: a parameter that a driver does not know is ignored silently.
func openSQL(ctx context.Context, path string, s settings) (*sql.DB, error) {
	db, err := sql.Open(driverName, dsn(path, s.parameters))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(s.connections)
	db.SetMaxIdleConns(s.connections)
	if err := checkPragmas(ctx, db, s); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// checkPragmas opens every connection of the pool and refuses one that runs under other settings.
func checkPragmas(ctx context.Context, db *sql.DB, s settings) error {
	for range s.connections {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close() // only at the end, so that each round gets another connection
		for _, p := range s.pragmas {
			if err := checkPragma(ctx, conn, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkPragma(ctx context.Context, conn *sql.Conn, p pragma) error {
	var got string
	if err := conn.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&got); err != nil {
		return fmt.Errorf("read %s: %w", p.name, err)
	}
	if got != p.value {
		return domain.Errorf(domain.CodeNoStore,
			"SQLite runs with %s = %s instead of %s, so nothing could be promised: is the database on a file system without shared memory (a network share)? Move it to a local disk", p.name, got, p.value)
	}
	return nil
}

// checkVersion refuses an SQLite that is known to lose data.
func checkVersion(ctx context.Context, db *sql.DB) error {
	var version string
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	return supported(version)
}

func supported(version string) error {
	var parts []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return domain.Errorf(domain.CodeNoStore, "cannot read the version of SQLite, %q", version)
		}
		parts = append(parts, n)
	}
	if slices.Compare(parts, oldestSQLite) < 0 {
		return domain.Errorf(domain.CodeNoStore, "this program was built with SQLite %s, which can corrupt databases: build it with 3.51.3 or later", version)
	}
	return nil
}

// openGorm puts gorm over a pool. It logs nothing by itself: errors are returned, and logged once at the edge; bound
// values never are.
func openGorm(db *sql.DB, log *slog.Logger) (*gorm.DB, error) {
	d := dialector{sqlite.Dialector{DriverName: driverName, Conn: db}}
	return gorm.Open(d, &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		PrepareStmt:            false,
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
		Logger:                 logger.NewSlogLogger(log, logger.Config{LogLevel: logger.Silent, ParameterizedQueries: true}),
	})
}

// dialector is gorm's for SQLite with an error translation that knows both drivers and keeps the cause.
type dialector struct{ sqlite.Dialector }

// Translate finds gorm's word for a violated constraint.
func (dialector) Translate(err error) error {
	switch sqliteCode(err) {
	case codePrimaryKey, codeUnique:
		return fmt.Errorf("%w: %w", gorm.ErrDuplicatedKey, err)
	case codeForeignKey:
		return fmt.Errorf("%w: %w", gorm.ErrForeignKeyViolated, err)
	case codeCheck:
		return fmt.Errorf("%w: %w", gorm.ErrCheckConstraintViolated, err)
	}
	return err
}
