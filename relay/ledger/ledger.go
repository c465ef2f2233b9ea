// Package ledger is the truth of Waybill: one SQL database that holds what
// arrived (inbox), the events that are served (events), what was read in the
// messages (facts) and the ids the orders were given (order_ids). Everything
// else, Redis included, is computed from it and can be computed again.
//
// A write is durable when its method returns: all writers share one connection
// and, where they come together, one transaction and one fsync. Reads have their
// own connections and never wait for a writer.
//
// It never opens an envelope, never sees private text (boxes are ciphertext
// here), never verifies a signature and never decides who may publish what:
// that is the relay's business. It alone decides who may read what: see Query.
package ledger

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

var _ orders.Source = (*Ledger)(nil)

// A Ledger is one open database. Its methods may be called from any goroutine.
type Ledger struct {
	id     string
	now    func() time.Time
	reads  *reader
	writes *writer // nil where opened for reading only

	scrubbing, erasing chan struct{} // each has room for the one that may

	mu      sync.Mutex
	changed chan struct{} // closed and replaced by a commit that added facts or marks
}

// An Option changes how a ledger is opened.
type Option func(*options)

type options struct {
	now      func() time.Time
	maxPages int // PRAGMA max_page_count; 0: SQLite's own
}

// WithClock sets the clock that decides which events have expired (NIP-40) when
// they are asked for. The default is time.Now.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// Open opens the ledger in the file path and brings its schema up to date. A
// file that does not exist is made, readable by its owner alone; its folder must
// exist. ErrSchema where a newer program made the file.
func Open(ctx context.Context, path string, opts ...Option) (*Ledger, error) {
	o := options{now: time.Now}
	for _, opt := range opts {
		opt(&o)
	}
	// SQLite gives the -wal and -shm files the permissions of the database.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "opening the ledger: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "opening the ledger: %w", err)
	}
	w, id, err := openWriter(ctx, path, o.maxPages)
	if err != nil {
		return nil, failed("opening the ledger", err)
	}
	r, err := openReader(path, false)
	if err != nil {
		return nil, failed("opening the ledger", errors.Join(err, w.closeConn()))
	}
	l := &Ledger{
		id: id, now: o.now, reads: r, writes: w, changed: make(chan struct{}),
		scrubbing: make(chan struct{}, 1), erasing: make(chan struct{}, 1),
	}
	w.onNews = l.wake
	go w.run()
	return l, nil
}

// OpenReadOnly opens the ledger in the file path beside the process that writes
// it. Every method that writes returns ErrReadOnly, and Changed never wakes.
// ErrSchema where the file's schema is not this program's.
func OpenReadOnly(ctx context.Context, path string, opts ...Option) (*Ledger, error) {
	o := options{now: time.Now}
	for _, opt := range opts {
		opt(&o)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "opening the ledger: %w", err)
	}
	r, err := openReader(path, true)
	if err != nil {
		return nil, failed("opening the ledger", err)
	}
	l := &Ledger{now: o.now, reads: r, changed: make(chan struct{})}
	if l.id, err = identify(ctx, r.db); err != nil {
		r.close()
		return nil, failed("opening the ledger", err)
	}
	return l, nil
}

// Close waits for the writes already taken, then closes the file. Writes that
// come later get ErrClosed.
func (l *Ledger) Close() error {
	// The reader goes first, so that the writer is the last connection: it then
	// copies the write-ahead log into the file and removes it.
	err := l.reads.close()
	if l.writes != nil {
		if werr := l.writes.close(); err == nil {
			err = werr
		}
	}
	return failed("closing the ledger", err)
}

// ID names this ledger: 32 hex digits made at random when the file was made. A
// projection that carries another id was made from another ledger.
func (l *Ledger) ID() string { return l.id }

// Changed returns a channel that is closed by the next commit of this process
// that adds facts or erases some (News). Take it before reading, or a commit between is missed.
func (l *Ledger) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *Ledger) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
}

// Stats counts what this process wrote since Open: Entries as the callers
// handed them in, and the Commits that made them durable.
type Stats struct {
	Entries, Commits int64
}

// Stats returns the counts so far.
func (l *Ledger) Stats() Stats {
	if l.writes == nil {
		return Stats{}
	}
	return Stats{Entries: l.writes.entries.Load(), Commits: l.writes.commits.Load()}
}
