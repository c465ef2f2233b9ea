package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/waybill-relay/waybill/orders"
)

// draws makes drafts that say everything their verb can carry, in the values
// that Read gives back: a subtotal is price × quantity, a time a whole second.
type draws struct{ *rapid.T }

func (t draws) text(name string) string {
	return rapid.StringN(0, 60, 200).Draw(t.T, name)
}

// line is text that may stand in public.
func (t draws) line(name string, n int) string {
	var st orders.Statement
	return clean(&st, rapid.StringN(0, 60, n).Draw(t.T, name), n)
}

func (t draws) sats(name string) *int64 {
	return rapid.Ptr(rapid.Int64Range(0, orders.MaxSats), true).Draw(t.T, name)
}

func (t draws) time(name string) int64 {
	return rapid.Int64Range(0, latest).Draw(t.T, name) * 1000
}

func (t draws) products() []orders.Product {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) orders.Product {
		t := draws{r}
		p := orders.Product{
			ProductID: t.line("product", 100), Title: t.line("title", 500),
			Quantity: rapid.Int64Range(0, maxQuantity).Draw(r, "quantity"),
			ImageURL: rapid.SampledFrom([]string{"", "https://x.example/a?b=c"}).Draw(r, "image"),
		}
		if rapid.Bool().Draw(r, "priced") {
			p.PricePerUnit = json.Number(rapid.StringMatching(`(0|[1-9][0-9]{0,9})(\.[0-9]{1,8})?`).Draw(r, "price"))
			p.Subtotal = times(p.PricePerUnit, p.Quantity)
			p.Currency = rapid.SampledFrom([]string{"SATS", "EUR", "BTC"}).Draw(r, "currency")
		}
		return p
	}), 0, 5).Draw(t.T, "products")
}

func (t draws) contact() map[string]string {
	m := rapid.MapOfN(rapid.SampledFrom([]string{"name", "email", "phone", "contact", "matrix", "door code"}),
		rapid.StringN(1, 20, 80), 0, 4).Draw(t.T, "contact")
	if len(m) == 0 {
		return nil
	}
	return m
}

// pay fills in a link, or a payment made; sometimes a real invoice.
func (t draws) pay(d *orders.Draft) {
	d.Medium = rapid.SampledFrom(append([]string{""}, media...)).Draw(t.T, "medium")
	if d.Medium == "" {
		return
	}
	ref := rapid.StringMatching(`[a-z0-9 ]{0,40}`).Draw(t.T, "ref")
	pre := sha256.Sum256([]byte(ref))
	hash := sha256.Sum256(pre[:])
	invoiced := d.Medium == "lightning" && rapid.Bool().Draw(t.T, "invoiced")
	if invoiced {
		ref = testInvoice("lnbc", "", hex.EncodeToString(hash[:]), 1760000000, 3600)
		d.PaymentHash = hex.EncodeToString(hash[:])
	}
	if d.Verb == orders.Request {
		d.Private.PaymentLink = ref
		if invoiced && (d.Expiry == 0 || d.Expiry > 1760003600000) {
			d.Expiry = 1760003600000
		}
		return
	}
	d.Private.Reference = ref
	switch {
	case invoiced:
		d.Private.Proof = hex.EncodeToString(pre[:])
		d.PreimageHash = d.PaymentHash
	case d.Medium == "ecash":
		d.Private.Reference, d.Mint = "https://mint.example/Bitcoin", "https://mint.example/Bitcoin"
		if d.Private.Proof = "cashuB" + ref; ref != "" {
			d.ProofHash = hashOf(d.Private.Proof)
		}
	default:
		d.Private.Proof = ref
	}
}

