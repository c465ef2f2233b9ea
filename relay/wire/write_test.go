package wire

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// A client that does not read what it asked for is closed, also one that keeps
// sending pongs and so never times out by khatru's own measure.
func TestClientsThatDoNotRead(t *testing.T) {
	for name, pongs := range map[string]bool{"silent": false, "sending pongs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := everyone()
			limits.WriteTimeout = 300 * time.Millisecond
			h := newHouse(t, limits, func(h *house) {
				for range 100 {
					h.events = append(h.events, made(t, 1, strings.Repeat("x", 100_000)))
				}
			})
			c := h.rawDial(masked(ws.OpText, true, `["REQ","s",{"kinds":[1]}]`))
			if err := c.conn.SetReadBuffer(4096); err != nil {
				t.Fatal(err)
			}
			if pongs {
				go func() {
					pace := time.NewTicker(10 * time.Millisecond)
					defer pace.Stop()
					for range pace.C {
						if _, err := c.conn.Write(masked(ws.OpPong, true, "")); err != nil {
							return
						}
					}
				}()
			}
			eventually(t, "the end of it", func() bool { return h.wire.Stats().Connections == 0 })
			if got := h.wire.Stats().Refused["unread-answers"]; got != 1 {
				t.Errorf("got %d, want 1", got)
			}
		})
	}
}

// Clients fill the flight and do not read their answers. Somebody else has to wait
// for a moment, not for the write timeout.
func TestClientsThatHoldOthersUp(t *testing.T) {
	t.Parallel()
	limits := everyone()
	limits.WriteTimeout, limits.InFlight = time.Hour, 200_000
	h := newHouse(t, limits, func(h *house) {
		for range 100 {
			h.events = append(h.events, made(t, 1, strings.Repeat("x", 100_000)))
		}
	})
	var frames []byte
	for range 10 {
		frames = append(frames, masked(ws.OpText, true, text("EVENT", made(t, 0, strings.Repeat("x", 20_000))))...)
	}
	var clients []*raw
	for range 4 {
		c := h.rawDial(masked(ws.OpText, true, `["REQ","s",{"kinds":[1]}]`))
		if err := c.conn.SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	eventually(t, "clients that do not read", func() bool { return h.stuck() == len(clients) })
	for _, c := range clients {
		// It may have been closed for the first one's messages already.
		_, _ = c.conn.Write(frames)
	}
	eventually(t, "a full flight", func() bool {
		s := h.wire.Stats()
		return s.InFlight > limits.InFlight-30_000 || s.Refused["held-up-others"] > 0
	})
	s := h.dial()
	if ok, _ := s.publish(made(t, 0, "polite")); !ok {
		t.Error("not taken")
	}
	if got := h.wire.Stats().Refused["held-up-others"]; got == 0 {
		t.Error("nobody was closed for it")
	}
}

// The wrapper's own words stand between khatru's messages, not within.
func TestOwnWordsBetweenMessages(t *testing.T) {
	limits := everyone()
	limits.Message = 1000
	h := newHouse(t, limits, func(h *house) {
		for range 300 {
			h.events = append(h.events, made(t, 1, strings.Repeat("x", 1500))) // two frames of khatru's
		}
	})
	s := h.dial()
	s.say("REQ", "s", map[string]any{"kinds": []int{1}})
	for range 100 {
		s.send(strings.Repeat("x", 1001))
	}
	for events, notices, eose := 0, 0, false; events < 300 || notices < 100 || !eose; {
		switch m := s.read(); m[0] { // the client's library refuses a message within a message
		case "EVENT":
			events++
		case "NOTICE":
			notices++
		case "EOSE":
			eose = true
		}
	}
}

// A message of the server's in many pieces, as the observer sees it.
func TestObserver(t *testing.T) {
	var stream []byte
	add := func(op ws.OpCode, fin bool, payload string) {
		stream = append(appendHeader(stream, ws.Header{Fin: fin, OpCode: op, Length: int64(len(payload))}), payload...)
	}
	add(ws.OpText, true, `["OK","a"]`)
	add(ws.OpText, false, `["EOSE",`)
	add(ws.OpPing, true, "ping")
	add(ws.OpContinuation, false, strings.Repeat("x", 70_000))
	add(ws.OpContinuation, true, "")
	add(ws.OpText, true, "")
	add(ws.OpClose, true, "\x03\xe8")
	for _, size := range []int{1, 2, 3, 7, 1000, len(stream)} {
		var o observer
		var heard []string
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			err := o.feed(append([]byte(nil), rest[:n]...), func(text []byte) { heard = append(heard, string(text)) }, func() { heard = append(heard, "bye") })
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		want := []string{`["OK","a"]`, `["EOSE",` + strings.Repeat("x", answerSize-8), "", "bye"}
		if strings.Join(heard, "|") != strings.Join(want, "|") || !o.between() {
			t.Errorf("in pieces of %d: got %.200q", size, heard)
		}
	}
}

// A WebSocket that went past the Handler could bring frames that nobody counts.
func TestUpgradeWithoutTheHandler(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, everyone())
	bypass := Listen(inner, everyone())
	h.serve(bypass, h.mux())
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 100)); n > 0 || err == nil {
		t.Errorf("got %d bytes, want a closed connection", n)
	}
}
