package wire

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Behind a trusted proxy each client has its own limits, on shared connections
// too; nobody else can choose an address.
func TestProxies(t *testing.T) {
	h := newHouse(t, Limits{PerIP: 2, Proxies: prefixes("127.0.0.1/32", "10.0.0.0/8")})
	client := newClient(t)
	for _, tt := range []struct {
		forwarded []string
		want      string
	}{
		{nil, "127.0.0.1"},
		{[]string{"192.0.2.1"}, "192.0.2.1"},
		{[]string{"6.6.6.6, 192.0.2.1"}, "192.0.2.1"},
		{[]string{"6.6.6.6", "192.0.2.1, 10.1.1.1"}, "192.0.2.1"},
		{[]string{"192.0.2.1:1234"}, "192.0.2.1"},
		{[]string{"[2001:db8::1]:1234"}, "2001:db8::1"},
		{[]string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{[]string{"6.6.6.6, unknown"}, "127.0.0.1"},
		{[]string{"6.6.6.6, unknown, 10.1.1.1"}, "10.1.1.1"},
		{[]string{"10.2.2.2, 10.1.1.1"}, "10.2.2.2"},
	} {
		var headers []string
		for _, f := range tt.forwarded {
			headers = append(headers, "X-Forwarded-For", f)
		}
		if _, body, _ := h.get(client, "/", headers...); strings.Fields(body)[0] != tt.want {
			t.Errorf("%q: got %s, want %s", tt.forwarded, body, tt.want)
		}
	}
	if got := h.wire.Stats().Connections; got != 1 {
		t.Errorf("%d connections, want one for all these clients", got)
	}
	from := func(addr string) string { return "X-Forwarded-For: " + addr + "\r\n" }
	h.rawDial(nil, from("2001:db8::1"))
	h.rawDial(nil, from("2001:db8::2"))
	status, body, header := h.get(client, "/", "X-Forwarded-For", "2001:db8::3") // of the same /64
	if status != 429 || header.Get("Retry-After") == "" || !strings.HasPrefix(body, "rate-limited: ") {
		t.Errorf("got %d %q", status, body)
	}
	for range 3 { // a request gives its place back, though its connection stays
		if status, _, _ := h.get(newClient(t), "/", "X-Forwarded-For", "2001:db8:0:1::1"); status != 200 {
			t.Errorf("another /64: got %d", status)
		}
	}
}

func TestForgedForwardedFor(t *testing.T) {
	h := newHouse(t, Limits{PerIP: 2, Proxies: prefixes("10.0.0.0/8")})
	client := newClient(t)
	if _, body, _ := h.get(client, "/", "X-Forwarded-For", "6.6.6.6"); body != "127.0.0.1 " {
		t.Errorf("got %q, want the peer's address and no header", body)
	}
	client.CloseIdleConnections()
	eventually(t, "the end of the request's connection", func() bool { return h.wire.Stats().Connections == 0 })
	h.rawDial(nil, "X-Forwarded-For: 6.6.6.6\r\n")
	h.rawDial(nil, "X-Forwarded-For: 10.0.0.1\r\n")
	if status, _, _ := h.refusedDial(); status != 429 {
		t.Errorf("got %d, want 429", status)
	}
}

// A proxy's connections are charged to the client, also when they are WebSockets.
func TestBytesPerSecondBehindAProxy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Limits{BytesPerSecond: 10_000, Proxies: prefixes("127.0.0.1/32")})
	send := func(addr string) *raw {
		return h.rawDial(masked(1, true, text("EVENT", made(t, 1, strings.Repeat("x", 110_000)))), "X-Forwarded-For: "+addr+"\r\n")
	}
	spent, fresh := send("192.0.2.1"), send("192.0.2.2")
	for _, c := range []*raw{spent, fresh} {
		for {
			_, p, err := c.frame()
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(p), `["OK",`) {
				break
			}
		}
	}
	for addr, want := range map[string]bool{"192.0.2.1": true, "192.0.2.2": true, "192.0.2.3": false} {
		h.wire.clients.mu.Lock()
		who := h.wire.clients.byAddr[netip.MustParseAddr(addr)]
		h.wire.clients.mu.Unlock()
		if got := who != nil && who.bucket.Tokens() < 10_000; got != want {
			t.Errorf("%s has spent its burst: got %t, want %t", addr, got, want)
		}
	}
}

// Addresses that are at rest are forgotten, but not sooner: a new connection must
// not bring a new burst.
func TestClientsAreForgotten(t *testing.T) {
	s := clients{byAddr: map[netip.Addr]*client{}}
	limits := Limits{BytesPerSecond: 1000}.filled()
	for i := range 500 {
		who, ok := s.enter(netip.MustParseAddr(fmt.Sprintf("192.0.%d.%d", 2+i/250, i%250)), limits)
		if !ok {
			t.Fatal("refused")
		}
		if i == 0 {
			who.charge(10_000, limits)
		}
		s.leave(who)
	}
	if got := len(s.byAddr); got != 1 {
		t.Errorf("%d addresses are remembered, want the one that has spent its burst", got)
	}
	who, _ := s.enter(netip.MustParseAddr("192.0.2.0"), limits)
	if wait := who.charge(1000, limits); wait < time.Second/2 {
		t.Errorf("a new burst after %s", wait)
	}
}
