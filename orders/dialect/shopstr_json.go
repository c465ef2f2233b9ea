package dialect

import (
	"cmp"

	"github.com/waybill-relay/waybill/orders"
)

// Shopstr's messages in JSON, which are sealed by the real key of who writes them:
// orders of a flash sale (a "zapsnag"), paid by a zap that names their id in the open,
// and messages about payments held in escrow, as ecash that two of buyer, seller and
// arbiter can spend.

// readShopstrFlash reads the order of a flash sale. Where there is no listing, the
// product is the note that offers it.
func (l *letter) readShopstrFlash(st orders.Statement) ([]orders.Statement, error) {
	if err := l.buyerSpeaks(&st); err != nil {
		return nil, err
	}
	id := orders.EscapeID(text(l.json, "orderId"))
	if st.OrderID = cmp.Or(st.OrderID, id); st.OrderID == "" || id != "" && id != st.OrderID {
		return nil, BadOrderID
	}
	if l.json == nil {
		st.Private.Note = l.Rumor.Content
	}
	l.readShopstrAddress(&st)
	if v := addressText(l.json["shipping"]); v != "" {
		st.Private.ShippingAddress = v
	}
	if v := l.value("amount"); v != "" {
		total(&st, v, l.value("currency"))
	}
	l.readShopstrItems(&st, true)
	if item := text(l.json, "item"); len(st.Products) == 0 && item != "" {
		st.Products = []orders.Product{{ProductID: productID(&st, item), Quantity: 1}}
	}
	return []orders.Statement{st}, nil
}

// readShopstrEscrow reads a message about escrow. All but a dispute are notes: that
// the seller asks for the money, or that the buyer or the arbiter has signed it over,
// neither moves goods nor proves that it was paid out.
//
// A dispute names the token by its hash, and so the only order of the two is meant, or
// none. The copy for the arbiter, which holds the token, is between others than the
// parties of the order.
func (l *letter) readShopstrEscrow(st orders.Statement) ([]orders.Statement, error) {
	id := text(l.json, "orderId")
	switch {
	case st.OrderID != "":
	case id == "":
		return l.readShopstrChat()
	case isHex32(id):
		st.Ref = id
	default:
		st.OrderID = orders.EscapeID(id)
	}
	reason := l.Rumor.Content
	if l.json != nil {
		reason = text(l.json, "reason")
	}
	if st.Verb == orders.Dispute && text(l.json, "token") == "" {
		st.Private.Reason = reason
	} else {
		st.Verb, st.Code = orders.Note, word(cmp.Or(text(l.json, "type"), l.value("subject")))
	}
	return []orders.Statement{st}, nil
}
