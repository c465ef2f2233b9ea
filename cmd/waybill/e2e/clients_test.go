//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// The clients of other shops, with keys and transports as theirs are.

// post signs and publishes an event in the open.
func (p *person) post(r rumor) (nostr.Event, string) {
	p.w.t.Helper()
	var reply struct {
		copyOf
		Event nostr.Event
	}
	p.w.node.must(p.name, "post", map[string]any{"kind": r.Kind, "content": r.Content, "tags": r.Tags, "created_at": r.CreatedAt}, &reply)
	if reply.OK {
		return reply.Event, ""
	}
	return reply.Event, reply.Reason
}

// publishes is post for what must be taken.
func (p *person) publishes(r rumor) nostr.Event {
	p.w.t.Helper()
	evt, refused := p.post(r)
	if refused != "" {
		p.w.t.Fatalf("%s's kind %d was refused: %s", p.name, r.Kind, refused)
	}
	return evt
}

// masked sends a rumor by a throw-away key to one reader.
func (p *person) masked(to *person, key string, r rumor) {
	p.w.t.Helper()
	var d delivery
	p.w.node.must(p.name, "masked", map[string]any{"rumor": r, "to": to.pubkey, "key": key}, &d)
	for _, c := range d.Copies {
		if !c.OK {
			p.w.t.Fatalf("the copy to %s was refused: %s", c.To, c.Reason)
		}
	}
}

// direct sends a NIP-04 message of JSON.
func (p *person) direct(to *person, message map[string]any) nostr.Event {
	p.w.t.Helper()
	text, err := json.Marshal(message)
	if err != nil {
		p.w.t.Fatal(err)
	}
	var reply struct {
		copyOf
		Event nostr.Event
	}
	p.w.node.must(p.name, "direct", map[string]any{"to": to.pubkey, "text": string(text)}, &reply)
	if !reply.OK {
		p.w.t.Fatalf("%s's direct message was refused: %s", p.name, reply.Reason)
	}
	return reply.Event
}

// finds asks what a person, or with "" a stranger, can read.
func (w *world) finds(who string, f nostr.Filter) (ids []string) {
	w.t.Helper()
	if who == "" {
		who = "stranger"
		w.node.must(who, "connect", map[string]any{"url": w.daemon.url}, nil)
	}
	var h heard
	w.node.must(who, "req", map[string]any{"filters": []nostr.Filter{f}}, &h)
	for _, e := range h.Events {
		ids = append(ids, e.ID)
	}
	return ids
}

var publicOrders = map[string]string{"DIALECTS_PUBLIC_ORDERS": "true"}

