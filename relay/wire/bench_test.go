package wire

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
)

// BenchmarkMessages sends events through khatru, with up to 32 unanswered, by turns
// with and without the wrapper: on a machine that others use too, only the ratio of
// the two means anything.
func BenchmarkMessages(b *testing.B) {
	frame := masked(ws.OpText, true, text("EVENT", made(b, 1, strings.Repeat("x", 1200))))
	h := newHouse(b, everyone(), func(h *house) { h.forget = true })
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	h.serve(inner, http.HandlerFunc(h.khatru.HandleWebsocket))
	dial := func(url string) *websocket.Conn {
		conn, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		if _, _, err := conn.ReadMessage(); err != nil { // the challenge
			b.Fatal(err)
		}
		return conn
	}
	const batch = 100
	pump := func(conn *websocket.Conn) time.Duration {
		begun := time.Now()
		for sent, answered := 0, 0; answered < batch; answered++ {
			for ; sent < batch && sent-answered < 32; sent++ {
				if _, err := conn.NetConn().Write(frame); err != nil {
					b.Fatal(err)
				}
			}
			if _, _, err := conn.ReadMessage(); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(begun)
	}
	bare, wrapped := dial("ws://"+inner.Addr().String()), dial(h.url)
	var without, with time.Duration
	for b.Loop() {
		without += pump(bare)
		with += pump(wrapped)
	}
	b.ReportMetric(float64(b.N*batch)/without.Seconds(), "bare-messages/s")
	b.ReportMetric(float64(b.N*batch)/with.Seconds(), "wrapped-messages/s")
	b.ReportMetric(without.Seconds()/with.Seconds(), "ratio")
}
