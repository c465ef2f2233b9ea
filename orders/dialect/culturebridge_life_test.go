package dialect

import (
	"encoding/json"
	"maps"
	"testing"
)

// TestCultureBridgeLife is a purchase by each generation's request, with the rest as
// the documents plan it.
func TestCultureBridgeLife(t *testing.T) {
	const rest = `
buyer intent
seller request
buyer paid
seller shipped
buyer delivered`
	for generation, want := range map[string]string{
		"G1": "21000 sats",
		"G2": "1000 sats", // its own total was made of euros, and the seller asks for this
		"G3": "21000 sats", "G4": "21000 sats", "G5": "121000 sats",
	} {
		t.Run(generation, func(t *testing.T) {
			intent := said(t, cbGenerations[generation], buyer, seller)
			sts, err := New().Read(message(t, intent))
			if err != nil {
				t.Fatal(err)
			}
			says := func(from, to string, body map[string]any) spoken {
				body = maps.Clone(body)
				body["saleId"] = sts[0].OrderID
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				return spoken{said(t, string(text), from, to), "$B $S"}
			}
			life{[]spoken{
				{intent, "$B $S"},
				says(seller, buyer, map[string]any{"type": "payment-request", "paymentLink": payable}),
				says(buyer, seller, map[string]any{"type": "payment-and-address", "paymentProof": preimage, "shippingAddress": "1 Main St"}),
				says(seller, buyer, map[string]any{"type": "shipping-update", "carrier": "UPS", "trackingNumber": "1Z9"}),
				says(buyer, seller, map[string]any{"type": "delivery-confirmation", "received": true}),
			}, "delivered, payment confirmed, " + want + ", bound, parcel UPS 1Z9" + rest}.check(t)
		})
	}
}
