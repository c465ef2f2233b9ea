package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/live"
	"github.com/waybill-relay/waybill/relay/posting"
	"github.com/waybill-relay/waybill/relay/wire"
)

// market is the API behind a whole relay: its handler and wrapper, a real ledger, a
// Redis, and the tracker between them.
type market struct {
	*house
	ctx      context.Context
	ledger   *ledger.Ledger
	store    *redisstore.Store
	relay    *relay.Relay
	progress *live.Progress
	hub      *live.Hub
	admins   []string
	stop     func() // the relay and the tracker
	stopped  chan error

	buyer, seller, stranger, admin *nip17.SecretSigner
	self                           *nip17.SecretSigner
}

func newMarket(t testing.TB, change ...func(*Config)) *market {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	m := &market{
		house: &house{t: t, desk: &desk{}, log: &safeBuffer{}, doc: document(t)},
		ctx:   ctx, stop: cancel, progress: new(live.Progress), stopped: make(chan error, 1),
		buyer: newSigner(t), seller: newSigner(t), stranger: newSigner(t), admin: newSigner(t), self: newSigner(t),
	}
	m.admins = []string{m.admin.PublicKey()}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	keyring, err := nip17.NewKeyring(nip17test.ReadingKey(t, m.self), nip17test.ReadingKey(t, m.seller))
	must(err)
	m.ledger, err = ledger.Open(ctx, filepath.Join(t.TempDir(), "waybill.db"))
	must(err)
	m.ledger.SetLimits(ledger.Limits{FactsPerOrder: 30})
	engine, err := redisstore.StartEmbedded()
	must(err)
	m.store, err = redisstore.Dial(ctx, engine.URL())
	must(err)
	sealer := nip17.NewSealer(time.Hour)
	decoder := relay.NewDecoder(keyring, dialect.New(), sealer, m.self.PublicKey(), m.admins, zerolog.Nop())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	m.url = "http://" + l.Addr().String()
	office := &posting.Office{Ledger: m.ledger, Admin: m.isAdmin, Tracked: m.progress.Wait}
	m.hub = &live.Hub{Ledger: m.ledger, Orders: orders.NewReader(m.store, m.isAdmin), Admin: m.isAdmin, Progress: m.progress, Log: zerolog.Nop()}
	cfg := Config{
		Live:       m.hub,
		PublicURLs: []string{"ws://" + l.Addr().String(), "wss://shop.example"}, Self: m.self.PublicKey(), Policy: "open",
		ClientIP: wire.ClientIP, Now: m.now, Log: zerolog.New(m.log).Level(zerolog.TraceLevel), Office: office, Sessions: m.ledger,
	}
	for _, c := range change {
		c(&cfg)
	}
	handler := New(cfg, m.desk)
	m.api = handler.(*http.ServeMux)
	m.relay = relay.New(relay.Config{
		HTTP: handler, Self: m.self.PublicKey(), PublicURLs: cfg.PublicURLs, InboxQuota: 10, MaxLimit: 100, Kinds: []int{0, 62},
		PublicOrders: true, Limits: relay.Limits{Wire: wire.Limits{WriteTimeout: 2 * time.Second}},
	}, m.ledger, keyring, decoder, zerolog.Nop())
	office.Relay = m.relay
	tracked := make(chan error, 1)
	tracker := &relay.Tracker{Ledger: m.ledger, Store: m.store, Log: zerolog.Nop(), Projected: m.progress.Set}
	go func() { m.stopped <- m.relay.Serve(ctx, l) }()
	go func() { tracked <- tracker.Run(ctx) }()
	told := make(chan error, 1)
	go func() { told <- m.hub.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-m.stopped; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := errors.Join(<-tracked, <-told); err != nil {
			t.Errorf("track: %v", err)
		}
		sealer.Close()
		m.store.Close()
		engine.Close()
		if err := m.ledger.Close(); err != nil {
			t.Errorf("close the ledger: %v", err)
		}
	})
	return m
}

func (m *market) isAdmin(pubkey string) bool { return slices.Contains(m.admins, pubkey) }

// event is a draft as its author posts it.
func (m *market) event(from *nip17.SecretSigner, d orders.Draft) nostr.Event {
	m.t.Helper()
	if d.To == "" && d.Buyer == "" {
		if d.To = m.seller.PublicKey(); from == m.seller {
			d.To = m.buyer.PublicKey()
		}
	}
	var besides []string
	if d.Verb == orders.Dispute || d.Verb == orders.Resolved {
		besides = m.admins
	}
	evt, err := client.Posted(m.ctx, from, d, m.self.PublicKey(), besides...)
	if err != nil {
		m.t.Fatal(err)
	}
	return evt
}

func intent(id string) orders.Draft {
	total := int64(5000)
	return orders.Draft{
		Verb: orders.Intent, OrderID: id,
		Public:  orders.Public{Amount: &total, Products: []orders.Product{{ProductID: "mug", Title: "Blue mug", Quantity: 1}}},
		Private: orders.Private{ShippingAddress: "1 Main St, Porto", Note: "ring twice"},
	}
}

// begin begins an order of buyer and seller, as its buyer does.
func (m *market) begin(id string) *orders.Order {
	m.t.Helper()
	return m.posted(ask{method: "POST", path: "/api/v1/orders", as: m.buyer, body: m.event(m.buyer, intent(id)).String()}, 201)
}

// say posts a message of an order.
func (m *market) say(from *nip17.SecretSigner, d orders.Draft) ask {
	m.t.Helper()
	return ask{method: "POST", path: messagesOf(d.OrderID), as: from, body: m.event(from, d).String()}
}

func messagesOf(id string) string { return "/api/v1/orders/" + id + "/messages" }

// posted asks, and wants the order as answer.
func (m *market) posted(a ask, status int) *orders.Order {
	m.t.Helper()
	resp, text := m.do(a)
	o := new(orders.Order)
	if err := json.Unmarshal([]byte(text), o); err != nil || resp.StatusCode != status {
		m.t.Fatalf("%s %s: got %s %s, want %d", a.method, a.path, resp.Status, text, status)
	}
	if got, want := resp.Header.Get("ETag"), etag(o); got != want {
		m.t.Errorf("ETag %s, want %s", got, want)
	}
	return o
}

// with adds a header.
func (a ask) with(name, value string) ask {
	h := http.Header{}
	maps.Copy(h, a.header)
	h.Set(name, value)
	a.header = h
	return a
}

// at is another path.
func (a ask) at(path string) ask {
	a.path = path
	return a
}

// nothingPrivate looks through everything that was answered and logged.
func (m *market) nothingPrivate(secrets ...string) {
	m.t.Helper()
	for _, s := range secrets {
		if strings.Contains(m.log.String(), s) {
			m.t.Errorf("%q was answered or logged", s)
		}
	}
}
