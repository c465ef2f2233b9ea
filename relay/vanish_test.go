package relay

import (
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// Who asks to be forgotten (NIP-62) is; the skeleton of his orders stays.
func TestVanish(t *testing.T) {
	type word struct {
		pubkey string
		until  time.Time
	}
	told := make(chan word, 1)
	h := newHouse(t, func(c *Config) { c.Vanished = func(pubkey string, until time.Time) { told <- word{pubkey, until} } })
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	s := h.connect(nil)
	h.publish(s, h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0])
	before := h.order("A-1", func(*orders.Order) bool { return true })
	if len(before.Boxes) != 1 {
		t.Fatalf("got %d boxes, want that of the intent", len(before.Boxes))
	}
	ask := func(relay string) error {
		return s.publish(signed(t, buyer, nostr.Event{Kind: 62, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"relay", relay}}}))
	}
	old := signed(t, buyer, nostr.Event{Kind: 62, CreatedAt: nostr.Now() - 86_400, Tags: nostr.Tags{{"relay", "ALL_RELAYS"}}})
	if err := ask("wss://elsewhere.example"); err == nil || !strings.HasPrefix(err.Error(), "blocked:") {
		t.Errorf("another relay's: %v", err)
	}
	if err := ask(h.url); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got.pubkey != buyer.PublicKey() || time.Since(got.until) < 0 || time.Since(got.until) > time.Minute {
		t.Errorf("told of %v", got)
	}
	after := h.order("A-1", func(o *orders.Order) bool { return len(o.Boxes) == 0 })
	if after.Status != orders.StatusIntentSent || after.BuyerPubkey != buyer.PublicKey() || after.Version <= before.Version {
		t.Errorf("the skeleton: %+v", after)
	}
	if got := h.connect(seller).query(obj{"kinds": []int{1059}}); len(got) != 0 {
		t.Errorf("the seller still gets %d wraps of his", len(got))
	}
	// Anybody may send an old request; it does not mean what he left here since.
	if err := s.publish(old); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got.pubkey != buyer.PublicKey() || time.Since(got.until) < 23*time.Hour {
		t.Errorf("an old request: told of %v", got)
	}
}
