package redisstore_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/waybill-relay/waybill/orders"
)

// drawOrder draws one state of one order, from few values each, so that sets,
// scores and participants meet.
func drawOrder(t *rapid.T, id string, version int64) *orders.Order {
	pair := rapid.SampledFrom([][2]int{{0, 1}, {1, 0}, {0, 2}, {2, 1}}).Draw(t, "roles")
	o := order(id, version, roles(pair[0], pair[1]),
		status(rapid.SampledFrom(orders.Statuses).Draw(t, "status")),
		created(noon+rapid.Int64Range(0, 2).Draw(t, "created")),
		pays(rapid.SampledFrom([]orders.Payment{orders.PaymentNone, orders.PaymentClaimed, orders.PaymentConfirmed, orders.PaymentRefunded}).Draw(t, "payment"),
			rapid.SampledFrom([]int64{0, 1, 99_999_999, 100_000_000, 100_000_001, 123_456_789_012, orders.MaxSats}).Draw(t, "sats")))
	updated(noon + rapid.Int64Range(0, 2).Draw(t, "updated"))(o)
	o.DisputeTimestamp = rapid.SampledFrom([]int64{0, noon}).Draw(t, "disputed")
	titled(rapid.SliceOfN(rapid.SampledFrom([]string{"Blue mug", "Red mug", "Cup"}), 0, 2).Draw(t, "titles")...)(o)
	ships(rapid.SliceOfN(rapid.SampledFrom([]string{"1Z9", "1z 8", "ABC-123456"}), 0, 2).Draw(t, "numbers")...)(o)
	boxes(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"f0", "f1", "f1#1"}), 0, 3, rapid.ID).Draw(t, "boxes")...)(o)
	return o
}

// TestWritesConverge: whatever was written in whatever order, how often and in
// what batches, the keyspace is that of the last states written into nothing,
// and lists and statistics are what a walk over them gives.
func TestWritesConverge(t *testing.T) {
	engines(t, func(t *testing.T, e *engine) {
		rapid.Check(t, func(rt *rapid.T) {
			e.empty(t)
			ctx := context.Background()
			var states []*orders.Order
			for i := range rapid.IntRange(1, 6).Draw(rt, "orders") {
				for v := range rapid.Int64Range(1, 4).Draw(rt, "versions") {
					states = append(states, drawOrder(rt, fmt.Sprint("o", i), v))
				}
			}
			writes := slices.Concat(states, rapid.SliceOfN(rapid.SampledFrom(states), 0, 10).Draw(rt, "again"))
			writes = rapid.Permutation(writes).Draw(rt, "writes")
			for len(writes) > 0 {
				n := rapid.IntRange(1, len(writes)).Draw(rt, "batch")
				if err := e.Write(ctx, writes[:n]); err != nil {
					rt.Fatal(err)
				}
				writes = writes[n:]
			}
			last := map[string]*orders.Order{}
			for _, o := range states {
				if l := last[o.IntentID]; l == nil || l.Version < o.Version {
					last[o.IntentID] = o
				}
			}
			var final []*orders.Order
			for _, o := range last {
				final = append(final, o)
			}
			if err := e.other.Write(ctx, final); err != nil {
				rt.Fatal(err)
			}
			same(rt, "keyspace", dump(rt, e.raw), dump(rt, e.otherRaw))
			likeNaive(rt, e, final)
			findsLikeNaive(rt, e, final)
			if n, err := e.Prune(ctx, func(_ context.Context, ids []string) ([]bool, error) {
				return slices.Repeat([]bool{true}, len(ids)), nil
			}); n != 0 || err != nil {
				rt.Fatal("prune found", n, err)
			}
			if len(final) > 0 {
				var all []string
				for id := range last {
					all = append(all, id)
				}
				if n, err := e.Remove(ctx, all...); n != len(all) || err != nil {
					rt.Fatal("remove:", n, err)
				}
				same(rt, "after removing all", dump(rt, e.raw), map[string]any{})
			}
		})
	})
}

// likeNaive compares every list, whole and of one status, by cursor and by page
// number, and every participant's statistics with a walk over os.
func likeNaive(t *rapid.T, e *engine, os []*orders.Order) {
	t.Helper()
	ctx := context.Background()
	slices.SortFunc(os, func(a, b *orders.Order) int {
		return cmp.Or(cmp.Compare(b.CreatedTimestamp, a.CreatedTimestamp), cmp.Compare(b.IntentID, a.IntentID))
	})
	lists := []orders.List{{}}
	for _, p := range people[:3] {
		lists = append(lists, orders.List{As: orders.Buyer, Pubkey: p}, orders.List{As: orders.Seller, Pubkey: p})
	}
	limit := rapid.IntRange(1, 4).Draw(t, "limit")
	for _, l := range lists {
		for _, s := range []orders.Status{"", rapid.SampledFrom(orders.Statuses).Draw(t, "list")} {
			var want []string
			for _, o := range os {
				if (l.As == 0 || o.Role(l.Pubkey) == l.As) && (s == "" || o.Status == s) {
					want = append(want, o.IntentID)
				}
			}
			q := orders.Query{Status: s, Limit: limit}
			same(t, fmt.Sprint("list ", l, s), ids(t, e, l, q), want)
			q.Page = rapid.IntRange(1, 3).Draw(t, "page")
			page, err := e.List(ctx, l, q)
			if err != nil {
				t.Fatal(err)
			}
			from := min(len(want), (q.Page-1)*limit)
			to := min(len(want), from+limit)
			var got []string
			for _, o := range page.Items {
				got = append(got, o.IntentID)
			}
			same(t, fmt.Sprint("page ", q.Page, " of ", l, s), got, append([]string(nil), want[from:to]...))
			if page.Total != int64(len(want)) || (page.Next != "") != (to < len(want)) {
				t.Fatalf("page %d of %v: total %d, next %q; want %d, %v", q.Page, l, page.Total, page.Next, len(want), to < len(want))
			}
		}
		if l.As != 0 {
			got, err := e.Stats(ctx, l.As, l.Pubkey)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprint("stats ", l), got, naiveStats(os, l))
		}
	}
}

func naiveStats(os []*orders.Order, l orders.List) orders.Stats {
	st := orders.Stats{OrdersByStatus: map[orders.Status]int64{}}
	for _, s := range orders.Statuses {
		st.OrdersByStatus[s] = 0
	}
	var n, sum int64
	for _, o := range os {
		if o.Role(l.Pubkey) != l.As {
			continue
		}
		st.TotalOrders++
		st.OrdersByStatus[o.Status]++
		sats, counts := o.Revenue()
		if l.As == orders.Buyer {
			sats, counts = o.Spent()
		}
		if counts {
			n, sum = n+1, sum+sats
		}
	}
	st.CompletedOrders, st.CancelledOrders, st.DisputedOrders = st.OrdersByStatus[orders.StatusDelivered],
		st.OrdersByStatus[orders.StatusCancelled], st.OrdersByStatus[orders.StatusDisputed]
	if n > 0 {
		st.AverageOrderValue = sum / n
	}
	if l.As == orders.Seller {
		st.TotalRevenue = sum
	} else {
		st.TotalSpent = sum
	}
	return st
}
