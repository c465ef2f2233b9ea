package nip17

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip44"
)

// TestDelegatedKeyCannotSign: what is in a keyring reads and does nothing else.
func TestDelegatedKeyCannotSign(t *testing.T) {
	methods := func(of reflect.Type) (names []string) {
		for i := range of.NumMethod() {
			names = append(names, of.Method(i).Name)
		}
		return names
	}
	for _, tt := range []struct {
		of   reflect.Type
		want []string
	}{
		{reflect.TypeFor[*LocalKey](), []string{"Decrypt", "DecryptDirect", "Owner", "PublicKey", "Zero"}},
		{reflect.TypeFor[Key](), []string{"Decrypt", "Owner", "PublicKey"}},
		{reflect.TypeFor[DirectKey](), []string{"Decrypt", "DecryptDirect", "Owner", "PublicKey"}},
		{reflect.TypeFor[*Keyring](), []string{"Add", "AddedAt", "Clear", "Holds", "Lookup", "Of", "OwnerOf", "Owners", "Reads", "Remove", "Take"}},
		{reflect.TypeFor[*Store](), []string{"Add", "AddRemote", "Announced", "Connect", "Held", "List", "Load", "Locked", "Remove", "Stale"}},
	} {
		if got := methods(tt.of); !slices.Equal(got, tt.want) {
			t.Errorf("%v: got methods %q, want %q", tt.of, got, tt.want)
		}
	}
	var k any = somebody(t, "bob").key(t, "")
	if _, ok := k.(Signer); ok {
		t.Error("a delegated key is a Signer")
	}
}

func TestLocalKeyIsNotPrinted(t *testing.T) {
	bob := somebody(t, "bob")
	k := bob.key(t, "")
	master := newMaster()
	for i := range master.key() {
		master.key()[i] = 0xa7
	}
	conversation, err := k.recurringConversationKey(somebody(t, "alice").pub)
	if err != nil {
		t.Fatal(err)
	}
	sealer := NewSealer(0)
	defer sealer.Close()
	if _, _, err := sealer.Seal([]byte("hello"), []string{bob.pub}); err != nil {
		t.Fatal(err)
	}
	sealing := sealer.current.scalar().Bytes()
	firstWord := fmt.Sprint(reflect.ValueOf(*k.scalar()).Field(0).Index(0).Uint())
	secrets := []string{firstWord, "167 167", "a7a7", "0xa7, 0xa7"}
	for _, raw := range [][32]byte{*bob.secret.key(), conversation, sealing} {
		secrets = append(secrets, fmt.Sprintf("%x", raw[:]), strings.Trim(fmt.Sprint(raw), "[]"))
	}
	holder := struct{ inner any }{[]any{bob.secret, k, bob.SecretSigner, master, sealer}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, value := range []any{bob.secret, &bob.secret, k, bob.SecretSigner, master, holder, sealer} {
			got := fmt.Sprintf(verb, value)
			for _, secret := range secrets {
				if strings.Contains(strings.ToLower(got), secret) {
					t.Errorf("%s of %T shows the secret: %s", verb, value, got)
				}
			}
		}
	}
}

func TestLocalKeyCache(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	k := bob.key(t, "")
	kr := ring(t, k)
	for range 3 {
		if _, err := Open(t.Context(), forgery{}.make(t, alice, bob.pub), kr, Clock(clock)); err != nil {
			t.Fatal(err)
		}
	}
	if n := k.peers.len(); n != 1 {
		t.Errorf("%d conversation keys are kept, want the seal's alone", n)
	}
	if _, ok := k.peers.get(alice.pub); !ok {
		t.Error("the seal's author is not among them")
	}
	// A seal that does not verify leaves no trace.
	forged := forgery{sealed: func(s *nostr.Event) { s.Sig = flip(s.Sig) }, sealBy: ptr(somebody(t, "mallory"))}
	if _, err := Open(t.Context(), forged.make(t, alice, bob.pub), kr, Clock(clock)); err == nil {
		t.Fatal("opened")
	}
	if n := k.peers.len(); n != 1 {
		t.Errorf("%d conversation keys are kept after a forged seal", n)
	}
}

