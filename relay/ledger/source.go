package ledger

import (
	"context"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// The queries of orders.Source. Each is answered by one index (TestPlans
// asks SQLite's planner), whatever strangers put into the ledger.
const (
	selectFact = "SELECT seq, public, box, held FROM facts"
	queryOfKey = selectFact + " WHERE parties = ? AND order_id = ? ORDER BY seq"
	queryStray = "SELECT EXISTS (SELECT 1 FROM facts WHERE parties = ? AND order_id = '') OR " +
		"EXISTS (SELECT 1 FROM facts WHERE parties = ? AND order_id = ?) OR EXISTS (SELECT 1 FROM facts WHERE parties = ? AND order_id = ?)"
	queryLoose    = selectFact + " WHERE parties = ? AND order_id = '' AND tau BETWEEN ? AND ? ORDER BY seq"
	queryRefers   = selectFact + " WHERE parties = ? AND order_id = '' AND ref <> '' AND ref = ? ORDER BY seq"
	queryBegun    = selectBeginning + " WHERE party_a = ? AND party_b = ? AND first_tau BETWEEN ? AND ? ORDER BY first_tau, client_id"
	queryBeginSeq = "SELECT coalesce(max(begin_seq), 0) FROM order_ids WHERE party_a = ? AND party_b = ? AND begun <= ?"
	queryBegin    = selectBeginning + " WHERE party_a = ? AND client_id = ? AND party_b = ?"
	// The condition on instr is isPair's; it names the index, in which the facts of
	// one key and id stand by seq.
	queryOneSided = selectFact + " WHERE parties = ? AND order_id = ? AND instr(parties, ':') = 0 ORDER BY seq LIMIT ?"
	// Not one OR: two look-ups, each by its own index and in its order.
	querySharing = selectBeginning + " WHERE party_a = ? AND client_id = ? UNION ALL " +
		selectBeginning + " WHERE party_b = ? AND client_id = ? ORDER BY known_seq LIMIT ?"
)

// What strangers may write any number of is read so far only. Two orders tell that
// the id is not one order's alone; and the first ones stay the first.
const (
	maxSharing  = 2
	maxOneSided = 1000
)

// isPair: a key alone, or nothing, is no pair, though facts are kept under both.
func isPair(p orders.Pair) bool { return strings.Contains(string(p), ":") }

// OfKey implements orders.Source.
func (l *Ledger) OfKey(ctx context.Context, k orders.Key) ([]orders.Fact, error) {
	if !isPair(k.Pair) {
		return nil, nil
	}
	return l.facts(ctx, queryOfKey, string(k.Pair), k.OrderID)
}

// Stray implements orders.Source.
func (l *Ledger) Stray(ctx context.Context, k orders.Key) (stray bool, err error) {
	a, b := k.Pair.Parties()
	err = l.reads.one(ctx, []any{&stray}, queryStray, string(k.Pair), a, k.OrderID, b, k.OrderID)
	return stray, failed("reading facts", err)
}

// OneSided implements orders.Source. It returns the maxOneSided facts that came
// first, at most.
func (l *Ledger) OneSided(ctx context.Context, party, orderID string) ([]orders.Fact, error) {
	if party == "" || isPair(orders.Pair(party)) {
		return nil, nil
	}
	return l.facts(ctx, queryOneSided, party, orderID, maxOneSided)
}

// Loose implements orders.Source.
func (l *Ledger) Loose(ctx context.Context, p orders.Pair, from, to int64) ([]orders.Fact, error) {
	if !isPair(p) {
		return nil, nil
	}
	return l.facts(ctx, queryLoose, string(p), from, to)
}

// Referring implements orders.Source.
func (l *Ledger) Referring(ctx context.Context, p orders.Pair, orderID string) ([]orders.Fact, error) {
	if !isPair(p) || orderID == "" {
		return nil, nil
	}
	return l.facts(ctx, queryRefers, string(p), orderID)
}

// Begun implements orders.Source.
func (l *Ledger) Begun(ctx context.Context, p orders.Pair, from, to int64) ([]orders.Beginning, error) {
	a, b := p.Parties()
	return l.beginnings(ctx, queryBegun, a, b, from, to)
}

// BeginSeq implements orders.Source.
func (l *Ledger) BeginSeq(ctx context.Context, p orders.Pair, to int64) (seq int64, err error) {
	a, b := p.Parties()
	err = l.reads.one(ctx, []any{&seq}, queryBeginSeq, a, b, to)
	return seq, failed("reading orders", err)
}

// Sharing implements orders.Source: two orders at most, those that were known first.
func (l *Ledger) Sharing(ctx context.Context, party, orderID string) ([]orders.Beginning, error) {
	return l.beginnings(ctx, querySharing, party, orderID, party, orderID, maxSharing)
}

// Beginning implements orders.Source.
func (l *Ledger) Beginning(ctx context.Context, k orders.Key) (b orders.Beginning, ok bool, err error) {
	one, other := k.Pair.Parties()
	bs, err := l.beginnings(ctx, queryBegin, one, k.OrderID, other)
	if err != nil || len(bs) == 0 {
		return b, false, err
	}
	return bs[0], true, nil
}

func (l *Ledger) facts(ctx context.Context, query string, args ...any) ([]orders.Fact, error) {
	facts, err := all(ctx, l.reads, scanFact, query, args...)
	return facts, failed("reading facts", err)
}

func (l *Ledger) beginnings(ctx context.Context, query string, args ...any) ([]orders.Beginning, error) {
	bs, err := all(ctx, l.reads, scanBeginning, query, args...)
	return bs, failed("reading orders", err)
}
