package redisstore_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

func testBadQueries(t *testing.T, e *engine) {
	ctx := t.Context()
	buyer := orders.List{As: orders.Buyer, Pubkey: people[0]}
	for name, c := range map[string]struct {
		l orders.List
		q orders.Query
	}{
		"limit":               {buyer, orders.Query{Limit: 201}},
		"negative limit":      {buyer, orders.Query{Limit: -1}},
		"negative page":       {buyer, orders.Query{Page: -1}},
		"page beyond numbers": {buyer, orders.Query{Page: math.MaxInt}},
		"status":              {buyer, orders.Query{Status: "lost"}},
		"page and cursor":     {buyer, orders.Query{Page: 1, Cursor: "MTph"}},
		"cursor not base64":   {buyer, orders.Query{Cursor: "?"}},
		"cursor without id":   {buyer, orders.Query{Cursor: "MTo"}},
		"padded cursor":       {buyer, orders.Query{Cursor: "MTph="}},
		"role":                {orders.List{As: orders.Admin, Pubkey: people[0]}, orders.Query{}},
		"two roles":           {orders.List{As: orders.Buyer | orders.Seller, Pubkey: people[0]}, orders.Query{}},
		"no key":              {orders.List{As: orders.Buyer}, orders.Query{}},
		"npub":                {orders.List{As: orders.Buyer, Pubkey: npub0}, orders.Query{}},
		"no role":             {orders.List{Pubkey: people[0]}, orders.Query{}},
	} {
		_, err := e.List(ctx, c.l, c.q)
		code(t, name, err, orders.EINVALID)
	}
	_, err := e.Stats(ctx, 0, people[0])
	code(t, "stats of nobody", err, orders.EINVALID)
	_, err = e.Stats(ctx, orders.Buyer, "x")
	code(t, "stats of no key", err, orders.EINVALID)

	st, err := e.Stats(ctx, orders.Buyer, people[4])
	if err != nil || st.TotalOrders != 0 || len(st.OrdersByStatus) != len(orders.Statuses) {
		t.Errorf("stats of a stranger: got %+v, %v", st, err)
	}
	page, err := e.List(ctx, orders.List{As: orders.Seller, Pubkey: people[4]}, orders.Query{})
	if err != nil || page.Items == nil || len(page.Items) != 0 || page.Next != "" {
		t.Errorf("list of a stranger: got %+v, %v", page, err)
	}
}

