package dialect

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/waybill-relay/waybill/orders"
)

// ecash is what may be told of a Cashu token (NUT-00): never the token, which is
// the money itself.
type ecash struct {
	mint string // as mint cleans it; "" where it names none, or several
	sats *int64 // nil where its unit is not sat
}

const (
	maxToken  = maxPrivate // what is longer is not kept whole either
	maxProofs = 1000
)

// tokenV3 and tokenV4 are the parts of the two forms of a token that are read:
// cashuA is JSON, cashuB is CBOR.
type (
	tokenV3 struct {
		Token []struct {
			Mint   string `json:"mint"`
			Proofs []struct {
				Amount json.Number `json:"amount"`
			} `json:"proofs"`
		} `json:"token"`
		Unit string `json:"unit"`
	}
	tokenV4 struct {
		Mint  string `cbor:"m"`
		Unit  string `cbor:"u"`
		Token []struct {
			Proofs []struct {
				Amount uint64 `cbor:"a"`
			} `cbor:"p"`
		} `cbor:"t"`
	}
)

// strictCBOR reads no more than a token can hold, and no key twice.
var strictCBOR = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 8, MaxArrayElements: maxProofs, MaxMapPairs: 16,
		IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
	}.DecMode()
	if err != nil {
		panic("dialect: " + err.Error())
	}
	return m
}()

// isToken reports whether s looks like a Cashu token.
func isToken(s string) bool {
	return len(s) > 6 && strings.HasPrefix(s, "cashu") && (s[5] == 'A' || s[5] == 'B')
}

// parseToken reads a Cashu token; ok is false for anything else. Whether its money
// is good, only the mint can tell.
func parseToken(s string) (e ecash, ok bool) {
	if !isToken(s) || len(s) > maxToken {
		return ecash{}, false
	}
	// Both alphabets and both paddings are seen.
	body := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s[6:]), "=")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return ecash{}, false
	}
	var mints []string
	var unit string
	sum := tally{}
	if s[5] == 'A' {
		var t tokenV3
		if json.Unmarshal(raw, &t) != nil {
			return ecash{}, false
		}
		unit = t.Unit
		for _, part := range t.Token {
			mints = append(mints, part.Mint)
			for _, p := range part.Proofs {
				n, ok := integer(string(p.Amount), math.MaxInt64)
				sum.add(uint64(n), ok)
			}
		}
	} else {
		var t tokenV4
		if strictCBOR.Unmarshal(raw, &t) != nil {
			return ecash{}, false
		}
		unit, mints = t.Unit, []string{t.Mint}
		for _, part := range t.Token {
			for _, p := range part.Proofs {
				sum.add(p.Amount, true)
			}
		}
	}
	if sum.proofs == 0 || sum.proofs > maxProofs {
		return ecash{}, false
	}
	if len(mints) == 1 {
		e.mint = mint(mints[0])
	}
	if (unit == "sat" || unit == "") && !sum.bad { // the first version had sat alone
		e.sats = &sum.sats
	}
	return e, true
}

// tally adds up amounts that a stranger wrote.
type tally struct {
	sats   int64
	proofs int
	bad    bool
}

func (t *tally) add(n uint64, ok bool) {
	t.proofs++
	if !ok || n > uint64(orders.MaxSats-t.sats) {
		t.bad = true
		return
	}
	t.sats += int64(n)
}
