package relay

import (
	"context"
	"encoding/json"
	"iter"
	"math"
	"slices"
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

// maxByID is how many orders are made events of, the last changed, to find some by
// their event ids.
const maxByID = 500

// only reports whether of the kind of orders the filter asks for orders alone.
func (x *OrderEvents) only(f nostr.Filter) bool {
	return x != nil && len(f.Authors) > 0 && !slices.ContainsFunc(f.Authors, func(a string) bool { return a != x.Self.PublicKey() })
}

// asked reports whether f may give orders to reader: only where it names their kind,
// for a client that takes whatever comes cannot read them.
func (x *OrderEvents) asked(f nostr.Filter, reader string) bool {
	if x == nil || reader == "" || f.Search != "" || !slices.Contains(f.Kinds, KindOrder) ||
		f.Authors != nil && !slices.Contains(f.Authors, x.Self.PublicKey()) || f.IDs != nil && len(f.IDs) == 0 {
		return false
	}
	for name, values := range f.Tags {
		if values == nil {
			continue
		}
		if name != "d" && name != "p" || name == "p" && !slices.Contains(values, reader) {
			return false
		}
	}
	return true
}

// query yields the reader's orders that f asks for, the last changed first.
func (x *OrderEvents) query(ctx context.Context, f nostr.Filter, reader string, limit int) iter.Seq2[*nostr.Event, error] {
	return func(yield func(*nostr.Event, error) bool) {
		n := 0
		for evt, err := range x.matching(ctx, f, reader) {
			if n++; n > limit {
				return
			}
			if evt != nil && x.Viewed != nil {
				x.Viewed(evt.order, reader)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&evt.Event, nil) {
				return
			}
		}
	}
}

// count is how many there are (NIP-45).
func (x *OrderEvents) count(ctx context.Context, f nostr.Filter, reader string) (n int64, err error) {
	if f.Tags["d"] == nil && f.IDs == nil {
		found, err := x.Index.Find(ctx, reader, within(f), orders.Query{Limit: 1})
		return max(found.Total, 0), err
	}
	for _, err := range x.matching(ctx, f, reader) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// within is f's time as a filter of orders.
func within(f nostr.Filter) orders.Filter {
	of := orders.Filter{ByUpdated: true}
	if f.Since != nil {
		ms := millis(*f.Since)
		of.Since = &ms
	}
	if f.Until != nil {
		ms := millis(*f.Until) + 999
		of.Until = &ms
	}
	return of
}

// millis is a time that anybody may have made up, in ms.
func millis(t nostr.Timestamp) int64 {
	const most = math.MaxInt64/1000 - 1
	return max(-most, min(most, int64(t))) * 1000
}

// An orderEvent is an order as an event for one reader.
type orderEvent struct {
	nostr.Event
	order *orders.Order
}

// matching yields all orders that f asks for, in the order of NIP-01.
func (x *OrderEvents) matching(ctx context.Context, f nostr.Filter, reader string) iter.Seq2[*orderEvent, error] {
	return func(yield func(*orderEvent, error) bool) {
		// Those of one second are held until all of them are there, for the lowest id
		// comes first.
		var held []*orderEvent
		release := func() bool {
			slices.SortFunc(held, newest)
			for _, evt := range held {
				if !yield(evt, nil) {
					return false
				}
			}
			held = held[:0]
			return true
		}
		const many = 500
		for o, err := range x.candidates(ctx, f, reader) {
			if err != nil {
				yield(nil, err)
				return
			}
			evt, err := x.event(ctx, o, reader)
			if err != nil {
				yield(nil, err)
				return
			}
			if evt == nil || !f.Matches(&evt.Event) {
				continue
			}
			if len(held) > 0 && (held[0].CreatedAt != evt.CreatedAt && f.Tags["d"] == nil || len(held) == many) && !release() {
				return
			}
			held = append(held, evt)
		}
		release()
	}
}

func newest(a, b *orderEvent) int {
	if a.CreatedAt != b.CreatedAt {
		return int(b.CreatedAt - a.CreatedAt)
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}

// candidates yields the orders, with their boxes, that f may ask for.
func (x *OrderEvents) candidates(ctx context.Context, f nostr.Filter, reader string) iter.Seq2[*orders.Order, error] {
	return func(yield func(*orders.Order, error) bool) {
		if ids := f.Tags["d"]; ids != nil {
			for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
				o, err := x.Index.Order(ctx, id)
				if orders.ErrorCode(err) == orders.ENOTFOUND {
					continue
				}
				if !yield(o, err) || err != nil {
					return
				}
			}
			return
		}
		looked := 0
		q := orders.Query{Limit: 50} // of which one page is in memory
		if f.Limit > 0 && f.IDs == nil {
			q.Limit = min(q.Limit, f.Limit)
		}
		for {
			found, err := x.Index.Find(ctx, reader, within(f), q)
			if err == nil {
				err = x.Index.Unbox(ctx, found.Items)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, o := range found.Items {
				if !yield(o, nil) {
					return
				}
			}
			looked += len(found.Items)
			if q.Cursor = found.Next; q.Cursor == "" || f.IDs != nil && looked >= maxByID {
				return
			}
		}
	}
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

// Changed hands the new versions of orders to the live subscriptions of their parties.
func (x *OrderEvents) Changed(ctx context.Context, keys []orders.Key) {
	guard(x.Log, "orders", func() {
		readers := x.fanout.readers(KindOrder)
		if len(readers) == 0 {
			return
		}
		for _, k := range keys {
			a, b := k.Pair.Parties()
			if !readers[a] && !readers[b] {
				continue
			}
			if err := x.tell(ctx, k, readers); err != nil && ctx.Err() == nil {
				x.Log.Warn().Err(err).Msg("a change of an order was not told to those who follow it")
			}
		}
	})
}

func (x *OrderEvents) tell(ctx context.Context, k orders.Key, readers map[string]bool) error {
	id, ok, err := x.IntentID(ctx, k)
	if err != nil || !ok {
		return err
	}
	o, err := x.Index.Order(ctx, id)
	if orders.ErrorCode(err) == orders.ENOTFOUND {
		return nil // it was retired
	}
	if err != nil {
		return err
	}
	a, b := k.Pair.Parties()
	for _, reader := range []string{a, b} {
		if !readers[reader] {
			continue
		}
		own := *o
		evt, err := x.event(ctx, &own, reader)
		if err != nil {
			return err
		}
		if evt != nil {
			x.fanout.publishTo(reader, &evt.Event)
		}
	}
	return nil
}

// newestOf merges two sequences that have the newest first.
func newestOf(a, b iter.Seq2[*nostr.Event, error], limit int) iter.Seq2[*nostr.Event, error] {
	return func(yield func(*nostr.Event, error) bool) {
		nextA, stopA := iter.Pull2(a)
		defer stopA()
		nextB, stopB := iter.Pull2(b)
		defer stopB()
		evtA, errA, okA := nextA()
		evtB, errB, okB := nextB()
		for n := 0; (okA || okB) && n < limit; n++ {
			first := okA && (errA != nil || !okB || errB == nil && !evtA.CreatedAt.Time().Before(evtB.CreatedAt.Time()))
			if first {
				if !yield(evtA, errA) || errA != nil {
					return
				}
				evtA, errA, okA = nextA()
				continue
			}
			if !yield(evtB, errB) || errB != nil {
				return
			}
			evtB, errB, okB = nextB()
		}
	}
}
