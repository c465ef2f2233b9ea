package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// What was paid: receipts, refunds, and the proofs in them.

// settleLeg reads one payment made, and tells what it is worth (sats): nil where
// that does not show. The proof is bearer money and stays private; of a preimage,
// a token and a transaction's id only the hash is public.
func settleLeg(st *orders.Statement, g leg) (worth *int64) {
	st.Medium, st.Private.Reference, st.Private.Proof = g.medium, g.ref, g.proof
	switch g.medium {
	case "lightning":
		if g.link.invoice != nil {
			st.PaymentHash, worth = g.link.invoice.paymentHash, g.link.sats
		}
		preimage := strings.ToLower(g.proof)
		if !isHex32(preimage) {
			return worth
		}
		raw, err := hex.DecodeString(preimage)
		if err != nil {
			return worth
		}
		sum := sha256.Sum256(raw)
		st.PreimageHash = hex.EncodeToString(sum[:])
		if st.PaymentHash != "" && st.PaymentHash != st.PreimageHash {
			flag(st, FlagProofMismatch)
		}
	case "ecash":
		return settleToken(st, g)
	case "bitcoin":
		if txid := strings.ToLower(g.proof); isHex32(txid) {
			st.ProofHash = proofHash(txid)
		}
	}
	return worth
}

// proofHash tells one payment from another without telling the proof.
func proofHash(proof string) string {
	sum := sha256.Sum256([]byte(proof))
	return hex.EncodeToString(sum[:])
}

// settleToken reads an ecash payment. The token is the proof, and stands where
// clients put it: behind the mint, or in its place.
func settleToken(st *orders.Statement, g leg) (worth *int64) {
	st.Mint = mint(g.ref)
	if g.proof == "" && isToken(g.ref) {
		st.Private.Reference, st.Private.Proof = "", g.ref
	}
	if isToken(st.Private.Proof) {
		st.ProofHash = proofHash(st.Private.Proof)
	}
	token, ok := parseToken(st.Private.Proof)
	if !ok {
		return nil
	}
	if token.mint != "" {
		st.Mint = token.mint
	}
	return token.sats
}

// claim weighs the amount that a message names against what stands beside it is
// worth, nil for nobody knows: the message's counts where it names one.
func claim(st *orders.Statement, worth *int64, mismatch orders.Flag) {
	switch {
	case worth == nil:
	case st.Amount == nil:
		st.Amount = worth
	case *st.Amount != *worth:
		flag(st, mismatch)
	}
}

// settle reads the payments made in one message, the first into st, each further
// one into a statement of its own, for each may prove another invoice. What a
// payment is worth counts, and the amount that st names, which is claimed of all
// of them together, only for what does not show.
func (l *letter) settle(st orders.Statement, legs []leg) []orders.Statement {
	if len(legs) == 0 {
		return []orders.Statement{st}
	}
	claimed := st.Amount
	st.Amount = nil
	sts := []orders.Statement{st}
	for range legs[1:] {
		more := l.statement(st.Dialect, st.Verb)
		more.OrderID, more.CheckoutID, more.As, more.Private.Content = st.OrderID, st.CheckoutID, st.As, ""
		more.Sender, more.Key, more.Parties, more.Trust, more.Payee = st.Sender, st.Key, slices.Clone(st.Parties), st.Trust, st.Payee
		sts = append(sts, more)
	}
	var shown int64
	var unknown *orders.Statement
	for i, g := range legs {
		switch worth := settleLeg(&sts[i], g); {
		case worth != nil:
			sts[i].Amount = worth
			shown = min(shown+*worth, orders.MaxSats)
		case unknown == nil:
			unknown = &sts[i]
		}
	}
	switch {
	case claimed == nil, unknown == nil && *claimed == shown:
	case unknown == nil || *claimed < shown:
		flag(&sts[0], FlagPaidMismatch)
	default:
		rest := *claimed - shown
		unknown.Amount = &rest
	}
	return sts
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

// readReceipt reads kind 17.
//
// One that is published in the open names whom the money went to, who need not be the
// seller: Plebeian's buyers write one for each of those who share the price. It is the
// buyer's word about his order then, and the fold knows which payee is a party.
func readReceipt(l *letter) ([]orders.Statement, error) {
	id, err := l.orderID()
	if err != nil {
		return nil, err
	}
	st := l.statement(Gamma, orders.Paid)
	st.OrderID = id
	if err := l.readFields(&st, formOf[orders.Paid].fields&^payment); err != nil {
		return nil, err
	}
	if l.Transport == orders.ByPublic && l.other != "" {
		st.Payee = l.other
		if err := l.claims(&st, l.Rumor.PubKey, l.Rumor.PubKey); err != nil {
			return nil, err
		}
	}
	return l.settle(st, l.legs(&st)), nil
}
