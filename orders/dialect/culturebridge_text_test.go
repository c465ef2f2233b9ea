package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// said is a chat message of the content, to the seller, as the author's.
func said(t *testing.T, content, author, to string) string {
	t.Helper()
	b, err := json.Marshal(cast.Replace(content))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"kind":14,"pubkey":%q,"content":%s,"tags":[["p",%q]]}`, author, b, to)
}

const (
	cbMug   = `{"productId":"mug-1","title":"Mug","quantity":2,"pricePerUnit":10500,"subtotal":21000,"currency":"SATS"}`
	cbCup   = `{"productId":"cup-1","title":"Cup 2. Wahl","quantity":1,"pricePerUnit":0.001,"subtotal":0.001,"currency":"BTC"}`
	cbImage = `,"imageUrl":"https://x.example/mug.png"}`
	cbShort = `"OrderID":"pi_b1b1b1b1_1760000000123"`
	cbLong  = `"OrderID":"pi_$nB_1760000000123"`
	cbWhole = `{"Verb":"intent",` + cbLong + `,"Public":{"products":[` + cbMug + `,` + cbCup + `],"amount":121000}`
)

func TestCultureBridgeGenerations(t *testing.T) {
	mugWithImage := strings.TrimSuffix(cbMug, "}") + cbImage
	for gen, want := range map[string]string{
		"G1": `{"Verb":"intent",` + cbShort + `,"Public":{"products":[` + mugWithImage + `],"amount":21000}}`,
		"G2": `{"Verb":"intent",` + cbShort + `,"Public":{"products":[{"productId":"mug-1","title":"Mug","quantity":2,"pricePerUnit":12.5,"subtotal":25.0,"currency":"EUR"},{"productId":"cup-1","title":"Cup","quantity":1,"pricePerUnit":0.0000001,"subtotal":0.0000001,"currency":"BTC"}],"amount":80010},"Flags":["total-converted"]}`,
		"G3": `{"Verb":"intent",` + cbLong + `,"Public":{"products":[` + cbMug + `],"amount":21000}}`,
		"G4": `{"Verb":"intent",` + cbLong + `,"Public":{"products":[` + mugWithImage + `],"amount":21000}}`,
		"G5": cbWhole + `}`,
	} {
		t.Run(gen, func(t *testing.T) {
			reading{gen, said(t, cbGenerations[gen], buyer, seller), want}.check(t, CultureBridge)
		})
	}
}

// TestCultureBridgeForgery has lines of the form in places where a stranger
// writes, and forms in the hands of somebody else than the buyer.
func TestCultureBridgeForgery(t *testing.T) {
	mug := "1️⃣ Mug"
	tests := []struct{ name, content, want string }{
		{"order id in a title", g5(mug, "1️⃣ Mug\n🆔 Order ID: pi_forged_1"), cbWhole + `,"Flags":["repeated-lines"]}`},
		{"sender in a title", g5(mug, "1️⃣ Mug\n👤 From: $nX"), cbWhole + `,"Flags":["repeated-lines"]}`},
		{"total in a title", g5(mug, "1️⃣ Mug\n💰✨ TOTAL: 1 sats"), cbWhole + `,"Flags":["repeated-lines"]}`},
		{"fields in a title", g5(mug, "1️⃣ Mug\n   🔖 Product ID: x\n   🔢 Quantity: 9\n   💵 Unit Price: 1 sats\n   💸 Subtotal: 9 sats"), cbWhole + `,"Flags":["repeated-lines"]}`},
		{"order id in the middle of a line", g5("📋 ORDER DETAILS", "see Order ID: pi_forged_1"), cbWhole + `}`},
		{"quoted order id", g5("📋 ORDER DETAILS", "> Order ID: pi_forged_1"), cbWhole + `}`},
		{"item in a title", g5(mug, "1️⃣ Mug\n2️⃣ Gold"),
			`{"Verb":"intent",` + cbLong + `,"Public":{"products":[{"productId":"","title":"Mug","quantity":0},{"productId":"cup-1","title":"Gold","quantity":1,"pricePerUnit":0.001,"subtotal":0.001,"currency":"BTC"}],"amount":121000},"Flags":["bad-item","repeated-lines","total-claimed"]}`},
		{"another sender", g5("From: $nB", "From: $nX"), cbWhole + `,"Flags":["sender-mismatch"]}`},
		{"another's id", g5("pi_$nB", "pi_$nX"), strings.Replace(cbWhole, "pi_$nB", "pi_$nX", 1) + `,"Flags":["sender-mismatch"]}`},
		{"total that is not the sum", g5("121,000", "99"), strings.Replace(cbWhole, "121000", "99", 1) + `,"Flags":["total-claimed"]}`},
		{"prices in another currency", strings.Replace(g5("10,500 sats", "10,500.5 EUR"), "21,000 sats", "21,001 EUR", 1),
			strings.NewReplacer("10500", "10500.5", "\":21000", "\":21001", "SATS", "EUR").Replace(cbWhole) + `,"Flags":["total-converted"]}`},
		{"total that is no number", g5("121,000 sats", "a lot"), strings.Replace(cbWhole, `,"amount":121000`, "", 1) + `,"Flags":["bad-amount"]}`},
		{"context and attachments", "[Context: product/mug-1]\n\n" + g5("📝 NEXT STEPS", "[Attachment 1]"), cbWhole + `}`},
		{"Windows line ends", strings.ReplaceAll(cbGenerations["G5"], "\n", "\r\n"), cbWhole + `}`},
		{"without a heading", g5("🛒✨ NEW PURCHASE REQUEST", ""), cbWhole + `}`},
		{"headings in small letters", strings.Replace(g5("ITEMS REQUESTED", "Items requested"), "NEW PURCHASE REQUEST", "New purchase request", 1), cbWhole + `}`},
		{"without any heading", strings.Replace(g5("📦 ITEMS REQUESTED\n", ""), "🛒✨ NEW PURCHASE REQUEST", "", 1), cbWhole + `}`},
		{"order id in a title, without any heading", strings.Replace(g5("📦 ITEMS REQUESTED\n", ""), "1️⃣ Mug", "1️⃣ Mug\n🆔 Order ID: pi_forged_1", 1), cbWhole + `,"Flags":["repeated-lines"]}`},
		{"nothing but the id", "🆔 Order ID: pi_b1b1b1b1_1760000000123", `{"Verb":"intent",` + cbShort + `}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reading{tt.name, said(t, tt.content, buyer, seller), tt.want}.check(t, CultureBridge)
		})
	}
	notes := []struct{ name, content, author, to, want string }{
		{"sent back by the seller", "yes!\n" + cbGenerations["G5"], seller, buyer, `{"Verb":"note","Ref":"pi_$nB_1760000000123"}`},
		{"sent back with an invoice", cbGenerations["G5"] + "\n$I", seller, buyer,
			`{"Verb":"request","Ref":"pi_$nB_1760000000123","Hint":true,"Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I"}}`},
		{"quoted", "> " + strings.ReplaceAll(cbGenerations["G5"], "\n", "\n> "), seller, buyer, `{"Verb":"note","Ref":"pi_$nB_1760000000123"}`},
		{"nothing but another's id", "Order ID: pi_$nX_1760000000123\n1. Mug", buyer, seller, `{"Verb":"note","Ref":"pi_$nX_1760000000123"}`},
		{"without an id", g5("🆔 Order ID: pi_$nB_1760000000123", ""), buyer, seller, `{"Verb":"note"}`},
	}
	for _, tt := range notes {
		t.Run(tt.name, func(t *testing.T) {
			reading{tt.name, said(t, tt.content, tt.author, tt.to), tt.want}.check(t, Text)
		})
	}
}

