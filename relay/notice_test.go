package relay

import (
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// What the relay itself writes to somebody waits for no key, whether one is held that
// would open it or not; he gets it, nobody else does, and it goes when its time is over.
func TestDeliver(t *testing.T) {
	h := newHouse(t)
	seller, other, stranger := newSigner(t), newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, other)); err != nil {
		t.Fatal(err)
	}
	deliver := func(to string, opts ...nip17.Option) nostr.Event {
		t.Helper()
		wraps, err := nip17.Wrap(t.Context(), h.self, nostr.Event{Kind: 14, Content: "I hold a key of yours", Tags: nostr.Tags{{"p", to}}}, []string{to}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.relay.Deliver(t.Context(), &wraps[0], 0); err != nil {
			t.Fatal(err)
		}
		return wraps[0]
	}
	live := h.connect(seller)
	live.subscribe("live", obj{"kinds": []int{1059}})
	wrap := deliver(seller.PublicKey())
	deliver(other.PublicKey())
	if got := live.next(); got.ID != wrap.ID {
		t.Errorf("live: got %s", got.ID)
	}
	gone := deliver(seller.PublicKey(), nip17.Expires(time.Now().Add(-time.Second)))
	for _, who := range []*nip17.SecretSigner{seller, other} {
		if n, err := h.ledger.CountUnopened(t.Context(), []string{who.PublicKey()}, 10); n != 0 || err != nil {
			t.Errorf("%d messages wait for a key, %v", n, err)
		}
	}
	if got := h.connect(seller).query(obj{"kinds": []int{1059}}); len(got) != 1 || got[0].ID != wrap.ID {
		t.Errorf("its recipient gets %v, want %s alone", got, wrap.ID)
	}
	if got := h.connect(stranger).query(obj{"ids": []string{wrap.ID, gone.ID}}); len(got) != 0 {
		t.Errorf("a stranger gets %v", got)
	}
	if n, err := h.ledger.Expire(t.Context(), time.Now()); n != 1 || err != nil {
		t.Errorf("%d were dropped, %v", n, err)
	}
	if _, err := h.ledger.Verify(t.Context(), func(p ledger.Problem) { t.Error(p) }, nil); err != nil {
		t.Error(err)
	}
}
