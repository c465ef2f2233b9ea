package redisstore_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

func search(t fataler, text string) orders.Search {
	t.Helper()
	s, err := orders.ParseSearch(context.Background(), text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// finds walks what a filter means by cursor and returns the ids, and the total of
// the first page.
func finds(t fataler, e *engine, viewer string, f orders.Filter, limit int) (all []string, total int64) {
	t.Helper()
	q := orders.Query{Limit: limit}
	for i := range 10_000 {
		found, err := e.Find(context.Background(), viewer, f, q)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			total = found.Total
		}
		for _, o := range found.Items {
			all = append(all, o.IntentID)
		}
		if q.Cursor = found.Next; q.Cursor == "" {
			return all, total
		}
	}
	t.Fatal("the list does not end")
	return nil, 0
}

// findsLikeNaive draws filters and compares what they find with a walk over os.
func findsLikeNaive(t *rapid.T, e *engine, os []*orders.Order) {
	t.Helper()
	for range 5 {
		viewer := rapid.SampledFrom(people[:4]).Draw(t, "viewer")
		f := orders.Filter{
			As:          rapid.SampledFrom([]orders.Role{0, orders.Buyer, orders.Seller, orders.Admin}).Draw(t, "as"),
			Statuses:    rapid.SliceOfNDistinct(rapid.SampledFrom(orders.Statuses), 0, 3, rapid.ID).Draw(t, "statuses"),
			OldestFirst: rapid.Bool().Draw(t, "asc"),
			Disputed:    rapid.IntRange(0, 3).Draw(t, "ever disputed") == 0,
			Search: search(t, rapid.SampledFrom([]string{"", "", "", "o1", "o", "o1, o3", "mug", "BLUE Mug", "1z9", "abc123", "abc 123 456", "o…2", "npub1…",
				people[1], "nothing"}).Draw(t, "q")),
		}
		f.ByUpdated = f.As != orders.Admin && rapid.Bool().Draw(t, "by updated")
		if rapid.Bool().Draw(t, "has since") {
			at := noon + rapid.Int64Range(0, 2).Draw(t, "since")
			f.Since = &at
		}
		if rapid.Bool().Draw(t, "has until") {
			at := noon + rapid.Int64Range(0, 2).Draw(t, "until")
			f.Until = &at
		}
		if rapid.Bool().Draw(t, "has counterparty") {
			f.Counterparty = rapid.SliceOfNDistinct(rapid.SampledFrom(people[:4]), 0, 2, rapid.ID).Draw(t, "counterparty")
		}
		at := func(o *orders.Order) int64 {
			if f.ByUpdated {
				return o.UpdatedTimestamp
			}
			return o.CreatedTimestamp
		}
		want := []string(nil)
		for _, o := range slices.SortedFunc(slices.Values(os), func(a, b *orders.Order) int {
			c := cmp.Or(cmp.Compare(at(b), at(a)), cmp.Compare(b.IntentID, a.IntentID))
			if f.OldestFirst {
				return -c
			}
			return c
		}) {
			if f.Means(o, viewer) {
				want = append(want, o.IntentID)
			}
		}
		got, total := finds(t, e, viewer, f, rapid.IntRange(1, 3).Draw(t, "limit"))
		what := fmt.Sprintf("%.8s finds %+v", viewer, f)
		same(t, what, got, want)
		if total >= 0 && total != int64(len(want)) {
			t.Fatalf("%s: total %d, want %d", what, total, len(want))
		}
		page, err := e.Find(context.Background(), viewer, f, orders.Query{Limit: 2, Page: 2})
		if err != nil {
			t.Fatal(err)
		}
		got = nil
		for _, o := range page.Items {
			got = append(got, o.IntentID)
		}
		same(t, what+", page 2", got, append([]string(nil), want[min(2, len(want)):min(4, len(want))]...))
	}
}

// testFind has a search for each thing that is found, and one for what is not.
func testFind(t *testing.T, e *engine) {
	id := "pi_" + npub0 + "_1760011200000"
	e.write(t,
		order(id, 1, titled("Blue Mug", "Saucer"), ships("1Z 999 AA1-01")),
		order("A-100", 1, titled("Blue plate"), roles(2, 1), created(noon+1)),
		order("A-1003", 1, titled("Größe XL – 陶器"), roles(0, 2), created(noon+2)),
		order("hidden", 1, titled("Blue mug"), roles(3, 4), ships("1Z999")),
	)
	for _, c := range []struct {
		q    string
		want string // of people[1], who sells the first two
	}{
		{id, id}, {id[:20], id}, {"pi_npub1qq…0000", id}, {"pi_npub1qq...0000", id}, {"pi_npub1qq…9999", ""},
		{"A-100", "A-100"}, {"A-1", "A-100"}, {"A", "A-100 " + id}, {"A-100, " + id + ",nope", "A-100 " + id}, {"A-100 nope", "A-100"},
		{"blue", "A-100 " + id}, {"blue mug", id}, {"MUG blue", id}, {"mug saucer", id}, {"blue saucer plate", ""}, {"saucers", ""},
		{"1z999aa101", id}, {"1z 999 aa1 01", id}, {"1z 999 aa1", ""}, {"1Z999", id}, {"1Z9", ""}, {npub0, id}, {people[0], id}, {people[2], "A-100"}, {"npub1qqqq…8p52w2", ""},
		{"npub1qqqq…hp52w2", id}, {"hidden", ""}, {"A-1003", ""}, {"größe", ""}, {"*", ""}, {"[i", ""}, {"(", ""}, {"\xc3\xbc", ""}, {"…", ""}, {"", "A-100 " + id},
	} {
		got, _ := finds(t, e, people[1], orders.Filter{Search: search(t, c.q)}, 10)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: got %v, want %s", c.q, got, c.want)
		}
	}
	for _, q := range []string{"GRÖSSE", "größe", "陶", "xl"} {
		want := "A-1003"
		if q == "GRÖSSE" { // is not the capital form of größe to everybody
			want = ""
		}
		if got, _ := finds(t, e, people[0], orders.Filter{As: orders.Buyer, Search: search(t, q)}, 10); strings.Join(got, " ") != want {
			t.Errorf("%q: got %v, want %s", q, got, want)
		}
	}
	// An admin finds everybody's, by id and participant at once, by the rest one by one.
	for q, want := range map[string]string{"hidden": "hidden", npub0: "A-1003 " + id, "mug": id + " hidden", "1z999": id + " hidden"} {
		if got, _ := finds(t, e, people[4], orders.Filter{As: orders.Admin, Search: search(t, q)}, 10); strings.Join(got, " ") != want {
			t.Errorf("an admin, %q: got %v, want %s", q, got, want)
		}
	}
	for name, f := range map[string]orders.Filter{"status": {Statuses: []orders.Status{"lost"}}, "everybody's by change": {As: orders.Admin, ByUpdated: true}} {
		_, err := e.Find(t.Context(), people[1], f, orders.Query{})
		code(t, name, err, orders.EINVALID)
	}
}

