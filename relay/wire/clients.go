package wire

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/waybill-relay/waybill/relay/edge"
)

// A client is everything that comes from one address, whoever that is.
type client struct {
	addr   netip.Addr
	conns  int           // open connections, and requests being answered for a proxy; guarded by clients.mu
	bucket *rate.Limiter // bytes received
}

// clients are those with a connection, and those whose bucket has not filled up
// again: closing a connection must not buy a new burst.
type clients struct {
	mu     sync.Mutex
	byAddr map[netip.Addr]*client
}

// enter counts a connection of the address. It returns nil, true for an exempt
// address, and false where there are too many.
func (s *clients) enter(addr netip.Addr, limits *Limits) (who *client, ok bool) {
	if contains(limits.Exempt, addr) {
		return nil, true
	}
	key := edge.Account(addr)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	who = s.byAddr[key]
	if who == nil {
		who = &client{addr: key, bucket: rate.NewLimiter(rateOf(limits))}
		s.byAddr[key] = who
	}
	if who.conns >= limits.PerIP {
		return nil, false
	}
	who.conns++
	return who, true
}

func (s *clients) leave(who *client) {
	if who == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who.conns--
	s.forget(who)
}

// sweep looks at a few addresses, wherever the map begins, so that those who
// never come back are forgotten without a timer.
func (s *clients) sweep() {
	const few = 8
	n := 0
	for _, who := range s.byAddr {
		if n++; n > few {
			return
		}
		s.forget(who)
	}
}

func (s *clients) forget(who *client) {
	if who.conns == 0 && who.bucket.Tokens() >= float64(who.bucket.Burst()) {
		delete(s.byAddr, who.addr)
	}
}

// charge takes n bytes from the bucket and returns how long nothing more should
// be read.
func (who *client) charge(n int, limits *Limits) time.Duration {
	limit, burst := rateOf(limits)
	if who.bucket.Limit() != limit {
		who.bucket.SetLimit(limit)
		who.bucket.SetBurst(burst)
	}
	now := time.Now()
	return who.bucket.ReserveN(now, min(n, burst)).DelayFrom(now)
}

func rateOf(limits *Limits) (rate.Limit, int) {
	return rate.Limit(limits.BytesPerSecond), limits.BytesPerSecond * burstSeconds
}
