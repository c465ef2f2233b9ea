//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// secretWord stands in everything that is refused, and may be repeated nowhere.
const secretWord = "xyzzy-plugh-do-not-repeat"

// TestBadInput sends what nobody should send, through the real socket. Whatever
// is wrong inside of a wrap whose outside is fine is answered OK true and no
// word more; the process lives, the next good message is tracked at once, and
// the log tells of each once, by a code.
func TestBadInput(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "mallory"}, delegated: []string{"seller"}})
	w.hide(secretWord)
	buyer, mallory := speakerOf(t, w.person("buyer").secret), speakerOf(t, w.person("mallory").secret)
	seller := w.person("seller")
	text := nostr.Event{Kind: 14, Content: secretWord, Tags: nostr.Tags{{"p", seller.pubkey}}}
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	inside := func(e envelope) func() nostr.Event {
		return func() nostr.Event { return buyer.forge(e, text, seller.pubkey) }
	}
	outside := func(kind int, content string, tags ...nostr.Tag) func() nostr.Event {
		return func() nostr.Event { return mallory.event(kind, content, tags...) }
	}
	for _, c := range []struct {
		name  string
		event func() nostr.Event
		ok    string // the reason of an OK false begins so; "" is OK true
		log   string // the code by which it is logged as unreadable; "" is not at all
	}{
		{"forged seal", inside(envelope{seal: func(e *nostr.Event) { e.Sig = strings.Repeat("0", 128) }}), "", "seal-signature"},
		{"seal in another's name", func() nostr.Event {
			return mallory.forge(envelope{seal: func(e *nostr.Event) { e.PubKey = buyer.pubkey; e.ID = e.GetID() }}, text, seller.pubkey)
		}, "", "seal-signature"},
		{"seal of kind 1", inside(envelope{seal: func(e *nostr.Event) { e.Kind = 1; buyer.sign(e) }}), "", "seal-kind"},
		{"impersonation", func() nostr.Event {
			return mallory.forge(envelope{rumor: func(e *nostr.Event) { e.PubKey = buyer.pubkey; e.ID = e.GetID() }}, text, seller.pubkey)
		}, "", "impersonation"},
		{"rumor id of another", inside(envelope{rumor: func(e *nostr.Event) { e.ID = strings.Repeat("0", 64) }}), "", "rumor-id"},
		{"signed rumor", inside(envelope{rumor: func(e *nostr.Event) { buyer.sign(e) }}), "", "rumor-signed"},
		{"garbage content", inside(envelope{content: func(string) string { return "no base64" }}), "", "decrypt"},
		{"garbage in the wrap", inside(envelope{sealText: func(string) string { return secretWord }}), "", "seal-format"},
		{"garbage in the seal", inside(envelope{rumorText: func(string) string { return secretWord }}), "", "rumor-format"},
		{"rumor nested 10,000 deep", inside(envelope{rumorText: func(s string) string { return s[:len(s)-1] + `,"x":` + deep(10_000) + "}" }}), "", "rumor-format"},
		{"content nested 10,000 deep", func() nostr.Event {
			return buyer.forge(envelope{}, nostr.Event{Kind: 14, Tags: text.Tags,
				Content: `{"type":"purchase-intent","intentId":"` + secretWord + `","products":` + deep(10_000) + "}"}, seller.pubkey)
		}, "", "bad-json"},
		{"a wrap dated 2099", inside(envelope{wrap: func(e *nostr.Event) { e.CreatedAt = in2099 }}), "invalid:", ""},
		{"an expired wrap", inside(envelope{wrap: func(e *nostr.Event) { e.Tags = append(e.Tags, nostr.Tag{"expiration", "1"}) }}), "invalid:", ""},
		{"a wrap to nobody", inside(envelope{wrap: func(e *nostr.Event) { e.Tags = nostr.Tags{} }}), "invalid:", ""},
		{"a message above 512 KB", inside(envelope{content: func(string) string { return strings.Repeat("A", 600_000) }}), "invalid:", ""},
		{"a tag without its value", outside(30402, secretWord, nostr.Tag{"d"}), "invalid:", ""},
		{"a bare seal", outside(13, secretWord), "blocked:", ""},
		{"a signed chat message", outside(14, secretWord, nostr.Tag{"p", seller.pubkey}), "blocked:", ""},
		{"a signed file message", outside(15, secretWord, nostr.Tag{"p", seller.pubkey}), "blocked:", ""},
		{"an ephemeral wrap", outside(21059, secretWord, nostr.Tag{"p", seller.pubkey}), "blocked:", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			evt, before := c.event(), w.daemon.log.unreadable(c.log)
			for range 2 { // the second is a duplicate, and tells nothing new
				v, err := dial(t, w.daemon.url).publish(evt)
				if refused := c.ok != ""; err != nil || v.ok == refused || !strings.HasPrefix(v.reason, c.ok) || !refused && v.reason != "" {
					t.Errorf("got OK %t %q, error %v; want reason %q", v.ok, v.reason, err, c.ok)
				}
				if strings.Contains(v.reason, secretWord) {
					t.Error("the OK repeats the content")
				}
			}
			w.nextIsTracked(t, buyer)
			if c.log == "" {
				return
			}
			if got := w.daemon.log.unreadable(c.log) - before; got != 1 {
				t.Errorf("it was logged %d times as %s, want once", got, c.log)
			}
		})
	}
	t.Run("frames", func(t *testing.T) { w.badFrames(t, buyer) })
	t.Run("odd but readable", func(t *testing.T) { w.oddOrders(t, buyer, mallory) })
	t.Run("60 KB", func(t *testing.T) { w.longMessages(t, buyer) })
	w.nothingLeaked()
}

