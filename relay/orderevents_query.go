package relay

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

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