func (t draws) draft() (from string, d orders.Draft) {
	verb := rapid.SampledFrom(orders.Rules).Draw(t.T, "verb").Verb
	from = buyer
	d = orders.Draft{
		Verb: verb, To: seller, At: t.time("at"),
		OrderID: rapid.StringN(1, 40, 120).Draw(t.T, "id"),
	}
	switch {
	case (verb == orders.Resolved || verb == orders.Cancel) && rapid.Bool().Draw(t.T, "ruling"):
		from, d.To, d.Buyer, d.Seller = stranger, "", buyer, seller
	case verb == orders.Note && rapid.Bool().Draw(t.T, "to oneself"):
		d.To = ""
	}
	has, p := formOf[verb].fields, &d.Private
	if has&amount != 0 {
		d.Amount = t.sats("amount")
	}
	if has&items != 0 {
		d.Products, d.CheckoutID = t.products(), t.line("checkout", 100)
	}
	if has&shipping != 0 {
		d.Shipping = t.line("shipping", 200)
	}
	if has&expiry != 0 {
		d.Expiry = t.time("expiry")
	}
	if has&quote != 0 {
		d.ShippingQuote = t.sats("quote")
	}
	if has&eta != 0 {
		d.ETA = t.time("eta")
	}
	if has&parcel != 0 {
		d.Tracking, d.Carrier = t.line("tracking", 100), t.line("carrier", 100)
	}
	if has&payment != 0 {
		t.pay(&d)
	}
	if has&address != 0 {
		p.ShippingAddress, p.Contact = t.text("address"), t.contact()
	}
	if has&reason != 0 {
		p.Reason = t.text("reason")
	}
	if has&outcome != 0 {
		d.Outcome = rapid.SampledFrom([]orders.Outcome{"delivered", "cancelled", "resume"}).Draw(t.T, "outcome")
		p.Resolution = t.text("resolution")
	}
	p.Note, p.Content = t.text("note"), t.text("content")
	if verb == orders.Note && p.Content == "" && p.Note == "" {
		p.Note = "a note needs words"
	}
	return from, d
}

// TestComposeRead: what is written is what is read.
func TestComposeRead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		from, d := draws{r}.draft()
		evt, err := Compose(from, d, relayKey)
		if err != nil {
			r.Fatalf("compose: %v", err)
		}
		evt.ID = rumorID
		m := Message{Rumor: evt, Owner: from, Relay: relayKey, Transport: orders.ByWrap}
		sts, err := New().Read(m)
		if err != nil || len(sts) != 1 {
			r.Fatalf("read: %d statements, %v", len(sts), err)
		}
		st := sts[0]
		checkInvariants(t, m, st)
		if len(d.Products) == 0 {
			d.Products = nil
		}
		want := orders.Statement{Fact: orders.Fact{
			ID: rumorID, Inboxes: []string{from}, Transports: []orders.Transport{orders.ByWrap},
			Verb: d.Verb, Sender: from, Parties: []string{from}, OrderID: orders.EscapeID(d.OrderID),
			At: d.At, Trust: orders.Bound, Dialect: Gamma, Public: d.Public,
		}, Private: d.Private}
		if d.Buyer != "" || d.To != "" {
			want.Parties = []string{seller, buyer}
		}
		if want.Private.Content == "" {
			want.Private.Content = evt.Content
		}
		want.Leg = d.Verb == orders.Request // by a buyer it would be a note
		switch d.Verb {
		case orders.Confirm, orders.Process, orders.Shipped, orders.Exception:
			want.As = orders.Seller
		}
		want.Carries = want.Private.Carries()
		if diff := diffJSON(t, st, want); diff != "" {
			r.Fatalf("%s", diff)
		}
	})
}

