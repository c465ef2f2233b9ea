package ledger

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// Who has the throw-away key of a gift wrap takes it out of no inbox.
func TestVanishOfThrowAwayKey(t *testing.T) {
	l := open(t)
	waits := arrival(wrap("waits", bob, 1), bob)
	waits.State = Waiting
	arrive(t, l, waits, Stored)
	vanish(t, l, waits.Event.PubKey, asked, asked*1000, Stored)
	rows, err := l.Unopened(t.Context(), bob, 0, 10)
	if err != nil || len(rows) != 1 || !serves(t, l, waits.Event, bob) {
		t.Errorf("%d messages wait for bob's key, %v; want the one that was accepted", len(rows), err)
	}
}

// A crash may come at any moment, and the request again: an order of others that
// an admin had ruled on is projected anew all the same.
func TestVanishAfterCrash(t *testing.T) {
	l := open(t)
	ruling := fact("ruling", orders.Resolved, alice, "", "o-9", received)
	ruling.Parties = []string{min(bob, carol), max(bob, carol)}
	arrive(t, l, arrival(wrap("begins", carol, 1), carol, fact("begins", orders.Intent, bob, carol, "o-9", received)), Stored)
	arrive(t, l, sealedBy(arrival(wrap("rules", carol, 1), carol, ruling), alice), Stored)
	v := vanishing{ledger: l, author: alice, until: asked, arrived: asked * 1000}
	for _, step := range []func(context.Context) error{v.events, v.boxes} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	vanish(t, l, alice, asked, asked*1000, Stored) // begins anew
	b, _, err := l.Beginning(t.Context(), orders.Key{Pair: orders.PairOf(bob, carol), OrderID: "o-9"})
	if err != nil || b.Mark == 0 {
		t.Errorf("the beginning is %+v, %v; want a mark", b, err)
	}
}

// However many ask to be forgotten at once, the others go on reading.
func TestVanishLeavesReaders(t *testing.T) {
	l := open(t)
	publish(t, l, event("profile", 0, alice, 1), Stored)
	release, done := make(chan struct{}), make(chan error)
	n := l.reads.db.Stats().MaxOpenConnections
	for range n {
		go func() {
			_, err := inBatches(t.Context(), l, scanInt, func(*tx, int64) (bool, error) {
				<-release
				return true, nil
			}, "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) SELECT n FROM c")
			done <- err
		}()
	}
	// The first is stuck in the writer; the others have had time for what they hold.
	for waiting := false; !waiting; {
		runtime.Gosched()
		waiting = l.reads.db.Stats().InUse >= min(n, cap(l.erasing))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	for range 20 {
		if has, err := l.Has(ctx, key("profile")); err != nil || !has {
			t.Errorf("Has = %v, %v", has, err)
			break
		}
	}
	close(release)
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Who asks again and again has nothing projected anew in which nothing changed.
func TestVanishAgain(t *testing.T) {
	l := open(t)
	arrive(t, l, arrival(wrap("intent", bob, 1), bob, fact("intent", orders.Intent, alice, bob, "o-1", received)), Stored)
	k := orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"}
	marked := func() int64 {
		t.Helper()
		b, _, err := l.Beginning(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		return b.Mark
	}
	again := func(at int64) {
		t.Helper()
		evt := event(fmt.Sprint("again", at), KindVanish, alice, at, nostr.Tag{"expiration", fmt.Sprint(at + 1)})
		if got, err := l.Vanish(t.Context(), evt, at*1000); err != nil || got != Stored {
			t.Fatalf("Vanish = %q, %v", got, err)
		}
		if _, err := l.Expire(t.Context(), time.Unix(at+2, 0)); err != nil {
			t.Fatal(err)
		}
	}
	again(asked)
	first := marked()
	if first == 0 {
		t.Fatal("the order is not marked")
	}
	again(asked + 10)
	again(asked + 20)
	if got := marked(); got != first {
		t.Errorf("the order was marked again: %d after %d", got, first)
	}
	// A crash between the boxes and the marks, and then the request again.
	interrupted := event("interrupted", KindVanish, alice, asked+30)
	if _, err := write(t.Context(), l, "noting", func(x *tx) (Outcome, error) {
		r, err := newRecord(interrupted, received)
		if err != nil {
			return "", err
		}
		return x.vanish(r)
	}); err != nil {
		t.Fatal(err)
	}
	again(asked + 31)
	if got := marked(); got == first {
		t.Error("what an interrupted request may have erased is not projected anew")
	}
}
