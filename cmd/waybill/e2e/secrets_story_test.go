//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// What is said in a story, client by client. Every private text is another one, so
// that what is found tells where it comes from.

// atLeast is for an order whose timeline has so many lines.
func atLeast(lines int) func(*orders.Order) error {
	return func(o *orders.Order) error {
		if len(o.Timeline) < lines {
			return fmt.Errorf("got %q, want %d lines", told(o), lines)
		}
		return nil
	}
}

// the tokens of NUT-00 in their two forms, and the secrets in them.
const (
	oldToken = "cashuAeyJ0b2tlbiI6W3sibWludCI6Imh0dHBzOi8vODMzMy5zcGFjZTozMzM4IiwicHJvb2ZzIjpbeyJhbW91bnQiOjIsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6IjQwNzkxNWJjMjEyYmU2MWE3N2UzZTZkMmFlYjRjNzI3OTgwYmRhNTFjZDA2YTZhZmMyOWUyODYxNzY4YTc4MzciLCJDIjoiMDJiYzkwOTc5OTdkODFhZmIyY2M3MzQ2YjVlNDM0NWE5MzQ2YmQyYTUwNmViNzk1ODU5OGE3MmYwY2Y4NTE2M2VhIn0seyJhbW91bnQiOjgsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6ImZlMTUxMDkzMTRlNjFkNzc1NmIwZjhlZTBmMjNhNjI0YWNhYTNmNGUwNDJmNjE0MzNjNzI4YzcwNTdiOTMxYmUiLCJDIjoiMDI5ZThlNTA1MGI4OTBhN2Q2YzA5NjhkYjE2YmMxZDVkNWZhMDQwZWExZGUyODRmNmVjNjlkNjEyOTlmNjcxMDU5In1dfV0sInVuaXQiOiJzYXQiLCJtZW1vIjoiVGhhbmsgeW91LiJ9"

	oldTokensProof = "407915bc212be61a77e3e6d2aeb4c727980bda51cd06a6afc29e2861768a7837"
	newTokensProof = "acc12435e7b8484c3cf1850149218af90f716a52bf4a5ed347e48ecc13f77388"
)

// gamma has everything that the Gamma specification and its extensions can say.
func (s *story) gamma() {
	buyer, seller, id := s.buyer, s.seller, "G-1"
	buyer.send(seller, intent(seller, id, s.private("leave it with Dona Amélia & ring twice"), 10_000,
		tag("address", s.private("12 Rua das Flores\n\t\"Bloco C\"\n4050-262 Porto")), tag("phone", s.private("+351 912 000 417")),
		tag("email", s.private("ana@flores.example")), tag("name", s.private("Ana Beatriz Flores")), tag("contact", "signal", s.private("ana.flores.41"))))
	seller.send(buyer, request(buyer, id, s.private("gamma-till@wallet.example"), 10_500, tag("note", s.private("pay by Friday or <never>"))))
	seller.send(buyer, request(buyer, id, s.money(invoice), 250_000))
	buyer.send(seller, receipt(seller, id, invoice, s.money("7a5b1f0c9e3d2f4a6b8c0d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c"), 250_000))
	seller.sendTo(nil, rumor{Kind: 14, Content: s.private("she always pays late, add a day"), CreatedAt: time.Now().Unix(),
		Tags: [][]string{{"p", seller.pubkey}, {"order", id}, {"status", "note"}}})
	seller.send(buyer, status(buyer, id, "confirmed", s.private("we pack it in straw")))
	buyer.send(seller, status(seller, id, "address", "", tag("address", s.private("Poste restante, 4000-001 Porto"))))
	seller.send(buyer, parcel(buyer, id, "1Z999", "UPS", tag("note", s.private("the courier has your number"))))
	seller.send(buyer, message(16, buyer, id, "", tag("type", "4"), tag("status", "exception"), tag("reason", s.private("it fell off the tram"))))
	buyer.send(seller, status(seller, id, "disputed", "", tag("reason", s.private("it came in two pieces"))))
	s.redis.order(id, atLeast(10))
	s.admin.sendTo(nil, rumor{Kind: 16, Tags: [][]string{
		{"p", s.self}, {"subject", "order-info"}, {"type", "3"}, {"order", id}, {"status", "resolved"},
		{"buyer", buyer.pubkey}, {"seller", seller.pubkey}, {"outcome", "cancelled"}, {"resolution", s.private("badly packed: the money goes back")},
	}})
	seller.send(buyer, status(buyer, id, "refunded", "", tag("amount", "250000"), tag("note", s.private("sorry, the intern packed it")),
		tag("payment", "lightning", s.private("ana-wallet@refunds.example"), s.money("0c1b2a394857667584930211223344556677889900aabbccddeeff0011223344"))))
	s.redis.order(id, atLeast(12))

	buyer.send(seller, intent(seller, "G-2", "", 2_000))
	buyer.send(seller, status(seller, "G-2", "cancelled", "", tag("reason", s.private("found one at the flea market"))))
	s.redis.order("G-2", atLeast(2))
	for name, by := range map[string]*person{"potter": s.potter, "carol": s.carol} {
		buyer.send(by, intent(by, "G-"+name, "", 1_000, tag("address", s.private("c/o "+name+", Largo 9, Lisboa"))))
		s.redis.order("G-"+name, atLeast(1))
	}
}

