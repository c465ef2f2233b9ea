package ledger

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	_ "modernc.org/sqlite" // registers the driver
)

// busyTimeout is how long (ms) a connection waits for another's lock.
const busyTimeout = 5000

// A reader is the pool of connections for reading. They see what is committed.
type reader struct {
	db *sql.DB

	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func openReader(path string, readOnly bool) (*reader, error) {
	pragmas := []string{pragma("busy_timeout", busyTimeout), "query_only(1)", "temp_store(MEMORY)", "cache_size(-8000)"}
	dsn, err := dataSource(path, readOnly, pragmas)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	n := max(4, runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return &reader{db: db, stmts: map[string]*sql.Stmt{}}, nil
}

func (r *reader) close() error { return r.db.Close() }

// stmt prepares a query whose text is one of few, once.
func (r *reader) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.stmts[query]; s != nil {
		return s, nil
	}
	s, err := r.db.PrepareContext(ctx, query)
	if err == nil {
		r.stmts[query] = s
	}
	return s, err
}

// dataSource is the driver's name for the file path with these pragmas.
func dataSource(path string, readOnly bool, pragmas []string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q := url.Values{"_pragma": pragmas}
	if readOnly {
		q.Set("mode", "ro")
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	return u.String(), nil
}

func pragma(name string, value int) string { return name + "(" + strconv.Itoa(value) + ")" }

// all runs a prepared query and collects what scan makes of its rows.
func all[T any](ctx context.Context, r *reader, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	s, err := r.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) (out []T, err error) {
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// one runs a prepared query that has one row; sql.ErrNoRows where it has none.
func (r *reader) one(ctx context.Context, dest []any, query string, args ...any) error {
	s, err := r.stmt(ctx, query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(ctx, args...).Scan(dest...)
}

func scanString(rows *sql.Rows) (s string, err error) {
	err = rows.Scan(&s)
	return s, err
}
