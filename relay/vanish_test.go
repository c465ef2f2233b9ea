package relay

import (
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// Who asks to be forgotten (NIP-62) is; the skeleton of his orders stays.
func TestVanish(t *testing.T) {
	told := make(chan string, 1)
	h := newHouse(t, func(c *Config) { c.Vanished = func(pubkey string) { told <- pubkey } })
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
	if err := ask("wss://elsewhere.example"); err == nil || !strings.HasPrefix(err.Error(), "blocked:") {
		t.Errorf("another relay's: %v", err)
	}
	if err := ask(h.url); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got != buyer.PublicKey() {
		t.Errorf("told of %s", got)
	}
	after := h.order("A-1", func(o *orders.Order) bool { return len(o.Boxes) == 0 })
	if after.Status != orders.StatusIntentSent || after.BuyerPubkey != buyer.PublicKey() || after.Version <= before.Version {
		t.Errorf("the skeleton: %+v", after)
	}
	if got := h.connect(seller).query(obj{"kinds": []int{1059}}); len(got) != 0 {
		t.Errorf("the seller still gets %d wraps of his", len(got))
	}
}