// conduit says everything once more in JSON.
func (s *story) conduit() {
	buyer, seller, id := s.buyer, s.seller, "C-1"
	says := func(from, to *person, typ string, content map[string]any, tags ...[]string) {
		s.t.Helper()
		content["orderId"] = id
		from.send(to, rumor{Kind: 16, Content: s.json(content), CreatedAt: time.Now().Unix(),
			Tags: append([][]string{{"p", to.pubkey}, {"type", typ}, {"order", id}}, tags...)})
	}
	street := s.private("1 Conduit Street")
	says(buyer, seller, "order", map[string]any{
		"items": []map[string]any{{"productId": "30402:" + seller.pubkey + ":mug", "title": "Mug", "quantity": 1, "priceAtPurchase": 1000, "currency": "SATS"}}, "subtotal": 1000,
		"shippingAddress": map[string]any{"name": s.private("Bruno Conduit"), "street": street, "city": "Porto"},
		"guestContact":    map[string]any{"email": s.private("bruno@conduit.example"), "phone": s.private("+351 933 111 222")},
		"note":            s.private("only after six in the evening"),
	}, tag("amount", "1000"), tag("currency", "SATS"))
	says(seller, buyer, "payment_request", map[string]any{"invoice": invoice, "note": s.private("thank you, dear conduit buyer")}, tag("amount", "250000"))
	says(buyer, seller, "payment_proof", map[string]any{"rail": "lightning", "invoice": invoice,
		"preimage": s.money("1d2e3f405162738495a6b7c8d9eafb0c1d2e3f405162738495a6b7c8d9eafb0c")}, tag("amount", "250000"))
	says(seller, buyer, "shipping_update", map[string]any{"carrier": "CTT", "trackingNumber": "RR1", "trackingUrl": s.private("https://ctt.example/RR1?zip=4000-123")})
	says(seller, buyer, "status_update", map[string]any{"status": "quality check by Joana", "note": s.private("Joana looked it over twice")})
	s.redis.order(id, atLeast(5))
}

// shopstr pays with ecash, and seals by throw-away keys.
func (s *story) shopstr() {
	buyer, seller := s.buyer, s.seller
	checkout, begin := nostr.GeneratePrivateKey(), time.Now().Add(-time.Minute).Unix()
	says := func(to *person, id, subject, content string, tags ...[]string) {
		s.t.Helper()
		begin += 5
		buyer.masked(to, checkout, rumor{Kind: 14, CreatedAt: begin, Content: content, Tags: append([][]string{{"p", to.pubkey, "wss://r.example"}, {"subject", subject},
			{"order", id}, {"b", buyer.pubkey}, {"item", "30402:" + seller.pubkey + ":soap", "1"}}, tags...)})
	}
	s.secret(oldTokensProof)
	s.secret(newTokensProof)
	for id, token := range map[string]string{"S-old": s.money(oldToken), "S-new": s.money(shopstrToken)} {
		says(seller, id, "order-payment", "This is a Cashu token payment from "+buyer.npub+" for your Soap listing on Shopstr: "+token,
			tag("payment", "ecash", token), tag("amount", "10"))
		says(seller, id, "order-info", "see the tags", tag("amount", "10"), tag("address", s.private("Casa "+id+", Rua Nova 5, Faro")))
		says(buyer, id, "order-receipt", "see the tags", tag("amount", "10"), tag("payment", "ecash", "https://mint.example", token), tag("status", "confirmed"))
		says(seller, id, "return-request", s.private("the soap "+id+" does not foam"))
		s.redis.order(id, atLeast(4))
	}
}

