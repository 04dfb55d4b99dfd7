package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"giftline/domain"
)

// takeSource opens the SQLite database for reading, and keeps every other process from writing to it.
func takeSource(ctx context.Context, path string) (*Store, error) {
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil { // before the lock file is made beside it
		return nil, openError(path, err)
	}
	s := newStore(path, Options{})
	if err = s.takeLock(); err == nil {
		err = s.openExisting(ctx)
	}
	if err != nil {
		return nil, errors.Join(openError(path, err), s.Close())
	}
	return s, nil
}

// moveTarget is the PostgreSQL database. Its connection holds a lock that lasts as long as it does, and keeps a second
// move out.
type moveTarget struct {
	name   string
	config *pgx.ConnConfig
	conn   *pgx.Conn
	holder *pgx.Conn // whose transaction keeps replicas from writing; nil until then
}

// takeTarget opens the database for this move alone.
func takeTarget(ctx context.Context, dsn string, log *slog.Logger) (*moveTarget, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["statement_timeout"] = "0" // a table is compared in one
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	s := newStore(Name(dsn), Options{Log: log})
	t := &moveTarget{name: s.path, config: config}
	if err = t.prepare(ctx, s); err == nil {
		err = t.takeTurn(ctx)
	}
	if err != nil {
		t.close()
		return nil, s.postgresError(err)
	}
	return t, nil
}

// prepare brings the schema up to date.
func (t *moveTarget) prepare(ctx context.Context, s *Store) error {
	db := stdlib.OpenDB(*t.config)
	defer db.Close()
	for _, step := range []func(context.Context, *sql.DB) error{s.refuseForeign, s.checkPostgres, s.migratePostgres} {
		if err := step(ctx, db); err != nil {
			return err
		}
	}
	return nil
}

// takeTurn waits for another move as long as the server takes to notice that one was killed.
func (t *moveTarget) takeTurn(ctx context.Context) (err error) {
	if t.conn, err = pgx.ConnectConfig(ctx, t.config); err != nil {
		return err
	}
	const turn = 0x67696674 // "gift"
	_, err = t.conn.Exec(ctx, "SELECT pg_advisory_lock($1, 'moves'::regclass::oid::int)", turn)
	if postgresCode(err) == "55P03" {
		return domain.Errorf(domain.CodeNoStore, "another move into %s is running: let it finish", t.name)
	}
	return err
}