// TestFindMany has more orders than a search takes from the indexes: it goes through
// the list, and still finds every one of them, and one among them.
func TestFindMany(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	e := dial(t, "redis-server", s.URL(), s.URL()+"?db=1")
	const many = 10_500
	var batch []*orders.Order
	for i := range many {
		title := "Common cup"
		if i == 700 {
			title = "Rare vase"
		}
		batch = append(batch, order(fmt.Sprintf("m-%05d", i), 1, titled(title), created(noon+int64(i/50)), updated(noon)))
	}
	e.write(t, batch...)
	for q, want := range map[string]int{"cup": many - 1, "rare": 1, "m-": many, "m-007": 100, "common": many - 1, "vase m-00701": 1} {
		got, _ := finds(t, e, people[1], orders.Filter{Search: search(t, q)}, 200)
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != want {
			t.Errorf("%q: found %d, want %d", q, n, want)
		}
	}
	// All were changed in the same moment.
	for _, asc := range []bool{true, false} {
		if got, _ := finds(t, e, people[1], orders.Filter{ByUpdated: true, OldestFirst: asc}, 200); len(got) != many {
			t.Errorf("by change: %d, want %d", len(got), many)
		}
	}
}

// testDisputed: the orders that ever were disputed are a list of their own, counted at
// once, however many others there are.
func testDisputed(t *testing.T, e *engine) {
	const others = 4100 // more than are looked at for a page
	var batch []*orders.Order
	for i := range others {
		batch = append(batch, order(fmt.Sprint("o", i), 1, created(noon+100)))
	}
	e.write(t, batch...)
	e.write(t, order("first", 1, disputed, status(orders.StatusDelivered)), order("second", 1, disputed, created(noon+1), titled("Blue mug")),
		order("third", 1, disputed, created(noon+2), roles(2, 1), status(orders.StatusDelivered)))
	admin := people[4]
	for _, c := range []struct {
		f     orders.Filter
		want  string
		total int64 // -1: nobody counts
	}{
		{orders.Filter{}, "third second first", 3},
		{orders.Filter{OldestFirst: true}, "first second third", 3},
		{orders.Filter{Since: new(noon + 1)}, "third second", 2},
		{orders.Filter{Until: new(noon)}, "first", 1},
		{orders.Filter{Statuses: []orders.Status{orders.StatusDelivered}}, "third first", -1},
		{orders.Filter{Counterparty: []string{people[2]}}, "third", -1},
		{orders.Filter{Search: search(t, "first o1 third")}, "third first", 2},
		{orders.Filter{Search: search(t, "blue")}, "second", -1},
	} {
		c.f.As, c.f.Disputed = orders.Admin, true
		got, total := finds(t, e, admin, c.f, 2)
		if strings.Join(got, " ") != c.want || total != c.total {
			t.Errorf("%+v: got %v of %d, want %s of %d", c.f, got, total, c.want, c.total)
		}
	}
	found, err := e.Find(t.Context(), admin, orders.Filter{As: orders.Admin, Disputed: true}, orders.Query{Limit: 2, Page: 2})
	if err != nil || len(found.Items) != 1 || found.Items[0].IntentID != "first" || found.Next != "" {
		t.Errorf("page 2: got %+v, %v", found, err)
	}
	e.write(t, order("second", 2), order("o7", 2, disputed))
	if got, total := finds(t, e, admin, orders.Filter{As: orders.Admin, Disputed: true}, 10); strings.Join(got, " ") != "third o7 first" || total != 3 {
		t.Errorf("after changes: got %v of %d", got, total)
	}
	if n, err := e.Remove(t.Context(), "o7"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if got, _ := finds(t, e, people[1], orders.Filter{Disputed: true}, 10); strings.Join(got, " ") != "third first" {
		t.Errorf("a seller's own: got %v", got)
	}
}

func testPeriods(t *testing.T, e *engine) {
	for i := range 30 {
		p := orders.PaymentConfirmed
		if i%3 == 0 {
			p = orders.PaymentNone
		}
		e.write(t, order(fmt.Sprint("p", i), 1, created(noon+int64(i)), pays(p, 10), status(orders.Statuses[i%7])))
	}
	got, err := e.Periods(t.Context(), orders.Seller, people[1], []int64{noon, noon + 10, noon + 20, noon + 25})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ orders, revenue, delivered int64 }{{10, 60, 1}, {10, 70, 2}, {5, 30, 0}} {
		if st := got[i]; st.TotalOrders != want.orders || st.TotalRevenue != want.revenue || st.AverageOrderValue != 10 || st.CompletedOrders != want.delivered {
			t.Errorf("period %d: got %+v, want %+v", i, st, want)
		}
	}
	whole, err := e.Periods(t.Context(), orders.Buyer, people[0], []int64{0, noon * 2})
	if err != nil {
		t.Fatal(err)
	}
	stats, err := e.Stats(t.Context(), orders.Buyer, people[0])
	if err != nil {
		t.Fatal(err)
	}
	same(t, "one period for all", whole[0], stats)
	for name, edges := range map[string][]int64{"none": nil, "one": {5}, "backwards": {5, 4}, "too many": make([]int64, 402)} {
		_, err := e.Periods(t.Context(), orders.Buyer, people[0], edges)
		code(t, name, err, orders.EINVALID)
	}
}

// testOutdated: what an earlier version wrote is found out.
func testOutdated(t *testing.T, e *engine) {
	ctx := t.Context()
	e.raw.HSet(ctx, "orders_cursor", "ledger", "l", "seq", "7")
	c, ok, err := e.Cursor(ctx)
	if err != nil || !ok || !c.Outdated {
		t.Fatalf("got %+v, %v, %v, want an outdated cursor", c, ok, err)
	}
	to := c
	to.Seq, to.Outdated = 8, false
	if moved, err := e.Advance(ctx, c, to); !moved || err != nil {
		t.Fatalf("got %v, %v", moved, err)
	}
	if c, _, err = e.Cursor(ctx); err != nil || c != to {
		t.Errorf("got %+v, %v, want %+v", c, err, to)
	}
}
