package redisstore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// conformance is what every engine must do. Each case begins with both
// databases empty but for other applications' keys in the first, and must leave
// those alone.
var conformance = []struct {
	name string
	run  func(t *testing.T, e *engine)
}{
	{"the keys of the contract", testContract},
	{"what replaces what", testReplaces},
	{"stale and equal versions", testVersions},
	{"an order comes back whole", testRoundTrip},
	{"odd clocks and amounts", testBounds},
	{"invalid orders", testInvalid},
	{"foreign keys in the way", testInTheWay},
	{"a script that Redis forgot", testScriptFlush},
	{"a reply that was lost", testLostReply},
	{"many writers", testManyWriters},
	{"remove", testRemove},
	{"cursor", testCursor},
	{"two ledgers", testFence},
	{"bad queries", testBadQueries},
	{"pages", testPages},
	{"what a filter means", testFind},
	{"what was ever disputed", testDisputed},
	{"statistics by period", testPeriods},
	{"another version's keys", testOutdated},
	{"more ties than are read at once", testTies},
	{"rows that moved or are damaged", testRows},
	{"sums beyond 64 bits", testHugeSums},
	{"prune", testPrune},
	{"prune races", testPruneRaces},
	{"rebuild and check", testRebuild},
}

func TestConformance(t *testing.T) {
	conform := func(t *testing.T, e *engine) {
		for _, c := range conformance {
			t.Run(c.name, func(t *testing.T) {
				e.empty(t)
				e.foreign(t)
				before := dump(t, e.raw)
				c.run(t, e)
				after := dump(t, e.raw)
				for key, v := range before {
					same(t, "foreign key "+key, after[key], v)
				}
			})
		}
	}
	engines(t, conform)
	t.Run("redis-server with an ACL", func(t *testing.T) {
		t.Parallel()
		conform(t, restricted(t))
	})
}

const (
	npub0 = "npub1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqshp52w2" // people[0]
	npub1 = "npub1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpqdangsl" // people[1]
)

