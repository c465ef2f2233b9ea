package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/waybill-relay/waybill/orders"
)

// A Session is somebody who has signed in to the API. Times are Unix milliseconds.
type Session struct {
	Token     string // SHA-256 (hex) of the secret that its cookie holds
	Pubkey    string // hex
	CreatedAt int64
	UsedAt    int64 // the last use that was noted
	ExpiresAt int64 // when it is over however much it is used
}

const (
	// maxSessions bounds the table: keys cost nothing.
	maxSessions = 100_000
	// maxSessionsOfKey are the devices of one person; who signs in once more loses the
	// one that was not used for longest.
	maxSessionsOfKey = 16
)

// ErrTooManySessions: no more people can sign in at the moment.
var ErrTooManySessions = &orders.Error{Code: orders.EUNAVAILABLE, Message: "Too many are signed in."}

// BeginSession keeps a new session. The one whose token is instead, "" for none, ends
// where there is such a one: nobody would use it any more. idleSince (ms) is which
// sessions are over that were not used since; they are erased.
func (l *Ledger) BeginSession(ctx context.Context, s Session, instead string, idleSince int64) error {
	_, err := write(ctx, l, "keeping a session", func(t *tx) (struct{}, error) {
		if _, err := t.sweepSessions(s.CreatedAt, idleSince); err != nil {
			return struct{}{}, err
		}
		// Before the others are counted: it crowds out none of them.
		if _, err := t.exec(queryEndSession, instead); err != nil {
			return struct{}{}, err
		}
		if _, err := t.exec(queryCrowdOut, s.Pubkey, maxSessionsOfKey-1); err != nil {
			return struct{}{}, err
		}
		var n int
		if _, err := t.get([]any{&n}, "SELECT count(*) FROM sessions"); err != nil {
			return struct{}{}, err
		}
		if n >= maxSessions {
			return struct{}{}, ErrTooManySessions
		}
		_, err := t.exec("INSERT INTO sessions (token, pubkey, created_at, used_at, expires_at) VALUES (?, ?, ?, ?, ?)",
			s.Token, s.Pubkey, s.CreatedAt, s.CreatedAt, s.ExpiresAt)
		return struct{}{}, err
	})
	return err
}

const (
	queryCrowdOut = `
		DELETE FROM sessions WHERE token IN (
			SELECT token FROM sessions WHERE pubkey = ? ORDER BY used_at DESC LIMIT -1 OFFSET ?)`
	queryEndSession    = "DELETE FROM sessions WHERE token = ?"
	querySession       = "SELECT pubkey, created_at, used_at, expires_at FROM sessions WHERE token = ?"
	queryCountSessions = "SELECT count(*) FROM sessions WHERE expires_at > ? AND used_at > ?" // of 100,000 at most
)

// Session returns the session with that token (SHA-256, hex); ok is false where there
// is none. Whether it is over the caller decides.
func (l *Ledger) Session(ctx context.Context, token string) (s Session, ok bool, err error) {
	s.Token = token
	err = l.reads.one(ctx, []any{&s.Pubkey, &s.CreatedAt, &s.UsedAt, &s.ExpiresAt}, querySession, token)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, false, nil
	}
	return s, err == nil, failed("reading a session", err)
}

// UseSession notes that a session was used at (ms). One that has ended stays so.
func (l *Ledger) UseSession(ctx context.Context, token string, at int64) error {
	_, err := write(ctx, l, "noting a session's use", func(t *tx) (int64, error) {
		return t.exec("UPDATE sessions SET used_at = ? WHERE token = ? AND used_at < ?", at, token, at)
	})
	return err
}

// CountSessions counts the sessions that are not over at now (ms), and were used since
// idleSince (ms).
func (l *Ledger) CountSessions(ctx context.Context, now, idleSince int64) (n int64, err error) {
	err = l.reads.one(ctx, []any{&n}, queryCountSessions, now, idleSince)
	return n, failed("counting sessions", err)
}

// EndSession erases one session, if it is there.
func (l *Ledger) EndSession(ctx context.Context, token string) error {
	_, err := write(ctx, l, "ending a session", func(t *tx) (int64, error) {
		return t.exec(queryEndSession, token)
	})
	return err
}

// EndSessions erases all sessions of a key (hex).
func (l *Ledger) EndSessions(ctx context.Context, pubkey string) error {
	_, err := write(ctx, l, "ending sessions", func(t *tx) (int64, error) { return t.endSessions(pubkey) })
	return err
}

func (t *tx) endSessions(pubkey string) (int64, error) {
	return t.exec("DELETE FROM sessions WHERE pubkey = ?", pubkey)
}

// SweepSessions erases the sessions that are over at now (ms), or were not used since
// idleSince (ms), and returns how many.
func (l *Ledger) SweepSessions(ctx context.Context, now, idleSince int64) (int64, error) {
	return write(ctx, l, "erasing sessions", func(t *tx) (int64, error) { return t.sweepSessions(now, idleSince) })
}

func (t *tx) sweepSessions(now, idleSince int64) (int64, error) {
	over, err := t.exec("DELETE FROM sessions WHERE expires_at <= ?", now)
	if err != nil {
		return 0, err
	}
	idle, err := t.exec("DELETE FROM sessions WHERE used_at <= ?", idleSince)
	return over + idle, err
}
