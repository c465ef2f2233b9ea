package dialect

import "testing"

func TestNIP15Life(t *testing.T) {
	direct := func(author, content string) spoken {
		return spoken{letterOf(kindDirect, author, content), "$B $S"}
	}
	order := direct("$B", `{"address":"1 Main St","message":null,"contact":{"nostr":"$B"},"items":[{"product_id":"p1","quantity":2}],"shipping_id":"z1","type":0,"id":"o1"}`)
	invoice := direct("$S", `{"type":1,"id":"o1","message":"[Total: 1000.0 sat]","payment_options":[{"type":"ln","link":"$J"}]}`)
	paid := direct("$S", `{"type":2,"id":"o1","message":"Payment received.","paid":true,"shipped":false}`)
	shipped := direct("$S", `{"type":2,"id":"o1","message":"on its way","paid":true,"shipped":true}`)
	refusal := direct("$S", `{"type":1,"id":"o1","message":"Order received, but cannot be processed.","payment_options":[]}`)
	tests := []struct {
		name string
		life
	}{
		{"nostrmarket", life{[]spoken{
			order, invoice, paid, shipped,
			direct("$S", `{"type":2,"id":"o1","message":"any day now","paid":true,"shipped":true}`),
			direct("$B", `thank you`),
		}, `shipped, payment confirmed, 1000 sats, bound, parcel  
buyer intent
seller request
seller confirm
seller confirm
seller shipped
seller confirm
seller shipped
buyer note`}},
		{"shipped before it was paid", life{[]spoken{
			order, invoice,
			direct("$S", `{"type":2,"id":"o1","message":"on its way","paid":false,"shipped":true}`),
			direct("$S", `{"type":2,"id":"o1","message":"Payment received.","paid":true,"shipped":true}`),
		}, `shipped, payment confirmed, 1000 sats, bound, parcel  
buyer intent
seller request
seller shipped
seller confirm
seller shipped`}},
		{"a customer's own paid", life{[]spoken{
			order, invoice,
			direct("$B", `{"type":2,"id":"o1","message":"Payment received.","paid":true,"shipped":true}`),
			direct("$B", `{"type":1,"id":"o1","payment_options":[{"type":"ln","link":"$I"}]}`),
		}, `payment-requested, payment requested, 1000 sats, bound
buyer intent
seller request
buyer confirm: wrong-role
buyer shipped: wrong-role
buyer request: wrong-role`}},
		{"refused", life{[]spoken{order, refusal}, `cancelled, payment none, 0 sats, bound
buyer intent
seller cancel`}},
		{"a new invoice", life{[]spoken{
			order, invoice,
			direct("$S", `{"type":1,"id":"o1","message":"again","payment_options":[{"type":"ln","link":"$J"},{"type":"btc","link":"bc1qaddr"}]}`),
			paid,
		}, `processing, payment confirmed, 1000 sats, bound
buyer intent
seller request
seller request
seller confirm`}},
		{"plebeian-market's auction", life{[]spoken{
			direct("$S", `{"id":"o1","type":10,"items":[{"product_id":"a1","quantity":1}]}`),
			direct("$B", `{"id":"o1","stall_id":"st","type":0,"contact":{"nostr":"$B"},"shipping_id":"WORLD","address":"1 Main St"}`),
			direct("$S", `{"id":"o1","type":1,"message":"Please pay.","payment_options":[{"type":"btc","link":"bc1qaddr","amount_sats":1000},{"type":"ln","link":"$J","amount_sats":1000}]}`),
			direct("$S", `{"id":"o1","type":2,"paid":false,"shipped":false,"message":"Found transaction. Waiting for confirmation."}`),
			paid, shipped,
		}, `shipped, payment confirmed, 1000 sats, bound, parcel  
seller note
buyer intent
seller request
seller note
seller confirm
seller confirm
seller shipped`}},
		{"in gift wraps", life{[]spoken{
			{chat("$B", `{"id":"o1","type":0,"items":[{"product_id":"p1","quantity":1}],"shipping_id":"z1"}`), "$S"},
			{chat("$S", `{"id":"o1","type":1,"payment_options":[{"type":"ln","link":"$J"}]}`), "$B $S"},
			{chat("$S", `{"id":"o1","type":2,"message":"thanks","paid":true,"shipped":false}`), "$B"},
		}, `processing, payment confirmed, 1000 sats, bound
buyer intent
seller request
seller confirm`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.check)
	}
}

func FuzzNIP15(f *testing.F) {
	f.Add(`{"address":{"street":"x"},"message":null,"contact":{"nostr":"$nX","email":"a@b.example"},"items":[{"product_id":"30018:$X:p1","quantity":1e1}],"shipping_id":"z1","type":0,"id":"5fec"}`)
	f.Add(`{"id":"o1","type":"1","message":"x","payment_options":[{"type":"btc","link":"bc1q","amount_sats":"1"},{"type":"ln","link":"$I","amount_sats":2.5}]}`)
	f.Add(`{"id":"o1","type":1,"payment_options":[]}`)
	f.Add(`{"id":1,"type":2,"message":"x","paid":true,"shipped":true}`)
	f.Add(`{"id":"o1","type":10,"items":[]}`)
	f.Add(`{"id":"o1","type":-1,"message":"x"}`)
	f.Add(`{"id":"o1","message":"x","paid":true,"shipped":"no"}`)
	f.Fuzz(func(t *testing.T, content string) {
		checkRead(t, fuzzed(kindChat, "p|$S", cast.Replace(content)))
	})
}

func BenchmarkReadNIP15(b *testing.B) {
	r := New()
	for name, rumor := range map[string]string{
		"order":   chat("$B", `{"address":"1 Main St, Porto","message":null,"contact":{"nostr":null,"email":"a@b.example"},"items":[{"product_id":"p1","quantity":2},{"product_id":"p2","quantity":1}],"shipping_id":"z1","type":0,"id":"5fec"}`),
		"request": chat("$S", `{"type":1,"id":"o1","message":"[Total: 20.0 sat]","payment_options":[{"type":"ln","link":"$I"}]}`),
		"status":  chat("$S", `{"type":2,"id":"o1","message":"on its way","paid":true,"shipped":true}`),
	} {
		m := message(b, rumor)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Read(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
