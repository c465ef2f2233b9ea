package relay

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// A panic in a hook would end the process: each one drops its own message and
// nothing more.
func TestAPanicInEachHook(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Anyone = true })
	r := h.connect(nil)
	wrap := h.wraps(newSigner(t), intent(newSigner(t).PublicKey(), "A-1"))[0]
	fanout := h.relay.fanout
	h.relay.ledger, h.relay.fanout = nil, nil // what asks them panics
	if err := r.publish(wrap); err == nil || !strings.HasPrefix(err.Error(), "error:") {
		t.Errorf("a wrap: got %v", err)
	}
	if n, _ := r.count(obj{}); n != 0 {
		t.Errorf("COUNT: got %d", n)
	}
	if stored, closed := r.subscribe("s", obj{}); len(stored) != 0 || closed != "" {
		t.Errorf("REQ: got %d events, closed %q", len(stored), closed)
	}
	h.relay.ledger, h.relay.fanout = h.ledger, fanout
	h.relay.decoder = nil // behind the check of who takes it
	if err := r.publish(wrap); err == nil || !strings.HasPrefix(err.Error(), "error:") {
		t.Errorf("a wrap without a decoder: got %v", err)
	}
	h.relay.decoder = h.decoder
	h.publish(r, wrap)
}

// What is wrong inside of a wrap that is opened here must not reach its OK: who
// publishes would learn that its key is held.
func TestTheInsideNeverShows(t *testing.T) {
	h := newHouse(t)
	buyer, held, unheld := newSigner(t), newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, held)); err != nil {
		t.Fatal(err)
	}
	r := h.connect(nil)
	h.publish(r, signed(t, unheld, nostr.Event{Kind: 10050, Tags: nostr.Tags{{"relay", h.url}}}))
	for name, change := range map[string]func(*nostr.Event){
		"no order at all": func(e *nostr.Event) { e.Kind, e.Tags = 7, nostr.Tags{} },
		"a zero byte":     func(e *nostr.Event) { e.Content = "a\x00b" },
		"odd amounts": func(e *nostr.Event) {
			e.Tags = append(e.Tags, nostr.Tag{"amount", "NaN"}, nostr.Tag{"shipping", "-1", "1e400"})
		},
		"two hundred items": func(e *nostr.Event) {
			for i := range 200 {
				e.Tags = append(e.Tags, nostr.Tag{"item", fmt.Sprintf("30402:%s:%d", held.PublicKey(), i), "9e99"})
			}
		},
		"many parties": func(e *nostr.Event) {
			e.Tags = append(e.Tags, nostr.Tag{"p", buyer.PublicKey()}, nostr.Tag{"p", h.self.PublicKey()})
		},
		"from long ago":       func(e *nostr.Event) { e.CreatedAt = 1 },
		"from the far future": func(e *nostr.Event) { e.CreatedAt = 4_102_444_800 },
	} {
		for who, to := range map[string]string{"held": held.PublicKey(), "not held": unheld.PublicKey()} {
			wrap := h.wrapped(buyer, to, change)
			if err := r.publish(wrap); err != nil {
				t.Errorf("%s to a key that is %s: got %v", name, who, err)
			}
		}
	}
	h.publish(r, h.wraps(buyer, intent(held.PublicKey(), "A-1"))[0])
	h.order("A-1", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
}

// wrapped is the wrap of an intent that was changed before it was sealed.
func (h *house) wrapped(from *nip17.SecretSigner, to string, change func(*nostr.Event)) nostr.Event {
	h.t.Helper()
	rumor := nostr.Event{Kind: 16, CreatedAt: nostr.Now(), Tags: nostr.Tags{
		{"p", to}, {"subject", "order-info"}, {"type", "1"}, {"order", "odd"}, {"amount", "100"}, {"item", "30402:" + to + ":mug", "1"}}}
	change(&rumor)
	wraps, err := nip17.Wrap(h.ctx, from, rumor, []string{to})
	if err != nil {
		h.t.Fatal(err)
	}
	return wraps[0]
}
