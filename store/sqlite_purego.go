//go:build !cgo

package store

import (
	"errors"

	sqlite3 "modernc.org/sqlite"
)

// driverName is database/sql's name for the driver without C. It takes the same DSN as the one in C, but has no cache
// of statements.
const driverName = "sqlite"

// sqliteCode gives SQLite's extended result code, or 0 for an error that is not SQLite's.
func sqliteCode(err error) int {
	var e *sqlite3.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code()
}
