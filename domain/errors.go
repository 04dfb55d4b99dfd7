package domain

import (
	"errors"
	"fmt"
)

// Code is a stable, documented word for an error that a caller can act on.
type Code string

// The codes. Verdicts are not errors.
const (
	CodeInvalid      Code = "invalid"                // the request cannot be understood
	CodeNotFound     Code = "not_found"              // no such thing
	CodeNotFoundAt   Code = "not_found_at"           // known, but nothing yet at the time asked for
	CodeAmbiguous    Code = "ambiguous"              // the id is known at several providers
	CodeBusy         Code = "busy"                   // nothing was recorded: try again soon
	CodeNewerMachine Code = "newer_machine"          // a newer version folded this subject: upgrade this replica
	CodeDamaged      Code = "damaged"                // stored bytes do not match their digest
	CodeNewerStore   Code = "newer_store"            // the database was migrated by a newer version
	CodeReset        Code = "reset"                  // the position in the feed is unknown or no longer kept: read everything anew
	CodeLost         Code = "lost"                   // the claim has ended, and another may hold it
	CodeErased       Code = "erased"                 // the bytes are not kept any more
	CodeReused       Code = "idempotency_key_reused" // the idempotency key came with another request before
	CodeInProgress   Code = "in_progress"            // the first request with this idempotency key is still running
	CodeNoStore      Code = "no_store"               // the database cannot be opened or used
)

// Error is an error a caller can act on: Message says what is wrong and what to do next.
type Error struct {
	Code    Code
	Message string
	Err     error // what lies beneath, for logs
}

// Error gives the message, with the cause behind it where there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a message for the caller.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf finds the code of err, or "" for one that is nobody's business but ours.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
