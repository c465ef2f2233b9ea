package dialect

import "testing"

func TestOldPlebeian(t *testing.T) {
	for _, tt := range oldPlebeianMessages {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, Plebeian) })
	}
}

// The app before, its JSON wrapped as it might be today. Its own transport is in
// TestOldPlebeianLife.
var oldPlebeianMessages = []reading{
	{"order",
		`{"kind":14,"content":"{\"contactName\":\"Ana\",\"contactPhone\":\"+351 1\",\"contactEmail\":\"\",\"address\":\"1 Main St\",\"zip\":\"4000\",\"city\":\"Porto\",\"country\":\"Portugal\",\"region\":\"\",\"additionalInfo\":\"ring twice\",\"id\":\"order-1\",\"status\":\"pending\",\"type\":0,\"buyerUserId\":\"$B\",\"sellerUserId\":\"$S\",\"stallId\":\"30017:$S:st\",\"shippingId\":\"z1:30017:ab\",\"items\":[{\"product_id\":\"30018:$S:mug\",\"quantity\":2}]}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"order-1","Public":{"products":[{"productId":"mug","title":"","quantity":2}],"shipping":"z1:30017:ab"},"Private":{"shippingAddress":"1 Main St\n4000\nPorto\nPortugal","contact":{"name":"Ana","phone":"+351 1"},"note":"ring twice"}}`},
	{"order to be fetched",
		`{"kind":14,"content":"{\"contactName\":\"\",\"address\":\"\",\"additionalInfo\":\"Local Pickup\",\"id\":\"order-1\",\"type\":0,\"sellerUserId\":\"$S\",\"items\":[]}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"order-1","Private":{"note":"Local Pickup"}}`},
	{"order in another's name",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"type\":0,\"buyerUserId\":\"$X\",\"sellerUserId\":\"$S\"}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"order-1","Flags":["sender-mismatch"]}`},
	{"order from another seller",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"type\":0,\"buyerUserId\":\"$B\",\"sellerUserId\":\"$X\",\"items\":[{\"product_id\":\"30018:$X:mug\",\"quantity\":1}]}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"order-1","Public":{"products":[{"productId":"mug","title":"","quantity":1}]},"Flags":["foreign-item","sender-mismatch"]}`},
	{"order with odd lines",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"type\":0,\"sellerUserId\":\"$S\",\"items\":[7,{\"quantity\":1},{\"product_id\":\"x\"},{\"product_id\":\"y\",\"quantity\":-1},{\"product_id\":\"z\",\"quantity\":\"3\"}]}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"order-1","Public":{"products":[{"productId":"x","title":"","quantity":0},{"productId":"y","title":"","quantity":0},{"productId":"z","title":"","quantity":3}]},"Flags":["bad-item"]}`},
	{"order without id",
		`{"kind":14,"content":"{\"id\":\"\",\"type\":0,\"sellerUserId\":\"$S\"}","tags":[["p","$S"]]}`,
		`!bad-order-id`},
	{"order that says one thing twice",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"type\":0,\"sellerUserId\":\"$S\",\"id\":\"order-2\"}","tags":[["p","$S"]]}`,
		`!bad-json`},
	{"what was to be paid to the seller",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"payment_id\":\"pay-1\",\"type\":1,\"message\":\"Payment request for order order-1\",\"payment_options\":[{\"type\":\"ln\",\"link\":\"$J\",\"paymentRequest\":\"$J\"}]}","tags":[["p","$S"]]}`,
		`{"Verb":"request","OrderID":"order-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","expiry":1760003600000},"Private":{"paymentLink":"$J"}}`},
	{"what the seller asks for, beside the ways to pay",
		`{"kind":14,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":1,\"paymentRequest\":\"$J\",\"payment_options\":[{\"type\":\"ln\",\"link\":\"a@b.example\"}]}","tags":[["p","$B"]]}`,
		`{"Verb":"request","OrderID":"order-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","expiry":1760003600000},"Private":{"paymentLink":"$J","reference":"lightning a@b.example"}}`},
	{"what was to be paid to somebody else, and never asked for",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"payment_id\":\"$nX\",\"type\":1,\"payment_options\":[{\"type\":\"ln\",\"link\":null,\"paymentRequest\":null}]}","tags":[["p","$S"]]}`,
		`{"Verb":"note","OrderID":"order-1","Public":{"payee":"$X","code":"payment-leg"}}`},
	{"what was to be paid to nobody, on chain",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"payment_id\":\"npub1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\",\"type\":1,\"payment_options\":[null,{\"type\":\"on-chain\",\"link\":\"bc1qaddr\"}]}","tags":[["p","$S"]]}`,
		`{"Verb":"request","OrderID":"order-1","Public":{"medium":"bitcoin"},"Private":{"paymentLink":"bc1qaddr"}}`},
	{"paid the seller",
		`{"kind":14,"content":"{\"id\":\"inv-1\",\"createdAt\":1760000000000,\"updatedAt\":1760000000000,\"orderId\":\"order-1\",\"totalAmount\":1000,\"type\":\"merchant\",\"invoiceStatus\":\"paid\",\"paymentId\":\"pay-1\",\"paymentRequest\":\"$J\",\"proof\":\"$P\"}","tags":[["p","$S"]]}`,
		`{"Verb":"paid","OrderID":"order-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","preimageHash":"$h"},"Private":{"reference":"$J","proof":"$P"}}`},
	{"paid on chain",
		`{"kind":14,"content":"{\"orderId\":\"order-1\",\"totalAmount\":70000,\"type\":\"merchant\",\"invoiceStatus\":\"paid\",\"paymentRequest\":\"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2\",\"proof\":\"txid\"}","tags":[["p","$S"]]}`,
		`{"Verb":"paid","OrderID":"order-1","Public":{"amount":70000,"medium":"bitcoin"},"Private":{"reference":"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2","proof":"txid"}}`},
	{"paid with a preimage of another invoice",
		`{"kind":14,"content":"{\"orderId\":\"order-1\",\"totalAmount\":250000,\"type\":\"merchant\",\"invoiceStatus\":\"paid\",\"paymentRequest\":\"$I\",\"proof\":\"$P\"}","tags":[["p","$S"]]}`,
		`{"Verb":"paid","OrderID":"order-1","Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","preimageHash":"$h"},"Private":{"reference":"$I","proof":"$P"},"Flags":["proof-mismatch"]}`},
	{"paid somebody else",
		`{"kind":14,"content":"{\"orderId\":\"order-1\",\"totalAmount\":1000,\"type\":\"v4v\",\"invoiceStatus\":\"paid\",\"paymentId\":\"$nX\",\"paymentRequest\":\"$J\",\"proof\":\"$P\"}","tags":[["p","$S"]]}`,
		`{"Verb":"note","OrderID":"order-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","preimageHash":"$h","payee":"$X","code":"payment-leg-paid"},"Private":{"reference":"$J","proof":"$P"}}`},
	{"not paid",
		`{"kind":14,"content":"{\"orderId\":\"order-1\",\"totalAmount\":1000,\"type\":\"merchant\",\"invoiceStatus\":\"expired\",\"paymentRequest\":\"$J\",\"proof\":null}","tags":[["p","$S"]]}`,
		`{"Verb":"note","OrderID":"order-1","Public":{"amount":1000,"code":"expired"}}`},
	{"invoice of no order",
		`{"kind":14,"content":"{\"orderId\":\"\",\"invoiceStatus\":\"paid\"}","tags":[["p","$S"]]}`,
		`!bad-order-id`},
	{"confirmed",
		`{"kind":14,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"Order confirmed\",\"status\":\"confirmed\",\"paid\":true,\"shipped\":false}","tags":[["p","$B"]]}`,
		`{"Verb":"confirm","OrderID":"order-1"}`},
	{"shipped",
		`{"kind":14,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"by bicycle\",\"status\":\"shipped\",\"paid\":true,\"shipped\":true}","tags":[["p","$B"]]}`,
		`{"Verb":"shipped","OrderID":"order-1","Private":{"note":"by bicycle"}}`},
	{"received, which is not shipped",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"Order completed\",\"status\":\"completed\",\"paid\":true,\"shipped\":false}","tags":[["p","$S"]]}`,
		`{"Verb":"delivered","OrderID":"order-1"}`},
	{"cancelled",
		`{"kind":14,"content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"changed my mind\",\"status\":\"cancelled\",\"paid\":false,\"shipped\":false}","tags":[["p","$S"]]}`,
		`{"Verb":"cancel","OrderID":"order-1","Private":{"reason":"changed my mind"}}`},
	{"pending",
		`{"kind":14,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"Order is pending\",\"status\":\"pending\",\"paid\":false,\"shipped\":false}","tags":[["p","$B"]]}`,
		`{"Verb":"note","OrderID":"order-1","Public":{"code":"pending"}}`},
	{"a status it does not have",
		`{"kind":14,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":2,\"status\":\"resolved\",\"paid\":true}","tags":[["p","$B"]]}`,
		`{"Verb":"note","OrderID":"order-1","Public":{"code":"resolved"},"Flags":["unknown-status"]}`},
}

func TestOldPlebeianLife(t *testing.T) {
	const order = `{\"id\":\"order-1\",\"status\":\"pending\",\"type\":0,\"buyerUserId\":\"$B\",\"sellerUserId\":\"$S\",\"address\":\"1 Main St\",\"items\":[{\"product_id\":\"30018:$S:mug\",\"quantity\":2}]}`
	life{[]spoken{
		{`{"kind":4,"content":"` + order + `","tags":[["p","$S"]]}`, "$B $S"},
		{`{"kind":4,"content":"{\"id\":\"order-1\",\"payment_id\":\"pay-1\",\"type\":1,\"payment_options\":[{\"type\":\"ln\",\"link\":\"$J\",\"paymentRequest\":\"$J\"}]}","tags":[["p","$S"]]}`, "$B $S"},
		{`{"kind":4,"content":"{\"id\":\"inv-1\",\"orderId\":\"order-1\",\"totalAmount\":1000,\"type\":\"merchant\",\"invoiceStatus\":\"paid\",\"paymentId\":\"pay-1\",\"paymentRequest\":\"$J\",\"proof\":\"$P\"}","tags":[["p","$S"]]}`, "$B $S"},
		{`{"kind":4,"content":"{\"id\":\"inv-2\",\"orderId\":\"order-1\",\"totalAmount\":90,\"type\":\"v4v\",\"invoiceStatus\":\"paid\",\"paymentId\":\"$nX\",\"paymentRequest\":null,\"proof\":null}","tags":[["p","$S"]]}`, "$B $S"},
		{`{"kind":4,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"Order confirmed\",\"status\":\"confirmed\",\"paid\":true,\"shipped\":false}","tags":[["p","$B"]]}`, "$B $S"},
		{`{"kind":4,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"Order shipped\",\"status\":\"shipped\",\"paid\":true,\"shipped\":true}","tags":[["p","$B"]]}`, "$B $S"},
		{`{"kind":4,"pubkey":"$S","content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"Order shipped\",\"status\":\"shipped\",\"paid\":true,\"shipped\":true}","tags":[["p","$B"]]}`, "$B $S"},
		{`{"kind":4,"content":"{\"id\":\"order-1\",\"type\":2,\"message\":\"Order completed\",\"status\":\"completed\",\"paid\":true,\"shipped\":false}","tags":[["p","$S"]]}`, "$B $S"},
	}, `delivered, payment confirmed, 1090 sats, bound, parcel  
buyer intent
buyer note
buyer paid
buyer note
seller confirm
seller shipped
seller shipped
buyer delivered`}.check(t)
}

func FuzzOldPlebeian(f *testing.F) {
	for _, m := range oldPlebeianMessages {
		f.Add("p|$S", message(f, m.rumor).Rumor.Content)
	}
	f.Add("p|$R", `{"orderId":1e3,"invoiceStatus":"paid","totalAmount":-1,"type":"v4v","paymentId":"npub1"}`)
	f.Add("p|$S\norder|A", `{"id":[],"type":2,"status":{}}`)
	f.Fuzz(func(t *testing.T, tags, content string) {
		checkRead(t, fuzzed(kindChat, tags, content))
	})
}

func BenchmarkOldPlebeian(b *testing.B) { benchTable(b, oldPlebeianMessages) }