func TestComposeRefuses(t *testing.T) {
	note := orders.Draft{Verb: orders.Note, To: seller, OrderID: "A", Private: orders.Private{Note: "x"}}
	with := func(change func(*orders.Draft)) orders.Draft {
		d := note
		change(&d)
		return d
	}
	n := func(i int64) *int64 { return &i }
	tests := []struct {
		name string
		d    orders.Draft
	}{
		{"no verb", with(func(d *orders.Draft) { d.Verb = "" })},
		{"no order id", with(func(d *orders.Draft) { d.OrderID = "" })},
		{"no words", with(func(d *orders.Draft) { d.Private.Note = "" })},
		{"npub as recipient", with(func(d *orders.Draft) { d.To = orders.Npub(seller) })},
		{"no recipient", with(func(d *orders.Draft) { d.Verb, d.To = orders.Cancel, "" })},
		{"order from oneself", with(func(d *orders.Draft) { d.Verb, d.To = orders.Intent, buyer })},
		{"ruling with one party", with(func(d *orders.Draft) {
			d.Verb, d.To, d.Buyer, d.Outcome = orders.Resolved, "", buyer, orders.OutcomeResume
		})},
		{"ruling without outcome", with(func(d *orders.Draft) { d.Verb, d.To, d.Buyer, d.Seller = orders.Resolved, "", buyer, seller })},
		{"negative amount", with(func(d *orders.Draft) { d.Verb, d.Amount = orders.Paid, n(-1) })},
		{"too much", with(func(d *orders.Draft) { d.Verb, d.ShippingQuote = orders.Request, n(orders.MaxSats+1) })},
		{"negative time", with(func(d *orders.Draft) { d.Verb, d.ETA = orders.Process, -1 })},
		{"long text", with(func(d *orders.Draft) { d.Private.Note = strings.Repeat("x", maxPrivate+1) })},
		{"long tracking number", with(func(d *orders.Draft) { d.Verb, d.Tracking = orders.Shipped, strings.Repeat("1", 101) })},
		{"no price", with(func(d *orders.Draft) { d.Verb, d.Products = orders.Intent, []orders.Product{{PricePerUnit: "1x"}} })},
		{"too many products", with(func(d *orders.Draft) { d.Verb, d.Products = orders.Intent, make([]orders.Product, maxProducts+1) })},
		{"does not fit into a wrap", with(func(d *orders.Draft) {
			d.Verb, d.Private.ShippingAddress, d.Private.Note = orders.Intent, strings.Repeat("\"", maxPrivate), strings.Repeat("x", maxPrivate)
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compose(buyer, tt.d, relayKey)
			if got := orders.ErrorCode(err); got != orders.EINVALID {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Compose("me", note, relayKey); err == nil {
		t.Error("a sender that is no key: got no error")
	}
	var e *orders.Error
	if _, err := Compose(buyer, note, ""); errors.As(err, &e) {
		t.Errorf("a note needs no relay: got %v", err)
	}
}

func TestWording(t *testing.T) {
	price, quote := int64(21000), int64(500)
	tests := []struct {
		d    orders.Draft
		want string
	}{
		{orders.Draft{Verb: orders.Intent, Public: orders.Public{Amount: &price, Products: []orders.Product{
			{ProductID: "mug", Title: "Mug", Quantity: 2, PricePerUnit: "10500", Currency: "SATS"}, {ProductID: "cup", Quantity: 1},
		}}, Private: orders.Private{ShippingAddress: "1 Main St", Contact: map[string]string{"phone": "1"}, Note: "ring twice"}},
			"New order A-1\n2 × Mug, 10500 SATS each\n1 × cup\nAmount: 21000 sats\nShip to: 1 Main St\nphone: 1\nNote: ring twice"},
		{orders.Draft{Verb: orders.Request, Public: orders.Public{Amount: &price, ShippingQuote: &quote, Medium: "lightning", ETA: 1760600000000},
			Private: orders.Private{PaymentLink: "lnbc1"}},
			"Please pay for order A-1\nAmount: 21000 sats\nShipping: 500 sats\nBy: lightning\nPay here: lnbc1\nExpected by: 2025-10-16"},
		{orders.Draft{Verb: orders.Paid, Public: orders.Public{Medium: "lightning"}, Private: orders.Private{Proof: preimage}},
			"Payment sent for order A-1\nBy: lightning"},
		{orders.Draft{Verb: orders.Paid, Public: orders.Public{Medium: "ecash"}, Private: orders.Private{Proof: "cashuB1"}},
			"Payment sent for order A-1\nBy: ecash\nToken: cashuB1"},
		{orders.Draft{Verb: orders.Shipped, Public: orders.Public{Carrier: "UPS", Tracking: "1Z9"}},
			"On its way: order A-1\nCarrier: UPS\nTracking number: 1Z9"},
		{orders.Draft{Verb: orders.Note, Private: orders.Private{Note: "thanks"}}, "thanks"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.d.Verb), func(t *testing.T) {
			tt.d.To, tt.d.OrderID = seller, "A-1"
			evt, err := Compose(buyer, tt.d, relayKey)
			if err != nil || evt.Content != tt.want {
				t.Errorf("error %v\n got %q\nwant %q", err, evt.Content, tt.want)
			}
		})
	}
}
