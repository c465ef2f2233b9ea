package relay

import (
	"context"
	"slices"
	"sync"

	"github.com/nbd-wtf/go-nostr"
)

// A fanout is the index of live subscriptions. It stands in for khatru's own
// list, which is scanned whole for every event, read without a lock, and written
// to in the publisher's own goroutine. An event costs the subscriptions it
// concerns: those of its kind, and those of no particular kind.
type fanout struct {
	mu     sync.RWMutex
	subs   map[subscriptionID]*subscription
	byKind map[int]map[*subscription]struct{}
}

// anyKind indexes the subscriptions with a filter that names no kind.
const anyKind = -1

type subscriptionID struct {
	session *session
	id      string
}

// A subscription is one REQ: its filters come one by one, all with the same
// context, which ends when it is closed.
type subscription struct {
	subscriptionID
	done    <-chan struct{}
	filters []nostr.Filter
}

func newFanout() *fanout {
	return &fanout{subs: map[subscriptionID]*subscription{}, byKind: map[int]map[*subscription]struct{}{}}
}

// add registers one filter of a REQ. A REQ with an id that is in use replaces
// the former (NIP-01); they are told apart by their contexts. How many there may
// be, and how many filters in each, the wire has seen to.
func (f *fanout) add(ctx context.Context, s *session, id string, filter nostr.Filter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := subscriptionID{s, id}
	sub := f.subs[key]
	if sub == nil || sub.done != ctx.Done() {
		if sub != nil {
			f.forget(sub)
		}
		sub = &subscription{subscriptionID: key, done: ctx.Done()}
		f.subs[key] = sub
		context.AfterFunc(ctx, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.forget(sub)
		})
	}
	sub.filters = append(sub.filters, filter)
	for _, kind := range kindsOf(filter) {
		if f.byKind[kind] == nil {
			f.byKind[kind] = map[*subscription]struct{}{}
		}
		f.byKind[kind][sub] = struct{}{}
	}
}

// done is closed once the subscription has ended; alive is false where there is
// none.
func (f *fanout) done(s *session, id string) (done <-chan struct{}, alive bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	sub := f.subs[subscriptionID{s, id}]
	if sub == nil {
		return nil, false
	}
	return sub.done, true
}

func kindsOf(filter nostr.Filter) []int {
	if filter.Kinds == nil {
		return []int{anyKind}
	}
	return filter.Kinds
}

func (f *fanout) forget(sub *subscription) {
	if f.subs[sub.subscriptionID] == sub {
		delete(f.subs, sub.subscriptionID)
	}
	for _, filter := range sub.filters {
		for _, kind := range kindsOf(filter) {
			delete(f.byKind[kind], sub)
			if len(f.byKind[kind]) == 0 {
				delete(f.byKind, kind)
			}
		}
	}
}

// publish hands the event to every live subscription that it matches and whose
// reader may see it. It never waits for a reader.
func (f *fanout) publish(evt *nostr.Event, mayRead func(reader string) bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, kind := range []int{evt.Kind, anyKind} {
		for sub := range f.byKind[kind] {
			if kind == anyKind && f.hasKind(evt.Kind, sub) {
				continue // delivered already
			}
			if mayRead(sub.session.reader()) && slices.ContainsFunc(sub.filters, func(filter nostr.Filter) bool { return filter.Matches(evt) }) {
				sub.session.deliver(nostr.EventEnvelope{SubscriptionID: &sub.id, Event: *evt})
			}
		}
	}
}

// publishTo hands an event that only reader may see to his subscriptions whose filters
// name its kind.
func (f *fanout) publishTo(reader string, evt *nostr.Event) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for sub := range f.byKind[evt.Kind] {
		if sub.session.reader() == reader && slices.ContainsFunc(sub.filters, func(filter nostr.Filter) bool {
			return slices.Contains(filter.Kinds, evt.Kind) && filter.Matches(evt)
		}) {
			sub.session.deliver(nostr.EventEnvelope{SubscriptionID: &sub.id, Event: *evt})
		}
	}
}

// readers are the keys that have subscribed to a kind by its number.
func (f *fanout) readers(kind int) map[string]bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	keys := map[string]bool{}
	for sub := range f.byKind[kind] {
		if key := sub.session.reader(); key != "" {
			keys[key] = true
		}
	}
	return keys
}

func (f *fanout) hasKind(kind int, sub *subscription) bool {
	_, ok := f.byKind[kind][sub]
	return ok
}

// len is how many subscriptions are alive.
func (f *fanout) len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.subs)
}
