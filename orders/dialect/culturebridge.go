package dialect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// CultureBridge's JSON inside kind 14: its first two generations of purchase
// intents (commits ea70258 and 2b28234 of psam21/cb), and the messages its
// documents plan, docs/cb-shop-purchase-flow.md. Ids are intentId or saleId,
// times milliseconds. A message without an id is one of the thread's, but for
// an intent: the first generation had none, and its id is made from what the
// second made it from.

// cbVerbs is the vocabulary: the type of a message and its verb.
var cbVerbs = map[string]orders.Verb{
	"purchase-intent":       orders.Intent,
	"purchase-response":     orders.Note, // what is in stock, in its own words
	"payment-request":       orders.Request,
	"payment-and-address":   orders.Paid,
	"payment-confirmed":     orders.Confirm, // the seller has received it
	"shipping-update":       orders.Shipped,
	"delivery-confirmation": orders.Delivered,
	"cancel":                orders.Cancel,
	"dispute":               orders.Dispute,
	"note":                  orders.Note,
}

// cbSides is who alone writes which of them, where the verb does not tell.
var cbSides = map[string]orders.Role{
	"purchase-intent": orders.Buyer, "payment-and-address": orders.Buyer,
	"payment-request": orders.Seller, "payment-confirmed": orders.Seller, "shipping-update": orders.Seller,
}

func isCultureBridgeJSON(l *letter) (bool, error) {
	obj, err := l.object()
	typ, _ := obj["type"].(string)
	_, ok := cbVerbs[typ]
	return ok, err
}

func readCultureBridgeJSON(l *letter) ([]orders.Statement, error) {
	obj := l.json
	typ := text(obj, "type")
	st := l.statement(CultureBridge, cbVerbs[typ])
	st.As = cbSides[typ]
	if err := l.orderOf(&st, text(obj, "intentId", "saleId")); err != nil {
		return nil, err
	}
	st.Private.Note = text(obj, "note", "notes", "message", "text", "buyerNotes", "sellerNotes")
	switch st.Verb {
	case orders.Intent:
		l.readCBIntent(&st, obj)
	case orders.Request:
		readCBRequest(&st, obj)
	case orders.Paid:
		readCBPaid(&st, obj)
	case orders.Shipped:
		st.Carrier = clean(&st, text(obj, "carrier"), maxShort)
		st.Tracking = clean(&st, text(obj, "trackingNumber", "tracking"), maxShort)
		readCBEstimate(&st, obj)
	case orders.Delivered:
		if received, ok := obj["received"].(bool); ok && !received {
			st.Verb, st.Code = orders.Note, "not-received"
		}
		if st.Private.Note == "" {
			st.Private.Note = text(obj, "condition")
		}
	case orders.Cancel, orders.Dispute:
		st.Private.Reason = text(obj, "reason", "message", "note")
	case orders.Note:
		if t := text(obj, "intentTimestamp"); st.OrderID == "" && l.other != "" && isDigits(t) {
			st.Ref = cbID(l.other, t) // it answers the other side's intent
		}
	}
	return []orders.Statement{st}, nil
}

// cbID is the id of an intent as the second generation made it.
func cbID(buyer, ms string) string {
	return orders.EscapeID(fmt.Sprintf("pi_%s_%s", buyer[:8], ms))
}

func (l *letter) readCBIntent(st *orders.Statement, obj map[string]any) {
	if st.OrderID == "" {
		ms := text(obj, "timestamp")
		if ms == "" || len(ms) > 16 || !isDigits(ms) {
			ms = fmt.Sprint(st.At)
		}
		st.OrderID = cbID(l.Rumor.PubKey, ms)
	}
	if v := text(obj, "totalSats"); v != "" {
		st.Amount = sats(st, v)
	}
	st.CheckoutID = clean(st, text(obj, "cartId"), maxShort)
	readCBAddress(st, obj)
	for line := range lines(st, obj["products"]) {
		p := orders.Product{
			ProductID: clean(st, text(line, "productId"), maxShort),
			Title:     clean(st, text(line, "title"), maxTitle),
			ImageURL:  webURL(text(line, "imageUrl")),
			Quantity:  quantity(st, text(line, "quantity")),
		}
		if price := text(line, "price", "pricePerUnit"); price != "" {
			priceItem(st, &p, price, text(line, "currency"))
		}
		st.Products = append(st.Products, p)
	}
	checkTotal(st)
	checkCBAuthor(st)
}

