package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// engine is one kind of Redis under test: two databases of it, the second to
// compare with, and a client that sees everything.
type engine struct {
	name string
	url  string // of the first database
	*redisstore.Store
	raw      *redis.Client
	other    *redisstore.Store
	otherRaw *redis.Client
}

// engines runs fn against the embedded engine and against a real redis-server.
func engines(t *testing.T, fn func(t *testing.T, e *engine)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		fn(t, embedded(t))
	})
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t)
		fn(t, dial(t, "redis-server", s.URL(), s.URL()+"?db=1"))
	})
}

func embedded(t testing.TB) *engine {
	t.Helper()
	e, err := redisstore.StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return dial(t, "embedded", e.URL(), e.URL()+"/1")
}

func dial(t testing.TB, name, url, otherURL string) *engine {
	t.Helper()
	open := func(url string) (*redisstore.Store, *redis.Client) {
		s, err := redisstore.Dial(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		opt, err := redis.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		opt.DisableIdentity = true
		raw := redis.NewClient(opt)
		t.Cleanup(func() { raw.Close(); s.Close() })
		return s, raw
	}
	e := &engine{name: name, url: url}
	e.Store, e.raw = open(url)
	e.other, e.otherRaw = open(otherURL)
	return e
}

// empty empties both databases.
func (e *engine) empty(t testing.TB) {
	t.Helper()
	for _, c := range []*redis.Client{e.raw, e.otherRaw} {
		if err := c.FlushDB(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// fataler is what *testing.T and *rapid.T share.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// dump reads the whole keyspace, whoever owns it: key → content by type.
func dump(t fataler, c *redis.Client) map[string]any {
	t.Helper()
	ctx := context.Background()
	all := map[string]any{}
	keys, err := c.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		var v any
		kind, err := c.Type(ctx, key).Result()
		if err == nil {
			switch kind {
			case "hash":
				v, err = c.HGetAll(ctx, key).Result()
			case "zset":
				v, err = c.ZRangeWithScores(ctx, key, 0, -1).Result()
			case "list":
				v, err = c.LRange(ctx, key, 0, -1).Result()
			case "set":
				v, err = c.SMembersMap(ctx, key).Result()
			case "stream":
				v, err = c.XRange(ctx, key, "-", "+").Result()
			default:
				v, err = c.Get(ctx, key).Result()
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		all[key] = v
	}
	return all
}

// same fails where two dumps, or any two values, differ.
func same(t fataler, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// code fails where err has another code.
func code(t fataler, what string, err error, want orders.Code) {
	t.Helper()
	if got := orders.ErrorCode(err); got != want {
		t.Fatalf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

// foreign puts keys of other applications beside ours, some with names like ours.
func (e *engine) foreign(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	for _, err := range []error{
		e.raw.HSet(ctx, "user_events:npub1x", "e", "1").Err(),
		e.raw.Set(ctx, "orders", "theirs", 0).Err(),
		e.raw.RPush(ctx, "orders:queue:mail", "a", "b").Err(),
		e.raw.HSet(ctx, "orders:theirs", "status", "paid").Err(),
		e.raw.ZAdd(ctx, "orders_by_date", redis.Z{Score: 1, Member: "x"}).Err(),
		e.raw.ZAdd(ctx, "orders_by_buyer:someone", redis.Z{Score: 1, Member: "x"}).Err(),
		e.raw.ZAdd(ctx, "shop:orders_index", redis.Z{Score: 1, Member: "x"}).Err(),
		e.raw.Set(ctx, "{orders:theirs}:lock", "1", 0).Err(),
		e.raw.Set(ctx, "orders_by_status:disputed", "theirs", 0).Err(),
		// Of every type, close to every family of ours.
		e.raw.SAdd(ctx, "orders:theirs-too", "a", "b").Err(),
		e.raw.XAdd(ctx, &redis.XAddArgs{Stream: "orders_by_seller:" + npub0 + ":events", ID: "1-1", Values: []string{"a", "b"}}).Err(),
		e.raw.RPush(ctx, "{orders_by_seller:npub1"+strings.Repeat("z", 58)+"}:paid", "a").Err(),
		e.raw.SAdd(ctx, "{orders_by_buyer:npub1"+strings.Repeat("z", 58)+"}:sums", "a").Err(),
		e.raw.SAdd(ctx, "{orders:nobodys}:boxes", "a").Err(),
		e.raw.HSet(ctx, "orders_cursor:eu", "ledger", "x", "seq", "1").Err(),
		e.raw.ZAdd(ctx, "orders_index:2025", redis.Z{Score: 1, Member: "x"}).Err(),
		e.raw.SetBit(ctx, "{orders_index}:bits", 7, 1).Err(),
		e.raw.ZAdd(ctx, "{orders_index}:disputed:2025", redis.Z{Score: 1, Member: "x"}).Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (e *engine) write(t testing.TB, os ...*orders.Order) {
	t.Helper()
	if err := e.Write(t.Context(), os); err != nil {
		t.Fatal(err)
	}
}

// people are public keys; any 32 bytes do here.
var people = func() (ps [5]string) {
	for i := range ps {
		ps[i] = fmt.Sprintf("%064x", i+1)
	}
	return ps
}()

const noon = int64(1_760_011_200_000) // ms

// order is an order of people[0] who buys from people[1].
func order(id string, version int64, more ...func(*orders.Order)) *orders.Order {
	o := &orders.Order{
		IntentID: id, EventID: fmt.Sprintf("%064x", version), BuyerPubkey: people[0], SellerPubkey: people[1],
		Products:  []orders.Product{{ProductID: "p", Title: "Mug – <\"ö\">", Quantity: 2, PricePerUnit: "0.10", Currency: "EUR"}},
		TotalSats: 1000, GrandTotal: 1000, Status: orders.StatusIntentSent, CreatedTimestamp: noon,
		Payment: orders.PaymentNone, Dialect: "gamma", Trust: orders.Bound, Version: version,
		Timeline: []orders.TimelineEntry{{Fact: "f0", Verb: orders.Intent, Sender: people[0], OK: true,
			Transports: []orders.Transport{orders.ByWrap}}},
	}
	for _, m := range more {
		m(o)
	}
	return o
}

func status(s orders.Status) func(*orders.Order) { return func(o *orders.Order) { o.Status = s } }
func updated(ms int64) func(*orders.Order)       { return func(o *orders.Order) { o.UpdatedTimestamp = ms } }
func created(ms int64) func(*orders.Order)       { return func(o *orders.Order) { o.CreatedTimestamp = ms } }
func roles(buyer, seller int) func(*orders.Order) {
	return func(o *orders.Order) { o.BuyerPubkey, o.SellerPubkey = people[buyer], people[seller] }
}
func ships(numbers ...string) func(*orders.Order) {
	return func(o *orders.Order) {
		for _, n := range numbers {
			o.Shipments = append(o.Shipments, orders.Shipment{TrackingNumber: n})
		}
	}
}
func disputed(o *orders.Order) { o.DisputeTimestamp = noon + 9 }
func titled(titles ...string) func(*orders.Order) {
	return func(o *orders.Order) {
		o.Products = nil
		for _, title := range titles {
			o.Products = append(o.Products, orders.Product{Title: title, Quantity: 1})
		}
	}
}
func pays(p orders.Payment, sats int64) func(*orders.Order) {
	return func(o *orders.Order) { o.Payment, o.GrandTotal = p, sats }
}
func boxes(refs ...string) func(*orders.Order) {
	return func(o *orders.Order) {
		o.Boxes = map[string]orders.Box{}
		for _, ref := range refs {
			o.Boxes[ref] = orders.Box{SealedBy: people[4], For: map[string]string{people[0]: "box of " + ref}}
		}
	}
}
