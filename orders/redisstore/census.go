package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// A Census counts all orders.
type Census struct {
	Total    int64
	Statuses map[orders.Status]StatusCount // every status
}

// StatusCount is how many orders are in a status, and when the oldest of them was
// created (ms); 0 where there is none.
type StatusCount struct {
	N, Oldest int64
}

// Census counts the orders by status. Its cost does not depend on how many there
// are. EUNAVAILABLE.
func (s *Store) Census(ctx context.Context) (Census, error) {
	var total *redis.IntCmd
	n := map[orders.Status]*redis.IntCmd{}
	oldest := map[orders.Status]*redis.ZSliceCmd{}
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		total = p.ZCard(ctx, indexKey)
		for _, status := range orders.Statuses {
			n[status] = p.ZCard(ctx, statusKey(status))
			oldest[status] = p.ZRevRangeWithScores(ctx, statusKey(status), -1, -1)
		}
		return nil
	}); err != nil {
		return Census{}, fail(err)
	}
	c := Census{Total: total.Val(), Statuses: make(map[orders.Status]StatusCount, len(n))}
	for status := range n {
		count := StatusCount{N: n[status].Val()}
		if rows := places(oldest[status].Val()); len(rows) > 0 {
			count.Oldest = rows[0].score
		}
		c.Statuses[status] = count
	}
	return c, nil
}
