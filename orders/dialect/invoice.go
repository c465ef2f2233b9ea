package dialect

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/btcutil/bech32"
)

// invoice is what Waybill needs of a BOLT-11 payment request.
type invoice struct {
	paymentHash string // hex
	msat        int64  // -1: any amount
	expiry      int64  // ms
}

const (
	maxInvoice = 4096 // characters; the longest with route hints stay far below

	// BOLT-11: 7 groups of 5 bits for the time, 104 for the signature.
	timeGroups = 7
	sigGroups  = 104

	fieldPaymentHash = 1
	fieldExpiry      = 6
	hashGroups       = 52

	defaultExpiry = 3600 // s
)

// invoiceNetworks are the prefixes of the currencies, those that begin like
// another one first.
var invoiceNetworks = []string{"lnbcrt", "lnbc", "lntbs", "lntb"}

// parseInvoice reads a BOLT-11 invoice of any network. The bech32 checksum is
// verified, the signature is not: whose invoice it is follows from who sent it.
func parseInvoice(s string) (inv invoice, ok bool) {
	if len(s) > maxInvoice || len(s) < sigGroups || !strings.EqualFold(s[:2], "ln") {
		return invoice{}, false
	}
	prefix, data, version, err := bech32.DecodeNoLimitWithVersion(s)
	if err != nil || version != bech32.Version0 || len(data) < timeGroups+sigGroups {
		return invoice{}, false
	}
	if inv.msat, ok = invoiceAmount(prefix); !ok {
		return invoice{}, false
	}
	made := bits(data[:timeGroups])
	lasts := int64(defaultExpiry)
	fields := data[timeGroups : len(data)-sigGroups]
	for len(fields) >= 3 {
		typ, n := fields[0], int(fields[1])<<5|int(fields[2])
		if fields = fields[3:]; n > len(fields) {
			return invoice{}, false
		}
		switch value := fields[:n]; {
		case typ == fieldPaymentHash && n == hashGroups && inv.paymentHash == "":
			raw, err := bech32.ConvertBits(value, 5, 8, false)
			if err != nil || len(raw) != 32 {
				return invoice{}, false
			}
			inv.paymentHash = hex.EncodeToString(raw)
		case typ == fieldExpiry:
			lasts = bits(value)
		}
		fields = fields[n:]
	}
	if len(fields) > 0 || inv.paymentHash == "" {
		return invoice{}, false
	}
	inv.expiry = min(made+min(lasts, latest), latest) * 1000
	return inv, true
}

// bits is the big-endian number of 5-bit groups, MaxInt64 where it is greater.
func bits(groups []byte) (n int64) {
	for _, g := range groups {
		if n > math.MaxInt64>>5 {
			return math.MaxInt64
		}
		n = n<<5 | int64(g)
	}
	return n
}

// invoiceAmount reads the human-readable part: network, digits, multiplier.
func invoiceAmount(prefix string) (msat int64, ok bool) {
	digits, ok := "", false
	for _, network := range invoiceNetworks {
		if digits, ok = strings.CutPrefix(prefix, network); ok {
			break
		}
	}
	if !ok {
		return 0, false
	}
	if digits == "" {
		return -1, true
	}
	unit, divide := int64(100_000_000_000), int64(1) // msat in a bitcoin
	switch digits[len(digits)-1] {
	case 'm':
		unit = 100_000_000
	case 'u':
		unit = 100_000
	case 'n':
		unit = 100
	case 'p':
		unit, divide = 1, 10
	}
	if unit != 100_000_000_000 {
		digits = digits[:len(digits)-1]
	}
	n, err := strconv.ParseUint(digits, 10, 62)
	if err != nil || digits[0] == '0' || !isDigits(digits) ||
		int64(n)%divide != 0 || int64(n) > math.MaxInt64/unit {
		return 0, false
	}
	return int64(n) * unit / divide, true
}
