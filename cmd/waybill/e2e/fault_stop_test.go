//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
)

// TestStopAtWorst: a signal ends the daemon in time and with exit code 0 also when
// everything around it is stuck: Redis gone or silent in the middle of an answer,
// readers that do not read, publishers that do not stop.
func TestStopAtWorst(t *testing.T) {
	for name, tt := range map[string]struct {
		signal syscall.Signal
		harm   func(*brittleRedis)
		heal   func(*brittleRedis)
	}{
		"SIGTERM, Redis gone":  {syscall.SIGTERM, func(r *brittleRedis) { r.Kill() }, func(r *brittleRedis) { r.Restart() }},
		"SIGINT, Redis silent": {syscall.SIGINT, func(r *brittleRedis) { r.stall() }, func(r *brittleRedis) { r.resume() }},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMarket(t, marketOf{})
			stuck := m.stuckReaders(5)
			m.sold(200)
			tt.harm(m.redis)
			m.sold(100)
			begun := time.Now()
			// In half the time: who waits out a silent Redis is found.
			code, err := m.daemon.serves.end(tt.signal, stopWithin/2)
			if code != 0 || err != nil {
				t.Fatalf("exit code %d, error %v; want 0 within %v", code, err, stopWithin/2)
			}
			t.Logf("it ended after %v", time.Since(begun).Round(time.Millisecond))
			m.kept()
			tt.heal(m.redis)
			m.daemon.start()
			for _, conn := range stuck {
				conn.Close()
			}
			m.sold(100)
			m.peace()
		})
	}
}

// stuckReaders are so many clients who ask for more than fits on the way to them, and
// read none of it.
func (m *market) stuckReaders(n int) (stuck []*websocket.Conn) {
	m.t.Helper()
	s := dial(m.t, m.daemon.url)
	defer s.close()
	for i := range 30 { // 12 MB: more than any buffer of the system's
		evt := m.stalls[0].seller.event(30402, strings.Repeat("x", 400_000), nostr.Tag{"d", string(rune('a' + i))})
		if v, err := s.publish(evt); err != nil || !v.ok {
			m.t.Fatalf("a listing was refused: %q, %v", v.reason, err)
		}
	}
	tight := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		c, err := net.Dial(network, addr)
		if tcp, ok := c.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(4096)
		}
		return c, err
	}}
	for range n {
		conn, resp, err := tight.Dial(m.daemon.url, nil)
		if err != nil {
			m.t.Fatal(err)
		}
		resp.Body.Close()
		stuck = append(stuck, conn)
		m.t.Cleanup(func() { conn.Close() })
		if err := conn.WriteJSON([]any{"REQ", "all", nostr.Filter{Kinds: []int{30402}}}); err != nil {
			m.t.Fatal(err)
		}
	}
	return stuck
}

// TestStopWhileASignerIsSilent: somebody has handed over a remote signer whose relay
// takes connections and says nothing. The daemon ends without waiting for it.
func TestStopWhileASignerIsSilent(t *testing.T) {
	for door, hands := range map[string]func(d *daemon, who *speaker, bunker string){
		"HTTP": func(d *daemon, who *speaker, bunker string) {
			url, body := strings.Replace(d.url, "ws", "http", 1)+"/api/v1/keys", `{"bunker":"`+bunker+`"}`
			token := who.event(27235, "", nostr.Tag{"u", url}, nostr.Tag{"method", "POST"}, nostr.Tag{"payload", fmt.Sprintf("%x", sha256.Sum256([]byte(body)))})
			req := must(http.NewRequest("POST", url, strings.NewReader(body)))(t)
			req.Header.Set("Authorization", "Nostr "+base64.StdEncoding.EncodeToString([]byte(token.String())))
			req.Header.Set("Content-Type", "application/json")
			go func() {
				if resp, err := http.DefaultClient.Do(req); err == nil {
					resp.Body.Close()
				}
			}()
		},
		"NIP-42": func(d *daemon, who *speaker, bunker string) {
			self := selfOf(t, d)
			content := must(who.signer.Encrypt(t.Context(), self, bunker))(t)
			relay := must(nostr.RelayConnect(t.Context(), d.url))(t)
			t.Cleanup(func() { relay.Close() })
			within(t, patience, "NIP-42", func() error {
				return relay.Auth(t.Context(), func(evt *nostr.Event) error { return who.signer.Sign(t.Context(), evt) })
			})
			evt := who.event(4455, content, nostr.Tag{"p", self})
			go func() { _ = relay.Publish(t.Context(), evt) }()
		},
	} {
		t.Run(door, func(t *testing.T) {
			l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
			defer l.Close()
			d := newDaemon(t, "", map[string]string{"REDIS_EMBEDDED": "memory", "PARTICIPANTS_PRIVATE_SIGNERS": "true"})
			d.start()
			who := speakerOf(t, nostr.GeneratePrivateKey())
			hands(d, who, "bunker://"+who.pubkey+"?relay=ws://"+l.Addr().String())
			conn := must(l.Accept())(t) // the daemon asks
			defer conn.Close()
			begun := time.Now()
			code, err := d.serves.end(syscall.SIGTERM, stopWithin)
			if took := time.Since(begun); code != 0 || err != nil || took > stopWithin/4 {
				t.Errorf("exit code %d, error %v, after %v; want 0 within %v", code, err, took.Round(time.Millisecond), stopWithin/4)
			}
		})
	}
}
