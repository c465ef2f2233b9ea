package dialect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/orders"
)

// Shopstr (shopstr-eng/shopstr at 32e3316) and Milk Market, its fork (a777a8b),
// write kind 14, and the subject says what a message is. There is a number in
// `type` too, but it means other things than in the Gamma specification: 2 is a
// payment made, 4 a buyer's receipt to himself. It is not looked at.
//
// Both sides seal order messages with throw-away keys, the buyer with one for each
// order or page, the seller with one for each page. So who speaks is a claim. One of
// the parties is whom the message is addressed to; the other is named by `b` (the
// buyer), by the listing in `item` (the seller), or by nothing at all. A guest has no
// key but the throw-away one, and is bound by it.
//
// The payment comes first, then the address. What is neither shipped nor asked about
// has no order-info at all.

// voice is who speaks to whom in the messages of a subject.
type voice int

const (
	inChat       voice = iota // anybody, under his own key
	toSeller                  // the buyer
	toHimself                 // the buyer, for his own records
	toBuyer                   // the seller
	aboutOrder                // the buyer to the seller, or the seller to the buyer
	aboutEscrow               // one party to the other, or to an arbiter: JSON under his own key
	inFlashOrder              // the buyer: JSON under his own key
)

// shopstrForm is what the messages of one subject say.
type shopstrForm struct {
	voice voice
	verb  orders.Verb // where no status says otherwise
}

// inJSON reports whether it is the content that says what is meant.
func (f shopstrForm) inJSON() bool { return f.voice == aboutEscrow || f.voice == inFlashOrder }

// needsOrder reports whether it is nothing but words where no order is named.
func (f shopstrForm) needsOrder() bool {
	return f.voice == toSeller || f.voice == aboutOrder || f.verb == orders.Paid
}

// shopstrSubjects are the subjects by which Shopstr tells its messages apart. Some
// are the examples of the Gamma specification too, but in kind 14 they are Shopstr's.
var shopstrSubjects = map[string]shopstrForm{
	"order-info":           {aboutOrder, orders.Intent},
	"order-payment":        {toSeller, orders.Paid},
	"order-receipt":        {toHimself, orders.Paid},
	"payment-change":       {toHimself, orders.Note},
	"shipping-info":        {toBuyer, orders.Shipped},
	"order-completed":      {toBuyer, orders.Delivered},
	"return-request":       {toSeller, orders.Note},
	"address-change":       {toSeller, orders.Address},
	"listing-inquiry":      {inChat, orders.Note},
	"donation":             {inChat, orders.Note},
	"payment-confirmation": {inChat, orders.Note}, // read by the client, written by none

	"zapsnag-order": {inFlashOrder, orders.Intent},
	"zapsnag_order": {inFlashOrder, orders.Intent}, // the type in its JSON

	"escrow-dispute":         {aboutEscrow, orders.Dispute},
	"escrow-payment-request": {aboutEscrow, orders.Note},
	"escrow-buyer-sig":       {aboutEscrow, orders.Note},
	"escrow-arbiter-sig":     {aboutEscrow, orders.Note},

	// Milk Market's server tells a subscriber what becomes of his subscription,
	// which is no order.
	"subscription-renewal":      {inChat, orders.Note},
	"subscription-payment":      {inChat, orders.Note},
	"subscription-cancellation": {inChat, orders.Note},
}

// isShopstr reports whether the subject, or the type of the JSON, is Shopstr's, and
// whatever must speak of an order does.
func isShopstr(l *letter) (bool, error) {
	form, ok := shopstrSubjects[l.value("subject")]
	if !ok || form.inJSON() {
		said, err := l.shopstrJSON(ok)
		if err != nil {
			return false, err
		}
		if said.inJSON() {
			form, ok = said, true
		}
	}
	_, ordered := l.tag("order")
	l.shopstr = form
	return ok && !l.toRelay && (ordered || !form.needsOrder() || l.bought() != ""), nil
}

// shopstrJSON reads what the type of the JSON says, which beats the subject: it is
// what the client itself goes by, and the messages of its server have nothing else.
// Where nobody expects any, the words themselves must first look like it.
func (l *letter) shopstrJSON(expected bool) (form shopstrForm, err error) {
	content := l.Rumor.Content
	if !expected && !strings.Contains(content, `"escrow-`) && !strings.Contains(content, `"zapsnag_order"`) {
		return form, nil
	}
	obj, err := l.object()
	return shopstrSubjects[text(obj, "type")], err
}

