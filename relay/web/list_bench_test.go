package web

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// BenchmarkList makes the page of a seller's 50 latest orders, with a real redis-server,
// for one who has 500 and for one who has 10,000 (or WAYBILL_BENCH_ORDERS), by turns in
// one run, and reports both and their ratio.
func BenchmarkList(b *testing.B) {
	const some = 500
	many := 10_000
	if n, err := strconv.Atoi(os.Getenv("WAYBILL_BENCH_ORDERS")); err == nil {
		many = n
	}
	store, err := redisstore.Dial(b.Context(), redistest.Start(b).URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	few, lot := newKey(b), newKey(b)
	h := newHouse(b, func(c *Config) {
		c.Orders = orders.NewReader(store, func(string) bool { return false })
	})
	seedSales(b, h, store, few, some)
	seedSales(b, h, store, lot, many)
	for _, path := range []string{"?queue=all", "?queue=needs", "?queue=done", "?queue=all&status=shipped&status=delivered", "?queue=all&page=2"} {
		b.Run(path[1:], func(b *testing.B) {
			var spent [2]time.Duration
			for b.Loop() {
				for i, seller := range []string{few, lot} {
					start := time.Now()
					if w := h.page(seller, "/my-shop/orders"+path); w.Code != 200 {
						b.Fatal(w.Code)
					}
					spent[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(spent[0].Microseconds())/float64(b.N)/1000, fmt.Sprintf("ms/%d", some))
			b.ReportMetric(float64(spent[1].Microseconds())/float64(b.N)/1000, fmt.Sprintf("ms/%d", many))
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "ratio")
		})
	}
}

// seedSales writes n orders of one seller by a thousand buyers, in every status.
func seedSales(b *testing.B, h *house, store *redisstore.Store, seller string, n int) {
	b.Helper()
	lives := []*orders.Order{}
	for i, says := range [][]say{
		nil, {{by: seller, verb: orders.Request}}, {{by: h.buyer, verb: orders.Paid}},
		{{by: h.buyer, verb: orders.Paid}, {by: seller, verb: orders.Confirm}},
		{{by: h.buyer, verb: orders.Paid}, {by: seller, verb: orders.Confirm}, {by: seller, verb: orders.Shipped}},
		{{by: h.buyer, verb: orders.Paid}, {by: seller, verb: orders.Shipped}, {by: h.buyer, verb: orders.Delivered}},
	} {
		lives = append(lives, h.fold(fmt.Sprint("life-", i), h.buyer, seller, begunBy(h.buyer, today.Add(-72*time.Hour), says)...))
	}
	buyers := make([]string, 1000)
	for i := range buyers {
		buyers[i] = newKey(b)
	}
	var batch []*orders.Order
	for i := range n {
		o := *lives[i%len(lives)]
		o.IntentID = fmt.Sprintf("pi_%s_%d", seller[:16], i)
		o.OrderID = o.IntentID
		o.BuyerPubkey = buyers[i%len(buyers)]
		o.BuyerNpub = orders.Npub(o.BuyerPubkey)
		o.CreatedTimestamp -= int64(i) * 1000
		if batch = append(batch, &o); len(batch) == 500 || i == n-1 {
			if err := store.Write(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
}
