package relay

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"
)

// A session is one socket: who authenticated on it, and the queue of live events
// that wait to be written to it.
//
// khatru lets the last of several AUTHs win and writes the key without a lock; a
// session copies the key as soon as khatru tells that there is one, keeps it for
// good, and nothing else is ever asked.
type session struct {
	ws    *khatru.WebSocket
	conn  net.Conn // beneath it
	queue chan nostr.EventEnvelope
	gone  <-chan struct{} // closed when the socket is

	authed <-chan struct{} // closed by khatru once the key is proven
	copied chan struct{}   // closed once pubkey is set
	pubkey string          // hex
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
		ws: ws, conn: ws.Request.Context().Value(connKey{}).(net.Conn), gone: ws.Context.Done(),
		queue: make(chan nostr.EventEnvelope, queueLength), authed: ws.Authed, copied: make(chan struct{}),
	}
	go s.write()
	go s.authenticate()
	return s
}

func (s *session) authenticate() {
	select {
	case <-s.gone:
	case <-s.authed:
		if key := s.ws.AuthedPublicKey; nostr.IsValid32ByteHex(key) {
			s.pubkey = key
		}
		close(s.copied)
	}
}

// reader is the key that the client has proved to own, or "". Once khatru has
// answered an AUTH with OK, it is never "".
func (s *session) reader() string {
	select {
	case <-s.authed:
	default:
		return ""
	}
	select {
	case <-s.copied:
		return s.pubkey
	case <-s.gone:
		return ""
	}
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
				s.close() // nothing more would be delivered
				return
			}
		}
	}
}

// close ends the socket at once, also one whose writer is stuck.
func (s *session) close() {
	s.conn.Close()
}

// sessions are all open sockets.
type sessions struct {
	bySocket sync.Map // *khatru.WebSocket → *session
	byConn   sync.Map // net.Conn → *session
}

func (s *sessions) open(ctx context.Context) {
	session := openSession(ctx)
	s.bySocket.Store(session.ws, session)
	s.byConn.Store(session.conn, session)
}

func (s *sessions) shut(ctx context.Context) {
	if v, ok := s.bySocket.LoadAndDelete(khatru.GetConnection(ctx)); ok {
		s.byConn.Delete(v.(*session).conn)
	}
}

// on returns the session of a network connection; nil where there is none.
func (s *sessions) on(c net.Conn) *session {
	if v, ok := s.byConn.Load(c); ok {
		return v.(*session)
	}
	return nil
}

// of returns the session of a hook's context; nil once the socket is gone.
func (s *sessions) of(ctx context.Context) *session {
	if v, ok := s.bySocket.Load(khatru.GetConnection(ctx)); ok {
		return v.(*session)
	}
	return nil
}

// closeAll ends every socket, for the shutdown: it leaves the last answers a moment to go
// out, says so, and hangs up.
func (s *sessions) closeAll(ctx context.Context, answering func() bool) {
	goodbye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "the relay is shutting down")
	lingering, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for answering() && lingering.Err() == nil {
		select {
		case <-tick.C:
		case <-lingering.Done():
		}
	}
	var wg sync.WaitGroup
	s.bySocket.Range(func(_, v any) bool {
		session := v.(*session)
		said := make(chan struct{})
		go func() { // it may wait behind a reader that is stuck, until the socket closes
			defer close(said)
			_ = session.ws.WriteMessage(websocket.CloseMessage, goodbye)
		}()
		wg.Go(func() {
			patience := time.NewTimer(lastWords)
			defer patience.Stop()
			select {
			case <-said:
			case <-patience.C:
			}
			session.close()
		})
		return true
	})
	wg.Wait()
}
