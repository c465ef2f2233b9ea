package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// chat makes a rumor of kind 14 whose content is JSON, from the buyer ("$B") to
// the seller or the other way round.
func chat(author, content string) string { return letterOf(kindChat, author, content) }

func letterOf(kind int, author, content string) string {
	to := "$S"
	if author == to {
		to = "$B"
	}
	quoted, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"kind":%d,"pubkey":"%s","content":%s,"tags":[["p","%s"]]}`, kind, author, quoted, to)
}

func TestNIP15(t *testing.T) {
	for _, tt := range nip15Messages {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, NIP15) })
	}
}

// What nostrmarket, its market page, and plebeian-market write, and what may be
// wrong with it.
var nip15Messages = []reading{
	{"order of the market page",
		chat("$B", `{"address":"1 Main St, Porto","message":"ring twice","contact":{"nostr":null,"email":"a@b.example"},"items":[{"product_id":"p1","quantity":2},{"product_id":"p2","quantity":1}],"shipping_id":"z1","type":0,"id":"5fec"}`),
		`{"Verb":"intent","OrderID":"5fec","Public":{"products":[{"productId":"p1","title":"","quantity":2},{"productId":"p2","title":"","quantity":1}],"shipping":"z1"},"Private":{"shippingAddress":"1 Main St, Porto","contact":{"email":"a@b.example"},"note":"ring twice"}}`},
	{"order of the market page, form left empty",
		chat("$B", `{"address":null,"message":null,"contact":{"nostr":null,"email":null},"items":[{"product_id":"p1","quantity":1}],"shipping_id":"z1","type":0,"id":"5fec"}`),
		`{"Verb":"intent","OrderID":"5fec","Public":{"products":[{"productId":"p1","title":"","quantity":1}],"shipping":"z1"}}`},
	{"order of plebeian-market",
		chat("$B", `{"id":"7b0e4c1e-0000-4000-8000-000000000001","stall_id":"st","type":0,"contact":{"nostr":"$B","phone":"1","email":"a@b.example"},"items":[{"product_id":"p1","quantity":1}],"shipping_id":"WORLD","name":"Ana","address":"1 Main St\nPorto","message":"hello"}`),
		`{"Verb":"intent","OrderID":"7b0e4c1e-0000-4000-8000-000000000001","Public":{"products":[{"productId":"p1","title":"","quantity":1}],"shipping":"WORLD"},"Private":{"shippingAddress":"1 Main St\nPorto","contact":{"email":"a@b.example","name":"Ana","phone":"1"},"note":"hello"}}`},
	{"order for an auction that was won",
		chat("$B", `{"id":"o1","stall_id":"st","type":0,"contact":{"nostr":"$B"},"shipping_id":"WORLD"}`),
		`{"Verb":"intent","OrderID":"o1","Public":{"shipping":"WORLD"}}`},
	{"contact beside, not in contact",
		chat("$B", `{"id":"o1","type":0,"items":[],"name":"Ana","phone":5550100,"email":"a@b.example","nostr":"$nB","contact":"telegram @ana"}`),
		`{"Verb":"intent","OrderID":"o1","Private":{"contact":{"contact":"telegram @ana","email":"a@b.example","name":"Ana","phone":"5550100"}}}`},
	{"address in lines, and in contact",
		chat("$B", `{"id":"o1","type":0,"items":[],"contact":{"address":{"name":"Ana","street":"1 Main St","zip":"4000","city":"Porto"}}}`),
		`{"Verb":"intent","OrderID":"o1","Private":{"shippingAddress":"Ana\n1 Main St\n4000\nPorto"}}`},
	{"another npub to talk to",
		chat("$B", `{"id":"o1","type":0,"items":[],"contact":{"nostr":"$nX"}}`),
		`{"Verb":"intent","OrderID":"o1","Private":{"contact":{"nostr":"$nX"}},"Flags":["sender-mismatch"]}`},
	{"another's key",
		chat("$B", `{"id":"o1","type":0,"items":[],"contact":{"nostr":"$X"}}`),
		`{"Verb":"intent","OrderID":"o1","Private":{"contact":{"nostr":"$X"}},"Flags":["sender-mismatch"]}`},
	{"the author's own key, upper case",
		chat("$B", `{"id":"o1","type":0,"items":[],"contact":{"nostr":"`+strings.ToUpper(buyer)+`"}}`),
		`{"Verb":"intent","OrderID":"o1"}`},
	{"no key at all",
		chat("$B", `{"id":"o1","type":0,"items":[],"contact":{"nostr":"ana@x.example"}}`),
		`{"Verb":"intent","OrderID":"o1","Private":{"contact":{"nostr":"ana@x.example"}}}`},
	{"type as text, id as number",
		chat("$B", `{"id":42,"type":"0","items":[{"product_id":7,"quantity":"3"}]}`),
		`{"Verb":"intent","OrderID":"42","Public":{"products":[{"productId":"7","title":"","quantity":3}]}}`},
	{"no type: before June 2023",
		chat("$B", `{"id":"o1","items":[{"product_id":"p1","quantity":1}],"shipping_id":"z1","address":"1 Main St"}`),
		`{"Verb":"intent","OrderID":"o1","Public":{"products":[{"productId":"p1","title":"","quantity":1}],"shipping":"z1"},"Private":{"shippingAddress":"1 Main St"}}`},
	{"items of every kind",
		chat("$B", `{"id":"o/1 ?","type":0,"items":[{"product_id":"30018:$S:mug","quantity":1},{"product_id":"30018:$X:cup","quantity":-1},{"quantity":1.5},7,{"product_id":"a\u0000\u202eb"}],"shipping_id":"z\n1"}`),
		`{"Verb":"intent","OrderID":"o%2F1%20%3F","Public":{"products":[{"productId":"mug","title":"","quantity":1},{"productId":"cup","title":"","quantity":0},{"productId":"","title":"","quantity":0},{"productId":"ab","title":"","quantity":1}],"shipping":"z 1"},"Flags":["bad-item","foreign-item"]}`},
	{"members of the wrong type",
		chat("$B", `{"id":"o1","type":0,"items":"p1","shipping_id":{},"address":[1],"contact":[{}],"message":{"a":1}}`),
		`{"Verb":"intent","OrderID":"o1"}`},

	{"invoice of nostrmarket",
		chat("$S", `{"type":1,"id":"o1","message":"[Mug: 2 x (10.0 + 0) = 20.0 sat] [Total: 20.0 sat]","payment_options":[{"type":"ln","link":"$I"}]}`),
		`{"Verb":"request","OrderID":"o1","Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I","note":"[Mug: 2 x (10.0 + 0) = 20.0 sat] [Total: 20.0 sat]"}}`},
	{"two ways to pay of plebeian-market",
		chat("$S", `{"id":"o1","type":1,"message":"Please pay.","payment_options":[{"type":"btc","link":"bc1qaddr","amount_sats":250000},{"type":"ln","link":"$I","amount_sats":250000}]}`),
		`{"Verb":"request","OrderID":"o1","Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I","note":"Please pay.","reference":"bitcoin bc1qaddr"}}`},
	{"every way to pay",
		chat("$S", `{"id":"o1","type":1,"payment_options":[{"type":"url","link":"https://pay.example/1"},{"type":"cashu","link":"creqA"},{"type":"btc","link":"bc1qaddr"},{"type":"lnurl","link":"a@b.example"},{"link":"lightning:$J"},null,{"type":"ln"},{"type":"ln","link":7}]}`),
		`{"Verb":"request","OrderID":"o1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","expiry":1760003600000},"Private":{"paymentLink":"lightning:$J","reference":"lightning a@b.example\nlightning 7\nbitcoin bc1qaddr\necash creqA\nother https://pay.example/1"}}`},
	{"amount of another invoice",
		chat("$S", `{"id":"o1","type":1,"payment_options":[{"type":"ln","link":"$I","amount_sats":1}]}`),
		`{"Verb":"request","OrderID":"o1","Public":{"amount":1,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I"},"Flags":["invoice-mismatch"]}`},
	{"amount that is none",
		chat("$S", `{"id":"o1","type":1,"payment_options":[{"type":"btc","link":"bc1qaddr","amount_sats":-5}]}`),
		`{"Verb":"request","OrderID":"o1","Public":{"medium":"bitcoin"},"Private":{"paymentLink":"bc1qaddr"},"Flags":["bad-amount"]}`},
	{"refusal",
		chat("$S", `{"type":1,"id":"o1","message":"Order received, but cannot be processed.","payment_options":[]}`),
		`{"Verb":"cancel","OrderID":"o1","Private":{"reason":"Order received, but cannot be processed."}}`},
	{"refusal without a word",
		chat("$S", `{"type":1,"id":"o1","message":null,"payment_options":[]}`),
		`{"Verb":"cancel","OrderID":"o1"}`},
	{"options that are no list refuse nothing",
		chat("$S", `{"type":1,"id":"o1","message":"pay at the counter","payment_options":null}`),
		`{"Verb":"request","OrderID":"o1","Private":{"note":"pay at the counter"}}`},
	{"no type: an invoice",
		chat("$S", `{"id":"o1","message":null,"payment_options":[{"type":"ln","link":"$I"}]}`),
		`{"Verb":"request","OrderID":"o1","Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I"}}`},

	{"paid",
		chat("$S", `{"type":2,"id":"o1","message":"Payment received.","paid":true,"shipped":false}`),
		`{"Verb":"confirm","OrderID":"o1","Private":{"note":"Payment received."}}`},
	{"paid and shipped",
		chat("$S", `{"type":2,"id":"o1","message":"on its way","paid":true,"shipped":true}`),
		`{"Verb":"confirm","OrderID":"o1","Private":{"note":"on its way"}}
{"Verb":"shipped","OrderID":"o1"}`},
	{"shipped, not paid",
		chat("$S", `{"type":2,"id":"o1","message":"on its way","paid":false,"shipped":true}`),
		`{"Verb":"shipped","OrderID":"o1","Private":{"note":"on its way"}}`},
	{"neither: the words tell",
		chat("$S", `{"id":"o1","type":2,"paid":false,"shipped":false,"message":"Order expired."}`),
		`{"Verb":"note","OrderID":"o1","Private":{"note":"Order expired."}}`},
	{"booleans that are none",
		chat("$S", `{"id":"o1","type":2,"paid":"true","shipped":1}`),
		`{"Verb":"note","OrderID":"o1","Flags":["unknown-status"]}`},
	{"one of two",
		chat("$S", `{"id":"o1","type":2,"paid":true,"shipped":null}`),
		`{"Verb":"confirm","OrderID":"o1"}`},
	{"no type: a status",
		chat("$S", `{"id":"o1","message":"Payment received.","paid":true,"shipped":false}`),
		`{"Verb":"confirm","OrderID":"o1","Private":{"note":"Payment received."}}`},

	{"an auction is won",
		chat("$S", `{"id":"o1","type":10,"items":[{"product_id":"a1","quantity":1}]}`),
		`{"Verb":"note","OrderID":"o1","Public":{"code":"auction-won"}}`},
	{"plain words",
		chat("$B", `{"id":"o1","type":-1,"message":"is it blue?"}`),
		`{"Verb":"note","OrderID":"o1","Private":{"note":"is it blue?"}}`},
	{"a group",
		`{"kind":14,"content":"{\"id\":\"o1\",\"type\":2,\"paid\":true}","tags":[["p","$S"],["p","$X"]]}`,
		`!group-message`},
	{"key twice",
		chat("$S", `{"id":"o1","type":2,"paid":false,"paid":true}`),
		`!bad-json`},
	{"too deep",
		chat("$B", `{"id":"o1","type":0,"items":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`}`),
		`!bad-json`},
}

// TestNIP15Leaves holds what is read by others: a note, words of a type,
// the fields of Plebeian's old app, and JSON that only looks alike.
func TestNIP15Leaves(t *testing.T) {
	order := `{"id":"o1","type":0,"items":[{"product_id":"p1","quantity":1}],"shipping_id":"z1"`
	tests := []struct{ name, rumor string }{
		{"a note on an order", `{"kind":14,"content":"{\"id\":\"o1\",\"type\":2,\"paid\":true}","tags":[["p","$S"],["order","o1"],["status","note"]]}`},
		{"a type in words", chat("$B", `{"id":"o1","type":"cancel","items":[],"paid":true}`)},
		{"no id", chat("$B", `{"type":0,"items":[{"product_id":"p1","quantity":1}],"shipping_id":"z1"}`)},
		{"an empty id", chat("$B", `{"id":"","type":0,"items":[]}`)},
		{"nothing but a number and an id", chat("$B", `{"id":"o1","type":0}`)},
		{"another number", chat("$B", `{"id":"o1","type":3,"items":[]}`)},
		{"no type, and too little", chat("$B", `{"id":"o1","items":[]}`)},
		{"no type, words alone", chat("$B", `{"id":"o1","message":"x"}`)},
		{"the buyer of Plebeian's old app", chat("$B", order+`,"buyerUserId":"$B"}`)},
		{"its seller", chat("$B", order+`,"sellerUserId":"$S"}`)},
		{"its stall", chat("$B", order+`,"stallId":"30017:$S:st"}`)},
		{"its contact", chat("$B", order+`,"contactName":"Ana"}`)},
		{"its request", chat("$S", `{"id":"o1","payment_id":"pd-1","type":1,"payment_options":[{"type":"ln","link":"$I"}]}`)},
		{"its status", chat("$S", `{"id":"o1","type":2,"status":"cancelled","paid":true,"shipped":false}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sts, err := New().Read(message(t, tt.rumor))
			if err != nil || len(sts) == 0 {
				t.Fatalf("got %d statements, error %v", len(sts), err)
			}
			if sts[0].Dialect == NIP15 {
				t.Errorf("read as NIP-15: %s", shown(t, sts[0]))
			}
		})
	}
}

// TestNIP15Standing: what a type 2 says are states, and its words are said once.
func TestNIP15Standing(t *testing.T) {
	m := message(t, letterOf(kindDirect, "$S", `{"type":2,"id":"o1","message":"on its way","paid":true,"shipped":true}`))
	sts, err := New(WithDirectMessages()).Read(m)
	if err != nil || len(sts) != 2 {
		t.Fatalf("got %d statements, error %v", len(sts), err)
	}
	for n, st := range sts {
		if !st.Standing || st.N != n || (st.Private.Content != "") != (n == 0) {
			t.Errorf("statement %d: standing %v, n %d, content %q", n, st.Standing, st.N, st.Private.Content)
		}
	}
	if _, err := New().Read(m); Reason(err) != string(ErrNotAnOrder) {
		t.Errorf("kind 4 where it is not wanted: got %v", err)
	}
}
