package ledger

import (
	"context"
	"database/sql"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// begin keeps the row of the order that a fact begins: it makes the row, whose
// intent id is the first one free, or moves the order's begin (orders.Beginning).
// Every fact that begins an order comes through here, so none is looked for.
func (t *tx) begin(r *factRow, seq int64) error {
	f := r.fact
	if !f.Begins() {
		return nil
	}
	pair, _ := f.Pair()
	a, b := pair.Parties()
	tau, sigma := f.Tau(), f.Sigma()
	var least, firstSigma, firstTau int64
	known, err := t.get([]any{&least, &firstSigma, &firstTau},
		"SELECT begun, first_sigma, first_tau FROM order_ids WHERE party_a = ? AND client_id = ? AND party_b = ?", a, f.OrderID, b)
	switch first := sigma < firstSigma || sigma == firstSigma && tau < firstTau; {
	case err != nil:
		return err
	case known && first:
		_, err = t.exec("UPDATE order_ids SET begun = ?, first_sigma = ?, first_tau = ?, begin_seq = ? WHERE party_a = ? AND client_id = ? AND party_b = ?",
			min(least, tau), sigma, tau, seq, a, f.OrderID, b)
		return err
	case known && tau < least:
		_, err = t.exec("UPDATE order_ids SET begun = ? WHERE party_a = ? AND client_id = ? AND party_b = ?", tau, a, f.OrderID, b)
		return err
	case known:
		return nil
	}
	for id := range orders.IntentIDs(orders.Key{Pair: pair, OrderID: f.OrderID}) {
		n, err := t.exec(`
			INSERT INTO order_ids (intent_id, party_a, party_b, client_id, begun, first_sigma, first_tau, begin_seq, known_seq)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (intent_id) DO NOTHING`,
			id, a, b, f.OrderID, tau, sigma, tau, seq, seq)
		if err != nil || n > 0 {
			return err
		}
	}
	return nil // not reached: the ids never end
}

// Orders returns up to limit orders whose intent id is greater than after ("" to
// begin), ascending by intent id: the way through all of them.
func (l *Ledger) Orders(ctx context.Context, after string, limit int) ([]orders.Beginning, error) {
	bs, err := all(ctx, l.reads, scanBeginning, selectBeginning+" WHERE intent_id > ? ORDER BY intent_id LIMIT ?", after, max(limit, 0))
	return bs, failed("listing orders", err)
}

// OrderCount is how many orders there are.
func (l *Ledger) OrderCount(ctx context.Context) (n int64, err error) {
	err = l.reads.one(ctx, []any{&n}, "SELECT count(*) FROM order_ids")
	return n, failed("counting orders", err)
}

// KeyOf returns the key of the order with that intent id; ok is false where
// there is none.
func (l *Ledger) KeyOf(ctx context.Context, intentID string) (k orders.Key, ok bool, err error) {
	bs, err := l.beginnings(ctx, selectBeginning+" WHERE intent_id = ?", intentID)
	if err != nil || len(bs) == 0 {
		return orders.Key{}, false, err
	}
	return bs[0].Key, true, nil
}

// Owns reports which of the intent ids belong to an order of this ledger that
// stands: of one that was retired nothing may be left elsewhere.
func (l *Ledger) Owns(ctx context.Context, intentIDs []string) (map[string]bool, error) {
	owned := make(map[string]bool, len(intentIDs))
	for part := range slices.Chunk(intentIDs, 200) {
		rows, err := l.reads.db.QueryContext(ctx, "SELECT intent_id FROM order_ids WHERE retired_at = 0 AND intent_id IN ("+marks(len(part))+")", anys(part)...)
		if err != nil {
			return nil, failed("looking up orders", err)
		}
		found, err := collect(rows, scanString)
		if err != nil {
			return nil, failed("looking up orders", err)
		}
		for _, id := range found {
			owned[id] = true
		}
	}
	return owned, nil
}

const selectBeginning = "SELECT intent_id, party_a, party_b, client_id, begun, first_sigma, first_tau, begin_seq, mark_seq, retired_at > 0, known_seq FROM order_ids"

func scanBeginning(rows *sql.Rows) (b orders.Beginning, err error) {
	var (
		one, other string
		known      int64 // it is selected for a UNION to be sorted by
	)
	err = rows.Scan(&b.IntentID, &one, &other, &b.Key.OrderID, &b.Least, &b.Sigma, &b.At, &b.Seq, &b.Mark, &b.Retired, &known)
	b.Key.Pair = orders.PairOf(one, other)
	return b, err
}
