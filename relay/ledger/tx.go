package ledger

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
)

// A tx is the open transaction as the entries see it. Its statements are
// prepared once. It knows no context: an entry that began is carried through.
type tx struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	news  int // facts added and marks set in this transaction

	limits atomic.Pointer[Limits]
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if s := t.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err == nil {
		t.stmts[query] = s
	}
	return s, err
}

// exec returns how many rows were changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	s, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// get scans one row; found is false where there is none.
func (t *tx) get(dest []any, query string, args ...any) (found bool, err error) {
	s, err := t.stmt(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRow(args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// list scans all rows: a cursor left open would see what is written meanwhile.
func list[T any](t *tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	s, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

func (t *tx) close() error {
	var errs []error
	for _, s := range t.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
