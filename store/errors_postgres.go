package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"giftline/domain"
)

// codeReadOnlyServer is what a write gets from a standby, and from a primary that was demoted.
const codeReadOnlyServer = "25006"

// serverTrouble are the classes and codes of PostgreSQL's errors that say nothing about what was written: the same write
// may succeed later.
var serverTrouble = []struct{ code, message string }{
	{"08", "the connection to PostgreSQL broke: it may be restarting"},
	{codeReadOnlyServer, "PostgreSQL takes no writes: is this a standby? Point GIFTLINE_DB at the primary"},
	{"25P", "PostgreSQL ended a transaction that stood still"},
	{"40", "PostgreSQL ended the transaction for another one's sake"},
	{"53", "PostgreSQL is out of disk, memory or connections"},
	{"55P03", "a row stays locked by another transaction"},
	{"57", "PostgreSQL ended the connection: it may be restarting"},
	{"58", "PostgreSQL cannot use its disk: see its log"},
}

// translateShared is translate for PostgreSQL; nil for errors that are not of it, or are to be blamed on what was
// written.
func translateShared(err error) error {
	code := postgresCode(err)
	if takesNoWrites(err) {
		code = codeReadOnlyServer
	}
	if code == "XX001" || code == "XX002" {
		return &domain.Error{Code: domain.CodeDamaged, Message: "the PostgreSQL database is damaged: restore the last backup", Err: err}
	}
	for _, t := range serverTrouble {
		if code != "" && strings.HasPrefix(code, t.code) {
			return &domain.Error{Code: domain.CodeBusy, Message: t.message, Err: err}
		}
	}
	if broken(err) {
		return &domain.Error{Code: domain.CodeBusy, Message: serverTrouble[0].message, Err: err}
	}
	return nil
}

// postgresCode is the SQLSTATE of an error, or empty.
func postgresCode(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// broken reports whether a connection ended under a statement. Whether that was done nobody knows.
func broken(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	for _, end := range []error{driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return errors.As(err, &connect) || errors.As(err, &network) || strings.Contains(err.Error(), "conn closed")
}

// takesNoWrites reports whether the servers that answered are standbys, or read-only for another reason.
func takesNoWrites(err error) bool {
	return errors.Is(err, pgconn.ErrReadOnlyConnection) || postgresCode(err) == codeReadOnlyServer
}

// lost reports whether the server behind a connection ended it, or went away or gave up its role under it.
func lost(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return false // it may just be slow
	}
	return broken(err) || takesNoWrites(err) || strings.HasPrefix(postgresCode(err), "57P")
}

// again reports whether a transaction should simply be tried again: it lost to another replica's, by a deadlock or by
// being second to insert the same key. The next time it sees what the other has done.
func again(err error) bool {
	switch postgresCode(err) {
	case "40001", "40P01", "23505":
		return true
	}
	return errors.Is(err, errMadeMeanwhile)
}
