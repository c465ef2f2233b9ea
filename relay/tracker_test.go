package relay

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A whole life through the socket, with the seller's key alone.
func TestALifeIsTracked(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	r := h.connect(nil)
	b, s := buyer.PublicKey(), seller.PublicKey()
	steps := []struct {
		from *nip17.SecretSigner
		d    orders.Draft
		want orders.Status
	}{
		{buyer, intent(s, "A-1"), orders.StatusIntentSent},
		{seller, orders.Draft{Verb: orders.Request, To: b, Private: orders.Private{PaymentLink: "lnurl1dp68gurn8ghj7"}}, orders.StatusPaymentRequested},
		{buyer, orders.Draft{Verb: orders.Paid, To: s}, orders.StatusPaid},
		{seller, orders.Draft{Verb: orders.Confirm, To: b}, orders.StatusProcessing},
		{seller, orders.Draft{Verb: orders.Shipped, To: b, Public: orders.Public{Tracking: "1Z9", Carrier: "UPS"}}, orders.StatusShipped},
		{buyer, orders.Draft{Verb: orders.Delivered, To: s}, orders.StatusDelivered},
	}
	for i, step := range steps {
		step.d.OrderID = "A-1"
		for _, w := range h.wraps(step.from, step.d) {
			if w.Tags[0][1] == s { // the buyer is no participant
				h.publish(r, w)
			}
		}
		o := h.order("A-1", func(o *orders.Order) bool { return o.Status == step.want })
		if len(o.Timeline) != i+1 {
			t.Errorf("%s: %d lines in the timeline, want %d", step.want, len(o.Timeline), i+1)
		}
	}
	page, err := h.store.List(h.ctx, orders.List{As: orders.Seller, Pubkey: s}, orders.Query{Status: orders.StatusDelivered})
	if err != nil || page.Total != 1 {
		t.Errorf("got %d delivered orders of the seller, %v", page.Total, err)
	}
}

// A key that comes later opens what waits, in the order of arrival and from its
// date on; a key that goes opens nothing more.
func TestBacklog(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota = true, 100 })
	buyer := newSigner(t)
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	seller := secret.PublicKey()
	r := h.connect(nil)
	h.publish(r, h.wraps(buyer, intent(seller, "before"))[0])

	dir := t.TempDir()
	master, err := nip17.LoadMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := nip17.OpenStore(filepath.Join(dir, "keys.json"), master)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.ctx)
	done := make(chan error, 1)
	backlog := NewBacklog(h.ledger, h.decoder, h.keyring, store, 0, zerolog.Nop())
	h.decoder.Follow(backlog.FollowKeys)
	go func() { done <- backlog.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if _, err := store.Add(secret, "", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	h.publish(r, h.wraps(buyer, intent(newSigner(t).PublicKey(), "else"))[0])
	eventually(t, "the key", func() bool { return h.keyring.Holds(seller) })
	if _, err := h.store.Order(h.ctx, "before"); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("what came before the key's date: got %v", err)
	}
	if _, err := store.Add(secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	h.order("before", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })

	if _, err := store.Remove(seller); err != nil {
		t.Fatal(err)
	}
	// At once: the very next message stays closed.
	h.publish(r, h.wraps(buyer, intent(seller, "after"))[0])
	if left, err := h.ledger.Unopened(h.ctx, seller, 0, 10); err != nil || len(left) != 1 {
		t.Errorf("%d wraps wait after the removal, %v; want 1", len(left), err)
	}
}

// Redis may go away, come back empty, or hold another ledger's orders: the
// tracker brings it up to date from what it finds.
func TestTrackerFollowsWhatItFinds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	server := redistest.Start(t)
	open := func(name string) *ledger.Ledger {
		l, err := ledger.Open(ctx, filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	first, second := open("first.db"), open("second.db")
	store, err := redisstore.Dial(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	arrive := func(l *ledger.Ledger, id string) { t.Helper(); arriveIntent(t, l, id) }
	there := func(id string) func() bool {
		return func() bool { _, err := store.Order(ctx, id); return err == nil }
	}
	track := func(l *ledger.Ledger) (stop func()) {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- (&Tracker{Ledger: l, Store: store, Log: quiet}).Run(ctx) }()
		return func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	defer cancel()

	arrive(first, "one")
	stop := track(first)
	eventually(t, "the first order", there("one"))

	server.Kill()
	arrive(first, "two")
	server.Restart()
	eventually(t, "what came while Redis was away", there("two"))

	server.Replace()
	arrive(first, "three")
	eventually(t, "an empty Redis is filled", func() bool { return there("one")() && there("two")() && there("three")() })
	stop()

	arrive(second, "other")
	stop = track(second)
	eventually(t, "another ledger's order", there("other"))
	eventually(t, "the first ledger's orders are gone", func() bool { return !there("one")() && !there("three")() })
	stop()
	for d, err := range store.Check(ctx, second, Keys(ctx, second)) {
		t.Errorf("differs from a rebuild: %v %v", d, err)
	}
}

// arriveIntent puts an intent between two strangers into the ledger, opened.
func arriveIntent(t *testing.T, l *ledger.Ledger, id string) {
	t.Helper()
	buyer, seller := newSigner(t), newSigner(t)
	keyring, err := nip17.NewKeyring(readingKey(t, seller))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, ctx: t.Context(), self: seller}
	d := NewDecoder(keyring, registry, nip17.NewSealer(time.Hour), newSigner(t).PublicKey(), nil, quiet)
	w := h.wraps(buyer, intent(seller.PublicKey(), id))[0]
	if outcome, err := l.Arrive(t.Context(), d.Decode(t.Context(), &w, time.Now().UnixMilli())); err != nil || outcome != ledger.Stored {
		t.Fatalf("%s, %v", outcome, err)
	}
}

// Another application's key under an order's name stops that order and no other,
// live and in a rebuild.
func TestAForeignKeyStopsOnlyItsOrder(t *testing.T) {
	h := newHouse(t)
	opt, err := redis.ParseURL(h.redis)
	if err != nil {
		t.Fatal(err)
	}
	foreign := redis.NewClient(opt)
	defer foreign.Close()
	if err := foreign.Set(h.ctx, "orders:blocked", "not ours", 0).Err(); err != nil {
		t.Fatal(err)
	}
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	r := h.connect(nil)
	for _, id := range []string{"blocked", "fine"} {
		h.publish(r, h.wraps(buyer, intent(seller.PublicKey(), id))[0])
	}
	h.order("fine", func(*orders.Order) bool { return true })
	if n, err := Rebuild(h.ctx, h.ledger, h.store, nil); n != 2 || !errors.Is(err, redisstore.ErrBlocked) {
		t.Errorf("rebuild: got %d orders, %v", n, err)
	}
	h.order("fine", func(*orders.Order) bool { return true })
	if got := foreign.Get(h.ctx, "orders:blocked").Val(); got != "not ours" {
		t.Errorf("the foreign key holds %q", got)
	}
}
