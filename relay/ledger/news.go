package ledger

import (
	"context"
	"database/sql"

	"github.com/waybill-relay/waybill/orders"
)

// One statement, so that facts and marks are of one moment: read one after the
// other, a mark could come along that is younger than a fact left out. The test
// of mark_seq > 0 is there for the partial index, which holds the marks only; SQLite
// begins in it where the first of the two tests says.
const queryNews = `
	SELECT * FROM (SELECT seq, public, held, '' AS party_a, '' AS party_b, '' AS client_id
		FROM facts WHERE seq > ? ORDER BY seq LIMIT ?) AS told
	UNION ALL
	SELECT * FROM (SELECT mark_seq, NULL, 0, party_a, party_b, client_id
		FROM order_ids WHERE mark_seq > ? AND mark_seq > 0 ORDER BY mark_seq LIMIT ?) AS marked
	ORDER BY 1 LIMIT ?`

// News is what happened after afterSeq, in the order of the sequence and up to
// limit of it: the facts that came, without their boxes, and the orders of which
// something was erased (each at its last mark). Nothing at or below last is left
// out, so a follower goes on from there; it is afterSeq where there is no news.
func (l *Ledger) News(ctx context.Context, afterSeq int64, limit int) (facts []orders.Fact, marked []orders.Key, last int64, err error) {
	limit = max(limit, 0)
	last = afterSeq
	_, err = all(ctx, l.reads, func(rows *sql.Rows) (struct{}, error) {
		var (
			seq       int64
			public    []byte
			held      bool
			a, b, id  string
			nothing   struct{}
			scanError = rows.Scan(&seq, &public, &held, &a, &b, &id)
		)
		if scanError != nil {
			return nothing, scanError
		}
		last = seq
		if public == nil {
			marked = append(marked, orders.Key{Pair: orders.PairOf(a, b), OrderID: id})
			return nothing, nil
		}
		f, err := readFact(seq, public, nil, held)
		facts = append(facts, f)
		return nothing, err
	}, queryNews, afterSeq, limit, afterSeq, limit, limit)
	if err != nil {
		return nil, nil, afterSeq, failed("reading what is new", err)
	}
	return facts, marked, last, nil
}
