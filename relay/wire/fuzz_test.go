package wire

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// A tape is a connection whose client has said everything it will ever say.
type tape struct {
	net.Conn
	mu     sync.Mutex
	says   *bytes.Reader
	heard  bytes.Buffer
	piece  int // read at most so much at once
	closed bool
}

func (c *tape) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	return c.says.Read(p[:min(len(p), c.piece)])
}

func (c *tape) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	return c.heard.Write(p)
}

func (c *tape) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return nil
}

func (c *tape) CloseWrite() error                { return nil }
func (c *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }

// FuzzFrames plays arbitrary bytes to a connection. Behind it stands a server that
// answers as khatru does, and that is handed nothing but whole masked messages.
func FuzzFrames(f *testing.F) {
	evt := `["EVENT",{"id":"` + strings.Repeat("a", 64) + `","content":"x"}]`
	f.Add(masked(ws.OpText, true, evt), uint16(1000))
	f.Add(append(masked(ws.OpText, false, evt[:9]), masked(ws.OpContinuation, true, evt[9:])...), uint16(3))
	f.Add(append(masked(ws.OpText, true, `["REQ","s",{},{"kinds":[4]}]`), masked(ws.OpText, true, `["REQ","s",{}]`)...), uint16(1))
	f.Add(append(masked(ws.OpText, true, `["REQ","s",{}]`), masked(ws.OpText, true, `["CLOSE","s"]`)...), uint16(7))
	f.Add(append(masked(ws.OpText, true, `["AUTH",{"id":"`+strings.Repeat("b", 64)+`"}]`), masked(ws.OpClose, true, "\x03\xe8")...), uint16(50))
	f.Add(append(masked(ws.OpPing, true, "ping"), masked(ws.OpText, true, strings.Repeat("x", 3000))...), uint16(2))
	f.Add([]byte{0x81, 0xFF, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4}, uint16(5))
	limits := everyone()
	limits.Message, limits.Unanswered, limits.InFlight, limits.Partial = 2000, 3, 20_000, 6_000
	f.Fuzz(func(t *testing.T, says []byte, piece uint16) {
		ended := make(chan struct{})
		close(ended)
		l := Listen(nil, limits, WithSubscriptions(func(net.Conn, string) (<-chan struct{}, bool) { return ended, true }))
		client := &tape{says: bytes.NewReader(says), piece: int(piece) + 1}
		c, _ := l.admit(client)
		c.mode = framed
		watchdog := time.AfterFunc(10*time.Second, func() { panic("the connection waits for something that never comes") })
		serve(t, c)
		watchdog.Stop()
		if err := c.Close(); err != nil && err != net.ErrClosed {
			t.Fatal(err)
		}
		if s := l.Stats(); s.Connections != 0 || s.Messages != 0 || s.InFlight != 0 || s.Partial != 0 {
			t.Errorf("left over: %+v", s)
		}
		state := ws.StateClientSide
		for r := bytes.NewReader(client.heard.Bytes()); r.Len() > 0; {
			h, err := ws.ReadHeader(r)
			if err == nil {
				err = ws.CheckHeader(h, state)
			}
			if err != nil || int64(r.Len()) < h.Length {
				t.Fatalf("the client hears %v: %v", h, err)
			}
			if !h.OpCode.IsControl() && h.Fin {
				state = state.Clear(ws.StateFragmented)
			} else if !h.Fin {
				state = state.Set(ws.StateFragmented)
			}
			if _, err := r.Seek(h.Length, io.SeekCurrent); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// serve reads messages until the connection ends, and answers each.
func serve(t *testing.T, c *Conn) {
	for {
		h, err := ws.ReadHeader(c)
		if err != nil {
			return
		}
		if err := ws.CheckHeader(h, ws.StateServerSide); err != nil || !h.Fin {
			t.Fatalf("handed %v: %v", h, err)
		}
		p := make([]byte, h.Length)
		if _, err := io.ReadFull(c, p); err != nil {
			t.Fatalf("half a frame: %v", err)
		}
		ws.Cipher(p, h.Mask, 0)
		if h.OpCode.IsControl() {
			if h.OpCode == ws.OpClose {
				return
			}
			continue
		}
		var reply []byte
		switch m := readMessage(p, l0); {
		case m.refusal != nil:
			t.Fatalf("handed %q", p)
		case m.label == "EVENT" || m.label == "AUTH":
			reply = answer("OK", m.id, true, "")
		case m.label == "COUNT":
			reply = answer("COUNT", m.id, map[string]int{"count": 1})
		case m.label == "REQ" && m.filters > 1:
			reply = answer("CLOSED", m.id, "")
		case m.label == "REQ":
			reply = answer("EOSE", m.id)
		default:
			continue
		}
		half := len(reply) / 2
		frames := append(appendHeader(nil, ws.Header{OpCode: ws.OpText, Length: int64(half)}), reply[:half]...)
		frames = append(appendHeader(frames, ws.Header{Fin: true, OpCode: ws.OpContinuation, Length: int64(len(reply) - half)}), reply[half:]...)
		for len(frames) > 0 {
			n := min(len(frames), 5)
			if _, err := c.Write(frames[:n]); err != nil {
				t.Fatal(err)
			}
			frames = frames[n:]
		}
	}
}

var l0 = everyone().filled()
