package ledger

import (
	"context"

	"github.com/waybill-relay/waybill/orders"
)

// Facts and marks share one sequence: SQLite's own count for facts.seq, which
// AUTOINCREMENT never lets fall, whatever is deleted. (In PostgreSQL it is a
// sequence, drawn from under the lock that writers hold until they commit.)
const queryLastSeq = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'facts'), 0)"

// LastSeq is the highest number that was ever given to a fact or a mark, 0
// before the first. It never falls, also where that fact was erased since.
func (l *Ledger) LastSeq(ctx context.Context) (seq int64, err error) {
	err = l.reads.one(ctx, []any{&seq}, queryLastSeq)
	return seq, failed("reading facts", err)
}

// nextSeq draws a number from the sequence of facts.seq. It is given once this
// transaction commits: rolled back, it goes to whoever draws next.
func (t *tx) nextSeq() (seq int64, err error) {
	drawn, err := t.get([]any{&seq}, "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'facts' RETURNING seq")
	if err != nil || drawn {
		return seq, err
	}
	// There was no fact yet. The table has no unique key that one could conflict with.
	_, err = t.exec("INSERT INTO sqlite_sequence (name, seq) VALUES ('facts', 1)")
	return 1, err
}

// mark notes that something of the order was erased, and wakes those who wait on
// Changed as a new fact does. Each mark has a number of its own, so that a reader
// who stops between two misses none. It is an error where there is no such order.
func (t *tx) mark(intentID string) (seq int64, err error) {
	if seq, err = t.nextSeq(); err != nil {
		return 0, err
	}
	n, err := t.exec("UPDATE order_ids SET mark_seq = ? WHERE intent_id = ?", seq, intentID)
	switch {
	case err != nil:
		return 0, err
	case n == 0:
		return 0, orders.Errorf(orders.EINTERNAL, "ledger: a mark on an order that is not here")
	}
	t.news++
	return seq, nil
}
