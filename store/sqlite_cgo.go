//go:build cgo

package store

import (
	"errors"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// driverName is database/sql's name for the driver in C.
const driverName = "sqlite3"

// sqliteCode gives SQLite's extended result code, or 0 for an error that is not SQLite's.
func sqliteCode(err error) int {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return 0
	}
	if e.ExtendedCode != 0 {
		return int(e.ExtendedCode)
	}
	return int(e.Code)
}
