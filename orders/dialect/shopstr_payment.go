package dialect

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// Payments in Shopstr's messages, and what they are for.
//
// The client leaves out what it does not need just then: the amount, for which the
// total of the whole cart is put in, and the quantity, for which 1 is. Both are true in
// order-payment alone, where the amount is what the seller gets.

const (
	// FlagQuantityClaimed: a quantity that may only stand there for want of another.
	FlagQuantityClaimed orders.Flag = "quantity-claimed"

	// shopstrDonations is the key that Shopstr's client sends a share of every
	// payment to.
	shopstrDonations = "a37118a4888e02d28e8767c08caaf73b49abdac391ad7ff18a304891e416dc33"

	feeChange = "Overpaid fee change: " // what Lightning left over, as ecash
)

// readShopstrPayment reads order-payment: what was paid to the seller, and what the
// client kept back of it for its makers.
func (l *letter) readShopstrPayment(st orders.Statement) []orders.Statement {
	if v := l.value("amount"); v != "" {
		total(&st, v, l.value("currency"))
	}
	if !strings.HasPrefix(l.Rumor.Content, feeChange) {
		l.readShopstrItems(&st, true)
		l.readShopstrAddress(&st)
	}
	legs := l.legs(&st)
	if len(legs) == 0 {
		if token := tokenIn(l.Rumor.Content); token != "" {
			legs = []leg{{medium: "ecash", ref: token}}
		}
	}
	sts := l.settle(st, legs)
	// Milk Market names the currency, and takes its share of what the seller got.
	if _, fork := l.tag("currency"); fork {
		return sts
	}
	if n, _, ok := l.donation(); ok {
		share := sts[0]
		share.Verb, share.Flags, share.Private = orders.Note, nil, orders.Private{}
		share.Public = orders.Public{Code: orders.LegPaid, Payee: shopstrDonations, Amount: &n}
		sts = append(sts, share)
	}
	return sts
}

// readShopstrRecord reads what a buyer writes to himself: the receipt of an order, or
// the change of a payment, which is of no order.
//
// A receipt repeats the payment, and often no more than that there was one.
func (l *letter) readShopstrRecord(st orders.Statement) ([]orders.Statement, error) {
	if st.Verb != orders.Paid {
		err := l.claims(&st, l.to(), l.to())
		hintAt(&st, l.Rumor.Content)
		return []orders.Statement{st}, err
	}
	b, merchant := l.value("b"), l.merchant()
	if b != l.to() && (b != "" || l.other != "" && (merchant == "" || merchant == l.to())) {
		return l.readShopstrBuyer(st) // it is to the seller
	}
	if err := l.claims(&st, l.to(), l.to(), merchant); err != nil {
		return nil, err
	}
	st.As = orders.Buyer
	if v := l.value("amount"); v != "" {
		total(&st, v, l.value("currency"))
	}
	claimed := st.Amount
	st.Amount = nil
	l.readShopstrItems(&st, false)
	l.readShopstrAddress(&st)
	legs := l.legs(&st)
	sts := l.settle(st, legs)
	if sts[0].Amount == nil && claimed != nil && l.ownTotal(*claimed) {
		sts[0].Amount = claimed
	}
	return sts, nil
}

// donation is the share of the payment for the client's makers, in sats and percent.
func (l *letter) donation() (sats int64, percent float64, ok bool) {
	for t := range l.tags("donation_amount") {
		if len(t) < 3 {
			return 0, 0, false
		}
		n, whole := integer(t[1], orders.MaxSats)
		percent, err := strconv.ParseFloat(t[2], 64)
		return n, percent, whole && n > 0 && err == nil
	}
	return 0, 0, false
}

// ownTotal reports whether an amount is the total of this order, and not of all those
// of its cart: the donation is a share of the former, rounded up, in the arithmetic of
// JavaScript.
func (l *letter) ownTotal(amount int64) bool {
	n, percent, ok := l.donation()
	return ok && math.Ceil(float64(amount)*percent/100) == float64(n)
}

// tokenIn is the first ecash token in a text, or "".
func tokenIn(text string) string {
	for word := range strings.FieldsFuncSeq(text, isLinkEnd) {
		if isToken(word) {
			return word
		}
	}
	return ""
}

// What the client's sentences say of a product. In the second, which is the buyer's
// receipt, the title runs into what was chosen of it.
var (
	soldTitle   = regexp.MustCompile(`^(?:You have received|This is) [^\n]+? from (?:npub1[02-9ac-hj-np-z]+|a guest buyer) for (?:([1-9][0-9]*) of )?your ([^\n]+?) listing`)
	boughtTitle = regexp.MustCompile(`^(?:Your order for|Thank you for your purchase of) ([^\n]+?)(?: was processed successfully| from npub1)`)
)

// maxSentence is how much of the content is searched for a title.
const maxSentence = 2 * maxTitle

// choices are the tags of what was chosen of a product; the last, how many pieces.
var choices = []string{"size", "volume", "weight", "variant", "bulk"}

// titled reads the title of the only product, with what was chosen of it, and how many
// of it are meant where the sentence says so.
func (l *letter) titled(st *orders.Statement, p *orders.Product) {
	sentence := l.Rumor.Content[:min(len(l.Rumor.Content), maxSentence)]
	var chosen []string
	for _, name := range choices {
		if v := l.value(name); v != "" {
			chosen = append(chosen, v)
		}
	}
	if m := soldTitle.FindStringSubmatch(sentence); m != nil {
		p.Title = m[2]
		if n, ok := integer(m[1], maxQuantity); ok && p.Quantity == 1 {
			p.Quantity = n // the fork says it nowhere else
		}
	} else if m := boughtTitle.FindStringSubmatch(sentence); m != nil && len(chosen) == 0 && l.value("pickup") == "" {
		p.Title = m[1]
	}
	if p.Title == "" {
		return
	}
	title := strings.Join(append([]string{p.Title}, chosen...), ", ")
	if p.Title = clean(st, title, maxTitle); tokenIn(title) != "" {
		p.Title = "" // money is no title
	}
}

// readShopstrItems reads what was bought. Where counted does not hold, a quantity of 1
// may only stand there for want of another.
func (l *letter) readShopstrItems(st *orders.Statement, counted bool) {
	l.readItems(st)
	if _, ok := l.tag("item"); !ok && l.bought() != "" {
		st.Products = []orders.Product{{ProductID: productID(st, l.bought()), Quantity: 1}}
	}
	if len(st.Products) != 1 {
		return
	}
	p := &st.Products[0]
	l.titled(st, p)
	if !counted && p.Quantity == 1 {
		flag(st, FlagQuantityClaimed)
	}
}
