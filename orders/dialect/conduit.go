package dialect

import (
	"cmp"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// Conduit (Conduit-BTC/conduit-mono, packages/core/src/protocol/orders.ts): kind 16
// with a type in words, tags, and the same once more, and more of it, as JSON in
// the content. Where tag and content differ the tag counts, and that is flagged;
// content that is no JSON is read as words.
//
// Every message is sealed by the real key. A guest buys with a key made for one
// order: that key is the buyer.

// conduitTypes are the messages: what they say, who writes them, and how they are
// read.
var conduitTypes = map[string]struct {
	verb orders.Verb
	by   orders.Role
	read func(*letter, *orders.Statement)
}{
	"order":           {orders.Intent, orders.Buyer, (*letter).readConduitOrder},
	"payment_request": {orders.Request, orders.Seller, (*letter).readConduitRequest},
	"payment_proof":   {orders.Paid, orders.Buyer, (*letter).readConduitProof},
	"status_update":   {orders.Note, orders.Seller, (*letter).readConduitStatus},
	"shipping_update": {orders.Shipped, orders.Seller, (*letter).readConduitShipping},
	"receipt":         {orders.Note, orders.Seller, (*letter).readConduitReceipt},
	"message":         {orders.Note, orders.Buyer | orders.Seller, (*letter).readConduitMessage},
}

func isConduit(l *letter) (bool, error) {
	_, ok := l.tag("order")
	_, known := conduitTypes[l.value("type")]
	return ok && known, nil
}

func readConduit(l *letter) ([]orders.Statement, error) {
	id, err := l.orderID()
	if err != nil {
		return nil, err
	}
	if _, err := l.object(); err != nil {
		return nil, err
	}
	typ := conduitTypes[l.value("type")]
	st := l.statement(Conduit, typ.verb)
	st.OrderID = id
	l.said(&st, "order", "orderId", "id")
	l.checkConduitParties(&st, typ.by)
	l.readConduitTime(&st)
	typ.read(l, &st)
	if typ.by != orders.Buyer|orders.Seller && st.Verb != orders.Note {
		st.As = typ.by
	}
	return []orders.Statement{st}, nil
}

// said is what the tag of that name says, or else the content under the first of
// the keys that is there; FlagContentMismatch where they differ.
func (l *letter) said(st *orders.Statement, tag string, keys ...string) string {
	inTag, inside := l.value(tag), text(l.json, keys...)
	if inTag != "" && inside != "" && !strings.EqualFold(inTag, inside) {
		flag(st, FlagContentMismatch)
	}
	return cmp.Or(inTag, inside)
}

// words is the note in the content: the content itself where that is no JSON.
func (l *letter) words() string {
	if l.json == nil {
		return l.Rumor.Content
	}
	return text(l.json, "note")
}

// checkConduitParties flags a content that names others than those whom the message
// is between. The merchant keeps records on a guest for himself alone, and they may
// be addressed to nobody else: then only the author is known.
func (l *letter) checkConduitParties(st *orders.Statement, by orders.Role) {
	author, other := text(l.json, "buyerPubkey"), text(l.json, "merchantPubkey")
	if by == orders.Seller || by != orders.Buyer && other == l.Rumor.PubKey {
		author, other = other, author
	}
	if author != "" && author != l.Rumor.PubKey {
		flag(st, FlagSenderMismatch)
	}
	if other != "" && l.other != "" && other != l.other {
		flag(st, FlagContentMismatch)
	}
}

// readConduitTime takes the milliseconds from the content, where it was made when
// the rumor was: a clock that is off by more is that of something else.
func (l *letter) readConduitTime(st *orders.Statement) {
	v := text(l.json, "createdAt")
	if v == "" {
		return
	}
	if ms := msOfSeconds(st, v); ms > st.At-2000 && ms < st.At+2000 {
		st.At = ms
	}
}

// conduitStatus is the words of a status: Conduit's own, and below them those of
// others that mean the same. Accepted and processing do not tell there that money
// has come; accepted can even be said before any is asked for.
var conduitStatus = map[string]orders.Fact{
	"pending":          {Verb: orders.Note},
	"invoiced":         {Verb: orders.Request},
	"paid":             {Verb: orders.Confirm},
	"accepted":         {Verb: orders.Process, Acceptance: true, Public: orders.Public{Code: "accepted"}},
	"processing":       {Verb: orders.Process},
	"shipped":          {Verb: orders.Shipped, Standing: true},
	"complete":         {Verb: orders.Delivered, SellerDelivers: true},
	"delivered":        {Verb: orders.Delivered, SellerDelivers: true},
	"cancelled":        {Verb: orders.Cancel},
	"refund_requested": {Verb: orders.Note, Public: orders.Public{Code: "refund-requested"}},

	"completed": {Verb: orders.Delivered, SellerDelivers: true},
	"confirmed": {Verb: orders.Confirm},
}

// readConduitStatus finds the verb of a status. Its note is the reason where the
// order is cancelled.
func (l *letter) readConduitStatus(st *orders.Statement) {
	raw := l.said(st, "status", "status")
	folded := strings.ToLower(strings.TrimSpace(raw))
	says, known := conduitStatus[folded]
	if !known {
		says, known = conduitStatus[spelling[folded]]
	}
	switch {
	case !known:
		flag(st, FlagUnknownStatus)
		keepWord(st, raw)
	case says.Verb == orders.Note && says.Code == "":
		keepWord(st, raw)
	default:
		st.Verb, st.Code = says.Verb, says.Code
		st.Acceptance, st.Standing, st.SellerDelivers = says.Acceptance, says.Standing, says.SellerDelivers
	}
	switch words := l.words(); {
	case st.Verb == orders.Cancel:
		st.Private.Reason = words
	case words != "":
		st.Private.Note = words
	}
}

// readConduitShipping reads a shipping update: a parcel has gone out, unless it has
// a status that says something else.
func (l *letter) readConduitShipping(st *orders.Statement) {
	st.Private.Note = l.words()
	if l.value("status") != "" || text(l.json, "status") != "" {
		l.readConduitStatus(st)
	}
	if st.Verb != orders.Shipped {
		return
	}
	st.Standing = false
	st.Tracking = clean(st, l.said(st, "tracking", "trackingNumber"), maxShort)
	st.Carrier = clean(st, l.said(st, "carrier", "carrier"), maxShort)
	st.Private.Reference = webURL(text(l.json, "trackingUrl"))
}

// readConduitReceipt reads a merchant's receipt. Nobody sends any today, and
// Conduit itself does not take one for the confirmation of a payment.
func (l *letter) readConduitReceipt(st *orders.Statement) {
	st.Code = "receipt"
	st.Private.Note = l.words()
}

func (l *letter) readConduitMessage(st *orders.Statement) { st.Private.Note = l.words() }