// plebeian publishes the order, and what follows, in the open; the address alone
// is wrapped. Before it was Gamma's, it wrote JSON by direct messages.
func (s *story) plebeian() {
	buyer, seller, id := s.buyer, s.seller, "6f1cb3f2-7a0e-4d6e-9f7e-0d6a3a9a2b11"
	says := func(kind int, to *person, content string, tags ...[]string) rumor {
		return rumor{Kind: kind, Content: content, CreatedAt: time.Now().Unix(), Tags: append([][]string{{"p", to.pubkey}, {"order", id}}, tags...)}
	}
	lines := [][]string{tag("type", "1"), tag("subject", "order-info"), tag("amount", "21000"), tag("item", "30402:"+seller.pubkey+":mug", "2")}
	buyer.send(seller, says(16, seller, "", append(lines, tag("address", s.private("Plebeian Way 21, Austin")), tag("phone", s.private("+1 512 555 0121")))...))
	buyer.publishes(says(16, seller, s.public("shouted across the market square"), lines...))
	seller.publishes(says(16, buyer, "", tag("type", "2"), tag("amount", "21000"), tag("payment", "lightning", s.public("plebeian-till@wallet.example"))))
	buyer.publishes(says(17, seller, "", tag("amount", "21000"),
		tag("payment", "lightning", "plebeian-till@wallet.example", s.public("99887766554433221100ffeeddccbbaa99887766554433221100ffeeddccbbaa"))))
	s.redis.order(id, atLeast(4))

	buyer.direct(seller, map[string]any{"type": 0, "id": "old-1", "sellerUserId": seller.pubkey, "buyerUserId": buyer.pubkey, "status": "pending",
		"contactName": s.private("Carla Antiga"), "contactPhone": s.private("+351 966 777 888"), "address": s.private("Travessa Velha 2"),
		"additionalInfo": s.private("the bell is broken, knock"), "items": []map[string]any{{"product_id": "30018:" + seller.pubkey + ":mug", "quantity": 1}}})
	buyer.direct(seller, map[string]any{"orderId": "old-1", "totalAmount": 250_000, "type": "merchant", "invoiceStatus": "paid", "paymentRequest": invoice,
		"proof": s.money("5566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344")})
	s.redis.order("old-1", atLeast(2))
}

// nip15 writes JSON by direct messages (NIP-04).
func (s *story) nip15() {
	s.buyer.direct(s.seller, map[string]any{"type": 0, "id": "N-1", "address": s.private("7 Quay Lane, Galway"), "message": s.private("a ribbon would be nice"),
		"contact": map[string]any{"email": s.private("niamh@quay.example"), "phone": s.private("+353 91 555 017")},
		"items":   []map[string]any{{"product_id": "p1", "quantity": 2}}, "shipping_id": "z1"})
	s.seller.direct(s.buyer, map[string]any{"type": 1, "id": "N-1", "message": s.private("here are three ways to pay"), "payment_options": []map[string]any{
		{"type": "ln", "link": invoice}, {"type": "btc", "link": s.private("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")}, {"type": "url", "link": s.private("https://pay.example/inv/8Hq2?k=s3cr3t")}}})
	s.seller.direct(s.buyer, map[string]any{"type": 2, "id": "N-1", "paid": true, "shipped": true, "message": s.private("off it went with a ribbon on")})
	s.redis.order("N-1", atLeast(3))
}

// culturebridge says it in JSON within chat.
func (s *story) culturebridge() {
	id := "pi_" + s.buyer.npub + "_1760000000123"
	says := func(from, to *person, message map[string]any) {
		s.t.Helper()
		message["saleId"], message["intentId"] = id, id
		from.culturebridge(to, s.json(message))
	}
	says(s.buyer, s.seller, map[string]any{"type": "purchase-intent", "totalSats": 1000, "timestamp": 1760000000123,
		"products": []map[string]any{{"productId": "x", "title": "Basket", "quantity": 1, "price": 1000, "currency": "SATS"}}})
	says(s.seller, s.buyer, map[string]any{"type": "payment-request", "paymentLink": s.private("oaxaca-till@wallet.example"), "message": s.private("gracias, ya está listo")})
	says(s.buyer, s.seller, map[string]any{"type": "payment-and-address", "paymentProof": s.money("aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"),
		"shippingAddress": map[string]any{"street": s.private("Casa Azul 14"), "city": s.private("Oaxaca de Juárez"), "email": s.private("frida@azul.example")}})
	says(s.buyer, s.seller, map[string]any{"type": "dispute", "reason": s.private("the handle is missing")})
	s.redis.order(id, atLeast(4))
}

// chats are words of ordinary clients, with money and places to be found among them.
func (s *story) chats() {
	s.buyer.chat(s.carol, s.private("do you deliver to the island of Flores?"), "G-carol")
	s.carol.chat(s.buyer, "Yes. Pay to "+s.private("carol-island@wallet.example")+" please", "")
	s.buyer.send(s.carol, message(14, s.carol, "G-carol", "take this: "+oldToken+" and call "+s.private("+351 292 590 000")))
	s.redis.order("G-carol", atLeast(4))
}

