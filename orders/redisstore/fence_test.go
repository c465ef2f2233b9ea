package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// runNewcomer connects for a ledger, says so, and does nothing until it is killed.
func runNewcomer(url, ledger string) int {
	s, err := redisstore.Dial(context.Background(), url, redisstore.WithLedger(ledger))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer s.Close()
	fmt.Println("connected")
	select {}
}

// startNewcomer starts a process that is connected for ledger, and returns what
// kills it.
func startNewcomer(t *testing.T, url, ledger string) (kill func()) {
	t.Helper()
	said, kill := startProcess(t, "WAYBILL_TEST_NEWCOMER="+url, "WAYBILL_TEST_LEDGER="+ledger)
	if said != "connected" {
		t.Fatal(said)
	}
	return kill
}

// testFence: what the cursor says is another ledger's is not written to.
func testFence(t *testing.T, e *engine) {
	ctx := t.Context()
	a, b := daemon(t, e.url, ledgerA), daemon(t, e.url, ledgerB)
	led := ledger{facts: map[orders.Key][]orders.Fact{}}
	led.says("mine", 0, orders.Intent, 1)
	var keys []orders.Key
	for k := range led.keys() {
		keys = append(keys, k)
	}
	// writes are all the ways to write an order; x is one that is there.
	writes := func(s *redisstore.Store) map[string]func() error {
		return map[string]func() error{
			"project": func() error { return s.Project(ctx, led, keys) },
			"write":   func() error { return s.Write(ctx, []*orders.Order{order("x", 9), order("y", 9)}) },
			"remove":  func() error { _, err := s.Remove(ctx, "x"); return err },
			"rebuild": func() error { _, err := s.Rebuild(ctx, led, led.keys(), led.owns); return err },
			"prune":   func() error { _, err := s.Prune(ctx, led.owns); return err },
		}
	}
	at := redisstore.Cursor{}
	type stores = []*redisstore.Store
	for _, c := range []struct {
		to          redisstore.Cursor
		may, mayNot stores
	}{
		{at, stores{e.Store, a, b}, nil},
		{redisstore.Building(ledgerA), stores{e.Store, a}, stores{b}},
		{redisstore.Cursor{Ledger: ledgerA, Seq: 5}, stores{e.Store, a}, stores{b}},
		{redisstore.Building(ledgerB), stores{e.Store, b}, stores{a}}, // taken over
		{redisstore.Cursor{Ledger: ledgerB, Seq: 2}, stores{e.Store, b}, stores{a}},
		{redisstore.Cursor{Ledger: ledgerB + "0", Seq: 2}, stores{e.Store}, stores{a, b}},
		{redisstore.Cursor{Ledger: ledgerB[1:], Seq: 2}, stores{e.Store}, stores{a, b}},
		{redisstore.Building("building:" + ledgerB), stores{e.Store}, stores{a, b}},
	} {
		if c.to != at {
			if moved, err := e.Advance(ctx, at, c.to); !moved || err != nil {
				t.Fatal(moved, err)
			}
			at = c.to
		}
		for _, s := range c.mayNot {
			e.write(t, order("x", 1, boxes("f0")))
			before := dump(t, e.raw)
			for name, write := range writes(s) {
				refused(t, at.Ledger+" "+name, write())
			}
			same(t, "mixed in", dump(t, e.raw), before)
		}
		for _, s := range c.may {
			for name, write := range writes(s) {
				e.write(t, order("x", 1))
				allowed(t, at.Ledger+" "+name, write())
			}
		}
	}

	// Another application's key in the place of the cursor: nothing can be told, so
	// nothing is written.
	if err := e.raw.Del(ctx, "orders_cursor").Err(); err != nil {
		t.Fatal(err)
	}
	if err := e.raw.Set(ctx, "orders_cursor", "theirs", 0).Err(); err != nil {
		t.Fatal(err)
	}
	before := dump(t, e.raw)
	err := a.Write(ctx, []*orders.Order{order("z", 9)})
	if orders.ErrorCode(err) != orders.EINTERNAL || !strings.Contains(err.Error(), `"orders_cursor" holds another type`) {
		t.Errorf("something else has that name: got %v", err)
	}
	same(t, "mixed in", dump(t, e.raw), before)
}
