//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
)

// A socket is a bare connection to the relay, for what no client library would
// send, and for an exact account of what was answered: go-nostr's Publish says
// nil also where the connection was lost before the OK.
type socket struct {
	conn    *websocket.Conn
	writing sync.Mutex
	mu      sync.Mutex
	waiting map[string]chan verdict // event id → where its OK goes
	gone    chan struct{}           // closed once nothing more can come
}

// verdict is an OK (NIP-01).
type verdict struct {
	ok     bool
	reason string
}

// errGone: the connection was lost before the answer.
var errGone = errors.New("the connection is gone")

func dial(t *testing.T, url string) *socket {
	t.Helper()
	s, err := connect(url)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	t.Cleanup(s.close)
	return s
}

// connect is dial for whoever goes on where nobody listens.
func connect(url string) (*socket, error) {
	conn, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	s := &socket{conn: conn, waiting: map[string]chan verdict{}, gone: make(chan struct{})}
	go s.read()
	return s, nil
}

func (s *socket) close() {
	s.conn.Close()
	<-s.gone
}

func (s *socket) read() {
	defer close(s.gone)
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		var frame [4]json.RawMessage
		var name, id string
		var v verdict
		if json.Unmarshal(text, &frame) != nil || json.Unmarshal(frame[0], &name) != nil || name != "OK" ||
			json.Unmarshal(frame[1], &id) != nil || json.Unmarshal(frame[2], &v.ok) != nil || json.Unmarshal(frame[3], &v.reason) != nil {
			continue
		}
		s.mu.Lock()
		answer := s.waiting[id]
		delete(s.waiting, id)
		s.mu.Unlock()
		if answer != nil {
			answer <- v
		}
	}
}

// write sends one text frame as it is.
func (s *socket) write(text []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.conn.WriteMessage(websocket.TextMessage, text)
}

// publish sends an event and waits for its OK.
func (s *socket) publish(evt nostr.Event) (verdict, error) {
	text, err := json.Marshal([]any{"EVENT", evt})
	if err != nil {
		return verdict{}, err
	}
	answer := make(chan verdict, 1)
	s.mu.Lock()
	s.waiting[evt.ID] = answer
	s.mu.Unlock()
	if s.write(text) != nil {
		return verdict{}, errGone
	}
	select {
	case v := <-answer:
		return v, nil
	case <-s.gone:
	case <-time.After(patience):
		return verdict{}, errors.New("no OK came")
	}
	select {
	case v := <-answer: // it came just before the end
		return v, nil
	default:
		return verdict{}, errGone
	}
}
