package wire

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"
	"github.com/fiatjaf/khatru"
	"github.com/gobwas/ws"
)

// A client that says goodbye gets the answers to what it said before.
func TestGoodbyeComesLast(t *testing.T) {
	h := newHouse(t, everyone(), heldUp)
	evt := made(t, 1, "last")
	c := h.rawDial(append(masked(ws.OpText, true, text("EVENT", evt)), masked(ws.OpClose, true, "\x03\xe8bye")...))
	<-h.asked
	close(h.hold)
	for {
		op, p, err := c.frame()
		if err != nil || op == ws.OpClose {
			t.Fatalf("got %v %s, want the OK first", err, p)
		}
		if strings.HasPrefix(string(p), `["OK","`+evt.ID+`",true`) {
			break
		}
	}
	if got := c.closedWith(); !strings.HasPrefix(got, "1000 ") {
		t.Errorf("got %s, want 1000", got)
	}
}

// Where the answers take too long, the goodbye does not wait for them, and they
// stay in the account.
func TestGoodbyeDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, everyone(), heldUp)
	c := h.rawDial(append(masked(ws.OpText, true, text("EVENT", made(t, 1, "slow"))), masked(ws.OpClose, true, "\x03\xe8")...))
	if got := c.closedWith(); !strings.HasPrefix(got, "1000 ") {
		t.Errorf("got %s, want 1000", got)
	}
	c.conn.Close()
	eventually(t, "the end of the connection", func() bool { return h.wire.Stats().Connections == 0 })
	if got := h.wire.Stats().Messages; got != 1 {
		t.Errorf("%d messages are with khatru, want the one that it works on", got)
	}
	close(h.hold)
}

// After khatru's own goodbye nobody learns when it has done with a message.
func TestKhatruSaysGoodbye(t *testing.T) {
	sockets := make(chan *khatru.WebSocket, 1)
	h := newHouse(t, everyone(), heldUp, func(h *house) {
		h.khatru.OnConnect = append(h.khatru.OnConnect, func(ctx context.Context) { sockets <- khatru.GetConnection(ctx) })
	})
	s := h.dial()
	s.say("EVENT", made(t, 1, "unanswered"))
	<-h.asked
	if err := (<-sockets).WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, "")); err != nil {
		t.Fatal(err)
	}
	if code, _ := s.closedWith(); code != websocket.CloseGoingAway {
		t.Errorf("got %d", code)
	}
	eventually(t, "nothing in flight", func() bool { return h.wire.Stats().Messages == 0 })
	close(h.hold)
}

// A connection that ends while khatru reads a message: it never gets the whole,
// and never answers.
func TestClosedInTheMiddle(t *testing.T) {
	l := Listen(nil, everyone())
	evt := masked(ws.OpText, true, text("EVENT", made(t, 1, strings.Repeat("x", 10_000))))
	for _, read := range []int{1, 100, len(evt) - 1} {
		c, _ := l.admit(&tape{says: bytes.NewReader(evt), piece: 1000})
		c.mode = framed
		for n, buf := 0, make([]byte, 700); n < read; {
			m, err := c.Read(buf[:min(len(buf), read-n)])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
		if got := l.Stats().Messages; got != 1 {
			t.Errorf("%d messages in flight, want 1", got)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if s := l.Stats(); s.Messages != 0 || s.InFlight != 0 || s.Partial != 0 || s.Connections != 0 {
			t.Errorf("%d bytes were read: %+v", read, s)
		}
	}
}