// TestPlebeian is an order that is published in the open, with its address in a
// gift wrap, part of its price paid to somebody else, and everything after signed
// in public; then one message that comes by two keys and in the open is one line.
func TestPlebeian(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "friend"}, delegated: []string{"seller", "buyer"}, copyRelay: true, settings: publicOrders})
	buyer, seller, friend := w.person("buyer"), w.person("seller"), w.person("friend")
	const id = "6f1cb3f2-7a0e-4d6e-9f7e-0d6a3a9a2b11"
	begin := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	at := func(n int) int64 { return begin.Add(time.Duration(n) * time.Minute).Unix() }
	said16 := func(minute int, to *person, typ string, tags ...[]string) rumor {
		return rumor{Kind: 16, CreatedAt: at(minute), Tags: append([][]string{{"p", to.pubkey}, {"type", typ}, {"order", id}}, tags...)}
	}
	lines := [][]string{{"subject", "order-info"}, {"amount", "21000"}, {"item", "30402:" + seller.pubkey + ":mug", "2"}}
	address := w.hide("1 Main St\n\nPorto\n4000-001\nPortugal")
	buyer.send(seller, said16(0, seller, "1", append(slices.Clone(lines), []string{"name", "Ana"}, []string{"address", address})...))
	published := buyer.publishes(said16(1, seller, "1", lines...))
	o := w.redis.order(id, said("intent-sent", "none", "intent", "intent"))
	if o.TotalSats != 21_000 || len(o.Products) != 1 || o.Products[0].Quantity != 2 || o.Trust != orders.Bound {
		t.Errorf("the order: %d sats, %+v, %s", o.TotalSats, o.Products, o.Trust)
	}
	if got := seller.opens(o, o.ShippingAddress); got != address {
		t.Errorf("the seller reads the address as %q", got)
	}
	if got := w.finds("", nostr.Filter{IDs: []string{published.ID}}); !slices.Equal(got, []string{published.ID}) {
		t.Errorf("a stranger finds %q, want the published order", got)
	}

	leg := said16(2, buyer, "2", []string{"recipient", friend.pubkey}, []string{"amount", "2000"}, []string{"payment", "lightning", "friend@wallet.example"})
	buyer.publishes(leg)
	w.redis.order(id, said("intent-sent", "none", "intent", "intent", "note"))
	buyer.publishes(rumor{Kind: 17, CreatedAt: at(3), Tags: [][]string{{"p", friend.pubkey},
		{"subject", "order-receipt"}, {"order", id}, {"payment", "lightning", "friend@wallet.example", ""}, {"amount", "2000"}}})
	buyer.publishes(rumor{Kind: 17, CreatedAt: at(4), Content: "Seller payment for 2 items", Tags: [][]string{{"p", seller.pubkey},
		{"subject", "order-receipt"}, {"order", id}, {"payment", "lightning", "till@wallet.example", ""}, {"amount", "19000"}}})
	o = w.redis.order(id, said("paid", "claimed", "intent", "intent", "note", "note", "paid"))
	if len(o.Exceptions) > 0 {
		t.Errorf("19,000 and 2,000 of 21,000 sats: %+v", o.Exceptions)
	}
	seller.publishes(said16(5, buyer, "3", []string{"status", "confirmed"}))
	seller.publishes(said16(6, buyer, "4", []string{"status", "shipped"}, []string{"tracking", "https://carrier.example/1Z9"}))

	// The buyer's word that it came: in the open, and wrapped for both and for the relay.
	done := said16(7, seller, "3", []string{"status", "completed"})
	evt := buyer.publishes(done)
	if rumorID := buyer.send(seller, done); rumorID != evt.ID {
		t.Fatalf("the rumor is %s, the event %s", rumorID, evt.ID)
	}
	o = w.redis.order(id, func(o *orders.Order) error {
		last := o.Timeline[len(o.Timeline)-1]
		if o.Status != "delivered" || len(last.Transports) != 2 {
			return fmt.Errorf("%s, the last line: %+v", o.Status, last)
		}
		return nil
	})
	if err := said("delivered", "confirmed", "intent", "intent", "note", "note", "paid", "confirm", "shipped", "delivered")(o); err != nil {
		t.Error(err)
	}
	if n := w.redis.ZCard(t.Context(), "orders_index").Val(); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}

	// What is no order is no business of this relay's; nor are the orders of others.
	if _, refused := buyer.post(rumor{Kind: 16, CreatedAt: at(8), Tags: [][]string{{"e", evt.ID}, {"k", "1"}, {"p", seller.pubkey}}}); refused == "" {
		t.Error("a repost (NIP-18) was taken")
	}
	if out := w.daemon.do("orders", "audit", id, "--out", "audit.json"); out == "" {
		t.Error("the audit says nothing")
	}
	w.daemon.do("orders", "audit", "--check", "audit.json", "--key", buyer.keyFile())
	w.daemon.do("verify")
	w.daemon.do("rebuild", "--check")

	// A deletion takes the event, and not what it has done (NIP-09).
	buyer.publishes(rumor{Kind: 5, Tags: [][]string{{"e", published.ID}}})
	if got := w.finds("", nostr.Filter{IDs: []string{published.ID}}); len(got) > 0 {
		t.Errorf("the deleted order is still served: %q", got)
	}
	w.daemon.do("rebuild", "--check")
	w.nothingLeaked()
}

// TestPublicOrdersOff: by default nobody's order is published here, and a message
// between two who take no part is refused.
func TestPublicOrdersOff(t *testing.T) {
	order := func(to string) rumor {
		return rumor{Kind: 16, CreatedAt: time.Now().Unix(), Tags: [][]string{{"p", to}, {"type", "1"}, {"order", "A"}, {"amount", "1"}}}
	}
	w := newWorld(t, worldOf{people: []string{"buyer", "seller"}})
	if _, refused := w.person("buyer").post(order(w.person("seller").pubkey)); refused == "" {
		t.Error("a public order was taken")
	}
	w = newWorld(t, worldOf{people: []string{"buyer"}, settings: publicOrders})
	w.node.must("nobody", "connect", map[string]any{"url": w.daemon.url, "secret": nostr.GeneratePrivateKey()}, nil)
	var reply copyOf
	r := order(must(nostr.GetPublicKey(nostr.GeneratePrivateKey()))(t))
	w.node.must("nobody", "post", map[string]any{"kind": r.Kind, "tags": r.Tags, "content": ""}, &reply)
	if reply.OK {
		t.Error("a public order between two who take no part was taken")
	}
}

