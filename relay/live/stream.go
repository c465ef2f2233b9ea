package live

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// The names of events.
const (
	// Order: an order has changed, or begun. The data are a Change.
	Order = "order"
	// Gone: an order was erased. The data are a Change of its id alone.
	Gone = "gone"
	// Reset: more has happened than can be told one by one. The data are empty.
	Reset = "reset"
)

func reset(id string) Event { return Event{ID: id, Name: Reset, Data: []byte("{}")} }

// An Event is one that is sent to a reader.
type Event struct {
	ID   string // of the moment up to which the reader knows everything; "" where more of the same moment follows
	Name string
	Data []byte // JSON
}

// A Change is what a reader is told of an order: that it is worth another look.
type Change struct {
	IntentID string         `json:"intentId"`
	Status   orders.Status  `json:"status,omitempty"`
	Payment  orders.Payment `json:"payment,omitempty"`
	Version  int64          `json:"version,omitempty"`
	Updated  int64          `json:"updatedTimestamp,omitempty"` // ms
	// Changed is what was said; empty where something was erased, or a message turned
	// out to belong to another order.
	Changed []orders.Verb `json:"changed"`
}

// A Stream is one reader who listens.
type Stream struct {
	hub    *Hub
	reader string
	queue  chan Event
	done   chan struct{}
}

// The errors of Follow.
var (
	// ErrTooMany: this reader has as many streams as one may have, or all have.
	ErrTooMany = orders.Errorf(orders.EUNAVAILABLE, "Too many streams are open.")
	// ErrPosition: the position is none that a Hub gave.
	ErrPosition = orders.Errorf(orders.EINVALID, "This is no position in the stream.")
	errEnded    = orders.Errorf(orders.EUNAVAILABLE, "The relay is shutting down.")
)

// Follow begins a stream for reader (hex). since is the id of the last event that he
// got ("" for none): missed is what he has missed since then, and the stream goes on
// from there without a gap, though an event may come twice. The caller closes it.
func (h *Hub) Follow(ctx context.Context, reader, since string) (s *Stream, missed []Event, err error) {
	from, of, err := position(since)
	if err != nil {
		return nil, nil, err
	}
	if mine := strings.HasPrefix(h.Ledger.ID(), of); mine {
		h.await(ctx, from)
	} else {
		from = math.MaxInt64
	}
	s = &Stream{hub: h, reader: reader, queue: make(chan Event, maxQueue), done: make(chan struct{})}
	told, err := h.join(s)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case since == "":
		return s, []Event{{ID: h.id(told)}}, nil
	case from > told, told-from > maxBehind:
		return s, []Event{reset(h.id(told))}, nil
	}
	if missed, err = h.missed(ctx, reader, from, told); err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, missed, nil
}

// startWithin is how long a reader waits, after a start of the relay, until it knows
// how far the order indexes are.
const startWithin = 5 * time.Second

func (h *Hub) await(ctx context.Context, seq int64) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	_ = h.Progress.Wait(ctx, seq) // who waits in vain is told to look at everything
}

// position reads an id: a seq, and the beginning of the ledger's.
func position(since string) (seq int64, ledger string, err error) {
	if since == "" {
		return 0, "", nil
	}
	digits, ledger, _ := strings.Cut(since, "-")
	seq, err = strconv.ParseInt(digits, 10, 64)
	if err != nil || seq < 0 || digits[0] == '+' || len(ledger) > 8 {
		return 0, "", ErrPosition
	}
	return seq, ledger, nil
}

// join has s told of everything that happens after told.
func (h *Hub) join(s *Stream) (told int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.ended:
		return 0, errEnded
	case h.count >= maxStreams, len(h.streams[s.reader]) >= maxStreamsOfReader:
		return 0, ErrTooMany
	}
	if h.streams == nil {
		h.streams = map[string]map[*Stream]struct{}{}
	}
	if h.streams[s.reader] == nil {
		h.streams[s.reader] = map[*Stream]struct{}{}
	}
	if seq, _ := h.Progress.at(); h.count == 0 && seq > h.told {
		h.told = seq // nobody has missed it
	}
	h.streams[s.reader][s] = struct{}{}
	h.count++
	return h.told, nil
}

// missed is what happened after from and up to told, each order once.
func (h *Hub) missed(ctx context.Context, reader string, from, told int64) ([]Event, error) {
	h.replays.Lock()
	defer h.replays.Unlock()
	var all []touch
	at := map[orders.Key]int{}
	for from < told {
		list, last, err := h.touched(ctx, from)
		if err != nil {
			return nil, err
		}
		if last == from {
			break
		}
		from = last
		for _, t := range list {
			if n, ok := at[t.key]; ok {
				all[n].verbs = append(all[n].verbs, t.verbs...)
				continue
			}
			at[t.key] = len(all)
			all = append(all, t)
		}
	}
	events, err := h.events(ctx, reader, all)
	if len(events) == 0 {
		return []Event{{ID: h.id(told)}}, err
	}
	return h.numbered(events, told), err
}

// events are what of it is the reader's to know.
func (h *Hub) events(ctx context.Context, reader string, touched []touch) (events []Event, err error) {
	admin := h.Admin(reader)
	for _, t := range touched {
		party := t.key.Pair.Has(reader)
		if !party && !admin {
			continue
		}
		begin, ok, err := h.Ledger.Beginning(ctx, t.key)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		name, c := Order, Change{IntentID: begin.IntentID, Changed: slices.Clone(t.verbs)}
		switch o, err := h.Orders.GetOrder(ctx, reader, begin.IntentID); {
		case orders.ErrorCode(err) == orders.ENOTFOUND && begin.Retired && party:
			name = Gone
		case orders.ErrorCode(err) == orders.ENOTFOUND:
			continue // it is nothing to an admin, or was erased just now
		case err != nil:
			return nil, err
		default:
			c.Status, c.Payment, c.Version, c.Updated = o.Status, o.Payment, o.Version, o.UpdatedTimestamp
		}
		slices.Sort(c.Changed)
		if c.Changed = slices.Compact(c.Changed); c.Changed == nil {
			c.Changed = []orders.Verb{}
		}
		data, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		events = append(events, Event{Name: name, Data: data})
	}
	return events, nil
}

// Events are what is to be sent, in order.
func (s *Stream) Events() <-chan Event { return s.queue }

// Done is closed when the stream ends: the reader was too slow, or the relay stops.
// What is in Events then need not be sent any more.
func (s *Stream) Done() <-chan struct{} { return s.done }

// Position is the id up to which the reader knows everything once all that came from
// Events was sent; ok is false where something waits there.
func (s *Stream) Position() (id string, ok bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.hub.id(s.hub.told), len(s.queue) == 0
}

// Close ends the stream.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.drop(s)
}
