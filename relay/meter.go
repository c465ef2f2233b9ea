package relay

import (
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A Meter counts what happens. It is told kinds, codes and times, and no key, id or
// text; the code of an order's line alone is its client's own word. It must not wait,
// and may be called from any goroutine.
type Meter interface {
	// Event is told of every event that was judged: its kind's class, and what became
	// of it: an Outcome of the ledger, a prefix of NIP-01 ("blocked"…), or "error".
	Event(class, result string)
	// Opened is told how long an envelope took to be opened, or to stay closed; remote:
	// a remote signer may have been asked.
	Opened(took time.Duration, remote bool)
	// Message is told of a message whose state in the inbox was written down, and why
	// it says nothing about an order (a code; "" where it does, or may yet).
	Message(class string, state ledger.State, reason string)
	// Progress is told what has happened to one order.
	Progress(orders.Progress)
	// Unplaced is told of a fact that belongs to no order.
	Unplaced(verb orders.Verb, via orders.Transport)
}

// noMeter is told, and counts nothing.
type noMeter struct{}

func (noMeter) Event(string, string)                   {}
func (noMeter) Opened(time.Duration, bool)             {}
func (noMeter) Message(string, ledger.State, string)   {}
func (noMeter) Progress(orders.Progress)               {}
func (noMeter) Unplaced(orders.Verb, orders.Transport) {}

// metered is m, or one that counts nothing.
func metered(m Meter) Meter {
	if m == nil {
		return noMeter{}
	}
	return m
}

// class puts the kinds into few classes: strangers choose kinds.
func class(kind int) string {
	switch kind {
	case nostr.KindGiftWrap:
		return "wrap"
	case nostr.KindEncryptedDirectMessage:
		return "dm"
	case nostr.KindGenericRepost, kindReceipt:
		return "order"
	case nostr.KindDeletion:
		return "deletion"
	case ledger.KindVanish:
		return "vanish"
	case enrol.KindEncryptionKey, kindKeyTransfer:
		return "key"
	case nostr.KindProfileMetadata, nostr.KindRelayListMetadata, nostr.KindDMRelayList:
		return "profile"
	}
	return "other"
}

// kindReceipt is a payment receipt's, in the open.
const kindReceipt = 17

// prefix is the machine-readable part of a reason of NIP-01, of which there are few.
func prefix(reason string) string {
	word, _, ok := strings.Cut(reason, ":")
	if !ok || len(word) > 20 {
		return "error"
	}
	return word
}
