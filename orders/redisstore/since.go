package redisstore

import (
	"context"
	"iter"

	"github.com/waybill-relay/waybill/orders"
)

// Since yields every order that was created at since (ms) or later, the newest first,
// without boxes. It reads them in pages. Errors as in List; it ends with one.
func (s *Store) Since(ctx context.Context, since int64) iter.Seq2[*orders.Order, error] {
	return func(yield func(*orders.Order, error) bool) {
		for q := (orders.Query{Limit: maxLimit}); ; {
			page, err := s.List(ctx, orders.List{}, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, o := range page.Items {
				if o.CreatedTimestamp < since || !yield(o, nil) {
					return
				}
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				return
			}
		}
	}
}
