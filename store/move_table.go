package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// heldTables are those in which every write of a replica ends. They are copied first, and then held.
var heldTables = []string{"sources", "keys", "work", "labels", "alerts", "outages"}

// movedTables are all tables with the key by which both sides are read, but feed, of which each database has its own, the
// index behind lists, which is made anew, and what carriedOver carries.
var movedTables = []struct{ name, key string }{
	{"sources", "source, shard"},
	{"keys", "hash"},
	{"work", "kind, key"},
	{"labels", "subject"},
	{"alerts", "id"},
	{"outages", "source, from_at"},
	{"subjects", "id"},
	{"events", "subject, at, rank, fp"},
	{"bodies", "id"},
	{"changes", "seq"},
	{"parked", "seq"},
	{"idempotency", "id"},
	{"alert_steps", "alert, n"},
	{"items", "id"},
	{"notifications", "id"},
	{"told", "channel, grp"},
	{"channels", "channel"},
}

// moveTable is a table on both sides. Its columns are read from PostgreSQL's catalogue, so that none is forgotten.
type moveTable struct {
	name    string
	keys    int      // the first so many columns are the key
	columns []string // without the writer of a change, which PostgreSQL adds
	kinds   []string // PostgreSQL's types of them
	rows    int64    // in the source
	copied  int64    // by this run
}

func describeTables(ctx context.Context, conn *pgx.Conn) ([]*moveTable, error) {
	const columns = `SELECT attname::text, atttypid::regtype::text FROM pg_attribute
		WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND atttypid <> 'xid8'::regtype
		ORDER BY array_position($2::text[], attname::text), attnum` // those that are not of the key come last
	var tables []*moveTable
	for _, m := range movedTables {
		key := strings.Split(m.key, ", ")
		t := &moveTable{name: m.name, keys: len(key)}
		rows, err := conn.Query(ctx, columns, m.name, key)
		if err != nil {
			return nil, err
		}
		var name, kind string
		if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
			t.columns, t.kinds = append(t.columns, name), append(t.kinds, kind)
			return nil
		}); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// mark is how far a table is copied.
type mark struct {
	Rows int64    `json:"rows"`
	Last []string `json:"last"` // the key of the last row, as texts
}

// page is the query for the rows behind a mark; its last parameter is how many.
func (t *moveTable) page(from mark) (query string, args []any, err error) {
	query = t.selection()
	if from.Rows > 0 {
		query += " WHERE (" + commas(t.columns[:t.keys]) + ") > (" + strings.TrimSuffix(strings.Repeat("?, ", t.keys), ", ") + ")"
		args, err = t.keyOf(from.Last)
	}
	return query + t.order() + " LIMIT ?", args, err
}

func (t *moveTable) selection() string { return "SELECT " + commas(t.columns) + " FROM " + t.name }

func (t *moveTable) order() string { return " ORDER BY " + commas(t.columns[:t.keys]) }

// feedOrder is order in PostgreSQL: changes must come by their writers as they come by their numbers.
func (t *moveTable) feedOrder() string {
	if t.name == "changes" {
		return " ORDER BY stamp, seq"
	}
	return t.order()
}

// scan reads a row of SQLite's as PostgreSQL takes it and gives it back.
func (t *moveTable) scan(rows *sql.Rows) ([]any, error) {
	row := make([]any, len(t.columns))
	into := make([]any, len(row))
	for i := range row {
		into[i] = &row[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, kind := range t.kinds {
		row[i] = asPostgres(row[i], kind)
	}
	return row, nil
}

// asPostgres turns a value of SQLite's into what PostgreSQL has in its place.
func asPostgres(v any, kind string) any {
	switch kind {
	case "boolean":
		if n, ok := v.(int64); ok && (n == 0 || n == 1) {
			return n != 0
		}
	case "bytea":
		if b, ok := v.([]byte); v == nil || ok && b == nil { // a driver's empty one: no column of bytes can be null
			return []byte{}
		}
	}
	return v
}

// key gives a row's key as texts.
func (t *moveTable) key(row []any) []string {
	key := make([]string, t.keys)
	for i, v := range row[:t.keys] {
		if b, ok := v.([]byte); ok {
			v = hex.EncodeToString(b)
		}
		key[i] = fmt.Sprint(v)
	}
	return key
}

// keyOf is the inverse of key.
func (t *moveTable) keyOf(texts []string) (key []any, err error) {
	if len(texts) != t.keys {
		return nil, fmt.Errorf("the mark of %s is not a key of it", t.name)
	}
	for i, text := range texts {
		var v any = text
		switch t.kinds[i] {
		case "bigint":
			v, err = strconv.ParseInt(text, 10, 64)
		case "bytea":
			v, err = hex.DecodeString(text)
		}
		if err != nil {
			return nil, err
		}
		key = append(key, v)
	}
	return key, nil
}

// names shows a row's table and key to people.
func (t *moveTable) names(row []any) string {
	var b strings.Builder
	b.WriteString(t.name)
	for i, text := range t.key(row) {
		if t.kinds[i] == "text" {
			text = strconv.Quote(text)
		}
		fmt.Fprintf(&b, " %s=%s", t.columns[i], text)
	}
	return b.String()
}

// compare orders rows by their keys, as both databases do.
func (t *moveTable) compare(a, b []any) int {
	for i := range t.keys {
		if c := compareValues(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// differing lists the columns in which two rows are not the same.
func (t *moveTable) differing(a, b []any) (columns []string) {
	for i := range t.columns {
		if compareValues(a[i], b[i]) != 0 {
			columns = append(columns, t.columns[i])
		}
	}
	return columns
}
