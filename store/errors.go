package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"giftline/domain"
)

// SQLite's result codes; the low byte of an extended one is its primary code.
const (
	codeBusy      = 5
	codeLocked    = 6
	codeNoMemory  = 7
	codeReadOnly  = 8
	codeInterrupt = 9
	codeIO        = 10
	codeCorrupt   = 11
	codeFull      = 13
	codeCantOpen  = 14
	codeNotADB    = 26

	codeCheck      = 275
	codeForeignKey = 787
	codePrimaryKey = 1555
	codeUnique     = 2067
)

// trouble are the failures of the machine, not of what was written: the same write may succeed later.
var trouble = map[int]string{
	codeBusy:      "the database stays locked: close other programs that have its file open",
	codeLocked:    "the database stays locked: close other programs that have its file open",
	codeNoMemory:  "the machine is out of memory",
	codeReadOnly:  "the database cannot be written: check its owner and mode, and whether its disk became read-only",
	codeInterrupt: "the database took too long: check the load of the machine and its disk",
	codeIO:        "the disk under the database fails: check it and the system log",
	codeFull:      "the disk under the database is full: free some space",
	codeCantOpen:  "a file of the database cannot be opened: check its directory and the limit of open files",
}

// translate gives an error the code that callers act on. CodeBusy and CodeDamaged mean that the machine or the file is
// in trouble; what comes back without a code is to be blamed on what was written.
func translate(err error) error {
	if err == nil || domain.CodeOf(err) != "" {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) { // before the drivers' own: to them it looks like a broken connection
		return &domain.Error{Code: domain.CodeBusy, Message: trouble[codeInterrupt], Err: err}
	}
	if shared := translateShared(err); shared != nil {
		return shared
	}
	code := sqliteCode(err) & 0xff
	switch message, ok := trouble[code]; {
	case ok:
		return &domain.Error{Code: domain.CodeBusy, Message: message, Err: err}
	case code == codeCorrupt || code == codeNotADB:
		return &domain.Error{Code: domain.CodeDamaged, Message: "the database file is damaged: stop, keep a copy of it, and restore the last backup", Err: err}
	}
	return err
}

// openError says why a database cannot be used, and what to do about it.
func openError(path string, err error) error {
	if domain.CodeOf(err) != "" {
		return err
	}
	return &domain.Error{Code: domain.CodeNoStore, Message: openMessage(path, err), Err: err}
}

func openMessage(path string, err error) string {
	switch code := sqliteCode(err) & 0xff; {
	case errors.Is(err, fs.ErrNotExist) && missing(filepath.Dir(path)):
		return fmt.Sprintf("the directory of the database, %s, does not exist: create it, or set GIFTLINE_DB to another path", filepath.Dir(path))
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no database %s: start giftline serve first, or set GIFTLINE_DB to the right path", path)
	case errors.Is(err, syscall.EISDIR):
		return fmt.Sprintf("the database %s is a directory: set GIFTLINE_DB to the path of a file", path)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), code == codeReadOnly, code == codeCantOpen:
		return fmt.Sprintf("the database %s cannot be written: this user needs to read and write it and its directory, on a disk that is not read-only", path)
	case code == codeNotADB:
		return fmt.Sprintf("%s is not an SQLite database: set GIFTLINE_DB to another path, or restore a backup", path)
	case code == codeCorrupt:
		return fmt.Sprintf("the database %s is damaged: keep a copy of it and restore the last backup", path)
	case code == codeBusy || code == codeLocked:
		return fmt.Sprintf("the database %s is locked by another program: close whatever has it open", path)
	case code == codeFull:
		return fmt.Sprintf("the disk of the database %s is full: free some space", path)
	}
	return fmt.Sprintf("the database %s cannot be opened", path)
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
