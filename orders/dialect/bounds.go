package dialect

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waybill-relay/waybill/orders"
)

// How much of a message is kept, in bytes unless said otherwise.
const (
	maxPrivate  = 16 << 10 // one private field
	maxContacts = 16       // entries
	maxKey      = 40       // the name of a contact
	maxTitle    = 500
	maxShort    = 100 // ids, tracking numbers, carriers
	maxAddress  = 200 // addresses of listings and shipping options, mints
	maxURL      = 1000
	maxProducts = 200 // lines
	maxLegs     = 8   // payments in one receipt, ways to pay in one request
	maxQuantity = 1_000_000_000
)

// The flags: what was odd about a message that was still read.
const (
	FlagCut             orders.Flag = "cut"              // something was too long
	FlagBadAmount       orders.Flag = "bad-amount"       // an amount could not be read, or is beyond orders.MaxSats; it is left out
	FlagBadItem         orders.Flag = "bad-item"         // a line of the order could not be read whole
	FlagBadTime         orders.Flag = "bad-time"         // a time could not be read, or cannot be
	FlagForeignItem     orders.Flag = "foreign-item"     // a listing of somebody who is no party
	FlagUnknownStatus   orders.Flag = "unknown-status"   // a status word of no dialect: the message is a note
	FlagTotalClaimed    orders.Flag = "total-claimed"    // the total is not the sum of the lines
	FlagTotalConverted  orders.Flag = "total-converted"  // the client made sats of another currency
	FlagSenderMismatch  orders.Flag = "sender-mismatch"  // the content names another sender than the one who sealed it
	FlagContentMismatch orders.Flag = "content-mismatch" // the content says something else than the tags beside it
	FlagRepeatedLines   orders.Flag = "repeated-lines"   // a line that stands once in the form stands there again: perhaps forged in a title
	FlagInvoiceMismatch orders.Flag = "invoice-mismatch" // the invoice asks for another amount than the message
	FlagProofMismatch   orders.Flag = "proof-mismatch"   // the preimage does not open the invoice it stands beside
	FlagHoldsToken      orders.Flag = "holds-token"      // a text with an ecash token in it
	FlagHoldsAddress    orders.Flag = "holds-address"    // a text with something to pay to: a Lightning or bitcoin address, an ecash request
	FlagHoldsTracking   orders.Flag = "holds-tracking"   // a text with a tracking number
	FlagPaidMismatch    orders.Flag = "paid-mismatch"    // what was paid is worth another amount than the message says
)

func flag(st *orders.Statement, f orders.Flag) {
	if !slices.Contains(st.Flags, f) {
		st.Flags = append(st.Flags, f)
	}
}

// finish numbers the statements of one message, bounds their private fields,
// names these, and sorts the flags.
func finish(sts []orders.Statement) {
	for n := range sts {
		st := &sts[n]
		st.N = n
		p := &st.Private
		for _, field := range []*string{
			&p.Content, &p.ShippingAddress, &p.PaymentLink, &p.Note,
			&p.Reason, &p.Resolution, &p.Reference, &p.Proof,
		} {
			*field = bound(st, *field, maxPrivate)
		}
		if len(p.Contact) == 0 {
			p.Contact = nil
		}
		slices.Sort(st.Flags)
		st.Carries = p.Carries()
	}
}

// bound cuts s at the last rune boundary within n bytes, and flags that.
func bound(st *orders.Statement, s string, n int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= n {
		return s
	}
	flag(st, FlagCut)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// clean makes of s what may stand in public: one line without control
// characters, nor those that turn the direction of the text, at most n bytes.
func clean(st *orders.Statement, s string, n int) string {
	if strings.ContainsFunc(s, isUnshown) {
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\n' || r == '\t':
				return ' '
			case isUnshown(r):
				return -1
			}
			return r
		}, s)
	}
	return strings.TrimSpace(bound(st, strings.TrimSpace(s), n))
}

func isUnshown(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) ||
		r == '\uFEFF' || r == '\u2028' || r == '\u2029'
}

// webURL is s where that is a web address fit to be shown and followed, else "".
func webURL(s string) string {
	if len(s) > maxURL || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return isUnshown(r) || unicode.IsSpace(r) }) {
		return ""
	}
	if scheme, rest, ok := strings.Cut(s, "://"); !ok || rest == "" ||
		!strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return ""
	}
	return s
}

var (
	statusWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	longNumber = regexp.MustCompile(`[0-9]{6}`)
)

// word is s where that is a single short word, else "": what a client invents
// as a status may be shown, a sentence may not, nor a number by which somebody is
// reached.
func word(s string) string {
	if len(s) > maxKey || !statusWord.MatchString(s) || longNumber.MatchString(s) {
		return ""
	}
	return s
}

// addContact notes one way to reach the buyer; the first of a name counts.
func addContact(st *orders.Statement, name, value string) {
	name = clean(st, name, maxKey)
	if name == "" || value == "" {
		return
	}
	if st.Private.Contact == nil {
		st.Private.Contact = map[string]string{}
	}
	c := st.Private.Contact
	size := len(name) + len(value)
	for k := range maps.Keys(c) {
		size += len(k) + len(c[k])
	}
	if _, taken := c[name]; taken {
		return
	}
	if len(c) == maxContacts || size > maxPrivate {
		flag(st, FlagCut)
		return
	}
	c[name] = value
}
