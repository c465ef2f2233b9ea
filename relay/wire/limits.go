// Package wire is the connection wrapper in front of the relay's HTTP server: a
// net.Listener whose connections follow the WebSocket frames both ways.
//
// khatru takes whatever a client sends into a goroutine of its own, without a
// bound and without an order, and writes without a deadline. The wrapper hands it
// one whole message at a time, no more of them than it has answered, and ends a
// connection that does not read. It knows NIP-01's labels and ids, and nothing
// of what an event says; it decides about quantity and order, never about access.
package wire

import (
	"net/netip"
	"time"
)

// Limits bound what clients may use of the relay. A field that is zero takes its
// value from Defaults.
type Limits struct {
	Message        int           // bytes of one message; a larger one is discarded as it comes in, and refused
	Unanswered     int           // messages of one connection that wait for their answer
	InFlight       int64         // bytes of all messages that wait for their answer
	Partial        int64         // bytes of all messages that have not come in whole, or wait for their turn
	MessageTimeout time.Duration // for one message to come in whole, once it has begun
	WriteTimeout   time.Duration // for the client to take what is written to it
	Subscriptions  int           // open ones of one connection
	Filters        int           // of one REQ

	Connections    int            // of everybody
	PerIP          int            // connections of one client address (IPv6: of one /64)
	BytesPerSecond int            // received from one client address; ten times as much at once
	Exempt         []netip.Prefix // client addresses without a limit per address
	Proxies        []netip.Prefix // peers whose X-Forwarded-For tells the client's address
}

// Defaults suit one relay on one small machine.
func Defaults() Limits {
	return Limits{
		Message: 512_000, Unanswered: 32, InFlight: 32 << 20, Partial: 32 << 20,
		MessageTimeout: 30 * time.Second, WriteTimeout: 10 * time.Second, Subscriptions: 64, Filters: 100,
		Connections: 4096, PerIP: 64, BytesPerSecond: 1 << 20,
	}
}

const (
	// tooLarge is how many times a message may exceed Limits.Message before its
	// connection is closed.
	tooLarge = 16
	// burstSeconds is how much of Limits.BytesPerSecond may come at once.
	burstSeconds = 10
	// frameCost is what a frame is charged beyond its bytes: thousands of tiny ones
	// cost the machine more than a large one.
	frameCost = 128
	// messageCost is what a message in flight is charged beyond its bytes: khatru's
	// goroutine, and its copies.
	messageCost = 4 << 10
	// maxSubscriptionID is NIP-01's.
	maxSubscriptionID = 64
)

// Filled is l with the values of Defaults where a field is zero.
func (l Limits) Filled() Limits { return *l.filled() }

func (l Limits) filled() *Limits {
	d := Defaults()
	fill(&l.Message, d.Message)
	fill(&l.Unanswered, d.Unanswered)
	fill(&l.InFlight, d.InFlight)
	fill(&l.Partial, d.Partial)
	fill(&l.MessageTimeout, d.MessageTimeout)
	fill(&l.WriteTimeout, d.WriteTimeout)
	fill(&l.Subscriptions, d.Subscriptions)
	fill(&l.Filters, d.Filters)
	fill(&l.Connections, d.Connections)
	fill(&l.PerIP, d.PerIP)
	fill(&l.BytesPerSecond, d.BytesPerSecond)
	l.Partial = max(l.Partial, int64(l.Message)+headroom) // or the largest message would never fit
	return &l
}

func fill[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
