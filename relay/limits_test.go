package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip13"

	"github.com/waybill-relay/waybill/orders/client"
)

func TestSubscriptionLimits(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Limits.Wire.Subscriptions, c.Limits.Wire.Filters = 2, 2 })
	s := h.connect(nil)
	for _, id := range []string{"a", "b"} {
		if _, closed := s.subscribe(id, obj{"kinds": []int{0}}); closed != "" {
			t.Fatalf("%s: %s", id, closed)
		}
	}
	for name, filter := range map[string]obj{"stored": {"kinds": []int{0}}, "live only": {"kinds": []int{0}, "limit": 0}} {
		if _, closed := s.subscribe("c", filter); !strings.HasPrefix(closed, "rate-limited:") {
			t.Errorf("%s: got %q", name, closed)
		}
	}
	if _, closed := s.subscribe("a", obj{"kinds": []int{30402}}); closed != "" {
		t.Errorf("the same id replaces, and takes no more room: %s", closed)
	}
	s.say("CLOSE", "b")
	eventually(t, "CLOSE", func() bool { return h.relay.fanout.len() == 1 })
	if _, closed := s.subscribe("c", obj{"kinds": []int{0}}); closed != "" {
		t.Errorf("after CLOSE: %s", closed)
	}
	if _, closed := h.connect(nil).subscribe("a", obj{}); closed != "" {
		t.Errorf("another connection: %s", closed)
	}

	other := h.connect(nil)
	other.say("REQ", "many", obj{"kinds": []int{0}}, obj{"kinds": []int{5}}, obj{"kinds": []int{30402}})
	closed := ""
	for closed == "" {
		if m := other.read(); other.label(m) == "CLOSED" {
			closed = other.text(m[2])
		}
	}
	if !strings.HasPrefix(closed, "invalid:") {
		t.Errorf("three filters: %q", closed)
	}
}

func TestWrapsPerRecipient(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Limits.WrapsPerRecipient = 3 })
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	s := h.connect(nil)
	for i := range 4 {
		err := s.publish(h.wraps(buyer, intent(seller.PublicKey(), fmt.Sprintf("A-%d", i)))[0])
		if limited := err != nil && strings.HasPrefix(err.Error(), "rate-limited:"); limited != (i == 3) {
			t.Errorf("wrap %d: %v", i, err)
		}
	}
	// Somebody else's inbox, the relay's own, has room.
	if err := s.publish(h.wraps(buyer, intent(seller.PublicKey(), "A-5"), h.self.PublicKey())[1]); err != nil {
		t.Errorf("another recipient: %v", err)
	}
	h.relay.SetLimits(Limits{WrapsPerRecipient: 10})
	if err := s.publish(h.wraps(buyer, intent(seller.PublicKey(), "A-6"))[0]); err != nil {
		t.Errorf("after the limit was raised: %v", err)
	}
}

// A key that is nobody's, named first, does not spare the one behind it.
func TestLimitsOfSecondRecipient(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota, c.Limits.WrapsPerRecipient = true, 2, 4 })
	seller, guest := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	s := h.connect(nil)
	for name, tt := range map[string]struct {
		to   string
		most int
		why  string
	}{
		"a participant's flow": {seller.PublicKey(), 4, "rate-limited:"},
		"a guest's inbox":      {guest.PublicKey(), 2, "restricted:"},
	} {
		for i := range tt.most + 1 {
			err := s.publish(signed(t, newSigner(t), nostr.Event{Kind: nostr.KindGiftWrap, Content: "?", CreatedAt: nostr.Now(),
				Tags: nostr.Tags{{"p", newSigner(t).PublicKey()}, {"p", tt.to}}}))
			if refused := err != nil && strings.HasPrefix(err.Error(), tt.why); refused != (i == tt.most) {
				t.Errorf("%s, wrap %d: %v", name, i, err)
			}
		}
	}
}

func TestInflowRefills(t *testing.T) {
	f := newInflow()
	f.setPerHour(60)
	now := time.Unix(1_800_000_000, 0)
	for range 60 {
		if !f.admit("a", now) {
			t.Fatal("the burst is 60")
		}
	}
	if f.admit("a", now) || !f.admit("b", now) {
		t.Error("the 61st came in, or a's limit is b's too")
	}
	if now = now.Add(time.Minute); !f.admit("a", now) || f.admit("a", now) {
		t.Error("a minute is worth one more")
	}
}

func TestAuthRequiredToWrite(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Limits.AuthToWrite = true })
	who := newSigner(t)
	profile := signed(t, who, nostr.Event{Kind: 0, Content: "{}"})
	s := h.connect(nil)
	if err := s.publish(profile); err == nil || !strings.HasPrefix(err.Error(), "auth-required:") {
		t.Errorf("before AUTH: %v", err)
	}
	if !s.auth(newSigner(t), h.url) {
		t.Fatal("no AUTH")
	}
	if err := s.publish(profile); err != nil {
		t.Errorf("after AUTH, as anybody: %v", err)
	}
	if got := h.limitation(); !got.AuthRequired {
		t.Errorf("NIP-11 does not announce it: %+v", got)
	}
}

func TestProofOfWork(t *testing.T) {
	const bits = 8
	h := newHouse(t, func(c *Config) { c.Limits.MinPoW = bits })
	who := newSigner(t)
	s := h.connect(nil)
	worked := func(target int) nostr.Event {
		evt := nostr.Event{Kind: 0, Content: "{}", PubKey: who.PublicKey(), CreatedAt: nostr.Now()}
		nonce, err := nip13.DoWork(context.Background(), evt, target)
		if err != nil {
			t.Fatal(err)
		}
		evt.Tags = append(evt.Tags, nonce)
		return signed(t, who, evt)
	}
	for name, tt := range map[string]struct {
		evt  nostr.Event
		good bool
	}{
		"none": {signed(t, who, nostr.Event{Kind: 0, Content: "{}"}), false}, "too little": {worked(2), false}, "enough": {worked(bits), true},
	} {
		if err := s.publish(tt.evt); (err == nil) != tt.good || err != nil && !strings.HasPrefix(err.Error(), "pow:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := &client.Client{Relays: []string{h.url}, Self: h.self.PublicKey(), Copy: true}
	if _, err := c.Send(h.ctx, who, intent(newSigner(t).PublicKey(), "A-1")); err != nil {
		t.Errorf("our own client: %v", err)
	}
	if got := h.limitation().MinPoW; got != bits {
		t.Errorf("NIP-11 announces %d", got)
	}
}

// limitation is what the NIP-11 document says.
func (h *house) limitation() limitation {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.ctx, http.MethodGet, strings.Replace(h.url, "ws", "http", 1), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/nostr+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc information
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		h.t.Fatal(err)
	}
	return doc.Limitation
}
