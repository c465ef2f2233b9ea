package ledger

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// BenchmarkArrive: 64 writers, each message a 1.7 KB gift wrap with one fact
// that begins an order.
func BenchmarkArrive(b *testing.B) {
	b.Run("unlimited", func(b *testing.B) { benchArrive(b, Limits{}) })
	b.Run("limited", func(b *testing.B) { benchArrive(b, Limits{IntentsPerAuthor: 60, FactsPerOrder: 1000}) })
}

func benchArrive(b *testing.B, limits Limits) {
	l := open(b)
	l.SetLimits(limits)
	var n atomic.Int64
	body := strings.Repeat("x", 1300)
	b.SetParallelism((64 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			evt := wrap(fmt.Sprint("w", i), bob, int64(1_700_000_000+i%172800))
			evt.Content = body
			if got, err := l.Arrive(b.Context(), arrival(evt, bob, benchFact(i))); err != nil || got != Stored {
				b.Errorf("Arrive = %q, %v", got, err)
				return
			}
		}
	})
	s := l.Stats()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "arrivals/s")
	b.ReportMetric(float64(s.Entries)/float64(s.Commits), "arrivals/commit")
}

// BenchmarkQueryInbox: the newest 50 of one inbox among 100 with 60,000 wraps.
func BenchmarkQueryInbox(b *testing.B) {
	const wraps, recipients = 60_000, 100
	l := open(b)
	body := strings.Repeat("x", 1300)
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := w; i < wraps; i += 64 {
				to := key(fmt.Sprint("recipient", i%recipients))
				evt := wrap(fmt.Sprint("w", i), to, int64(1_700_000_000+i*7919%172800))
				evt.Content = body
				if _, err := l.Arrive(b.Context(), arrival(evt, to)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, c := range []struct {
		name   string
		filter nostr.Filter
		reader string
		want   int
	}{
		{"own", nostr.Filter{Kinds: []int{1059}, Tags: nostr.TagMap{"p": {key("recipient7")}}, Limit: 50}, key("recipient7"), 50},
		{"kinds-only", nostr.Filter{Kinds: []int{1059}, Limit: 50}, key("recipient7"), 50},
		{"stranger", nostr.Filter{Kinds: []int{1059}, Tags: nostr.TagMap{"p": {key("recipient7")}}, Limit: 50}, key("recipient8"), 0},
		{"nobody", nostr.Filter{Tags: nostr.TagMap{"p": {key("recipient7")}}, Limit: 50}, "", 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if got := len(ids(b, l, c.filter, c.reader)); got != c.want {
					b.Fatalf("%d events, want %d", got, c.want)
				}
			}
		})
	}
}

// benchFact begins order i, of one of a thousand buyers.
func benchFact(i int) orders.Fact {
	f := fact("rumor"+strconv.Itoa(i), orders.Intent, key(fmt.Sprint("buyer", i%1000)), bob, fmt.Sprint("order-", i), time.Now().UnixMilli())
	f.Products = []orders.Product{{ProductID: "30402:" + bob + ":mug", Title: "Mug", Quantity: 1, PricePerUnit: "2100", Currency: "SATS"}}
	return f
}