// refuseForeign keeps our tables out of another program's.
func (s *Store) refuseForeign(ctx context.Context, db *sql.DB) error {
	var foreign bool
	err := db.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NULL
		AND EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())`).Scan(&foreign)
	if err == nil && foreign {
		err = domain.Errorf(domain.CodeNoStore, "%s holds the tables of another program: name a database of its own", s.path)
	}
	return err
}

// refuseHalfMoved keeps everybody from a database that holds only a part of what it will.
func (s *Store) refuseHalfMoved(ctx context.Context, db *sql.DB) error {
	var path string
	err := db.QueryRowContext(ctx, "SELECT path FROM moves WHERE finished_at IS NULL").Scan(&path)
	if err == nil {
		return domain.Errorf(domain.CodeNoStore,
			"the move of %s into this database is not finished: run giftline migrate-store from that file once more, to the end", path)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (t *moveTarget) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, c := range []*pgx.Conn{t.holder, t.conn} {
		if c != nil {
			_ = c.Close(ctx) // what counts is committed
		}
	}
}

// copied lets the planner know a table before anybody asks it.
func (t *moveTarget) copied(ctx context.Context, table *moveTable) error {
	if _, err := t.conn.Exec(ctx, "ANALYZE "+table.name); err != nil || table.name != heldTables[len(heldTables)-1] {
		return err
	}
	return t.hold(ctx)
}

// hold keeps replicas that run on the target already from writing: they wait for these tables until they give up. Those
// who start now are refused by the unfinished move.
func (t *moveTarget) hold(ctx context.Context) (err error) {
	if t.holder, err = pgx.ConnectConfig(ctx, t.config); err != nil {
		return err
	}
	_, err = t.holder.Exec(ctx, "BEGIN; LOCK TABLE "+commas(heldTables)+" IN SHARE MODE")
	return err
}

// sourceHolds tells one state of a source from a later one: whatever is recorded adds to one of these.
const sourceHolds = `SELECT epoch, (SELECT coalesce(max(seq), 0) FROM changes) || '.' || (SELECT coalesce(max(seq), 0) FROM parked) || '.' ||
	(SELECT coalesce(sum(received + rejected), 0) FROM sources) || '.' || (SELECT count(*) FROM keys) || '.' ||
	(SELECT count(*) || '.' || coalesce(sum(attempt), 0) FROM work) || '.' || (SELECT count(*) FROM alert_steps) || '.' ||
	(SELECT at FROM pulse) FROM feed`

// begin finds the move that is to go on, or notes a new one.
func (v *mover) begin(ctx context.Context, path string) error {
	var epoch, holds string
	if err := v.source.QueryRowContext(ctx, sourceHolds).Scan(&epoch, &holds); err != nil {
		return translate(err)
	}
	var source, from, held string
	var marks []byte
	var finished bool
	err := v.target.conn.QueryRow(ctx, "SELECT source, path, held, marks, finished_at IS NOT NULL FROM moves").
		Scan(&source, &from, &held, &marks, &finished)
	to := v.target.name
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return v.start(ctx, epoch, holds, path)
	case err != nil:
		return translate(err)
	case finished:
		return domain.Errorf(domain.CodeNoStore, "the move of %s to %s is finished: run giftline serve there, or name an empty database to move to", from, to)
	case source != epoch:
		return domain.Errorf(domain.CodeNoStore, "%s holds the unfinished move of another database, %s: go on with that one, or name an empty database", to, from)
	case held != holds:
		return domain.Errorf(domain.CodeNoStore, "%s was written to since its move to %s began: make that database anew, empty, and move again", path, to)
	}
	return json.Unmarshal(marks, &v.marks)
}

// start notes a new move. Whatever is numbered in the target from now on stands behind what will be copied.
func (v *mover) start(ctx context.Context, epoch, holds, path string) error {
	if err := v.refuseUsed(ctx); err != nil {
		return err
	}
	return translate(pgx.BeginFunc(ctx, v.target.conn, func(tx pgx.Tx) error {
		for sequence, last := range map[string]string{
			"pg_get_serial_sequence('subjects', 'id')": "SELECT coalesce(max(id), 0) FROM subjects",
			"pg_get_serial_sequence('changes', 'seq')": "SELECT coalesce(max(seq), 0) FROM changes",
			"pg_get_serial_sequence('parked', 'seq')":  "SELECT coalesce(max(seq), 0) FROM parked",
			"pg_get_serial_sequence('items', 'id')":    "SELECT coalesce(max(id), 0) FROM items",
			// Bodies may be erased, and their numbers must not become another's.
			"'body_numbers'": "SELECT max(coalesce((SELECT max(id) FROM bodies), 0), coalesce((SELECT max(body) FROM events), 0))",
		} {
			var n int64
			if err := v.source.QueryRowContext(ctx, last).Scan(&n); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "SELECT setval("+sequence+", $1, false)", n+1); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO moves (source, path, held, marks) VALUES ($1, $2, $3, '{}')", epoch, path, holds)
		return err
	}))
}

// refuseUsed refuses a target that anybody has written to, or may be about to: numbers of bodies are reserved.
func (v *mover) refuseUsed(ctx context.Context) error {
	query := "SELECT CASE"
	for _, t := range v.tables {
		query += fmt.Sprintf(" WHEN EXISTS (SELECT 1 FROM %s) THEN '%s has rows'", t.name, t.name)
	}
	var used string
	err := v.target.conn.QueryRow(ctx, query+" WHEN is_called THEN 'giftline serve ran on it' ELSE '' END FROM body_numbers").Scan(&used)
	if err == nil && used != "" {
		err = domain.Errorf(domain.CodeNoStore, "%s is not empty, %s: name an empty database to move to", v.target.name, used)
	}
	return translate(err)
}

// carriedOver are single values in rows that each database has of its own: since when nobody hears, for a move takes its
// time too, and since when alerts are told.
var carriedOver = map[string]string{
	"SELECT at FROM pulse":                "UPDATE pulse SET at = $1",
	"SELECT alerting_since FROM follower": "UPDATE follower SET alerting_since = $1",
}

// finish opens the target to everybody. Positions in its feed begin anew: those of before knew nothing of it.
func (v *mover) finish(ctx context.Context) error {
	return translate(pgx.BeginFunc(ctx, v.target.conn, func(tx pgx.Tx) error {
		for from, to := range carriedOver {
			var value int64
			if err := v.source.QueryRowContext(ctx, from).Scan(&value); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, to, value); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE feed SET epoch = replace(gen_random_uuid()::text, '-', '')"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE moves SET finished_at = now()")
		return err
	}))
}
