package relay

import (
	"context"
	"iter"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// privateKinds are served to those in their p tags only, and a kind 4 to its author;
// the ledger holds to it
// for every event, on every path. Here it only decides what a reader who has not
// authenticated is told.
var privateKinds = []int{nostr.KindEncryptedDirectMessage, nostr.KindSeal, nostr.KindDirectMessage,
	kindFileMessage, nostr.KindGiftWrap, kindEphemeralGiftWrap}

// go-nostr has no names for these.
const (
	kindFileMessage       = 15    // NIP-17
	kindEphemeralGiftWrap = 21059 // NIP-59
)

// subscribe is called for every filter of every REQ before anything is read, so
// that no event falls between the stored and the live ones.
func (r *Relay) subscribe(ctx context.Context, filter *nostr.Filter) {
	guard(r.log, "subscribe", func() {
		id := khatru.GetSubscriptionID(ctx)
		refused := malformedFilter(id, *filter)
		// Also before AUTH: who may read is asked again for every event, and a REQ
		// that is refused ends its context, and with it the subscription.
		if s := r.sessions.of(ctx); s != nil && refused == "" {
			r.fanout.add(ctx, s, id, *filter)
		}
		if refused != "" {
			// khatru does not ask rejectFilter about a limit of 0, and asks it next, with
			// the same filter, about any other.
			filter.LimitZero, filter.Search = false, refusedFilter+refused
		}
	})
}

// subscription tells the wire when a subscription has ended, for what comes next
// on its connection must not overtake its CLOSE.
func (r *Relay) subscription(c net.Conn, id string) (done <-chan struct{}, alive bool) {
	if s := r.sessions.on(c); s != nil {
		return r.fanout.done(s, id)
	}
	return nil, false
}

// refusedFilter marks a filter that subscribe has refused, with the reason behind
// it. It is no UTF-8; a client that sends it all the same is refused in its own words.
const refusedFilter = "\xff"

// rejectFilter asks for AUTH where without it there could be nothing to see.
func (r *Relay) rejectFilter(ctx context.Context, filter nostr.Filter) (reject bool, reason string) {
	if reason, refused := strings.CutPrefix(filter.Search, refusedFilter); refused {
		return true, reason
	}
	if reason := malformedFilter("", filter); reason != "" { // a COUNT
		return true, reason
	}
	if r.mustAuthenticate(ctx, filter) {
		if slices.Contains(filter.Kinds, KindOrder) {
			return true, "auth-required: only its parties read an order"
		}
		return true, "auth-required: only its recipient reads a gift wrap"
	}
	return false, ""
}

// malformedFilter is why a filter, or the id of its subscription, cannot be
// served; "" where it can. go-nostr writes the id back without escaping it.
func malformedFilter(id string, f nostr.Filter) string {
	switch {
	case len(id) > maxSubscriptionID:
		return "invalid: the subscription id is too long"
	case strings.ContainsFunc(id, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' || c == utf8.RuneError }):
		return "invalid: the subscription id has characters that it must not have"
	case ledger.TooLarge(f):
		return "invalid: the filter is too large"
	}
	return ""
}

func (r *Relay) mustAuthenticate(ctx context.Context, filter nostr.Filter) bool {
	// Where the relay takes events of that kind from others (relay.kinds), those are
	// for everybody.
	orders := r.cfg.Orders != nil && !r.kinds[KindOrder] || r.cfg.Orders.only(filter)
	private := len(filter.Kinds) > 0 && !slices.ContainsFunc(filter.Kinds, func(k int) bool {
		return !slices.Contains(privateKinds, k) && !(k == KindOrder && orders)
	})
	return private && r.reader(ctx) == ""
}

// reader is the key that the socket of a hook's context has authenticated as, or "".
func (r *Relay) reader(ctx context.Context) string {
	if s := r.sessions.of(ctx); s != nil {
		return s.reader()
	}
	return ""
}

// queryEvents answers REQ from the ledger. It returns at once and reads behind
// the channel. khatru asks it too, for deletions: to those questions (an internal
// call, or a tag key that begins with #) there is never an answer, for the ledger
// deletes by itself; and a client that asks in that form gets none either.
func (r *Relay) queryEvents(ctx context.Context, filter nostr.Filter) (chan *nostr.Event, error) {
	ch := make(chan *nostr.Event)
	if khatru.IsInternalCall(ctx) || asksForDeletions(filter) {
		close(ch)
		return ch, nil
	}
	reader := r.reader(ctx)
	go func() {
		defer close(ch)
		guard(r.log, "query", func() {
			for evt, err := range r.events(ctx, filter, reader) {
				if err != nil {
					r.logRead(ctx, err)
					return
				}
				select {
				case ch <- evt:
				case <-ctx.Done():
					return
				}
			}
		})
	}()
	return ch, nil
}

// events are what the filter gives to reader: what is stored, and his orders.
func (r *Relay) events(ctx context.Context, filter nostr.Filter, reader string) iter.Seq2[*nostr.Event, error] {
	stored := r.ledger.Query(ctx, filter, reader, r.cfg.MaxLimit)
	if !r.cfg.Orders.asked(filter, reader) || filter.LimitZero {
		return stored
	}
	limit := r.cfg.MaxLimit
	if filter.Limit > 0 {
		limit = min(limit, filter.Limit)
	}
	return newestOf(stored, r.cfg.Orders.query(ctx, filter, reader, limit), limit)
}

func (r *Relay) countEvents(ctx context.Context, filter nostr.Filter) (n int64, err error) {
	guard(r.log, "count", func() {
		if !asksForDeletions(filter) {
			n, err = r.count(ctx, filter, r.reader(ctx))
		}
	})
	if err != nil {
		r.logRead(ctx, err)
	}
	return n, nil
}

func (r *Relay) count(ctx context.Context, filter nostr.Filter, reader string) (int64, error) {
	n, err := r.ledger.Count(ctx, filter, reader)
	if err != nil || !r.cfg.Orders.asked(filter, reader) {
		return n, err
	}
	more, err := r.cfg.Orders.count(ctx, filter, reader)
	return n + more, err
}

func (r *Relay) logRead(ctx context.Context, err error) {
	if ctx.Err() == nil {
		r.log.Warn().Err(err).Msg("a query failed")
	}
}

func asksForDeletions(filter nostr.Filter) bool {
	for key := range filter.Tags {
		if strings.HasPrefix(key, "#") {
			return true
		}
	}
	return false
}
