package bunkertest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/coder/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"
)

// A socket is a client's connection to a Relay.
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
		if s.relay.refusal != "" {
			s.put("CLOSED", e.SubscriptionID, s.relay.refusal)
			return
		}
		s.subs[e.SubscriptionID] = e.Filters[0]
		s.relay.wake()
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
	s.relay.wake()
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