// TestNIP15 is a stall's order by direct messages of the old kind, read with the key
// of either side; nobody else reads one.
func TestNIP15(t *testing.T) {
	for name, delegated := range map[string][]string{"seller delegated": {"seller"}, "buyer delegated": {"buyer"}, "both delegated": {"seller", "buyer"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, worldOf{people: []string{"buyer", "seller", "spy"}, delegated: delegated, settings: map[string]string{"DIALECTS_NIP04": "true"}})
			buyer, seller := w.person("buyer"), w.person("seller")
			for _, who := range []string{"buyer", "seller", "spy"} {
				w.node.must(who, "listen", map[string]any{"name": "live", "filters": []nostr.Filter{{Kinds: []int{4}, LimitZero: true}}}, nil)
			}
			address := w.hide("7 Quay Lane, Galway")
			order := buyer.direct(seller, map[string]any{"type": 0, "id": "ord-7", "address": address, "items": []map[string]any{{"product_id": "p1", "quantity": 2}}, "shipping_id": "z1"})
			w.redis.order("ord-7", stands("intent-sent", "none", "intent"))
			link := w.hide(invoice)
			seller.direct(buyer, map[string]any{"type": 1, "id": "ord-7", "payment_options": []map[string]any{{"type": "ln", "link": link}}})
			o := w.redis.order("ord-7", said("payment-requested", "requested", "intent", "request"))
			if got := seller.opens(o, o.ShippingAddress); got != address {
				t.Errorf("the seller reads the address as %q", got)
			}
			buyer.direct(seller, map[string]any{"type": 2, "id": "ord-7", "paid": true, "shipped": false, "message": "it is paid"})
			w.redis.order("ord-7", said("payment-requested", "requested", "intent", "request", "confirm refused: wrong-role"))
			seller.direct(buyer, map[string]any{"type": 2, "id": "ord-7", "paid": true, "shipped": true, "message": "on its way"})
			w.redis.order("ord-7", said("shipped", "confirmed", "intent", "request", "confirm refused: wrong-role", "confirm", "shipped"))

			f := nostr.Filter{Kinds: []int{4}, IDs: []string{order.ID}}
			for reader, want := range map[string]int{"buyer": 1, "seller": 1, "spy": 0, "": 0} {
				if got := w.finds(reader, f); len(got) != want {
					t.Errorf("%q finds %d direct messages, want %d", reader, len(got), want)
				}
			}
			for reader, want := range map[string]int{"buyer": 4, "seller": 4, "spy": 0} {
				eventually(t, reader+"'s live direct messages", func() error {
					var live heard
					w.node.must(reader, "heard", map[string]any{"name": "live"}, &live)
					if len(live.Events) != want {
						return fmt.Errorf("%d, want %d", len(live.Events), want)
					}
					return nil
				})
				var n counted
				w.node.must(reader, "count", map[string]any{"filters": []nostr.Filter{{Kinds: []int{4}}}}, &n)
				if n.Refused != "" || n.Count != want {
					t.Errorf("%s counts %+v, want %d", reader, n, want)
				}
			}
			w.daemon.do("orders", "audit", "ord-7", "--out", "audit.json")
			w.daemon.do("orders", "audit", "--check", "audit.json", "--key", seller.keyFile())
			w.daemon.do("verify")
			w.nothingLeaked()
		})
	}
}

// TestLateKeyOpensDirectMessages: a direct message waits for the key of either side.
func TestLateKeyOpensDirectMessages(t *testing.T) {
	for _, name := range []string{"buyer", "seller"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, worldOf{people: []string{"buyer", "seller"}, settings: map[string]string{"DIALECTS_NIP04": "true"}})
			w.person("buyer").direct(w.person("seller"), map[string]any{"type": 0, "id": "late", "items": []map[string]any{{"product_id": "p1", "quantity": 1}}})
			w.daemon.do("keys", "add", "--file", w.person(name).keyFile())
			w.redis.order("late", stands("intent-sent", "none", "intent"))
		})
	}
}