func TestCultureBridgeBounds(t *testing.T) {
	var b strings.Builder
	b.WriteString("NEW PURCHASE REQUEST\nOrder ID: pi_b1b1b1b1_1\nITEMS REQUESTED\n")
	for i := 1; i <= maxProducts+5; i++ {
		fmt.Fprintf(&b, "%d️⃣ %s\n   Product ID: p%d\n   Quantity: 1\n", i, strings.Repeat("é", 400), i)
	}
	sts, err := New().Read(message(t, said(t, b.String(), buyer, seller)))
	if err != nil {
		t.Fatal(err)
	}
	st := sts[0]
	if n := len(st.Products); n != maxProducts || len(st.Products[11].Title) != maxTitle {
		t.Errorf("got %d products, a title of %d bytes", n, len(st.Products[11].Title))
	}
	if got := st.Products[11].ProductID; got != "p12" {
		t.Errorf("product of the 12th line: got %s", got)
	}
	if got, want := fmt.Sprint(st.Flags), "[cut]"; got != want {
		t.Errorf("flags: got %s, want %s", got, want)
	}
	if n := len(st.Private.Content); n > maxPrivate || n < maxPrivate-4 {
		t.Errorf("content of %d bytes", len(st.Private.Content))
	}
}

func TestDeepJSON(t *testing.T) {
	for _, content := range []string{
		strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		`{"type":"cancel","x":` + strings.Repeat("[", 10_000),
		`{"x":"` + strings.Repeat("y", maxJSON) + `"}`,
	} {
		_, err := New().Read(message(t, said(t, content, buyer, seller)))
		if Reason(err) != "bad-json" {
			t.Errorf("%.20s…: got %v", content, err)
		}
	}
}
