package relay

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"

	"github.com/waybill-relay/waybill/nip17"
)

// socket is one client connection, as plain as can be: it says what it is told
// to and reads what comes, in order.
type socket struct {
	t         testing.TB
	conn      *websocket.Conn
	challenge string
}

func (h *house) dial(header http.Header) *socket {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(h.url, header)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	s := &socket{t: h.t, conn: conn}
	hello := s.read()
	if s.label(hello) != "AUTH" {
		h.t.Fatalf("got %s, want a challenge", hello)
	}
	s.challenge = s.text(hello[1])
	return s
}

// connect opens a socket that authenticates as who, unless that is nil.
func (h *house) connect(who *nip17.SecretSigner) *socket {
	h.t.Helper()
	s := h.dial(nil)
	if who != nil && !s.auth(who, h.url) {
		h.t.Fatal("the relay did not take the AUTH")
	}
	return s
}

func (s *socket) auth(who *nip17.SecretSigner, relay string) bool {
	s.t.Helper()
	evt := signed(s.t, who, nip42.CreateUnsignedAuthEvent(s.challenge, who.PublicKey(), relay))
	s.say("AUTH", evt)
	ok, _ := s.answer(evt.ID)
	return ok
}

func (s *socket) say(message ...any) {
	s.t.Helper()
	if err := s.conn.WriteJSON(message); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) read() (m []json.RawMessage) {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if err := s.conn.ReadJSON(&m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *socket) text(raw json.RawMessage) (v string) {
	s.t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *socket) label(m []json.RawMessage) string { return s.text(m[0]) }

// answer reads until the OK for id.
func (s *socket) answer(id string) (ok bool, reason string) {
	s.t.Helper()
	for {
		if m := s.read(); s.label(m) == "OK" && s.text(m[1]) == id {
			return string(m[2]) == "true", s.text(m[3])
		}
	}
}

// publish sends one event and returns the reason of its refusal, if any.
func (s *socket) publish(evt nostr.Event) error {
	s.t.Helper()
	s.say("EVENT", evt)
	if ok, reason := s.answer(evt.ID); !ok {
		return errors.New(reason)
	}
	return nil
}

// subscribe sends a REQ and returns the stored events; the subscription lives on
// unless the relay closed it.
func (s *socket) subscribe(id string, filter any) (stored []nostr.Event, closed string) {
	s.t.Helper()
	s.say("REQ", id, filter)
	for {
		switch m := s.read(); s.label(m) {
		case "EVENT":
			stored = append(stored, s.event(m))
		case "EOSE":
			return stored, ""
		case "CLOSED":
			return stored, s.text(m[2])
		}
	}
}

// query is a subscription that is closed at once.
func (s *socket) query(filter any) []nostr.Event {
	s.t.Helper()
	stored, _ := s.subscribe("q", filter)
	s.say("CLOSE", "q")
	return stored
}

// next is the next live event.
func (s *socket) next() nostr.Event {
	s.t.Helper()
	for {
		if m := s.read(); s.label(m) == "EVENT" {
			return s.event(m)
		}
	}
}

func (s *socket) event(m []json.RawMessage) (evt nostr.Event) {
	s.t.Helper()
	if err := json.Unmarshal(m[2], &evt); err != nil {
		s.t.Fatal(err)
	}
	return evt
}

// heard returns the labels of everything that comes until a marker has made the
// round: whatever was meant for this socket before is among it.
func (s *socket) heard() (messages []string) {
	s.t.Helper()
	s.say("REQ", "marker", map[string]any{"ids": []string{strings.Repeat("0", 64)}})
	for {
		m := s.read()
		if s.label(m) == "EOSE" && s.text(m[1]) == "marker" {
			return messages
		}
		whole, err := json.Marshal(m)
		if err != nil {
			s.t.Fatal(err)
		}
		messages = append(messages, string(whole))
	}
}
