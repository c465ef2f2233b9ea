package dialect

import (
	"regexp"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// Free text. Most sellers answer in words: what they write is a note, unless it
// holds a payment link, the one thing that words cannot be mistaken for. That
// link is a guess still (Hint): who may not ask for money has said nothing by
// quoting an invoice.

// quotedID is an order id as CultureBridge makes them.
var quotedID = regexp.MustCompile(`pi_(?:npub1[02-9ac-hj-np-z]{58}|[0-9a-f]{8})_[0-9]{10,16}`)

func isText(l *letter) (bool, error) { return strings.TrimSpace(l.Rumor.Content) != "", nil }

// readText reads a chat message that names no order in a tag.
func readText(l *letter) ([]orders.Statement, error) {
	st := l.statement(Text, orders.Note)
	if st.Ref = orders.EscapeID(quotedID.FindString(l.Rumor.Content)); st.Ref == "" {
		st.Ref = subjectID(l.value("subject"))
	}
	hint(&st)
	return []orders.Statement{st}, nil
}

// readOrderNote reads a chat message with an order tag: a note on that order.
func readOrderNote(l *letter) ([]orders.Statement, error) {
	id, err := l.orderID()
	if err != nil {
		return nil, err
	}
	st := l.statement(Gamma, orders.Note)
	st.OrderID = id
	if v, ok := l.tag("note"); ok {
		st.Private.Note = v
	} else {
		st.Private.Note = l.Rumor.Content
	}
	if l.value("status") != "note" {
		hint(&st)
	}
	return []orders.Statement{st}, nil
}

// hint makes a request of a note that holds a payment link. The JSON of an
// unknown client is not looked into: there a link may stand for anything.
func hint(st *orders.Statement) {
	content := st.Private.Content
	if strings.HasPrefix(strings.TrimSpace(withoutFrame(content)), "{") {
		return
	}
	link, ok := findLink(content)
	if !ok {
		hintAt(st, content)
		return
	}
	st.Verb, st.Hint = orders.Request, true
	st.Medium, st.Private.PaymentLink = link.medium, link.text
	readLink(st, link)
}

// subjectID is the subject of a chat where it may be an order id: one word that
// is not an example of the specification.
func subjectID(s string) string {
	if _, example := shopstrSubjects[s]; example || s == "" || len(s) > maxShort ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || isUnshown(r) }) {
		return ""
	}
	return orders.EscapeID(s)
}
