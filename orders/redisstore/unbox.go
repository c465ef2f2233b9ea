package redisstore

import (
	"context"
	"encoding/json"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Unbox reads the boxes of orders that were listed, in place. EUNAVAILABLE,
// EINTERNAL.
func (s *Store) Unbox(ctx context.Context, os []*orders.Order) error {
	if len(os) == 0 {
		return nil
	}
	cmds := make([]*redis.MapStringStringCmd, len(os))
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, o := range os {
			cmds[i] = p.HGetAll(ctx, boxesKey(o.IntentID))
		}
		return nil
	}); err != nil {
		return fail(err)
	}
	for i, o := range os {
		if err := putBoxes(o, cmds[i].Val()); err != nil {
			return err
		}
	}
	return nil
}

// putBoxes decodes the boxes of an order into it.
func putBoxes(o *orders.Order, texts map[string]string) error {
	for ref, text := range texts {
		var b orders.Box
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			return orders.Errorf(orders.EINTERNAL, "a box of order %s is damaged in Redis: rebuild", o.IntentID)
		}
		if o.Boxes == nil {
			o.Boxes = make(map[string]orders.Box, len(texts))
		}
		o.Boxes[ref] = b
	}
	return nil
}
