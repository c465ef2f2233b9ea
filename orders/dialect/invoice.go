package dialect

import (
	"encoding/hex"
	"strings"

	"github.com/btcsuite/btcd/chaincfg"
	"github.com/lightningnetwork/lnd/lnwire"
	"github.com/lightningnetwork/lnd/zpay32"

	"github.com/waybill-relay/waybill/orders"
)

// invoice is what Waybill needs of a BOLT-11 payment request.
type invoice struct {
	paymentHash string // hex
	msat        int64  // -1: any amount
	expiry      int64  // ms
}

const maxInvoice = 4096 // characters; the longest with route hints stay far below

// invoiceNetworks are what stands behind ln in an invoice of each network, those
// that begin like another one first.
var invoiceNetworks = []string{"bcrt", "bc", "tbs", "tb"}

// parseInvoice reads a BOLT-11 invoice of any network. Its signature is checked as
// far as one can who does not know the node: whose invoice it is follows from who
// sent it.
func parseInvoice(s string) (invoice, bool) {
	if len(s) > maxInvoice || len(s) < 4 || !strings.EqualFold(s[:2], "ln") {
		return invoice{}, false
	}
	for _, network := range invoiceNetworks {
		if len(s) <= 2+len(network) || !strings.EqualFold(s[2:2+len(network)], network) {
			continue
		}
		if !plausible(strings.ToLower(s[2+len(network):])) {
			return invoice{}, false
		}
		read, err := zpay32.Decode(s, &chaincfg.Params{Bech32HRPSegwit: network})
		if err != nil || read.PaymentHash == nil {
			return invoice{}, false
		}
		inv := invoice{paymentHash: hex.EncodeToString(read.PaymentHash[:]), msat: -1, expiry: invoiceEnd(read)}
		if read.MilliSat != nil {
			if *read.MilliSat > lnwire.MilliSatoshi(orders.MaxSats*1000) {
				return invoice{}, false
			}
			inv.msat = int64(*read.MilliSat)
		}
		return inv, true
	}
	return invoice{}, false
}

// maxDigits is how many digits an amount in each unit has at most: all bitcoin
// there can be. With more the library's arithmetic wraps around.
var maxDigits = map[byte]int{'m': 11, 'u': 14, 'n': 17, 'p': 20}

// plausible looks at the amount in front of the last 1, without reading it.
func plausible(s string) bool {
	amount := s[:max(strings.LastIndexByte(s, '1'), 0)]
	digits := strings.TrimRight(amount, "munp")
	most := 8
	if n := len(amount); n > len(digits) {
		most = maxDigits[amount[n-1]]
	}
	return len(digits) <= most
}

// invoiceEnd is until when the invoice may be paid (ms). Its two times are the
// writer's, and can be anything.
func invoiceEnd(inv *zpay32.Invoice) int64 {
	made, lasts := max(inv.Timestamp.Unix(), 0), max(inv.Expiry().Milliseconds()/1000, 0)
	return min(made+min(lasts, latest), latest) * 1000
}
