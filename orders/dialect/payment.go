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

// leg is one way to pay, or one payment made: mostly a payment tag, ["payment",
// medium, link or reference, proof].
type leg struct {
	medium, ref, proof string
	link               payLink // what ref is, where it can be read: reading an invoice is dear, and is done once
	named              *int64  // sats, where the message says of this way what it takes
}

// newLeg reads what ref is; medium "" is guessed from it.
func newLeg(medium, ref, proof string) leg {
	if medium == "" {
		medium = mediumOf(ref)
	}
	link, _ := parseLink(ref)
	return leg{medium: medium, ref: ref, proof: proof, link: link}
}

// addLeg notes one more, of no more than maxLegs: the first counts, and what stands
// there again is none.
func addLeg(st *orders.Statement, legs []leg, medium, ref, proof string) []leg {
	again := func(g leg) bool { return g.ref == ref && g.proof == proof && (g.medium == medium || medium == "") }
	switch {
	case slices.ContainsFunc(legs, again):
		return legs
	case len(legs) == maxLegs:
		flag(st, FlagCut)
		return legs
	}
	return append(legs, newLeg(medium, ref, proof))
}

// legs are the payment tags, the preferred medium first. A tag that leaves the
// medium out holds a link only.
func (l *letter) legs(st *orders.Statement) []leg {
	var legs []leg
	for t := range l.tags("payment") {
		switch len(t) {
		case 1:
		case 2:
			if m := medium(t[1]); m != "other" {
				legs = addLeg(st, legs, m, "", "")
			} else {
				legs = addLeg(st, legs, "", t[1], "")
			}
		case 3:
			legs = addLeg(st, legs, medium(t[1]), t[2], "")
		default:
			legs = addLeg(st, legs, medium(t[1]), t[2], t[3])
		}
	}
	prefer(legs)
	return legs
}

// prefer sorts the preferred medium to the front, what is empty to the end, and
// leaves the rest as it was written.
func prefer(legs []leg) {
	slices.SortStableFunc(legs, func(a, b leg) int { return a.rank() - b.rank() })
}

func (g leg) rank() int {
	r := slices.Index(media, g.medium)
	if g.ref == "" && g.proof == "" {
		r += len(media)
	}
	return r
}

// readPayment reads the first payment tag into st; of a request, all.
func (l *letter) readPayment(st *orders.Statement) {
	legs := l.legs(st)
	switch {
	case len(legs) == 0:
	case st.Verb == orders.Request:
		ask(st, legs)
	default:
		claim(st, settleLeg(st, legs[0]), FlagPaidMismatch)
	}
}

// ask reads the ways to pay that a request offers, the preferred first. Its link is
// the first of the preferred medium, an invoice before what is none: only that can
// be proven to be paid. The others go into Reference, one "medium link" per line,
// so that the buyer loses none, and the hashes of their invoices are kept, for he may
// pay any.
func ask(st *orders.Statement, legs []leg) {
	chosen := 0
	for i, g := range legs {
		if g.rank() == legs[0].rank() && g.link.invoice != nil {
			chosen = i
			break
		}
	}
	g := legs[chosen]
	st.Medium, st.Private.PaymentLink = g.medium, g.ref
	claim(st, g.named, FlagInvoiceMismatch)
	readLink(st, g.link)
	var others []string
	for i, g := range legs {
		if i == chosen {
			continue
		}
		claim(st, g.named, FlagInvoiceMismatch)
		if g.ref != "" {
			others = append(others, g.medium+" "+g.ref)
		}
		if inv := g.link.invoice; inv != nil && inv.paymentHash != st.PaymentHash && !slices.Contains(st.OtherHashes, inv.paymentHash) {
			st.OtherHashes = append(st.OtherHashes, inv.paymentHash)
		}
	}
	st.Private.Reference = strings.Join(others, "\n")
}

// readLink takes from a payment link what may be public: the invoice's hash and
// end. The earlier end counts, of the request or of the invoice.
func readLink(st *orders.Statement, link payLink) {
	claim(st, link.sats, FlagInvoiceMismatch)
	if inv := link.invoice; inv != nil {
		st.PaymentHash = inv.paymentHash
		if st.Expiry == 0 || inv.expiry < st.Expiry {
			st.Expiry = inv.expiry
		}
	}
}
