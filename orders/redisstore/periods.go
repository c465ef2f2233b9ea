package redisstore

import (
	"context"
	"sort"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// maxSummed is how many orders are added up in one call, for which there is no index.
const maxSummed = 100_000

// Periods is Stats of the orders that pubkey (hex) began as Buyer or Seller in
// [edges[i], edges[i+1]) (ms), for each i; edges rise. The numbers of orders cost the
// same however many there are; for the sums each order is read, 100,000 at most.
// EINVALID, also for more; EUNAVAILABLE.
func (s *Store) Periods(ctx context.Context, as orders.Role, pubkey string, edges []int64) ([]orders.Stats, error) {
	npub, err := participant(as, pubkey)
	if err != nil {
		return nil, err
	}
	n := len(edges) - 1
	if n < 1 || n > orders.MaxPeriods || !sort.SliceIsSorted(edges, func(i, j int) bool { return edges[i] < edges[j] }) {
		return nil, orders.Errorf(orders.EINVALID, "1 to %d periods, each after the one before", orders.MaxPeriods)
	}
	// Exclusive at its end.
	first, last := clamp(edges[0]), clamp(edges[n]-1)
	if all, err := s.count(ctx, []string{sideKey(as, npub)}, first, last); err != nil {
		return nil, err
	} else if all > maxSummed {
		return nil, orders.Errorf(orders.EINVALID, "there are %d orders in these periods, and up to %d are added up: shorten them", all, maxSummed)
	}
	periods, err := s.counted(ctx, as, npub, edges)
	if err != nil {
		return nil, err
	}
	sums, err := s.summed(ctx, as, npub, edges, first, last)
	if err != nil {
		return nil, err
	}
	for i := range periods {
		setSum(&periods[i], as, sums[i])
	}
	return periods, nil
}

// counted counts the orders of each period by status.
func (s *Store) counted(ctx context.Context, as orders.Role, npub string, edges []int64) ([]orders.Stats, error) {
	counts := make([][]*redis.IntCmd, len(edges)-1)
	// One transaction, so that the numbers add up.
	if _, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for i := range counts {
			for _, status := range orders.Statuses {
				counts[i] = append(counts[i], p.ZCount(ctx, sideStatusKey(as, npub, status),
					strconv.FormatInt(clamp(edges[i]), 10), strconv.FormatInt(clamp(edges[i+1]-1), 10)))
			}
		}
		return nil
	}); err != nil {
		return nil, fail(err)
	}
	periods := make([]orders.Stats, len(counts))
	for i := range periods {
		st := orders.Stats{OrdersByStatus: map[orders.Status]int64{}}
		for j, status := range orders.Statuses {
			st.OrdersByStatus[status] = counts[i][j].Val()
			st.TotalOrders += counts[i][j].Val()
		}
		setByStatus(&st)
		periods[i] = st
	}
	return periods, nil
}

func setByStatus(st *orders.Stats) {
	st.CompletedOrders = st.OrdersByStatus[orders.StatusDelivered]
	st.CancelledOrders = st.OrdersByStatus[orders.StatusCancelled]
	st.DisputedOrders = st.OrdersByStatus[orders.StatusDisputed]
}

func setSum(st *orders.Stats, as orders.Role, of sum) {
	if as == orders.Seller {
		st.TotalRevenue = of.total()
	} else {
		st.TotalSpent = of.total()
	}
	st.AverageOrderValue = of.average()
}

// summed adds up what the orders of each period contribute.
func (s *Store) summed(ctx context.Context, as orders.Role, npub string, edges []int64, lo, hi int64) ([]sum, error) {
	field := "spent"
	if as == orders.Seller {
		field = "revenue"
	}
	sums := make([]sum, len(edges)-1)
	m := s.merged([]string{sideKey(as, npub)}, true, lo, hi, nil, 1000)
	for {
		rows, err := m.take(ctx, 1000)
		if err != nil || len(rows) == 0 {
			return sums, err
		}
		cmds := make([]*redis.StringCmd, len(rows))
		if err := s.pipelined(ctx, func(p redis.Pipeliner) error {
			for i, r := range rows {
				cmds[i] = p.HGet(ctx, orderKey(r.id), field)
			}
			return nil
		}); err != nil {
			return nil, fail(err)
		}
		for i, r := range rows {
			if sats, ok := contributed(cmds[i].Val()); ok {
				sums[sort.Search(len(sums)-1, func(j int) bool { return r.score < edges[j+1] })].add(sats)
			}
		}
	}
}
