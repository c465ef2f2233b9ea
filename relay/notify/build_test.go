package notify

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A house is everything between a message and a notice, on a real ledger: a decoder,
// the tracker on its engine, the relay that delivers, and the notifier.
type house struct {
	t        *testing.T
	path     string
	self     *nip17.SecretSigner
	keyring  *nip17.Keyring
	store    *redisstore.Store
	change   func(*Config)
	master   nip17.Master
	mu       sync.Mutex
	refusing error // what delivering fails with
	waits    []time.Duration
	skew     time.Duration // of the notifier's clock
	parts    map[string]bool

	ledger   *ledger.Ledger
	decoder  *relay.Decoder
	relay    *relay.Relay
	notifier *Notifier
	stop     func()
}

func newHouse(t *testing.T, change func(*Config)) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{t: t, path: filepath.Join(dir, "waybill.db"), self: nip17test.Signer(t), change: change, parts: map[string]bool{}}
	h.waits = []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 15 * time.Millisecond}
	var err error
	if h.keyring, err = nip17.NewKeyring(nip17test.ReadingKey(t, h.self)); err != nil {
		t.Fatal(err)
	}
	if h.master, err = nip17.LoadMaster(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	engine, err := redisstore.StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	if h.store, err = redisstore.Dial(t.Context(), engine.URL()); err != nil {
		t.Fatal(err)
	}
	h.start()
	t.Cleanup(func() {
		h.stop()
		h.store.Close()
		engine.Close()
	})
	return h
}

// start opens the ledger and runs tracker and notifier on it; stop ends them.
func (h *house) start() {
	h.t.Helper()
	l, err := ledger.Open(context.Background(), h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.ledger = l
	sealer := nip17.NewSealer(time.Hour)
	h.decoder = relay.NewDecoder(h.keyring, dialect.New(), sealer, h.self.PublicKey(), nil, zerolog.Nop())
	h.relay = relay.New(relay.Config{
		Name: "test", Self: h.self.PublicKey(), PublicURLs: []string{"ws://127.0.0.1:1"}, InboxQuota: 9, MaxLimit: 99, Kinds: []int{10050},
	}, l, h.keyring, h.decoder, zerolog.Nop())
	cfg := Config{
		Self: h.self, Name: "test", Master: h.master, DM: true, Private: true, IsOurs: h.relay.IsOurs,
		TakesPart: func(ctx context.Context, key string) (bool, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.parts[key] || h.keyring.Holds(key), nil
		},
		Deliver: func(ctx context.Context, wrap *nostr.Event, notice int64) error {
			h.mu.Lock()
			refusing := h.refusing
			h.mu.Unlock()
			if refusing != nil {
				return refusing
			}
			return h.relay.Deliver(ctx, wrap, notice)
		},
	}
	if h.change != nil {
		h.change(&cfg)
	}
	h.notifier = New(cfg, l, zerolog.Nop())
	h.notifier.waits = h.waits
	skew := h.skew
	h.notifier.now = func() time.Time { return time.Now().Add(skew) }
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.notifier.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	running.Go(func() {
		tracker := &relay.Tracker{Ledger: l, Store: h.store, Log: zerolog.Nop(), Projected: h.notifier.Projected}
		if err := tracker.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	h.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		sealer.Close()
		if err := l.Close(); err != nil {
			h.t.Error(err)
		}
	})
}

func (h *house) restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

// person is a new one, whose key the relay holds where delegated.
func (h *house) person(delegated bool) *nip17.SecretSigner {
	h.t.Helper()
	p := nip17test.Signer(h.t)
	if delegated {
		if err := h.keyring.Add(nip17test.ReadingKey(h.t, p)); err != nil {
			h.t.Fatal(err)
		}
	}
	return p
}

// takesPart has somebody take part who has handed over no key.
func (h *house) takesPart(p *nip17.SecretSigner) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parts[p.PublicKey()] = true
}

func (h *house) refuse(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refusing = err
}

