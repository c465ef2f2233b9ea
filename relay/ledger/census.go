package ledger

import (
	"context"
	"database/sql"
	"slices"
)

// An InboxCount is how many messages are in a state, for one reason.
type InboxCount struct {
	State  State
	Reason string // "" where the state says it all
	N      int64
}

const (
	queryCountWaiting    = "SELECT state, '', count(*) FROM inbox INDEXED BY inbox_unopened WHERE state IN ('new', 'waiting') GROUP BY state"
	queryCountUnreadable = "SELECT 'unreadable', reason, count(*) FROM inbox WHERE state = 'unreadable' GROUP BY reason"
)

// InboxCensus counts what is not opened: New, Waiting, and Unreadable by reason. Of
// New and Waiting there is always one. It costs as much as there is of them, and
// nothing for what was opened.
func (l *Ledger) InboxCensus(ctx context.Context) ([]InboxCount, error) {
	scan := func(rows *sql.Rows) (c InboxCount, err error) {
		err = rows.Scan(&c.State, &c.Reason, &c.N)
		return c, err
	}
	unopened, err := all(ctx, l.reads, scan, queryCountWaiting)
	if err != nil {
		return nil, failed("counting the inbox", err)
	}
	for _, s := range []State{New, Waiting} {
		if !slices.ContainsFunc(unopened, func(c InboxCount) bool { return c.State == s }) {
			unopened = append(unopened, InboxCount{State: s})
		}
	}
	unreadable, err := all(ctx, l.reads, scan, queryCountUnreadable)
	return append(unopened, unreadable...), failed("counting the inbox", err)
}
