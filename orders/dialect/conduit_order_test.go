package dialect

import (
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// What an order's content begins with, and one line of it.
const (
	conduitHead = `{"id":"o-9","merchantPubkey":"$S","buyerPubkey":"$B","buyerIdentityKind":"signed_in",`
	conduitMug  = `{"productId":"30402:$S:mug","title":"Mug","format":"physical","quantity":2,"priceAtPurchase":10000,"currency":"SATS"}`
)

var conduitOrders = []reading{
	{"order",
		conduit("$B", "order", `,["amount","20500"],["currency","SATS"],["item","30402:$S:mug","2"],["shipping","30406:$S:post"]`,
			conduitHead+`"items":[`+conduitMug+`],"subtotal":20500,"currency":"SATS","shippingCostSats":500,"shippingCostStatus":"priced",`+
				`"shippingAddress":{"name":"Ana","street":"1 Main St","city":"Porto","state":"Norte","postalCode":"4000","country":"PT"},"note":"ring twice","createdAt":1760000000123}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":20500,"shipping":"30406:$S:post"},` +
			`"Private":{"shippingAddress":"Ana\n1 Main St\n4000\nPorto\nNorte\nPT","note":"ring twice"}}`},
	{"order whose amount is that of the goods",
		conduit("$B", "order", `,["amount","20000"],["currency","SATS"]`, conduitHead+`"items":[`+conduitMug+`],"subtotal":20000,"currency":"SATS","shippingCostSats":500,"shippingCostStatus":"priced"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":20500}}`},
	{"order whose subtotal is that of the goods",
		conduit("$B", "order", `,["amount","20500"],["currency","SATS"]`, conduitHead+`"items":[`+conduitMug+`],"subtotal":20000,"currency":"SATS","shippingCostSats":500,"shippingCostStatus":"priced"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":20500}}`},
	{"order whose lines cannot be read",
		conduit("$B", "order", ``, conduitHead+`"items":[7],"subtotal":20000,"currency":"SATS","shippingCostSats":500}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"amount":20000},"Flags":["bad-item","total-claimed"]}`},
	{"order whose amount is neither",
		conduit("$B", "order", `,["amount","20400"],["currency","SATS"]`, conduitHead+`"items":[`+conduitMug+`],"subtotal":20000,"currency":"SATS","shippingCostSats":500}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":20400},"Flags":["content-mismatch","total-claimed"]}`},
	{"order of a guest",
		conduit("$B", "order", `,["amount","20000"],["currency","SATS"]`,
			`{"id":"o-9","merchantPubkey":"$S","buyerPubkey":"$B","buyerIdentityKind":"guest_ephemeral","items":[`+conduitMug+`],"subtotal":20000,"currency":"SATS","shippingCostStatus":"manual",`+
				`"guestContact":{"email":"ana@example.com","phone":"+1 555"}}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":20000,"code":"guest"},` +
			`"Private":{"contact":{"email":"ana@example.com","phone":"+1 555"}}}`},
	{"order whose note ends with how to reach the buyer",
		conduit("$B", "order", ``, conduitHead+`"items":[`+conduitMug+`],"subtotal":20000,"currency":"SATS","note":"Phone: not mine\nring twice\nPhone: +1 555\nEmail: ana@example.com"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":20000},` +
			`"Private":{"contact":{"email":"ana@example.com","phone":"+1 555"},"note":"Phone: not mine\nring twice\nPhone: +1 555\nEmail: ana@example.com"}}`},
	{"order of a variant, listed in dollars",
		conduit("$B", "order", ``, conduitHead+`"items":[{"productId":"30402:$S:mug-l","title":"Mug","selectedSpecifications":[{"key":"Size","value":"L"},{"key":"Colour","value":"red\n"}],"quantity":1,"priceAtPurchase":10000,"currency":"SATS",`+
			`"sourcePrice":{"amount":9.5,"currency":"usd","normalizedCurrency":"USD"}}],"subtotal":10000,"currency":"SATS","pricingQuote":{"rate":95000}}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug-l","title":"Mug (Size: L, Colour: red )","quantity":1,"pricePerUnit":10000,"subtotal":10000,"currency":"SATS"}],"amount":10000},"Flags":["total-converted"]}`},
	{"order listed in bitcoin",
		conduit("$B", "order", ``, conduitHead+`"items":[{"productId":"30402:$S:mug","quantity":1,"priceAtPurchase":10000,"currency":"SATS","sourcePrice":{"amount":0.0001,"normalizedCurrency":"BTC"}}],"subtotal":10000,"currency":"SATS"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"","quantity":1,"pricePerUnit":10000,"subtotal":10000,"currency":"SATS"}],"amount":10000}}`},
	{"old order, in dollars",
		conduit("$B", "order", ``, `{"id":"o-9","merchantPubkey":"$S","buyerPubkey":"$B","items":[{"productId":"30402:$S:mug","quantity":2,"priceAtPurchase":12.25,"currency":"USD"}],"subtotal":24.50,"currency":"USD"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"","quantity":2,"pricePerUnit":12.25,"subtotal":24.50,"currency":"USD"}],"fiat":{"amount":24.50,"currency":"USD"}}}`},
	{"order by tags alone",
		conduit("$B", "order", `,["amount","20000"],["currency","SAT"],["item","30402:$S:mug","2"],["item","30402:$S:cup","1"]`, "leave it at the door"),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"","quantity":2},{"productId":"cup","title":"","quantity":1}],"amount":20000},"Private":{"note":"leave it at the door"}}`},
	{"order whose total is not that of its lines",
		conduit("$B", "order", ``, conduitHead+`"items":[`+conduitMug+`],"subtotal":1,"currency":"SATS"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":1},"Flags":["total-claimed"]}`},
	{"order of two totals, and other lines in the tags",
		conduit("$B", "order", `,["amount","10"],["item","30402:$S:mug","1"]`, conduitHead+`"items":[`+conduitMug+`],"subtotal":20000,"currency":"SATS"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":10},"Flags":["content-mismatch","total-claimed"]}`},
	{"order of odd lines",
		conduit("$B", "order", ``, conduitHead+`"items":["mug",{"productId":"30402:$X:mug","quantity":1.5,"priceAtPurchase":-1},{"productId":"cup","quantity":1}],"subtotal":-5,"shippingCostSats":0.5}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"","quantity":0},{"productId":"cup","title":"","quantity":1}]},"Flags":["bad-amount","bad-item","foreign-item"]}`},
	{"order of nothing",
		conduit("$B", "order", ``, conduitHead+`"items":[],"shippingAddress":"1 Main St\nPorto"}`),
		`{"Verb":"intent","OrderID":"o-9","Private":{"shippingAddress":"1 Main St\nPorto"}}`},
	{"order in another's name",
		conduit("$B", "order", ``, `{"id":"o-8","merchantPubkey":"$X","buyerPubkey":"$X","items":[`+conduitMug+`],"subtotal":20000,"currency":"SATS"}`),
		`{"Verb":"intent","OrderID":"o-9","Public":{"products":[{"productId":"mug","title":"Mug","quantity":2,"pricePerUnit":10000,"subtotal":20000,"currency":"SATS"}],"amount":20000},"Flags":["content-mismatch","sender-mismatch"]}`},
	{"order without an id",
		`{"kind":16,"content":"{}","tags":[["p","$S"],["type","order"],["order",""]]}`,
		`!bad-order-id`},
	{"order too deep",
		conduit("$B", "order", ``, `{"items":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}`),
		`!bad-json`},
}

func TestConduitLife(t *testing.T) {
	order := conduit("$B", "order", `,["amount","1000"],["currency","SATS"],["item","30402:$S:mug","1"],["shipping","30406:$S:post"]`,
		conduitHead+`"items":[{"productId":"30402:$S:mug","title":"Mug","quantity":1,"priceAtPurchase":900,"currency":"SATS"}],"subtotal":1000,"currency":"SATS","shippingCostSats":100,"shippingAddress":{"name":"Ana","street":"1 Main St"},"createdAt":1760000400100}`)
	request := conduit("$S", "payment_request", `,["amount","1000"],["currency","SATS"],["payment_method","lightning"]`, `{"invoice":"$J","amount":1000,"currency":"SATS",`+named)
	proof := conduit("$B", "payment_proof", `,["amount","1000"],["currency","SATS"],["rail","lightning"]`, `{"version":1,"action":"invoice","amount":1000,"amountMsats":1000000,"invoice":"$J","preimage":"$P","source":"nwc"}`)
	status := func(word string) string {
		return conduit("$S", "status_update", `,["status","`+word+`"]`, `{"status":"`+word+`",`+named)
	}
	shipping := conduit("$S", "shipping_update", `,["tracking","1Z9"],["carrier","UPS"]`, `{"carrier":"UPS","trackingNumber":"1Z9",`+named)
	both := "$B $S"

	t.Run("accepted, then invoiced", func(t *testing.T) {
		life{[]spoken{{order, both}, {status("accepted"), both}, {request, both}, {proof, both}, {shipping, both}, {status("complete"), both}},
			`delivered, payment confirmed, 1000 sats, bound, parcel UPS 1Z9
buyer intent
seller note
seller request
buyer paid
seller shipped
seller delivered`}.check(t)
	})
	t.Run("accepted before any payment", func(t *testing.T) {
		life{[]spoken{{order, both}, {status("accepted"), both}}, `intent-sent, payment none, 1000 sats, bound
buyer intent
seller note`}.check(t)
	})
	t.Run("accepted as the claim arrives", func(t *testing.T) {
		life{[]spoken{{order, both}, {proof, both}, {status("accepted"), both}}, `processing, payment claimed, 1000 sats, bound
buyer intent
buyer paid
seller process`}.check(t)
	})
	// The invoice came from the merchant's Lightning address: only his word settles it.
	t.Run("a guest's, paid at once and declined", func(t *testing.T) {
		life{[]spoken{{order, "$S"}, {proof, "$S"}, {status("paid"), "$S"}, {status("cancelled"), "$S"}},
			`cancelled, payment refund-due, 1000 sats, bound
buyer intent
buyer paid
seller confirm
seller cancel`}.check(t)
	})
	t.Run("of the first builds: shipped twice said, and a refund asked for", func(t *testing.T) {
		life{[]spoken{{order, both}, {status("invoiced"), both}, {status("paid"), both}, {status("shipped"), both}, {shipping, both}, {status("shipped"), both},
			{conduit("$B", "status_update", `,["status","refund_requested"]`, `{"status":"refund_requested"}`), both}},
			`shipped, payment confirmed, 1000 sats, bound, parcel UPS 1Z9, refund-requested!
buyer intent
seller request
seller confirm
seller shipped
seller shipped
seller shipped
buyer note`}.check(t)
	})
	t.Run("types that are the other side's to write", func(t *testing.T) {
		life{[]spoken{{order, both},
			{conduit("$B", "payment_request", ``, `{"invoice":"$J"}`), both},
			{conduit("$B", "status_update", `,["status","paid"]`, `{}`), both},
			{conduit("$B", "shipping_update", ``, `{"trackingNumber":"1"}`), both},
			{conduit("$S", "payment_proof", ``, `{"invoice":"$J","preimage":"$P"}`), both}},
			`intent-sent, payment none, 1000 sats, bound
buyer intent
buyer request: wrong-role
buyer confirm: wrong-role
buyer shipped: wrong-role
seller paid: wrong-role`}.check(t)
	})
}

// A guest's key, made for one order, is the buyer and proves it.
func TestConduitGuest(t *testing.T) {
	m := message(t, `{"kind":16,"pubkey":"$X","content":"{\"id\":\"o-9\",\"buyerPubkey\":\"$X\",\"merchantPubkey\":\"$S\",\"buyerIdentityKind\":\"guest_ephemeral\"}","tags":[["p","$S"],["type","order"],["order","o-9"]]}`)
	m.Owner = seller
	sts, err := New().Read(m)
	if err != nil {
		t.Fatal(err)
	}
	o := orders.Fold(orders.PairOf(stranger, seller), []orders.Fact{sts[0].Fact})
	if o.BuyerPubkey != stranger || o.Trust != orders.Bound || len(sts[0].Flags) > 0 {
		t.Errorf("buyer %s, trust %s, flags %v", o.BuyerPubkey, o.Trust, sts[0].Flags)
	}
}

func FuzzConduit(f *testing.F) {
	for _, tags := range []string{
		"p|$S\ntype|order\norder|o-9\namount|20500\ncurrency|SATS\nitem|30402:$S:mug|2\nshipping|30406:$S:post",
		"p|$S\ntype|payment_request\norder|o\namount|1\ncurrency|USD\npayment_method|lightning",
		"p|$S\ntype|payment_proof\norder|o\namount|1001\ncurrency|MSATS\nrail|lightning",
		"p|$S\ntype|status_update\norder|o\nstatus|accepted",
		"p|$R\ntype|shipping_update\norder|%\ntracking|\u202ex\ncarrier|UPS",
		"p|$S\ntype|receipt\norder|o", "p|$S\ntype|message\norder|o",
	} {
		for _, content := range []string{
			conduitHead + `"items":[` + conduitMug + `,{"productId":"x","selectedSpecifications":[{"key":"a","value":"b"},1],"sourcePrice":{"currency":"EUR"}}],"subtotal":20500,"currency":"SATS","shippingCostSats":500,"shippingAddress":{"name":"Ana","x":{}},"guestContact":{"email":"a@b.example","phone":"1"},"note":"x\nPhone: 1","createdAt":1760000000123}`,
			`{"invoice":"$J","preimage":"$P","paymentHash":"$X","amountMsats":1e3,"verification":{"state":"verified"},"proof":{"preimage":1},"zapReceiptId":"$X"}`,
			`{"status":"refund_requested","trackingNumber":"1Z9","trackingUrl":"https://x.example/1Z9","note":"soon"}`,
			"$J", "words", "",
		} {
			f.Add(tags, cast.Replace(content))
		}
	}
	f.Fuzz(func(t *testing.T, tags, content string) {
		checkRead(t, fuzzed(kindOrder, tags, content))
	})
}
