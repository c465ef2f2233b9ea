package dialect

import (
	"cmp"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// NIP-15's checkout: JSON with a numeric type and the order's id, as
// lnbits/nostrmarket and its market page write it, and PlebeianTech/plebeian-market
// wrote it. They do so in NIP-04 messages; nobody has standardised it over NIP-17,
// but in kind 14 it cannot mean anything else.
//
// It knows no price but the invoice's, no parcel, no cancellation and no
// delivery. Type 2 tells how things stand, not what happened: paid is said again
// with shipped, and both with whatever else the merchant has to say. That an
// order was called off he says in words, with neither.

// nip15Type is one type of message.
type nip15Type struct {
	number  string
	verb    orders.Verb
	as      orders.Role // who writes it, 0 for either side
	members []string    // one at least must be there
	// bare: known by all of its members, where it has no type. nostrmarket wrote
	// none before June 2023.
	bare bool
}

var nip15Types = []nip15Type{
	{"2", orders.Note, orders.Seller, []string{"paid", "shipped"}, true}, // readStanding knows the verb
	{"1", orders.Request, orders.Seller, []string{"payment_options"}, true},
	{"0", orders.Intent, orders.Buyer, []string{"items", "shipping_id"}, true},
	{"10", orders.Note, 0, []string{"items"}, false},   // plebeian-market: an auction is won, order with this id
	{"-1", orders.Note, 0, []string{"message"}, false}, // nostrmarket's number for plain words
}

// nip15Foreign are the members by which the old app of Plebeian is known, whose
// messages have these types too and mean something else by them.
var nip15Foreign = []string{
	"buyerUserId", "sellerUserId", "stallId", "status", "contactName", "payment_id", "paymentRequest",
}

func isNIP15(l *letter) (bool, error) {
	obj, err := l.object()
	if err != nil || text(obj, "id") == "" || present(obj, nip15Foreign) > 0 {
		return false, err
	}
	_, ok := nip15TypeOf(obj)
	return ok, nil
}

func nip15TypeOf(obj map[string]any) (nip15Type, bool) {
	_, typed := obj["type"]
	number := text(obj, "type")
	for _, t := range nip15Types {
		n := present(obj, t.members)
		if typed && t.number == number && n > 0 || !typed && t.bare && n == len(t.members) {
			return t, true
		}
	}
	return nip15Type{}, false
}

// present counts the members that obj has.
func present(obj map[string]any, members []string) (n int) {
	for _, m := range members {
		if _, ok := obj[m]; ok {
			n++
		}
	}
	return n
}

func readNIP15(l *letter) ([]orders.Statement, error) {
	obj := l.json
	t, _ := nip15TypeOf(obj)
	st := l.statement(NIP15, t.verb)
	st.As = t.as
	if err := l.orderOf(&st, text(obj, "id")); err != nil {
		return nil, err
	}
	st.Private.Note = text(obj, "message")
	switch t.number {
	case "0":
		readNIP15Order(&st, obj)
	case "1":
		readNIP15Request(&st, obj["payment_options"])
	case "2":
		return l.readStanding(st, obj), nil
	case "10":
		st.Code = "auction-won"
	}
	return []orders.Statement{st}, nil
}

// readNIP15Order reads a type 0. Ways to reach the customer stand in contact, or
// beside it.
func readNIP15Order(st *orders.Statement, obj map[string]any) {
	for line := range lines(st, obj["items"]) {
		st.Products = append(st.Products, orders.Product{
			ProductID: productID(st, text(line, "product_id")),
			Quantity:  quantity(st, text(line, "quantity")),
		})
	}
	st.Shipping = clean(st, text(obj, "shipping_id"), maxAddress)
	contact, _ := obj["contact"].(map[string]any)
	st.Private.ShippingAddress = cmp.Or(addressText(obj["address"]), addressText(contact["address"]))
	for _, from := range []map[string]any{contact, obj} {
		for _, name := range contactTags {
			addContact(st, name, text(from, name))
		}
	}
	addContact(st, "contact", text(obj, "contact"))
	readNIP15Key(st, cmp.Or(text(contact, "nostr"), text(obj, "nostr")))
}

// readNIP15Key keeps contact.nostr where it is not the author's own key. The
// market page asks for "another npub" there, so that it may be no forgery; but the
// order is the author's, whoever that is.
func readNIP15Key(st *orders.Statement, key string) {
	if key == "" || strings.EqualFold(key, st.Sender) || key == orders.Npub(st.Sender) {
		return
	}
	addContact(st, "nostr", key)
	if isHex32(strings.ToLower(key)) || strings.HasPrefix(key, "npub1") {
		flag(st, FlagSenderMismatch)
	}
}

// readNIP15Request reads the ways to pay. A merchant who offers none, which is
// not the same as naming none, cannot or will not serve the order.
func readNIP15Request(st *orders.Statement, options any) {
	list, ok := options.([]any)
	if ok && len(list) == 0 {
		st.Verb = orders.Cancel
		st.Private.Reason, st.Private.Note = st.Private.Note, ""
		return
	}
	if legs := payOptions(st, list); len(legs) > 0 {
		ask(st, legs)
	}
}

// payOptions are the members of payment_options, the preferred first. Each may
// name the amount (plebeian-market).
func payOptions(st *orders.Statement, list []any) []leg {
	var legs []leg
	for _, v := range list {
		option, _ := v.(map[string]any)
		link := text(option, "link", "paymentRequest") // the second is the earlier Plebeian's
		if link == "" {
			continue
		}
		known := len(legs)
		legs = addLeg(st, legs, medium(text(option, "type")), link, "")
		if v := text(option, "amount_sats"); v != "" && len(legs) > known {
			legs[known].named = sats(st, v)
		}
	}
	prefer(legs)
	return legs
}

// readStanding reads a type 2: a statement for each that is true, or a note where
// neither is. The words are said once.
func (l *letter) readStanding(st orders.Statement, obj map[string]any) []orders.Statement {
	paid, shipped := isTrue(&st, obj["paid"]), isTrue(&st, obj["shipped"])
	if !paid && !shipped {
		return []orders.Statement{st}
	}
	st.Standing = true
	if !paid {
		st.Verb = orders.Shipped
		return []orders.Statement{st}
	}
	st.Verb = orders.Confirm
	if !shipped {
		return []orders.Statement{st}
	}
	more := l.statement(NIP15, orders.Shipped)
	more.OrderID, more.As, more.Standing, more.Private.Content = st.OrderID, st.As, true, ""
	return []orders.Statement{st, more}
}

// isTrue reads a boolean. Another type is nobody's word for it, and flagged.
func isTrue(st *orders.Statement, v any) bool {
	b, ok := v.(bool)
	if !ok && v != nil {
		flag(st, FlagUnknownStatus)
	}
	return b
}
