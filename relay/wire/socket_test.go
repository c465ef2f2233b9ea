package wire

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"
)

func prefixes(texts ...string) (p []netip.Prefix) {
	for _, text := range texts {
		p = append(p, netip.MustParsePrefix(text))
	}
	return p
}

// made signs an event with a key of its own.
func made(t testing.TB, kind int, content string, tags ...nostr.Tag) nostr.Event {
	t.Helper()
	evt := nostr.Event{Kind: kind, Content: content, Tags: tags, CreatedAt: nostr.Now()}
	if err := evt.Sign(nostr.GeneratePrivateKey()); err != nil {
		t.Fatal(err)
	}
	return evt
}

// socket is a well-behaved client.
type socket struct {
	t         testing.TB
	conn      *websocket.Conn
	challenge string
}

func (h *house) dial() *socket {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(h.url, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	s := &socket{t: h.t, conn: conn}
	hello := s.read()
	if hello[0] != "AUTH" {
		h.t.Fatalf("got %v, want a challenge", hello)
	}
	s.challenge = hello[1].(string)
	return s
}

func (s *socket) say(parts ...any) {
	s.t.Helper()
	if err := s.conn.WriteJSON(parts); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) send(text string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) read() (m []any) {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if err := s.conn.ReadJSON(&m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

// until reads until a message begins with these parts, and returns it.
func (s *socket) until(parts ...any) []any {
	s.t.Helper()
	for {
		m := s.read()
		if begins(m, parts) {
			return m
		}
	}
}

func begins(m, parts []any) bool {
	if len(m) < len(parts) {
		return false
	}
	for i := range parts {
		if m[i] != parts[i] {
			return false
		}
	}
	return true
}

// publish sends an event and waits for its OK.
func (s *socket) publish(evt nostr.Event) (ok bool, reason string) {
	s.t.Helper()
	s.say("EVENT", evt)
	m := s.until("OK", evt.ID)
	return m[2].(bool), m[3].(string)
}

func (s *socket) authEvent(relay string) nostr.Event {
	s.t.Helper()
	secret := nostr.GeneratePrivateKey()
	pubkey, err := nostr.GetPublicKey(secret)
	if err != nil {
		s.t.Fatal(err)
	}
	evt := nip42.CreateUnsignedAuthEvent(s.challenge, pubkey, relay)
	if err := evt.Sign(secret); err != nil {
		s.t.Fatal(err)
	}
	return evt
}

// stream reads in the background, until the connection ends.
func (s *socket) stream() <-chan []any {
	heard := make(chan []any, 10_000)
	go func() {
		defer close(heard)
		for {
			var m []any
			if s.conn.ReadJSON(&m) != nil {
				return
			}
			heard <- m
		}
	}()
	return heard
}

// closedWith reads until the connection ends and returns the close frame.
func (s *socket) closedWith() (code int, reason string) {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	for {
		_, _, err := s.conn.ReadMessage()
		if closed, ok := err.(*websocket.CloseError); ok {
			return closed.Code, closed.Text
		}
		if err != nil {
			return 0, err.Error()
		}
	}
}

// A raw is a client that writes and reads bytes, and does so only when it is told.
type raw struct {
	t    testing.TB
	conn *net.TCPConn
	r    *bufio.Reader
}

// rawDial opens a WebSocket; early is sent right behind the request.
func (h *house) rawDial(early []byte, headers ...string) *raw {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	c := &raw{h.t, conn.(*net.TCPConn), bufio.NewReader(conn)}
	request := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + strings.Join(headers, "")
	c.write(append([]byte(request+"\r\n"), early...))
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		h.t.Fatalf("got %v %v, want 101", resp, err)
	}
	return c
}

func (c *raw) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// masked is a client's frame.
func masked(op ws.OpCode, fin bool, payload string) []byte {
	p := []byte(payload)
	h := ws.Header{Fin: fin, OpCode: op, Masked: true, Mask: [4]byte{1, 2, 3, 4}, Length: int64(len(p))}
	ws.Cipher(p, h.Mask, 0)
	return append(appendHeader(nil, h), p...)
}

func text(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// frame reads one frame of the server's.
func (c *raw) frame() (ws.OpCode, []byte, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return 0, nil, err
	}
	h, err := ws.ReadHeader(c.r)
	if err != nil {
		return 0, nil, err
	}
	p := make([]byte, h.Length)
	_, err = io.ReadFull(c.r, p)
	return h.OpCode, p, err
}

// closedWith reads until the connection ends: the close frame, or the error.
func (c *raw) closedWith() string {
	c.t.Helper()
	for {
		op, p, err := c.frame()
		if err != nil {
			return err.Error()
		}
		if op == ws.OpClose {
			code, reason := ws.ParseCloseFrameData(p)
			return fmt.Sprint(code, " ", reason)
		}
	}
}
