package dialect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// readConduitOrder reads an order. Its amount, and mostly the subtotal in its content,
// are what the buyer is to pay in all, with the shipping where that has a price yet.
func (l *letter) readConduitOrder(st *orders.Statement) {
	code := l.said(st, "currency", "currency")
	v := l.value("amount")
	if !l.amountIsShipped(v) {
		v = l.said(st, "amount", "subtotal")
	}
	if v != "" {
		total(st, v, code)
	}
	l.readConduitItems(st, code)
	st.Shipping = clean(st, l.value("shipping"), maxAddress)
	st.Private.ShippingAddress = addressText(l.json["shippingAddress"])
	st.Private.Note = l.words()
	readConduitContact(st, l.json)
	if text(l.json, "buyerIdentityKind") == "guest_ephemeral" {
		st.Code = "guest" // who will not read what is sent to that key
	}
}

// shippingCost is the price of the shipping (sats), 0 where it has none yet.
func (l *letter) shippingCost() int64 {
	n, _ := integer(text(l.json, "shippingCostSats"), orders.MaxSats)
	return n
}

// amountIsShipped reports whether an amount is the subtotal with the shipping, where
// the subtotal is that of the goods.
func (l *letter) amountIsShipped(amount string) bool {
	n, ok := integer(amount, orders.MaxSats)
	goods, whole := integer(text(l.json, "subtotal"), orders.MaxSats)
	return ok && whole && l.shippingCost() > 0 && n == goods+l.shippingCost()
}

// readConduitItems reads the lines of an order: of the content, which has the
// prices, else of the tags. Lines without a currency are in that of the order.
func (l *letter) readConduitItems(st *orders.Statement, code string) {
	if list, _ := l.json["items"].([]any); len(list) == 0 {
		l.readItems(st)
		return
	}
	converted := false
	for line := range lines(st, l.json["items"]) {
		st.Products = append(st.Products, conduitItem(st, line, code))
		source, _ := line["sourcePrice"].(map[string]any)
		switch currency(text(source, "normalizedCurrency", "currency")) {
		case "", "SATS", "MSATS", "BTC":
		default:
			converted = true
		}
	}
	l.checkConduitTags(st)
	l.checkConduitTotal(st, converted)
}

func conduitItem(st *orders.Statement, line map[string]any, code string) orders.Product {
	p := orders.Product{
		ProductID: productID(st, text(line, "productId")),
		Title:     clean(st, text(line, "title")+conduitChoice(line), maxTitle),
		Quantity:  quantity(st, text(line, "quantity")),
	}
	if price := text(line, "priceAtPurchase"); price != "" {
		priceItem(st, &p, price, cmp.Or(text(line, "currency"), code))
	}
	return p
}

// conduitChoice is which one of a listing's variants was chosen: " (Size: L)". The
// id of the listing need not tell.
func conduitChoice(line map[string]any) string {
	chosen, _ := line["selectedSpecifications"].([]any)
	var said []string
	for _, v := range chosen {
		spec, _ := v.(map[string]any)
		if key, value := text(spec, "key"), text(spec, "value"); key != "" && value != "" {
			said = append(said, key+": "+value)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return " (" + strings.Join(said, ", ") + ")"
}

// checkConduitTags flags item tags that are not the lines of the content.
func (l *letter) checkConduitTags(st *orders.Statement) {
	tagged := orders.Statement{Fact: orders.Fact{Parties: st.Parties}}
	l.readItems(&tagged)
	same := func(a, b orders.Product) bool { return a.ProductID == b.ProductID && a.Quantity == b.Quantity }
	if len(tagged.Products) > 0 && !slices.EqualFunc(tagged.Products, st.Products, same) {
		flag(st, FlagContentMismatch)
	}
}

// checkConduitTotal holds the total against the lines and the shipping, which is added
// where it is left out. Where lines were converted the client has done that by a rate of
// its own.
func (l *letter) checkConduitTotal(st *orders.Statement, converted bool) {
	sum := orders.Statement{Fact: orders.Fact{Public: orders.Public{Amount: st.Amount, Products: slices.Clip(st.Products)}}}
	goods := sum
	checkTotal(&goods)
	if cost := l.shippingCost(); st.Amount != nil && len(st.Products) > 0 && len(goods.Flags) == 0 && *st.Amount+cost <= orders.MaxSats {
		*st.Amount += cost
	}
	if v := text(l.json, "shippingCostSats"); v != "" {
		priced := orders.Product{Quantity: 1}
		priceItem(&sum, &priced, v, "")
		sum.Products = append(sum.Products, priced)
	}
	checkTotal(&sum)
	for _, f := range sum.Flags {
		flag(st, f)
	}
	if converted && st.Amount != nil {
		flag(st, FlagTotalConverted)
	}
}

// readConduitContact reads how to reach the buyer: guests are asked for it in a
// field of its own, what others give stands in lines of their note, at its end.
func readConduitContact(st *orders.Statement, obj map[string]any) {
	guest, _ := obj["guestContact"].(map[string]any)
	for _, name := range []string{"email", "phone"} {
		addContact(st, name, text(guest, name))
	}
	if obj == nil {
		return
	}
	said := strings.Split(st.Private.Note, "\n")
	for _, line := range said[max(0, len(said)-2):] {
		for _, name := range []string{"Email", "Phone"} {
			if v, ok := strings.CutPrefix(line, name+": "); ok {
				addContact(st, strings.ToLower(name), strings.TrimSpace(v))
			}
		}
	}
}
