//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip04"
	"github.com/nbd-wtf/go-nostr/nip19"
	"github.com/nbd-wtf/go-nostr/nip49"
	"golang.org/x/crypto/chacha20poly1305"
)

// A thief has copies of what lay around, and knows how Waybill keeps things. He
// makes keys of everything that may be one, and tries each of them, with every
// public key that he has read of, on everything that may be encrypted; what opens
// he searches for more. He has tools of his own, and none of Waybill's.
//
// He cannot find a key that lies somewhere as 32 bytes among others: for the keys
// that a test knows, nothingLeaked does.
type thief struct {
	t *testing.T

	small, all []string          // what he has read: the files that may hold a key, and everything
	keys       map[string]string // public key → secret (hex)
	peers      map[string]bool   // public keys
	sealed     map[string]bool   // ciphertexts; true: opened
	opened     []string          // what was in them
	tried      map[[3]string]bool
	clients    int // connections to remote signers that he has made out
}

// newThief has nothing yet: give him texts to take and secrets to try, then let him work.
func newThief(t *testing.T) *thief {
	return &thief{t: t, keys: map[string]string{}, peers: map[string]bool{}, sealed: map[string]bool{}, tried: map[[3]string]bool{}}
}

// burglary is a thief who took what a daemon that does not run has left: its data
// folder, its configuration with the files that this names, and all of Redis. He
// did not get the files whose names are in but. It returns him at the end of his work.
func (w *world) burglary(but ...string) *thief {
	w.t.Helper()
	th := newThief(w.t)
	for _, f := range slices.Concat(w.daemon.files(), w.daemon.configured()) {
		if !slices.Contains(but, f.name) {
			th.take(string(f.content))
		}
	}
	for _, c := range ledgerValues(w.t, w.daemon.ledgerFile()) {
		_, name, _ := strings.Cut(c.name, ".")
		for line := range strings.Lines(string(c.content)) {
			th.take(`"` + name + `":"` + strings.TrimSpace(line) + `"`)
		}
	}
	th.take(w.redis.dump())
	th.work()
	return th
}

// configured are the config file and the files that it names.
func (d *daemon) configured() (files []spot) {
	d.t.Helper()
	config := must(os.ReadFile(d.env["CONFIG"]))(d.t)
	files = append(files, spot{filepath.Base(d.env["CONFIG"]), config})
	for _, m := range regexp.MustCompile(`(?m)_file = "([^"]+)"`).FindAllStringSubmatch(string(config), -1) {
		files = append(files, spot{filepath.Base(m[1]), must(os.ReadFile(m[1]))(d.t)})
	}
	return files
}

// mostOfAKey is the size of a file that may be a key, a passphrase, or a few of them.
const mostOfAKey = 4 << 10

// take reads a text.
func (th *thief) take(text string) {
	th.all = append(th.all, text)
	if len(text) <= mostOfAKey {
		th.small = append(th.small, text)
	}
	for _, pattern := range []*regexp.Regexp{looksLikeNIP44, looksLikeNIP04} {
		for _, payload := range pattern.FindAllString(text, -1) {
			if _, known := th.sealed[payload]; !known {
				th.sealed[payload] = false
			}
		}
	}
	for _, digits := range looksLikeHex.FindAllString(text, -1) {
		if nostr.IsValidPublicKey(digits) {
			th.peers[digits] = true
		}
	}
	for _, word := range looksLikeKey.FindAllString(text, -1) {
		switch kind, value, err := nip19.Decode(word); {
		case err != nil:
		case kind == "npub":
			th.peers[value.(string)] = true
		case kind == "nsec":
			th.try(value.(string))
		}
	}
}

// try takes a secret (hex) for his own, where it is one.
func (th *thief) try(secret string) {
	if public, err := nostr.GetPublicKey(secret); err == nil {
		th.keys[public] = secret
	}
}

// work goes on until nothing more opens.
func (th *thief) work() {
	th.forceVaults()
	th.crackNcryptsecs()
	th.guessKeys()
	for found := true; found; {
		found = false
		for payload, open := range th.sealed {
			if open {
				continue
			}
			if plain, ok := th.open(payload); ok {
				th.sealed[payload], found = true, true
				th.opened = append(th.opened, plain)
				th.take(plain)
				th.take(unescaped(plain))
			}
		}
	}
}