// wraps are those of one order message, the recipient's first.
func (h *house) wraps(from *nip17.SecretSigner, to string, d orders.Draft, at time.Time) []nostr.Event {
	h.t.Helper()
	d.To = to
	rumor, err := dialect.Compose(from.PublicKey(), d, h.self.PublicKey())
	if err != nil {
		h.t.Fatal(err)
	}
	rumor.CreatedAt = nostr.Timestamp(at.Unix())
	wraps, err := nip17.Wrap(h.t.Context(), from, rumor, []string{to})
	if err != nil {
		h.t.Fatal(err)
	}
	return wraps
}

// arrive puts a wrap into the ledger, as the relay does.
func (h *house) arrive(wrap *nostr.Event, at time.Time) {
	h.t.Helper()
	a := h.decoder.Decode(h.t.Context(), wrap, at.UnixMilli())
	if outcome, err := h.ledger.Arrive(h.t.Context(), a); err != nil || outcome != ledger.Stored {
		h.t.Fatalf("%s, %v", outcome, err)
	}
}

// say sends an order message, now, to its recipient and to the sender himself.
func (h *house) say(from, to *nip17.SecretSigner, d orders.Draft) {
	h.t.Helper()
	for _, w := range h.wraps(from, to.PublicKey(), d, time.Now()) {
		h.arrive(&w, time.Now())
	}
}

// told waits until everything so far was decided and settled, and returns the
// notices, the oldest first.
func (h *house) told() []ledger.Notice {
	h.t.Helper()
	h.decided()
	var got []ledger.Notice
	eventually(h.t, "everything is settled", func() bool {
		got = h.notices()
		return !slices.ContainsFunc(got, func(n ledger.Notice) bool { return n.State == ledger.NoticeDue })
	})
	return got
}

func (h *house) decided() {
	h.t.Helper()
	last, err := h.ledger.LastSeq(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	eventually(h.t, "everything is decided", func() bool {
		told, err := h.ledger.Told(h.t.Context())
		return err == nil && told >= last
	})
}

func (h *house) notices() []ledger.Notice {
	h.t.Helper()
	got, err := h.ledger.Notices(h.t.Context(), ledger.NoticeQuery{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(got)
	return got
}

// inbox are the rumors in the relay's own messages to somebody, the oldest first.
func (h *house) inbox(p *nip17.SecretSigner) (rumors []nostr.Event) {
	h.t.Helper()
	keyring, err := nip17.NewKeyring(nip17test.ReadingKey(h.t, p))
	if err != nil {
		h.t.Fatal(err)
	}
	filter := nostr.Filter{Kinds: []int{1059}, Tags: nostr.TagMap{"p": {p.PublicKey()}}, Limit: 500}
	for wrap, err := range h.ledger.Query(h.t.Context(), filter, p.PublicKey(), 500) {
		if err != nil {
			h.t.Fatal(err)
		}
		msg, err := nip17.Open(h.t.Context(), wrap, keyring)
		if err != nil {
			h.t.Fatal(err)
		}
		if msg.Rumor.PubKey == h.self.PublicKey() {
			rumors = append(rumors, msg.Rumor)
		}
	}
	return rumors
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

const address = "1 Main St, Porto"

func intent(id string) orders.Draft {
	total := int64(100)
	return orders.Draft{Verb: orders.Intent, OrderID: id, Public: orders.Public{Amount: &total,
		Products: []orders.Product{{ProductID: "mug", Title: "Blue mug", Quantity: 1}}},
		Private: orders.Private{ShippingAddress: address}}
}

func verb(v orders.Verb, id string) orders.Draft { return orders.Draft{Verb: v, OrderID: id} }

// events are what the notices of one reader and lane tell, in their order.
func events(t *testing.T, notices []ledger.Notice, reader, lane string) (got []string) {
	t.Helper()
	for _, n := range notices {
		if n.Reader != reader || lane != "" && n.Lane != lane {
			continue
		}
		news, err := readNews(n.Content)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimPrefix(string(news.Event), "order."))
	}
	return got
}
