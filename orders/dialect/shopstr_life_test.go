package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// TestShopstrParties: who speaks, how far that is proven, and whom it is between.
func TestShopstrParties(t *testing.T) {
	tests := []struct{ name, rumor, owner, want string }{
		{"buyer by b", `{"tags":[["p","$S"],["subject","order-info"],["order","1"],["b","$B"]]}`, "$S", "unbound $B: $S $B"},
		{"buyer by b, in his own inbox", `{"tags":[["p","$S"],["subject","order-info"],["order","1"],["b","$B"]]}`, "$B", "unbound $B: $S $B"},
		{"buyer by b, elsewhere", `{"tags":[["p","$S"],["subject","order-info"],["order","1"],["b","$B"]]}`, "$X", "!not-your-inbox"},
		{"buyer by b, with who sealed it", `{"tags":[["p","$S"],["subject","order-info"],["order","1"],["b","$B"]]}`, "$K", "!not-your-inbox"},
		{"guest", `{"tags":[["p","$S"],["subject","order-payment"],["order","1"],["b","$K"]]}`, "$S", "bound $K: $S $K"},
		{"guest with a key for every message", `{"tags":[["p","$S"],["subject","order-info"],["order","1"],["b","$K"],["buyer_type","guest"]]}`, "$S", "unbound : $S"},
		{"his payment", `{"tags":[["p","$S"],["subject","order-payment"],["order","1"],["b","$K"],["buyer_type","guest"]]}`, "$S", "bound $K: $S $K"},
		{"buyer's agent", `{"pubkey":"$B","tags":[["p","$S"],["subject","order-info"],["order","1"],["item","30402:$S:soap","1"]]}`, "$S", "bound $B: $S $B"},
		{"receipt", `{"tags":[["p","$B"],["subject","order-receipt"],["order","1"],["b","$B"],["item","30402:$S:soap","1"]]}`, "$B", "unbound $B: $S $B"},
		{"receipt without b", `{"tags":[["p","$B"],["subject","order-receipt"],["order","1"],["item","30402:$S:soap","1"]]}`, "$B", "unbound $B: $S $B"},
		{"receipt without a product", `{"tags":[["p","$B"],["subject","order-receipt"],["order","1"],["b","$B"]]}`, "$B", "unbound $B: $B"},
		{"receipt under his own key", `{"pubkey":"$B","tags":[["p","$B"],["subject","order-receipt"],["order","1"],["item","30402:$S:soap","1"]]}`, "$B", "bound $B: $S $B"},
		{"receipt to the seller", `{"tags":[["p","$S"],["subject","order-receipt"],["order","1"],["b","$B"],["item","30402:$S:soap","1"]]}`, "$S", "unbound $B: $S $B"},
		{"receipt of what he sells himself", `{"tags":[["p","$B"],["subject","order-receipt"],["order","1"],["b","$B"],["item","30402:$B:soap","1"]]}`, "$B", "!bad-key"},
		{"change", `{"tags":[["p","$B"],["subject","payment-change"]]}`, "$B", "unbound $B: $B"},
		{"seller by item", `{"tags":[["p","$B"],["subject","shipping-info"],["order","1"],["b","$B"],["item","30402:$S:soap","1"]]}`, "$B", "unbound $S: $S $B"},
		{"seller by his words", `{"content":"Your order from $nS has been completed.","tags":[["p","$B"],["subject","order-completed"],["order","1"]]}`, "$B", "unbound $S: $S $B"},
		{"seller by false words", `{"content":"Your order from npub1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq has been completed.","tags":[["p","$B"],["subject","order-completed"],["order","1"]]}`, "$B", "unbound : $B"},
		{"seller by nothing", `{"tags":[["p","$B"],["subject","shipping-info"],["order","1"]]}`, "$B", "unbound : $B"},
		{"seller under his own key", `{"pubkey":"$S","tags":[["p","$B"],["subject","shipping-info"],["order","1"],["item","30402:$S:soap","1"]]}`, "$B", "bound $S: $S $B"},
		{"seller to himself", `{"tags":[["p","$S"],["subject","shipping-info"],["order","1"],["item","30402:$S:soap","1"]]}`, "$S", "!bad-key"},
		{"seller's agent, about the order", `{"pubkey":"$S","tags":[["p","$B"],["subject","order-info"],["order","1"],["b","$B"],["status","confirmed"]]}`, "$B", "bound $S: $S $B"},
		{"seller's agent, by another key", `{"tags":[["p","$B"],["subject","order-info"],["order","1"],["b","$B"],["status","confirmed"],["item","30402:$S:soap","1"]]}`, "$B", "unbound $S: $S $B"},
		{"the client to its own user", `{"tags":[["p","$B"],["subject","order-info"],["order","1"],["item","30402:$S:soap","1"]]}`, "$B", "unbound $S: $S $B"},
		{"inquiry", `{"pubkey":"$B","content":"?","tags":[["p","$S"],["subject","listing-inquiry"]]}`, "$S", "bound $B: $S $B"},
		{"inquiry, his own copy", `{"pubkey":"$B","content":"?","tags":[["p","$B"],["subject","listing-inquiry"]]}`, "$B", "bound $B: $B"},
		{"dispute", `{"pubkey":"$B","content":"{\"type\":\"escrow-dispute\",\"orderId\":\"1\"}","tags":[["p","$S"]]}`, "$S", "bound $B: $S $B"},
		{"to the relay alone", `{"pubkey":"$B","content":"x","tags":[["p","$R"],["subject","order-info"],["order","1"]]}`, "$R", "bound $B: $B"},
		{"the relay as the buyer", `{"content":"x","tags":[["p","$S"],["subject","order-info"],["order","1"],["b","$R"]]}`, "$S", "!bad-key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := message(t, shopstrRumor(tt.rumor))
			m.Owner = cast.Replace(shopstrCast.Replace(tt.owner))
			sts, err := New().Read(m)
			got := "!" + Reason(err)
			if err == nil {
				st := sts[0]
				checkInvariants(t, m, st)
				got = string(st.Trust) + " " + st.Sender + ": " + strings.Join(st.Parties, " ")
			}
			if want := cast.Replace(shopstrCast.Replace(tt.want)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// shopstrLife makes the messages of a life, which a throw-away key sealed where the
// rumor names no author.
func shopstrLife(want string, said ...spoken) life {
	for i := range said {
		said[i].rumor = shopstrRumor(said[i].rumor)
	}
	return life{said, want}
}

func TestShopstrLife(t *testing.T) {
	const seller2 = `"pubkey":"$X",` // a throw-away key of the seller's
	paid := spoken{`{"content":"This is a Cashu token payment from $nB for 2 of your Soap listing on Shopstr: $T","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["type","2"],["amount","4895"],["payment","ecash","$T"],["address","1 Main St"],["donation_amount","105","2.1"],["item","30402:$S:soap","2"]]}`, "$S"}
	asked := spoken{`{"content":"Additional customer information: engrave Ana","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["type","1"],["amount","12000"],["item","30402:$S:soap","1"]]}`, "$S"}
	info := spoken{`{"content":"Please ship the product to Ana at 1 Main St.","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["type","1"],["amount","12000"],["address","1 Main St"],["donation_amount","105","2.1"],["item","30402:$S:soap","1"]]}`, "$S"}
	receipt := spoken{`{"content":"Your order for Soap was processed successfully!","tags":[["p","$B"],["subject","order-receipt"],["order","7b0e"],["b","$B"],["type","4"],["amount","5000"],["payment","ecash","https://mint.example","$T"],["status","confirmed"],["address","1 Main St"],["donation_amount","105","2.1"],["item","30402:$S:soap","1"]]}`, "$B"}
	shipped := spoken{`{` + seller2 + `"content":"Your order from $nS is expected to arrive on Friday.","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"],["type","4"],["status","shipped"],["tracking","1Z9"],["carrier","UPS"]]}`, "$B"}
	completed := spoken{`{` + seller2 + `"content":"It has been completed.","tags":[["p","$B"],["subject","order-completed"],["order","7b0e"],["type","3"],["status","completed"],["tracking","1Z9"],["carrier","UPS"]]}`, "$B"}
	returned := spoken{`{"pubkey":"$X","content":"Return Request for order #7b0e\nProduct: Soap\n\nit smells","tags":[["p","$S"],["subject","return-request"],["order","7b0e"],["b","$B"],["type","4"],["status","return"],["item","30402:$S:soap","1"]]}`, "$S"}
	disputed := spoken{`{"pubkey":"$B","content":"{\"type\":\"escrow-dispute\",\"orderId\":\"$t\",\"reason\":\"it smells\"}","tags":[["p","$S"],["subject","escrow-dispute"]]}`, "$S"}

	lives := map[string]life{
		"both sides": shopstrLife(`disputed, payment claimed, 5000 sats, unbound, parcel UPS 1Z9, return-requested!
buyer paid (unbound)
buyer note (unbound)
buyer note (unbound)
buyer intent (unbound)
buyer paid (unbound)
seller shipped (unbound)
seller delivered (unbound)
buyer note (unbound)
buyer dispute`, paid, asked, info, receipt, shipped, completed, returned, disputed),
		"the buyer's side alone": shopstrLife(`delivered, payment claimed, 4895 sats, unbound, parcel UPS 1Z9
buyer paid (unbound)
seller shipped (unbound)
seller delivered (unbound)`, receipt, shipped, completed),
		"the seller's side alone, the address first": shopstrLife(`paid, payment claimed, 5000 sats, unbound
buyer intent (unbound)
buyer paid (unbound)
buyer note (unbound)`, info, paid),

		"Lightning, and what it left over": shopstrLife(`paid, payment claimed, 4798 sats, unbound
buyer paid (unbound)
buyer paid (unbound)`,
			spoken{`{"content":"x","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["amount","4795"],["payment","lightning","a@b.example"],["item","30402:$S:soap","2"]]}`, "$S"},
			spoken{`{"content":"Overpaid fee change: $C","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["amount","3"],["payment","ecash","$C"],["item","30402:$S:soap","1"]]}`, "$S"}),
		"a guest": shopstrLife(`shipped, payment claimed, 4895 sats, bound, parcel UPS 1Z9
buyer paid
buyer intent
seller shipped (unbound)`,
			spoken{`{"pubkey":"$B","content":"x","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["amount","4895"],["payment","ecash","$T"]]}`, "$S"},
			spoken{`{"pubkey":"$B","content":"x","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["amount","4895"],["address","1 Main St"]]}`, "$S"}, shipped),
		"Milk Market, a guest with a key for every message": shopstrLife(`paid, payment claimed, 0 sats, unbound, 12.50 USD
buyer paid
buyer intent (unbound)`,
			spoken{`{"pubkey":"$B","content":"x","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["buyer_type","guest"],["amount","12.50"],["currency","USD"],["payment","stripe","pi_1"],["item","30402:$S:milk","1"]]}`, "$S"},
			spoken{`{"content":"x","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$K"],["buyer_type","guest"],["address","1 Main St"],["item","30402:$S:milk","1"]]}`, "$S"}),
		"agents of both": shopstrLife(`cancelled, payment refund-due, 2100 sats, bound
buyer intent
buyer paid
seller confirm
seller cancel`,
			spoken{`{"pubkey":"$B","content":"one","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["amount","2100"],["item","30402:$S:soap","1"]]}`, "$S"},
			spoken{`{"pubkey":"$B","content":"paid","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["amount","2100"],["item","30402:$S:soap","1"]]}`, "$S"},
			spoken{`{"pubkey":"$S","content":"thanks","tags":[["p","$B"],["subject","order-info"],["order","7b0e"],["status","confirmed"],["b","$B"],["item","30402:$S:soap","1"]]}`, "$B"},
			spoken{`{"pubkey":"$S","content":"sold out","tags":[["p","$B"],["subject","order-info"],["order","7b0e"],["status","cancelled"],["b","$B"]]}`, "$B"}),
		"a flash sale": shopstrLife(`shipped, payment none, 2100 sats, bound, parcel  
buyer intent
seller shipped (unbound)`,
			spoken{`{"pubkey":"$B","content":"{\"type\":\"zapsnag_order\",\"orderId\":\"7b0e\",\"shipping\":{\"address\":\"1 Main St\"}}","tags":[["p","$S"],["subject","zapsnag-order"],["order","7b0e"],["b","$B"],["amount","2100"],["currency","sats"],["item","30402:$S:zapsnag","1"]]}`, "$S"},
			spoken{`{"content":"on its way","tags":[["p","$B"],["subject","shipping-info"],["order","7b0e"]]}`, "$B"}),
	}
	for name, l := range lives {
		t.Run(name, l.check)
	}
}

// TestShopstrCart: Milk Market pays every product of a cart by itself, under one id.
func TestShopstrCart(t *testing.T) {
	var facts []orders.Fact
	for i, rumor := range []string{
		`{"content":"You have received a payment from a guest buyer for 2 of your Milk listing","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["amount","100"],["currency","sats"],["payment","ecash","$T"],["item","30402:$S:milk","1"]]}`,
		`{"content":"x","tags":[["p","$S"],["subject","order-payment"],["order","7b0e"],["b","$B"],["amount","3"],["currency","sats"],["payment","ecash","$C"],["item","30402:$S:cheese","1"]]}`,
		`{"content":"Please ship the products to Ana","tags":[["p","$S"],["subject","order-info"],["order","7b0e"],["b","$B"],["address","1 Main St"],["item","30402:$S:milk","1"]]}`,
	} {
		facts = append(facts, spoken{shopstrRumor(rumor), "$S"}.read(t, i)...)
	}
	o := orders.Fold(orders.PairOf(buyer, seller), facts)
	var got []string
	for _, p := range o.Products {
		got = append(got, fmt.Sprintf("%d %s", p.Quantity, p.ProductID))
	}
	if want := "2 milk, 1 cheese"; strings.Join(got, ", ") != want || o.GrandTotal != 4898 || o.CheckoutID != "7b0e" || o.Stub {
		t.Errorf("got %q for %d sats, checkout %q, want %q for 4898 sats", got, o.GrandTotal, o.CheckoutID, want)
	}
}

func FuzzShopstr(f *testing.F) {
	for _, table := range [][]reading{shopstrMessages, milkMarket, shopstrJSON} {
		for _, r := range table {
			m := message(f, shopstrRumor(r.rumor))
			var lines []string
			for _, tag := range m.Rumor.Tags {
				lines = append(lines, strings.Join(tag, "|"))
			}
			f.Add(m.Rumor.PubKey == throwAway, strings.Join(lines, "\n"), m.Rumor.Content)
		}
	}
	f.Fuzz(func(t *testing.T, thrownAway bool, tags, content string) {
		m := fuzzed(kindChat, tags, content)
		if thrownAway { // then it is the recipient who has it
			m.Rumor.PubKey = throwAway
			if p := m.Rumor.Tags.Find("p"); len(p) > 1 {
				m.Owner = p[1]
			}
		}
		checkRead(t, m)
	})
}
