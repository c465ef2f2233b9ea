package dialect

import (
	"regexp"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// What a text may hold beside a payment link says too little to move an order:
// whose money, for what, which parcel? The message stays a note, and is flagged
// for whoever reads it.

// maxWords is how many words of a text are looked at.
const maxWords = 2000

// parcelNumbers are the two forms of tracking numbers that cannot be taken for
// anything else: UPS, and the postal services' (UPU S10).
var parcelNumbers = regexp.MustCompile(`^(?:1Z[0-9A-Z]{16}|[A-Z]{2}[0-9]{9}[A-Z]{2})$`)

// hintAt flags what a text holds: an ecash token, which is money and is sealed as
// such, an address to pay to, a tracking number.
func hintAt(st *orders.Statement, text string) {
	words := 0
	for word := range strings.FieldsFuncSeq(text, isLinkEnd) {
		if words++; words > maxWords {
			return
		}
		word = strings.TrimRight(word, ".,;:!?*_")
		if len(word) < 6 {
			continue
		}
		switch {
		case isToken(word) && st.ProofHash == "":
			if token, ok := parseToken(word); ok {
				st.Medium, st.Mint, st.ProofHash, st.Amount = "ecash", token.mint, proofHash(word), token.sats
				st.Private.Proof = word
				flag(st, FlagHoldsToken)
			}
		case strings.HasPrefix(word, "creqA"), lightningAddress.MatchString(word), isAddress(word):
			flag(st, FlagHoldsAddress)
		case parcelNumbers.MatchString(word):
			flag(st, FlagHoldsTracking)
		}
	}
}
