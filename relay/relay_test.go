package relay

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fiatjaf/eventstore"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

func TestInformation(t *testing.T) {
	h := newHouse(t)
	req, _ := http.NewRequest(http.MethodGet, strings.Replace(h.url, "ws", "http", 1), nil)
	req.Header.Set("Accept", "application/nostr+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc information
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if doc.Self != h.self.PublicKey() || doc.Limitation.MaxLimit != 100 {
		t.Errorf("got %+v", doc)
	}
}

type obj map[string]any

// What a stranger's publication is answered says nothing about what is inside.
func TestAdmission(t *testing.T) {
	h := newHouse(t)
	seller, stranger := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	good := h.wraps(stranger, intent(seller.PublicKey(), "A-1"))[0]
	garbage := good
	garbage.Content = "AgAAAA"
	eph := newSigner(t)
	later := nostr.Timestamp(time.Now().Add(time.Hour).Unix())
	tests := map[string]struct {
		evt    nostr.Event
		reason string // "" for OK true
	}{
		"a good wrap":             {good, ""},
		"the same again":          {good, ""},
		"a wrap with garbage":     {signed(t, eph, garbage), ""},
		"a wrap for nobody here":  {h.wraps(seller, intent(stranger.PublicKey(), "A-2"))[0], "restricted:"},
		"a wrap without p":        {signed(t, eph, nostr.Event{Kind: 1059, Content: "x"}), "invalid:"},
		"a wrap for three":        {signed(t, eph, nostr.Event{Kind: 1059, Tags: nostr.Tags{{"p", seller.PublicKey()}, {"p", eph.PublicKey()}, {"p", eph.PublicKey()}}}), "invalid:"},
		"an upper-case recipient": {signed(t, eph, nostr.Event{Kind: 1059, Tags: nostr.Tags{{"p", strings.ToUpper(seller.PublicKey())}}}), "invalid:"},
		"an expired wrap":         {signed(t, eph, nostr.Event{Kind: 1059, Tags: nostr.Tags{{"p", seller.PublicKey()}, {"expiration", "1700000000"}}}), "invalid:"},
		"a huge wrap":             {signed(t, eph, nostr.Event{Kind: 1059, Content: strings.Repeat("A", 200<<10), Tags: nostr.Tags{{"p", seller.PublicKey()}}}), "invalid:"},
		"an ephemeral wrap":       {signed(t, eph, nostr.Event{Kind: 21059, Tags: nostr.Tags{{"p", seller.PublicKey()}}}), "blocked:"},
		"a bare seal":             {signed(t, eph, nostr.Event{Kind: 13}), "blocked:"},
		"a bare DM":               {signed(t, eph, nostr.Event{Kind: 14}), "blocked:"},
		"a bare file message":     {signed(t, eph, nostr.Event{Kind: 15}), "blocked:"},
		"a note":                  {signed(t, eph, nostr.Event{Kind: 1}), "blocked:"},
		"kind 40000":              {signed(t, eph, nostr.Event{Kind: 40000}), "blocked:"},
		`a tag ["d"]`:             {signed(t, eph, nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d"}}}), "invalid:"},
		"from tomorrow":           {signed(t, eph, nostr.Event{Kind: 0, Content: "{}", CreatedAt: later}), "invalid:"},
		"a profile":               {signed(t, eph, nostr.Event{Kind: 0, Content: "{}"}), ""},
		"a listing":               {signed(t, eph, nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d", "mug"}}}), ""},
	}
	r := h.connect(nil)
	for name, tt := range tests {
		err := r.publish(tt.evt)
		switch {
		case tt.reason == "" && err != nil:
			t.Errorf("%s: got %v, want OK true", name, err)
		case tt.reason != "" && (err == nil || !strings.Contains(err.Error(), tt.reason)):
			t.Errorf("%s: got %v, want %s", name, err, tt.reason)
		}
	}
	h.order("A-1", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
}

func TestQuotaOfStrangersInboxes(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Anyone = true })
	from, to := newSigner(t), newSigner(t)
	r := h.connect(nil)
	for i, id := range []string{"1", "2"} {
		if err := r.publish(h.wraps(from, intent(to.PublicKey(), id))[0]); err != nil {
			t.Fatalf("wrap %d: %v", i, err)
		}
	}
	if err := r.publish(h.wraps(from, intent(to.PublicKey(), "3"))[0]); err == nil || !strings.Contains(err.Error(), "inbox is full") {
		t.Errorf("over the quota: got %v", err)
	}
}

func TestAnnouncedRelayMakesAParticipant(t *testing.T) {
	h := newHouse(t)
	from, to := newSigner(t), newSigner(t)
	r := h.connect(nil)
	h.publish(r, signed(t, to, nostr.Event{Kind: 10050, Tags: nostr.Tags{{"relay", h.url + "/"}}}))
	h.publish(r, h.wraps(from, intent(to.PublicKey(), "1"))[0])
}

// Nobody but its recipient gets a wrap, by any question, stored or live.
func TestOnlyTheRecipientReads(t *testing.T) {
	h := newHouse(t)
	buyer, seller, eve := newSigner(t), newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	writer := h.connect(nil)
	wrap := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0]
	h.publish(writer, wrap)

	filters := map[string]any{
		"ids": obj{"ids": []string{wrap.ID}}, "authors": obj{"authors": []string{wrap.PubKey}},
		"p": obj{"#p": []string{seller.PublicKey()}}, "kinds": obj{"kinds": []int{1059}},
		"both":  obj{"kinds": []int{1059}, "#p": []string{seller.PublicKey()}},
		"mixed": obj{"kinds": []int{0, 1059}}, "everything": obj{}, "live": obj{"limit": 0},
		"khatru's own": obj{"##e": []string{wrap.ID}}, "time": obj{"since": 1, "limit": 100_000},
	}
	snoops := map[string]*socket{}
	for who, key := range map[string]*nip17.SecretSigner{"nobody": nil, "eve": eve} {
		for name, f := range filters {
			r := h.connect(key)
			snoops[name+" by "+who] = r
			if stored, _ := r.subscribe("s", f); len(stored) != 0 {
				t.Errorf("%s by %s: %d stored events came", name, who, len(stored))
			}
			r.say("COUNT", "c", f)
		}
	}
	mine := h.connect(seller)
	if stored, _ := mine.subscribe("inbox", filters["kinds"]); len(stored) != 1 || stored[0].ID != wrap.ID {
		t.Errorf("the recipient got %d wraps, want the one", len(stored))
	}
	live := h.wraps(buyer, intent(seller.PublicKey(), "A-2"))[0]
	h.publish(writer, live)
	if e := mine.next(); e.ID != live.ID {
		t.Errorf("the recipient got %s live", e.ID)
	}
	for name, r := range snoops {
		for _, m := range r.heard() {
			if strings.Contains(m, "EVENT") || strings.Contains(m, `"count":`) && !strings.Contains(m, `"count":0`) {
				t.Errorf("%s heard %s", name, m)
			}
		}
	}
}

// A deletion is answered alike whether or not there was something to delete, and
// only the recipient's has an effect.
func TestDeletion(t *testing.T) {
	h := newHouse(t)
	buyer, seller, eve := newSigner(t), newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	w := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0]
	r := h.connect(seller)
	h.publish(r, w)
	count := func() int { return len(r.query(obj{"kinds": []int{1059}})) }
	deletion := func(id string) nostr.Event {
		return nostr.Event{Kind: 5, Tags: nostr.Tags{{"e", id}, {"k", "1059"}}}
	}
	h.publish(r, signed(t, eve, deletion(w.ID)), signed(t, eve, deletion(strings.Repeat("0", 64))))
	if count() != 1 {
		t.Fatal("a stranger has deleted a wrap")
	}
	h.publish(r, signed(t, seller, deletion(w.ID)))
	if count() != 0 {
		t.Error("the recipient could not delete it")
	}
	if h.publish(r, w); count() != 0 { // taken note of, as any repetition is, and not kept
		t.Error("it came back")
	}
	if evts := h.connect(eve).query(obj{"kinds": []int{5}, "authors": []string{seller.PublicKey()}}); len(evts) != 0 {
		t.Error("somebody else sees which wraps the seller has deleted")
	}
	h.order("A-1", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
}

// An AUTH is good for any of the public URLs, and for no other: no header decides.
func TestAuthenticationURL(t *testing.T) {
	var port string
	h := newHouse(t, func(c *Config) {
		_, port, _ = strings.Cut(strings.TrimPrefix(c.PublicURLs[0], "ws://"), ":")
		c.PublicURLs = append(c.PublicURLs, "wss://relay.example/", "wss://relay.example/shop", "ws://Other.Example:80", "ws://[::1]:7447")
	})
	who := newSigner(t)
	headers := map[string]http.Header{
		"none":              nil,
		"localhost":         {"Host": {"localhost:" + port}},
		"the proxy's name":  {"Host": {"proxied.internal"}},
		"another public's":  {"Host": {"relay.example"}},
		"forged":            {"Host": {"elsewhere.example"}},
		"forged forwarding": {"X-Forwarded-Host": {"elsewhere.example"}, "X-Forwarded-Proto": {"https"}},
	}
	relays := map[string]bool{
		h.url: true, h.url + "/": true, "ws://localhost:" + port: true, "WS://LocalHost:" + port: true,
		"wss://relay.example": true, "wss://relay.example:443/": true, "wss://RELAY.example/shop/": true,
		"ws://other.example": true, "ws://other.example:80/": true, "ws://[::1]:7447": true,
		"wss://elsewhere.example": false, "ws://elsewhere.example": false, "ws://localhost": false, "wss://relay.example:444": false,
		"ws://relay.example": false, "wss://relay.example/other": false, "wss://relay.example.elsewhere.example": false,
		"wss://elsewhere.example/wss://relay.example": false, "localhost:" + port: false, "http": false, "": false,
	}
	for name, header := range headers {
		t.Run(name, func(t *testing.T) {
			refused := h.dial(header) // one socket for all that are not taken: nothing of one AUTH is left for the next
			for relay, want := range relays {
				s := refused
				if want {
					s = h.dial(header)
				}
				if got := s.auth(who, relay); got != want {
					t.Errorf("%q: got %v, want %v", relay, got, want)
				}
				if want {
					s.conn.Close() // there is a limit per address
				}
			}
			if !refused.auth(who, "wss://relay.example/shop") {
				t.Error("after those of others the right AUTH is not taken")
			}
		})
	}
}

// The same subscription id again replaces the former: one copy, not two.
func TestSameSubscriptionReplaces(t *testing.T) {
	h := newHouse(t)
	s := h.connect(nil)
	for range 3 {
		s.subscribe("s", obj{"kinds": []int{0}})
	}
	if got := h.relay.fanout.len(); got != 1 {
		t.Errorf("got %d subscriptions, want 1", got)
	}
	evts := []nostr.Event{signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"}), signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"})}
	h.publish(h.connect(nil), evts...)
	for _, want := range evts {
		if got := s.next(); got.ID != want.ID {
			t.Errorf("got %s, want %s once", got.ID, want.ID)
		}
	}
	s.say("CLOSE", "s")
	eventually(t, "CLOSE", func() bool { return h.relay.fanout.len() == 0 })
}

func TestAPanicInAHookEndsNothing(t *testing.T) {
	h := newHouse(t)
	h.relay.ledger = nil // every hook that asks it panics
	r := h.connect(nil)
	if err := r.publish(signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"})); err == nil {
		t.Error("got OK true for what was not stored")
	}
	if got := r.query(obj{"kinds": []int{0}}); len(got) != 0 {
		t.Errorf("got %d events from nowhere", len(got))
	}
	h.relay.ledger = h.ledger
	h.publish(r, signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"}))
}

// Serve waits for what is being accepted: what got an OK is in the ledger.
func TestStoringOutlivesItsSocket(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(h.ctx)
	cancel()
	evt := signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"})
	if err := h.relay.storeEvent(ctx, &evt); !errors.Is(err, eventstore.ErrDupEvent) {
		t.Errorf("got %v, want khatru's duplicate", err)
	}
	if known, err := h.ledger.Has(h.ctx, evt.ID); err != nil || !known {
		t.Errorf("the event is not in the ledger: %v", err)
	}
}
