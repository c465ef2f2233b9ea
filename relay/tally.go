package relay

import (
	"context"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// A tally is what one batch of facts has done to its orders. It is told to the meter
// only once the batch is done, or a batch that is tried again would count twice.
type tally struct {
	after    int64 // facts up to here were counted before
	upTo     int64 // facts beyond are of a later batch, though their orders show them already
	facts    []orders.Fact
	progress []orders.Progress
	placed   map[string]bool // facts that belong to an order
	seen     map[orders.Key]bool
	tracker  *Tracker
}

// tally is nil where nobody counts, or nothing is new.
func (t *Tracker) tally(facts []orders.Fact, upTo int64) *tally {
	if t.Meter == nil || !slices.ContainsFunc(facts, func(f orders.Fact) bool { return f.Seq > t.Counted }) {
		return nil
	}
	return &tally{after: t.Counted, upTo: upTo, facts: facts, placed: map[string]bool{}, seen: map[orders.Key]bool{}, tracker: t}
}

// each is shown every order of the batch.
func (y *tally) each() func(orders.Key, *orders.Order, []orders.Fact) {
	if y == nil {
		return nil
	}
	return func(k orders.Key, o *orders.Order, facts []orders.Fact) {
		if y.seen[k] { // something of it was erased, too
			return
		}
		y.seen[k] = true
		// A fault in the history of one order is that order's alone.
		guard(y.tracker.Log, "count", func() {
			p, ok := orders.Since(o, k.Pair, facts, y.after, y.upTo)
			if !ok {
				return
			}
			y.progress = append(y.progress, p)
			for i := range facts {
				if facts[i].Seq > y.after {
					y.placed[orders.FactRef(facts[i].ID, facts[i].N)] = true
				}
			}
		})
	}
}

// count tells the meter of the batch, which ends at upTo.
func (t *Tracker) count(y *tally, upTo int64) {
	t.Counted = max(t.Counted, upTo)
	if y == nil {
		return
	}
	for _, p := range y.progress {
		t.Meter.Progress(p)
	}
	for i := range y.facts {
		f := &y.facts[i]
		if f.Seq > y.after && !y.placed[orders.FactRef(f.ID, f.N)] {
			t.Meter.Unplaced(f.Verb, via(f.Transports))
		}
	}
}

// via is the way by which a message came first.
func via(ts []orders.Transport) orders.Transport {
	if len(ts) == 0 {
		return ""
	}
	return ts[0]
}

// countUpTo counts what is projected up to there though this did not do it: a
// rebuild has been faster.
func (t *Tracker) countUpTo(ctx context.Context, upTo int64) error {
	for t.Meter != nil && t.Counted < upTo {
		facts, _, last, err := t.Ledger.News(ctx, t.Counted, trackBatch)
		if err != nil || last == t.Counted {
			return err
		}
		src := orders.Batch(t.Ledger)
		keys, err := orders.Touched(ctx, src, facts)
		if err != nil {
			return err
		}
		y := t.tally(facts, last)
		for _, k := range keys {
			var o *orders.Order
			var members []orders.Fact
			guard(t.Log, "count", func() { o, members, err = orders.AssembleFrom(ctx, src, k) })
			switch {
			case err != nil:
				return err
			case o != nil && y != nil:
				y.each()(k, o, members)
			}
		}
		t.count(y, last)
	}
	return nil
}
