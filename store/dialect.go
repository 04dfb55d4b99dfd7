package store

import (
	"database/sql"
	"strconv"
	"strings"
	"sync"

	"gorm.io/gorm"

	"giftline/domain"
)

// dialect is what the two databases do differently. Everything else is the same text for both.
type dialect struct {
	pair     string              // a row of subject and fingerprint in a list of values
	probe    string              // the least that shows that the database takes writes
	snapshot *sql.TxOptions      // for reads that must fit together
	bind     func(string) string // ? as the driver wants it
	steady   *sql.TxOptions      // for a transaction that writes by what it read
	anyOf    func(column string, keys [][]byte) (where string, args []any)
	among    func(column string, keys []int64) (where string, args []any)
	lock     string                      // behind a query whose rows this transaction is going to change
	update   string                      // behind one that has an order
	claim    string                      // behind a query whose rows only one replica may take
	lockRows string                      // behind a query in an order of its own, whose rows nobody else may change meanwhile
	clock    func(domain.Instant) string // the database's own clock, given ours
	feed     feedQueries
	seen     string // a number above those of all changes that a snapshot holds
	last     string // (stamp, seq) of the last change, settled or not; ordered by the column, not by its text
	inside   string // where in a column of a type something is, from 1
	elements string // of an alert's sources, as rows of told.value
	shut     string // keeps readers of the index out
	hold     string // first of all in a transaction that reads the index: keeps it from being emptied
	empty    string // before the name of a table
	load     func(*sequences, *gorm.DB, int) error
}

var sqliteDialect = &dialect{
	pair:     "(?, ?)",
	probe:    "PRAGMA user_version = 0", // a number nobody reads: one page, synced
	anyOf:    inList,
	among:    amongList,
	bind:     func(query string) string { return query },
	clock:    func(now domain.Instant) string { return strconv.FormatInt(int64(now), 10) }, // one process, one clock
	feed:     feedOfFile,
	seen:     "SELECT coalesce(max(seq), 0) + 1 FROM changes",
	last:     "SELECT '0', coalesce(max(seq), 0) FROM changes",
	inside:   "instr(%s, ?%.0s)",
	elements: "json_each(alerts.sources) AS told",
	empty:    "DELETE FROM ",
	load:     (*sequences).loadFile,
}

var postgresDialect = &dialect{
	pair:     "(?::bigint, ?::bytea)",
	probe:    "UPDATE sources SET received = received WHERE source = ''",
	snapshot: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	steady:   &sql.TxOptions{Isolation: sql.LevelRepeatableRead},
	among:    func(column string, keys []int64) (string, []any) { return column + " = ANY(?::bigint[])", []any{keys} },
	anyOf:    func(column string, keys [][]byte) (string, []any) { return column + " = ANY($1::bytea[])", []any{keys} },
	bind:     numbered,
	lock:     " ORDER BY digest FOR UPDATE",
	update:   " FOR UPDATE",
	elements: "json_array_elements_text(alerts.sources::json) AS told (value)",
	claim:    " FOR UPDATE SKIP LOCKED",
	lockRows: " FOR UPDATE",
	clock:    func(domain.Instant) string { return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint" },
	feed:     feedShared,
	seen:     "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
	last: "SELECT coalesce((SELECT c.stamp::text FROM changes c ORDER BY c.stamp DESC, c.seq DESC LIMIT 1), '0'), " +
		"coalesce((SELECT c.seq FROM changes c ORDER BY c.stamp DESC, c.seq DESC LIMIT 1), 0)",
	inside: "position(?::%[2]s IN %[1]s)",
	shut:   "LOCK TABLE follower IN ACCESS EXCLUSIVE MODE",
	hold:   "LOCK TABLE follower IN ACCESS SHARE MODE", // no query: the snapshot is taken behind it
	empty:  "TRUNCATE ",
	load:   (*sequences).loadShared,
}

// inList looks for keys in a list of one of a few lengths, so that the statements stay in the driver's cache.
func inList(column string, keys [][]byte) (string, []any) {
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	args = padded(args, 1)
	return column + " IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args
}

// options are what a read transaction begins with.
func (d *dialect) options() []*sql.TxOptions {
	if d.snapshot == nil {
		return nil
	}
	return []*sql.TxOptions{d.snapshot}
}

// steadily are what a transaction begins with that writes by what it read.
func (d *dialect) steadily() []*sql.TxOptions {
	if d.steady == nil {
		return nil
	}
	return []*sql.TxOptions{d.steady}
}

var numberedQueries sync.Map // by the query with question marks: there are a few dozen

// numbered turns ? into $1, $2, …. None of our statements holds a question mark in a literal.
func numbered(query string) string {
	if bound, ok := numberedQueries.Load(query); ok {
		return bound.(string)
	}
	var b strings.Builder
	for i, part := range strings.Split(query, "?") {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	numberedQueries.Store(query, b.String())
	return b.String()
}
