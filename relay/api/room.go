package api

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/waybill-relay/waybill/orders"
)

// attempts limits how often an address may fail, or do what is dear. Not a key: a
// token that fails proves no key, whoever claims another's would lock its owner out,
// and one that is made up on the spot costs nothing.
type attempts struct {
	every time.Duration
	burst int

	mu     sync.Mutex
	byAddr *simplelru.LRU[netip.Addr, *rate.Limiter]
}

// maxAttempts bounds the addresses that are kept. Who is pushed out begins anew,
// which a flood from thousands of addresses does not need.
const maxAttempts = 4096

func newAttempts(burst int, every time.Duration) *attempts {
	lru, err := simplelru.NewLRU[netip.Addr, *rate.Limiter](maxAttempts, nil)
	if err != nil { // of a size below 1
		panic(err)
	}
	return &attempts{every: every, burst: burst, byAddr: lru}
}

// check refuses an address that has used up its attempts.
func (a *attempts) check(addr netip.Addr, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.byAddr.Get(addr); ok && l.TokensAt(now) < 1 {
		return a.refusal()
	}
	return nil
}

// note counts an attempt.
func (a *attempts) note(addr netip.Addr, now time.Time) { _ = a.take(addr, now) }

// take counts an attempt, and refuses one too many.
func (a *attempts) take(addr netip.Addr, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.byAddr.Get(addr)
	if !ok {
		l = rate.NewLimiter(rate.Every(a.every), a.burst)
		a.byAddr.Add(addr, l)
	}
	if !l.AllowN(now, 1) {
		return a.refusal()
	}
	return nil
}

func (a *attempts) refusal() error {
	seconds := max(1, int(a.every/time.Second))
	return fail(codeRateLimited, "Too many attempts have come from this address.").after(strconv.Itoa(seconds))
}

// places bounds what goes on at one time, altogether and for each address.
type places struct {
	most, perAddr int

	mu     sync.Mutex
	taken  int
	byAddr map[netip.Addr]int
}

func newPlaces(most, perAddr int) *places {
	return &places{most: most, perAddr: perAddr, byAddr: map[netip.Addr]int{}}
}

func (p *places) enter(addr netip.Addr) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.byAddr[addr] >= p.perAddr:
		return fail(codeRateLimited, "Too many requests from this address are under way.").after("2")
	case p.taken >= p.most:
		return fail(orders.EUNAVAILABLE, "Too many requests are under way.").after("2")
	}
	p.taken++
	p.byAddr[addr]++
	return nil
}

func (p *places) leave(addr netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	drop(p.byAddr, addr)
}
