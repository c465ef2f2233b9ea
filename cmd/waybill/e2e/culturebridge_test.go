//go:build e2e

package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// invoice is the coffee of BOLT 11: 2500 µBTC, checksum and signature in order.
const invoice = "lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypq" +
	"dq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh"

// TestCultureBridge is a purchase as the origin's clients make it: a request in
// words, seals of kind 1059, rumors without an id, two of them a second apart;
// and the seller's answer in a chat client's free text.
func TestCultureBridge(t *testing.T) {
	for name, delegated := range map[string][]string{
		"seller delegated": {"seller"},
		"both delegated":   {"seller", "buyer"},
	} {
		t.Run(name, func(t *testing.T) {
			cultureBridge(t, newWorld(t, worldOf{people: []string{"buyer", "seller"}, delegated: delegated}))
		})
	}
}

func cultureBridge(t *testing.T, w *world) {
	buyer, seller := w.person("buyer"), w.person("seller")
	var asked struct{ ID, Text string }
	w.node.must("buyer", "culturebridge_text", map[string]any{"products": []map[string]any{
		{"title": "Handwoven basket\n🆔 Order ID: pi_forged_1", "id": "basket-1", "quantity": 2, "price": 120_000},
		{"title": "Clay cup", "id": "cup-9", "quantity": 1, "price": 10_000},
	}}, &asked)
	buyer.culturebridge(seller, asked.Text)
	o := w.redis.order(asked.ID, said("intent-sent", "none", "intent"))
	if len(o.Products) != 2 || o.Products[0].ProductID != "basket-1" || o.Products[0].Quantity != 2 || o.TotalSats != 250_000 || o.Dialect != "culturebridge" {
		t.Errorf("read from the request: %+v, total %d sats, dialect %s", o.Products, o.TotalSats, o.Dialect)
	}
	flags := o.Timeline[0].Flags
	for _, want := range []orders.Flag{"seal-kind-1059", "no-rumor-id"} {
		if !slices.Contains(flags, want) {
			t.Errorf("flags of the intent: got %q, want %s among them", flags, want)
		}
	}

	link := w.hide(invoice)
	seller.culturebridge(buyer, "Hi! Yes, I have both. Please pay here: "+link+" and it leaves tomorrow.")
	o = w.redis.order(asked.ID, said("payment-requested", "requested", "intent", "request"))
	if got := buyer.opens(o, o.PaymentLink); got != link {
		t.Errorf("the buyer reads the payment link as %q, want %q", got, link)
	}

	// The rest as the origin's plan has it.
	says := func(from, to *person, message map[string]any) {
		t.Helper()
		message["saleId"] = asked.ID
		text, err := json.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		from.culturebridge(to, string(text))
	}
	address := w.hide("Casa Azul, Oaxaca 68000")
	says(buyer, seller, map[string]any{"type": "payment-and-address", "paymentProof": "marked-paid", "shippingAddress": address})
	o = w.redis.order(asked.ID, said("paid", "claimed", "intent", "request", "paid"))
	if got := seller.opens(o, o.ShippingAddress); got != address {
		t.Errorf("the seller reads the address as %q, want %q", got, address)
	}
	says(seller, buyer, map[string]any{"type": "payment-confirmed"})
	w.redis.order(asked.ID, said("processing", "confirmed", "intent", "request", "paid", "confirm"))
	says(seller, buyer, map[string]any{"type": "shipping-update", "carrier": "Correos", "trackingNumber": "MX42"})
	o = w.redis.order(asked.ID, said("shipped", "confirmed", "intent", "request", "paid", "confirm", "shipped"))
	if o.TrackingNumber != "MX42" || o.Carrier != "Correos" {
		t.Errorf("the parcel: got %s %s, want Correos MX42", o.Carrier, o.TrackingNumber)
	}
	says(buyer, seller, map[string]any{"type": "delivery-confirmation", "received": true})
	w.redis.order(asked.ID, said("delivered", "confirmed", "intent", "request", "paid", "confirm", "shipped", "delivered"))
	w.nothingLeaked()
}

// TestFreeText is an answer typed into an ordinary chat client (nip17's own
// wrapManyEvents), which names no order anywhere.
func TestFreeText(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller"}, delegated: []string{"seller", "buyer"}})
	buyer, seller := w.person("buyer"), w.person("seller")
	buyer.send(seller, intent(seller, "F-1", "", 250_000))
	w.redis.order("F-1", stands("intent-sent", "none", "intent"))
	link := w.hide(invoice)
	seller.chat(buyer, "Sure: "+link, "")
	o := w.redis.order("F-1", said("payment-requested", "requested", "intent", "request"))
	for _, reader := range []*person{buyer, seller} {
		if got := reader.opens(o, o.PaymentLink); got != link {
			t.Errorf("%s reads the payment link as %q, want %q", reader.name, got, link)
		}
	}
	question := w.hide("does it come with a saucer?")
	buyer.chat(seller, question, "F-1")
	w.redis.order("F-1", said("payment-requested", "requested", "intent", "request", "note"))
	w.nothingLeaked()
}