func readShopstr(l *letter) ([]orders.Statement, error) {
	id, err := l.shopstrOrderID()
	if err != nil {
		return nil, err
	}
	st := l.statement(Shopstr, l.shopstr.verb)
	st.OrderID = id
	switch l.shopstr.voice {
	case toSeller:
		return l.readShopstrBuyer(st)
	case toHimself:
		return l.readShopstrRecord(st)
	case toBuyer:
		return l.readShopstrSeller(st)
	case aboutOrder:
		return l.readShopstrInfo(st)
	case aboutEscrow:
		return l.readShopstrEscrow(st)
	case inFlashOrder:
		return l.readShopstrFlash(st)
	}
	return l.readShopstrChat()
}

// shopstrOrderID is the order id. Old messages have none: that of a buyer's is made
// of the throw-away key, which is made for one order, and of the product. (Not of the
// amount, which is not the same in all messages of an order.)
func (l *letter) shopstrOrderID() (string, error) {
	if _, ok := l.tag("order"); ok {
		return l.orderID()
	}
	if !l.shopstr.needsOrder() {
		return "", nil
	}
	sum := sha256.Sum256([]byte(l.Rumor.PubKey + "\n" + l.bought()))
	return "shopstr_" + hex.EncodeToString(sum[:16]), nil
}

// readShopstrChat reads what is no more than words, like the words of any client.
func (l *letter) readShopstrChat() ([]orders.Statement, error) {
	read := readText
	if l.value("order") != "" {
		read = readOrderNote
	}
	sts, err := read(l)
	for i := range sts {
		sts[i].Dialect = Shopstr
	}
	return sts, err
}

// to is whom the message is addressed to.
func (l *letter) to() string { return cmp.Or(l.other, l.Rumor.PubKey) }

// bought is the address of the first product; `a` is the form before `item`.
func (l *letter) bought() string { return cmp.Or(l.value("item"), l.value("a")) }

// merchant is who sells the first product, "" where the message does not say.
func (l *letter) merchant() string {
	merchant, _, _ := listing(l.bought())
	return merchant
}

// buyerSpeaks makes st the buyer's word to the seller: he is named by `b`, or is the
// author. Who sells what is ordered does not order it.
func (l *letter) buyerSpeaks(st *orders.Statement) error {
	buyer := cmp.Or(l.value("b"), l.Rumor.PubKey)
	if err := l.claims(st, buyer, buyer, l.to()); err != nil {
		return err
	}
	if st.As = orders.Buyer; buyer == l.merchant() {
		st.Verb, st.As = orders.Note, 0
		flag(st, FlagSenderMismatch)
	}
	return nil
}

// guestSpeaks makes st the word of whoever else takes part in the seller's order.
// Milk Market gives its guests a new key for every message: whom the payment named as
// the buyer is nowhere else.
func (l *letter) guestSpeaks(st *orders.Statement) error {
	st.As = orders.Buyer
	return l.claims(st, "", l.to())
}

// signature is how the seller's dashboard begins what it writes to a buyer.
var signature = regexp.MustCompile(`^Your order from (npub1[02-9ac-hj-np-z]{58}) `)

// sellerSpeaks makes st the seller's word to the buyer: he is named by the listing,
// or else by the words, or else is the party that the buyer's order has beside him.
func (l *letter) sellerSpeaks(st *orders.Statement) error {
	named := ""
	if m := signature.FindStringSubmatch(l.Rumor.Content); m != nil {
		if prefix, key, err := nip19.Decode(m[1]); err == nil && prefix == "npub" {
			named, _ = key.(string)
		}
	}
	merchant := l.merchant()
	if err := l.claims(st, cmp.Or(merchant, named), cmp.Or(merchant, named), l.to()); err != nil {
		return err
	}
	st.As = orders.Seller
	if merchant != "" && named != "" && merchant != named {
		flag(st, FlagSenderMismatch)
	}
	if b := l.value("b"); b != "" && b != l.to() {
		flag(st, FlagOtherBuyer)
	}
	return nil
}
