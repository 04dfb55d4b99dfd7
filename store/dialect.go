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
	anyOf    func(column string, keys [][]byte) (where string, args []any)
	lock     string                      // behind a query whose rows this transaction is going to change
	claim    string                      // behind a query whose rows only one replica may take
	clock    func(domain.Instant) string // the database's own clock, given ours
	feed     feedQueries
	load     func(*sequences, *gorm.DB, int) error
}

var sqliteDialect = &dialect{
	pair:  "(?, ?)",
	probe: "PRAGMA user_version = 0", // a number nobody reads: one page, synced
	anyOf: inList,
	bind:  func(query string) string { return query },
	clock: func(now domain.Instant) string { return strconv.FormatInt(int64(now), 10) }, // one process, one clock
	feed:  feedOfFile,
	load:  (*sequences).loadFile,
}

var postgresDialect = &dialect{
	pair:     "(?::bigint, ?::bytea)",
	probe:    "UPDATE sources SET received = received WHERE source = ''",
	snapshot: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	anyOf:    func(column string, keys [][]byte) (string, []any) { return column + " = ANY($1::bytea[])", []any{keys} },
	bind:     numbered,
	lock:     " ORDER BY digest FOR UPDATE",
	claim:    " FOR UPDATE SKIP LOCKED",
	clock:    func(domain.Instant) string { return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint" },
	feed:     feedShared,
	load:     (*sequences).loadShared,
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
