package dialect

import (
	"cmp"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// readConduitRequest reads a request for payment: a Lightning invoice, which stands
// by itself or among words where the content is no JSON.
func (l *letter) readConduitRequest(st *orders.Statement) {
	ref, note := text(l.json, "invoice"), l.words()
	link, _ := parseLink(ref)
	if l.json == nil {
		link, _ = findLink(note)
		if ref = link.text; ref == strings.TrimSpace(note) {
			note = ""
		}
	}
	l.readConduitAmount(st)
	if st.Medium = medium(l.value("payment_method")); st.Medium == "" {
		st.Medium = mediumOf(ref)
	}
	st.Private.PaymentLink, st.Private.Note = ref, note
	readLink(st, link)
}

// readConduitAmount reads an amount; its currency may be MSATS where an invoice is
// not of whole sats, and in old messages any that the merchant had typed. Where he
// had typed no amount they say 0.
func (l *letter) readConduitAmount(st *orders.Statement) {
	if v := l.said(st, "amount", "amount"); v != "" && v != "0" {
		total(st, v, l.said(st, "currency", "currency"))
	}
}

// readConduitProof reads what a buyer shows for his payment. However little that is,
// he says that he has paid; but not where his own client found it to be none. The
// invoice is mostly one that the merchant's Lightning address gave, not one of this
// order's requests: then the proof proves nothing here, and the merchant has the
// word. The note is a machine's and stays in the content.
func (l *letter) readConduitProof(st *orders.Statement) {
	verification, _ := l.json["verification"].(map[string]any)
	st.Code = word(text(verification, "state"))
	if st.Code == "verification_failed" || st.Code == "disputed" {
		st.Verb = orders.Note
		return
	}
	l.readConduitAmount(st)
	if v := text(l.json, "amountMsats"); v != "" {
		l.readConduitMsats(st, v)
	}
	// The documents nest the proof, which no client does yet.
	nested, _ := l.json["proof"].(map[string]any)
	paid := newLeg(medium(l.said(st, "rail", "rail")), text(l.json, "invoice"), cmp.Or(text(l.json, "preimage"), text(nested, "preimage")))
	*st = l.settle(*st, []leg{paid})[0]
	// The id of a zap's receipt is no preimage, though it looks like one.
	if st.Private.Proof == "" {
		st.Private.Proof = cmp.Or(text(l.json, "zapReceiptId"), text(nested, "zap_receipt_event_id"))
	}
	if hash := strings.ToLower(cmp.Or(text(l.json, "paymentHash"), text(nested, "payment_hash"))); isHex32(hash) {
		checkConduitHash(st, hash)
	}
}

// readConduitMsats reads the amount in thousandths of a sat, which only repeats the
// other one.
func (l *letter) readConduitMsats(st *orders.Statement, v string) {
	var again orders.Statement
	total(&again, v, "MSATS")
	switch {
	case again.Amount == nil || st.Fiat != nil:
	case st.Amount == nil:
		st.Amount = again.Amount
	case *st.Amount != *again.Amount:
		flag(st, FlagContentMismatch)
	}
}

// checkConduitHash takes the payment hash that the content names where there is no
// invoice to take it from, and holds it against what else is there.
func checkConduitHash(st *orders.Statement, hash string) {
	switch {
	case st.PaymentHash == "":
		st.PaymentHash = hash
		if st.PreimageHash != "" && st.PreimageHash != hash {
			flag(st, FlagProofMismatch)
		}
	case st.PaymentHash != hash:
		flag(st, FlagContentMismatch)
	}
}
