package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// maxBatch is how many entries share a transaction at most: a full one takes
// some tens of milliseconds, which is what the last of them waits.
const maxBatch = 256

// A writer owns the one connection that writes. Its goroutine takes all entries
// that are waiting, applies them in one transaction, and answers them all after
// the commit. So seqs are given in the order in which they become visible, and who
// has read up to one has missed none below it.
type writer struct {
	path  string
	db    *sql.DB
	conn  *sql.Conn
	tx    tx
	queue chan *entry // unbuffered: what was taken will be answered
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once
	err   error // of closing

	onNews           func()
	entries, commits atomic.Int64
}

// An entry is one caller's write: it succeeds or fails as a whole, and alone.
type entry struct {
	ctx   context.Context
	apply func(*tx) error
	done  chan error
}

// openWriter also brings the schema up to date, and returns the ledger's id.
func openWriter(ctx context.Context, path string, maxPages int) (w *writer, id string, err error) {
	pragmas := []string{
		pragma("busy_timeout", busyTimeout), "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)",
		"temp_store(MEMORY)", "cache_size(-32000)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)",
	}
	if maxPages > 0 {
		pragmas = append(pragmas, pragma("max_page_count", maxPages))
	}
	dsn, err := dataSource(path, false, pragmas)
	if err != nil {
		return nil, "", err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, "", err
	}
	db.SetMaxOpenConns(1)
	if err = connect(ctx, db); err == nil {
		id, err = migrate(ctx, db, migrations)
	}
	if err != nil {
		return nil, "", errors.Join(orFull(err, path), db.Close())
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, "", errors.Join(err, db.Close())
	}
	return &writer{
		path: path, db: db, conn: conn, queue: make(chan *entry), stop: make(chan struct{}), done: make(chan struct{}),
		tx: tx{conn: conn, stmts: map[string]*sql.Stmt{}},
	}, id, nil
}

// connect waits for its turn where several processes make one new file: of the
// step to the write-ahead log SQLite says at once that it is busy, in spite of
// busy_timeout.
func connect(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := db.PingContext(ctx)
		if !hasCode(err, sqliteBusy) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (w *writer) run() {
	defer close(w.done)
	batch := make([]*entry, 0, maxBatch)
	for {
		select {
		case e := <-w.queue:
			batch = w.gather(append(batch[:0], e))
			w.commit(batch)
		case <-w.stop:
			return
		}
	}
}

// gather takes what else is waiting. It lets the callers of the last batch run
// first: they were all answered at once, and the first to come back would
// otherwise have a transaction, and an fsync, for itself.
func (w *writer) gather(batch []*entry) []*entry {
	runtime.Gosched()
	for len(batch) < maxBatch {
		select {
		case e := <-w.queue:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

func (w *writer) commit(batch []*entry) {
	results := make([]error, len(batch))
	w.tx.news = 0
	err := orFull(w.transact(batch, results), w.path)
	if err == nil {
		w.entries.Add(int64(len(batch)))
		w.commits.Add(1)
		if w.tx.news > 0 {
			w.onNews()
		}
	}
	for i, e := range batch {
		if err != nil {
			e.done <- err
		} else {
			e.done <- orFull(results[i], w.path)
		}
	}
}

// transact fails as a whole where SQLite gave up the transaction, or could not
// make it durable.
func (w *writer) transact(batch []*entry, results []error) (err error) {
	if _, err := w.tx.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// SQLite may have rolled back by itself; then this is an error of no interest.
			_, _ = w.tx.exec("ROLLBACK")
		}
	}()
	for i, e := range batch {
		if results[i] = e.ctx.Err(); results[i] != nil {
			continue
		}
		if results[i], err = w.apply(e); err != nil {
			return err
		}
	}
	_, err = w.tx.exec("COMMIT")
	return err
}

// apply returns the entry's own error, and the one that ends the transaction.
func (w *writer) apply(e *entry) (own, fatal error) {
	if _, err := w.tx.exec("SAVEPOINT entry"); err != nil {
		return nil, err
	}
	news := w.tx.news
	if own = e.run(&w.tx); own != nil {
		w.tx.news = news
		if _, err := w.tx.exec("ROLLBACK TO entry"); err != nil {
			return nil, own // no savepoint: SQLite rolled back everything
		}
	}
	if _, err := w.tx.exec("RELEASE entry"); err != nil {
		return nil, err
	}
	return own, nil
}

// run keeps a fault in one entry from ending the process, and the others' commit.
func (e *entry) run(t *tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic of type %T", r)
		}
	}()
	return e.apply(t)
}

// submit has apply run in a transaction and returns once that is durable. Where
// ctx ends first the entry may still be committed.
func (w *writer) submit(ctx context.Context, apply func(*tx) error) error {
	e := &entry{ctx: ctx, apply: apply, done: make(chan error, 1)}
	select {
	case w.queue <- e:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return ErrClosed
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write submits fn and hands back what it returned. The doing is for the error.
func write[T any](ctx context.Context, l *Ledger, doing string, fn func(*tx) (T, error)) (T, error) {
	var out, zero T
	if l.writes == nil {
		return zero, ErrReadOnly
	}
	err := l.writes.submit(ctx, func(t *tx) (err error) {
		out, err = fn(t)
		return err
	})
	if err != nil {
		return zero, failed(doing, err) // out may still be written to where ctx ended
	}
	return out, nil
}

func (w *writer) close() error {
	w.once.Do(func() {
		close(w.stop)
		<-w.done
		w.err = w.closeConn()
	})
	return w.err
}

func (w *writer) closeConn() error {
	err := w.tx.close()
	return errors.Join(err, w.conn.Close(), w.db.Close())
}
