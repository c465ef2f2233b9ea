package redisstore_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// BenchmarkLength asks the same of a seller with 10 orders and of one with
// 100,000 (or WAYBILL_BENCH_ORDERS), by turns in one run, and reports the ratio:
// the length of a list must not be felt.
func BenchmarkLength(b *testing.B) {
	many := 100_000
	if n, err := strconv.Atoi(os.Getenv("WAYBILL_BENCH_ORDERS")); err == nil {
		many = n
	}
	server := redistest.Start(b)
	e := dial(b, "redis-server", server.URL(), server.URL()+"?db=1")
	few, lot := people[1], people[2]
	start := time.Now()
	seedOrders(b, e, 1, 10)
	seedOrders(b, e, 2, many)
	b.Logf("wrote %d orders in %v", many+10, time.Since(start).Round(time.Millisecond))

	ctx := b.Context()
	list := func(seller string, q orders.Query) error {
		q.Limit = 5
		_, err := e.List(ctx, orders.List{As: orders.Seller, Pubkey: seller}, q)
		return err
	}
	middle := func(seller string) string { // a cursor there
		p, err := e.List(ctx, orders.List{As: orders.Seller, Pubkey: seller}, orders.Query{Limit: 5, Page: pageIn(seller == lot, many)})
		if err != nil || p.Next == "" {
			b.Fatal(err)
		}
		return p.Next
	}
	cursors := map[string]string{few: middle(few), lot: middle(lot)}
	for _, c := range []struct {
		name string
		ask  func(seller string) error
	}{
		{"first page", func(s string) error { return list(s, orders.Query{}) }},
		{"page in the middle", func(s string) error { return list(s, orders.Query{Page: pageIn(s == lot, many)}) }},
		{"cursor in the middle", func(s string) error { return list(s, orders.Query{Cursor: cursors[s]}) }},
		{"page of a status", func(s string) error { return list(s, orders.Query{Status: orders.StatusPaid}) }},
		{"stats", func(s string) error { _, err := e.Stats(ctx, orders.Seller, s); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			if err := errors.Join(c.ask(few), c.ask(lot)); err != nil { // opens the connections
				b.Fatal(err)
			}
			var spent [2]time.Duration
			for b.Loop() {
				for i, s := range []string{few, lot} {
					start := time.Now()
					if err := c.ask(s); err != nil {
						b.Fatal(err)
					}
					spent[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(spent[0].Microseconds())/float64(b.N), "µs/10")
			b.ReportMetric(float64(spent[1].Microseconds())/float64(b.N), fmt.Sprintf("µs/%d", many))
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "ratio")
		})
	}
}

// pageIn is a page of 5 in the middle of a list.
func pageIn(long bool, many int) int {
	if long {
		return many / 10
	}
	return 1
}

// seedOrders writes n orders of one seller, half of them paid.
func seedOrders(b *testing.B, e *engine, seller, n int) {
	b.Helper()
	var batch []*orders.Order
	for i := range n {
		s := orders.StatusShipped
		if i%2 == 0 {
			s = orders.StatusPaid
		}
		batch = append(batch, order(fmt.Sprintf("s%d-%d", seller, i), int64(i), roles(i%2*3, seller), status(s),
			created(noon+int64(i)), pays(orders.PaymentConfirmed, int64(i))))
		if len(batch) == 1000 || i == n-1 {
			e.write(b, batch...)
			batch = batch[:0]
		}
	}
}