// TestShopstr is a purchase whose every message is sealed by a throw-away key, read
// with the keys that the relay holds.
func TestShopstr(t *testing.T) {
	for name, c := range map[string]struct {
		delegated []string
		want      func(*orders.Order) error
	}{
		"seller delegated": {[]string{"seller"}, said("paid", "claimed", "paid", "intent")},
		"buyer delegated":  {[]string{"buyer"}, said("delivered", "claimed", "paid", "shipped", "delivered")},
		"both delegated":   {[]string{"seller", "buyer"}, said("delivered", "claimed", "paid", "intent", "paid", "shipped", "delivered")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, worldOf{people: []string{"buyer", "seller"}, delegated: c.delegated})
			buyer, seller := w.person("buyer"), w.person("seller")
			const id = "7b0e4d0e-52a0-4b3c-8f3c-1f6d8a3f9f10"
			checkout, dashboard := nostr.GeneratePrivateKey(), nostr.GeneratePrivateKey()
			token := w.hide(shopstrToken)
			address := w.hide("Ana, 1 Main St, Porto, PT")
			item := []string{"item", "30402:" + seller.pubkey + ":soap", "1"}
			begin := time.Now().Add(-time.Minute).Unix()
			message := func(to *person, subject, typ string, tags ...[]string) rumor {
				begin += 5
				return rumor{Kind: 14, CreatedAt: begin, Content: "see the tags", Tags: append([][]string{{"p", to.pubkey, "wss://r.example"}, {"subject", subject},
					{"order", id}, {"b", buyer.pubkey}, {"type", typ}}, tags...)}
			}
			buyer.masked(seller, checkout, message(seller, "order-payment", "2", []string{"amount", "4"}, []string{"payment", "ecash", token}, item))
			buyer.masked(seller, checkout, message(seller, "order-info", "1", []string{"amount", "4"}, []string{"address", address}, item))
			buyer.masked(buyer, checkout, message(buyer, "order-receipt", "4", []string{"amount", "4"}, []string{"payment", "ecash", "http://localhost:3338", token}, []string{"status", "confirmed"}, item))
			seller.masked(buyer, dashboard, message(buyer, "shipping-info", "4", []string{"status", "shipped"}, []string{"tracking", "1Z9"}, []string{"carrier", "UPS"}, item))
			seller.masked(buyer, dashboard, rumor{Kind: 14, CreatedAt: begin + 5, Content: "done", Tags: [][]string{{"p", buyer.pubkey}, {"subject", "order-completed"},
				{"order", id}, {"type", "3"}, {"status", "completed"}}})
			// A stranger who has seen the id may not cancel.
			stranger := nostr.GeneratePrivateKey()
			buyer.masked(seller, stranger, rumor{Kind: 16, Tags: [][]string{{"p", seller.pubkey}, {"type", "3"}, {"order", id}, {"status", "cancelled"}}})

			o := w.redis.order(id, c.want)
			if o.Trust != orders.Unbound || o.BuyerPubkey != buyer.pubkey || o.SellerPubkey != seller.pubkey {
				t.Errorf("trust %s, buyer %s, seller %s", o.Trust, o.BuyerNpub, o.SellerNpub)
			}
			if len(o.Exceptions) > 0 {
				t.Errorf("exceptions: %+v", o.Exceptions)
			}
			w.daemon.do("verify")
			w.daemon.do("rebuild", "--check")
			w.nothingLeaked()
		})
	}
}

// shopstrToken is the example of NUT-00: 4 sats.
const shopstrToken = "cashuBo2F0gqJhaUgA_9SLj17PgGFwgaNhYQFhc3hAYWNjMTI0MzVlN2I4NDg0YzNjZjE4NTAxNDkyMThhZjkwZjcxNmE1MmJmNGE1ZWQzNDdlNDhlY2MxM2Y3NzM4OGFjWCECRFODGd5IXVW-07KaZCvuWHk3WrnnpiDhHki6SCQh88-iYWlIAK0mjE0fWCZhcIKjYWECYXN4QDEzMjNkM2Q0NzA3YTU4YWQyZTIzYWRhNGU5ZjFmNDlmNWE1YjRhYzdiNzA4ZWIwZDYxZjczOGY0ODMwN2U4ZWVhY1ghAjRWqhENhLSsdHrr2Cw7AFrKUL9Ffr1XN6RBT6w659lNo2FhAWFzeEA1NmJjYmNiYjdjYzY0MDZiM2ZhNWQ1N2QyMTc0ZjRlZmY4YjQ0MDJiMTc2OTI2ZDNhNTdkM2MzZGNiYjU5ZDU3YWNYIQJzEpxXGeWZN5qXSmJjY8MzxWyvwObQGr5G1YCCgHicY2FtdWh0dHA6Ly9sb2NhbGhvc3Q6MzMzOGF1Y3NhdA"
