package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const (
	// scrubWithin is how long Scrub waits for those who read.
	scrubWithin = 5 * time.Second
	// scrubHold is about how long (ms) one try may keep the writer waiting, and
	// scrubPause how long the writer then has for itself. A reader may take as long
	// as a backup does: who is accepting messages must not wait for that.
	scrubHold  = 50
	scrubPause = 250 * time.Millisecond
)

// Scrub writes the database's log into the database and empties it, so that what
// was erased is on the disk no more: secure_delete overwrites it in the database,
// but not in the log. It waits some seconds for those who read, the writer going on
// meanwhile; done tells whether that was enough. One Scrub runs at a time.
func (l *Ledger) Scrub(ctx context.Context) (done bool, err error) {
	if l.writes == nil {
		return false, ErrReadOnly
	}
	select {
	case l.scrubbing <- struct{}{}:
		defer func() { <-l.scrubbing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	conn, err := l.reads.db.Conn(ctx)
	if err == nil {
		done, err = emptyLog(ctx, conn)
		err = errors.Join(err, conn.Close())
	}
	return done, failed("emptying the ledger's log", err)
}

func emptyLog(ctx context.Context, conn *sql.Conn) (done bool, err error) {
	if err := setBusyTimeout(ctx, conn, scrubHold); err != nil {
		return false, err
	}
	// Not ctx: the connection goes back to those who read.
	defer func() { err = errors.Join(err, setBusyTimeout(context.Background(), conn, busyTimeout)) }()
	again := time.NewTicker(scrubPause)
	defer again.Stop()
	for until := time.Now().Add(scrubWithin); ; {
		// The first does most of the work, and stops nobody.
		if _, err = checkpoint(ctx, conn, "PASSIVE"); err == nil {
			done, err = checkpoint(ctx, conn, "TRUNCATE")
		}
		if done || err != nil || time.Now().After(until) {
			return done, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

func setBusyTimeout(ctx context.Context, conn *sql.Conn, ms int) error {
	_, err := conn.ExecContext(ctx, "PRAGMA "+pragma("busy_timeout", ms))
	return err
}

// checkpoint reports whether all of the log could be written back.
func checkpoint(ctx context.Context, conn *sql.Conn, mode string) (done bool, err error) {
	var busy, frames, copied int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &frames, &copied)
	return err == nil && busy == 0, err
}