// mistakes are what somebody should not have sent, and what comes of it may not be
// quoted: envelopes that do not open, JSON that is none, a private message unsealed.
func (s *story) mistakes() {
	buyer, to := speakerOf(s.t, s.buyer.secret), s.seller.pubkey
	p := nostr.Tag{"p", to}
	socket := dial(s.t, s.daemon.url)
	text := func(kind int, content string, tags ...nostr.Tag) nostr.Event {
		return nostr.Event{Kind: kind, Content: content, Tags: append(nostr.Tags{p}, tags...)}
	}
	for _, evt := range []nostr.Event{
		buyer.forge(envelope{rumorText: func(string) string { return `{"content":"` + s.hide("a rumor cut off in the mid") }}, nostr.Event{}, to),
		buyer.forge(envelope{sealText: func(string) string { return s.hide("this is no seal but a cry") }}, nostr.Event{}, to),
		buyer.forge(envelope{rumor: func(e *nostr.Event) { e.ID = strings.Repeat("0", 64) }}, text(14, s.hide("the wrong id for the right words")), to),
		buyer.forge(envelope{}, text(16, `{"note":"`+s.hide("twice said is ill said")+`","note":"again"}`, nostr.Tag{"type", "order"}, nostr.Tag{"order", "M-1"}), to),
		buyer.forge(envelope{}, text(16, s.hide("two ids in one order"), nostr.Tag{"type", "1"}, nostr.Tag{"order", "M-1"}, nostr.Tag{"order", "M-2"}), to),
		buyer.forge(envelope{}, text(17, "", nostr.Tag{"order", "M-1"}, nostr.Tag{"payment", "lightning", s.hide("lnbc1notaninvoiceatall"), "x"}, nostr.Tag{"p", "nobody"}), to),
	} {
		if v, err := socket.publish(evt); err != nil || !v.ok {
			s.t.Errorf("a wrap that is well on its outside was answered OK %t %q, error %v", v.ok, v.reason, err)
		}
	}
	for _, evt := range []nostr.Event{
		buyer.event(14, s.hide("I forgot to seal this letter"), p),
		buyer.event(13, s.hide("a seal without an envelope"), p),
		buyer.event(4, s.hide("an old letter, and in clear")+"?iv=none", p, nostr.Tag{"p", s.self}),
		buyer.event(1, s.hide("a note for the whole world"), nostr.Tag{"d"}),
	} {
		if v, err := socket.publish(evt); err != nil || v.ok {
			s.t.Errorf("kind %d was answered OK %t %q, error %v; want it refused", evt.Kind, v.ok, v.reason, err)
		}
	}
	spoilt := buyer.event(0, s.hide("a profile that nobody signed"))
	spoilt.Sig = strings.Repeat("0", 128)
	if v, err := socket.publish(spoilt); err != nil || v.ok {
		s.t.Errorf("a bad signature was answered OK %t %q, error %v", v.ok, v.reason, err)
	}
	for _, line := range []string{
		`["EVENT",{"kind":14,"content":"` + s.hide("not even an event, this one"),
		`["` + s.hide("no such verb exists") + `","x"]`,
		`["REQ","` + s.hide("a subscription's name tells") + `",{"kinds":"all"}]`,
		`["AUTH","` + s.hide("an answer to no challenge") + `"]`,
	} {
		if err := socket.write([]byte(line)); err != nil {
			s.t.Errorf("%s: %v", line, err)
		}
	}
	// Everything on a connection is dealt with in its order.
	if v, err := socket.publish(buyer.event(10050, "", nostr.Tag{"relay", s.daemon.url})); err != nil || !v.ok {
		s.t.Errorf("after all that: OK %t %q, error %v", v.ok, v.reason, err)
	}
}

// looksRight checks that the orders came to something.
func (s *story) looksRight() {
	s.t.Helper()
	if o := s.redis.order("G-1", atLeast(12)); o.Status != "cancelled" || o.Payment != "refunded" {
		s.t.Errorf("G-1: %s, payment %s, %q; want cancelled and refunded", o.Status, o.Payment, told(o))
	}
	if n := s.redis.ZCard(s.t.Context(), "orders_index").Val(); n < 12 {
		s.t.Errorf("%d orders, want all of them", n)
	}
}

func (s *story) json(v any) string {
	s.t.Helper()
	return string(must(json.Marshal(v))(s.t))
}
