package orders

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Keys of the people in the tests.
var (
	ana    = strings.Repeat("a", 64) // buys
	bob    = strings.Repeat("b", 64) // sells
	carol  = strings.Repeat("c", 64) // another seller
	eve    = strings.Repeat("e", 64) // a stranger
	judge  = strings.Repeat("d", 64) // an admin
	noon   = int64(1_760_011_200_000)
	minute = int64(60_000)
)

// says builds a fact that arrives at the moment it claims, min minutes after noon.
func says(who string, verb Verb, min int64, more ...func(*Fact)) Fact {
	f := Fact{
		Verb: verb, Sender: who, At: noon + min*minute, ReceivedAt: noon + min*minute,
		Parties: []string{ana, bob}, OrderID: "A-1", Trust: Bound, Dialect: "gamma",
		Inboxes: []string{ana, bob}, Transports: []Transport{ByWrap},
	}
	for _, m := range more {
		m(&f)
	}
	if f.ID == "" {
		f.ID = fmt.Sprintf("%s-%s-%d", verb, who[:1], min)
	}
	return f
}

func id(s string) func(*Fact)            { return func(f *Fact) { f.ID = s } }
func backdated(min int64) func(*Fact)    { return func(f *Fact) { f.At = noon + min*minute } }
func sats(n int64) func(*Fact)           { return func(f *Fact) { f.Amount = &n } }
func quoted(n int64) func(*Fact)         { return func(f *Fact) { f.ShippingQuote = &n } }
func ends(o Outcome) func(*Fact)         { return func(f *Fact) { f.Outcome = o } }
func asAdmin(f *Fact)                    { f.ByAdmin = true }
func unbound(f *Fact)                    { f.Trust, f.Key = Unbound, eve }
func sellerDelivers(f *Fact)             { f.SellerDelivers = true }
func hint(f *Fact)                       { f.Hint, f.OrderID = true, "" }
func standing(f *Fact)                   { f.Standing = true }
func held(f *Fact)                       { f.Held = true }
func boxed(f *Fact)                      { f.Box = &Box{SealedBy: eve} }
func parcel(c, no string) func(*Fact)    { return func(f *Fact) { f.Carrier, f.Tracking = c, no } }
func with(fs ...Field) func(*Fact)       { return func(f *Fact) { f.Carries = fs } }
func invoice(hash string) func(*Fact)    { return func(f *Fact) { f.PaymentHash = hash } }
func preimageOf(hash string) func(*Fact) { return func(f *Fact) { f.PreimageHash = hash } }
func by(ts ...Transport) func(*Fact)     { return func(f *Fact) { f.Transports = ts } }
func keyed(key string) func(*Fact)       { return func(f *Fact) { f.Key = key } }
func expires(min int64) func(*Fact)      { return func(f *Fact) { f.Expiry = noon + min*minute } }
func token(hash string) func(*Fact)      { return func(f *Fact) { f.ProofHash = hash } }
func buys(p ...string) func(*Fact) {
	return func(f *Fact) {
		for _, p := range p {
			f.Products = append(f.Products, Product{ProductID: p, Quantity: 1})
		}
	}
}

func as(r Role) func(*Fact)       { return func(f *Fact) { f.As = r } }
func medium(m string) func(*Fact) { return func(f *Fact) { f.Medium = m } }
func lines(subtotals ...int) func(*Fact) {
	return func(f *Fact) {
		for _, n := range subtotals {
			f.Products = append(f.Products, Product{Quantity: 1, Subtotal: json.Number(strconv.Itoa(n)), Currency: "SATS"})
		}
	}
}
func accepts(f *Fact) { f.Acceptance = true }
func asLeg(f *Fact)   { f.Leg = true }

// leg tells of a payment to carol, who is no party.
func leg(f *Fact)                { f.Code, f.Payee = LegPaid, carol }
func code(c string) func(*Fact)  { return func(f *Fact) { f.Code = c } }
func flagged(x Flag) func(*Fact) { return func(f *Fact) { f.Flags = append(f.Flags, x) } }

// nameless is said by the party whom the message does not name.
func nameless(to string) func(*Fact) {
	return func(f *Fact) {
		f.Sender, f.Parties, f.Trust, f.Key, f.Inboxes = "", []string{to}, Unbound, eve, []string{to}
	}
}

func through(in ...string) func(*Fact) { return func(f *Fact) { f.Inboxes = in } }

func fold(facts ...Fact) *Order { return Fold(PairOf(ana, bob), facts) }

func codes(o *Order) string {
	var cs []string
	for _, e := range o.Exceptions {
		cs = append(cs, e.Code)
	}
	return strings.Join(cs, " ")
}

func refusals(o *Order) string {
	var rs []string
	for _, e := range o.Timeline {
		if !e.OK {
			rs = append(rs, string(e.Reason))
		}
	}
	return strings.Join(rs, " ")
}

// wantOutcome holds an order against what its life should come to.
func wantOutcome(t *testing.T, o *Order, status Status, payment Payment, exceptions, refused string) {
	t.Helper()
	if o.Status != status || o.Payment != payment {
		t.Errorf("got %s, payment %s; want %s, payment %s", o.Status, o.Payment, status, payment)
	}
	if got := codes(o); got != exceptions {
		t.Errorf("exceptions: got %q, want %q", got, exceptions)
	}
	if got := refusals(o); got != refused {
		t.Errorf("refusals: got %q, want %q", got, refused)
	}
}
