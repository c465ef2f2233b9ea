package dialect

import (
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// Kinds 16, 17 and order tags in kind 14: GammaMarkets/market-spec, section 4,
// and what form.go adds. Status messages go by their words alone: who may say
// them is for the fold.

func hasOrder(l *letter) (bool, error) { return l.value("order") != "", nil }

// isOrderNote tells a message that is nothing but a note, whatever its words look like.
func isOrderNote(l *letter) (bool, error) {
	return l.value("order") != "" && l.value("status") == "note", nil
}

func isTyped(l *letter) (bool, error) {
	_, ok := l.tag("order")
	typ := l.value("type")
	return ok && len(typ) == 1 && typ >= "1" && typ <= "4", nil
}

func isReceipt(l *letter) (bool, error) {
	_, order := l.tag("order")
	_, paid := l.tag("payment")
	return order && (paid || l.value("subject") == "order-receipt"), nil
}

// readTyped reads kind 16.
func readTyped(l *letter) ([]orders.Statement, error) {
	id, err := l.orderID()
	if err != nil {
		return nil, err
	}
	st := l.statement(Gamma, orders.Note)
	st.OrderID = id
	switch l.value("type") {
	case "1":
		st.Verb = orders.Intent
	case "2":
		st.Verb, st.Leg = orders.Request, true // a buyer's is how he pays by himself
	case "3":
		sayStatus(&st, l.value("status"), orderStatus)
	case "4":
		st.As = orders.Seller
		sayStatus(&st, l.value("status"), shippingStatus)
	}
	if l.toRelay {
		if err := l.readRuling(&st); err != nil {
			return nil, err
		}
	}
	if err := l.readFields(&st, formOf[st.Verb].fields); err != nil {
		return nil, err
	}
	return []orders.Statement{st}, nil
}

// readRuling takes the parties of a ruling from its tags: it is addressed to
// the relay, but it is between those it names.
func (l *letter) readRuling(st *orders.Statement) error {
	buyer, hasBuyer := l.tag("buyer")
	seller, hasSeller := l.tag("seller")
	if (hasBuyer || hasSeller) && (st.Verb == orders.Resolved || st.Verb == orders.Cancel) {
		if !isHex32(buyer) || !isHex32(seller) || buyer == seller {
			return BadKey
		}
		l.parties = []string{buyer, seller}
		slices.Sort(l.parties)
		st.Parties = slices.Clone(l.parties)
	}
	return nil
}

// readFields reads from the tags what the verb can carry.
func (l *letter) readFields(st *orders.Statement, has fields) error {
	pub, priv := &st.Public, &st.Private
	if v, ok := l.tag("amount"); ok && has&amount != 0 {
		total(st, v, l.value("currency"))
		if pub.Amount == nil && pub.Fiat == nil && st.Verb == orders.Refunded {
			return BadAmount // without an amount it would stand for the whole
		}
	}
	if has&items != 0 {
		l.readItems(st)
		pub.CheckoutID = clean(st, l.value("checkout"), maxShort)
	}
	if has&shipping != 0 {
		pub.Shipping = clean(st, l.value("shipping"), maxAddress)
	}
	if v := l.value("expiration"); v != "" && has&expiry != 0 {
		pub.Expiry = msOfSeconds(st, v)
	}
	if v := l.value("shipping_quote"); v != "" && has&quote != 0 {
		pub.ShippingQuote = sats(st, v)
	}
	if v := l.value("eta"); v != "" && has&eta != 0 {
		pub.ETA = msOfSeconds(st, v)
	}
	if has&parcel != 0 {
		if v := l.value("tracking"); st.Trust != orders.Bound && strings.Contains(v, "://") {
			priv.Reference = strings.TrimSpace(v) // nobody vouches for where it leads
		} else {
			pub.Tracking = tracking(st, v)
		}
		pub.Carrier = clean(st, l.value("carrier"), maxShort)
	}
	if has&payment != 0 {
		l.readPayment(st)
	}
	if has&address != 0 {
		l.readContact(st)
		l.readAddress(st)
	}
	if has&reason != 0 {
		priv.Reason = l.valueOrContent("reason")
	}
	if has&outcome != 0 {
		if pub.Outcome = orders.Outcome(l.value("outcome")); !pub.Outcome.Valid() {
			return BadOutcome
		}
		priv.Resolution = l.valueOrContent("resolution")
	}
	switch v, ok := l.tag("note"); {
	case ok:
		priv.Note = v
	case st.Verb == orders.Intent:
		priv.Note = l.Rumor.Content
	}
	return nil
}

// tracking is the number of a parcel, or what Plebeian asks for and others write
// there too, the web address that shows where it is: no use once it is cut.
func tracking(st *orders.Statement, s string) string {
	if url := webURL(strings.TrimSpace(s)); url != "" {
		return url
	}
	return clean(st, s, maxShort)
}

// valueOrContent is the tag of that name where there is one, else the content.
func (l *letter) valueOrContent(name string) string {
	if v, ok := l.tag(name); ok {
		return v
	}
	return l.Rumor.Content
}

func (l *letter) readContact(st *orders.Statement) {
	for _, name := range contactTags {
		addContact(st, name, l.value(name))
	}
	for t := range l.tags("contact") {
		switch len(t) {
		case 0, 1:
		case 2:
			addContact(st, "contact", t[1])
		default:
			addContact(st, t[1], t[2])
		}
	}
}

// contactTags are the ways to reach the buyer that have tags of their own.
var contactTags = []string{"name", "email", "phone"}

// readItems reads ["item", "30402:<merchant>:<d>", quantity, image, title,
// price of one, currency]; all but the first two may be missing.
func (l *letter) readItems(st *orders.Statement) {
	for t := range l.tags("item") {
		place := func(i int) string {
			if i < len(t) {
				return t[i]
			}
			return ""
		}
		if place(1) == "" && place(4) == "" {
			flag(st, FlagBadItem)
			continue
		}
		if len(st.Products) == maxProducts {
			flag(st, FlagCut)
			return
		}
		p := orders.Product{
			ProductID: productID(st, place(1)), Quantity: quantity(st, place(2)),
			ImageURL: webURL(place(3)), Title: clean(st, place(4), maxTitle),
		}
		if v := place(5); v != "" {
			priceItem(st, &p, v, place(6))
		}
		st.Products = append(st.Products, p)
	}
}

// priceItem sets price, subtotal and currency; "" is sats.
func priceItem(st *orders.Statement, p *orders.Product, price, code string) {
	n, ok := decimal(price)
	if p.Currency = currency(code); code == "" {
		p.Currency = "SATS"
	}
	if !ok || p.Currency == "" {
		p.Currency = ""
		flag(st, FlagBadItem)
		return
	}
	p.PricePerUnit, p.Subtotal = n, times(n, p.Quantity)
}

// productID is the id of a product that is named by it or by its address; one of
// somebody who is no party is flagged.
func productID(st *orders.Statement, name string) string {
	merchant, id, listed := listing(name)
	if listed && !slices.Contains(st.Parties, merchant) {
		flag(st, FlagForeignItem)
	}
	return clean(st, id, maxShort)
}

// listing takes the address of a NIP-99 listing, or of a NIP-15 product, apart; of
// anything else id is the whole and ok false.
func listing(addr string) (merchant, id string, ok bool) {
	parts := strings.SplitN(addr, ":", 3)
	if len(parts) != 3 || parts[0] != "30402" && parts[0] != "30018" || !isHex32(parts[1]) {
		return "", addr, false
	}
	return parts[1], parts[2], true
}
