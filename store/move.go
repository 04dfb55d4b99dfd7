package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	moveBatch = 10_000  // rows that share a transaction
	moveBytes = 8 << 20 // of a transaction's rows, after which it takes no more
)

// Move takes a whole SQLite database to an empty PostgreSQL one. Every batch of rows and the mark of how far they go are
// committed together, so that a move which ends at any moment goes on from there when it is run again. Nothing is
// written to the SQLite file, and nobody may use the target before every row was compared.
type Move struct {
	From, To string
	Batch    int            // rows that share a transaction; 0 for the default
	Progress func(Progress) // told after each batch, and while comparing; may be nil
	Log      *slog.Logger   // nowhere if nil
}

// Progress counts the rows of all tables: first those that are copied, those of former runs with them, then those that
// are compared.
type Progress struct {
	Table     string
	Comparing bool
	Rows, Of  int64
}

// Moved is what became of a move.
type Moved struct {
	Tables      []MovedTable
	Different   int64    // rows that are not the same on both sides
	Differences []string // the first of them
}

// MovedTable counts the rows of a table.
type MovedTable struct {
	Name   string `json:"table"`
	Rows   int64  `json:"rows"`   // in the source
	Copied int64  `json:"copied"` // by this run
}

// mover is a move that runs.
type mover struct {
	Move
	source  *sql.DB
	target  *moveTarget
	tables  []*moveTable
	marks   map[string]mark // how far each table is copied, as committed
	rows    int64           // for Progress
	all     int64
	differs []string
	number  int64 // of those that differ
}

// Run moves, or goes on. Errors: CodeNoStore where one of the two cannot be used for it, CodeDamaged where they differ
// in the end.
func (m Move) Run(ctx context.Context) (moved Moved, err error) {
	source, err := takeSource(ctx, m.From)
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := takeTarget(ctx, m.To, m.Log)
	if err != nil {
		return moved, err
	}
	defer target.close()
	v := &mover{Move: m, target: target, marks: map[string]mark{}}
	if v.source, err = source.reader.DB(); err != nil {
		return moved, err
	}
	err = v.run(ctx, source.path)
	return v.moved(), err
}

func (v *mover) run(ctx context.Context, path string) (err error) {
	if v.tables, err = describeTables(ctx, v.target.conn); err != nil {
		return translate(err)
	}
	if err := v.begin(ctx, path); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{v.count, v.copyTables, v.compareTables} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("the move is not finished, run it again to go on: %w", translate(err))
		}
	}
	if v.number > 0 {
		return v.differences()
	}
	return v.finish(ctx)
}

// count finds out how much there is to move, and how much of it former runs copied.
func (v *mover) count(ctx context.Context) error {
	for _, t := range v.tables {
		if err := v.source.QueryRowContext(ctx, "SELECT count(*) FROM "+t.name).Scan(&t.rows); err != nil {
			return err
		}
		v.all += t.rows
		v.rows += v.marks[t.name].Rows
	}
	return nil
}

// copyTables copies what the marks say is left.
func (v *mover) copyTables(ctx context.Context) error {
	for _, t := range v.tables {
		v.tell(t, false, 0)
		for more := true; more; {
			var err error
			if more, err = v.copyBatch(ctx, t); err != nil {
				return fmt.Errorf("copying %s: %w", t.name, err)
			}
		}
		if err := v.target.copied(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// copyBatch streams the next rows of a table into the target, and reports whether there may be more.
func (v *mover) copyBatch(ctx context.Context, t *moveTable) (more bool, err error) {
	query, args, err := t.page(v.marks[t.name])
	if err != nil {
		return false, err
	}
	rows, err := v.source.QueryContext(ctx, query, append(args, v.limit())...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	next := v.marks[t.name]
	s := &sourceRows{table: t, rows: rows}
	err = pgx.BeginFunc(ctx, v.target.conn, func(tx pgx.Tx) error {
		n, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, s)
		if err != nil || n == 0 {
			return err
		}
		next.Rows, next.Last = next.Rows+n, t.key(s.row)
		return v.mark(ctx, tx, t, next)
	})
	if err != nil || s.read == 0 {
		return false, err
	}
	v.marks[t.name], t.copied = next, t.copied+s.read
	v.tell(t, false, s.read)
	return true, nil
}

// mark notes in the batch's own transaction how far a table is copied.
func (v *mover) mark(ctx context.Context, tx pgx.Tx, t *moveTable, m mark) error {
	marks := map[string]mark{t.name: m}
	for name, other := range v.marks {
		if name != t.name {
			marks[name] = other
		}
	}
	b, err := json.Marshal(marks)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE moves SET marks = $1", string(b))
	return err
}

func (v *mover) limit() int {
	if v.Batch > 0 {
		return v.Batch
	}
	return moveBatch
}

func (v *mover) tell(t *moveTable, comparing bool, rows int64) {
	v.rows += rows
	if v.Progress != nil {
		v.Progress(Progress{Table: t.name, Comparing: comparing, Rows: v.rows, Of: v.all})
	}
}

func (v *mover) moved() Moved {
	m := Moved{Different: v.number, Differences: v.differs}
	for _, t := range v.tables {
		m.Tables = append(m.Tables, MovedTable{Name: t.name, Rows: t.rows, Copied: t.copied})
	}
	return m
}

// sourceRows hands the rows of a query to the driver one by one.
type sourceRows struct {
	table *moveTable
	rows  *sql.Rows
	row   []any // the last one
	read  int64
	bytes int
	err   error
}

// Next reads a row, until the transaction holds enough.
func (s *sourceRows) Next() bool {
	if s.err != nil || s.bytes >= moveBytes || !s.rows.Next() {
		return false
	}
	s.row, s.err = s.table.scan(s.rows)
	s.read++
	s.bytes += sizeOf(s.row)
	return s.err == nil
}

// Values gives the row.
func (s *sourceRows) Values() ([]any, error) { return s.row, nil }

// Err tells of a row that could not be read.
func (s *sourceRows) Err() error { return errors.Join(s.err, s.rows.Err()) }

func sizeOf(row []any) (n int) {
	for _, v := range row {
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		default:
			n += 8
		}
	}
	return n
}

func commas(columns []string) string { return strings.Join(columns, ", ") }
