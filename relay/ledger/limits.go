package ledger

import (
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// Limits say how much one author may say before what he adds is held: kept, but
// marked as a stranger's flood may be (orders.Fact.Held). 0 means no limit.
type Limits struct {
	IntentsPerAuthor int // orders begun within an hour
	FactsPerOrder    int // statements in one order, its intents included
}

// The spans over which is counted (ms). Messages that name no order have none to
// be counted in: they are counted over as long as an order draws them in.
const (
	intentSpan = int64(time.Hour / time.Millisecond)
	looseSpan  = 30 * 24 * intentSpan
)

// SetLimits has l hold what arrives from now on by these limits. It may be
// called at any time; what is in the ledger keeps the stamp it got.
func (l *Ledger) SetLimits(limits Limits) {
	if l.writes != nil {
		l.writes.tx.limits.Store(&limits)
	}
}

// Each counts up to its LIMIT, in one index, however much is there.
const (
	queryStamp   = "SELECT held FROM facts WHERE rumor_id = ? AND n = ? LIMIT 1"
	queryIntents = `
		SELECT count(*) FROM (SELECT DISTINCT rumor_id FROM facts
		WHERE sender = ? AND bound = ? AND verb = 'intent' AND received_at > ? AND received_at <= ? AND rumor_id <> ? LIMIT ?) AS said`
	// Whoever is not named would else share one count with all others who are not: a
	// flood at one shop would hold the guests' orders of every shop.
	queryNameless = `
		SELECT count(*) FROM (SELECT DISTINCT rumor_id FROM facts
		WHERE parties = ? AND sender = '' AND bound = ? AND verb = 'intent' AND received_at > ? AND received_at <= ? AND rumor_id <> ? LIMIT ?) AS said`
	querySaid = `
		SELECT count(*) FROM (SELECT DISTINCT rumor_id, n FROM facts
		WHERE parties = ? AND order_id = ? AND sender = ? AND bound = ? LIMIT ?) AS said`
	querySaidLoose = `
		SELECT count(*) FROM (SELECT DISTINCT rumor_id, n FROM facts
		WHERE parties = ? AND order_id = '' AND sender = ? AND bound = ? AND received_at > ? AND received_at <= ? LIMIT ?) AS said`
)

// held reports whether a fact that is to be inserted is over a limit. A further
// copy has the stamp of the copies that are here, so that all of them agree; an
// admin and the payment node have no limit.
func (t *tx) held(r *factRow) (held bool, err error) {
	f := r.fact
	// Proven ones: anybody may write an admin's name.
	if (f.ByAdmin || f.ByNode) && f.Trust == orders.Bound {
		return false, nil
	}
	if known, err := t.get([]any{&held}, queryStamp, f.ID, f.N); err != nil || known {
		return held, err
	}
	limits := t.limits.Load()
	if limits == nil {
		return false, nil
	}
	limit := limits.FactsPerOrder
	if f.Verb == orders.Intent {
		limit = limits.IntentsPerAuthor
	}
	if limit <= 0 {
		return false, nil
	}
	var said int
	bound := f.Trust == orders.Bound
	switch {
	case f.Verb == orders.Intent && f.Sender == "":
		_, err = t.get([]any{&said}, queryNameless, r.parties, bound, f.ReceivedAt-intentSpan, f.ReceivedAt, f.ID, limit)
	case f.Verb == orders.Intent:
		_, err = t.get([]any{&said}, queryIntents, f.Sender, bound, f.ReceivedAt-intentSpan, f.ReceivedAt, f.ID, limit)
	case f.OrderID == "":
		_, err = t.get([]any{&said}, querySaidLoose, r.parties, f.Sender, bound, f.ReceivedAt-looseSpan, f.ReceivedAt, limit)
	default:
		_, err = t.get([]any{&said}, querySaid, r.parties, f.OrderID, f.Sender, bound, limit)
	}
	return said >= limit, err
}
