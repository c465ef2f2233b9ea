// Package bunkertest has a relay and a remote signer (NIP-46) for tests, in this
// process and on loopback. The signer does what real ones do wrong when it is told
// to: it goes away, refuses, asks its user, answers twice, answers garbage.
package bunkertest

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"
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
	waiting chan struct{} // closed at the next subscription
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
	for {
		r.mu.Lock()
		next := r.waiting
		for s := range r.sockets {
			for _, filter := range s.subs {
				if slices.Contains(filter.Tags["p"], public) {
					r.mu.Unlock()
					return
				}
			}
		}
		r.mu.Unlock()
		<-next
	}
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

type socket struct {
	relay     *Relay
	cancel    context.CancelFunc
	over      chan struct{}
	out       chan []byte
	challenge string

	// Guarded by the relay's lock.
	authed bool
	subs   map[string]nostr.Filter
}

func (r *Relay) serve(w http.ResponseWriter, req *http.Request) {
	conn, err := websocket.Accept(w, req, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
	ctx, cancel := context.WithCancel(context.Background())
	s := &socket{
		relay: r, cancel: cancel, over: make(chan struct{}), out: make(chan []byte, 256),
		challenge: nostr.GeneratePrivateKey(), subs: map[string]nostr.Filter{},
	}
	defer close(s.over)
	defer cancel()
	r.mu.Lock()
	r.sockets[s] = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.sockets, s)
		r.mu.Unlock()
	}()
	go s.write(ctx, conn)
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		s.handle(text)
	}
}

func (s *socket) write(ctx context.Context, conn *websocket.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-s.out:
			if conn.Write(ctx, websocket.MessageText, text) != nil {
				s.cancel()
				return
			}
		}
	}
}

func (s *socket) put(parts ...any) {
	text, _ := json.Marshal(parts)
	s.out <- text
}

func (s *socket) handle(text []byte) {
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	envelope, _ := nostr.NewMessageParser().ParseMessage(string(text))
	switch e := envelope.(type) {
	case *nostr.ReqEnvelope:
		if s.relay.auth && !s.authed {
			s.put("AUTH", s.challenge)
			s.put("CLOSED", e.SubscriptionID, "auth-required: who are you?")
			return
		}
		s.subs[e.SubscriptionID] = e.Filters[0]
		close(s.relay.waiting)
		s.relay.waiting = make(chan struct{})
		s.put("EOSE", e.SubscriptionID)
	case *nostr.CloseEnvelope:
		delete(s.subs, string(*e))
	case *nostr.AuthEnvelope:
		_, ok := nip42.ValidateAuthEvent(&e.Event, s.challenge, s.relay.URL())
		s.authed = s.authed || ok
		s.put("OK", e.Event.ID, ok, "")
	case *nostr.EventEnvelope:
		s.publish(e.Event)
	}
}

func (s *socket) publish(evt nostr.Event) {
	if s.relay.auth && !s.authed {
		s.put("AUTH", s.challenge)
		s.put("OK", evt.ID, false, "auth-required: who are you?")
		return
	}
	if ok, _ := evt.CheckSignature(); !ok || !evt.CheckID() {
		s.put("OK", evt.ID, false, "invalid: bad id or signature")
		return
	}
	s.relay.events = append(s.relay.events, evt)
	heard := 0
	for other := range s.relay.sockets {
		for sub, filter := range other.subs {
			if filter.Matches(&evt) {
				other.put("EVENT", sub, evt)
				heard++
			}
		}
	}
	if heard == 0 {
		s.put("OK", evt.ID, true, "mute: no one was listening for this")
		return
	}
	s.put("OK", evt.ID, true, "")
}
