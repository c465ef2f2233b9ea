package ledger

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"

	"github.com/waybill-relay/waybill/orders"
)

// The errors a caller may tell apart with errors.Is. Each carries a code of
// package orders, and none holds anything of a message.
var (
	// ErrClosed: the ledger was closed; nothing of the call was written.
	ErrClosed = &orders.Error{Code: orders.EUNAVAILABLE, Message: "the ledger is closed"}
	// ErrReadOnly: a write to a ledger from OpenReadOnly.
	ErrReadOnly = &orders.Error{Code: orders.EUNAVAILABLE, Message: "the ledger was opened for reading only"}
	// ErrFull: the disk, a quota, or the limit set for the file has no room; nothing
	// of the call was written. Once there is room again, writing works again.
	ErrFull = &orders.Error{Code: orders.EUNAVAILABLE, Message: "the ledger has no room left on its disk"}
	// ErrSchema: the file is no ledger that this program can use.
	ErrSchema = &orders.Error{Code: orders.EUNAVAILABLE, Message: "the ledger's schema does not fit this program"}
	// ErrInvalid: an event or a fact that cannot be stored.
	ErrInvalid = &orders.Error{Code: orders.EINVALID, Message: "the ledger cannot hold this"}
	// ErrEphemeral: an event of a kind that is never stored (NIP-01).
	ErrEphemeral = &orders.Error{Code: orders.EINVALID, Message: "an ephemeral event is not stored"}
	// ErrFilterTooLarge: a filter with more than MaxFilterValues values.
	ErrFilterTooLarge = &orders.Error{Code: orders.EINVALID, Message: fmt.Sprintf("a filter may have at most %d values", MaxFilterValues)}
	// ErrNoRow: there is no inbox row of that number.
	ErrNoRow = &orders.Error{Code: orders.ENOTFOUND, Message: "the inbox has no such row"}
	// ErrSettled: the inbox row is opened or unreadable already.
	ErrSettled = &orders.Error{Code: orders.ECONFLICT, Message: "the inbox row is settled already"}
)

// SQLite's primary result codes (https://www.sqlite.org/rescode.html).
const (
	sqliteBusy       = 5
	sqliteIOErr      = 10
	sqliteCorrupt    = 11
	sqliteFull       = 13
	sqliteCantOpen   = 14
	sqliteConstraint = 19
	sqliteNotADB     = 26
)

// failed gives an error of the database the form in which it leaves the
// package: what was being done, a code, and the cause for the log.
func failed(doing string, err error) error {
	var known *orders.Error
	switch {
	case err == nil:
		return nil
	case hasCode(err, sqliteFull), errors.Is(err, ErrFull):
		return fmt.Errorf("%s: %w", doing, ErrFull)
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case hasCode(err, sqliteConstraint):
		return orders.Errorf(orders.EINTERNAL, "ledger: %s: %w", doing, err)
	}
	return orders.Errorf(orders.EUNAVAILABLE, "ledger: %s: %w", doing, err)
}

// hasCode reports whether err is SQLite's with that primary result code.
func hasCode(err error, code int) bool {
	var db *sqlite.Error
	return errors.As(err, &db) && db.Code()&0xff == code
}

// invalid is ErrInvalid with what is wrong.
func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
