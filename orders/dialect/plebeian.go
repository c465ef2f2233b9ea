package dialect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// Plebeian Market (PlebeianApp/market) writes Gamma's kinds 16 and 17, by real
// keys, and differs in where they go and in what is not said:
//
//   - All is published signed and in the clear but for one message: an order that
//     needs a delivery is sent a second time to the seller, whole, wrapped, and
//     with where to deliver. The fold takes it for the other part of the same order.
//   - A price may be shared (value for value, V4V): the buyer himself writes one
//     type 2 per payee, addressed to himself and naming the payee in `recipient`,
//     and one receipt per payee, addressed to the payee, all with the order's id.
//     What goes to others than the seller is no order between them and the buyer,
//     so such a leg is the buyer's alone, and joins the order he has with that id.
//   - A sentence of the app's own stands in the content wherever nobody typed any.
//
// Who the seller is, a type 2 does not tell: the one for his own share is a leg too.

// legAsked is the code of a note that tells to whom a part of a price is to be
// paid. Its counterpart is orders.LegPaid.
const legAsked = "payment-leg"

// stock are the sentences that the app writes by itself, by the type of a message:
// they tell its messages, and tell their reader nothing.
var stock = map[string]*regexp.Regexp{
	"1": regexp.MustCompile(`^(?:Order created|Order for [0-9]+ items)$`),
	"3": regexp.MustCompile(`^Order status updated to [a-z]+$`),
	"4": regexp.MustCompile(`^(?:Order has been shipped|Shipping status updated to [a-z]+)$`),
}

// isPlebeian tells the messages of kind 16 that Gamma's reader would misread.
func isPlebeian(l *letter) (bool, error) {
	if typed, err := isTyped(l); !typed || err != nil {
		return false, err
	}
	typ := l.value("type")
	if typ == "2" {
		_, named := l.tag("recipient")
		return named, nil
	}
	content := l.Rumor.Content
	return stock[typ].MatchString(content) || typ == "1" && content == "" && isFiveLines(l.value("address")), nil
}

// isFiveLines reports whether an address has the five lines of the app's form, of
// which those that were left empty are there all the same.
func isFiveLines(address string) bool { return strings.Count(address, "\n") == 4 }

func readPlebeian(l *letter) ([]orders.Statement, error) {
	sts, err := readTyped(l)
	if err != nil {
		return nil, err
	}
	st := &sts[0]
	st.Dialect = Plebeian
	switch l.value("type") {
	case "1":
		l.readPlebeianOrder(st)
	case "2":
		return sts, l.readPlebeianLeg(st)
	case "3", "4":
		if st.Private.Reason == l.Rumor.Content {
			st.Private.Reason = ""
		}
	}
	return sts, nil
}

// readPlebeianOrder reads what is special about either part of an order, and about
// those of before May 2026, which had the delivery in the clear and notes of it in
// a tag.
func (l *letter) readPlebeianOrder(st *orders.Statement) {
	if stock["1"].MatchString(st.Private.Note) {
		st.Private.Note = l.value("notes")
	}
	if st.Amount != nil && strings.Contains(l.value("amount"), ".") {
		flag(st, FlagTotalClaimed) // the earliest form: price times quantity, in a currency it does not name
	}
}

// readPlebeianLeg makes a note of a type 2 by which the buyer writes down whom he
// has to pay. One that names its own author is a request like any other.
func (l *letter) readPlebeianLeg(st *orders.Statement) error {
	payee := l.value("recipient")
	for t := range l.tags("recipient") {
		if len(t) < 2 || t[1] != payee || !isHex32(payee) {
			return BadKey
		}
	}
	if payee != l.Rumor.PubKey {
		st.Verb, st.Code, st.Payee = orders.Note, legAsked, payee
	}
	return nil
}

// plebeianReceipt are the sentences by which the app tells for what it pays: those
// of the checkout, those of the page of an order, and one of an earlier version.
var plebeianReceipt = regexp.MustCompile(`(?s)^(?:Seller payment for [0-9]+ items|Merchant Payment|` +
	`V4V payment to .*|V4V Community Payment|` + eventReceipt + `)$`)

// eventReceipt is the content of receipts that name the event of an order in place
// of its id.
const eventReceipt = "Payment confirmation for order"

// noOrder are what the checkout writes in place of an order id that it does not know.
var noOrder = []string{"unknown-order", "temp-order"}

func isPlebeianReceipt(l *letter) (bool, error) {
	if receipt, err := isReceipt(l); !receipt || err != nil {
		return false, err
	}
	return plebeianReceipt.MatchString(l.Rumor.Content), nil
}

func readPlebeianReceipt(l *letter) ([]orders.Statement, error) {
	sts, err := readReceipt(l)
	if err != nil {
		return nil, err
	}
	leg := strings.HasPrefix(l.Rumor.Content, "V4V ") && l.other != ""
	for i := range sts {
		st := &sts[i]
		st.Dialect = Plebeian
		switch {
		case slices.Contains(noOrder, st.OrderID):
			st.OrderID = ""
		case l.Rumor.Content == eventReceipt && isHex32(st.OrderID):
			st.OrderID, st.Ref = "", st.OrderID
		}
		settlePlebeian(st)
		if !leg {
			continue
		}
		if st.OrderID == "" { // and then nothing tells which order it is part of
			return nil, BadOrderID
		}
		st.Verb, st.Code, st.Payee = orders.Note, orders.LegPaid, l.other
		if err := l.claims(st, l.Rumor.PubKey, l.Rumor.PubKey); err != nil {
			return nil, err
		}
	}
	return sts, nil
}

// settlePlebeian weighs the proof of a payment as the app means it. It checks a
// preimage before it shows one; where a wallet gave none, the id of the zap receipt
// stands there, or a word. So what does not open the invoice is no forgery, but no
// proof either.
func settlePlebeian(st *orders.Statement) {
	mismatch := func(f orders.Flag) bool { return f == FlagProofMismatch }
	if slices.ContainsFunc(st.Flags, mismatch) {
		st.Flags = slices.DeleteFunc(st.Flags, mismatch)
		st.PreimageHash = ""
	}
	if st.Private.Proof == "external-payment" {
		st.Private.Proof = ""
	}
	if st.Private.Reference == "unknown" {
		st.Private.Reference = ""
	}
}
