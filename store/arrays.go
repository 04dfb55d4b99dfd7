package store

import (
	"strconv"
	"strings"
)

// pendingInsert is a multi-row insert that waits for the batch's other ones.
type pendingInsert struct {
	*insertion
	columns []column
}

// insertArrays is insert for PostgreSQL: it waits for flush, so that a batch makes one way to the server instead of five.
func (b *batch) insertArrays(in *insertion, n int, values func(i int, args []any) []any) {
	b.inserts = append(b.inserts, pendingInsert{in, in.fill(n, values)})
}

// flush sends what waits as one statement. Its text is one of a few, so that the server has it prepared.
func (b *batch) flush() error {
	if len(b.inserts) == 0 {
		return nil
	}
	var query strings.Builder
	var args []any
	for i, p := range b.inserts {
		query.WriteString([]string{"WITH", ","}[min(i, 1)] + " w" + strconv.Itoa(i) + " AS (")
		args = p.arrays(&query, p.columns, args)
		query.WriteString(")")
	}
	query.WriteString(" SELECT 1")
	b.inserts = nil
	_, err := b.tx.Statement.ConnPool.ExecContext(b.tx.Statement.Context, query.String(), args...)
	return err
}

// fill turns rows into columns.
func (in *insertion) fill(n int, values func(i int, args []any) []any) []column {
	columns := make([]column, in.columns)
	row := make([]any, 0, in.columns)
	for i := range n {
		row = values(i, row[:0])
		for c := range columns {
			columns[c].add(row[c])
		}
	}
	return columns
}

// arrays writes the insert with an array per column, so that one short statement takes any number of rows and is planned
// once for all of them.
func (in *insertion) arrays(query *strings.Builder, columns []column, args []any) []any {
	query.WriteString(in.head + "unnest(")
	for c := range columns {
		kind, array := columns[c].array()
		args = append(args, array)
		if c > 0 {
			query.WriteString(", ")
		}
		query.WriteString("$" + strconv.Itoa(len(args)) + "::" + kind + "[]")
	}
	query.WriteString(")" + in.tail)
	return args
}

// column collects the values of one column, all of one type; numbers may be null.
type column struct {
	numbers []int64
	nulls   []int // which of the numbers are null
	texts   []string
	bytes   [][]byte
	bools   []bool
}

func (c *column) add(v any) {
	switch v := v.(type) {
	case nil:
		c.nulls = append(c.nulls, len(c.numbers))
		c.numbers = append(c.numbers, 0)
	case int64:
		c.numbers = append(c.numbers, v)
	case int:
		c.numbers = append(c.numbers, int64(v))
	case string:
		c.texts = append(c.texts, v)
	case []byte:
		c.bytes = append(c.bytes, v)
	case bool:
		c.bools = append(c.bools, v)
	}
}

// array gives PostgreSQL's name of the type, and the values.
func (c *column) array() (string, any) {
	switch {
	case c.texts != nil:
		return "text", c.texts
	case c.bytes != nil:
		return "bytea", c.bytes
	case c.bools != nil:
		return "boolean", c.bools
	case c.nulls != nil:
		return "bigint", c.nullable()
	}
	return "bigint", c.numbers
}

func (c *column) nullable() []*int64 {
	all := make([]*int64, len(c.numbers))
	for i := range c.numbers {
		all[i] = &c.numbers[i]
	}
	for _, i := range c.nulls {
		all[i] = nil
	}
	return all
}
