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

// announcedID is a word that the words before it say to be an order's id.
var announcedID = regexp.MustCompile(`(?i)\border[ \t]*(?:id[ \t]*:|#|no\.)[ \t#]*(\S+)`)

const (
	maxQuoted   = 8       // of them are looked at
	maxSearched = 4 << 10 // bytes of a text, from its beginning
)

// quoted is the order id that a text seems to speak of, or "".
func quoted(text string) string {
	if id := quotedID.FindString(text); id != "" {
		return id
	}
	if len(text) > maxSearched {
		text = text[:strings.LastIndexAny(text[:maxSearched], " \t\n")+1] // no half a word
	}
	for _, m := range announcedID.FindAllStringSubmatch(text, maxQuoted) {
		word := strings.TrimLeft(m[1], "\"'`(<[*")
		if word = strings.TrimRight(word, "\"'`)>]*.,;:!?"); isLikeID(word) {
			return word
		}
	}
	return ""
}

// phone is a telephone number, with what may be written around it.
var phone = regexp.MustCompile(`(?i)^(?:tel|phone|mobile|mob|cell|fax|sms|whatsapp|wa|ph)?[:._-]*[0-9][0-9._-]{4,}[0-9](?:[._-]*(?:x|ext)[:._-]*[0-9]+)?$`)

// isLikeID reports whether a word can hardly be anything but an order's id: what is
// taken for one stands in the clear. A number alone is a phone's as well, or a card's.
func isLikeID(s string) bool {
	letters, digits := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
		case strings.IndexByte("._:-", c) < 0:
			return false
		}
	}
	long := len(s) >= 16 && isLowerHex(strings.ToLower(s))
	return len(s) <= maxShort && letters > 0 && (digits > 0 || long) && !phone.MatchString(s)
}

func isText(l *letter) (bool, error) { return strings.TrimSpace(l.Rumor.Content) != "", nil }

// readText reads a chat message that names no order in a tag.
func readText(l *letter) ([]orders.Statement, error) {
	st := l.statement(Text, orders.Note)
	if st.Ref = orders.EscapeID(quoted(l.Rumor.Content)); st.Ref == "" {
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

// subjectID is the subject of a chat where it looks like an order id.
func subjectID(s string) string {
	if !isLikeID(s) {
		return ""
	}
	return orders.EscapeID(s)
}
