package redisstore_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// owned answers for a ledger that has exactly these orders.
func owned(ids ...string) redisstore.Owns {
	return func(_ context.Context, asked []string) ([]bool, error) {
		has := make([]bool, len(asked))
		for i, id := range asked {
			has[i] = slices.Contains(ids, id)
		}
		return has, nil
	}
}

// testPrune damages a projection in every way it knows, and wants it back.
func testPrune(t *testing.T, e *engine) {
	ctx := t.Context()
	keep := []*orders.Order{
		order("a", 1, status(orders.StatusPaid), pays(orders.PaymentClaimed, 70), boxes("f0")),
		order("b", 2, roles(2, 1), pays(orders.PaymentConfirmed, 30)),
		order("c", 3, roles(3, 0)),
	}
	e.write(t, keep...)
	for i := range 600 { // more than one question is about
		e.write(t, order(fmt.Sprint("gone", i), 4, status(orders.StatusShipped), pays(orders.PaymentConfirmed, 5), boxes("f0")))
		if i%100 == 0 {
			e.raw.ZAdd(ctx, "orders_index", redis.Z{Score: 1, Member: fmt.Sprint("ghost", i)})
		}
	}
	z := redis.Z{Score: 5, Member: "a"}
	for _, set := range []string{"orders_by_status:shipped", "orders_by_status:no-more", "orders_by_buyer:" + npub1,
		"{orders_by_seller:" + npub0 + "}:paid", "{orders_by_seller:" + npub1 + "}:shipped", "{orders_index}:disputed"} {
		e.raw.ZAdd(ctx, set, z)
	}
	e.raw.ZAdd(ctx, "orders_by_seller:"+npub1, redis.Z{Score: 1, Member: "odd } member"})
	e.raw.ZAdd(ctx, "{orders_by_seller:"+npub1+"}:find", redis.Z{Member: "ighost"}, redis.Z{Member: "tnone a"}, redis.Z{Member: "odd"})
	e.raw.ZAdd(ctx, "{orders_by_buyer:"+npub0+"}:"+npub0, z)
	e.raw.HSet(ctx, "{orders_by_seller:"+npub1+"}:titles", "tnone", "of nobody", "junk", "x")
	e.raw.HSet(ctx, "{orders:lost}:boxes", "f0", "{}")
	e.raw.HSet(ctx, "{orders_by_buyer:"+npub0+"}:sums", "btc", "9", "count", "junk")
	e.raw.HSet(ctx, "{orders_by_seller:"+npub0+"}:sums", "btc", "1", "sats", "1", "count", "1")
	e.raw.Del(ctx, "{orders_by_seller:"+npub1+"}:sums")
	if err := e.other.Write(ctx, keep); err != nil {
		t.Fatal(err)
	}
	n, err := e.Prune(ctx, owned("a", "b", "c"))
	if want := 600 + 6 + 6 + 1 + 1 + 3 + 1 + 2; n != want || err != nil {
		t.Errorf("got %d, %v, want %d", n, err, want)
	}
	if n, err := e.Prune(ctx, owned("a", "b", "c")); n != 0 || err != nil {
		t.Errorf("again: got %d, %v, want 0", n, err)
	}
	e.foreignLess(t, e.otherRaw)
}

// testPruneRaces: an order that the ledger did not know begins while Prune asks.
func testPruneRaces(t *testing.T, e *engine) {
	ctx := t.Context()
	e.write(t, order("a", 1), order("b", 1))
	n, err := e.Prune(ctx, func(_ context.Context, ids []string) ([]bool, error) {
		e.write(t, order("a", 2, status(orders.StatusPaid)))
		return make([]bool, len(ids)), nil
	})
	if n != 1 || err != nil {
		t.Errorf("got %d, %v, want 1", n, err)
	}
	if o, err := e.Order(ctx, "a"); err != nil || o.Version != 2 {
		t.Errorf("the order that began: got %v, %v", o, err)
	}
	_, err = e.Prune(ctx, func(context.Context, []string) ([]bool, error) { return nil, nil })
	code(t, "an owner who does not answer", err, orders.EINTERNAL)
	_, err = e.Prune(ctx, func(context.Context, []string) ([]bool, error) {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "no ledger")
	})
	code(t, "an owner who fails", err, orders.EUNAVAILABLE)
}

// ledger is a Source of orders whose facts all name both parties and their id.
// What it is not asked for here, it does not have.
type ledger struct {
	orders.Source
	facts map[orders.Key][]orders.Fact
}

func (l ledger) OfKey(_ context.Context, k orders.Key) ([]orders.Fact, error) { return l.facts[k], nil }
func (l ledger) Stray(context.Context, orders.Key) (bool, error)              { return false, nil }
func (l ledger) Beginning(_ context.Context, k orders.Key) (b orders.Beginning, ok bool, err error) {
	for _, f := range l.facts[k] {
		if f.Begins() && (!ok || f.Tau() < b.At) {
			b, ok = orders.Beginning{Key: k, IntentID: k.OrderID, At: f.Tau(), Sigma: f.Sigma()}, true
		}
	}
	return b, ok, nil
}

func (l ledger) keys() iter.Seq2[orders.Key, error] {
	return func(yield func(orders.Key, error) bool) {
		for k := range l.facts {
			if !yield(k, nil) {
				return
			}
		}
	}
}

