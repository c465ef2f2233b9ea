package nip17

import (
	"context"
	"crypto/aes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip04"
)

func TestOpenDirect(t *testing.T) {
	alice, bob, enc := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "bob's encryption key")
	evt := direct{text: `{"type":0} naïve 😀`}.make(t, alice, bob)
	self := direct{text: `{"type":0} naïve 😀`}.make(t, bob, bob)
	offline := remoteDirect{remote{bob.key(t, ""), func() (string, error) { return "", ErrKeyUnavailable }}}
	tests := []struct {
		name  string
		evt   *nostr.Event
		keys  []Key
		owner string
	}{
		{"by the recipient's key", evt, []Key{bob.key(t, "")}, bob.pub},
		{"by the author's key", evt, []Key{alice.key(t, "")}, alice.pub},
		{"by both: the recipient's", evt, []Key{alice.key(t, ""), bob.key(t, "")}, bob.pub},
		{"by the author's while the recipient's is away", evt, []Key{offline, alice.key(t, "")}, alice.pub},
		{"by the author's where the recipient's reads NIP-44 only", evt, []Key{remote{bob.key(t, ""), nil}.only44(), alice.key(t, "")}, alice.pub},
		{"a note to oneself", self, []Key{bob.key(t, "")}, bob.pub},
		{"beside an encryption key", evt, []Key{enc.key(t, bob.pub), bob.key(t, "")}, bob.pub},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := OpenDirect(t.Context(), tt.evt, ring(t, tt.keys...), Clock(clock))
			if err != nil {
				t.Fatal(err)
			}
			if got.Owner != tt.owner || got.Key != tt.owner || got.WrapID != tt.evt.ID || len(got.Flags) != 0 {
				t.Errorf("got owner %s, key %s, id %s, flags %q", got.Owner, got.Key, got.WrapID, got.Flags)
			}
			if ok, _ := got.Seal.CheckSignature(); !ok || !got.Seal.CheckID() || got.Seal.ID != tt.evt.ID {
				t.Errorf("the event is no evidence any more: %v", got.Seal)
			}
			want := *tt.evt
			want.Content, want.Sig = `{"type":0} naïve 😀`, ""
			if r := got.Rumor; r.String() != want.String() {
				t.Errorf("got rumor  %v\nwant       %v", r, want)
			}
		})
	}
}

