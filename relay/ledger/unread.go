package ledger

import (
	"context"
	"database/sql"
)

const queryUnread = "SELECT state, reason, count(*) FROM inbox WHERE state <> 'opened' GROUP BY state, reason ORDER BY state, reason"

// Unread is how many rows of the inbox are in one state, for one reason.
type Unread struct {
	State  State  // New, Waiting or Unreadable
	Reason string // a code; "" for none
	Rows   int64
}

// Unread counts the rows of the inbox that were not opened. It reads the whole inbox.
func (l *Ledger) Unread(ctx context.Context) ([]Unread, error) {
	counts, err := all(ctx, l.reads, func(rows *sql.Rows) (u Unread, err error) {
		err = rows.Scan(&u.State, &u.Reason, &u.Rows)
		return u, err
	}, queryUnread)
	return counts, failed("counting the inbox", err)
}
