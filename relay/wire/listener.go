package wire

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// A Listener accepts the connections of an HTTP server. The server must serve
// its Handler, with ConnContext among its settings. TLS, if any, belongs beneath
// it: Listen(tls.NewListener(…), …).
type Listener struct {
	net.Listener
	subscriptions Subscriptions
	authenticates Authenticates
	limits        atomic.Pointer[Limits]
	flight        atomic.Pointer[flight]
	relief        relief
	clients       clients
	partials      partials
	counters      counters
	refusing      chan struct{} // a slot for each connection that is being refused in words

	mu    sync.Mutex
	conns map[*Conn]struct{}
}

// Subscriptions tells whether the subscription id of a connection is alive, and
// if so the channel that is closed once khatru has really removed it (the Done of
// the context of its REQ). The connection is the *Conn that the server accepted.
type Subscriptions func(c net.Conn, id string) (done <-chan struct{}, alive bool)

// An Option changes how a Listener works.
type Option func(*Listener)

// WithSubscriptions lets a CLOSE wait until its subscription has ended. Without
// it the next message waits for a moment, and hopes.
func WithSubscriptions(s Subscriptions) Option { return func(l *Listener) { l.subscriptions = s } }

// Authenticates is told of an AUTH before khatru gets it, and for which relay it says
// it is. Of one connection nothing else is being answered then.
type Authenticates func(c net.Conn, relay string)

// WithAuthenticates lets the relay prepare for each AUTH.
func WithAuthenticates(a Authenticates) Option { return func(l *Listener) { l.authenticates = a } }

// Listen wraps a listener. It starts nothing.
func Listen(inner net.Listener, limits Limits, options ...Option) *Listener {
	l := &Listener{Listener: inner, conns: map[*Conn]struct{}{}, refusing: make(chan struct{}, maxRefusing)}
	l.clients.byAddr = map[netip.Addr]*client{}
	for _, o := range options {
		o(l)
	}
	l.SetLimits(limits)
	return l
}

// SetLimits changes the limits. Open connections follow from their next message
// on; none is closed because there are fewer now.
func (l *Listener) SetLimits(limits Limits) {
	filled := limits.filled()
	l.limits.Store(filled)
	if f := l.flight.Load(); f == nil || f.size != filled.InFlight {
		l.flight.Store(newFlight(filled.InFlight)) // what is in the former one ends there
	}
}

// Accept returns the next connection that is within the limits, as a *Conn. It
// refuses the others by itself.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c, why := l.admit(inner); c != nil {
			return c, nil
		} else {
			l.refuse(inner, why)
		}
	}
}

func (l *Listener) admit(inner net.Conn) (*Conn, reason) {
	limits := l.limits.Load()
	peer := addressOf(inner.RemoteAddr())
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= limits.Connections {
		return nil, tooManyConnections
	}
	var who *client
	if !contains(limits.Proxies, peer) { // of a proxy's client nothing is known yet
		var ok bool
		if who, ok = l.clients.enter(peer, limits); !ok {
			return nil, tooManyPerIP
		}
	}
	c := newConn(l, inner, peer, who)
	l.conns[c] = struct{}{}
	return c, 0
}

// forget is called once for every connection, when it is closed.
func (l *Listener) forget(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

func addressOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
