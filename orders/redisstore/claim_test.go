package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// testClaim: two daemons with ledgers of their own meet in one Redis.
func testClaim(t *testing.T, e *engine) {
	ctx := t.Context()
	second, err := redisstore.Dial(ctx, e.url)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	a, b := e.Claim("ledger-a"), second.Claim("ledger-b")
	b.SetPatience(time.Hour)
	hold := func(c *redisstore.Claim) {
		t.Helper()
		if err := c.Hold(ctx); err != nil {
			t.Fatal(err)
		}
	}
	foreign := func(what string, err error, word string) {
		t.Helper()
		if !errors.Is(err, redisstore.ErrForeign) || errors.Is(err, redisstore.ErrBlocked) || orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: got %v, want ErrForeign with %q", what, err, word)
		}
	}
	led := ledger{facts: map[orders.Key][]orders.Fact{}}
	led.says("mine", 0, orders.Intent, 1)
	var keys []orders.Key
	for k := range led.keys() {
		keys = append(keys, k)
	}

	// Before anybody claims, everybody writes: a command, or an earlier version.
	e.write(t, order("a", 1))
	hold(a)
	hold(a)
	e.write(t, order("a", 2, boxes("f0")))
	if moved, err := e.Advance(ctx, redisstore.Cursor{}, redisstore.Cursor{Ledger: "ledger-a", Seq: 2}); !moved || err != nil {
		t.Fatal(moved, err)
	}
	before := dump(t, e.raw)
	foreign("a newcomer", b.Hold(ctx), "nobody is heard of")
	for what, write := range map[string]func() error{
		"project": func() error { return second.Project(ctx, led, keys) },
		"write":   func() error { return second.Write(ctx, []*orders.Order{order("a", 9)}) },
		"remove":  func() error { _, err := second.Remove(ctx, "a"); return err },
		"rebuild": func() error { _, err := second.Rebuild(ctx, led, led.keys(), led.owns); return err },
		"prune":   func() error { _, err := second.Prune(ctx, led.owns); return err },
	} {
		foreign(what, write(), "another Waybill")
	}
	same(t, "mixed in", dump(t, e.raw), before)
	hold(a)
	foreign("the other lives", b.Hold(ctx), "database number")
	b.SetPatience(time.Second)
	beating, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for beating.Err() == nil {
			_ = a.Hold(beating)
		}
	}()
	foreign("the other goes on living", b.Take(ctx), "database number")
	stop()
	<-done
	e.write(t, order("a", 3))

	// The first falls silent: it is a restored backup that comes, or another shop
	// after this one was given up.
	b.SetPatience(30 * time.Millisecond)
	if err := b.Take(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Rebuild(ctx, led, led.keys(), led.owns); err != nil {
		t.Fatal(err)
	}
	before = dump(t, e.raw)
	foreign("the first wakes up", e.Write(ctx, []*orders.Order{order("a", 10)}), "another Waybill")
	same(t, "mixed in", dump(t, e.raw), before)
	a.SetPatience(time.Hour)
	foreign("the first wakes up", a.Hold(ctx), "nobody is heard of")

	// Who stops in order is not waited for, and takes nothing along that is not its own.
	for _, c := range []*redisstore.Claim{a, b} {
		if err := c.Release(ctx); err != nil {
			t.Fatal(err)
		}
		if c == a {
			foreign("released by another", a.Hold(ctx), "nobody")
		}
	}
	hold(a)
	e.empty(t)
	e.foreign(t)
	hold(a) // of an emptied Redis

	if err := e.raw.Del(ctx, "orders_claim").Err(); err != nil {
		t.Fatal(err)
	}
	if err := e.raw.Set(ctx, "orders_claim", "theirs", 0).Err(); err != nil {
		t.Fatal(err)
	}
	code(t, "something else has that name", a.Hold(ctx), orders.EINTERNAL)
	if err := e.raw.Del(ctx, "orders_claim").Err(); err != nil {
		t.Fatal(err)
	}

	// Keep beats, and ends.
	kept, stop := context.WithCancel(ctx)
	done = make(chan struct{})
	go func() { defer close(done); a.Keep(kept) }()
	eventually(t, "a beat", func() bool { return e.raw.HGet(ctx, "orders_claim", "beat").Val() == "1" })
	stop()
	<-done
}