// has reports whether he has made out the secret of a public key (hex).
func (th *thief) has(public string) bool { return th.keys[public] != "" }

// reads reports whether the text stands in something that he has opened.
func (th *thief) reads(text string) bool {
	var ns needles
	if err := ns.add(text); err != nil {
		th.t.Fatal(err)
	}
	return len(ns.in([]byte(strings.Join(th.opened, "\n")))) > 0
}

// readsNothing fails the test where anything has opened, or where he had nothing
// to open, so that this says nothing.
func (th *thief) readsNothing(t *testing.T, texts ...string) {
	t.Helper()
	if len(th.sealed) < len(texts) {
		t.Errorf("the thief found %d ciphertexts only: he has not looked well", len(th.sealed))
	}
	for _, plain := range th.opened {
		t.Errorf("the thief has opened %.60q…", plain)
	}
	for _, text := range texts {
		if th.reads(text) {
			t.Errorf("the thief reads %q", text)
		}
	}
}

// readsAll fails the test where one of the texts is hidden from him.
func (th *thief) readsAll(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !th.reads(text) {
			t.Errorf("the thief does not read %q; he has %d keys, knows %d people, and has opened %d of %d ciphertexts",
				text, len(th.keys), len(th.peers), len(th.opened), len(th.sealed))
		}
	}
}

// keysOf are the public keys whose secrets he has.
func (th *thief) keysOf() []string { return slices.Sorted(maps.Keys(th.keys)) }

// TestThiefIsAble: a key that lies about in any form is found, and what it opens is
// read to the bottom; without it nothing is.
func TestThiefIsAble(t *testing.T) {
	const text, letter, phrase = "between the lines of a letter", "an old letter of no less weight", "a phrase to open it"
	alice, bob := newSpeaker(t), newSpeaker(t)
	wrap := alice.wrap(message(14, bob.person(), "X-1", text), bob.pubkey)[0].String()
	shared := must(nip04.ComputeSharedSecret(bob.pubkey, alice.secret))(t)
	direct := alice.event(4, must(nip04.Encrypt(letter, shared))(t), nostr.Tag{"p", bob.pubkey}).String()
	master := strings.Repeat("5a", chacha20poly1305.KeySize)
	aead := must(chacha20poly1305.NewX(must(hex.DecodeString(master))(t)))(t)
	nonce := make([]byte, aead.NonceSize())
	vault := `{"pubkey":"` + bob.pubkey + `","sealed":"v1.` + base64.RawStdEncoding.EncodeToString(
		aead.Seal(nonce, nonce, must(hex.DecodeString(bob.secret))(t), []byte("waybill/key/v1|"+bob.pubkey))) + `"}`
	ncryptsec := must(nip49.Encrypt(bob.secret, phrase, 16, nip49.ClientDoesNotTrackThisData))(t)
	for name, c := range map[string]struct {
		lies []string
		able bool
	}{
		"nsec":                       {[]string{"secret = \"" + must(nip19.EncodePrivateKey(bob.secret))(t) + "\""}, true},
		"hex":                        {[]string{bob.secret + "\n"}, true},
		"hex, among much else":       {[]string{strings.Repeat("much else ", 10_000) + bob.secret}, true},
		"master key and vault":       {[]string{master, vault}, true},
		"ncryptsec and passphrase":   {[]string{ncryptsec, phrase + "\n"}, true},
		"the vault alone":            {[]string{vault}, false},
		"the master key alone":       {[]string{master}, false},
		"the ncryptsec alone":        {[]string{ncryptsec}, false},
		"another phrase":             {[]string{ncryptsec, "another phrase\n"}, false},
		"a key of somebody else":     {[]string{newSpeaker(t).secret}, false},
		"a key of the wrap's author": {[]string{alice.secret}, false}, // he wrote it, by a throw-away key
	} {
		t.Run(name, func(t *testing.T) {
			th := newThief(t)
			for _, text := range append(c.lies, wrap) {
				th.take(text)
			}
			if c.able {
				th.take(direct)
			}
			th.work()
			if c.able {
				th.readsAll(t, text, letter)
			} else {
				th.readsNothing(t, text)
			}
		})
	}
}
