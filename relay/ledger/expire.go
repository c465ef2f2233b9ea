package ledger

import (
	"context"
	"database/sql"
	"time"
)

// expireBatch events are erased in one entry: other writers get their turn between.
const expireBatch = 200

// Expire erases the events whose expiry (NIP-40) is not after now, and returns
// how many. What was read in them stays. They are not served from the moment of
// their expiry on, swept or not.
func (l *Ledger) Expire(ctx context.Context, now time.Time) (n int, err error) {
	for {
		part, err := write(ctx, l, "erasing expired events", func(t *tx) (int, error) {
			return t.expire(now.Unix())
		})
		n += part
		if err != nil || part < expireBatch {
			return n, err
		}
	}
}

func (t *tx) expire(now int64) (int, error) {
	due, err := list(t, scanStored, queryExpired, now, expireBatch)
	if err != nil {
		return 0, err
	}
	for _, e := range due {
		if err := t.erase(e.ref, e.id, ReasonExpired); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

const queryExpired = "SELECT ref, id FROM events WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"

func scanStored(rows *sql.Rows) (s stored, err error) {
	err = rows.Scan(&s.ref, &s.id)
	return s, err
}
