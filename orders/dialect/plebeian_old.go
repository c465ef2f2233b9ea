package dialect

import (
	"slices"
	"strings"

	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/orders"
)

// Plebeian Market before it became Gamma's (PlebeianApp/plebeian.market): NIP-15's
// types 0, 1 and 2 in NIP-04 messages by real keys, with fields of its own and
// other meanings. The buyer takes the invoice from the seller's Lightning address
// himself: the type 1 is his record of what he was to pay, and is followed by a
// fourth form, the invoice and what became of it. Of those there is one per payee,
// all of them sent to the seller. The status is a word, and beats NIP-15's two
// booleans beside it: in a completed order shipped is false.

// oldForm is one of its messages: its type, "" for any, the keys of the order's id
// and of what no other client writes, the verb where nothing in it says another,
// and the reader of the rest.
type oldForm struct {
	typ, id, mark string
	verb          orders.Verb
	read          func(*letter, *orders.Statement)
}

var oldForms = []oldForm{
	{"0", "id", "sellerUserId", orders.Intent, (*letter).readOldOrder},
	{"1", "id", "payment_id", orders.Request, (*letter).readOldRequest},
	{"1", "id", "paymentRequest", orders.Request, (*letter).readOldRequest},
	{"2", "id", "status", orders.Note, (*letter).readOldStatus},
	{"", "orderId", "invoiceStatus", orders.Note, (*letter).readOldInvoice},
}

// oldFormOf is the place of a message's form in oldForms, -1 for none.
func oldFormOf(obj map[string]any) int {
	return slices.IndexFunc(oldForms, func(f oldForm) bool {
		return obj[f.id] != nil && obj[f.mark] != nil && (f.typ == "" || f.typ == text(obj, "type"))
	})
}

func isOldPlebeian(l *letter) (bool, error) {
	obj, err := l.object()
	return oldFormOf(obj) >= 0, err
}

func readOldPlebeian(l *letter) ([]orders.Statement, error) {
	form := oldForms[oldFormOf(l.json)]
	st := l.statement(Plebeian, form.verb)
	if err := l.orderOf(&st, text(l.json, form.id)); err != nil {
		return nil, err
	}
	if st.OrderID == "" {
		return nil, BadOrderID
	}
	form.read(l, &st)
	return []orders.Statement{st}, nil
}

func (l *letter) readOldOrder(st *orders.Statement) {
	obj := l.json
	if text(obj, "sellerUserId") != l.other || obj["buyerUserId"] != nil && text(obj, "buyerUserId") != l.Rumor.PubKey {
		flag(st, FlagSenderMismatch)
	}
	st.Shipping = clean(st, text(obj, "shippingId"), maxAddress)
	lines, _ := obj["items"].([]any)
	for _, v := range lines {
		if len(st.Products) == maxProducts {
			flag(st, FlagCut)
			break
		}
		line, _ := v.(map[string]any)
		merchant, id, listed := listing(text(line, "product_id"))
		quantity, ok := integer(text(line, "quantity"), maxQuantity)
		if id == "" || !ok {
			flag(st, FlagBadItem)
		}
		if id == "" {
			continue
		}
		if listed && !slices.Contains(st.Parties, merchant) {
			flag(st, FlagForeignItem)
		}
		st.Products = append(st.Products, orders.Product{ProductID: clean(st, id, maxShort), Quantity: quantity})
	}
	address := map[string]any{}
	for _, key := range []string{"address", "zip", "city", "region", "country"} {
		address[key] = obj[key]
	}
	st.Private.ShippingAddress = addressText(address)
	addContact(st, "name", text(obj, "contactName"))
	addContact(st, "email", text(obj, "contactEmail"))
	addContact(st, "phone", text(obj, "contactPhone"))
	st.Private.Note = text(obj, "additionalInfo")
}

// readOldRequest reads what is to be paid: mostly the buyer's own record of it, and
// then no request, which the fold tells by who wrote it. The invoice stands among the
// ways to pay, or beside them. A share of another than the seller is asked by nobody.
func (l *letter) readOldRequest(st *orders.Statement) {
	if st.Payee = payeeOf(text(l.json, "payment_id")); st.Payee != "" {
		st.Verb, st.Code = orders.Note, legAsked
	}
	st.Leg = st.Verb == orders.Request
	options, _ := l.json["payment_options"].([]any)
	if ref := text(l.json, "paymentRequest"); ref != "" {
		options = append(slices.Clip(options), map[string]any{"link": ref})
	}
	if legs := payOptions(st, options); len(legs) > 0 {
		ask(st, legs)
	}
}

// readOldInvoice reads what became of an invoice: one that is paid is a receipt, or
// a leg where another than the seller was paid.
func (l *letter) readOldInvoice(st *orders.Statement) {
	obj := l.json
	st.As = orders.Buyer
	if v := text(obj, "totalAmount"); v != "" {
		st.Amount = sats(st, v)
	}
	shared := text(obj, "type") == "v4v"
	if shared {
		st.Payee = payeeOf(text(obj, "paymentId"))
	}
	switch status := text(obj, "invoiceStatus"); {
	case status != "paid":
		st.Code = word(status)
		return
	case shared:
		st.Code = orders.LegPaid
	default:
		st.Verb = orders.Paid
	}
	ref := text(obj, "paymentRequest")
	claim(st, settleLeg(st, newLeg("", ref, text(obj, "proof"))), FlagPaidMismatch)
}

// oldStatus is its words for where an order stands. Only the buyer can say completed.
var oldStatus = map[string]saying{
	"pending":   {verb: orders.Note},
	"confirmed": {verb: orders.Confirm, as: orders.Seller},
	"shipped":   {verb: orders.Shipped, as: orders.Seller},
	"completed": {verb: orders.Delivered},
	"cancelled": {verb: orders.Cancel},
}

// oldSentences are the messages that stand in a status update by themselves.
var oldSentences = []string{"Order confirmed", "Order is pending", "Order shipped", "Order completed", "Order cancelled"}

func (l *letter) readOldStatus(st *orders.Statement) {
	sayStatus(st, text(l.json, "status"), oldStatus)
	st.Standing = st.Verb == orders.Shipped
	switch said := text(l.json, "message"); {
	case said == "", slices.Contains(oldSentences, said):
	case st.Verb == orders.Cancel:
		st.Private.Reason = said
	default:
		st.Private.Note = said
	}
}

// payeeOf is the public key (hex) of the npub by which a payment to another than
// the seller is named; a payment to him has an id of its own, which names nobody.
func payeeOf(s string) string {
	const length = 63
	if len(s) != length || !strings.HasPrefix(s, "npub1") {
		return ""
	}
	_, key, err := nip19.Decode(s)
	if pubkey, _ := key.(string); err == nil && isHex32(pubkey) {
		return pubkey
	}
	return ""
}
