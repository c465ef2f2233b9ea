package notify

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/wire"
)

// serve opens the house's relay on a socket, and returns its URL.
func (h *house) serve(change func(*relay.Config)) string {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	url := "ws://" + l.Addr().String()
	cfg := relay.Config{
		Name: "test", Self: h.self.PublicKey(), PublicURLs: []string{url}, InboxQuota: 9, MaxLimit: 99, Kinds: []int{10050},
		Limits: relay.Limits{Wire: wire.Limits{WriteTimeout: time.Second}},
	}
	if change != nil {
		change(&cfg)
	}
	r := relay.New(cfg, h.ledger, h.keyring, h.decoder, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx, l) }()
	h.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
	return url
}

// announce publishes where somebody reads (kind 10050), into the house.
func (h *house) announce(p *nip17.SecretSigner, urls ...string) {
	h.t.Helper()
	evt := nostr.Event{Kind: nostr.KindDMRelayList, CreatedAt: nostr.Now()}
	for _, u := range urls {
		evt.Tags = append(evt.Tags, nostr.Tag{"relay", u})
	}
	if err := p.Sign(h.t.Context(), &evt); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.ledger.Publish(h.t.Context(), &evt, time.Now().UnixMilli()); err != nil {
		h.t.Fatal(err)
	}
}

// Two relays, each with the other's participants and allowed to connect to each
// other: one message by a person is a bounded number of notices, and that is all.
func TestTwoRelaysDoNotLoop(t *testing.T) {
	outgoing := func(c *Config) { c.Outgoing = true }
	one, other := newHouse(t, outgoing), newHouse(t, outgoing)
	buyer, seller := one.person(true), one.person(true)
	for _, p := range []*nip17.SecretSigner{buyer, seller} {
		key, err := p.ReadingKey()
		if err != nil {
			t.Fatal(err)
		}
		if err := other.keyring.Add(key); err != nil {
			t.Fatal(err)
		}
	}
	urls := []string{one.serve(nil), other.serve(nil)}
	for _, h := range []*house{one, other} {
		h.announce(buyer, urls...)
		h.announce(seller, urls...)
		// They could even be each other's customers.
		h.announce(one.self, urls...)
		h.announce(other.self, urls...)
		h.takesPart(one.self)
		h.takesPart(other.self)
	}
	both := func(from, to *nip17.SecretSigner, d orders.Draft) {
		for _, w := range one.wraps(from, to.PublicKey(), d, time.Now()) {
			one.arrive(&w, time.Now())
			other.arrive(&w, time.Now())
		}
	}
	both(buyer, seller, intent("A-1"))
	both(seller, buyer, orders.Draft{Verb: orders.Shipped, OrderID: "A-1"})
	both(buyer, other.self, intent("A-2"))
	both(buyer, one.self, intent("A-3"))
	var facts []int64
	for _, h := range []*house{one, other} {
		h.told()
		seq, err := h.ledger.LastSeq(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, seq)
	}
	// The one relay is told of the order that somebody placed with the other; what
	// comes there is read by nobody.
	for i, h := range []*house{one, other} {
		var to []string
		for _, n := range h.told() {
			if n.State != ledger.NoticeSent || n.Reader == h.self.PublicKey() {
				t.Errorf("got %+v", n)
			}
			to = append(to, n.Reader)
		}
		// Of A-1 both parties here, there, and (the house does not know its own socket) again here.
		if n := len(to); n == 0 || n > 12 {
			t.Errorf("relay %d: %d notices", i, n)
		}
		if seq, err := h.ledger.LastSeq(t.Context()); err != nil || seq != facts[i] {
			t.Errorf("relay %d: %d facts became %d, %v", i, facts[i], seq, err)
		}
		rows, err := h.ledger.UnopenedRecipients(t.Context())
		if err != nil || slices.Contains(rows, h.self.PublicKey()) {
			t.Errorf("relay %d: %v wait, %v", i, rows, err)
		}
	}
	// All copies of one notice are one message.
	ids := map[string]int{}
	for _, r := range one.inbox(seller) {
		ids[r.ID]++
	}
	if len(ids) != 1 {
		t.Errorf("the seller has %d messages of one relay: %v", len(ids), ids)
	}
}

// A relay that wants to know who writes is told so.
func TestRelayThatAsksForAuth(t *testing.T) {
	h, far := newHouse(t, func(c *Config) { c.Outgoing, c.DM = true, true }), newHouse(t, nil)
	buyer, seller := h.person(true), h.person(true)
	far.takesPart(seller)
	url := far.serve(func(c *relay.Config) { c.Limits.AuthToWrite = true; c.Anyone = true })
	h.announce(seller, url)
	h.say(buyer, seller, intent("A-1"))
	for _, n := range h.told() {
		if n.State != ledger.NoticeSent {
			t.Errorf("got %+v", n)
		}
	}
	filter := nostr.Filter{Kinds: []int{1059}, Tags: nostr.TagMap{"p": {seller.PublicKey()}}, Limit: 9}
	there := 0
	for range far.ledger.Query(t.Context(), filter, seller.PublicKey(), 9) {
		there++
	}
	if there != 1 {
		t.Errorf("%d wraps there", there)
	}
}

// Where somebody says he reads is no way into this machine's network.
func TestRelayAddresses(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Outgoing, c.Private = true, false })
	buyer, seller := h.person(true), h.person(true)
	h.announce(seller, "ws://10.0.0.1", "wss://localhost:1", "wss://user:pass@relay.example", "mailto:relay.example", "", "ws://127.0.0.1:1")
	h.say(buyer, seller, intent("A-1"))
	var lanes []string
	for _, n := range h.told() {
		lanes = append(lanes, n.Lane+" "+n.LastError)
	}
	slices.Sort(lanes)
	if want := []string{"dm ", "dm wss://localhost:1 forbidden-address"}; !slices.Equal(lanes, want) {
		t.Errorf("got %s", strings.Join(lanes, "; "))
	}
}
