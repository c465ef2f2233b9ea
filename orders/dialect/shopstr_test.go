package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// Further cast: $K is a throw-away key, $T an ecash token of 4895 sats of
// https://mint.example, and $t its hash; $C is one of 3 sats, $c its hash, $D Shopstr's own key.
var (
	throwAway   = strings.Repeat("e5", 32)
	wholeToken  = testToken("https://mint.example", "sat", 4095, 800)
	changeToken = testToken("https://mint.example", "sat", 3)
	shopstrCast = strings.NewReplacer("$K", throwAway, "$D", shopstrDonations,
		"$T", wholeToken, "$t", hashOf(wholeToken), "$C", changeToken, "$c", hashOf(changeToken))
)

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// shopstrRumor is a rumor of kind 14 that a throw-away key sealed where it names no
// other author.
func shopstrRumor(rumor string) string {
	if rumor = shopstrCast.Replace(rumor); !strings.Contains(rumor, `"pubkey"`) {
		rumor = strings.Replace(rumor, "{", `{"pubkey":"`+throwAway+`",`, 1)
	}
	return strings.Replace(rumor, "{", `{"kind":14,`, 1)
}

// shopstrMessage is such a message in the inbox of whom it is addressed to.
func shopstrMessage(t testing.TB, rumor string) Message {
	t.Helper()
	m := message(t, shopstrRumor(rumor))
	m.Owner = m.Rumor.Tags.Find("p")[1]
	return m
}

func TestShopstr(t *testing.T)     { checkShopstr(t, shopstrMessages) }
func TestMilkMarket(t *testing.T)  { checkShopstr(t, milkMarket) }
func TestShopstrJSON(t *testing.T) { checkShopstr(t, shopstrJSON) }

func checkShopstr(t *testing.T, table []reading) {
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			tt.want = shopstrCast.Replace(tt.want)
			tt.checkIn(t, Shopstr, shopstrMessage(t, tt.rumor))
		})
	}
}

