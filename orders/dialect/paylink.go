package dialect

import (
	"cmp"
	"encoding/json"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/btcsuite/btcd/btcutil/base58"
	"github.com/btcsuite/btcd/btcutil/bech32"

	"github.com/waybill-relay/waybill/orders"
)

// payLink is a payment link that was checked as far as one can offline.
type payLink struct {
	text    string // as written
	medium  string
	invoice *invoice // nil where it carries none
	sats    *int64   // nil where it names no amount
}

// parseLink reads a BOLT-11 invoice, a BIP-21 URI, or a bech32 LNURL (LUD-01);
// ok is false for anything else, and where a checksum is wrong.
func parseLink(s string) (link payLink, ok bool) {
	bare := s
	if scheme, rest, found := strings.Cut(s, ":"); found {
		switch strings.ToLower(scheme) {
		case "lightning":
			bare = rest
		case "bitcoin":
			return parseBIP21(s, rest)
		default:
			return payLink{}, false
		}
	}
	if inv, ok := parseInvoice(bare); ok {
		return payLink{s, "lightning", &inv, inv.sats()}, true
	}
	if isLNURL(bare) {
		return payLink{text: s, medium: "lightning"}, true
	}
	return payLink{}, false
}

// Asks is the amount (sats) that a payment link names itself: an invoice, or a BIP-21
// URI. ok is false for a link that names none, or is no link.
func Asks(link string) (sats int64, ok bool) {
	l, ok := parseLink(link)
	if !ok {
		return 0, false
	}
	n := l.sats
	if n == nil && l.invoice != nil {
		n = l.invoice.sats()
	}
	if n == nil {
		return 0, false
	}
	return *n, true
}

// sats is the amount of the invoice, rounded up; nil for any amount.
func (inv *invoice) sats() *int64 {
	if inv.msat < 0 {
		return nil
	}
	n := wholeSats(inv.msat)
	return &n
}

func isLNURL(s string) bool {
	if len(s) > 2000 || len(s) < 7 || !strings.EqualFold(s[:6], "lnurl1") {
		return false
	}
	prefix, data, version, err := bech32.DecodeNoLimitWithVersion(s)
	if err != nil || prefix != "lnurl" || version != bech32.Version0 {
		return false
	}
	raw, err := bech32.ConvertBits(data, 5, 8, false)
	return err == nil && webURL(string(raw)) != ""
}

// parseBIP21 reads bitcoin:<address>?<parameters>. A unified link carries an
// invoice too, and then may leave the address out.
func parseBIP21(text, rest string) (link payLink, ok bool) {
	if len(rest) > 2*maxInvoice {
		return payLink{}, false
	}
	addr, query, _ := strings.Cut(rest, "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return payLink{}, false
	}
	either := func(name string) string { // QR codes are often all upper case
		return cmp.Or(params.Get(name), params.Get(strings.ToUpper(name)))
	}
	link = payLink{text: text, medium: "bitcoin"}
	if n, ok := decimal(either("amount")); ok {
		link.sats = satsOfBitcoin(n)
	}
	if inv, ok := parseInvoice(either("lightning")); ok {
		link.invoice = &inv
	}
	return link, isAddress(addr) || addr == "" && link.invoice != nil
}

// satsOfBitcoin is nil where n is not a whole number of sats.
func satsOfBitcoin(n json.Number) *int64 {
	r, ok := new(big.Rat).SetString(string(n))
	if !ok || !r.Mul(r, big.NewRat(100_000_000, 1)).IsInt() || !r.Num().IsInt64() || r.Num().Int64() > orders.MaxSats {
		return nil
	}
	s := r.Num().Int64()
	return &s
}

// isAddress checks the checksum of a bitcoin address of any network.
func isAddress(s string) bool {
	if len(s) < 26 || len(s) > 90 {
		return false
	}
	if prefix, data, version, err := bech32.DecodeGeneric(s); err == nil {
		want := bech32.VersionM
		if len(data) > 0 && data[0] == 0 {
			want = bech32.Version0
		}
		return (prefix == "bc" || prefix == "tb" || prefix == "bcrt") &&
			len(data) > 1 && data[0] <= 16 && version == want
	}
	payload, _, err := base58.CheckDecode(s)
	return err == nil && len(payload) == 20
}

var lightningAddress = regexp.MustCompile(`^[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,4}$`)

// linkPrefixes are how links of each medium begin, in lower case. That of invoices
// is theirs on every network.
var linkPrefixes = []struct{ prefix, medium string }{
	{"lnbc", "lightning"}, {"lntb", "lightning"}, {"lnurl1", "lightning"}, {"lno1", "lightning"}, {"lightning:", "lightning"},
	{"bitcoin:", "bitcoin"},
	{"cashu", "ecash"}, {"creq", "ecash"},
}

// mediumOf guesses the medium of a link whose tag does not say it, by how it begins:
// whether it is any good is another question, and a dear one.
func mediumOf(ref string) string {
	if ref == "" {
		return ""
	}
	for _, p := range linkPrefixes {
		if len(ref) >= len(p.prefix) && strings.EqualFold(ref[:len(p.prefix)], p.prefix) {
			return p.medium
		}
	}
	switch {
	case len(ref) <= maxURL && lightningAddress.MatchString(ref):
		return "lightning"
	case isAddress(ref):
		return "bitcoin"
	}
	return "other"
}

// maxTries is how many things in one text are checked for being a payment link.
const maxTries = 8

// findLink returns the first payment link in a text.
func findLink(text string) (payLink, bool) {
	tries := 0
	for token := range strings.FieldsFuncSeq(text, isLinkEnd) {
		if len(token) < 26 {
			continue
		}
		token = strings.TrimRight(token, ".,;:!?*_")
		if !beginsLikeLink(token) {
			// "Invoice:lnbc…", "pay=lnbc…"
			i := strings.LastIndexAny(token, ":=")
			if i < 0 || !beginsLikeLink(token[i+1:]) {
				continue
			}
			token = token[i+1:]
		}
		if link, ok := parseLink(token); ok {
			return link, true
		}
		if tries++; tries == maxTries {
			break
		}
	}
	return payLink{}, false
}

func isLinkEnd(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("\"'`()<>[]{}|,", r)
}

func beginsLikeLink(s string) bool {
	for _, prefix := range []string{"lnbc", "lntb", "lnurl1", "lightning:", "bitcoin:"} {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}
