package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// A Problem is one thing in the ledger that is not as it must be. It is fit to be
// printed: it holds nothing of a message, and no key.
type Problem struct {
	Where string // "event 12", "inbox row 5", "fact 7", "order A-1"
	What  string
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// Verified counts what Verify looked at: Signatures are those of events and of
// seals that were computed anew, Forgotten the inbox rows whose event is gone for
// a reason that stands there, Retired the orders that are tombstones.
type Verified struct {
	Events, Inbox, Facts, Orders   int64
	Signatures, Forgotten, Retired int64
	Problems                       int64
	started, of                    int64
}

// Verify reads the ledger from end to end as it is at this moment, and tells
// report what is wrong:
//
//   - SQLite's own integrity check, and its foreign keys;
//   - every event's id and signature (NIP-01), who may read it, and its tags;
//   - every inbox row's event, or why that is gone, and the signature of its seal;
//   - every fact's source: the row it came by, the message and the author of the
//     seal in it, and that the columns say what the fact says;
//   - every order's beginning, and that of a retired one nothing private is left.
//
// What is in the messages takes their readers' keys, and is not looked at.
// progress, where it is not nil, is told how much is done. The error is the
// database's, or the context's; a problem is none.
func (l *Ledger) Verify(ctx context.Context, report func(Problem), progress func(done, of int64)) (Verified, error) {
	v := &verifying{report: report, progress: progress}
	faults, err := integrity(ctx, l.reads.db)
	if err != nil {
		return v.Verified, failed("verifying the ledger", err)
	}
	for _, fault := range faults {
		v.problem("database", "%s", fault)
	}
	// One read transaction: what is written meanwhile must not look like a gap.
	read, err := l.reads.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return v.Verified, failed("verifying the ledger", err)
	}
	defer func() { _ = read.Rollback() }() // it has written nothing
	v.read = read
	for _, step := range []func(context.Context) error{v.count, v.references, v.events, v.strayTags, v.inbox, v.facts, v.orders} {
		if err := step(ctx); err != nil {
			return v.Verified, failed("verifying the ledger", err)
		}
	}
	return v.Verified, nil
}

type verifying struct {
	Verified
	read     *sql.Tx
	report   func(Problem)
	progress func(done, of int64)
}

func (v *verifying) problem(where, format string, args ...any) {
	v.Problems++
	v.report(Problem{where, fmt.Sprintf(format, args...)})
}

func (v *verifying) did() {
	if v.started++; v.progress != nil {
		v.progress(v.started, v.of)
	}
}

// integrity is what SQLite finds wrong with the file, nothing for a sound one.
func integrity(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "PRAGMA integrity_check")
	if err != nil {
		return nil, err
	}
	faults, err := collect(rows, scanString)
	if err == nil && len(faults) == 1 && faults[0] == "ok" {
		faults = nil
	}
	return faults, err
}

func (v *verifying) count(ctx context.Context) error {
	return v.read.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM inbox) + (SELECT count(*) FROM facts) + (SELECT count(*) FROM order_ids)`).Scan(&v.of)
}

func (v *verifying) references(ctx context.Context) error {
	rows, err := v.read.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	broken, err := collect(rows, func(rows *sql.Rows) (s string, err error) {
		var table, parent string
		var row sql.NullInt64
		var key int
		err = rows.Scan(&table, &row, &parent, &key)
		return fmt.Sprintf("row %d of %s points to a row of %s that is not there", row.Int64, table, parent), err
	})
	for _, what := range broken {
		v.problem("database", "%s", what)
	}
	return err
}

// verifyPage rows are read at a time.
const verifyPage = 200

// pages hands every row of a query to check. The query takes the place after
// which it goes on, and how many.
func pages[T any](ctx context.Context, v *verifying, query string, first any, scan func(*sql.Rows) (T, error), check func(T) (place any, err error)) error {
	for at := first; ; {
		rows, err := v.read.QueryContext(ctx, query, at, verifyPage)
		if err != nil {
			return err
		}
		page, err := collect(rows, scan)
		if err != nil {
			return err
		}
		for _, one := range page {
			if at, err = check(one); err != nil {
				return err
			}
			v.did()
		}
		if len(page) < verifyPage {
			return nil
		}
	}
}

// differ lists the columns that do not say what they should.
type differ []string

func (d *differ) unless(same bool, column string) {
	if !same {
		*d = append(*d, column)
	}
}

func (d differ) String() string { return strings.Join(d, ", ") }
