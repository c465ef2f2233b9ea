package dialect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waybill-relay/waybill/orders"
)

// CultureBridge's purchase request as text: the third, fourth and fifth
// generation (commits 330a1cd, 1372036 and d9048b9 of psam21/cb). They differ in
// boxes and emoji; heading, labels and their order are the same:
//
//	🛒✨ NEW PURCHASE REQUEST
//	🆔 Order ID: pi_<npub>_<ms>
//	👤 From: <npub>
//	📦 ITEMS REQUESTED
//	1️⃣ <title>
//	   🔖 Product ID: <id>
//	   🔢 Quantity: <n>
//	   💵 Unit Price: <en-US number> <currency>
//	   💸 Subtotal: <en-US number> <currency>
//	💰✨ TOTAL: <en-US integer> sats
//
// Titles are a stranger's text and may hold line breaks and any of these lines.
// So the head ends where the items begin, at their heading or at the first of them,
// and in the items and for the total the
// last line of a label counts: the client writes its own after the title. Where
// a label stands twice, that is flagged.

// cbForm is such a text taken apart; values are still as written.
type cbForm struct {
	id, from, total string
	items           []cbItem
	headed          bool
	repeated        bool
	cut             bool
}

type cbItem struct{ title, product, quantity, price, subtotal, image string }

// isCultureBridgeText reports whether the content is a purchase request: it has a
// heading, or it is by the buyer whom the order id names. One that the other side
// wrote, sent back as a quotation, is not.
func isCultureBridgeText(l *letter) (bool, error) {
	if !strings.Contains(l.Rumor.Content, "Order ID") {
		return false, nil
	}
	f := parseCBForm(withoutFrame(l.Rumor.Content))
	if !strings.HasPrefix(f.id, "pi_") || len(f.id) == len("pi_") || !f.headed && !cbNames(f.id, l.Rumor.PubKey) {
		return false, nil
	}
	if l.other != "" {
		if other := orders.Npub(l.other); f.from == other || strings.Contains(f.id, other) {
			return false, nil
		}
	}
	l.form = f
	return true, nil
}

func readCultureBridgeText(l *letter) ([]orders.Statement, error) {
	f := l.form
	st := l.statement(CultureBridge, orders.Intent)
	if err := l.orderOf(&st, f.id); err != nil {
		return nil, err
	}
	if f.from != "" && f.from != orders.Npub(l.Rumor.PubKey) {
		flag(&st, FlagSenderMismatch)
	}
	checkCBAuthor(&st)
	for _, it := range f.items {
		st.Products = append(st.Products, it.read(&st))
	}
	if f.total != "" {
		n, _ := cutUnit(f.total)
		st.Amount = sats(&st, n)
	}
	checkTotal(&st)
	if f.repeated {
		flag(&st, FlagRepeatedLines)
	}
	if f.cut {
		flag(&st, FlagCut)
	}
	return []orders.Statement{st}, nil
}

func (it *cbItem) read(st *orders.Statement) orders.Product {
	p := orders.Product{
		ProductID: clean(st, it.product, maxShort),
		Title:     clean(st, it.title, maxTitle),
	}
	if !strings.HasSuffix(it.image, "...") { // the third generation cuts the URL
		p.ImageURL = webURL(it.image)
	}
	var ok bool
	if p.Quantity, ok = integer(it.quantity, maxQuantity); !ok || it.product == "" {
		flag(st, FlagBadItem)
	}
	if it.price != "" {
		price, unit := cutUnit(it.price)
		priceItem(st, &p, price, unit)
	}
	if n, unit := cutUnit(it.subtotal); n != "" && currency(unit) == p.Currency {
		if claimed, ok := decimal(n); ok {
			p.Subtotal = claimed
		}
	}
	return p
}

// cutUnit splits "1,200.50 EUR".
func cutUnit(s string) (number, unit string) {
	if i := strings.LastIndexByte(s, ' '); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func parseCBForm(text string) *cbForm {
	f := &cbForm{}
	inItems := false
	for line := range strings.SplitSeq(text, "\n") {
		if _, first := cutOrdinal(line, 1); first || inItems {
			inItems = true
			f.item(line)
			continue
		}
		switch name, value := cutLabel(line); {
		case strings.EqualFold(name, "NEW PURCHASE REQUEST") && value == "":
			f.headed = true
		case strings.EqualFold(name, "ITEMS REQUESTED") && value == "":
			f.headed, inItems = true, true
		case name == "Order ID":
			id, _, _ := strings.Cut(value, " ")
			f.set(&f.id, id, true)
		case name == "From":
			f.set(&f.from, value, true)
		}
	}
	return f
}

// item reads one line of the block of items, up to the end of the text.
func (f *cbForm) item(line string) {
	if title, ok := cutOrdinal(line, len(f.items)+1); ok {
		if len(f.items) == maxProducts {
			f.cut = true
			return
		}
		f.items = append(f.items, cbItem{title: title})
		return
	}
	name, value := cutLabel(line)
	switch name {
	case "TOTAL":
		f.set(&f.total, value, false)
	case "Order ID", "From":
		f.repeated = true
	}
	if len(f.items) == 0 || f.cut {
		return
	}
	it := &f.items[len(f.items)-1]
	switch name {
	case "Product ID":
		f.set(&it.product, value, false)
	case "Quantity":
		f.set(&it.quantity, value, false)
	case "Unit Price":
		f.set(&it.price, value, false)
	case "Subtotal":
		f.set(&it.subtotal, value, false)
	case "Image":
		it.image = value
	}
}

// set keeps the first or the last of several values.
func (f *cbForm) set(field *string, value string, first bool) {
	if *field != "" {
		f.repeated = true
		if first {
			return
		}
	}
	*field = value
}

// cutLabel splits "   🔖 Product ID: x" and "│ Product ID:  x   │" at the colon,
// without what adorns them; the name of a line without a colon is the line. A
// quotation has no label.
func cutLabel(line string) (name, value string) {
	start := strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	if start < 0 || strings.ContainsAny(line[:start], ">\"'") {
		return "", ""
	}
	name, value, _ = strings.Cut(line[start:], ":")
	adorns := func(r rune) bool { return unicode.IsSpace(r) || r == '│' || r == '║' }
	return strings.TrimRightFunc(name, adorns), strings.TrimFunc(value, adorns)
}

// cutOrdinal takes "3️⃣ title" or "3. title" apart where the number is n and
// stands at the very start of the line.
func cutOrdinal(line string, n int) (title string, ok bool) {
	digits := 0
	for digits < len(line) && digits < 4 && line[digits] >= '0' && line[digits] <= '9' {
		digits++
	}
	if i, ok := integer(line[:digits], 9999); !ok || i != int64(n) || line[0] == '0' {
		return "", false
	}
	rest := line[digits:]
	if keycap, found := strings.CutPrefix(strings.TrimPrefix(rest, "\uFE0F"), "\u20E3"); found {
		rest = keycap
	} else if rest, found = strings.CutPrefix(rest, "."); !found {
		return "", false
	}
	if r, size := utf8.DecodeRuneInString(rest); size > 0 && !unicode.IsSpace(r) {
		return "", false
	}
	return strings.TrimSpace(rest), true
}
