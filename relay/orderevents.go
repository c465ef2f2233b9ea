package relay

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// KindOrder is the kind of an order as an event (NIP-78): addressable, its d the
// intentId, its p the reader, signed by the relay, and its content the order as JSON,
// encrypted to the reader with NIP-44.
const KindOrder = nostr.KindApplicationSpecificData

// OrderEvents makes events of orders when they are asked for. They are stored nowhere,
// and served to the order's buyer and seller alone. The same state of an order is the
// same event, to the signature: its created_at is UpdatedTimestamp, its version, by
// which two of one second are told apart, is a tag.
type OrderEvents struct {
	Index orders.Index
	// IntentID is the id of an order; ok is false where it has none yet.
	IntentID func(ctx context.Context, k orders.Key) (id string, ok bool, err error)
	Self     *nip17.SecretSigner
	Viewed   func(o *orders.Order, reader string) // somebody (hex) asked for an order of theirs; nil: nobody is told
	Log      zerolog.Logger

	fanout *fanout
}

// IntentIDs finds them in the ledger, for OrderEvents.
func IntentIDs(l *ledger.Ledger) func(ctx context.Context, k orders.Key) (id string, ok bool, err error) {
	return func(ctx context.Context, k orders.Key) (string, bool, error) {
		b, ok, err := l.Beginning(ctx, k)
		return b.IntentID, ok, err
	}
}

// An orderEvent is an order as an event for one reader.
type orderEvent struct {
	nostr.Event
	order *orders.Order
}

// event makes the event; nil where reader is no party of the order.
func (x *OrderEvents) event(ctx context.Context, o *orders.Order, reader string) (*orderEvent, error) {
	role := o.For(reader)
	if role == 0 {
		return nil, nil
	}
	plaintext, err := fitting(o)
	if err != nil {
		return nil, err
	}
	version := strconv.FormatInt(o.Version, 10)
	evt := &orderEvent{order: o, Event: nostr.Event{
		Kind: KindOrder, CreatedAt: nostr.Timestamp(max(0, o.UpdatedTimestamp/1000)),
		Tags: nostr.Tags{{"d", o.IntentID}, {"p", reader}, {"version", version}},
	}}
	if evt.Content, err = x.Self.EncryptStable(ctx, reader, plaintext, "order", o.IntentID, version); err != nil {
		return nil, err
	}
	return evt, x.Self.Sign(ctx, &evt.Event)
}

// fitting is the order as JSON of what NIP-44 takes. Where it is more, the boxes that
// no field of the order is in go first, then all of them, then the beginning of the
// timeline and the goods: the API has them.
func fitting(o *orders.Order) (string, error) {
	for step := 0; ; step++ {
		text, err := json.Marshal(o)
		if err != nil || len(text) <= nip17.MaxPlaintext {
			return string(text), err
		}
		switch {
		case step == 0:
			o.Boxes = o.NeededBoxes()
		case o.Boxes != nil:
			o.Boxes = nil
		case len(o.Timeline) > 1:
			half := len(o.Timeline) / 2
			o.Omitted += half
			o.Timeline = o.Timeline[half:]
		case len(o.Products) > 1:
			o.Products = o.Products[:len(o.Products)/2]
		default:
			return "", orders.Errorf(orders.EINTERNAL, "order %s does not fit into an event", o.IntentID)
		}
	}
}