// nextIsTracked checks that the daemon lives and that a good order arrives in
// Redis at once.
func (w *world) nextIsTracked(t *testing.T, buyer *speaker) {
	t.Helper()
	w.daemon.alive()
	seller := w.person("seller")
	id := "good-" + nostr.GeneratePrivateKey()[:12]
	w.tracked(t, buyer.wrap(intent(seller, id, "", 1000), seller.pubkey)[0])
	w.redis.order(id, stands("intent-sent", "none", "intent"))
}

// tracked publishes a good wrap.
func (w *world) tracked(t *testing.T, wrap nostr.Event) {
	t.Helper()
	if v, err := dial(t, w.daemon.url).publish(wrap); err != nil || !v.ok || v.reason != "" {
		t.Fatalf("a good gift wrap was answered OK %t %q, error %v", v.ok, v.reason, err)
	}
}

// badFrames sends what is no message at all.
func (w *world) badFrames(t *testing.T, buyer *speaker) {
	for _, frame := range []string{
		"", "{", "[]", "null", `["EVENT"]`, `["EVENT",null]`, `["EVENT",[]]`, `["REQ"]`, `["REQ","x"]`, `["REQ","x",{"kinds":"1"}]`,
		`["REQ","x",{"#p":[1]}]`, `["CLOSE"]`, `["COUNT","x"]`, `["AUTH"]`, `["AUTH",{}]`, `["NEG-OPEN","x",{},""]`, "\x00\xff",
		strings.Repeat("[", 100_000), `["EVENT",{"tags":` + strings.Repeat("[", 100_000) + "]",
		`["REQ","` + strings.Repeat("x", 10_000) + `",{}]`, strings.Repeat("A", 4<<20),
	} {
		s := dial(t, w.daemon.url)
		if err := s.write([]byte(frame)); err != nil && len(frame) < 1<<20 {
			t.Errorf("%.40q: %v", frame, err)
		}
		s.close()
	}
	w.nextIsTracked(t, buyer)
}

// oddOrders sends what can be read, but hardly believed.
func (w *world) oddOrders(t *testing.T, buyer, mallory *speaker) {
	seller := w.person("seller")
	for _, id := range []string{"{orders:x}", "a\x00b\nc\x1b[2J", "../../orders_index", strings.Repeat("é", 200), "orders:*?[a]"} {
		w.tracked(t, buyer.wrap(intent(seller, id, "", 1000), seller.pubkey)[0])
		w.redis.order(orders.EscapeID(id), stands("intent-sent", "none", "intent"))
	}

	now := time.Now()
	w.tracked(t, buyer.wrap(intent(seller, "from-2099", "", 1000).at(in2099.Time()), seller.pubkey)[0])
	o := w.redis.order("from-2099", stands("intent-sent", "none", "intent"))
	if begun := time.UnixMilli(o.CreatedTimestamp); begun.Before(now.Add(9*time.Minute)) || begun.After(time.Now().Add(10*time.Minute)) {
		t.Errorf("an order dated 2099 began at %v, want its arrival and 10 minutes", begun)
	}

	ruling := status(seller, "from-2099", "resolved", "", tag("buyer", buyer.pubkey), tag("seller", seller.pubkey), tag("outcome", "cancelled"))
	ruling.Tags[0] = []string{"p", w.self}
	w.tracked(t, mallory.wrap(ruling, w.self)[0])
	w.redis.order("from-2099", said("intent-sent", "none", "intent", "resolved refused: not-a-participant"))
	w.nextIsTracked(t, buyer)
}

// longMessages: what NIP-44 v2 carries is read; what only its extension does is
// taken or refused by its size alone, and harms nobody.
func (w *world) longMessages(t *testing.T, buyer *speaker) {
	seller := w.person("seller")
	long := strings.Repeat("lorem ipsum ", 38_000/12)
	w.tracked(t, buyer.wrap(intent(seller, "38-KB", long, 1000), seller.pubkey)[0])
	o := w.redis.order("38-KB", stands("intent-sent", "none", "intent"))
	if got := seller.opens(o, o.BuyerNotes); got != long[:16<<10] {
		t.Errorf("a note of %d bytes came out with %d, want its first 16 KiB", len(long), len(got))
	}
	for _, size := range []int{50_000, 60_000} {
		var d delivery
		w.node.must("buyer", "send", map[string]any{
			"rumor": intent(seller, fmt.Sprint(size), strings.Repeat("A", size), 1000), "to": []string{seller.pubkey},
		}, &d)
		c := d.Copies[0]
		if want := "invalid: the gift wrap is too large"; !c.OK && c.Reason != want || c.OK && c.Reason != "" {
			t.Errorf("a rumor of %d bytes: got OK %t %q, want OK true or %q", size, c.OK, c.Reason, want)
		}
		w.nextIsTracked(t, buyer)
	}
	s := dial(t, w.daemon.url)
	huge := buyer.forge(envelope{content: func(string) string { return strings.Repeat("A", 4<<20) }}, nostr.Event{Kind: 14, Tags: nostr.Tags{}}, seller.pubkey)
	if v, err := s.publish(huge); err != nil || v.ok || !strings.HasPrefix(v.reason, "invalid:") {
		t.Errorf("a message of 4 MB: got %+v, error %v; want OK false with a reason", v, err)
	}
	endless := []byte(`["EVENT",{"content":"` + strings.Repeat("A", 9<<20))
	if err := s.write(endless); err == nil {
		<-s.gone // 16 times the limit is too much to listen to
	}
	w.nextIsTracked(t, buyer)
}
