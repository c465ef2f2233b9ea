package api

import (
	"net/netip"
	"sync"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// replays remembers the tokens that were used, for as long as they could be used
// again. It is in memory only, and bounded.
//
// Nothing that is still good is ever forgotten to make room: if it were, whoever
// holds a used token would sign in with enough keys of his own to push it out, and
// then replay it. So whoever comes to a full table is refused. That, in turn, must
// not be a way to shut everybody out; hence bounds per key, which nobody else can
// use up as it takes that key's signature, and per address, as keys cost nothing.
// An address's share sinks once half of the table is taken: a few addresses come
// no further than the half, and to take the rest needs a thousand more, while
// everybody else goes on.
type replays struct {
	mu     sync.Mutex
	live   map[[32]byte]struct{}
	queue  []used // of live, oldest first
	byKey  map[string]int
	byAddr map[netip.Addr]int

	size, perKey, perAddr, perAddrScarce int
}

type used struct {
	id   [32]byte
	key  string
	addr netip.Addr
	at   time.Time
}

// remembered is how long: a token may be window ahead when it is used, and is good
// for window after that. The rest is for a clock that is set back while it is here;
// one that goes further back makes tokens of that time good again.
const remembered = 2*window + 30*time.Second

func newReplays() *replays {
	return &replays{
		live: map[[32]byte]struct{}{}, byKey: map[string]int{}, byAddr: map[netip.Addr]int{},
		// Some 200 bytes each. One key, or one address, makes 27 requests a second: a shop's
		// program that goes through a million orders by pages of 200 needs a few minutes.
		size: 1 << 17, perKey: 1 << 12, perAddr: 1 << 12, perAddrScarce: 1 << 6,
	}
}

// check is the cheap question, before the signature is looked at.
func (r *replays) check(id [32]byte, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	if _, ok := r.live[id]; ok {
		return errReplayed
	}
	return nil
}

// use puts a token in that was verified, unless it is there.
func (r *replays) use(id [32]byte, key string, addr netip.Addr, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	share := r.perAddr
	if len(r.queue) >= r.size/2 {
		share = r.perAddrScarce
	}
	if _, ok := r.live[id]; ok {
		return errReplayed
	}
	switch {
	case r.byKey[key] >= r.perKey:
		return fail(codeRateLimited, "Too many requests were signed with this key.").after("30")
	case r.byAddr[addr] >= share:
		return fail(codeRateLimited, "Too many signed requests came from this address.").after("30")
	case len(r.queue) >= r.size:
		return fail(orders.EUNAVAILABLE, "Too many are signing in.").after("30")
	}
	r.live[id] = struct{}{}
	r.queue = append(r.queue, used{id, key, addr, now})
	r.byKey[key]++
	r.byAddr[addr]++
	return nil
}

// sweep forgets those whose time is over. It is called with mu held.
func (r *replays) sweep(now time.Time) {
	n := 0
	// A time from time.Now is compared by the monotonic clock, which is never set.
	for ; n < len(r.queue) && now.Sub(r.queue[n].at) > remembered; n++ {
		old := r.queue[n]
		delete(r.live, old.id)
		drop(r.byKey, old.key)
		drop(r.byAddr, old.addr)
	}
	if n > 0 {
		clear(r.queue[:n])
		r.queue = r.queue[n:] // append moves what is left to a smaller array in time
	}
}

// drop counts one less, and forgets who has none.
func drop[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}
