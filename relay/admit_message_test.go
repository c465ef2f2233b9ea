package relay

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

func withDirectMessages(c *Config) { c.DirectMessages = true }

// direct is a kind 4 that nobody can read; n tells it from the others.
func direct(t *testing.T, from *nip17.SecretSigner, to string, n int) nostr.Event {
	t.Helper()
	block := base64.StdEncoding.EncodeToString(make([]byte, 16))
	return signed(t, from, nostr.Event{Kind: 4, Content: block + "?iv=" + block, Tags: nostr.Tags{{"p", to}, {"n", fmt.Sprint(n)}}})
}

// inbox10050 names the house's relay as where its author takes messages.
func (h *house) inbox10050(of *nip17.SecretSigner) nostr.Event {
	return signed(h.t, of, nostr.Event{Kind: 10050, Tags: nostr.Tags{{"relay", h.url}}})
}

// answer is what the relay says to an event: "" for OK.
func answer(s *socket, evt nostr.Event) string {
	if err := s.publish(evt); err != nil {
		return err.Error()
	}
	return ""
}

// TestPublicMessageIsNoOracle: who writes to somebody in a wrap does not learn from
// what is taken afterwards whether that wrap could be opened.
func TestPublicMessageIsNoOracle(t *testing.T) {
	for _, held := range []bool{false, true} {
		h := newHouse(t, func(c *Config) { c.PublicOrders = true })
		shop, eve, nobody := newSigner(t), newSigner(t), newSigner(t)
		s := h.connect(nil)
		h.publish(s, h.inbox10050(shop))
		if held {
			if err := h.keyring.Add(readingKey(t, shop)); err != nil {
				t.Fatal(err)
			}
		}
		public := func(order, to string) nostr.Event {
			return signed(t, eve, nostr.Event{Kind: 16, Tags: nostr.Tags{{"p", to}, {"order", order}, {"type", "1"}, {"amount", "5"}}})
		}
		h.publish(s, h.wraps(eve, intent(shop.PublicKey(), "probe-1"))[0])
		if got := answer(s, public("probe-1", nobody.PublicKey())); !strings.Contains(got, "restricted:") {
			t.Errorf("key held %v: after a wrap the answer is %q", held, got)
		}
		h.publish(s, public("open-1", shop.PublicKey()))
		if got := answer(s, public("open-1", nobody.PublicKey())); got != "" {
			t.Errorf("key held %v: what goes on with a public order is answered %q", held, got)
		}
	}
}

// TestDirectMessageAdmission: a direct message is its recipient's to take.
func TestDirectMessageAdmission(t *testing.T) {
	const outside, full = "restricted: this relay takes messages of its participants only", "restricted: this recipient's inbox is full"
	for _, anyone := range []bool{false, true} {
		h := newHouse(t, withDirectMessages, func(c *Config) { c.Anyone = anyone })
		eve, victim, shop, delegate := newSigner(t), newSigner(t), newSigner(t), newSigner(t)
		if err := h.keyring.Add(readingKey(t, delegate)); err != nil {
			t.Fatal(err)
		}
		s := h.connect(nil)
		h.publish(s, h.inbox10050(shop), h.inbox10050(eve))
		stranger := []string{outside, outside, outside}
		if anyone {
			stranger = []string{"", "", full} // InboxQuota is 2
		}
		for n, want := range stranger {
			if got := answer(s, direct(t, eve, victim.PublicKey(), n)); !strings.HasSuffix(got, want) || (got == "") != (want == "") {
				t.Errorf("anyone %v: message %d to who takes no part is answered %q, want %q", anyone, n, got, want)
			}
		}
		for name, evt := range map[string]nostr.Event{
			"to a participant": direct(t, eve, shop.PublicKey(), 0), "by who delegated a key": direct(t, delegate, victim.PublicKey(), 9),
		} {
			if got := answer(s, evt); got != "" {
				t.Errorf("anyone %v: a direct message %s is answered %q", anyone, name, got)
			}
		}
		own := direct(t, shop, h.self.PublicKey(), 0)
		if got := answer(s, own); !strings.Contains(got, "blocked: write to the relay by gift wrap (NIP-17)") {
			t.Errorf("anyone %v: to the relay: %q", anyone, got)
		}
		if has, err := h.ledger.Has(h.ctx, own.ID); err != nil || has {
			t.Errorf("anyone %v: what is for the relay alone is kept: %v, %v", anyone, has, err)
		}
	}
}

// TestCopyForTheRelayAlone: a wrap that the relay's own key opens is never kept, so it
// has no second recipient.
func TestCopyForTheRelayAlone(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota = true, 10 })
	buyer, seller := newSigner(t), newSigner(t)
	self := h.self.PublicKey()
	s := h.connect(nil)
	wrap := h.wraps(buyer, intent(seller.PublicKey(), "C-1"), self)[1]
	h.publish(s, wrap)
	for _, to := range [][]string{{self, seller.PublicKey()}, {seller.PublicKey(), self}, {self, self}} {
		evt := wrap
		evt.Tags = nostr.Tags{{"p", to[0]}, {"p", to[1]}}
		evt = signed(t, newSigner(t), evt)
		if got := answer(s, evt); !strings.Contains(got, "invalid: a copy for the relay is a gift wrap of its own") {
			t.Errorf("to %v: the answer is %q", to, got)
		}
		if has, err := h.ledger.Has(h.ctx, evt.ID); err != nil || has {
			t.Errorf("to %v: it is kept: %v, %v", to, has, err)
		}
	}
}

// TestLargePublicMessage: it is refused for its size, before anything reads it.
func TestLargePublicMessage(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.PublicOrders = true })
	shop := newSigner(t)
	evt := nostr.Event{Kind: 16, PubKey: shop.PublicKey(), Content: strings.Repeat("x", nip17.MaxContent),
		Tags: nostr.Tags{{"p", shop.PublicKey()}, {"order", "A-1"}, {"type", "1"}, {"amount", "5"}}}
	if h.relay.isMessage(&evt) {
		t.Error("a message of any size is read")
	}
	if got := h.relay.refusal(h.ctx, &evt, h.relay.clock.now()); got != "invalid: the message is too large" {
		t.Errorf("the answer is %q", got)
	}
	if evt.Content = "x"; !h.relay.isMessage(&evt) {
		t.Error("a small one is not")
	}
}
