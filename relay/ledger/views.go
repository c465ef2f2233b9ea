package ledger

import (
	"context"
	"database/sql"
)

// View notes that the buyers of these orders (intent id → when, ms) have looked at
// them. Only the first time counts. It returns the orders for which this was the
// first; ids of no order, or of one that was retired, are passed over.
func (l *Ledger) View(ctx context.Context, seen map[string]int64) (fresh []string, err error) {
	if len(seen) == 0 {
		return nil, nil
	}
	return write(ctx, l, "noting what was looked at", func(t *tx) ([]string, error) {
		var fresh []string
		for id, at := range seen {
			n, err := t.exec(`
				INSERT INTO order_views (intent_id, first_seen)
				SELECT intent_id, ? FROM order_ids WHERE intent_id = ? AND retired_at = 0
				ON CONFLICT (intent_id) DO NOTHING`, at, id)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				fresh = append(fresh, id)
			}
		}
		return fresh, nil
	})
}

// unviewParty forgets which orders of a key were looked at.
func (t *tx) unviewParty(pubkey string) error {
	_, err := t.exec(`
		DELETE FROM order_views WHERE intent_id IN (
			SELECT intent_id FROM order_ids WHERE party_a = ?1 UNION ALL SELECT intent_id FROM order_ids WHERE party_b = ?1)`, pubkey)
	return err
}

const (
	queryViews = `
		SELECT v.intent_id, v.first_seen FROM order_ids o JOIN order_views v ON v.intent_id = o.intent_id
		WHERE o.retired_at = 0 AND o.begun >= ?`
	queryStandingCount = "SELECT count(*) FROM order_ids WHERE retired_at = 0 AND begun >= ?"
)

// Views tells of the orders that began at since (ms) or later, and stand, when their
// buyer first looked at them (intent id → ms); who has not is not there.
func (l *Ledger) Views(ctx context.Context, since int64) (map[string]int64, error) {
	seen := map[string]int64{}
	_, err := all(ctx, l.reads, func(rows *sql.Rows) (none struct{}, err error) {
		var id string
		var at int64
		err = rows.Scan(&id, &at)
		seen[id] = at
		return none, err
	}, queryViews, since)
	return seen, failed("reading what was looked at", err)
}

// StandingCount is how many orders that began at since (ms) or later are not retired.
func (l *Ledger) StandingCount(ctx context.Context, since int64) (n int64, err error) {
	err = l.reads.one(ctx, []any{&n}, queryStandingCount, since)
	return n, failed("counting orders", err)
}
