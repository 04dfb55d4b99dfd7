package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"giftline/domain"
)

const (
	namedDifferences = 20
	tellEvery        = 1000 // rows compared
)

// compareTables reads both sides row by row in the order of the keys.
func (v *mover) compareTables(ctx context.Context) error {
	v.rows = 0
	for _, t := range v.tables {
		if err := v.compareTable(ctx, t); err != nil {
			return fmt.Errorf("comparing %s: %w", t.name, err)
		}
	}
	return nil
}

func (v *mover) compareTable(ctx context.Context, t *moveTable) error {
	v.tell(t, true, 0)
	there, err := v.source.QueryContext(ctx, t.selection()+t.order())
	if err != nil {
		return err
	}
	defer there.Close()
	here, err := v.target.conn.Query(ctx, t.selection()+t.feedOrder())
	if err != nil {
		return err
	}
	defer here.Close()
	c := comparison{table: t, source: v.counted(t, there), target: targetReader(here), differ: v.differ}
	return c.run()
}

// rowReader gives the next row; none at the end.
type rowReader func() ([]any, error)

// counted reads the source and counts its rows.
func (v *mover) counted(t *moveTable, rows *sql.Rows) rowReader {
	t.rows = 0
	return func() ([]any, error) {
		if !rows.Next() {
			v.tell(t, true, t.rows%tellEvery)
			return nil, rows.Err()
		}
		if t.rows++; t.rows%tellEvery == 0 {
			v.tell(t, true, tellEvery)
		}
		return t.scan(rows)
	}
}

func targetReader(rows pgx.Rows) rowReader {
	return func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		return rows.Values()
	}
}

// comparison goes through the rows of both sides as a merge does.
type comparison struct {
	table          *moveTable
	source, target rowReader
	differ         func(string)
}

func (c *comparison) run() error {
	a, err := c.source()
	if err != nil {
		return err
	}
	b, err := c.target()
	for err == nil && (a != nil || b != nil) {
		order := c.step(a, b)
		if order <= 0 {
			a, err = c.source()
		}
		if order >= 0 && err == nil {
			b, err = c.target()
		}
	}
	return err
}

// step compares two rows, of which one may be missing, and tells which side comes first: it is its turn, or both's.
func (c *comparison) step(a, b []any) int {
	order := -1
	switch {
	case a == nil:
		order = 1
	case b != nil:
		order = c.table.compare(a, b)
	}
	switch {
	case order < 0:
		c.differ(c.table.names(a) + " is missing")
	case order > 0:
		c.differ(c.table.names(b) + " is not in the source")
	default:
		if columns := c.table.differing(a, b); columns != nil {
			c.differ(c.table.names(a) + " differs in " + commas(columns))
		}
	}
	return order
}

func (v *mover) differ(what string) {
	if v.number++; v.number <= namedDifferences {
		v.differs = append(v.differs, what)
	}
}

// differences is the error of a copy that is not the same.
func (v *mover) differences() error {
	more := ""
	if v.number > int64(len(v.differs)) {
		more = "\n  …"
	}
	return domain.Errorf(domain.CodeDamaged, "%d rows of %s are not those of the source, so the move is not finished: "+
		"make that database anew, empty, and move again\n  %s%s", v.number, v.target.name, strings.Join(v.differs, "\n  "), more)
}

// compareValues orders values of one column. Two of unlike types are never the same.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case []byte:
		if b, ok := b.([]byte); ok {
			return bytes.Compare(a, b)
		}
	case bool:
		if b, ok := b.(bool); ok && a == b {
			return 0
		}
	case nil:
		if b == nil {
			return 0
		}
	}
	return -1
}