var shopstrMessages = []reading{
	{"payment in ecash",
		`{"content":"This is a Cashu token payment from $nB for 2 of your Soap listing in size M on Shopstr: $T","tags":[["p","$S","wss://r.example"],["subject","order-payment"],["order","7b0e"],["b","$B"],["type","2"],["amount","4895"],["payment","ecash","$T"],["address","Ana, 1 Main St, Porto, PT"],["size","M"],["donation_amount","105","2.1"],["item","30402:$S:soap","2"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"Soap, M","quantity":2}],"amount":4895,"medium":"ecash","mint":"https://mint.example","proofHash":"$t"},"Private":{"shippingAddress":"Ana, 1 Main St, Porto, PT","proof":"$T"}}
{"Verb":"note","OrderID":"7b0e","Public":{"amount":105,"payee":"$D","code":"payment-leg-paid"}}`},
	{"payment by Lightning",
		`{"content":"You have received a payment from a guest buyer for your Soap listing on Shopstr! Check your Lightning address (a@b.example) for your sats.","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["type","2"],["amount","4795"],["payment","lightning","a@b.example"],["pickup","Barn 3"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"Soap","quantity":1}],"amount":4795,"medium":"lightning"},"Private":{"contact":{"pickup":"Barn 3"},"reference":"a@b.example"}}`},
	{"what Lightning left over",
		`{"content":"Overpaid fee change: $C","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["type","2"],["amount","3"],["payment","ecash","$C"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"amount":3,"medium":"ecash","mint":"https://mint.example","proofHash":"$c"},"Private":{"proof":"$C"}}`},
	{"payment with the token in the words alone",
		`{"content":"This is a Cashu token payment from $nB for your Soap listing on Shopstr: $T","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"Soap","quantity":1}],"amount":4895,"medium":"ecash","mint":"https://mint.example","proofHash":"$t"},"Private":{"proof":"$T"}}`},
	{"payment of less than it says",
		`{"content":"x","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["amount","9000"],["payment","ecash","$T"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"amount":4895,"medium":"ecash","mint":"https://mint.example","proofHash":"$t"},"Private":{"proof":"$T"},"Flags":["paid-mismatch"]}`},
	{"a token for a title",
		`{"content":"This is a Cashu token payment from a guest buyer for your $T listing","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"","quantity":1}],"amount":4895,"medium":"ecash","mint":"https://mint.example","proofHash":"$t"},"Private":{"proof":"$T"}}`},
	{"a payment by who sells it",
		`{"content":"paid","tags":[["p","$X"],["subject","order-payment"],["order","7b0e"],["b","$S"],["amount","5"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Flags":["sender-mismatch"]}`},
	{"a payment to oneself",
		`{"content":"paid","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$S"]]}`,
		`!bad-key`},
	{"a buyer that is no key",
		`{"content":"paid","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$nB"]]}`,
		`!bad-key`},
	{"two order ids",
		`{"content":"paid","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["order","8c1f"],["b","$B"]]}`,
		`!bad-order-id`},
	{"payment without an order id",
		`{"content":"paid","tags":[["p","$S"],["subject","order-payment"],["b","$B"],["amount","5"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"shopstr_a09bd379a9f4ed23583b85effcb4b31f","Public":{"products":[{"productId":"soap","title":"","quantity":1}],"amount":5}}`},
	{"order without an id, before item",
		`{"content":"Please ship the product to Ana","tags":[["p","$S"],["subject","order-info"],["b","$B"],["amount","9"],["a","30402:$S:soap","wss://r.example"]]}`,
		`{"Verb":"intent","OrderID":"shopstr_a09bd379a9f4ed23583b85effcb4b31f","Public":{"products":[{"productId":"soap","title":"","quantity":1}],"amount":9},"Flags":["quantity-claimed"]}`},

	{"order",
		`{"content":"Please ship the product to Ana at 1 Main St, Porto, PT.","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["type","1"],["amount","5000"],["contact","signal ana.1"],["address","Ana, 1 Main St, Porto, PT"],["donation_amount","105","2.1"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"","quantity":1}],"amount":5000},"Private":{"shippingAddress":"Ana, 1 Main St, Porto, PT","contact":{"contact":"signal ana.1"}},"Flags":["quantity-claimed"]}`},
	{"order of a cart, with the total of all",
		`{"content":"Please ship the product to Ana","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["type","1"],["amount","12000"],["donation_amount","105","2.1"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"","quantity":1}]},"Flags":["quantity-claimed","total-claimed"]}`},
	{"shipped by a throw-away key, with an address to follow",
		`{"content":"on its way","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"],["status","shipped"],["tracking","https://carrier.example/1Z9"],["carrier","UPS"]]}`,
		`{"Verb":"shipped","OrderID":"7b0e","Public":{"carrier":"UPS"},"Private":{"reference":"https://carrier.example/1Z9"}}`},
	{"shipped by the seller's own key, with an address to follow",
		`{"pubkey":"$S","content":"on its way","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"],["status","shipped"],["tracking","https://carrier.example/1Z9"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"shipped","OrderID":"7b0e","Public":{"tracking":"https://carrier.example/1Z9"}}`},
	{"new address on the next line",
		`{"content":"Address change request for order 7b0e...\nNew Address: 2 Side St\nPorto","tags":[["p","$S"],["subject","address-change"],["order","7b0e"],["b","$B"]]}`,
		`{"Verb":"address","OrderID":"7b0e","Private":{"shippingAddress":"2 Side St\nPorto"}}`},
	{"new address and no more",
		`{"content":"New Address: 2 Side St","tags":[["p","$S"],["subject","address-change"],["order","7b0e"],["b","$B"]]}`,
		`{"Verb":"address","OrderID":"7b0e","Private":{"shippingAddress":"2 Side St"}}`},
	{"new address within a line",
		`{"content":"I have no New Address: 2 Side St","tags":[["p","$S"],["subject","address-change"],["order","7b0e"],["b","$B"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Private":{"note":"I have no New Address: 2 Side St"}}`},
	{"order in words of one's own",
		`{"content":"ring twice","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["type","1"],["pickup","Barn 3"],["item","30402:$S:soap","3"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"","quantity":3}]},"Private":{"contact":{"pickup":"Barn 3"},"note":"ring twice"}}`},
	{"what the seller wanted to know",
		`{"content":"Additional customer information: engrave Ana","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["type","1"],["amount","5000"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Private":{"note":"engrave Ana"}}`},
	{"a listing of somebody else",
		`{"content":"Please ship the product","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["item","30402:$X:soap","1"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"","quantity":1}]},"Flags":["foreign-item","quantity-claimed"]}`},
	{"an agent of the seller confirms",
		`{"pubkey":"$S","content":"got it","tags":[["p","$B"],["subject","order-info"],["order","7b0e"],["status","confirmed"],["b","$B"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"confirm","OrderID":"7b0e"}`},
	{"an agent of the seller cancels",
		`{"pubkey":"$S","content":"sold out","tags":[["p","$B"],["subject","order-info"],["order","7b0e"],["status","canceled"],["b","$B"]]}`,
		`{"Verb":"cancel","OrderID":"7b0e","Private":{"reason":"sold out"}}`},
	{"an agent of the buyer cancels",
		`{"pubkey":"$B","content":"too late","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["status","cancelled"]]}`,
		`{"Verb":"cancel","OrderID":"7b0e","Private":{"reason":"too late"}}`},
	{"a status nobody knows",
		`{"pubkey":"$S","content":"hm","tags":[["p","$B"],["subject","order-info"],["order","7b0e"],["status","on the moon"],["b","$B"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Private":{"note":"on the moon"},"Flags":["unknown-status"]}`},

	{"receipt",
		`{"content":"Your order for Soap was processed successfully! If applicable, you should be receiving delivery information from $nS.","tags":[["p","$B"],["subject","order-receipt"],["order","7b0e"],["b","$B"],["type","4"],["amount","5000"],["payment","ecash","https://mint.example","$T"],["status","confirmed"],["address","1 Main St"],["donation_amount","105","2.1"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"Soap","quantity":1}],"amount":4895,"medium":"ecash","mint":"https://mint.example","proofHash":"$t"},"Private":{"shippingAddress":"1 Main St","reference":"https://mint.example","proof":"$T"},"Flags":["quantity-claimed"]}`},
	{"receipt of one in a cart",
		`{"content":"Thank you for your purchase of Soap in size M from $nS.","tags":[["p","$B"],["subject","order-receipt"],["order","7b0e"],["b","$B"],["type","4"],["amount","12000"],["status","confirmed"],["size","M"],["donation_amount","105","2.1"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"","quantity":1}]},"Flags":["quantity-claimed"]}`},
	{"receipt whose amount the donation proves",
		`{"content":"Thank you for your purchase of Soap from $nS.","tags":[["p","$B"],["subject","order-receipt"],["order","7b0e"],["b","$B"],["type","4"],["amount","5000"],["status","confirmed"],["donation_amount","105","2.1"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"soap","title":"Soap","quantity":1}],"amount":5000},"Flags":["quantity-claimed"]}`},
	{"receipt sent to the seller",
		`{"pubkey":"$B","content":"paid","tags":[["p","$S"],["subject","order-receipt"],["order","7b0e"],["amount","5000"],["payment","lightning","$J","$P"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","preimageHash":"$h"},"Private":{"reference":"$J","proof":"$P"},"Flags":["paid-mismatch"]}`},
	{"change of a payment",
		`{"content":"Overpaid fee change: $C","tags":[["p","$B"],["subject","payment-change"]]}`,
		`{"Verb":"note","Public":{"amount":3,"medium":"ecash","mint":"https://mint.example","proofHash":"$c"},"Private":{"proof":"$C"},"Flags":["holds-token"]}`},

	{"shipping",
		`{"content":"Your order from $nS is expected to arrive on Friday. Your UPS tracking number is: 1Z9","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"],["b","$B"],["type","4"],["status","shipped"],["tracking","1Z9"],["carrier","UPS"],["eta","1760600000"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"shipped","OrderID":"7b0e","Public":{"eta":1760600000000,"tracking":"1Z9","carrier":"UPS"}}`},
	{"shipping without a status",
		`{"content":"on its way","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"],["tracking","1Z9"]]}`,
		`{"Verb":"shipped","OrderID":"7b0e","Public":{"tracking":"1Z9"}}`},
	{"shipping of another merchant",
		`{"content":"Your order from $nX is expected to arrive on Friday.","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"],["b","$X"],["status","shipped"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"shipped","OrderID":"7b0e","Flags":["other-buyer","sender-mismatch"]}`},
	{"shipping that is delayed",
		`{"pubkey":"$S","content":"wait","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"],["status","delayed"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Public":{"code":"delayed"},"Flags":["unknown-status"]}`},
	{"completed",
		`{"content":"Your order from $nS has been completed.","tags":[["p","$B"],["subject","order-completed"],["order","7b0e"],["type","3"],["status","completed"]]}`,
		`{"Verb":"delivered","OrderID":"7b0e","SellerDelivers":true}`},
	{"completed without a status",
		`{"content":"Your order from $nS has been completed.","tags":[["p","$B"],["subject","order-completed"],["order","7b0e"],["type","3"]]}`,
		`{"Verb":"delivered","OrderID":"7b0e","SellerDelivers":true}`},

	{"return",
		`{"content":"Refund Request for order #7b0e\nProduct: Soap\n\nit smells","tags":[["p","$S"],["subject","return-request"],["order","7b0e"],["b","$B"],["type","4"],["status","refund"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Public":{"code":"refund-requested"},"Private":{"note":"it smells"}}`},
	{"return in words of one's own",
		`{"content":"I want\n\nanother one","tags":[["p","$S"],["subject","return-request"],["order","7b0e"],["b","$B"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Public":{"code":"return-requested"},"Private":{"note":"I want\n\nanother one"}}`},
	{"return of an unknown kind",
		`{"content":"burn it","tags":[["p","$S"],["subject","return-request"],["order","7b0e"],["b","$B"],["status","burn"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Public":{"code":"burn"},"Private":{"note":"burn it"},"Flags":["unknown-status"]}`},
	{"address in words",
		`{"content":"Address change request for order 7b0e...\n\nNew Address: 2 Side St, Porto","tags":[["p","$S"],["subject","address-change"],["order","7b0e"],["b","$B"],["type","4"],["item","30402:$S:soap","1"]]}`,
		`{"Verb":"address","OrderID":"7b0e","Private":{"shippingAddress":"2 Side St, Porto"}}`},
	{"address in a tag",
		`{"pubkey":"$B","content":"Address change request for order 7b0e... (Soap)\n\nNew Address: 2 Side St","tags":[["p","$S"],["subject","address-change"],["order","7b0e"],["address","2 Side St"]]}`,
		`{"Verb":"address","OrderID":"7b0e","Private":{"shippingAddress":"2 Side St"}}`},
	{"address of a subscription",
		`{"content":"Address change for subscription sub_1\n\nNew Address: 2 Side St","tags":[["p","$S"],["subject","address-change"],["order","sub_1"],["b","$B"],["item","$X","1"]]}`,
		`{"Verb":"note","Private":{"note":"Address change for subscription sub_1\n\nNew Address: 2 Side St"}}`},
	{"no address",
		`{"content":"I have moved","tags":[["p","$S"],["subject","address-change"],["order","7b0e"],["b","$B"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Private":{"note":"I have moved"}}`},

	{"inquiry",
		`{"pubkey":"$B","content":"is it still there?","tags":[["p","$S"],["subject","listing-inquiry"],["a","30402:$S:soap","wss://r.example"]]}`,
		`{"Verb":"note"}`},
	{"the seller's answer",
		`{"pubkey":"$S","content":"pay here: $I","tags":[["p","$B"],["subject","listing-inquiry"]]}`,
		`{"Verb":"request","Hint":true,"Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I"}}`},
	{"inquiry about an order",
		`{"pubkey":"$B","content":"where is it?","tags":[["p","$S"],["subject","listing-inquiry"],["order","7b0e"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Private":{"note":"where is it?"}}`},
	{"donation",
		`{"content":"Sale donation: $C","tags":[["p","$D"],["subject","donation"]]}`,
		`{"Verb":"note","Public":{"amount":3,"medium":"ecash","mint":"https://mint.example","proofHash":"$c"},"Private":{"proof":"$C"},"Flags":["holds-token"]}`},
	{"payment-confirmation",
		`{"pubkey":"$S","content":"thanks","tags":[["p","$B"],["subject","payment-confirmation"],["order","7b0e"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Private":{"note":"thanks"}}`},
}

