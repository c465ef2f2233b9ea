package relay

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/wire"
)

// house is a whole relay on a real ledger, a real socket and the embedded Redis.
type house struct {
	t       *testing.T
	ctx     context.Context
	url     string
	redis   string // its URL
	self    *nip17.SecretSigner
	keyring *nip17.Keyring
	ledger  *ledger.Ledger
	store   *redisstore.Store
	decoder *Decoder
	relay   *Relay
	admin   *nip17.SecretSigner
	stop    func() // the relay and the tracker

	views atomic.Int64 // orders that their buyers looked at
}

func (h *house) view(*orders.Order, string) { h.views.Add(1) }

// newSigner and readingKey are what every test here begins with.
var newSigner, readingKey = nip17test.Signer, nip17test.ReadingKey

func newHouse(t *testing.T, change ...func(*Config)) *house {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h := &house{t: t, ctx: ctx, stop: cancel, self: newSigner(t), admin: newSigner(t)}
	var err error
	if h.keyring, err = nip17.NewKeyring(readingKey(t, h.self)); err != nil {
		t.Fatal(err)
	}
	if h.ledger, err = ledger.Open(ctx, filepath.Join(t.TempDir(), "waybill.db")); err != nil {
		t.Fatal(err)
	}
	engine, err := redisstore.StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	h.redis = engine.URL()
	if h.store, err = redisstore.Dial(ctx, h.redis); err != nil {
		t.Fatal(err)
	}
	sealer := nip17.NewSealer(time.Hour)
	h.decoder = NewDecoder(h.keyring, dialect.New(), sealer, h.self.PublicKey(), []string{h.admin.PublicKey()}, zerolog.Nop())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.url = "ws://" + l.Addr().String()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	cfg := Config{
		Name: "test", Self: h.self.PublicKey(), PublicURLs: []string{h.url, "ws://localhost:" + port},
		InboxQuota: 2, MaxLimit: 100, Kinds: []int{0, 5, 10050, 30402},
		Limits: Limits{Wire: wire.Limits{WriteTimeout: 500 * time.Millisecond}},
	}
	cfg.Orders = &OrderEvents{Index: h.store, Self: h.self, Log: zerolog.Nop(), IntentID: IntentIDs(h.ledger), Viewed: h.view}
	for _, c := range change {
		c(&cfg)
	}
	h.relay = New(cfg, h.ledger, h.keyring, h.decoder, zerolog.Nop())
	served := make(chan error, 1)
	go func() { served <- h.relay.Serve(ctx, l) }()
	tracked := make(chan error, 1)
	go func() {
		tracked <- (&Tracker{Ledger: h.ledger, Store: h.store, Log: zerolog.Nop(), Changed: cfg.Orders.Changed}).Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := <-tracked; err != nil {
			t.Errorf("track: %v", err)
		}
		sealer.Close()
		h.store.Close()
		engine.Close()
		if err := h.ledger.Close(); err != nil {
			t.Errorf("close the ledger: %v", err)
		}
	})
	return h
}

// eventually polls until ok, for at most thirty seconds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within thirty seconds", what)
		}
	}
}

// wraps makes the gift wraps of a draft: the recipient's first, the sender's last.
func (h *house) wraps(from *nip17.SecretSigner, d orders.Draft, also ...string) []nostr.Event {
	h.t.Helper()
	rumor, err := dialect.Compose(from.PublicKey(), d, h.self.PublicKey())
	if err != nil {
		h.t.Fatal(err)
	}
	if rumor.CreatedAt == 0 {
		rumor.CreatedAt = nostr.Now()
	}
	readers := also
	for _, tag := range rumor.Tags {
		if tag[0] == "p" {
			readers = append([]string{tag[1]}, readers...)
		}
	}
	ws, err := nip17.Wrap(h.ctx, from, rumor, readers)
	if err != nil {
		h.t.Fatal(err)
	}
	return ws
}

func (h *house) publish(s *socket, evts ...nostr.Event) {
	h.t.Helper()
	for _, e := range evts {
		if err := s.publish(e); err != nil {
			h.t.Fatalf("kind %d: %v", e.Kind, err)
		}
	}
}

// order waits for an order and returns it once ok takes it.
func (h *house) order(id string, ok func(*orders.Order) bool) (o *orders.Order) {
	h.t.Helper()
	eventually(h.t, "order "+id, func() bool {
		var err error
		o, err = h.store.Order(h.ctx, id)
		return err == nil && ok(o)
	})
	return o
}

func signed(t testing.TB, who *nip17.SecretSigner, evt nostr.Event) nostr.Event {
	t.Helper()
	if evt.CreatedAt == 0 {
		evt.CreatedAt = nostr.Now()
	}
	if err := who.Sign(context.Background(), &evt); err != nil {
		t.Fatal(err)
	}
	return evt
}

func intent(to, id string) orders.Draft {
	total := int64(100)
	return orders.Draft{Verb: orders.Intent, OrderID: id, To: to, Public: orders.Public{Amount: &total,
		Products: []orders.Product{{ProductID: "mug", Title: "Blue mug", Quantity: 1}}},
		Private: orders.Private{ShippingAddress: "1 Main St, Porto"}}
}

var (
	registry = dialect.New()
	quiet    = zerolog.Nop()
)

// public is what a fuzzed rumor says in tags that are not private.
func public(rumor nostr.Event) string {
	s := ""
	for _, tag := range rumor.Tags {
		if len(tag) > 0 && tag[0] != "address" {
			s += strings.Join(tag, " ") + " "
		}
	}
	return s + rumor.Content
}
