package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

// startDaemon runs a whole daemon in this process until the test ends.
func startDaemon(t *testing.T, change func(*config)) *daemon {
	t.Helper()
	return startDaemonLogging(t, zerolog.Nop(), change)
}

func startDaemonLogging(t *testing.T, log zerolog.Logger, change func(*config)) *daemon {
	t.Helper()
	cfg := defaults()
	cfg.DataDir, cfg.Relay.Listen, cfg.Metrics.Listen = t.TempDir(), "127.0.0.1:0", ""
	change(&cfg)
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := openDaemon(ctx, cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := d.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

// A relay that was killed has left word of a Redis that is gone.
func TestAskAfterAKill(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, redisWord), []byte("unix://"+dir+"/gone.sock\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := cli(t, dir, "orders", "list")
	if orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "is the relay in "+dir+" running?") {
		t.Errorf("got %v", err)
	}
}

// An address that is taken: which key is wrong.
func TestTakenAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for key, change := range map[string]func(*config){
		"relay.listen":   func(c *config) { c.Relay.Listen = l.Addr().String() },
		"admin.listen":   func(c *config) { c.Admin.Listen = l.Addr().String() },
		"metrics.listen": func(c *config) { c.Metrics.Listen = l.Addr().String() },
	} {
		cfg := defaults()
		cfg.DataDir, cfg.Relay.Listen, cfg.Redis.Embedded, cfg.Metrics.Listen = t.TempDir(), "127.0.0.1:0", "memory", ""
		change(&cfg)
		if err := cfg.complete(); err != nil {
			t.Fatal(err)
		}
		if _, err := openDaemon(t.Context(), cfg, zerolog.Nop()); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

// Every writing method of orders.Service builds a real message that comes back
// as a state of the order, through socket, ledger, fold and Redis.
func TestServiceThroughThePipeline(t *testing.T) {
	buyer, seller, admin := nip17test.Signer(t), nip17test.Signer(t), nip17test.Signer(t)
	d := startDaemon(t, func(c *config) { c.Admins = []string{admin.PublicKey()} })
	ctx := t.Context()
	for _, s := range []*nip17.SecretSigner{buyer, seller} {
		if err := d.keyring.Add(nip17test.ReadingKey(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	c := &client.Client{Relays: d.cfg.Relay.PublicURLs[:1], Self: d.identity.PublicKey()}
	s := orders.NewService(d.store, c, func(k string) bool { return k == admin.PublicKey() })

	// reaches waits until the order has the status and as many lines of history.
	reaches := func(id string, lines int, status orders.Status) *orders.Order {
		t.Helper()
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		deadline := time.After(30 * time.Second)
		for {
			o, err := s.GetOrder(ctx, buyer.PublicKey(), id)
			if err == nil && len(o.Timeline) == lines {
				if o.Status != status {
					t.Fatalf("%s: got %s, want %s", id, o.Status, status)
				}
				return o
			}
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("%s does not reach %s: %v", id, status, err)
			}
		}
	}
	must := func(sent orders.Sent, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if len(sent.Missed) > 0 {
			t.Fatalf("not delivered to %v", sent.Missed)
		}
		return sent.IntentID
	}
	begin := func() string {
		t.Helper()
		return must(s.LogOrder(ctx, buyer, orders.NewOrder{
			Seller: seller.PublicKey(), TotalSats: 100, Address: "1 Main St",
			Products: []orders.Product{{ProductID: "mug", Title: "Mug", Quantity: 1}},
		}))
	}

	id := begin()
	reaches(id, 1, orders.StatusIntentSent)
	must(s.UpdateOrderPayment(ctx, seller, id, "lightning:bob@example.com", 1_790_000_000_000, 20))
	o := reaches(id, 2, orders.StatusPaymentRequested)
	if o.GrandTotal != 120 || o.EstimatedDeliveryDate != 1_790_000_000_000 {
		t.Errorf("got a grand total of %d, expected at %d", o.GrandTotal, o.EstimatedDeliveryDate)
	}
	must(s.ConfirmPayment(ctx, buyer, id, "2 Side St"))
	reaches(id, 3, orders.StatusPaid)
	sold, err := s.GetOrder(ctx, seller.PublicKey(), id)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := client.OpenBox(ctx, seller, sold.Boxes[sold.ShippingAddress.Fact]); err != nil || p.ShippingAddress != "2 Side St" {
		t.Errorf("the seller reads %q, %v", p.ShippingAddress, err)
	}
	must(s.UpdateOrderStatus(ctx, seller, id, orders.StatusProcessing, orders.Update{}))
	o = reaches(id, 4, orders.StatusProcessing)
	if o.Payment != orders.PaymentConfirmed {
		t.Errorf("payment: got %s", o.Payment)
	}
	shipped := time.Now().Add(-time.Minute).Truncate(time.Second).UnixMilli()
	must(s.UpdateOrderShipping(ctx, seller, id, "1Z9", "UPS", shipped))
	o = reaches(id, 5, orders.StatusShipped)
	if o.ShippingTimestamp != shipped || o.TrackingNumber != "1Z9" {
		t.Errorf("shipped at %d, want %d", o.ShippingTimestamp, shipped)
	}
	must(s.ConfirmDelivery(ctx, buyer, id, 0))
	reaches(id, 6, orders.StatusDelivered)
	if _, err := s.CancelOrder(ctx, seller, id, "too late"); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("cancel after delivery: got %v", err)
	}

	id = begin()
	reaches(id, 1, orders.StatusIntentSent)
	must(s.CancelOrder(ctx, buyer, id, "found it"))
	reaches(id, 2, orders.StatusCancelled)

	id = begin()
	reaches(id, 1, orders.StatusIntentSent)
	must(s.ConfirmPayment(ctx, buyer, id, ""))
	reaches(id, 2, orders.StatusPaid)
	must(s.DisputeOrder(ctx, buyer, id, "broken"))
	reaches(id, 3, orders.StatusDisputed)
	sent, err := s.UpdateOrderStatus(ctx, admin, id, orders.StatusCancelled, orders.Update{Outcome: orders.OutcomeCancelled, Resolution: "money back"})
	if err != nil || len(sent.Missed) != 1 { // the admin is no participant, and keeps no copy here
		t.Fatalf("got %+v, %v", sent, err)
	}
	o = reaches(id, 4, orders.StatusCancelled)
	if p, err := client.OpenBox(ctx, buyer, o.Boxes[o.DisputeResolution.Fact]); err != nil || p.Resolution != "money back" {
		t.Errorf("the buyer reads %q, %v", p.Resolution, err)
	}

	stats, err := s.GetSellerOrderStats(ctx, seller.PublicKey(), seller.PublicKey())
	if err != nil || stats.TotalOrders != 3 || stats.TotalRevenue != 120 || stats.CancelledOrders != 2 {
		t.Errorf("got %+v, %v", stats, err)
	}
	page, err := s.GetOrdersByStatus(ctx, admin.PublicKey(), orders.StatusCancelled, orders.Query{})
	if err != nil || page.Total != 2 {
		t.Errorf("got %d cancelled orders, %v", page.Total, err)
	}
}

func TestOneDaemonPerFolder(t *testing.T) {
	d := startDaemon(t, func(*config) {})
	cfg := d.cfg
	cfg.Relay.Listen = "127.0.0.1:0"
	ctx, cancel := context.WithCancel(t.Context())
	if err := new(app).work(ctx, cfg, zerolog.Nop(), nil, nil); err == nil {
		t.Error("what keeps a relay from being opened is no error")
	}
	cancel()
	cfg.DataDir, cfg.Ledger.URL = t.TempDir(), filepath.Join(t.TempDir(), "waybill.db")
	if err := new(app).work(ctx, cfg, zerolog.Nop(), nil, nil); err != nil {
		t.Errorf("a relay is stopped while it is opened: %v", err)
	}
	cfg = d.cfg
	cfg.Relay.Listen = "127.0.0.1:0"
	_, err := openDaemon(t.Context(), cfg, zerolog.Nop())
	if err == nil {
		t.Fatal("a second daemon runs in the same folder")
	}
	if want := "another waybill is running, pid " + strconv.Itoa(os.Getpid()) + ": "; !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q, want one line that begins with %q", err, want)
	}
}