var milkMarket = []reading{
	{"payment by card",
		`{"content":"You have received a stripe payment from a guest buyer for 3 of your Raw Milk listing on Milk Market!","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$K"],["buyer_type","guest"],["buyer_email","ana@b.example"],["type","2"],["amount","12.50"],["currency","USD"],["payment","stripe","pi_1"],["address","1 Main St"],["variant","Half gallon"],["variant_label","Jar"],["donation_amount","1","2"],["tax","1.1","USD"],["subscription","yes","weekly","sub_1"],["item","30402:$S:milk","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"milk","title":"Raw Milk, Half gallon","quantity":3}],"fiat":{"amount":12.50,"currency":"USD"},"medium":"card"},"Private":{"shippingAddress":"1 Main St","contact":{"email":"ana@b.example"},"reference":"pi_1"}}`},
	{"payment in cash",
		`{"content":"You have received an order from $nB for your Raw Milk listing on Milk Market! Check your cash account for the payment.","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["type","2"],["amount","12"],["currency","usd"],["payment","cash","in-person"],["bulk","12"],["item","30402:$S:milk","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"milk","title":"Raw Milk, 12","quantity":1}],"fiat":{"amount":12,"currency":"USD"},"medium":"cash"},"Private":{"reference":"in-person"}}`},
	{"payment in ecash",
		`{"content":"x","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["type","2"],["amount","4895"],["currency","sats"],["payment","ecash","$T"],["donation_amount","105","2.1"],["item","30402:$S:milk","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"milk","title":"","quantity":1}],"amount":4895,"medium":"ecash","mint":"https://mint.example","proofHash":"$t"},"Private":{"proof":"$T"}}`},
	{"a currency nobody knows",
		`{"content":"x","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["amount","12"],["currency","€"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Flags":["bad-amount"]}`},
	{"a guest's order",
		`{"content":"Please ship the products to Ana at 1 Main St.","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$K"],["buyer_type","guest"],["buyer_email","ana@b.example"],["type","1"],["address","Ana, 1 Main St"],["item","30402:$S:milk","1"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Public":{"products":[{"productId":"milk","title":"","quantity":1}]},"Private":{"shippingAddress":"Ana, 1 Main St","contact":{"email":"ana@b.example"}},"Flags":["quantity-claimed"]}`},
	{"receipt",
		`{"content":"Your cart order (Raw Milk) was processed successfully via Stripe.","tags":[["p","$B"],["subject","order-receipt"],["order","7b0e"],["b","$B"],["type","4"],["amount","12.50"],["currency","USD"],["payment","stripe","pi_1","pi_1"],["status","confirmed"],["item","30402:$S:milk","1"]]}`,
		`{"Verb":"paid","OrderID":"7b0e","Public":{"products":[{"productId":"milk","title":"","quantity":1}],"fiat":{"amount":12.50,"currency":"USD"},"medium":"card"},"Private":{"reference":"pi_1","proof":"pi_1"},"Flags":["quantity-claimed"]}`},
	{"an agreement to sign, from the client to its own user",
		`{"content":"To finalize your purchase, sign and send the following herdshare agreement for the dairy: https://x.example/1.pdf","tags":[["p","$B"],["subject","order-info"],["order","7b0e"],["type","1"],["item","30402:$S:milk","1"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Private":{"note":"To finalize your purchase, sign and send the following herdshare agreement for the dairy: https://x.example/1.pdf"}}`},
	{"flash order",
		`{"pubkey":"$B","content":"{\"type\":\"zapsnag_order\",\"orderId\":\"7b0e\",\"item\":\"$X\",\"shipping\":{\"name\":\"Ana\",\"address\":\"1 Main St\",\"unit\":\"4\",\"city\":\"Porto\",\"state\":\"\",\"zip\":\"4000\",\"country\":\"PT\"}}","tags":[["p","$S"],["subject","zapsnag-order"],["order","7b0e"],["b","$B"],["amount","2100"],["currency","sats"],["payment","lightning","a@b.example"],["status","pending"],["item","30402:$S:zapsnag","1"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Public":{"products":[{"productId":"zapsnag","title":"","quantity":1}],"amount":2100},"Private":{"shippingAddress":"Ana\n1 Main St\n4\n4000\nPorto\nPT"}}`},
	{"the server about a subscription",
		`{"pubkey":"$X","content":"Your subscription for \"Raw Milk\" has been canceled.","tags":[["p","$B"],["subject","subscription-cancellation"]]}`,
		`{"Verb":"note"}`},
}

