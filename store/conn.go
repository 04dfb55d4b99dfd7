package store

import (
	"database/sql"
	"strings"

	"gorm.io/gorm"
)

// conn runs plain statements in a transaction of gorm's, whose reflection would cost more than they do.
type conn struct {
	tx *gorm.DB
	d  *dialect
}

func (c conn) exec(statement string, args ...any) error {
	_, err := c.tx.Statement.ConnPool.ExecContext(c.tx.Statement.Context, c.d.bind(statement), args...)
	return err
}

// each reads the rows of a query, one by one.
func (c conn) each(row func(*sql.Rows) error, query string, args ...any) error {
	rows, err := c.tx.Statement.ConnPool.QueryContext(c.tx.Statement.Context, c.d.bind(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// numbers reads a column.
func (c conn) numbers(query string, args ...any) (all []int64, err error) {
	err = c.each(func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		all = append(all, n)
		return err
	}, query, args...)
	return all, err
}

// one reads a row that there always is.
func (c conn) one(into []any, query string, args ...any) error {
	return c.tx.Statement.ConnPool.QueryRowContext(c.tx.Statement.Context, c.d.bind(query), args...).Scan(into...)
}

// put runs a statement of many rows.
func (c conn) put(in *insertion, n int, values func(i int, args []any) []any) error {
	if n == 0 {
		return nil
	}
	if c.d != postgresDialect {
		return in.each(n, values, c.exec)
	}
	var query strings.Builder
	args := in.arrays(&query, in.fill(n, values), nil)
	_, err := c.tx.Statement.ConnPool.ExecContext(c.tx.Statement.Context, query.String(), args...)
	return err
}

// chunked asks for keys in portions, each a condition that column is one of them.
func (c conn) chunked(column string, keys []int64, ask func(where string, args []any) error) error {
	for len(keys) > 0 {
		n := min(len(keys), chunk)
		where, args := c.d.among(column, keys[:n])
		if err := ask(where, args); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// amongList is inList for numbers.
func amongList(column string, keys []int64) (string, []any) {
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	args = padded(args, 1)
	return column + " IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args
}
