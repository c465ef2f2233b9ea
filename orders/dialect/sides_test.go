package dialect

import (
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// TestSides: which side the author of a message is on, where its dialect knows it
// apart from the verb.
func TestSides(t *testing.T) {
	gamma := func(tags string) string {
		return `{"kind":16,"tags":[["p","$S"],["order","A"],` + tags + `]}`
	}
	json := func(content string) string {
		return `{"kind":14,"content":"` + strings.ReplaceAll(content, `"`, `\"`) + `","tags":[["p","$S"]]}`
	}
	shopstr := func(tags string) string { return shopstrRumor(`{"tags":[["order","1"],` + tags + `]}`) }
	const none, buys, sells = orders.Role(0), orders.Buyer, orders.Seller
	tests := []struct {
		name, rumor string
		want        orders.Role
	}{
		{"order", gamma(`["type","1"]`), none},
		{"request, which may be the buyer's", gamma(`["type","2"]`), none},
		{"pending", gamma(`["type","3"],["status","pending"]`), sells},
		{"confirmed", gamma(`["type","3"],["status","accepted"]`), sells},
		{"processing", gamma(`["type","3"],["status","processing"]`), sells},
		{"completed", gamma(`["type","3"],["status","completed"]`), none},
		{"cancelled", gamma(`["type","3"],["status","cancelled"]`), none},
		{"disputed", gamma(`["type","3"],["status","disputed"]`), none},
		{"refund asked for", gamma(`["type","3"],["status","refund_requested"]`), none},
		{"shipping delivered", gamma(`["type","4"],["status","delivered"]`), sells},
		{"shipping, a word of its own", gamma(`["type","4"],["status","customs"]`), sells},
		{"Plebeian's shipping", `{"kind":16,"content":"Order has been shipped","tags":[["p","$S"],["order","A"],["type","4"],["status","delivered"]]}`, sells},

		{"NIP-15 order", json(`{"id":"o","type":0,"items":[]}`), buys},
		{"NIP-15 request", json(`{"id":"o","type":1,"payment_options":[{"type":"ln","link":"x"}]}`), sells},
		{"NIP-15 refusal", json(`{"id":"o","type":1,"payment_options":[]}`), sells},
		{"NIP-15 status", json(`{"id":"o","type":2,"paid":true,"shipped":true}`), sells},
		{"NIP-15 status, neither", json(`{"id":"o","type":2,"paid":false,"shipped":false}`), sells},
		{"NIP-15 words", json(`{"id":"o","type":-1,"message":"x"}`), none},

		{"old status confirmed", json(`{"id":"o","type":2,"status":"confirmed","paid":true}`), sells},
		{"old status shipped", json(`{"id":"o","type":2,"status":"shipped","paid":true}`), sells},
		{"old status completed", json(`{"id":"o","type":2,"status":"completed","paid":true}`), none},
		{"old status cancelled", json(`{"id":"o","type":2,"status":"cancelled","paid":true}`), none},
		{"old request, which may be the buyer's", json(`{"id":"o","type":1,"paymentRequest":"x"}`), none},
		{"old invoice", json(`{"orderId":"o","invoiceStatus":"expired"}`), buys},

		{"Conduit order", conduit("$B", "order", ``, `{}`), buys},
		{"Conduit request", conduit("$B", "payment_request", ``, `{}`), sells},
		{"Conduit cancellation", conduit("$B", "status_update", `,["status","cancelled"]`, `{}`), sells},
		{"Conduit note", conduit("$B", "status_update", `,["status","refund_requested"]`, `{}`), none},
		{"Conduit words", conduit("$B", "message", ``, `{}`), none},

		{"CultureBridge intent", json(`{"type":"purchase-intent"}`), buys},
		{"CultureBridge payment", json(`{"type":"payment-and-address"}`), buys},
		{"CultureBridge request", json(`{"type":"payment-request"}`), sells},
		{"CultureBridge confirmation", json(`{"type":"payment-confirmed"}`), sells},
		{"CultureBridge shipping", json(`{"type":"shipping-update"}`), sells},
		{"CultureBridge delivery", json(`{"type":"delivery-confirmation"}`), none},
		{"CultureBridge cancel", json(`{"type":"cancel"}`), none},

		{"Shopstr order", shopstr(`["p","$S"],["subject","order-info"],["b","$B"]`), buys},
		{"Shopstr order of a guest", shopstr(`["p","$S"],["subject","order-info"],["b","$B"],["buyer_type","guest"]`), buys},
		{"Shopstr payments", shopstr(`["p","$S"],["subject","order-payment"],["b","$B"],["payment","ecash","$T"],["payment","ecash","$C"]`), buys},
		{"Shopstr receipt", shopstr(`["p","$B"],["subject","order-receipt"],["item","30402:$S:soap","1"]`), buys},
		{"Shopstr return", shopstr(`["p","$S"],["subject","return-request"],["b","$B"]`), buys},
		{"Shopstr order of what one sells", shopstr(`["p","$S"],["subject","order-info"],["b","$B"],["item","30402:$B:soap","1"]`), none},
		{"Shopstr completed", shopstr(`["p","$B"],["subject","order-completed"]`), sells},
		{"Shopstr answer", shopstr(`["p","$B"],["subject","order-info"],["b","$B"]`), sells},
		{"Shopstr agent of whom nobody knows", shopstr(`["p","$S"],["subject","order-info"],["status","cancelled"]`), none},
		{"Shopstr agent of the buyer", shopstr(`["p","$S"],["subject","order-info"],["status","cancelled"],["item","30402:$S:soap","1"]`), buys},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := message(t, tt.rumor)
			m.Owner = m.Rumor.Tags.Find("p")[1]
			sts, err := New().Read(m)
			if err != nil {
				t.Fatal(err)
			}
			for _, st := range sts {
				if st.As != tt.want {
					t.Errorf("%s: got %q, want %q", st.Verb, st.As, tt.want)
				}
			}
		})
	}
}
