package nip17

import (
	"crypto/aes"
	"errors"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip04"
)

// FuzzOpen gives the three layers of an envelope, each encrypted and signed with
// real keys, so that the fuzzer's bytes reach the parsers inside.
func FuzzOpen(f *testing.F) {
	alice, bob, mallory := somebody(f, "alice"), somebody(f, "bob"), somebody(f, "mallory")
	kr := ring(f, bob.key(f, ""))
	const (
		wrapContent = iota // text is the content of the wrap
		sealText           // text is the seal as JSON
		sealContent        // text is the content of the seal
		rumorText          // text is the rumor as JSON
		layers
	)
	good := `{"pubkey":"` + alice.pub + `","created_at":1699999940,"kind":14,"tags":[["p","` + bob.pub + `"]],"content":"hello"}`
	f.Add(uint8(rumorText), good)
	f.Add(uint8(rumorText), `{"id":"",`+good[1:])
	f.Add(uint8(rumorText), `{"kind":15,`+good[1:])
	f.Add(uint8(rumorText), `{"sig":"x",`+good[1:])
	f.Add(uint8(rumorText), `{"pubkey":"`+mallory.pub+`","created_at":-1,"kind":16,"tags":[],"content":"\ud800"}`)
	f.Add(uint8(rumorText), `[[[[[[[[[[[[[[[[[[[[`)
	f.Add(uint8(sealText), `null`)
	f.Add(uint8(sealText), `{"id":"","pubkey":"","created_at":0,"kind":13,"tags":[["expiration","1"],["n",""]],"content":"","sig":""}`)
	f.Add(uint8(sealContent), "AsqzdlMsG304G8h08bE67dhAR1gFTzTckUUyuvndZ8Lr")
	f.Add(uint8(wrapContent), "\n\n")
	f.Fuzz(func(t *testing.T, layer uint8, s string) {
		// NIP-44 takes neither nothing nor more than this.
		if layer %= layers; len(s) == 0 || len(s) > 40_000 {
			return
		}
		var forged forgery
		switch layer {
		case wrapContent:
			forged.wrap = func(w *nostr.Event) { w.Content = s }
		case sealText:
			forged.sealText = text(s)
		case sealContent:
			forged.seal = func(e *nostr.Event) { e.Content = s }
		case rumorText:
			forged.rumorText = text(s)
		}
		wrap := forged.make(t, alice, bob.pub)
		msg, err := Open(t.Context(), wrap, kr, Clock(clock))
		if err != nil {
			var r *refusal
			if !errors.As(err, &r) || Retryable(err) || msg.Rumor.ID != "" {
				t.Fatalf("got %v with %+v", err, msg)
			}
			return
		}
		r := msg.Rumor
		if r.PubKey != alice.pub || msg.Seal.PubKey != alice.pub || r.Sig != "" || r.ID != r.GetID() || r.CreatedAt < 0 {
			t.Fatalf("opened %+v", msg)
		}
	})
}

// FuzzOpenDirect gives the content of a message, or the blocks that are
// encrypted in one, so that the fuzzer's bytes reach the padding.
func FuzzOpenDirect(f *testing.F) {
	alice, bob := somebody(f, "alice"), somebody(f, "bob")
	kr := ring(f, bob.key(f, ""))
	key := directKeyOf(f, alice, bob)
	good, err := nip04.Encrypt(`{"id":"o1","type":2,"paid":true}`, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(true, good)
	f.Add(true, "?iv=?iv=")
	f.Add(true, "A+fRnU4aXS4kbTLfowqAww==?iv=QFYUrl5or/n/qamY79ze0A==\n")
	f.Add(false, "fifteen letters\x01")
	f.Add(false, strings.Repeat("\x10", 16))
	f.Add(false, strings.Repeat("\x00", 32))
	f.Fuzz(func(t *testing.T, whole bool, s string) {
		content := s
		if !whole {
			if len(s) == 0 || len(s)%aes.BlockSize != 0 {
				return
			}
			content = rawDirect(t, key, []byte(s))
		}
		evt := direct{forge: func(e *nostr.Event) { e.Content = content }}.make(t, alice, bob)
		msg, err := OpenDirect(t.Context(), evt, kr, Clock(clock), Verified())
		if err != nil {
			var r *refusal
			if !errors.As(err, &r) || Retryable(err) || msg.Rumor.ID != "" {
				t.Fatalf("got %v with %+v", err, msg)
			}
			return
		}
		if msg.Rumor.Sig != "" || msg.Rumor.ID != evt.ID || msg.Owner != bob.pub || msg.Seal.Content != content {
			t.Fatalf("opened %+v", msg)
		}
		// What opens here opens for everybody else, to the same text.
		if want, err := nip04.Decrypt(content, key); err != nil || msg.Rumor.Content != want {
			t.Fatalf("got %q, go-nostr %q, %v", msg.Rumor.Content, want, err)
		}
	})
}