var shopstrJSON = []reading{
	{"flash order",
		`{"pubkey":"$B","content":"{\"type\":\"zapsnag_order\",\"orderId\":\"7b0e\",\"item\":\"$X\",\"shipping\":{\"name\":\"Ana\",\"address\":\"1 Main St\",\"zip\":\"4000\"}}","tags":[["p","$S"],["subject","zapsnag-order"],["order","7b0e"],["b","$B"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Public":{"products":[{"productId":"$X","title":"","quantity":1}]},"Private":{"shippingAddress":"Ana\n1 Main St\n4000"}}`},
	{"flash order without tags",
		`{"pubkey":"$B","content":"{\"type\":\"zapsnag_order\",\"orderId\":\"7b0e\"}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"7b0e"}`},
	{"flash order with two ids",
		`{"pubkey":"$B","content":"{\"type\":\"zapsnag_order\",\"orderId\":\"8c1f\"}","tags":[["p","$S"],["subject","zapsnag-order"],["order","7b0e"]]}`,
		`!bad-order-id`},
	{"flash order without an id",
		`{"pubkey":"$B","content":"{\"type\":\"zapsnag_order\"}","tags":[["p","$S"],["subject","zapsnag-order"]]}`,
		`!bad-order-id`},
	{"flash order in words",
		`{"pubkey":"$B","content":"one, please","tags":[["p","$S"],["subject","zapsnag-order"],["order","7b0e"],["b","$B"]]}`,
		`{"Verb":"intent","OrderID":"7b0e","Private":{"note":"one, please"}}`},
	{"flash order with a key twice",
		`{"pubkey":"$B","content":"{\"type\":\"zapsnag_order\",\"orderId\":\"1\",\"orderId\":\"2\"}","tags":[["p","$S"],["subject","zapsnag-order"],["order","1"]]}`,
		`!bad-json`},
	{"dispute by the token's hash",
		`{"pubkey":"$B","content":"{\"type\":\"escrow-dispute\",\"orderId\":\"$H\",\"reason\":\"never came\"}","tags":[["p","$S"],["subject","escrow-dispute"]]}`,
		`{"Verb":"dispute","Ref":"$H","Private":{"reason":"never came"}}`},
	{"dispute by the order's id",
		`{"pubkey":"$S","content":"{\"type\":\"escrow-dispute\",\"orderId\":\"7b0e\",\"reason\":\"no answer\"}","tags":[["p","$B"],["subject","escrow-dispute"]]}`,
		`{"Verb":"dispute","OrderID":"7b0e","Private":{"reason":"no answer"}}`},
	{"dispute by a tag, in words",
		`{"pubkey":"$B","content":"it is broken","tags":[["p","$S"],["subject","escrow-dispute"],["order","7b0e"]]}`,
		`{"Verb":"dispute","OrderID":"7b0e","Private":{"reason":"it is broken"}}`},
	{"the arbiter's copy of a dispute",
		`{"pubkey":"$B","content":"{\"type\":\"escrow-dispute\",\"orderId\":\"$H\",\"reason\":\"never came\",\"token\":\"cashuAeyJ0\",\"amount\":5}","tags":[["p","$X"],["subject","escrow-dispute"]]}`,
		`{"Verb":"note","Ref":"$H","Public":{"code":"escrow-dispute"}}`},
	{"dispute about nothing",
		`{"pubkey":"$B","content":"{\"type\":\"escrow-dispute\",\"reason\":\"never came\"}","tags":[["p","$S"],["subject","escrow-dispute"]]}`,
		`{"Verb":"note"}`},
	{"the seller asks for the money",
		`{"pubkey":"$S","content":"{\"type\":\"escrow-payment-request\",\"orderId\":\"7b0e\"}","tags":[["p","$B"],["subject","escrow-payment-request"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Public":{"code":"escrow-payment-request"}}`},
	{"the buyer signs it over",
		`{"pubkey":"$B","content":"{\"type\":\"escrow-buyer-sig\",\"orderId\":\"7b0e\",\"proofs\":[{\"amount\":4}],\"buyerSigs\":[\"00\"]}","tags":[["p","$S"],["subject","escrow-buyer-sig"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Public":{"code":"escrow-buyer-sig"}}`},
	{"the type beats the subject",
		`{"pubkey":"$B","content":"{\"type\":\"escrow-buyer-sig\",\"orderId\":\"7b0e\"}","tags":[["p","$S"],["subject","escrow-dispute"]]}`,
		`{"Verb":"note","OrderID":"7b0e","Public":{"code":"escrow-buyer-sig"}}`},
	{"the arbiter signs it over",
		`{"pubkey":"$X","content":"{\"type\":\"escrow-arbiter-sig\",\"orderId\":\"$H\",\"proofs\":[],\"arbiterSigs\":[]}","tags":[["p","$S"]]}`,
		`{"Verb":"note","Ref":"$H","Public":{"code":"escrow-arbiter-sig"}}`},
}