func (l ledger) owns(_ context.Context, ids []string) ([]bool, error) {
	has := make([]bool, len(ids))
	for k := range l.facts {
		if i := slices.Index(ids, k.OrderID); i >= 0 {
			has[i] = true
		}
	}
	return has, nil
}

// says adds a fact about an order between people[0], who buys, and people[1].
func (l ledger) says(id string, who int, verb orders.Verb, seq int64) {
	k := orders.Key{Pair: orders.PairOf(people[0], people[1]), OrderID: id}
	at, amount := noon+seq*60_000, int64(500)
	l.facts[k] = append(l.facts[k], orders.Fact{
		ID: fmt.Sprintf("%s-%s-%d", id, verb, seq), Seq: seq, At: at, ReceivedAt: at, Verb: verb, Sender: people[who],
		Parties: []string{people[0], people[1]}, OrderID: id, Trust: orders.Bound, Dialect: "gamma",
		Transports: []orders.Transport{orders.ByWrap}, Inboxes: []string{people[0]},
		Public: orders.Public{Amount: &amount}, Carries: []orders.Field{orders.FieldContent},
		Box: &orders.Box{SealedBy: people[4], For: map[string]string{people[0]: "sealed words"}},
	})
}

// testRebuild projects live, damages, and rebuilds; then the same for a ledger
// whose seqs are all below those in Redis, as after a restored backup.
func testRebuild(t *testing.T, e *engine) {
	ctx := t.Context()
	theirs := dump(t, e.raw)
	led := ledger{facts: map[orders.Key][]orders.Fact{}}
	seq := int64(1000)
	for i := range 250 { // several batches
		id := fmt.Sprint("r", i)
		seq++
		led.says(id, 0, orders.Intent, seq)
		if i%2 == 0 {
			seq++
			led.says(id, 0, orders.Paid, seq)
		}
		if i%3 == 0 {
			seq++
			led.says(id, 1, orders.Confirm, seq)
		}
	}
	var keys []orders.Key
	for k := range led.keys() {
		keys = append(keys, k)
	}
	if err := e.Project(ctx, led, keys); err != nil {
		t.Fatal(err)
	}
	if moved, err := e.Advance(ctx, redisstore.Cursor{}, redisstore.Cursor{Ledger: "l", Seq: seq}); !moved || err != nil {
		t.Fatal(moved, err)
	}
	check := func(src ledger) (ds []redisstore.Difference) {
		t.Helper()
		for d, err := range e.Check(ctx, src, src.keys()) {
			if err != nil {
				t.Fatal(err)
			}
			// Another application's key where one of ours could be is named as such.
			if ours := theirs[d.Key] == nil; ours != (d.Foreign == "") {
				t.Errorf("whose is %s? got %+v", d.Key, d)
			}
			if d.Foreign == "" {
				ds = append(ds, d)
			}
		}
		return ds
	}
	same(t, "differences after live projection", check(led), []redisstore.Difference(nil))
	live, err := e.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}

	e.raw.HSet(ctx, "orders:r7", "status", "paid")
	e.raw.HSet(ctx, "{orders:r8}:boxes", "secret", "words that nobody may print")
	e.raw.ZAdd(ctx, "orders_index", redis.Z{Score: 3, Member: "ghost"})
	e.raw.ZAdd(ctx, "{orders_index}:disputed", redis.Z{Score: 3, Member: "r8"})
	e.raw.Del(ctx, "orders:r9")
	e.raw.HSet(ctx, "{orders_by_seller:"+npub1+"}:sums", "foo", "1")
	e.raw.HSet(ctx, "{orders_by_seller:"+npub0+"}:sums", "foo", "1") // of somebody to whom nothing counts
	ds := check(led)
	if len(ds) < 4 {
		t.Errorf("differences after damage: got %v", ds)
	}
	if !slices.ContainsFunc(ds, func(d redisstore.Difference) bool { return d.Key == "{orders_index}:disputed" }) {
		t.Errorf("an order that never was disputed is not found among those that were: %v", ds)
	}
	for _, d := range ds {
		if strings.Contains(d.String(), "words") {
			t.Errorf("a difference tells a box: %v", d)
		}
	}
	if _, err := e.Rebuild(ctx, led, led.keys(), led.owns); err != nil {
		t.Fatal(err)
	}
	rebuilt, err := e.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "after the rebuild", redisstore.Diff(rebuilt, live), []redisstore.Difference(nil))
	same(t, "differences after the rebuild", check(led), []redisstore.Difference(nil))

	// The backup: fewer orders, one of them in an earlier state.
	old := ledger{facts: map[orders.Key][]orders.Fact{}}
	old.says("r0", 0, orders.Intent, 1)
	old.says("r1", 0, orders.Intent, 2)
	if n, err := e.Rebuild(ctx, old, old.keys(), old.owns); n != 248 || err != nil {
		t.Errorf("from the backup: removed %d, %v, want 248", n, err)
	}
	same(t, "differences after the backup", check(old), []redisstore.Difference(nil))
	if o, err := e.Order(ctx, "r0"); err != nil || o.Status != orders.StatusIntentSent || o.Version != 2-1 {
		t.Errorf("r0: got %+v, %v", o, err)
	}
}
