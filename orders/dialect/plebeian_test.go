package dialect

import (
	"slices"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestPlebeian(t *testing.T) {
	for _, tt := range plebeianMessages {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, Plebeian) })
	}
}

// Today's app.
var plebeianMessages = []reading{
	{"order in the open",
		`{"kind":16,"content":"Order created","tags":[["p","$S"],["subject","order-info"],["type","1"],["order","u-1"],["amount","21000"],["item","30402:$S:mug","2"],["item","30402:$S:cup","1"],["shipping","30406:$S:dhl"]]}`,
		`{"Verb":"intent","OrderID":"u-1","Public":{"products":[{"productId":"mug","title":"","quantity":2},{"productId":"cup","title":"","quantity":1}],"amount":21000,"shipping":"30406:$S:dhl"}}`},
	{"its other part, with where to deliver",
		`{"kind":16,"tags":[["p","$S"],["subject","order-info"],["type","1"],["order","u-1"],["amount","21000"],["item","30402:$S:mug","2"],["item","30402:$S:cup","1"],["shipping","30406:$S:dhl"],["name","Ana"],["address","1 Main St\n\nPorto\n4000-001\nPortugal"],["email","ana@x.example"],["phone","+351 1"]]}`,
		`{"Verb":"intent","OrderID":"u-1","Public":{"products":[{"productId":"mug","title":"","quantity":2},{"productId":"cup","title":"","quantity":1}],"amount":21000,"shipping":"30406:$S:dhl"},"Private":{"shippingAddress":"1 Main St\n\nPorto\n4000-001\nPortugal","contact":{"email":"ana@x.example","name":"Ana","phone":"+351 1"}}}`},
	{"order of before, delivery and notes in the open",
		`{"kind":16,"content":"Order for 2 items","tags":[["p","$S"],["subject","Order u-1"],["type","1"],["order","u-1"],["amount","21000"],["item","30402:$S:mug","2"],["address","Ana\n1 Main St\nPorto"],["email","ana@x.example"],["notes","ring twice"]]}`,
		`{"Verb":"intent","OrderID":"u-1","Public":{"products":[{"productId":"mug","title":"","quantity":2}],"amount":21000},"Private":{"shippingAddress":"Ana\n1 Main St\nPorto","contact":{"email":"ana@x.example"},"note":"ring twice"}}`},
	{"price in a currency that is not named",
		`{"kind":16,"content":"Order created","tags":[["p","$S"],["type","1"],["order","u-1"],["amount","21000.00"],["item","30402:$S:mug","2"]]}`,
		`{"Verb":"intent","OrderID":"u-1","Public":{"products":[{"productId":"mug","title":"","quantity":2}],"amount":21000},"Flags":["total-claimed"]}`},
	{"price that cannot be sats",
		`{"kind":16,"content":"Order created","tags":[["p","$S"],["type","1"],["order","u-1"],["amount","12.50"],["item","30402:$S:mug","2"]]}`,
		`{"Verb":"intent","OrderID":"u-1","Public":{"products":[{"productId":"mug","title":"","quantity":2}]},"Flags":["bad-amount"]}`},
	{"order of somebody else's goods",
		`{"kind":16,"content":"Order created","tags":[["p","$S"],["type","1"],["order","u-1"],["amount","1"],["item","30402:$X:mug","2"]]}`,
		`{"Verb":"intent","OrderID":"u-1","Public":{"products":[{"productId":"mug","title":"","quantity":2}],"amount":1},"Flags":["foreign-item"]}`},
	{"order of two ids",
		`{"kind":16,"content":"Order created","tags":[["p","$S"],["type","1"],["order","u-1"],["order","u-2"]]}`,
		`!bad-order-id`},
	{"order to two sellers",
		`{"kind":16,"content":"Order created","tags":[["p","$S"],["p","$X"],["type","1"],["order","u-1"]]}`,
		`!group-message`},
	{"the buyer is to pay the seller",
		`{"kind":16,"content":"Payment for order u-1","tags":[["p","$B"],["recipient","$S"],["subject","order-payment"],["type","2"],["order","u-1"],["amount","19100"],["payment","lightning","bob@x.example"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"amount":19100,"medium":"lightning","payee":"$S","code":"payment-leg"},"Private":{"paymentLink":"bob@x.example"}}`},
	{"the buyer is to pay somebody else, nobody knows how",
		`{"kind":16,"content":"V4V share for order u-1 (9.0%) - payment details pending","tags":[["p","$B"],["recipient","$X"],["subject","order-payment"],["type","2"],["order","u-1"],["amount","1900"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"amount":1900,"payee":"$X","code":"payment-leg"}}`},
	{"an invoice among the buyer's legs is not the seller's",
		`{"kind":16,"content":"Payment for order u-1","tags":[["p","$B"],["recipient","$S"],["type","2"],["order","u-1"],["amount","1000"],["payment","lightning","$J"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","payee":"$S","expiry":1760003600000,"code":"payment-leg"},"Private":{"paymentLink":"$J"}}`},
	{"the seller asks to pay somebody else",
		`{"kind":16,"pubkey":"$S","content":"and the artist, please","tags":[["p","$B"],["recipient","$X"],["type","2"],["order","u-1"],["amount","5"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"amount":5,"payee":"$X","code":"payment-leg"}}`},
	{"the seller asks for his own",
		`{"kind":16,"pubkey":"$S","content":"Payment request for your order","tags":[["p","$B"],["recipient","$S"],["type","2"],["order","u-1"],["amount","5"],["payment","lightning","bob@x.example"]]}`,
		`{"Verb":"request","OrderID":"u-1","Public":{"amount":5,"medium":"lightning"},"Private":{"paymentLink":"bob@x.example"}}`},
	{"two recipients",
		`{"kind":16,"tags":[["p","$B"],["recipient","$S"],["recipient","$X"],["type","2"],["order","u-1"],["amount","5"]]}`,
		`!bad-key`},
	{"a recipient that is nobody",
		`{"kind":16,"tags":[["p","$B"],["recipient"],["type","2"],["order","u-1"],["amount","5"]]}`,
		`!bad-key`},
	{"confirmed",
		`{"kind":16,"pubkey":"$S","content":"Order status updated to confirmed","tags":[["p","$B"],["subject","order-info"],["type","3"],["order","u-1"],["status","confirmed"]]}`,
		`{"Verb":"confirm","OrderID":"u-1"}`},
	{"received",
		`{"kind":16,"content":"Order status updated to completed","tags":[["p","$S"],["subject","order-info"],["type","3"],["order","u-1"],["status","completed"]]}`,
		`{"Verb":"delivered","OrderID":"u-1","SellerDelivers":true}`},
	{"cancelled, no reason given",
		`{"kind":16,"content":"Order status updated to cancelled","tags":[["p","$S"],["subject","order-info"],["type","3"],["order","u-1"],["status","cancelled"]]}`,
		`{"Verb":"cancel","OrderID":"u-1"}`},
	{"a sentence and a status that differ",
		`{"kind":16,"content":"Order status updated to cancelled","tags":[["p","$S"],["type","3"],["order","u-1"],["status","teleported"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"code":"teleported"},"Flags":["unknown-status"]}`},
	{"shipped, with an address to follow it",
		`{"kind":16,"pubkey":"$S","content":"Order has been shipped","tags":[["p","$B"],["subject","shipping-info"],["type","4"],["order","u-1"],["status","shipped"],["tracking","https://carrier.example/track?lang=en&tracknumbers=1Z999AA10123456784&from=the-page-of-an-order&campaign=none"]]}`,
		`{"Verb":"shipped","OrderID":"u-1","Public":{"tracking":"https://carrier.example/track?lang=en&tracknumbers=1Z999AA10123456784&from=the-page-of-an-order&campaign=none"}}`},
	{"shipped, with a number after all",
		`{"kind":16,"pubkey":"$S","content":"Order has been shipped","tags":[["p","$B"],["type","4"],["order","u-1"],["status","shipped"],["tracking","1Z9"]]}`,
		`{"Verb":"shipped","OrderID":"u-1","Public":{"tracking":"1Z9"}}`},
	{"trouble on the way, not said which",
		`{"kind":16,"pubkey":"$S","content":"Shipping status updated to exception","tags":[["p","$B"],["type","4"],["order","u-1"],["status","exception"],["carrier","UPS"]]}`,
		`{"Verb":"exception","OrderID":"u-1","Public":{"carrier":"UPS"}}`},
	{"paid the seller",
		`{"kind":17,"content":"Seller payment for 2 items","tags":[["p","$S"],["subject","order-receipt"],["order","u-1"],["payment","lightning","$J","$P"],["amount","1000"]]}`,
		`{"Verb":"paid","OrderID":"u-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","preimageHash":"$h"},"Private":{"reference":"$J","proof":"$P"}}`},
	{"paid, with the id of a zap receipt for a proof",
		`{"kind":17,"content":"Merchant Payment","tags":[["p","$S"],["subject","order-receipt"],["order","u-1"],["payment","lightning","$J","$X"],["amount","1000"]]}`,
		`{"Verb":"paid","OrderID":"u-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h"},"Private":{"reference":"$J","proof":"$X"}}`},
	{"paid, the wallet says",
		`{"kind":17,"content":"Merchant Payment","tags":[["p","$S"],["order","u-1"],["payment","lightning","$J",""],["amount","999"]]}`,
		`{"Verb":"paid","OrderID":"u-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h"},"Private":{"reference":"$J"},"Flags":["paid-mismatch"]}`},
	{"paid somebody else, from the checkout",
		`{"kind":17,"content":"V4V payment to Carol","tags":[["p","$X"],["subject","order-receipt"],["order","u-1"],["payment","lightning","","external-payment"],["amount","1900"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"amount":1900,"medium":"lightning","payee":"$X","code":"payment-leg-paid"}}`},
	{"paid somebody else, from the page of the order",
		`{"kind":17,"content":"V4V Community Payment","tags":[["p","$X"],["subject","order-receipt"],["order","u-1"],["payment","lightning","$J","$P"],["amount","1000"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","preimageHash":"$h","payee":"$X","code":"payment-leg-paid"},"Private":{"reference":"$J","proof":"$P"}}`},
	{"paid somebody else twice at once",
		`{"kind":17,"content":"V4V payment to Carol\nand Dave","tags":[["p","$X"],["order","u-1"],["payment","lightning","$J","$P"],["payment","fiat","till","slip"],["amount","1500"]]}`,
		`{"Verb":"note","OrderID":"u-1","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","preimageHash":"$h","payee":"$X","code":"payment-leg-paid"},"Private":{"reference":"$J","proof":"$P"}}
{"Verb":"note","OrderID":"u-1","Public":{"amount":500,"medium":"fiat","payee":"$X","code":"payment-leg-paid"},"Private":{"reference":"till","proof":"slip"}}`},
	{"paid for an order that the checkout did not know",
		`{"kind":17,"content":"Seller payment for 1 items","tags":[["p","$S"],["order","unknown-order"],["payment","lightning","",""],["amount","5"]]}`,
		`{"Verb":"paid","Public":{"amount":5,"medium":"lightning"}}`},
	{"paid somebody else for an order that the checkout did not know",
		`{"kind":17,"content":"V4V payment to Carol","tags":[["p","$X"],["order","temp-order"],["payment","lightning","",""],["amount","5"]]}`,
		`!bad-order-id`},
	{"paid for the event of an order",
		`{"kind":17,"content":"Payment confirmation for order","tags":[["p","$S"],["subject","order-receipt"],["order","$X"],["payment","fiat","unknown",""],["amount","21000.00"]]}`,
		`{"Verb":"paid","Ref":"$X","Public":{"amount":21000,"medium":"fiat"}}`},
	{"paid to nobody",
		`{"kind":17,"content":"Merchant Payment","tags":[["p",""],["order","u-1"],["payment","lightning","",""],["amount","5"]]}`,
		`!bad-key`},
}

