//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// TestCart is one purchase from two sellers: two orders that share a checkout
// and nothing else.
func TestCart(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "potter", "baker"}, delegated: []string{"potter", "baker"}})
	buyer, potter, baker := w.person("buyer"), w.person("potter"), w.person("baker")
	const checkout = "cart-7"
	address := w.hide("3 Quay Lane, Galway")
	for seller, id := range map[*person]string{potter: "cart-7-a", baker: "cart-7-b"} {
		buyer.send(seller, intent(seller, id, "", 4_000, tag("checkout", checkout), tag("address", address)))
		o := w.redis.order(id, stands("intent-sent", "none", "intent"))
		if o.CheckoutID != checkout || o.SellerPubkey != seller.pubkey {
			t.Errorf("order %s: checkout %q, seller %s; want %q, %s", id, o.CheckoutID, o.SellerPubkey, checkout, seller.pubkey)
		}
		if got := seller.opens(o, o.ShippingAddress); got != address {
			t.Errorf("%s reads the address %q, want %q", seller.name, got, address)
		}
	}
	// One seller goes on, the other's order stays as it is.
	potter.send(buyer, request(buyer, "cart-7-a", w.hide("potter@pay.example"), 4_000))
	w.redis.order("cart-7-a", stands("payment-requested", "requested", "intent", "request"))
	baker.send(buyer, status(buyer, "cart-7-b", "cancelled", w.hide("the oven is broken")))
	w.redis.order("cart-7-b", stands("cancelled", "none", "intent", "cancel"))
	o := w.redis.order("cart-7-a", stands("payment-requested", "requested", "intent", "request"))
	if box := w.redis.box("cart-7-a", o.PaymentLink.Fact); box.For[baker.pubkey] != "" {
		t.Error("the other seller of the cart is a reader of this order's payment link")
	}
	for key, want := range map[string][]string{
		"orders_by_buyer:" + buyer.npub:   {"cart-7-a", "cart-7-b"},
		"orders_by_seller:" + potter.npub: {"cart-7-a"},
		"orders_by_seller:" + baker.npub:  {"cart-7-b"},
	} {
		if got := w.redis.ZRange(t.Context(), key, 0, -1).Val(); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	w.nothingLeaked()
}

// TestCancel: a buyer may cancel until the seller commits himself.
func TestCancel(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller"}, delegated: []string{"seller"}})
	buyer, seller := w.person("buyer"), w.person("seller")

	buyer.send(seller, intent(seller, "early", "", 4_000))
	w.redis.order("early", stands("intent-sent", "none", "intent"))
	reason := w.hide("found one at the flea market")
	buyer.send(seller, status(seller, "early", "cancelled", "", tag("reason", reason)))
	o := w.redis.order("early", stands("cancelled", "none", "intent", "cancel"))
	if got := seller.opens(o, o.CancelReason); got != reason || o.CancelledBy != buyer.pubkey {
		t.Errorf("cancelled by %s with reason %q; want by %s with %q", o.CancelledBy, got, buyer.pubkey, reason)
	}

	buyer.send(seller, intent(seller, "late", "", 4_000))
	seller.send(buyer, parcel(buyer, "late", "1Z1", "DHL"))
	w.redis.order("late", stands("shipped", "none", "intent", "shipped"))
	buyer.send(seller, status(seller, "late", "cancelled", "", tag("reason", reason)))
	o = w.redis.order("late", stands("shipped", "none", "intent", "shipped", "cancel refused: illegal-transition"))
	if !slices.ContainsFunc(o.Exceptions, func(e orders.OrderException) bool { return e.Code == "cancel-refused" }) {
		t.Errorf("exceptions: got %+v, want cancel-refused among them", o.Exceptions)
	}
	w.nothingLeaked()
}

// TestDispute is a dispute to its ruling: one by somebody who may not, then the
// admin's, addressed to the relay.
func TestDispute(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "admin", "stranger"}, delegated: []string{"seller"}, admins: []string{"admin"}})
	buyer, seller, admin, stranger := w.person("buyer"), w.person("seller"), w.person("admin"), w.person("stranger")
	const id = "D-1"
	buyer.send(seller, intent(seller, id, "", 8_000))
	buyer.send(seller, receipt(seller, id, w.hide("seller@till.example"), w.hide("c0ffee"+id+"c0ffee"), 8_000))
	seller.send(buyer, status(buyer, id, "confirmed", ""))
	w.redis.order(id, stands("processing", "confirmed", "intent", "paid", "confirm"))

	complaint := w.hide("it came in two pieces")
	buyer.send(seller, status(seller, id, "disputed", "", tag("reason", complaint)))
	o := w.redis.order(id, stands("disputed", "confirmed", "intent", "paid", "confirm", "dispute"))
	for _, reader := range []*person{buyer, seller, admin} {
		if got := reader.opens(o, o.DisputeReason); got != complaint {
			t.Errorf("%s reads the complaint as %q, want %q", reader.name, got, complaint)
		}
	}
	if _, ok := w.redis.box(id, o.DisputeReason.Fact).For[stranger.pubkey]; ok {
		t.Error("a stranger is among the readers of the dispute")
	}

	ruling := func(outcome, sentence string) rumor {
		return rumor{Kind: 16, Content: sentence, Tags: [][]string{
			{"p", w.self}, {"subject", "order-info"}, {"type", "3"}, {"order", id}, {"status", "resolved"},
			{"buyer", buyer.pubkey}, {"seller", seller.pubkey}, {"outcome", outcome}, {"resolution", sentence},
		}}
	}
	stranger.sendTo([]string{w.self}, ruling("delivered", "let it be"))
	w.redis.order(id, said("disputed", "confirmed", "intent", "paid", "confirm", "dispute", "resolved refused: not-a-participant"))

	sentence := w.hide("the parcel was badly packed: the money goes back")
	admin.sendTo([]string{w.self}, ruling("cancelled", sentence))
	o = w.redis.order(id, said("cancelled", "refund-due", "intent", "paid", "confirm", "dispute", "resolved refused: not-a-participant", "resolved"))
	for _, reader := range []*person{buyer, seller, admin} {
		if got := reader.opens(o, o.DisputeResolution); got != sentence {
			t.Errorf("%s reads the ruling as %q, want %q", reader.name, got, sentence)
		}
	}
	if o.DisputeOutcome != "cancelled" || o.DisputedBy != buyer.pubkey {
		t.Errorf("outcome %q, disputed by %s; want cancelled, by %s", o.DisputeOutcome, o.DisputedBy, buyer.pubkey)
	}

	seller.send(buyer, status(buyer, id, "refunded", "", tag("amount", "8000")))
	w.redis.order(id, said("cancelled", "refunded", "intent", "paid", "confirm", "dispute", "resolved refused: not-a-participant", "resolved", "refunded"))
	w.nothingLeaked()
}
