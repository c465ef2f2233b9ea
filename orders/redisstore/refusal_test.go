package redisstore_test

import (
	"context"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func testInvalid(t *testing.T, e *engine) {
	before := dump(t, e.raw)
	for name, o := range map[string]*orders.Order{
		"no id":             order("", 1),
		"a brace in the id": order("a}b", 1),
		"no status":         order("a", 1, status("")),
		"another status":    order("a", 1, status("lost")),
		"negative version":  order("a", -1),
		"inexact version":   order("a", 1<<53),
		"no public key":     order("a", 1, func(o *orders.Order) { o.SellerPubkey = "npub1" }),
	} {
		err := e.Write(t.Context(), []*orders.Order{order("good", 1), o})
		code(t, name, err, orders.EINVALID)
	}
	same(t, "keyspace", dump(t, e.raw), before)
}

func testInTheWay(t *testing.T, e *engine) {
	ctx := context.Background()
	for _, key := range []string{
		"orders:a", "{orders:a}:boxes", "orders_index", "orders_by_status:paid", "orders_by_buyer:" + npub0,
		"{orders_by_buyer:" + npub0 + "}:paid", "{orders_by_buyer:" + npub0 + "}:sums", "orders_by_seller:" + npub1,
		"{orders_by_seller:" + npub1 + "}:paid", "{orders_by_seller:" + npub1 + "}:sums", "{orders_by_buyer:" + npub0 + "}:" + npub1,
		"{orders_by_buyer:" + npub0 + "}:updated", "{orders_by_seller:" + npub1 + "}:find", "{orders_index}:disputed",
	} {
		for _, put := range []func() error{
			func() error { return e.raw.Set(ctx, key, "theirs", 0).Err() },
			func() error { return e.raw.HSet(ctx, key, "btc", "1.5", "name", "theirs").Err() },
		} {
			e.empty(t)
			if err := put(); err != nil {
				t.Fatal(err)
			}
			if key == "{orders:a}:boxes" && e.raw.Type(ctx, key).Val() == "hash" {
				continue // a hash of boxes: replaced
			}
			before := dump(t, e.raw)
			bad := order("a", 1, status(orders.StatusPaid), pays(orders.PaymentConfirmed, 5), boxes("f0"), disputed)
			code(t, key, e.Write(ctx, []*orders.Order{bad}), orders.EINTERNAL)
			same(t, "half written for "+key, dump(t, e.raw), before)
		}
	}
	// The next order of the batch is written none the less.
	e.empty(t)
	e.foreign(t)
	err := e.Write(ctx, []*orders.Order{order("a", 1, status(orders.StatusDisputed)), order("b", 1)})
	code(t, "batch", err, orders.EINTERNAL)
	if _, err := e.Order(ctx, "b"); err != nil {
		t.Errorf("the order behind: %v", err)
	}
}
