// Package bunkertest has a relay and a remote signer (NIP-46) for tests, in this
// process and on loopback. The signer does what real ones do wrong when it is told
// to: it goes away, refuses, asks its user, answers twice, answers garbage.
package bunkertest

import (
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

const maxMessage = 16 << 20

// A Relay carries events to whoever subscribed to them, and stores none.
type Relay struct {
	t    testing.TB
	addr string

	mu      sync.Mutex
	server  *http.Server
	stopped chan struct{}
	sockets map[*socket]bool
	auth    bool
	events  []nostr.Event
	refusal string        // of every subscription; "" for none
	waiting chan struct{} // closed at the next subscription or event
}

// NewRelay starts a relay that is stopped with the test.
func NewRelay(t testing.TB) *Relay {
	t.Helper()
	r := &Relay{t: t, addr: "127.0.0.1:0", sockets: map[*socket]bool{}, waiting: make(chan struct{})}
	r.Start()
	t.Cleanup(r.Stop)
	return r
}

// URL is the relay's address, the same after Stop and Start.
func (r *Relay) URL() string { return "ws://" + r.addr }

// RequireAuth lets nobody read or write any more who did not authenticate (NIP-42).
func (r *Relay) RequireAuth() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.auth = true
}

// Refuse closes every subscription and takes no new ones, with a reason ("blocked:
// not you"), until that is "".
func (r *Relay) Refuse(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refusal = reason; reason == "" {
		return
	}
	for s := range r.sockets {
		for sub := range s.subs {
			delete(s.subs, sub)
			s.put("CLOSED", sub, reason)
		}
	}
}

// Start lets the relay listen again, after Stop.
func (r *Relay) Start() {
	r.t.Helper()
	listener, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	server, stopped := &http.Server{Handler: http.HandlerFunc(r.serve)}, make(chan struct{})
	r.mu.Lock()
	r.addr, r.server, r.stopped = listener.Addr().String(), server, stopped
	r.mu.Unlock()
	go func() {
		defer close(stopped)
		_ = server.Serve(listener)
	}()
}

// Stop ends the relay and its connections.
func (r *Relay) Stop() {
	r.mu.Lock()
	server, stopped := r.server, r.stopped
	r.mu.Unlock()
	_ = server.Close()
	<-stopped
	r.Drop()
}

// Drop ends the connections, and takes new ones.
func (r *Relay) Drop() {
	r.mu.Lock()
	sockets := make([]*socket, 0, len(r.sockets))
	for s := range r.sockets {
		sockets = append(sockets, s)
	}
	r.mu.Unlock()
	for _, s := range sockets {
		s.cancel()
		<-s.over
	}
}

// Events are those that clients sent, in their order.
func (r *Relay) Events() []nostr.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Subscribed returns when somebody listens for what is addressed to the key (hex).
func (r *Relay) Subscribed(public string) {
	r.until(func() bool {
		for s := range r.sockets {
			for _, filter := range s.subs {
				if slices.Contains(filter.Tags["p"], public) {
					return true
				}
			}
		}
		return false
	})
}

// Published returns when clients sent n events or more.
func (r *Relay) Published(n int) { r.until(func() bool { return len(r.events) >= n }) }

func (r *Relay) until(holds func() bool) {
	for {
		r.mu.Lock()
		next, ok := r.waiting, holds()
		r.mu.Unlock()
		if ok {
			return
		}
		<-next
	}
}

// wake is called under the lock.
func (r *Relay) wake() {
	close(r.waiting)
	r.waiting = make(chan struct{})
}

// Inject hands an event to every connection and subscription, as a relay that lies
// could: nothing is checked.
func (r *Relay) Inject(evt nostr.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.sockets {
		for sub := range s.subs {
			s.put("EVENT", sub, evt)
		}
	}
}

// Send hands a text to every connection.
func (r *Relay) Send(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.sockets {
		s.out <- []byte(text)
	}
}