// testContract spells the keys out, as a reader of the contract would.
func testContract(t *testing.T, e *engine) {
	e.write(t, order("pi_x", 7, status(orders.StatusPaid), pays(orders.PaymentClaimed, 250_000_001), boxes("f0"),
		updated(noon+5), ships("1z 9-9"), titled("Blue mug"), disputed))
	ctx := t.Context()
	for _, set := range []string{
		"orders_index", "{orders_index}:disputed", "orders_by_status:paid", "orders_by_buyer:" + npub0, "orders_by_seller:" + npub1,
		"{orders_by_buyer:" + npub0 + "}:paid", "{orders_by_seller:" + npub1 + "}:paid", "{orders_by_buyer:" + npub0 + "}:" + npub1,
	} {
		got, err := e.raw.ZRangeWithScores(ctx, set, 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		same(t, set, got, []redis.Z{{Score: float64(noon), Member: "pi_x"}})
	}
	const word = "t6v7N8A7oqEF4"
	for _, side := range []string{"{orders_by_buyer:" + npub0 + "}:", "{orders_by_seller:" + npub1 + "}:"} {
		same(t, side+"updated", e.raw.ZRangeWithScores(ctx, side+"updated", 0, -1).Val(), []redis.Z{{Score: float64(noon) + 5, Member: "pi_x"}})
		if strings.Contains(side, "buyer") {
			continue
		}
		same(t, side+"find", e.raw.ZRangeWithScores(ctx, side+"find", 0, -1).Val(),
			[]redis.Z{{Member: "ipi_x"}, {Member: "n1Z99 pi_x"}, {Member: word + " pi_x"}})
		same(t, side+"titles", e.raw.HGetAll(ctx, side+"titles").Val(), map[string]string{word: "Blue mug"})
	}
	hash := e.raw.HGetAll(ctx, "orders:pi_x").Val()
	if hash["data"] == "" {
		t.Error("no data")
	}
	delete(hash, "data")
	same(t, "scalars", hash, map[string]string{"status": "paid", "version": "7", "buyer": npub0, "seller": npub1,
		"created": "1760011200000", "updated": "1760011200005", "words": "n1Z99 " + word, "disputed": "1", "revenue": "", "spent": "250000001"})
	same(t, "boxes", e.raw.HKeys(ctx, "{orders:pi_x}:boxes").Val(), []string{"f0"})
	same(t, "sums", e.raw.HGetAll(ctx, "{orders_by_buyer:"+npub0+"}:sums").Val(),
		map[string]string{"btc": "2", "sats": "50000001", "count": "1"})
	if n := e.raw.Exists(ctx, "{orders_by_seller:"+npub1+"}:sums").Val(); n != 0 {
		t.Error("sums of a seller to whom nothing counts")
	}
}

// testReplaces writes one state after another and compares with the last alone.
func testReplaces(t *testing.T, e *engine) {
	for _, c := range []struct {
		name   string
		states []*orders.Order
	}{
		{"status forth and back", []*orders.Order{
			order("a", 1), order("a", 2, status(orders.StatusPaid)), order("a", 3, status(orders.StatusDisputed)), order("a", 4, status(orders.StatusPaid))}},
		{"score moves", []*orders.Order{order("a", 1), order("a", 2, created(noon-86_400_000))}},
		{"roles swap", []*orders.Order{
			order("a", 1, pays(orders.PaymentConfirmed, 5)), order("a", 2, roles(1, 0), pays(orders.PaymentConfirmed, 5))}},
		{"a side heals", []*orders.Order{
			order("a", 1, func(o *orders.Order) { o.BuyerPubkey, o.SellerPubkey = "", "" }), order("a", 2, boxes("f1"))}},
		{"contribution rises", []*orders.Order{
			order("a", 1, pays(orders.PaymentClaimed, 99_999_999)), order("a", 2, pays(orders.PaymentConfirmed, 100_000_000))}},
		{"contribution ends", []*orders.Order{
			order("a", 1, pays(orders.PaymentConfirmed, 7)), order("a", 2, pays(orders.PaymentRefunded, 7))}},
		{"nothing, but it counts", []*orders.Order{order("a", 1), order("a", 2, pays(orders.PaymentConfirmed, 0))}},
		{"a title goes", []*orders.Order{order("a", 1, titled("Blue mug", "Cup")), order("a", 2, titled("Cup"))}},
		{"a parcel more", []*orders.Order{order("a", 1, ships("1Z9")), order("a", 2, ships("1Z9", "1Z8"))}},
		{"updated moves", []*orders.Order{order("a", 1, updated(noon)), order("a", 2, updated(noon+7))}},
		{"a dispute ends, and stays one that was", []*orders.Order{
			order("a", 1), order("a", 2, status(orders.StatusDisputed), disputed), order("a", 3, status(orders.StatusDelivered), disputed)}},
		{"there never was a dispute", []*orders.Order{order("a", 1, disputed), order("a", 2)}},
		{"boxes go", []*orders.Order{order("a", 1, boxes("f0", "f1")), order("a", 2, boxes("f1"))}},
		{"all boxes go", []*orders.Order{order("a", 1, boxes("f0", "f1")), order("a", 2)}},
		{"the same again", []*orders.Order{
			order("a", 2, pays(orders.PaymentConfirmed, 7), boxes("f0")), order("a", 2, pays(orders.PaymentConfirmed, 7), boxes("f0"))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.empty(t)
			last := c.states[len(c.states)-1]
			// Beside an order that stays, so that a set or a sum not emptied is compared too.
			for _, extra := range [][]*orders.Order{nil, {order("b", 1, status(orders.StatusPaid), pays(orders.PaymentConfirmed, 3))}} {
				e.write(t, extra...)
				e.write(t, c.states...)
				if err := e.other.Write(t.Context(), append(slices.Clone(extra), last)); err != nil {
					t.Fatal(err)
				}
				same(t, "keyspace", dump(t, e.raw), dump(t, e.otherRaw))
			}
			e.foreign(t)
		})
	}
}

func testVersions(t *testing.T, e *engine) {
	ctx := t.Context()
	e.write(t, order("a", 5, status(orders.StatusShipped), pays(orders.PaymentConfirmed, 10), boxes("f0")))
	before := dump(t, e.raw)
	e.write(t, order("a", 4, status(orders.StatusPaid), pays(orders.PaymentClaimed, 99)))
	same(t, "a stale write", dump(t, e.raw), before)

	e.write(t, order("a", 5, status(orders.StatusDelivered)))
	if o, err := e.Order(ctx, "a"); err != nil || o.Status != orders.StatusDelivered {
		t.Errorf("an equal version: got %v, %v, want delivered", o, err)
	}
	// Neighbours that a float32, or text, would confuse.
	e.write(t, order("a", 1<<53-2, status(orders.StatusPaid)), order("a", 1<<53-1), order("a", 1<<53-2, status(orders.StatusPaid)))
	if o, err := e.Order(ctx, "a"); err != nil || o.Status != orders.StatusIntentSent {
		t.Errorf("a great version: got %v, %v, want intent-sent", o, err)
	}
}

func testRoundTrip(t *testing.T, e *engine) {
	ctx := t.Context()
	want := order("A-1_0a%20@x:y+z", 1<<52, pays(orders.PaymentConfirmed, orders.MaxSats), boxes("f0", "f0#1"))
	stored := *want
	stored.AllowedActions = []orders.Verb{orders.Note} // one viewer's, not the order's
	e.write(t, &stored)
	got, err := e.Order(ctx, want.IntentID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "order", got, want)
	page, err := e.List(ctx, orders.List{}, orders.Query{})
	if err != nil {
		t.Fatal(err)
	}
	bare := *want
	bare.Boxes = nil
	same(t, "page", page, orders.Page{Items: []*orders.Order{&bare}, Total: 1})

	for _, id := range []string{"", "nope", "theirs", "a}:boxes", "ü", "x\r\ny"} {
		_, err := e.Order(ctx, id)
		code(t, "order "+id, err, orders.ENOTFOUND)
	}
}

func testBounds(t *testing.T, e *engine) {
	for i, at := range []int64{0, -5, 1<<63 - 1, -1 << 63} {
		for j, sats := range []int64{-1, 1<<63 - 1, orders.MaxSats} {
			e.write(t, order("a", int64(i*3+j), created(at), pays(orders.PaymentConfirmed, sats)))
		}
	}
	e.write(t, order("a", 99, created(noon)))
	if err := e.other.Write(t.Context(), []*orders.Order{order("a", 99, created(noon))}); err != nil {
		t.Fatal(err)
	}
	e.foreignLess(t, e.otherRaw)
}

// foreignLess compares the first database, without other applications' keys,
// with c.
func (e *engine) foreignLess(t *testing.T, c *redis.Client) {
	t.Helper()
	want := dump(t, c)
	got := dump(t, e.raw)
	e.empty(t)
	e.foreign(t)
	for key := range dump(t, e.raw) {
		delete(got, key)
	}
	same(t, "keyspace", got, want)
}

func testScriptFlush(t *testing.T, e *engine) {
	ctx := t.Context()
	for v := int64(1); v < 4; v++ {
		if err := e.raw.ScriptFlush(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		e.write(t, order("a", v, pays(orders.PaymentConfirmed, 5)), order("b", v))
	}
	if err := e.raw.ScriptFlush(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if moved, err := e.Advance(ctx, redisstore.Cursor{}, redisstore.Cursor{Ledger: "l", Seq: 1}); !moved || err != nil {
		t.Errorf("advance: got %v, %v", moved, err)
	}
	if st, err := e.Stats(ctx, orders.Seller, people[1]); err != nil || st.TotalOrders != 2 || st.TotalRevenue != 5 {
		t.Errorf("stats: got %+v, %v", st, err)
	}
}

func testRemove(t *testing.T, e *engine) {
	ctx := t.Context()
	keep := order("b", 1, status(orders.StatusPaid), pays(orders.PaymentConfirmed, 3))
	e.write(t, keep, order("a", 1, pays(orders.PaymentConfirmed, 5), boxes("f0")), order("c", 9, roles(2, 3)))
	n, err := e.Remove(ctx, "a", "c", "never", "a")
	if n != 2 || err != nil {
		t.Errorf("got %d, %v, want 2", n, err)
	}
	if err := e.other.Write(ctx, []*orders.Order{keep}); err != nil {
		t.Fatal(err)
	}
	e.foreignLess(t, e.otherRaw)
}

func testCursor(t *testing.T, e *engine) {
	ctx := t.Context()
	none := redisstore.Cursor{}
	at := func(ledger string, seq int64) redisstore.Cursor { return redisstore.Cursor{Ledger: ledger, Seq: seq} }
	for i, step := range []struct {
		from, to redisstore.Cursor
		moved    bool
		stands   redisstore.Cursor
	}{
		{at("l", 1), at("l", 2), false, none}, // an emptied Redis is noticed
		{none, at("l", 0), true, at("l", 0)},
		{none, at("l", 5), false, at("l", 0)},
		{at("l", 0), at("l", 5), true, at("l", 5)},
		{at("l", 0), at("l", 5), true, at("l", 5)}, // the retry of a lost reply
		{at("l", 7), at("l", 8), false, at("l", 5)},
		{at("m", 5), at("m", 6), false, at("l", 5)},
		{at("l", 5), at("m", 0), true, at("m", 0)},
		{at("m", 0), at("m", 1<<62), true, at("m", 1<<62)},
		{at("m", 1<<62-1), at("m", 3), false, at("m", 1<<62)},
	} {
		moved, err := e.Advance(ctx, step.from, step.to)
		if err != nil || moved != step.moved {
			t.Errorf("step %d: got %v, %v, want %v", i, moved, err, step.moved)
		}
		c, ok, err := e.Cursor(ctx)
		if c.Run = ""; c != step.stands || ok != (step.stands != none) || err != nil {
			t.Errorf("step %d: stands at %v %v %v, want %v", i, c, ok, err, step.stands)
		}
	}
	_, err := e.Advance(ctx, none, none)
	code(t, "to nowhere", err, orders.EINVALID)
	e.raw.HSet(ctx, "orders_cursor", "seq", "soon")
	_, _, err = e.Cursor(ctx)
	code(t, "damaged", err, orders.EINTERNAL)
}
