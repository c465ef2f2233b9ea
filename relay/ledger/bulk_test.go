package ledger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waybill-relay/waybill/orders"
)

// compareBulk asks for keys together and one by one. It returns how many OfKeys left out.
func compareBulk(ctx context.Context, t rapid.TB, l *Ledger, keys []orders.Key) (left int) {
	t.Helper()
	facts, err := l.OfKeys(ctx, keys)
	if err != nil {
		t.Fatal(err)
	}
	strays, err := l.Strays(ctx, keys)
	if err != nil {
		t.Fatal(err)
	}
	begins, err := l.Beginnings(ctx, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		want, err := l.OfKey(ctx, k)
		got, read := facts[k]
		if diff := gocmp.Diff(want, got); err != nil || read && diff != "" {
			t.Fatalf("OfKeys[%v]: %v (-OfKey +OfKeys):\n%s", k, err, diff)
		}
		if !read {
			left++
		}
		stray, err := l.Stray(ctx, k)
		if got, read := strays[k]; err != nil || !read || got != stray {
			t.Fatalf("Strays[%v] = %v, %v; want %v, %v", k, got, read, stray, err)
		}
		begin, ok, err := l.Beginning(ctx, k)
		if got, read := begins[k]; err != nil || read != ok || got != begin {
			t.Fatalf("Beginnings[%v] = %+v, %v; want %+v, %v, %v", k, got, read, begin, ok, err)
		}
	}
	return left
}

// TestBulkBounds: more keys than one query takes, and more bytes than are held.
func TestBulkBounds(t *testing.T) {
	l := open(t)
	const n = 2*bulkKeys + 50
	keys := seedSmall(t, l, n)
	if left := compareBulk(t.Context(), t, l, append(keys, orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "unknown"})); left > 0 {
		t.Errorf("OfKeys left %d keys out", left)
	}
	// One order that is too large by itself, in the midst of others.
	large := keys[n/2]
	a, b := large.Pair.Parties()
	for i := range 5 {
		f := fact(fmt.Sprint("large", i), orders.Note, a, b, large.OrderID, 1)
		f.Box.For[b] = strings.Repeat("x", bulkBytes/4)
		arrive(t, l, arrival(wrap(fmt.Sprint("large", i), bob, 1), bob, f), Stored)
	}
	left := compareBulk(t.Context(), t, l, keys)
	if left == 0 || left == n {
		t.Errorf("OfKeys left %d of %d keys out, want some", left, n)
	}
	if left := compareBulk(t.Context(), t, l, []orders.Key{large}); left != 1 {
		t.Error("OfKeys reads an order that is larger than its bound")
	}
}

// seedSmall begins n orders of three facts each, of a hundred buyers.
func seedSmall(t testing.TB, l *Ledger, n int) (keys []orders.Key) {
	t.Helper()
	var wg sync.WaitGroup
	defer wg.Wait()
	for i := range n {
		buyer, id := key(fmt.Sprint("buyer", i%100)), fmt.Sprint("order-", i)
		keys = append(keys, orders.Key{Pair: orders.PairOf(buyer, bob), OrderID: id})
		wg.Go(func() {
			var facts []orders.Fact
			for j, verb := range []orders.Verb{orders.Intent, orders.Paid, orders.Note} {
				f := fact(fmt.Sprint(id, "/", j), verb, buyer, bob, id, int64(1_700_000_000_000+i))
				f.Box.For[bob] = strings.Repeat("x", 1500)
				facts = append(facts, f)
			}
			if _, err := l.Arrive(t.Context(), arrival(wrap(id, bob, 1), bob, facts...)); err != nil {
				t.Error(err)
			}
		})
	}
	return keys
}

// BenchmarkAssemble: a thousand small orders, a hundred at a time, as they are
// projected.
func BenchmarkAssemble(b *testing.B) {
	l := open(b)
	const n, chunk = 1000, 100
	keys := seedSmall(b, l, n)
	for _, c := range []struct {
		name     string
		prefetch bool
	}{{"one by one", false}, {"prefetched", true}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				src := orders.Batch(l)
				for i, k := range keys {
					if c.prefetch && i%chunk == 0 {
						if err := orders.Prefetch(b.Context(), src, keys[i:i+chunk]); err != nil {
							b.Fatal(err)
						}
					}
					if o, err := orders.Assemble(b.Context(), src, k); err != nil || o == nil {
						b.Fatal(o, err)
					}
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}
