package dialect

import "testing"

func TestCultureBridgeJSON(t *testing.T) {
	for _, tt := range cbMessages {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, CultureBridge) })
	}
}

// The planned messages of CultureBridge, and what may be wrong with JSON.
var cbMessages = []reading{
	{"intent with the author's id of another",
		`{"kind":14,"content":"{\"type\": \"purchase-intent\", \"intentId\": \"pi_d4d4d4d4_1760000000123\", \"totalSats\": \"1,000\", \"products\": [{\"productId\": \"x\", \"title\": \"X\", \"quantity\": \"1\", \"price\": \"10\", \"currency\": \"SATS\"}, 7]}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"pi_d4d4d4d4_1760000000123","Public":{"products":[{"productId":"x","title":"X","quantity":1,"pricePerUnit":10,"subtotal":10,"currency":"SATS"}],"amount":1000},"Flags":["bad-item","sender-mismatch","total-claimed"]}`},
	{"intent without id or time",
		`{"kind":14,"content":"{\"type\": \"purchase-intent\", \"totalSats\": -5, \"cartId\": \"cart 1\", \"shippingAddress\": \"1 Main St\"}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"pi_b1b1b1b1_1760000000000","Public":{"checkoutId":"cart 1"},"Private":{"shippingAddress":"1 Main St"},"Flags":["bad-amount"]}`},
	{"behind a context line",
		`{"kind":14,"content":"[Context: product/mug-1]\n\n{\"type\": \"purchase-intent\", \"intentId\": \"A 1\", \"timestamp\": 1}","tags":[["p","$S"]]}`,
		`{"Verb":"intent","OrderID":"A%201"}`},
	{"purchase-response",
		`{"kind":14,"pubkey":"$S","content":"{\"type\": \"purchase-response\", \"intentTimestamp\": 1760000000123, \"stockConfirmed\": true, \"timestamp\": 1760000009999}","tags":[["p","$B"]]}`,
		`{"Verb":"note","Ref":"pi_b1b1b1b1_1760000000123"}`},
	{"payment-request",
		`{"kind":14,"pubkey":"$S","content":"{\"type\": \"payment-request\", \"intentId\": \"pi_1\", \"paymentLink\": \"$I\", \"shippingQuote\": 500, \"estimatedDelivery\": \"2025-10-25\", \"message\": \"thanks\"}","tags":[["p","$B"]]}`,
		`{"Verb":"request","OrderID":"pi_1","Public":{"amount":250000,"shippingQuote":500,"medium":"lightning","paymentHash":"$H","expiry":1496314718000,"eta":1761350400000},"Private":{"paymentLink":"$I","note":"thanks"}}`},
	{"payment-request, odd values",
		`{"kind":14,"pubkey":"$S","content":"{\"type\": \"payment-request\", \"saleId\": \"s-1\", \"paymentLink\": \"a@b.example\", \"amount\": \"ten\", \"estimatedDelivery\": \"soon\", \"expiresAt\": 1760003600}","tags":[["p","$B"]]}`,
		`{"Verb":"request","OrderID":"s-1","Public":{"medium":"lightning","expiry":1760003600000},"Private":{"paymentLink":"a@b.example"},"Flags":["bad-amount","bad-time"]}`},
	{"payment-and-address",
		`{"kind":14,"content":"{\"type\": \"payment-and-address\", \"saleId\": \"s-1\", \"paymentProof\": \"marked-paid\", \"shippingAddress\": {\"street\": \"1 Main St\", \"name\": \"Ana\", \"zip\": 4000, \"door\": \"b\", \"city\": \"Porto\", \"email\": \"a@b.example\"}, \"timestamp\": 1760000000123}","tags":[["p","$S"]]}`,
		`{"Verb":"paid","OrderID":"s-1","Private":{"shippingAddress":"Ana\n1 Main St\n4000\nPorto\ndoor: b","contact":{"email":"a@b.example"}}}`},
	{"payment with a preimage",
		`{"kind":14,"content":"{\"type\": \"payment-and-address\", \"saleId\": \"s-1\", \"paymentProof\": \"$P\", \"amount\": 21000.0, \"shippingAddress\": \"1 Main St\"}","tags":[["p","$S"]]}`,
		`{"Verb":"paid","OrderID":"s-1","Public":{"amount":21000,"medium":"lightning","preimageHash":"$h"},"Private":{"shippingAddress":"1 Main St","proof":"$P"}}`},
	{"payment-confirmed",
		`{"kind":14,"pubkey":"$S","content":"{\"type\": \"payment-confirmed\", \"saleId\": \"s-1\"}","tags":[["p","$B"]]}`,
		`{"Verb":"confirm","OrderID":"s-1"}`},
	{"shipping-update",
		`{"kind":14,"pubkey":"$S","content":"{\"type\": \"shipping-update\", \"saleId\": \"s-1\", \"carrier\": \"CTT\", \"trackingNumber\": \"RR1\", \"estimatedDelivery\": 1760600000000}","tags":[["p","$B"]]}`,
		`{"Verb":"shipped","OrderID":"s-1","Public":{"eta":1760600000000,"tracking":"RR1","carrier":"CTT"}}`},
	{"delivery-confirmation",
		`{"kind":14,"content":"{\"type\": \"delivery-confirmation\", \"saleId\": \"s-1\", \"received\": true, \"condition\": \"good\"}","tags":[["p","$S"]]}`,
		`{"Verb":"delivered","OrderID":"s-1","Private":{"note":"good"}}`},
	{"delivery denied",
		`{"kind":14,"content":"{\"type\": \"delivery-confirmation\", \"saleId\": \"s-1\", \"received\": false, \"condition\": \"crushed\"}","tags":[["p","$S"]]}`,
		`{"Verb":"note","OrderID":"s-1","Public":{"code":"not-received"},"Private":{"note":"crushed"}}`},
	{"cancel",
		`{"kind":14,"content":"{\"type\": \"cancel\", \"intentId\": \"pi_1\", \"reason\": \"too late\"}","tags":[["p","$S"]]}`,
		`{"Verb":"cancel","OrderID":"pi_1","Private":{"reason":"too late"}}`},
	{"dispute",
		`{"kind":14,"content":"{\"type\": \"dispute\", \"intentId\": \"pi_1\", \"reason\": \"broken\", \"extra\": {\"deep\": [1]}}","tags":[["p","$S"]]}`,
		`{"Verb":"dispute","OrderID":"pi_1","Private":{"reason":"broken"}}`},
	{"note",
		`{"kind":14,"content":"{\"type\": \"note\", \"saleId\": \"s-1\", \"note\": \"hello\"}","tags":[["p","$S"]]}`,
		`{"Verb":"note","OrderID":"s-1","Private":{"note":"hello"}}`},
	{"no id: one of the thread's",
		`{"kind":14,"pubkey":"$S","content":"{\"type\": \"shipping-update\", \"carrier\": \"CTT\", \"trackingNumber\": \"RR1\"}","tags":[["p","$B"]]}`,
		`{"Verb":"shipped","Public":{"tracking":"RR1","carrier":"CTT"}}`},
	{"key twice",
		`{"kind":14,"content":"{\"type\":\"cancel\",\"intentId\":\"a\",\"intentId\":\"b\"}","tags":[["p","$S"]]}`,
		`!bad-json`},
	{"key twice, further in",
		`{"kind":14,"content":"{\"type\":\"purchase-intent\",\"products\":[{\"price\":1,\"price\":2}]}","tags":[["p","$S"]]}`,
		`!bad-json`},
}
