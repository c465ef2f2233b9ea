package dialect

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/waybill-relay/waybill/orders"
)

// sealedAs is what a payload of NIP-44 looks like to who cannot read it.
func sealedAs(s string) string {
	return base64.StdEncoding.EncodeToString(slices.Concat([]byte{2}, []byte(s), make([]byte, 98)))
}

func posted(t testing.TB, rumor string) Message {
	t.Helper()
	m := message(t, rumor)
	m.Owner, m.Transport = "", orders.ByAPI
	return m
}

// TestPostedRead: what is written to be posted is what is read, and what is private
// in it is where nobody reads it.
func TestPostedRead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		from, d := draws{r}.draft()
		d.OrderID = rapid.StringMatching(`[A-Za-z0-9/ é]{0,20}x`).Draw(r, "id")
		d.OrderID = strings.TrimSpace(d.OrderID)
		if d.Shipping != "" {
			d.Shipping = "30406:" + seller + ":dhl"
		}
		if d.Verb == orders.Note && d.To == "" {
			d.To = seller
		}
		evt, err := ComposePosted(from, d, relayKey)
		if err != nil {
			r.Fatalf("compose: %v", err)
		}
		Seal(&evt, d.Private, map[string]string{buyer: sealedAs("b"), seller: sealedAs("s")})
		evt.ID = rumorID
		sts, err := New().Read(Message{Rumor: evt, Relay: relayKey, Transport: orders.ByAPI})
		if err != nil || len(sts) != 1 {
			r.Fatalf("read: %d statements, %v\n%v", len(sts), err, evt)
		}
		want := orders.Fact{
			ID: rumorID, Inboxes: []string{}, Transports: []orders.Transport{orders.ByAPI},
			Verb: d.Verb, Sender: from, Parties: []string{seller, buyer}, OrderID: orders.EscapeID(d.OrderID),
			At: d.At, Trust: orders.Bound, Dialect: Gamma, Public: d.Public, Carries: d.Private.Carries(),
			Leg: d.Verb == orders.Request,
		}
		if len(want.Products) == 0 {
			want.Products = nil
		}
		// The proof is not shown, so nothing is proven; the end of an invoice nobody reads.
		want.PreimageHash, want.ProofHash, want.Mint = "", "", ""
		switch d.Verb {
		case orders.Confirm, orders.Process, orders.Shipped, orders.Exception:
			want.As = orders.Seller
		}
		if len(want.Carries) > 0 {
			want.Box = &orders.Box{SealedBy: from, For: map[string]string{buyer: sealedAs("b"), seller: sealedAs("s")}}
		}
		if diff := diffJSON(t, sts[0], orders.Statement{Fact: want}); diff != "" {
			r.Fatalf("%s", diff)
		}
		text := evt.String()
		for _, secret := range slices.Concat([]string{
			d.Private.Content, d.Private.ShippingAddress, d.Private.PaymentLink, d.Private.Note,
			d.Private.Reason, d.Private.Resolution, d.Private.Reference, d.Private.Proof,
		}, slices.Collect(maps.Values(d.Private.Contact))) {
			if len(secret) > 8 && strings.Contains(text, secret) {
				r.Errorf("%q stands in %s", secret, text)
			}
		}
	})
}

