package dialect

import (
	"cmp"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// What buyers and sellers say of an order in Shopstr's messages.

const (
	// FlagOtherBuyer: the message names another buyer than whom it is sent to.
	FlagOtherBuyer orders.Flag = "other-buyer"

	additionalInfo = "Additional customer information: "
	shipTo         = "Please ship the product"
	newAddress     = "\nNew Address: "
	subscription   = "sub_" // how Stripe's ids of subscriptions begin
)

// shopstrStatus is what a status means, in whatever subject.
var shopstrStatus = map[string]saying{
	"pending":    {verb: orders.Note},
	"confirmed":  {verb: orders.Confirm},
	"processing": {verb: orders.Process},
	"shipped":    {verb: orders.Shipped},
	"completed":  {verb: orders.Delivered, sellerDelivers: true},
	"delivered":  {verb: orders.Delivered, sellerDelivers: true},
	"cancelled":  {verb: orders.Cancel},
}

// askingCodes are the codes of what a return-request asks for, by its status.
var askingCodes = map[string]string{
	"": "return-requested", "return": "return-requested",
	"refund": "refund-requested", "exchange": "exchange-requested",
}

// readShopstrInfo reads order-info: the buyer's order, or what the seller writes to
// him about it. Only what the client's agents write has a status that says something,
// and they name no buyer where they do not write for the seller.
func (l *letter) readShopstrInfo(st orders.Statement) ([]orders.Statement, error) {
	b, merchant := l.value("b"), l.merchant()
	answer := b == l.to() || b == "" && merchant != "" && merchant != l.to()
	var err error
	switch {
	case answer && merchant != "":
		err = l.sellerSpeaks(&st)
	case answer:
		st.As = orders.Seller
		err = l.claims(&st, l.Rumor.PubKey, l.Rumor.PubKey, l.to())
	case l.value("buyer_type") == "guest":
		err = l.guestSpeaks(&st)
	default:
		err = l.buyerSpeaks(&st)
	}
	if err != nil {
		return nil, err
	}
	switch status := l.value("status"); {
	case status != "" && status != "pending" && (answer || b == ""):
		if !answer && merchant == "" {
			st.As = 0 // an agent's word, and nothing tells for whom
		}
		sayStatus(&st, l.value("status"), shopstrStatus)
		err = l.readFields(&st, formOf[st.Verb].fields)
	case answer:
		st.Verb, st.Private.Note = orders.Note, l.Rumor.Content
	case st.Verb == orders.Intent:
		l.readShopstrIntent(&st)
	}
	if _, ok := l.tag("order"); answer && !ok {
		st.OrderID = "" // it was made of the buyer's key, and this one is the seller's
	}
	return []orders.Statement{st}, err
}

// readShopstrIntent reads the buyer's order-info. Beside the one with the address
// there may be one with what the seller wanted to know, which is a note: a second
// order of the same id would be refused.
//
// Its amount may be that of all orders of a cart. Where the donation shows that, it is
// left out.
func (l *letter) readShopstrIntent(st *orders.Statement) {
	l.readShopstrAddress(st)
	content := l.Rumor.Content
	info, additional := strings.CutPrefix(content, additionalInfo)
	if !strings.HasPrefix(content, shipTo) { // else it says what the address says
		st.Private.Note = info
	}
	if additional && st.Private.ShippingAddress == "" && len(st.Private.Contact) == 0 {
		st.Verb = orders.Note
		return
	}
	if v := l.value("amount"); v != "" {
		total(st, v, l.value("currency"))
		if _, _, shared := l.donation(); shared && st.Amount != nil && !l.ownTotal(*st.Amount) {
			st.Amount = nil
			flag(st, FlagTotalClaimed)
		}
	}
	l.readShopstrItems(st, false)
}

// readShopstrAddress reads where the goods go, and how to reach the buyer. Where he
// comes to fetch them is no address of his.
func (l *letter) readShopstrAddress(st *orders.Statement) {
	st.Private.ShippingAddress = l.value("address")
	l.readContact(st)
	addContact(st, "email", l.value("buyer_email"))
	addContact(st, "pickup", l.value("pickup"))
}

// readShopstrBuyer reads what else a buyer writes to a seller.
func (l *letter) readShopstrBuyer(st orders.Statement) ([]orders.Statement, error) {
	verb := st.Verb
	if err := l.buyerSpeaks(&st); err != nil {
		return nil, err
	}
	switch {
	case st.Verb != verb: // it was no buyer
	case verb == orders.Paid:
		return l.readShopstrPayment(st), nil
	case verb == orders.Address:
		l.readNewAddress(&st)
	default:
		l.readReturn(&st)
	}
	return []orders.Statement{st}, nil
}

// readNewAddress reads address-change: the address is in the words, from the start of
// a line on, or in a tag.
// Milk Market tells a seller in the same way where a subscription goes from now on,
// by an id that is no order's.
func (l *letter) readNewAddress(st *orders.Statement) {
	_, said, _ := strings.Cut("\n"+l.Rumor.Content, newAddress)
	st.Private.ShippingAddress = strings.TrimSpace(cmp.Or(l.value("address"), said))
	if ofOrder := !strings.HasPrefix(st.OrderID, subscription); !ofOrder || st.Private.ShippingAddress == "" {
		st.Verb = orders.Note
		st.Private.ShippingAddress, st.Private.Note = "", l.Rumor.Content
		if !ofOrder {
			st.OrderID = ""
		}
	}
}

// readReturn reads return-request, which nothing but a human can answer.
func (l *letter) readReturn(st *orders.Statement) {
	status := l.value("status")
	code, known := askingCodes[strings.ToLower(status)]
	if !known {
		code = word(status)
		flag(st, FlagUnknownStatus)
	}
	st.Code, st.Private.Note = code, l.Rumor.Content
	// Two lines repeat the order and the product.
	if head, words, ok := strings.Cut(l.Rumor.Content, "\n\n"); ok && strings.Contains(head, " Request for order #") {
		st.Private.Note = words
	}
}

// readShopstrSeller reads shipping-info and order-completed.
func (l *letter) readShopstrSeller(st orders.Statement) ([]orders.Statement, error) {
	if err := l.sellerSpeaks(&st); err != nil {
		return nil, err
	}
	if l.value("status") != "" {
		sayStatus(&st, l.value("status"), shopstrStatus)
	} else {
		st.SellerDelivers = st.Verb == orders.Delivered
	}
	err := l.readFields(&st, formOf[st.Verb].fields)
	return []orders.Statement{st}, err
}
