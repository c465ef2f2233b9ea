package dialect

import (
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// media are the ways to pay that may be named in public, the preferred first.
// Everything else is "other": the place of the medium may hold anything.
var media = []string{
	"lightning", "bitcoin", "ecash", "liquid", "monero", "fiat",
	"cash", "card", "bank", "paypal", "other",
}

var mediumSpelling = map[string]string{
	"ln": "lightning", "lnurl": "lightning", "lud16": "lightning", "bolt11": "lightning", "bolt12": "lightning",
	"btc": "bitcoin", "onchain": "bitcoin", "on-chain": "bitcoin", "cashu": "ecash", "nutzap": "ecash",
	"stripe": "card", "square": "card", "venmo": "fiat", "zelle": "fiat", "cashapp": "fiat",
}

// medium folds the name of a way to pay; "" stays.
func medium(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if m, ok := mediumSpelling[s]; ok {
		return m
	}
	if s == "" || slices.Contains(media, s) {
		return s
	}
	return "other"
}

// leg is one payment tag: ["payment", medium, link or reference, proof].
type leg struct{ medium, ref, proof string }

// legs are the payment tags, the preferred medium first. A tag that leaves the
// medium out holds a link only.
func (l *letter) legs() []leg {
	var legs []leg
	for t := range l.tags("payment") {
		var g leg
		switch len(t) {
		case 1:
			continue
		case 2:
			if m := medium(t[1]); m != "other" {
				g.medium = m
			} else {
				g.medium, g.ref = mediumOf(t[1]), t[1]
			}
		default:
			g.medium, g.ref = medium(t[1]), t[2]
			if len(t) > 3 {
				g.proof = t[3]
			}
		}
		if g.medium == "" {
			g.medium = mediumOf(g.ref)
		}
		legs = append(legs, g)
	}
	prefer(legs)
	return legs
}

// prefer sorts the preferred medium to the front, what is empty to the end, and
// leaves the rest as it was written.
func prefer(legs []leg) {
	rank := func(g leg) int {
		r := slices.Index(media, g.medium)
		if g.ref == "" && g.proof == "" {
			r += len(media)
		}
		return r
	}
	slices.SortStableFunc(legs, func(a, b leg) int { return rank(a) - rank(b) })
}

// readPayment reads the first payment tag into st; of a request, all.
func (l *letter) readPayment(st *orders.Statement) {
	legs := l.legs()
	switch {
	case len(legs) == 0:
	case st.Verb == orders.Request:
		ask(st, legs)
	default:
		claim(st, settleLeg(st, legs[0]), FlagPaidMismatch)
	}
}

// ask reads the ways to pay that a request offers: the first is its link; the
// others go into Reference, one "medium link" per line, so that the buyer loses
// none.
func ask(st *orders.Statement, legs []leg) {
	st.Medium, st.Private.PaymentLink = legs[0].medium, legs[0].ref
	readLink(st, legs[0].ref)
	var others []string
	for _, g := range legs[1:] {
		if g.ref != "" {
			others = append(others, g.medium+" "+g.ref)
		}
	}
	st.Private.Reference = strings.Join(others, "\n")
}

// readLink takes from a payment link what may be public: the invoice's hash and
// end. The earlier end counts, of the request or of the invoice.
func readLink(st *orders.Statement, ref string) {
	link, ok := parseLink(ref)
	if !ok {
		return
	}
	claim(st, link.sats, FlagInvoiceMismatch)
	if inv := link.invoice; inv != nil {
		st.PaymentHash = inv.paymentHash
		if st.Expiry == 0 || inv.expiry < st.Expiry {
			st.Expiry = inv.expiry
		}
	}
}