// What is not Plebeian's goes on to the rows behind it.
func TestNotPlebeian(t *testing.T) {
	tests := []struct{ name, rumor string }{
		{"a type 2 without recipient", `{"kind":16,"pubkey":"$S","content":"Payment request for your order","tags":[["p","$B"],["type","2"],["order","u-1"]]}`},
		{"a reason typed by hand", `{"kind":16,"content":"changed my mind","tags":[["p","$S"],["type","3"],["order","u-1"],["status","cancelled"]]}`},
		{"a sentence in the wrong place", `{"kind":16,"content":"Order created","tags":[["p","$S"],["type","3"],["order","u-1"],["status","cancelled"]]}`},
		{"an address of one line", `{"kind":16,"tags":[["p","$S"],["type","1"],["order","u-1"],["address","1 Main St"]]}`},
		{"a receipt in other words", `{"kind":17,"content":"Payment confirmation","tags":[["p","$S"],["order","u-1"],["payment","lightning","",""]]}`},
		{"NIP-15's order", `{"kind":14,"content":"{\"type\":0,\"id\":\"o\",\"items\":[]}","tags":[["p","$S"]]}`},
		{"NIP-15's request", `{"kind":14,"content":"{\"type\":1,\"id\":\"o\",\"payment_options\":[]}","tags":[["p","$S"]]}`},
		{"NIP-15's status", `{"kind":14,"content":"{\"type\":2,\"id\":\"o\",\"paid\":true,\"status\":null}","tags":[["p","$S"]]}`},
		{"words", `{"kind":14,"content":"sellerUserId","tags":[["p","$S"]]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sts, err := New().Read(message(t, tt.rumor))
			if err != nil {
				t.Fatal(err)
			}
			if sts[0].Dialect == Plebeian {
				t.Errorf("got %+v", sts[0])
			}
		})
	}
}

// A leg is between its buyer and nobody, so that no order with a payee begins.
func TestPlebeianLegsNameTheBuyerAlone(t *testing.T) {
	tests := []struct {
		name, rumor string
		want        []string
	}{
		{"asked", `{"kind":16,"tags":[["p","$B"],["recipient","$X"],["type","2"],["order","u-1"]]}`, []string{buyer}},
		{"paid", `{"kind":17,"content":"V4V payment to Carol","tags":[["p","$X"],["order","u-1"],["payment","lightning","",""]]}`, []string{buyer}},
		{"the seller's own", `{"kind":17,"content":"Merchant Payment","tags":[["p","$S"],["order","u-1"],["payment","lightning","",""]]}`, []string{seller, buyer}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sts, err := New().Read(message(t, tt.rumor))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sts[0].Parties, tt.want) || sts[0].Begins() != (len(tt.want) == 2) {
				t.Errorf("parties %q, begins an order: %v", sts[0].Parties, sts[0].Begins())
			}
		})
	}
}

// Where a receipt is wrapped, it is its payee who finds it in his inbox.
func TestPlebeianLegInAnInbox(t *testing.T) {
	m := message(t, `{"kind":17,"content":"V4V payment to Carol","tags":[["p","$X"],["order","u-1"],["payment","lightning","",""]]}`)
	for owner, want := range map[string]error{buyer: nil, stranger: nil, relayKey: nil, seller: NotYourInbox} {
		m.Owner = owner
		if _, err := New().Read(m); err != want {
			t.Errorf("in the inbox of %.4s: got %v, want %v", owner, err, want)
		}
	}
}

// plebeianOrder is what both parts of one order have in common.
const plebeianOrder = `["p","$S"],["subject","order-info"],["type","1"],["order","u-1"],["amount","21000"],["item","30402:$S:mug","2"],["shipping","30406:$S:dhl"]`

// The seller finds the address in the order that was published without it,
// whichever part comes first.
func TestPlebeianAddressJoinsThePublicOrder(t *testing.T) {
	wrapped := spoken{`{"kind":16,"tags":[` + plebeianOrder + `,["address","1 Main St\n\nPorto\n4000\nPT"]]}`, "$S"}.read(t, 0)
	public := spoken{`{"kind":16,"content":"Order created","tags":[` + plebeianOrder + `]}`, ""}.read(t, 1)
	for _, late := range []int{0, 1} {
		facts := []orders.Fact{wrapped[0], public[0]}
		facts[late].ReceivedAt += 24 * 3600 * 1000
		o := orders.Fold(orders.PairOf(buyer, seller), facts)
		if o.ShippingAddress == nil || o.ShippingAddress.Fact != wrapped[0].ID || o.TotalSats != 21000 || len(o.Products) != 1 {
			t.Errorf("late %d: address %+v, %d sats, products %+v", late, o.ShippingAddress, o.TotalSats, o.Products)
		}
	}
}

func TestPlebeianLife(t *testing.T) {
	tests := map[string]life{
		"sold, shared, shipped and received": {[]spoken{
			{`{"kind":16,"tags":[` + plebeianOrder + `,["name","Ana"],["address","1 Main St\n\nPorto\n4000\nPT"]]}`, "$S"},
			{`{"kind":16,"content":"Order created","tags":[` + plebeianOrder + `]}`, ""},
			{`{"kind":16,"content":"Payment for order u-1","tags":[["p","$B"],["recipient","$S"],["type","2"],["order","u-1"],["amount","19100"],["payment","lightning","bob@x.example"]]}`, ""},
			{`{"kind":16,"content":"V4V share for order u-1 (9.0%)","tags":[["p","$B"],["recipient","$X"],["type","2"],["order","u-1"],["amount","1899"],["payment","lightning","carol@x.example"]]}`, ""},
			{`{"kind":17,"content":"Seller payment for 1 items","tags":[["p","$S"],["subject","order-receipt"],["order","u-1"],["payment","lightning","",""],["amount","19100"]]}`, ""},
			{`{"kind":17,"content":"V4V payment to Carol","tags":[["p","$X"],["subject","order-receipt"],["order","u-1"],["payment","lightning","","$P"],["amount","1899"]]}`, ""},
			{`{"kind":16,"pubkey":"$S","content":"Order status updated to confirmed","tags":[["p","$B"],["type","3"],["order","u-1"],["status","confirmed"]]}`, ""},
			{`{"kind":16,"pubkey":"$S","content":"Order status updated to processing","tags":[["p","$B"],["type","3"],["order","u-1"],["status","processing"]]}`, ""},
			{`{"kind":16,"pubkey":"$S","content":"Order has been shipped","tags":[["p","$B"],["type","4"],["order","u-1"],["status","shipped"],["tracking","https://carrier.example/1Z9"]]}`, ""},
			{`{"kind":16,"content":"Order status updated to completed","tags":[["p","$S"],["type","3"],["order","u-1"],["status","completed"]]}`, ""},
		}, `delivered, payment confirmed, 21000 sats, bound, parcel  https://carrier.example/1Z9
buyer intent
buyer intent
buyer note
buyer note
buyer paid
buyer note
seller confirm
seller process
seller shipped
buyer delivered`},
		"the seller's share is not paid": {[]spoken{
			{`{"kind":16,"content":"Order created","tags":[` + plebeianOrder + `]}`, ""},
			{`{"kind":17,"content":"V4V Community Payment","tags":[["p","$X"],["order","u-1"],["payment","lightning","$J","$P"],["amount","1000"]]}`, ""},
		}, `intent-sent, payment none, 21000 sats, bound
buyer intent
buyer note`},
		"shares, whose receipts say nothing but to whom": {[]spoken{
			{`{"kind":16,"content":"Order created","tags":[` + plebeianOrder + `]}`, ""},
			{`{"kind":16,"tags":[["p","$B"],["recipient","$X"],["type","2"],["order","u-1"],["amount","1000"],["payment","lightning","x@x.example"]]}`, ""},
			{`{"kind":17,"tags":[["p","$X"],["order","u-1"],["payment","lightning","x@x.example",""],["amount","1000"]]}`, ""},
			{`{"kind":17,"tags":[["p","$S"],["order","u-1"],["payment","lightning","s@x.example",""],["amount","20000"]]}`, ""},
		}, `paid, payment claimed, 21000 sats, bound
buyer intent
buyer note
buyer note
buyer paid`},
		"another order by the same id, and cancelled": {[]spoken{
			{`{"kind":16,"content":"Order created","tags":[` + plebeianOrder + `]}`, ""},
			{`{"kind":16,"tags":[["p","$S"],["subject","order-info"],["type","1"],["order","u-1"],["amount","1"],["item","30402:$S:mug","2"],["address","1 Main St\n\nPorto\n4000\nPT"]]}`, "$S"},
			{`{"kind":16,"content":"Order status updated to cancelled","tags":[["p","$S"],["type","3"],["order","u-1"],["status","cancelled"]]}`, ""},
		}, `cancelled, payment none, 21000 sats, bound
buyer intent
buyer intent: duplicate-id
buyer cancel`},
		"the same over NIP-17": {[]spoken{
			{`{"kind":16,"content":"Order created","tags":[` + plebeianOrder + `]}`, "$B $S"},
			{`{"kind":16,"pubkey":"$S","content":"Payment request for your order","tags":[["p","$B"],["subject","order-payment"],["type","2"],["order","u-1"],["amount","21000"],["payment","lightning","bob@x.example"]]}`, "$B $S"},
			{`{"kind":17,"content":"Payment confirmation","tags":[["p","$S"],["subject","order-receipt"],["order","u-1"],["payment","lightning","bob@x.example",""],["amount","21000"]]}`, "$B $S"},
			{`{"kind":16,"pubkey":"$S","content":"Shipping update","tags":[["p","$B"],["subject","shipping-info"],["type","4"],["order","u-1"],["status","shipped"],["tracking","1Z9"],["carrier","UPS"],["eta","1760600000"]]}`, "$B $S"},
		}, `shipped, payment claimed, 21000 sats, bound, parcel UPS 1Z9
buyer intent
seller request
buyer paid
seller shipped`},
	}
	for name, l := range tests {
		t.Run(name, l.check)
	}
}

func FuzzPlebeian(f *testing.F) {
	f.Add(16, "p|$S\ntype|1\norder|u-1\namount|21000.00\nitem|30402:$S:mug|2\nnotes|ring", "Order created")
	f.Add(16, "p|$S\ntype|1\norder|u-1\namount|1\naddress|\n\n\n\n", "")
	f.Add(16, "p|$B\nrecipient|$X\ntype|2\norder|u-1\namount|5\npayment|lightning|"+payable, "Payment for order u-1")
	f.Add(16, "p|$S\nrecipient|x\ntype|2\norder|u-1", "")
	f.Add(16, "p|$S\ntype|4\norder|u-1\nstatus|shipped\ntracking|https://x.example/1Z9", "Order has been shipped")
	f.Add(17, "p|$X\norder|u-1\npayment|lightning|"+payable+"|"+preimage+"\npayment|ecash|https://mint.example|cashuA", "V4V payment to Carol")
	f.Add(17, "p|$S\norder|"+exampleHash+"\npayment|fiat|unknown|\namount|1.00", "Payment confirmation for order")
	f.Fuzz(func(t *testing.T, kind int, tags, content string) {
		checkRead(t, fuzzed(kind, tags, content))
	})
}

func BenchmarkPlebeian(b *testing.B) { benchTable(b, plebeianMessages) }

// benchTable reads the good rows of a table, one after another.
func benchTable(b *testing.B, table []reading) {
	var ms []Message
	for _, row := range table {
		if !strings.HasPrefix(row.want, "!") {
			ms = append(ms, message(b, row.rumor))
		}
	}
	r := New()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := r.Read(ms[i%len(ms)]); err != nil {
			b.Fatal(err)
		}
	}
}
