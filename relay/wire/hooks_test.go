package wire

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"slices"

	"github.com/fiatjaf/eventstore"
	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"
)

func (h *house) hooks() {
	k := h.khatru
	k.Log = log.New(io.Discard, "", 0)
	k.ServiceURL = h.url
	k.MaxMessageSize = 64 << 20
	k.OnConnect = append(k.OnConnect, khatru.RequestAuth)
	k.RejectEvent = append(k.RejectEvent, func(_ context.Context, evt *nostr.Event) (bool, string) {
		return evt.Content == "refused" || evt.Kind >= 20000 && evt.Kind < 30000, "blocked: not here"
	})
	k.StoreEvent = append(k.StoreEvent, h.store)
	k.ReplaceEvent = append(k.ReplaceEvent, h.store)
	k.OverwriteFilter = append(k.OverwriteFilter, h.subscribe)
	rejects := func(_ context.Context, f nostr.Filter) (bool, string) {
		return slices.Contains(f.Kinds, 4), "auth-required: not for you"
	}
	k.RejectFilter = append(k.RejectFilter, rejects)
	k.RejectCountFilter = append(k.RejectCountFilter, rejects)
	k.QueryEvents = append(k.QueryEvents, h.query)
	k.CountEvents = append(k.CountEvents, func(context.Context, nostr.Filter) (int64, error) { return 7, nil })
}

func (h *house) store(_ context.Context, evt *nostr.Event) error {
	if h.asked != nil {
		h.asked <- evt.Content
	}
	if h.hold != nil {
		<-h.hold
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.forget {
		h.events = append(h.events, *evt)
	}
	return eventstore.ErrDupEvent // OK true, and no more of khatru's doing
}

func (h *house) query(ctx context.Context, f nostr.Filter) (chan *nostr.Event, error) {
	ch := make(chan *nostr.Event)
	h.mu.Lock()
	events := slices.Clone(h.events)
	h.mu.Unlock()
	if khatru.IsInternalCall(ctx) || slices.Contains(f.Kinds, 5) {
		close(ch)
		return ch, nil
	}
	go func() {
		defer close(ch)
		if h.slow != nil {
			h.slow()
		}
		for i := range events {
			if !f.Matches(&events[i]) {
				continue
			}
			select {
			case ch <- &events[i]:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ch, nil
}

func (h *house) subscribe(ctx context.Context, _ *nostr.Filter) {
	conn, _ := khatru.GetConnection(ctx).Request.Context().Value(connKey{}).(*Conn)
	h.mu.Lock()
	defer h.mu.Unlock()
	key := subscription{conn, khatru.GetSubscriptionID(ctx)}
	done := ctx.Done()
	h.subs[key] = done
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.subs[key] == done {
			delete(h.subs, key)
		}
	})
}

func (h *house) alive(c net.Conn, id string) (<-chan struct{}, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	done, ok := h.subs[subscription{c, id}]
	return done, ok
}

// holds waits until so many subscriptions are open, and khatru listens to so many
// filters: the end of one is told to the house by a goroutine of its own.
func (h *house) holds(open, filters int) {
	h.t.Helper()
	eventually(h.t, fmt.Sprintf("%d subscriptions, %d filters", open, filters), func() bool {
		return h.open() == open && h.listeners() == filters
	})
}

func (h *house) open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

func (h *house) stored() []nostr.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}
