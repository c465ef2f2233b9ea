package outgoing

import (
	"errors"
	"net"
	"strings"
	"testing"
)

func TestPermitted(t *testing.T) {
	const (
		public   = "public"
		own      = "own" // with allowPrivate only
		nobodies = "never"
	)
	for _, tt := range []struct{ ip, want string }{
		{"1.1.1.1", public},
		{"9.255.255.255", public},
		{"11.0.0.0", public},
		{"100.63.255.255", public},
		{"100.128.0.0", public},
		{"126.255.255.255", public},
		{"128.0.0.1", public},
		{"172.15.255.255", public},
		{"172.32.0.0", public},
		{"192.167.255.255", public},
		{"192.169.0.0", public},
		{"223.255.255.255", public},
		{"2606:4700:4700::1111", public},
		{"2a00:1450:4001::1", public},
		{"2001:200::1", public},
		{"3ffe::1", public},

		{"10.0.0.1", own},
		{"10.255.255.255", own},
		{"100.64.0.1", own},
		{"100.127.255.255", own},
		{"127.0.0.1", own},
		{"127.255.255.254", own},
		{"172.16.0.1", own},
		{"172.31.255.255", own},
		{"192.168.1.1", own},
		{"::1", own},
		{"fc00::1", own},
		{"fd12:3456:789a::1", own},

		{"0.0.0.0", nobodies},
		{"0.1.2.3", nobodies},
		{"169.254.169.254", nobodies},
		{"192.0.0.1", nobodies},
		{"192.0.2.1", nobodies},
		{"192.88.99.1", nobodies},
		{"198.18.0.1", nobodies},
		{"198.19.255.255", nobodies},
		{"198.51.100.1", nobodies},
		{"203.0.113.1", nobodies},
		{"224.0.0.1", nobodies},
		{"239.255.255.255", nobodies},
		{"240.0.0.1", nobodies},
		{"255.255.255.255", nobodies},
		{"::", nobodies},
		{"::2", nobodies},
		{"::7f00:1", nobodies},               // IPv4-compatible 127.0.0.1
		{"::ffff:127.0.0.1", nobodies},       // IPv4-mapped
		{"::ffff:8.8.8.8", nobodies},         // also where what it maps is public
		{"::ffff:0:127.0.0.1", nobodies},     // IPv4-translated
		{"64:ff9b::7f00:1", nobodies},        // NAT64
		{"64:ff9b:1::a00:1", nobodies},       // NAT64 of a local network
		{"100::1", nobodies},                 // discard
		{"2001::1", nobodies},                // Teredo
		{"2001:0:4136:e378::1", nobodies},    // Teredo
		{"2001:20::1", nobodies},             // ORCHIDv2
		{"2001:db8::1", nobodies},            // documentation
		{"2002:7f00:1::1", nobodies},         // 6to4 of 127.0.0.1
		{"3fff::1", nobodies},                // documentation
		{"fe80::1", nobodies},                // link-local
		{"fe80::1%eth0", nobodies},           // with its zone
		{"fec0::1", nobodies},                // site-local, withdrawn
		{"ff02::1", nobodies},                // multicast
		{"2606:4700:4700::1111%1", nobodies}, // no zone belongs here
		{"4000::1", nobodies},                // not handed out
		{"not-an-address", nobodies},         // a name never gets here
		{"127.1", nobodies},                  // nor another spelling
	} {
		t.Run(tt.ip, func(t *testing.T) {
			network := "tcp4"
			if strings.Contains(tt.ip, ":") {
				network = "tcp6"
			}
			address := net.JoinHostPort(tt.ip, "443")
			if got, want := permitted(network, address, false), tt.want == public; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			if got, want := permitted(network, address, true), tt.want != nobodies; got != want {
				t.Errorf("with private networks allowed: got %v, want %v", got, want)
			}
			if permitted("udp4", address, true) || permitted("unix", address, true) {
				t.Error("something else than TCP is permitted")
			}
		})
	}
}

func TestDialer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	addr := listener.Addr().String()
	_, port, _ := net.SplitHostPort(addr)

	for _, to := range []string{addr, net.JoinHostPort("localhost", port), net.JoinHostPort("::ffff:127.0.0.1", port)} {
		_, err := Dialer(false)(t.Context(), "tcp", to)
		if !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: got %v, want %v", to, err, ErrForbidden)
		}
		if err != nil && strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: the error tells the address: %v", to, err)
		}
	}
	conn, err := Dialer(true)(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// A literal address needs no DNS to be refused.
func TestRefuses(t *testing.T) {
	for host, want := range map[string][2]bool{ // without and with private addresses
		"127.0.0.1": {true, false}, "10.1.2.3": {true, false}, "::1": {true, false}, "169.254.169.254": {true, true},
		"fe80::1": {true, true}, "::ffff:127.0.0.1": {true, true},
		"localhost": {false, false}, "93.184.215.14": {false, false}, "hooks.example": {false, false}, "2606:2800:21f::1": {false, false},
	} {
		for i, allowPrivate := range []bool{false, true} {
			if got := Refuses(host, allowPrivate); got != want[i] {
				t.Errorf("%s, %v: got %v", host, allowPrivate, got)
			}
		}
	}
}