func ptr[T any](v T) *T { return &v }

func TestConversationsAreBoundedAndWiped(t *testing.T) {
	var c conversations
	c.init(2)
	c.put("a", [32]byte{1})
	first, _ := c.lru.Peek("a")
	c.put("b", [32]byte{2})
	c.put("c", [32]byte{3})
	if c.len() != 2 {
		t.Errorf("holds %d, want 2", c.len())
	}
	if *first != ([32]byte{}) {
		t.Error("what fell out was not wiped")
	}
	if got, ok := c.get("c"); !ok || got != [32]byte{3} {
		t.Errorf("got %v, %v", got, ok)
	}
	last, _ := c.lru.Peek("c")
	c.purge()
	if c.len() != 0 || *last != ([32]byte{}) {
		t.Error("what was purged was not wiped")
	}
}

func TestLocalKeyZero(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	k := bob.key(t, "")
	payload, err := alice.Encrypt(t.Context(), bob.pub, "hello")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.decryptRecurring(t.Context(), alice.pub, payload); err != nil || got != "hello" {
		t.Fatalf("got %q, %v", got, err)
	}
	k.Zero()
	if !k.scalar().IsZero() || k.peers.len() != 0 {
		t.Error("something is left")
	}
	if _, err := k.Decrypt(t.Context(), alice.pub, payload); !errors.Is(err, ErrNotForUs) {
		t.Errorf("Decrypt: got %v, want %v", err, ErrNotForUs)
	}
	if _, err := k.decryptRecurring(t.Context(), alice.pub, payload); !errors.Is(err, ErrNotForUs) {
		t.Errorf("decryptRecurring: got %v, want %v", err, ErrNotForUs)
	}
	if k.peers.len() != 0 {
		t.Error("a zeroed key keeps a conversation key")
	}
	// The secret it was made of is the caller's, and still whole.
	if bob.secret.PublicKey() != bob.pub {
		t.Error("the caller's secret was wiped")
	}
}

// TestLocalKeyZeroWhileInUse is for the race detector, and for the cache that
// must be empty whoever was first.
func TestLocalKeyZeroWhileInUse(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	payload, err := alice.Encrypt(t.Context(), bob.pub, "hello")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		k := bob.key(t, "")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got, err := k.decryptRecurring(t.Context(), alice.pub, payload)
				if !(err == nil && got == "hello") && !errors.Is(err, ErrNotForUs) {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		wg.Go(k.Zero)
		wg.Wait()
		if k.peers.len() != 0 {
			t.Fatal("a zeroed key keeps a conversation key")
		}
	}
}

func TestLocalKeyRefuses(t *testing.T) {
	bob := somebody(t, "bob")
	k := bob.key(t, "")
	for _, peer := range []string{"", "00", strings.ToUpper(bob.pub), offCurve, strings.Repeat("f", 64), strings.Repeat("g", 64), "02" + bob.pub} {
		if _, err := k.Decrypt(t.Context(), peer, strings.Repeat("A", 132)); !errors.Is(err, ErrPublicKey) {
			t.Errorf("from %q: got %v, want %v", peer, err, ErrPublicKey)
		}
		if ValidPublicKey(peer) {
			t.Errorf("%q is valid", peer)
		}
	}
	if _, err := NewLocalKey(Secret{}, ""); !errors.Is(err, ErrSecret) {
		t.Errorf("no secret: got %v", err)
	}
	if _, err := NewLocalKey(bob.secret, offCurve); !errors.Is(err, ErrPublicKey) {
		t.Errorf("owner off the curve: got %v", err)
	}
}

// TestGoNostrStillPanics holds the reason for a check of ours: when this fails,
// decrypt need not look for line ends any more.
func TestGoNostrStillPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("nip44.Decrypt of line ends does not panic any more")
		}
	}()
	_, _ = nip44.Decrypt(strings.Repeat("\n", 132), [32]byte{1})
}