func TestPostedRefuses(t *testing.T) {
	order := `["p","$S"],["order","A"],["type","1"],["item","30402:$S:mug","1"]`
	seals := `["private","note"],["sealed","$B","` + sealedAs("b") + `"],["sealed","$S","` + sealedAs("s") + `"]`
	status := `["p","$S"],["order","A"],["type","3"],["status","cancelled"]`
	asked := `["p","$S"],["order","A"],["type","2"]`
	tests := []struct{ name, rumor, reason, tag string }{
		{"good", `{"kind":16,"tags":[` + order + `,` + seals + `]}`, "", ""},
		{"for no other relay", `{"kind":16,"tags":[["-"],` + order + `]}`, "", ""},
		{"a medium", `{"kind":17,"tags":[["p","$S"],["order","A"],["payment","lightning"],["payment_hash","$H"]]}`, "", ""},

		{"words", `{"kind":16,"content":"hi","tags":[` + order + `]}`, "in-clear", "content"},
		{"an address", `{"kind":16,"tags":[` + order + `,["address","1 Main St"]]}`, "in-clear", "address"},
		{"a phone", `{"kind":16,"tags":[` + order + `,["phone","555"]]}`, "in-clear", "phone"},
		{"an e-mail", `{"kind":16,"tags":[` + order + `,["email","a@b.example"]]}`, "in-clear", "email"},
		{"a contact", `{"kind":16,"tags":[` + order + `,["contact","matrix","@x"]]}`, "in-clear", "contact"},
		{"a note", `{"kind":16,"tags":[` + order + `,["note","ring"]]}`, "in-clear", "note"},
		{"a reason", `{"kind":16,"tags":[` + status + `,["reason","no"]]}`, "in-clear", "reason"},
		{"a resolution", `{"kind":16,"tags":[` + status + `,["resolution","no"]]}`, "in-clear", "resolution"},
		{"a link", `{"kind":16,"tags":[` + asked + `,["payment","lightning","$I"]]}`, "in-clear", "payment"},
		{"a link alone", `{"kind":16,"tags":[` + asked + `,["payment","$I"]]}`, "bad-tag", "payment"},
		{"a preimage", `{"kind":17,"tags":[["p","$S"],["order","A"],["payment","lightning","","$P"]]}`, "in-clear", "payment"},
		{"a preimage's hash", `{"kind":17,"tags":[["p","$S"],["order","A"],["payment","lightning"],["preimage_hash","$h"]]}`, "in-clear", "preimage_hash"},
		{"a subject of one's own", `{"kind":16,"tags":[` + order + `,["subject","for Bob, 1 Main St"]]}`, "bad-tag", "subject"},
		{"a tag that nobody knows", `{"kind":16,"tags":[` + order + `,["x","y"]]}`, "in-clear", "x"},
		{"a status that nobody knows", `{"kind":16,"tags":[["p","$S"],["order","A"],["type","3"],["status","for Bob"]]}`, "bad-tag", "status"},
		{"no status", `{"kind":16,"tags":[["p","$S"],["order","A"],["type","3"]]}`, "bad-tag", "status"},
		{"a shipping option in words", `{"kind":16,"tags":[` + order + `,["shipping","to Bob"]]}`, "bad-tag", "shipping"},
		{"a currency in words", `{"kind":16,"tags":[` + order + `,["currency","Bob lives here"]]}`, "bad-tag", "currency"},
		{"an amount in words", `{"kind":16,"tags":[` + order + `,["amount","ten"]]}`, "bad-tag", "amount"},
		{"more than there is", `{"kind":16,"tags":[` + order + `,["amount","99999999999999999"]]}`, "bad-tag", "amount"},
		{"two amounts", `{"kind":16,"tags":[` + order + `,["amount","1"],["amount","2"]]}`, "bad-tag", "amount"},
		{"an item without a name", `{"kind":16,"tags":[` + order + `,["item"]]}`, "bad-tag", "item"},
		{"an item with more", `{"kind":16,"tags":[` + order + `,["item","mug","1","","Mug","1","SATS","1 Main St"]]}`, "bad-tag", "item"},
		{"a name for a party", `{"kind":16,"tags":[["p","$S","wss://x.example","Bob"],["order","A"],["type","1"]]}`, "bad-tag", "p"},
		{"a name for a relay", `{"kind":16,"tags":[["p","$S","Bob"],["order","A"],["type","1"]]}`, "bad-tag", "p"},
		{"an empty tag", `{"kind":16,"tags":[` + order + `,[]]}`, "bad-tag", ""},
		{"a type of another client", `{"kind":16,"tags":[["p","$S"],["order","A"],["type","order"]]}`, "bad-tag", "type"},
		{"a hash where nothing is paid", `{"kind":16,"tags":[` + status + `,["payment_hash","$H"]]}`, "bad-tag", "payment_hash"},
		{"no hash", `{"kind":16,"tags":[` + asked + `,["payment_hash","x"]]}`, "bad-tag", "payment_hash"},

		{"sealed, and nothing said to be", `{"kind":16,"tags":[` + order + `,["sealed","$B","` + sealedAs("b") + `"]]}`, "bad-seal", "private"},
		{"said to be sealed", `{"kind":16,"tags":[` + order + `,["private","note"]]}`, "bad-seal", "sealed"},
		{"a field of another verb", `{"kind":16,"tags":[` + status + `,["private","shippingAddress"],["sealed","$B","` + sealedAs("b") + `"]]}`, "bad-seal", "private"},
		{"a field twice", `{"kind":16,"tags":[` + order + `,["private","note","note"],["sealed","$B","` + sealedAs("b") + `"]]}`, "bad-seal", "private"},
		{"two lists of fields", `{"kind":16,"tags":[` + order + `,["private","note"],` + seals + `]}`, "bad-seal", "private"},
		{"sealed in clear", `{"kind":16,"tags":[` + order + `,["private","note"],["sealed","$B","1 Main St"]]}`, "bad-seal", "sealed"},
		{"sealed by an older cipher", `{"kind":16,"tags":[` + order + `,["private","note"],["sealed","$B","` + base64.StdEncoding.EncodeToString(make([]byte, 99)) + `"]]}`, "bad-seal", "sealed"},
		{"sealed to nobody", `{"kind":16,"tags":[` + order + `,["private","note"],["sealed","","` + sealedAs("b") + `"]]}`, "bad-seal", "sealed"},
		{"one reader twice", `{"kind":16,"tags":[` + order + `,` + seals + `,["sealed","$B","` + sealedAs("b") + `"]]}`, "bad-seal", "sealed"},

		{"chat", `{"kind":14,"tags":[["p","$S"],["order","A"]]}`, "not-an-order", ""},
		{"a repost", `{"kind":16,"tags":[` + order + `,["k","1"]]}`, "repost", ""},
		{"no recipient", `{"kind":16,"tags":[["order","A"],["type","1"]]}`, "no-recipient", ""},
		{"an order id twice", `{"kind":16,"tags":[` + order + `,["order","B"]]}`, "bad-tag", "order"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sts, err := New().Read(posted(t, tt.rumor))
			var tag *TagError
			errors.As(err, &tag)
			if Reason(err) != tt.reason || (tag != nil || tt.tag != "") && (tag == nil || tag.Tag != tt.tag) {
				t.Errorf("got %v (%v), want %s at %s", err, sts, tt.reason, tt.tag)
			}
			if err != nil && Words(err) == "" {
				t.Errorf("%v has no words", err)
			}
		})
	}
}