// ids walks a list by cursor and returns what it names.
func ids(t fataler, e *engine, l orders.List, q orders.Query) (all []string) {
	t.Helper()
	for range 10_000 {
		page, err := e.List(context.Background(), l, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Items {
			all = append(all, o.IntentID)
		}
		if page.Next == "" {
			return all
		}
		q.Page, q.Cursor = 0, page.Next
	}
	t.Fatal("the list does not end")
	return nil
}

func testPages(t *testing.T, e *engine) {
	ctx := t.Context()
	for i := range 120 {
		s := orders.StatusPaid
		if i%3 == 0 {
			s = orders.StatusShipped
		}
		e.write(t, order(fmt.Sprintf("o%03d", i), 1, created(noon+int64(i/2)), status(s), roles(i%2, 2)))
	}
	all := orders.List{}
	for _, c := range []struct {
		name  string
		l     orders.List
		q     orders.Query
		n     int
		first string
		last  string
		total int64
		next  bool
	}{
		{"default", all, orders.Query{}, 50, "o119", "o070", 120, true},
		{"page 2", all, orders.Query{Page: 2}, 50, "o069", "o020", 120, true},
		{"last page", all, orders.Query{Page: 3}, 20, "o019", "o000", 120, false},
		{"exactly the last", all, orders.Query{Page: 4, Limit: 30}, 30, "o029", "o000", 120, false},
		{"beyond", all, orders.Query{Page: 9}, 0, "", "", 120, false},
		{"all at once", all, orders.Query{Limit: 200}, 120, "o119", "o000", 120, false},
		{"by status", all, orders.Query{Status: orders.StatusShipped, Limit: 10}, 10, "o117", "o090", 40, true},
		{"by buyer", orders.List{As: orders.Buyer, Pubkey: people[1]}, orders.Query{Limit: 3}, 3, "o119", "o115", 60, true},
		{"by seller and status", orders.List{As: orders.Seller, Pubkey: people[2]},
			orders.Query{Status: orders.StatusPaid, Limit: 80}, 80, "o119", "o001", 80, false},
		{"a status without orders", all, orders.Query{Status: orders.StatusCancelled}, 0, "", "", 0, false},
	} {
		page, err := e.List(ctx, c.l, c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		first, last := "", ""
		if n := len(page.Items); n > 0 {
			first, last = page.Items[0].IntentID, page.Items[n-1].IntentID
		}
		if len(page.Items) != c.n || first != c.first || last != c.last || page.Total != c.total || (page.Next != "") != c.next {
			t.Errorf("%s: got %d %s–%s of %d, next %q; want %d %s–%s of %d, next %v",
				c.name, len(page.Items), first, last, page.Total, page.Next, c.n, c.first, c.last, c.total, c.next)
		}
	}
	// What arrives while one reads shifts pages, not cursors.
	one, err := e.List(ctx, all, orders.Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	e.write(t, order("new", 1, created(noon+9999)))
	two, err := e.List(ctx, all, orders.Query{Limit: 100, Cursor: one.Next})
	if err != nil || len(two.Items) != 20 || two.Items[0].IntentID != "o019" || two.Total != 121 {
		t.Errorf("after an arrival: got %d of %d, %v", len(two.Items), two.Total, err)
	}
}

func testTies(t *testing.T, e *engine) {
	ctx := t.Context()
	var want []string
	var os []*orders.Order
	for i := range 150 {
		at := noon
		if i < 3 {
			at = noon - 1
		} else if i >= 147 {
			at = noon + 1
		}
		os = append(os, order(fmt.Sprintf("t%03d", i), 1, created(at)))
		want = append([]string{fmt.Sprintf("t%03d", i)}, want...)
	}
	e.write(t, os...)
	for _, limit := range []int{1, 7, 149, 150} {
		same(t, fmt.Sprint("limit ", limit), ids(t, e, orders.List{}, orders.Query{Limit: limit}), want)
	}
	// The row that the cursor names has gone: the next one follows all the same.
	page, err := e.List(ctx, orders.List{}, orders.Query{Limit: 60})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := e.Remove(ctx, "t090"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	same(t, "behind a row that went", ids(t, e, orders.List{}, orders.Query{Limit: 5, Cursor: page.Next}), want[60:])
}

func testRows(t *testing.T, e *engine) {
	ctx := t.Context()
	e.write(t, order("a", 1, status(orders.StatusPaid)), order("b", 1, status(orders.StatusPaid)), order("c", 1))
	damage := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// c stands in a list that it had left when its hash was read.
	damage(e.raw.ZAdd(ctx, "orders_by_status:paid", redis.Z{Score: float64(noon) + 1, Member: "c"}).Err())
	page, err := e.List(ctx, orders.List{}, orders.Query{Status: orders.StatusPaid, Limit: 2})
	if err != nil || len(page.Items) != 1 || page.Items[0].IntentID != "b" || page.Next == "" || page.Total != 3 {
		t.Errorf("a row that moved: got %+v, %v", page, err)
	}
	damage(e.raw.ZAdd(ctx, "orders_index", redis.Z{Score: 1, Member: "ghost"}).Err())
	_, err = e.List(ctx, orders.List{}, orders.Query{})
	code(t, "a member without an order", err, orders.EINTERNAL)
	damage(e.raw.ZRem(ctx, "orders_index", "ghost").Err())

	for _, data := range []string{"", "nonsense", "{}", `{"intentId":"b"}`, `[]`} {
		damage(e.raw.HSet(ctx, "orders:a", "data", data).Err())
		_, err = e.Order(ctx, "a")
		code(t, "order with data "+data, err, orders.EINTERNAL)
		_, err = e.List(ctx, orders.List{}, orders.Query{})
		code(t, "list with data "+data, err, orders.EINTERNAL)
	}
	damage(e.raw.HSet(ctx, "{orders:b}:boxes", "f0", "nonsense").Err())
	_, err = e.Order(ctx, "b")
	code(t, "a damaged box", err, orders.EINTERNAL)
	damage(e.raw.HSet(ctx, "{orders_by_buyer:"+npub0+"}:sums", "count", "many").Err())
	_, err = e.Stats(ctx, orders.Buyer, people[0])
	code(t, "damaged sums", err, orders.EINTERNAL)
}

// testHugeSums: what single orders claim is held within bounds, what they add up
// to is not.
func testHugeSums(t *testing.T, e *engine) {
	ctx := t.Context()
	const most = 1<<53 - 1
	var os []*orders.Order
	for i := range 1030 {
		os = append(os, order(fmt.Sprint("h", i), 1, pays(orders.PaymentConfirmed, most)))
	}
	e.write(t, os...)
	st, err := e.Stats(ctx, orders.Seller, people[1])
	if err != nil || st.TotalRevenue != math.MaxInt64 || st.AverageOrderValue != most {
		t.Errorf("got %+v, %v", st, err)
	}
	for i := range os {
		os[i].Payment = orders.PaymentRefunded
	}
	e.write(t, os[1:]...)
	st, err = e.Stats(ctx, orders.Seller, people[1])
	if err != nil || st.TotalRevenue != most {
		t.Errorf("after refunds: got %+v, %v", st, err)
	}
}