// TestOpenDirectLengths reads what go-nostr writes, of every length around the
// padding, and up to the longest that is taken.
func TestOpenDirectLengths(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	key, k := directKeyOf(t, alice, bob), bob.key(t, "")
	longest := (maxPayload-len("?iv=")-24)/4*3/aes.BlockSize*aes.BlockSize - 1
	lengths := []int{longest, longest + 1}
	for n := range 50 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		text := strings.Repeat("a", n)
		payload, err := nip04.Encrypt(text, key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.DecryptDirect(t.Context(), alice.pub, payload)
		switch {
		case n > longest && !errors.Is(err, ErrTooLarge):
			t.Errorf("%d bytes: got %v, want %v", n, err, ErrTooLarge)
		case n <= longest && (err != nil || got != text):
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
}

// TestDecryptDirectVector is the payload that nostr-tools and go-nostr test with.
func TestDecryptDirectVector(t *testing.T) {
	one := secretHex(t, "92996316beebf94171065a714cbf164d1f56d7ad9b35b329d9fc97535bf25352")
	two := secretHex(t, "591c0c249adfb9346f8d37dfeed65725e2eea1d7a6e99fa503342f367138de84")
	for _, pair := range [][2]Secret{{one, two}, {two, one}} {
		k, err := NewLocalKey(pair[0], "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.DecryptDirect(t.Context(), pair[1].PublicKey(), "A+fRnU4aXS4kbTLfowqAww==?iv=QFYUrl5or/n/qamY79ze0A==")
		if err != nil || got != "hello" {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestOpenDirectRefuses(t *testing.T) {
	alice, bob, mallory := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "mallory")
	key := directKeyOf(t, alice, bob)
	content := func(s string) direct {
		return direct{forge: func(e *nostr.Event) { e.Content = s }}
	}
	blocks := func(s string) direct { return content(rawDirect(t, key, []byte(s))) }
	tags := func(tags ...nostr.Tag) direct {
		return direct{forge: func(e *nostr.Event) { e.Tags = tags }}
	}
	const body, iv = "A+fRnU4aXS4kbTLfowqAww==", "QFYUrl5or/n/qamY79ze0A=="
	long := strings.Repeat("0123456789abcdef", 4)
	tests := []struct {
		name string
		d    direct
		want error
	}{
		{"kind 14", direct{forge: func(e *nostr.Event) { e.Kind = 14 }}, ErrDirectKind},
		{"kind 1059", direct{forge: func(e *nostr.Event) { e.Kind = 1059 }}, ErrDirectKind},
		{"no tags", tags(), ErrRecipients},
		{"empty p tag", tags(nostr.Tag{"p"}), ErrRecipients},
		{"p tag in upper case", tags(nostr.Tag{"p", strings.ToUpper(bob.pub)}), ErrRecipients},
		{"two p tags", tags(nostr.Tag{"p", bob.pub}, nostr.Tag{"p", mallory.pub}), ErrRecipients},
		{"one p tag twice", tags(nostr.Tag{"p", bob.pub}, nostr.Tag{"p", bob.pub}), ErrRecipients},
		{"to somebody else", tags(nostr.Tag{"p", mallory.pub}), ErrNotForUs},

		{"empty content", content(""), ErrDirectFormat},
		{"in clear", content("hello"), ErrDirectFormat},
		{"no iv", content(body), ErrDirectFormat},
		{"empty iv", content(body + "?iv="), ErrDirectFormat},
		{"iv of 15 bytes", content(body + "?iv=" + base64.StdEncoding.EncodeToString(make([]byte, 15))), ErrDirectFormat},
		{"iv of 17 bytes", content(body + "?iv=" + base64.StdEncoding.EncodeToString(make([]byte, 17))), ErrDirectFormat},
		{"iv twice", content(body + "?iv=" + iv + "?iv=" + iv), ErrDirectFormat},
		{"iv first", content("?iv=" + iv + body), ErrDirectFormat},
		{"no ciphertext", content("?iv=" + iv), ErrDirectFormat},
		{"half a block", content(base64.StdEncoding.EncodeToString(make([]byte, 24)) + "?iv=" + iv), ErrDirectFormat},
		{"not base64", content("****" + body[4:] + "?iv=" + iv), ErrDirectFormat},
		{"base64 of URLs", content("A-fRnU4aXS4kbTLfowqAww==?iv=" + iv), ErrDirectFormat},
		{"base64 without padding", content(strings.TrimRight(body, "=") + "?iv=" + iv), ErrDirectFormat},
		{"base64 with bits to spare", content("A+fRnU4aXS4kbTLfowqAwx==?iv=" + iv), ErrDirectFormat},
		{"line end in the ciphertext", content(body[:8] + "\n" + body[8:] + "?iv=" + iv), ErrDirectFormat},
		{"line end behind the iv", content(body + "?iv=" + iv + "\r\n"), ErrDirectFormat},
		{"a parameter more", content(body + "?iv=" + iv + "&v=1"), ErrDirectFormat},
		{"too large", content(strings.Repeat("A", maxPayload) + "?iv=" + iv), ErrTooLarge},
		{"as NIP-44", direct{forge: func(e *nostr.Event) {
			e.Content, _ = alice.Encrypt(t.Context(), bob.pub, "hello")
		}}, ErrDirectFormat},

		{"padding of 0", blocks(long[:31] + "\x00"), ErrDecrypt},
		{"padding of 17", blocks(long[:16] + strings.Repeat("\x11", 16)), ErrDecrypt},
		{"padding beyond the text", blocks(strings.Repeat("\xff", 16)), ErrDecrypt},
		{"padding of unequal bytes", blocks(long[:28] + "\x04\x04\x03\x04"), ErrDecrypt},
		{"not UTF-8", blocks(long[:14] + "\xff\x01"), ErrDecrypt},
		{"encrypted to somebody else", direct{text: long, key: directKeyOf(t, alice, mallory)}, ErrDecrypt},

		{"before 1970", direct{forge: func(e *nostr.Event) { e.CreatedAt = -1 }}, ErrCreatedAt},
		{"beyond what JSON counts", direct{forge: func(e *nostr.Event) { e.CreatedAt = 1 << 53 }}, ErrCreatedAt},
		{"wrong id", direct{signed: func(e *nostr.Event) { e.ID = flip(e.ID) }}, ErrDirectID},
		{"no id", direct{signed: func(e *nostr.Event) { e.ID = "" }}, ErrDirectID},
		{"author not hex", direct{signed: func(e *nostr.Event) { e.PubKey = `","` + e.PubKey[3:]; e.ID = e.GetID() }}, ErrDirectID},
		{"bad signature", direct{signed: func(e *nostr.Event) { e.Sig = flip(e.Sig) }}, ErrDirectSignature},
		{"no signature", direct{signed: func(e *nostr.Event) { e.Sig = "" }}, ErrDirectSignature},
		{"changed and re-hashed", direct{signed: func(e *nostr.Event) { e.CreatedAt++; e.ID = e.GetID() }}, ErrDirectSignature},
		{"in another's name", direct{signed: func(e *nostr.Event) { e.PubKey = mallory.pub; e.ID = e.GetID() }}, ErrDirectSignature},
		{"author off the curve", direct{signed: func(e *nostr.Event) { e.PubKey = offCurve; e.ID = e.GetID() }}, ErrDirectSignature},
	}
	kr := ring(t, bob.key(t, ""))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.d.text == "" {
				tt.d.text = "hello"
			}
			evt := tt.d.make(t, alice, bob)
			got, err := OpenDirect(t.Context(), evt, kr, Clock(clock))
			if !errors.Is(err, tt.want) || Reason(err) != Reason(tt.want) || Retryable(err) {
				t.Fatalf("got %v (%s), want %v", err, Reason(err), tt.want)
			}
			if got.Rumor.Content != "" || got.Seal.ID != "" {
				t.Errorf("a refused message came with %+v", got)
			}
			for _, private := range []string{"hello", long, alice.pub, bob.pub, evt.Content} {
				if private != "" && strings.Contains(err.Error(), private) {
					t.Errorf("the error quotes what it read: %v", err)
				}
			}
		})
	}
}

func TestOpenDirectFlags(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	kr := ring(t, bob.key(t, ""))
	for ahead, want := range map[nostr.Timestamp][]Flag{600: nil, 601: {FlagFuture}} {
		evt := direct{text: "hello", forge: func(e *nostr.Event) { e.CreatedAt = nostr.Timestamp(clock().Unix()) + ahead }}.make(t, alice, bob)
		if got, err := OpenDirect(t.Context(), evt, kr, Clock(clock)); err != nil || !slices.Equal(got.Flags, want) {
			t.Errorf("%d s ahead: got %q, %v, want %q", ahead, got.Flags, err, want)
		}
	}
}

func TestOpenDirectVerified(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	kr := ring(t, bob.key(t, ""))
	unsigned := direct{text: "hello", signed: func(e *nostr.Event) { e.Sig = flip(e.Sig) }}.make(t, alice, bob)
	if _, err := OpenDirect(t.Context(), unsigned, kr, Clock(clock), Verified()); err != nil {
		t.Errorf("the event was checked again: %v", err)
	}
	offPoint := direct{text: "hello", signed: func(e *nostr.Event) { e.PubKey = offCurve }}.make(t, alice, bob)
	if _, err := OpenDirect(t.Context(), offPoint, kr, Clock(clock), Verified()); !errors.Is(err, ErrDecrypt) {
		t.Errorf("got %v, want %v", err, ErrDecrypt)
	}
}

func TestOpenDirectNotForUsBeforeCryptography(t *testing.T) {
	evt := &nostr.Event{Kind: 4, Tags: nostr.Tags{{"p", somebody(t, "bob").pub}}, Content: "x", Sig: "x"}
	if _, err := OpenDirect(t.Context(), evt, new(Keyring)); !errors.Is(err, ErrNotForUs) {
		t.Errorf("got %v, want %v", err, ErrNotForUs)
	}
	if _, err := OpenDirect(t.Context(), nil, new(Keyring)); !errors.Is(err, ErrDirectKind) {
		t.Errorf("got %v, want %v", err, ErrDirectKind)
	}
}

func TestOpenDirectUnavailableKey(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	evt := direct{text: "hello"}.make(t, alice, bob)
	kr := ring(t, remoteDirect{remote{bob.key(t, ""), func() (string, error) { return "", ErrKeyUnavailable }}})
	if _, err := OpenDirect(t.Context(), evt, kr, Clock(clock)); !errors.Is(err, ErrKeyUnavailable) || !Retryable(err) {
		t.Errorf("with its key offline: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenDirect(ctx, evt, ring(t, bob.key(t, "")), Clock(clock)); !errors.Is(err, context.Canceled) || !Retryable(err) {
		t.Errorf("with a cancelled context: got %v", err)
	}
	only44 := ring(t, remote{bob.key(t, ""), nil}.only44())
	if _, err := OpenDirect(t.Context(), evt, only44, Clock(clock)); !errors.Is(err, ErrNotForUs) {
		t.Errorf("with a key for NIP-44 only: got %v, want %v", err, ErrNotForUs)
	}
}

// remoteDirect is a remote that reads NIP-04, and answers that as it is told.
type remoteDirect struct{ remote }

func (r remoteDirect) DecryptDirect(context.Context, string, string) (string, error) {
	return r.answer()
}

// only44 is a key that has no method for NIP-04.
func (r remote) only44() Key { return struct{ Key }{r} }

func TestDecryptDirectRefuses(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	k := bob.key(t, "")
	payload, err := nip04.Encrypt("hello", directKeyOf(t, alice, bob))
	if err != nil {
		t.Fatal(err)
	}
	for _, peer := range []string{"", strings.ToUpper(alice.pub), offCurve, "02" + alice.pub} {
		if _, err := k.DecryptDirect(t.Context(), peer, payload); !errors.Is(err, ErrPublicKey) {
			t.Errorf("with %q: got %v, want %v", peer, err, ErrPublicKey)
		}
	}
	k.Zero()
	if _, err := k.DecryptDirect(t.Context(), alice.pub, payload); !errors.Is(err, ErrNotForUs) {
		t.Errorf("zeroed: got %v, want %v", err, ErrNotForUs)
	}
}

// TestGoNostrDirectStillPanics holds the reason for a cipher of ours.
func TestGoNostrDirectStillPanics(t *testing.T) {
	iv := base64.StdEncoding.EncodeToString(make([]byte, 16))
	for _, payload := range []string{"AAAA?iv=" + iv, iv + "?iv=AAAA"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("nip04.Decrypt of %q does not panic any more", payload)
				}
			}()
			_, _ = nip04.Decrypt(payload, make([]byte, 32))
		}()
	}
}
