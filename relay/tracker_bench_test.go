package relay

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// BenchmarkProject: a thousand small orders from the ledger to Redis, as the
// tracker does it; one by one is a Source that answers for a single order only. A step
// counted takes a second fold, of what the order was before.
func BenchmarkProject(b *testing.B) {
	ctx := b.Context()
	l, store := tracked(b)
	const n = 1000
	seller := nostr.GeneratePrivateKey()
	seller, _ = nostr.GetPublicKey(seller)
	buyer, _ := nostr.GetPublicKey(nostr.GeneratePrivateKey())
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var facts []orders.Fact
			for j, verb := range []orders.Verb{orders.Intent, orders.Paid, orders.Note} {
				facts = append(facts, orders.Fact{
					ID: fmt.Sprintf("%064x", 10*i+j), ReceivedAt: 1_700_000_000_000, At: 1_700_000_000_000, Inboxes: []string{seller},
					Transports: []orders.Transport{orders.ByWrap}, Verb: verb, Sender: buyer, Parties: pairOf(buyer, seller),
					OrderID: fmt.Sprint("o", i), Trust: orders.Bound, Dialect: "test",
				})
			}
			evt := nostr.Event{ID: fmt.Sprintf("%064x", i), PubKey: buyer, Kind: 1059, Tags: nostr.Tags{{"p", seller}}}
			if _, err := l.Arrive(ctx, ledger.Arrival{Event: &evt, Recipient: seller, State: ledger.Opened, Facts: facts}); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	facts, err := l.FactsAfter(ctx, 0, 3*n)
	if err != nil || len(facts) != 3*n {
		b.Fatalf("%d facts, %v", len(facts), err)
	}
	for _, c := range []struct {
		name  string
		src   orders.Source
		after int64 // up to where the facts were counted; -1: nobody counts
	}{{"one by one", struct{ orders.Source }{l}, -1}, {"bulk", l, -1}, {"bulk, new orders counted", l, 0}, {"bulk, steps counted", l, n}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				src := orders.Batch(c.src)
				keys, err := orders.Touched(ctx, src, facts)
				if err != nil || len(keys) != n {
					b.Fatalf("Touched = %d keys, %v", len(keys), err)
				}
				t := &Tracker{Counted: c.after}
				if c.after >= 0 {
					t.Meter = noMeter{}
				}
				tally := t.tally(facts, n)
				if err := store.ProjectEach(ctx, src, keys, tally.each()); err != nil {
					b.Fatal(err)
				}
				t.count(tally, c.after)
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}

// BenchmarkTalkativePair: what a chat line that names no order, and a new order, cost
// where their pair has many. It ought to be the same as where it has few.
func BenchmarkTalkativePair(b *testing.B) {
	ctx := b.Context()
	for _, n := range []int{100, 2500} {
		l, store := tracked(b)
		seller, _ := nostr.GetPublicKey(nostr.GeneratePrivateKey())
		buyer, _ := nostr.GetPublicKey(nostr.GeneratePrivateKey())
		said := 0
		say := func(verb orders.Verb, orderID string) {
			said++
			at := 1_700_000_000_000 + int64(said)*60_000
			f := orders.Fact{
				ID: fmt.Sprintf("%064x", said), ReceivedAt: at, At: at, Inboxes: []string{seller}, Transports: []orders.Transport{orders.ByWrap},
				Verb: verb, Sender: buyer, Parties: pairOf(buyer, seller), OrderID: orderID, Trust: orders.Bound, Dialect: "test",
			}
			evt := nostr.Event{ID: f.ID, PubKey: buyer, Kind: 1059, Tags: nostr.Tags{{"p", seller}}}
			if _, err := l.Arrive(ctx, ledger.Arrival{Event: &evt, Recipient: seller, State: ledger.Opened, Facts: []orders.Fact{f}}); err != nil {
				b.Fatal(err)
			}
		}
		for i := range n {
			say(orders.Intent, fmt.Sprint("o", i))
			if i%10 == 0 {
				say(orders.Note, "")
			}
		}
		for _, c := range []struct {
			name    string
			verb    orders.Verb
			orderID func() string
		}{
			{"a line", orders.Note, func() string { return "" }},
			{"an order", orders.Intent, func() string { return fmt.Sprint("new", said) }},
		} {
			b.Run(fmt.Sprintf("%s, %d orders", c.name, n), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					say(c.verb, c.orderID())
					b.StartTimer()
					facts, err := l.FactsAfter(ctx, int64(said)-1, 10)
					if err != nil || len(facts) != 1 {
						b.Fatalf("%d facts, %v", len(facts), err)
					}
					src := orders.Batch(l)
					keys, err := orders.Touched(ctx, src, facts)
					if err == nil {
						err = store.ProjectEach(ctx, src, keys, nil)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// tracked are a ledger and the indexes of its orders, in a real Redis, both empty.
func tracked(b *testing.B) (*ledger.Ledger, *redisstore.Store) {
	b.Helper()
	l, err := ledger.Open(b.Context(), filepath.Join(b.TempDir(), "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	store, err := redisstore.Dial(b.Context(), redistest.Start(b).URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	return l, store
}

func pairOf(a, b string) []string {
	if b < a {
		a, b = b, a
	}
	return []string{a, b}
}
