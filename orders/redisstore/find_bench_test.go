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

// BenchmarkFind searches among a seller's 100 orders and among his 100,000 (or
// WAYBILL_BENCH_ORDERS), by turns in one run, and reports the ratio; and first how
// many bytes of memory and microseconds of writing an order costs.
func BenchmarkFind(b *testing.B) {
	many := 100_000
	if n, err := strconv.Atoi(os.Getenv("WAYBILL_BENCH_ORDERS")); err == nil {
		many = n
	}
	server := redistest.Start(b)
	e := dial(b, "redis-server", server.URL(), server.URL()+"?db=1")
	few, lot := people[1], people[2]
	seedShop(b, e, 1, 100)
	before := e.memory(b)
	start := time.Now()
	seedShop(b, e, 2, many)
	took := time.Since(start)
	fmt.Printf("%d orders: %d bytes and %.1f µs each\n", many, (e.memory(b)-before)/int64(many), float64(took.Microseconds())/float64(many))

	ctx := b.Context()
	find := func(seller string, f orders.Filter) error {
		found, err := e.Find(ctx, seller, f, orders.Query{Limit: 20})
		if err == nil && len(found.Items) == 0 {
			err = errors.New("nothing found")
		}
		return err
	}
	last := func(seller string) int {
		if seller == lot {
			return many - 1
		}
		return 99
	}
	at := func(seller string, share float64) *int64 {
		ms := noon + int64(share*float64(last(seller)))
		return &ms
	}
	for _, c := range []struct {
		name string
		f    func(seller string) orders.Filter
	}{
		{"whole id", func(s string) orders.Filter { return orders.Filter{Search: search(b, shopID(s, last(s)/2))} }},
		{"beginning of an id", func(s string) orders.Filter { return orders.Filter{Search: search(b, shopID(s, last(s)/2)[:70])} }},
		{"id with its middle left out", func(s string) orders.Filter {
			id := shopID(s, last(s)/2)
			return orders.Filter{Search: search(b, id[:70]+"…"+id[len(id)-4:])}
		}},
		{"tracking number", func(s string) orders.Filter {
			return orders.Filter{Search: search(b, fmt.Sprintf("1Z%010d", last(s)/2*2))}
		}},
		{"title of one order", func(s string) orders.Filter { return orders.Filter{Search: search(b, "unicorn")} }},
		{"title of every order", func(s string) orders.Filter { return orders.Filter{Search: search(b, "mug")} }},
		{"title of 1 in 100", func(s string) orders.Filter { return orders.Filter{Search: search(b, "number 7 mug")} }},
		{"counterparty", func(s string) orders.Filter { return orders.Filter{Counterparty: []string{shopBuyer(7)}} }},
		{"counterparty and status", func(s string) orders.Filter {
			return orders.Filter{Counterparty: []string{shopBuyer(7)}, Statuses: []orders.Status{orders.StatusPaid}}
		}},
		{"three statuses and times", func(s string) orders.Filter {
			return orders.Filter{Statuses: []orders.Status{orders.StatusPaid, orders.StatusShipped, orders.StatusDelivered}, Since: at(s, .4), Until: at(s, .6)}
		}},
		{"last changed", func(s string) orders.Filter { return orders.Filter{ByUpdated: true} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			if err := errors.Join(find(few, c.f(few)), find(lot, c.f(lot))); err != nil {
				b.Fatal(err)
			}
			var spent [2]time.Duration
			for b.Loop() {
				for i, s := range []string{few, lot} {
					start := time.Now()
					if err := find(s, c.f(s)); err != nil {
						b.Fatal(err)
					}
					spent[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(spent[0].Microseconds())/float64(b.N), "µs/100")
			b.ReportMetric(float64(spent[1].Microseconds())/float64(b.N), fmt.Sprintf("µs/%d", many))
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "ratio")
		})
	}
}

func (e *engine) memory(b *testing.B) (bytes int64) {
	b.Helper()
	info, err := e.raw.InfoMap(b.Context(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	if bytes, err = strconv.ParseInt(info["Memory"]["used_memory"], 10, 64); err != nil {
		b.Fatal(err)
	}
	return bytes
}

// shopBuyer is one of ten thousand customers.
func shopBuyer(i int) string { return fmt.Sprintf("%064x", 1000+i%10_000) }

func shopID(seller string, i int) string {
	return fmt.Sprintf("pi_%s_%d", orders.Npub(seller)[40:]+fmt.Sprintf("%040d", i), noon+int64(i))
}

// seedShop writes n orders of one seller, as a shop has them: a hundred titles and one
// that is in one order only, half of them shipped, with a timeline of four messages.
func seedShop(b *testing.B, e *engine, seller, n int) {
	b.Helper()
	var batch []*orders.Order
	for i := range n {
		s := orders.StatusPaid
		more := []func(*orders.Order){titled(fmt.Sprintf("Number %d mug", i%100)), created(noon + int64(i)), updated(noon + int64(i)),
			pays(orders.PaymentConfirmed, int64(i)), func(o *orders.Order) {
				o.BuyerPubkey, o.SellerPubkey = shopBuyer(i), people[seller]
				for range 3 {
					o.Timeline = append(o.Timeline, o.Timeline[0])
				}
			}}
		if i%2 == 0 {
			s = orders.StatusShipped
			more = append(more, ships(fmt.Sprintf("1Z%010d", i)))
		}
		if i == n/2 {
			more = append(more, titled("A unicorn"))
		}
		batch = append(batch, order(shopID(people[seller], i), int64(i), append(more, status(s))...))
		if len(batch) == 1000 || i == n-1 {
			e.write(b, batch...)
			batch = batch[:0]
		}
	}
}
