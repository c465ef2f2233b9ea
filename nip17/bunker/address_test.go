package bunker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/nip17"
)

const signerHex = "fa984bd7dbb282f07e16e7ae87b26a2a7b9b90b7246a44771f0cf5ae58018f52" // of NIP-46

func TestParse(t *testing.T) {
	const base = "bunker://" + signerHex
	relays := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "&relay=wss://r%d.example", i)
		}
		return base + "?" + b.String()
	}
	for _, tt := range []struct {
		name, text string
		relays     int
		token      string
		want       error
	}{
		{"whole", base + "?relay=wss://a.example&relay=wss%3A%2F%2Fb.example%2Fpath&secret=s%20%26", 2, "s &", nil},
		{"no secret", base + "?relay=ws://127.0.0.1:7447", 1, "", nil},
		{"empty secret", base + "?relay=wss://a.example&secret=", 1, "", nil},
		{"with space around", " \n" + base + "?relay=wss://a.example\n", 1, "", nil},
		{"scheme in capitals", strings.Replace(base, "bunker", "BUNKER", 1) + "?relay=wss://a.example", 1, "", nil},
		{"with a slash", base + "/?relay=wss://a.example", 1, "", nil},
		{"what NIP-46 does not have", base + "?relay=wss://a.example&name=x&perms=sign_event", 1, "", nil},
		{"a relay twice", base + "?relay=wss://a.example&relay=wss://a.example", 1, "", nil},
		{"8 relays", relays(8), 8, "", nil},

		{"nothing", "", 0, "", ErrScheme},
		{"another scheme", "nostrconnect://" + signerHex + "?relay=wss://a.example", 0, "", ErrScheme},
		{"no slashes", "bunker:" + signerHex, 0, "", ErrScheme},
		{"an address of a name", "shop@signer.example", 0, "", ErrScheme},
		{"user and password", "bunker://x:y@" + signerHex + "?relay=wss://a.example", 0, "", ErrScheme},
		{"a path", base + "/x?relay=wss://a.example", 0, "", ErrScheme},
		{"a fragment", base + "?relay=wss://a.example#x", 0, "", ErrScheme},
		{"a bad escape", base + "?relay=wss://a.example&secret=%zz", 0, "", ErrScheme},
		{"a semicolon", base + "?relay=wss://a.example;secret=x", 0, "", ErrScheme},
		{"no key", "bunker://?relay=wss://a.example", 0, "", ErrSigner},
		{"a short key", base[:len(base)-1] + "?relay=wss://a.example", 0, "", ErrSigner},
		{"a key in capitals", "bunker://" + strings.ToUpper(signerHex) + "?relay=wss://a.example", 0, "", ErrSigner},
		{"an npub", "bunker://npub1l2vyh47mk2p0qlsku7hg0vn29faehy9hy34ygaclpn66ukqp3afqutajft?relay=wss://a.example", 0, "", ErrSigner},
		{"no point of the curve", "bunker://" + strings.Repeat("f", 64) + "?relay=wss://a.example", 0, "", ErrSigner},
		{"a port", base + ":443?relay=wss://a.example", 0, "", ErrSigner},
		{"no relay", base + "?secret=x", 0, "", ErrRelays},
		{"an empty relay", base + "?relay=", 0, "", ErrRelays},
		{"9 relays", relays(9), 0, "", ErrRelays},
		{"http", base + "?relay=https://a.example", 0, "", ErrRelays},
		{"no host", base + "?relay=wss:///x", 0, "", ErrRelays},
		{"a port alone", base + "?relay=wss://:443", 0, "", ErrRelays},
		{"no slashes in the relay", base + "?relay=wss:a.example", 0, "", ErrRelays},
		{"a password in the relay", base + "?relay=wss://x:y@a.example", 0, "", ErrRelays},
		{"a fragment in the relay", base + "?relay=wss://a.example%23x", 0, "", ErrRelays},
		{"a line end in the relay", base + "?relay=wss://a.example%0d%0ax", 0, "", ErrRelays},
		{"a long relay", base + "?relay=wss://a.example/" + strings.Repeat("x", 512), 0, "", ErrRelays},
		{"two secrets", base + "?relay=wss://a.example&secret=x&secret=y", 0, "", ErrToken},
		{"a long secret", base + "?relay=wss://a.example&secret=" + strings.Repeat("x", 257), 0, "", ErrToken},
		{"very long", base + "?relay=wss://a.example&x=" + strings.Repeat("x", 4096), 0, "", ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := Parse(tt.text)
			if !errors.Is(err, tt.want) || len(conn.Relays) != tt.relays || conn.Token != tt.token {
				t.Fatalf("got %d relays, token %q, %v, want %v", len(conn.Relays), conn.Token, err, tt.want)
			}
			if err == nil && (conn.Signer != signerHex || !nip17.ValidPublicKey(conn.Client.PublicKey())) {
				t.Errorf("got signer %s, client %q", conn.Signer, conn.Client.PublicKey())
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	const base = "bunker://" + signerHex
	f.Add(base + "?relay=wss://a.example&secret=s3cret")
	f.Add(base + "?relay=wss%3A%2F%2Fa.example%2F%3Fx%3Dy&relay=ws://[::1]:1&secret=%26")
	f.Add("bunker://npub1xyz?relay=wss://a")
	f.Add("bunker://x:y@" + signerHex + "#?relay=%")
	f.Add(base + "?relay=wss://ac\x88")
	f.Add(base + "?relay=wss://a.example&secret=%88")
	f.Fuzz(func(t *testing.T, text string) {
		conn, err := Parse(text)
		if err != nil {
			if !slices.Contains([]error{ErrTooLong, ErrScheme, ErrSigner, ErrRelays, ErrToken}, err) {
				t.Fatalf("got %v", err)
			}
			return
		}
		defer conn.Client.Zero()
		data, err := conn.Marshal()
		if err != nil {
			t.Fatalf("it does not marshal: %v", err)
		}
		again, err := Unmarshal(data)
		if err != nil || again.Token != conn.Token || !slices.Equal(again.Relays, conn.Relays) || again.Signer != conn.Signer {
			t.Fatalf("%s came back as another, %v", data, err)
		}
	})
}
