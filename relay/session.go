package relay

import (
	"context"
	"net"
	"sync"

	"github.com/fasthttp/websocket"
	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"
)

// A session is one socket: who authenticated on it, and the queue of live events
// that wait to be written to it.
//
// khatru lets the last of several AUTHs win and writes the key without a lock;
// a session keeps the first one, for good, and nothing else is ever asked.
type session struct {
	ws    *khatru.WebSocket
	queue chan nostr.EventEnvelope
	gone  <-chan struct{} // closed when the socket is

	mu     sync.Mutex
	pubkey string // hex; "" until authenticated
	authed <-chan struct{}
}

// queueLength is how many live events may wait for a slow reader before its
// socket is closed. It loses nothing: a client that comes back asks again.
const queueLength = 512

type connKey struct{}

// withConn remembers the network connection of a request, for it is the only
// way to close a socket whose writer is stuck.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// openSession asks the client to authenticate and starts the session's writer.
func openSession(ctx context.Context) *session {
	khatru.RequestAuth(ctx)
	ws := khatru.GetConnection(ctx)
	s := &session{
		ws: ws, gone: ws.Context.Done(),
		queue: make(chan nostr.EventEnvelope, queueLength), authed: ws.Authed,
	}
	go s.write()
	return s
}

// reader is the key that the client has proved to own, or "".
func (s *session) reader() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pubkey == "" {
		select {
		case <-s.authed: // closed once AuthedPublicKey is written
			if key := s.ws.AuthedPublicKey; nostr.IsValid32ByteHex(key) {
				s.pubkey = key
			}
		default:
		}
	}
	return s.pubkey
}

// deliver queues a live event; a reader that does not drain is closed.
func (s *session) deliver(e nostr.EventEnvelope) {
	select {
	case s.queue <- e:
	default:
		s.close()
	}
}

func (s *session) write() {
	for {
		select {
		case <-s.gone:
			return
		case e := <-s.queue:
			if s.ws.WriteJSON(e) != nil {
				return
			}
		}
	}
}

// close ends the socket at once, also one whose writer is stuck.
func (s *session) close() {
	if c, ok := s.ws.Request.Context().Value(connKey{}).(net.Conn); ok {
		c.Close()
		return
	}
	s.ws.WriteMessage(websocket.CloseMessage, nil)
}

// sessions are all open sockets.
type sessions struct{ bySocket sync.Map } // *khatru.WebSocket → *session

func (s *sessions) open(ctx context.Context) {
	s.bySocket.Store(khatru.GetConnection(ctx), openSession(ctx))
}

func (s *sessions) shut(ctx context.Context) {
	s.bySocket.Delete(khatru.GetConnection(ctx))
}

// of returns the session of a hook's context; nil once the socket is gone.
func (s *sessions) of(ctx context.Context) *session {
	if v, ok := s.bySocket.Load(khatru.GetConnection(ctx)); ok {
		return v.(*session)
	}
	return nil
}

// closeAll ends every socket, for the shutdown.
func (s *sessions) closeAll() {
	s.bySocket.Range(func(_, v any) bool {
		v.(*session).close()
		return true
	})
}
