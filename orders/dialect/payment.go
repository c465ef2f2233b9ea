package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
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

// legs are the payment tags, the preferred medium first, otherwise as written.
// A tag that leaves the medium out holds a link only.
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
	rank := func(g leg) int {
		r := slices.Index(media, g.medium)
		if g.ref == "" && g.proof == "" {
			r += len(media)
		}
		return r
	}
	slices.SortStableFunc(legs, func(a, b leg) int { return rank(a) - rank(b) })
	return legs
}

// readPayment reads the first leg into st. Of a request that is the link; the
// other ways to pay go into Reference, one "medium link" per line, so that the
// buyer loses none.
func (l *letter) readPayment(st *orders.Statement) {
	legs := l.legs()
	if len(legs) == 0 {
		return
	}
	if st.Verb != orders.Request {
		settleLeg(st, legs[0])
		return
	}
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
	if link.sats != nil {
		if st.Amount == nil {
			st.Amount = link.sats
		} else if *st.Amount != *link.sats {
			flag(st, FlagInvoiceMismatch)
		}
	}
	if inv := link.invoice; inv != nil {
		st.PaymentHash = inv.paymentHash
		if st.Expiry == 0 || inv.expiry < st.Expiry {
			st.Expiry = inv.expiry
		}
	}
}

// settleLeg reads one payment made. The proof is bearer money and stays
// private; of a preimage only its hash is public.
func settleLeg(st *orders.Statement, g leg) {
	st.Medium, st.Private.Reference, st.Private.Proof = g.medium, g.ref, g.proof
	switch g.medium {
	case "lightning":
		if link, ok := parseLink(g.ref); ok && link.invoice != nil {
			st.PaymentHash = link.invoice.paymentHash
		}
		preimage := strings.ToLower(g.proof)
		if !isHex32(preimage) {
			return
		}
		raw, err := hex.DecodeString(preimage)
		if err != nil {
			return
		}
		sum := sha256.Sum256(raw)
		st.PreimageHash = hex.EncodeToString(sum[:])
		if st.PaymentHash != "" && st.PaymentHash != st.PreimageHash {
			flag(st, FlagProofMismatch)
		}
	case "ecash":
		st.Mint = mint(g.ref)
	}
}

// mint is the address of an ecash mint without whatever secrets it may carry.
func mint(ref string) string {
	if webURL(ref) == "" {
		return ""
	}
	u, err := url.Parse(ref)
	if err != nil || u.Host == "" {
		return ""
	}
	s := strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host) + u.EscapedPath()
	if len(s) > maxAddress {
		return ""
	}
	return s
}

// readReceipt reads kind 17. Every payment in it is a statement of its own, for
// each may prove another invoice; what else the message says is in the first.
func readReceipt(l *letter) ([]orders.Statement, error) {
	id, err := l.orderID()
	if err != nil {
		return nil, err
	}
	st := l.statement(Gamma, orders.Paid)
	st.OrderID = id
	if err := l.readFields(&st, formOf[orders.Paid].fields); err != nil {
		return nil, err
	}
	sts := []orders.Statement{st}
	for i, g := range l.legs() {
		switch {
		case i == 0:
		case i == maxLegs:
			flag(&sts[0], FlagCut)
			return sts, nil
		default:
			more := l.statement(Gamma, orders.Paid)
			more.OrderID, more.Private.Content = id, ""
			settleLeg(&more, g)
			sts = append(sts, more)
		}
	}
	return sts, nil
}