// FuzzPosted: what is taken says one thing, by its author, and holds nothing in clear
// that is not among the tags that are known to be public.
func FuzzPosted(f *testing.F) {
	f.Add(16, "p|$S\nsubject|order-info\ntype|1\norder|A-100\namount|21,000.00\nitem|30402:$S:mug|2|https://x.example/i|Mug|10.50|EUR\nprivate|note\nsealed|$B|"+sealedAs("b"), "")
	f.Add(16, "p|$R\nbuyer|$B\nseller|$S\norder|A\ntype|3\nstatus|resolved\noutcome|resume", "")
	f.Add(16, "p|$S\norder|A\ntype|2\npayment|lightning\npayment_hash|$H\nexpiration|1760000000\neta|9e9", "")
	f.Add(17, "p|$S\norder|A\npayment|ln\nnonce|1|20\n-", "")
	f.Fuzz(func(t *testing.T, kind int, tags, content string) {
		m := fuzzed(kind, tags, content)
		m.Owner, m.Transport = "", orders.ByAPI
		sts, err := New().Read(m)
		if err != nil {
			return
		}
		if len(sts) != 1 || content != "" || len(sts[0].Private.Carries()) > 0 || (sts[0].Box == nil) != (len(sts[0].Carries) == 0) {
			t.Errorf("%d statements, %+v", len(sts), sts[0])
		}
		for _, tag := range m.Rumor.Tags {
			if _, known := publicTags[tag[0]]; !known && tag[0] != "sealed" && tag[0] != "private" {
				t.Errorf("the tag %q was taken", tag[0])
			}
		}
		sts[0].Carries, sts[0].Box = nil, nil // its author sealed it
		checkInvariants(t, m, sts[0])
	})
}
