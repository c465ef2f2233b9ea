package relay

import (
	"context"

	"github.com/waybill-relay/waybill/orders"
)

// Changed hands the new versions of orders to the live subscriptions of their parties.
func (x *OrderEvents) Changed(ctx context.Context, keys []orders.Key) {
	guard(x.Log, "orders", func() {
		readers := x.fanout.readers(KindOrder)
		if len(readers) == 0 {
			return
		}
		for _, k := range keys {
			a, b := k.Pair.Parties()
			if !readers[a] && !readers[b] {
				continue
			}
			if err := x.tell(ctx, k, readers); err != nil && ctx.Err() == nil {
				x.Log.Warn().Err(err).Msg("a change of an order was not told to those who follow it")
			}
		}
	})
}

func (x *OrderEvents) tell(ctx context.Context, k orders.Key, readers map[string]bool) error {
	id, ok, err := x.IntentID(ctx, k)
	if err != nil || !ok {
		return err
	}
	o, err := x.Index.Order(ctx, id)
	if orders.ErrorCode(err) == orders.ENOTFOUND {
		return nil // it was retired
	}
	if err != nil {
		return err
	}
	a, b := k.Pair.Parties()
	for _, reader := range []string{a, b} {
		if !readers[reader] {
			continue
		}
		own := *o
		evt, err := x.event(ctx, &own, reader)
		if err != nil {
			return err
		}
		if evt != nil {
			x.fanout.publishTo(reader, &evt.Event)
		}
	}
	return nil
}
