package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

var _ orders.Bulk = (*Ledger)(nil)

// bulkKeys orders are asked for in one query; bulkBytes is about what one OfKeys
// reads at most, a single order's facts aside.
const (
	bulkKeys  = 200
	bulkBytes = 4 << 20
)

// The queries of orders.Bulk, for n values in their lists. Each value is looked
// up in the index by itself (TestPlans).
func queryOfKeys(n int) string {
	return "SELECT parties, order_id, seq, public, box, held FROM facts WHERE (parties, order_id) IN (VALUES " + tuples(n, 2) + ")"
}

func queryBeginnings(n int) string {
	return selectBeginning + " WHERE (party_a, client_id, party_b) IN (VALUES " + tuples(n, 3) + ")"
}

func queryPresent(n int) string {
	return "WITH wanted (p, o) AS (VALUES " + tuples(n, 2) + ") SELECT p, o FROM wanted WHERE EXISTS (SELECT 1 FROM facts WHERE parties = p AND order_id = o)"
}

// tuples is n times width placeholders.
func tuples(n, width int) string {
	return strings.TrimSuffix(strings.Repeat("("+marks(width)+"),", n), ",")
}

// OfKeys implements orders.Bulk.
func (l *Ledger) OfKeys(ctx context.Context, keys []orders.Key) (map[orders.Key][]orders.Fact, error) {
	found := make(map[orders.Key][]orders.Fact, len(keys))
	size := 0
	for part := range slices.Chunk(keys, bulkKeys) {
		more, err := l.ofKeys(ctx, part, found, &size)
		if err != nil {
			return nil, failed("reading facts", err)
		}
		if !more {
			break
		}
	}
	for _, facts := range found {
		slices.SortFunc(facts, func(a, b orders.Fact) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return found, nil
}

// ofKeys adds the facts of the keys to found; more is false where there were too
// many, and what is not in found was not read to its end. The rows of one key come
// together, for SQLite takes one value of the list after the other: sorting them
// would have it hold them all.
func (l *Ledger) ofKeys(ctx context.Context, keys []orders.Key, found map[orders.Key][]orders.Fact, size *int) (more bool, err error) {
	args := make([]any, 0, 2*len(keys))
	for _, k := range keys {
		if isPair(k.Pair) {
			args = append(args, string(k.Pair), k.OrderID)
		}
	}
	if len(args) > 0 {
		rows, err := l.reads.db.QueryContext(ctx, queryOfKeys(len(args)/2), args...)
		if err != nil {
			return false, err
		}
		defer rows.Close()
		var last orders.Key
		for rows.Next() {
			k, f, n, err := scanKeyed(rows)
			if err != nil {
				return false, err
			}
			if *size += n; *size > bulkBytes {
				delete(found, last)
				return false, nil
			}
			found[k], last = append(found[k], f), k
		}
		if err := rows.Err(); err != nil {
			return false, err
		}
	}
	for _, k := range keys {
		if _, ok := found[k]; !ok {
			found[k] = nil
		}
	}
	return true, nil
}

// scanKeyed also returns about how many bytes the fact is.
func scanKeyed(rows *sql.Rows) (k orders.Key, f orders.Fact, size int, err error) {
	var (
		parties     string
		seq         int64
		public, box []byte
		held        bool
	)
	if err := rows.Scan(&parties, &k.OrderID, &seq, &public, &box, &held); err != nil {
		return k, f, 0, err
	}
	k.Pair = orders.Pair(parties)
	f, err = readFact(seq, public, box, held)
	return k, f, len(public) + len(box), err
}

// Beginnings implements orders.Bulk.
func (l *Ledger) Beginnings(ctx context.Context, keys []orders.Key) (map[orders.Key]orders.Beginning, error) {
	found := make(map[orders.Key]orders.Beginning, len(keys))
	for part := range slices.Chunk(keys, bulkKeys) {
		args := make([]any, 0, 3*len(part))
		for _, k := range part {
			a, b := k.Pair.Parties()
			args = append(args, a, k.OrderID, b)
		}
		rows, err := l.reads.db.QueryContext(ctx, queryBeginnings(len(part)), args...)
		if err != nil {
			return nil, failed("reading orders", err)
		}
		bs, err := collect(rows, scanBeginning)
		if err != nil {
			return nil, failed("reading orders", err)
		}
		for _, b := range bs {
			found[b.Key] = b
		}
	}
	return found, nil
}

// Strays implements orders.Bulk.
func (l *Ledger) Strays(ctx context.Context, keys []orders.Key) (map[orders.Key]bool, error) {
	type place struct{ parties, orderID string }
	placesOf := func(k orders.Key) [3]place { // where a stray would stand (Stray)
		a, b := k.Pair.Parties()
		return [3]place{{string(k.Pair), ""}, {a, k.OrderID}, {b, k.OrderID}}
	}
	strays := make(map[orders.Key]bool, len(keys))
	for part := range slices.Chunk(keys, bulkKeys) {
		present := map[place]bool{}
		var args []any
		for _, k := range part {
			for _, p := range placesOf(k) {
				if _, asked := present[p]; !asked {
					present[p] = false
					args = append(args, p.parties, p.orderID)
				}
			}
		}
		rows, err := l.reads.db.QueryContext(ctx, queryPresent(len(args)/2), args...)
		if err != nil {
			return nil, failed("reading facts", err)
		}
		found, err := collect(rows, func(rows *sql.Rows) (p place, err error) {
			err = rows.Scan(&p.parties, &p.orderID)
			return p, err
		})
		if err != nil {
			return nil, failed("reading facts", err)
		}
		for _, p := range found {
			present[p] = true
		}
		for _, k := range part {
			for _, p := range placesOf(k) {
				strays[k] = strays[k] || present[p]
			}
		}
	}
	return strays, nil
}
