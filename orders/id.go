package orders

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Pair is the unordered pair of parties of an order: the two public keys (hex)
// in ascending order with a colon between.
type Pair string

// PairOf makes the pair of a and b.
func PairOf(a, b string) Pair {
	if b < a {
		a, b = b, a
	}
	return Pair(a + ":" + b)
}

// Parties are the two keys of p, ascending.
func (p Pair) Parties() (a, b string) {
	a, b, _ = strings.Cut(string(p), ":")
	return a, b
}

// Has reports whether key is one of the two.
func (p Pair) Has(key string) bool {
	a, b := p.Parties()
	return key != "" && (key == a || key == b)
}

// Pair is the pair of the fact's parties; ok is false where it names one only.
func (f *Fact) Pair() (p Pair, ok bool) {
	if len(f.Parties) != 2 || f.Parties[0] == f.Parties[1] {
		return "", false
	}
	return PairOf(f.Parties[0], f.Parties[1]), true
}

// Key names one order before it has an intentId: a pair and the id that the
// client gave (escaped).
type Key struct {
	Pair    Pair
	OrderID string
}

const maxID = 100

// EscapeID makes of any client's order id one that may stand in a key, a URL
// or a log line: [A-Za-z0-9._:@+-] stay, every other byte becomes %XX. What
// would be longer than 100 bytes is cut and ended with _ and 8 hex digits of
// the SHA-256 of the whole. Of an id that would mean another path of the relay's
// pages or API (".", "..", "export") the first byte is escaped: its buyer must not
// choose that his seller cannot open the order. It returns "" for "".
func EscapeID(id string) string {
	taken := slices.Contains(takenIDs, id)
	if plainID(id) && !taken {
		return id
	}
	var b strings.Builder
	for i := 0; i < len(id) && b.Len() <= 3*maxID; i++ {
		if c := id[i]; idByte(c) && !(taken && i == 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() <= maxID {
		return b.String()
	}
	sum := sha256.Sum256([]byte(id))
	cut := b.String()[:maxID-9]
	if i := strings.LastIndexByte(cut, '%'); i > len(cut)-3 {
		cut = cut[:i]
	}
	return cut + "_" + hex.EncodeToString(sum[:4])
}

// takenIDs are segments of paths: browsers and servers take the dots out of an address,
// and beneath /api/v1/orders/ stands an export.
var takenIDs = []string{".", "..", "export"}

// UnescapeID is the id as the client wrote it; ok is false where EscapeID had to
// cut it, or seems to have.
func UnescapeID(escaped string) (id string, ok bool) {
	id, err := url.PathUnescape(escaped)
	return id, err == nil && !cutID.MatchString(escaped)
}

// cutID matches what EscapeID makes of an id that is too long.
var cutID = regexp.MustCompile(`^.{89,91}_[0-9a-f]{8}$`)

func plainID(id string) bool {
	return len(id) <= maxID && !slices.ContainsFunc([]byte(id), func(c byte) bool { return !idByte(c) })
}

func idByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._:@+-", c) >= 0
}

// IntentIDs yields the ids an order may be given, in the order in which they
// are tried: the client's own, then that with _ and 8 hex digits that follow
// from the pair.
func IntentIDs(k Key) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(k.OrderID) {
			return
		}
		for n := 0; ; n++ {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", k.Pair, k.OrderID, n))
			if !yield(k.OrderID + "_" + hex.EncodeToString(sum[:4])) {
				return
			}
		}
	}
}

// NewIntentID is the id Waybill gives to an intent of its own: pi_<npub>_<ms>.
func NewIntentID(buyerNpub string, ms int64) string {
	return fmt.Sprintf("pi_%s_%d", buyerNpub, ms)
}

// ThreadID names the conversation of two keys: the first 32 hex digits of the
// SHA-256 of the sorted pair.
func ThreadID(p Pair) string {
	a, b := p.Parties()
	sum := sha256.Sum256([]byte(a + b))
	return hex.EncodeToString(sum[:16])
}
