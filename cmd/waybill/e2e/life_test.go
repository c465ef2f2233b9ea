//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waybill-relay/waybill/orders"
)

// TestLife takes an order from its intent to its delivery between two keys, by
// every way in which the relay can come to read it.
func TestLife(t *testing.T) {
	people := []string{"buyer", "seller"}
	for name, want := range map[string]worldOf{
		"seller delegated":                  {people: people, delegated: []string{"seller"}},
		"seller delegated, embedded engine": {people: people, delegated: []string{"seller"}, embedded: "memory"},
		"seller delegated, server of ours":  {people: people, delegated: []string{"seller"}, embedded: "server"},
		"buyer delegated":                   {people: people, delegated: []string{"buyer"}},
		"both delegated":                    {people: people, delegated: people},
		"relay copied in":                   {people: people, copyRelay: true},
	} {
		t.Run(name, func(t *testing.T) { live(t, newWorld(t, want)) })
	}
}

func live(t *testing.T, w *world) {
	buyer, seller := w.person("buyer"), w.person("seller")
	const id = "A-100"
	address := w.hide("12 Rua das Flores, 4050-262 Porto")
	email := w.hide("ana@flores.example")
	wish := w.hide("leave it with the neighbour at the red door")
	link := w.hide("shop-till@wallet.example")
	preimage := w.hide("7a5b1f0c9e3d2f4a6b8c0d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c")
	note := w.hide("we pack it in straw")
	begin := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	minute := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }
	ms := func(n int) int64 { return minute(n).UnixMilli() }
	eta := begin.Add(72 * time.Hour)

	intentID := buyer.send(seller, intent(seller, id, wish, 10_000, tag("address", address), tag("email", email)).at(minute(0)))
	w.redis.order(id, stands("intent-sent", "none", "intent"))

	seller.send(buyer, request(buyer, id, link, 10_500, tag("shipping_quote", "500"), tag("eta", fmt.Sprint(eta.Unix()))).at(minute(1)))
	w.redis.order(id, stands("payment-requested", "requested", "intent", "request"))

	buyer.send(seller, receipt(seller, id, link, preimage, 10_500).at(minute(2)))
	w.redis.order(id, stands("paid", "claimed", "intent", "request", "paid"))

	seller.send(buyer, status(buyer, id, "confirmed", note).at(minute(3)))
	w.redis.order(id, stands("processing", "confirmed", "intent", "request", "paid", "confirm"))

	seller.send(buyer, parcel(buyer, id, "1Z999", "UPS", tag("eta", fmt.Sprint(eta.Unix()))).at(minute(4)))
	w.redis.order(id, stands("shipped", "confirmed", "intent", "request", "paid", "confirm", "shipped"))

	buyer.send(seller, status(seller, id, "delivered", "Thank you!").at(minute(5)))
	o := w.redis.order(id, stands("delivered", "confirmed", "intent", "request", "paid", "confirm", "shipped", "delivered"))

	got := *o
	want := orders.Order{
		IntentID: id, OrderID: id, EventID: intentID,
		BuyerPubkey: buyer.pubkey, BuyerNpub: buyer.npub, SellerPubkey: seller.pubkey, SellerNpub: seller.npub,
		Products:  []orders.Product{{ProductID: "mug", Title: "Blue mug", Quantity: 2, PricePerUnit: "5000", Subtotal: "10000", Currency: "SATS"}},
		TotalSats: 10_000, ShippingQuote: 500, GrandTotal: 10_500,
		Status: "delivered", CreatedTimestamp: ms(0), UpdatedTimestamp: ms(5),
		PaymentRequestedTimestamp: ms(1), PaymentConfirmedTimestamp: ms(2), ShippingTimestamp: ms(4), ActualDeliveryTimestamp: ms(5),
		TrackingNumber: "1Z999", Carrier: "UPS", EstimatedDeliveryDate: eta.UnixMilli(),
		MessageThreadID: orders.ThreadID(orders.PairOf(buyer.pubkey, seller.pubkey)),
		Payment:         "confirmed", PaymentVerifiedTimestamp: ms(3),
		Dialect: "gamma", Trust: orders.Bound, CheckoutID: id,
	}
	got.PaymentLink, got.ShippingAddress, got.Contact, got.BuyerNotes, got.SellerNotes = nil, nil, nil, nil, nil
	got.Shipments, got.Timeline, got.Version = nil, nil, 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the delivered order (-want +got):\n%s", diff)
	}
	if len(o.Shipments) != 1 || o.Shipments[0].TrackingNumber != "1Z999" {
		t.Errorf("parcels: got %+v, want the one", o.Shipments)
	}
	for _, reader := range []*person{buyer, seller} {
		for field, got := range map[string]string{
			address: reader.opens(o, o.ShippingAddress), wish: reader.opens(o, o.BuyerNotes), link: reader.opens(o, o.PaymentLink),
		} {
			if got != field {
				t.Errorf("%s opened %q with nip44, want %q", reader.name, got, field)
			}
		}
		if fact := o.Timeline[2].Fact; reader.opens(o, &orders.Sealed{Fact: fact, Field: orders.FieldProof}) != preimage {
			t.Errorf("%s does not find the proof in the receipt's box", reader.name)
		}
	}
	w.nothingLeaked()
}