func readCBRequest(st *orders.Statement, obj map[string]any) {
	if v := text(obj, "amountSats", "totalSats", "amount"); v != "" {
		st.Amount = sats(st, v)
	}
	if v := text(obj, "shippingQuote"); v != "" {
		st.ShippingQuote = sats(st, v)
	}
	readCBEstimate(st, obj)
	if v := text(obj, "expiresAt", "expiry"); v != "" {
		st.Expiry = msOfDate(st, v)
	}
	link := text(obj, "paymentLink", "invoice", "link")
	ask(st, []leg{newLeg("", link, "")})
}

func readCBEstimate(st *orders.Statement, obj map[string]any) {
	if v := text(obj, "estimatedDelivery", "eta"); v != "" {
		st.ETA = msOfDate(st, v)
	}
}

// readCBPaid reads the claim and where to send it to, which are one message.
func readCBPaid(st *orders.Statement, obj map[string]any) {
	if v := text(obj, "amountSats", "amount"); v != "" {
		st.Amount = sats(st, v)
	}
	if proof := text(obj, "paymentProof"); proof != "" && proof != "marked-paid" {
		g := leg{proof: proof}
		switch {
		case isHex32(strings.ToLower(proof)):
			g.medium = "lightning"
		case isToken(proof):
			g.medium = "ecash"
		}
		claim(st, settleLeg(st, g), FlagPaidMismatch)
	}
	readCBAddress(st, obj)
}

func readCBAddress(st *orders.Statement, obj map[string]any) {
	st.Private.ShippingAddress = addressText(obj["shippingAddress"])
	lines, _ := obj["shippingAddress"].(map[string]any)
	for _, name := range []string{"email", "phone"} {
		addContact(st, name, text(lines, name))
		addContact(st, name, text(obj, name))
	}
}

// checkCBAuthor flags an id that names another buyer than the author.
func checkCBAuthor(st *orders.Statement) {
	if cbBuyer(st.OrderID) != "" && !cbNames(st.OrderID, st.Sender) {
		flag(st, FlagSenderMismatch)
	}
}

// cbBuyer is what an id has for its buyer; "" where it is none of CultureBridge's.
func cbBuyer(id string) string {
	if parts := strings.Split(id, "_"); len(parts) == 3 && parts[0] == "pi" {
		return parts[1]
	}
	return ""
}

// cbNames reports whether an id names key as the buyer.
func cbNames(id, key string) bool {
	who := cbBuyer(id)
	return who != "" && (who == key[:8] || who == orders.Npub(key))
}

// withoutFrame takes off what CultureBridge puts around any message: a first
// line "[Context: product/…]" and lines "[Attachment n]".
func withoutFrame(s string) string {
	s = strings.TrimPrefix(s, "\uFEFF")
	if strings.HasPrefix(s, "[Context:") {
		if _, rest, ok := strings.Cut(s, "\n"); ok {
			s = strings.TrimLeft(rest, "\r\n ")
		}
	}
	if !strings.Contains(s, "[Attachment ") {
		return s
	}
	lines := slices.DeleteFunc(strings.Split(s, "\n"), func(line string) bool {
		line = strings.TrimSpace(line)
		return strings.HasPrefix(line, "[Attachment ") && strings.HasSuffix(line, "]")
	})
	return strings.Join(lines, "\n")
}
