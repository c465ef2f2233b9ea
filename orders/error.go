package orders

import (
	"errors"
	"fmt"
)

// Code classes an error by what the caller can do about it.
type Code string

// The codes. ENOTFOUND also stands for what the caller may not know to exist.
const (
	EINVALID     Code = "invalid"     // the call's values are off
	ENOTFOUND    Code = "not_found"   // no such order, to this caller
	EFORBIDDEN   Code = "forbidden"   // known, but not for this caller to do
	ECONFLICT    Code = "conflict"    // the order's state does not allow it
	EUNAVAILABLE Code = "unavailable" // Redis, the ledger or a relay does not answer
	EINTERNAL    Code = "internal"    // a fault of ours
)

// Error is an error with a code for programs and a sentence for users, which
// never holds private text.
type Error struct {
	Code    Code
	Message string
	Err     error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error. A %w verb makes the cause reachable by errors.Is.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// ErrorCode is the code of the first Error in err's chain, EINTERNAL for any
// other error, "" for nil.
func ErrorCode(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return EINTERNAL
}
