package nip17

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nbd-wtf/go-nostr/nip44"
)

// openBox opens a box as a client does, with go-nostr and the reader's key.
func openBox(t *testing.T, reader person, sealedBy, payload string) string {
	t.Helper()
	ck, err := nip44.GenerateConversationKey(sealedBy, hex.EncodeToString(reader.secret.key()[:]))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := nip44.Decrypt(payload, ck)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestSealer(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	s := NewSealer(time.Hour)
	defer s.Close()
	by, payloads, err := s.Seal([]byte("street 1"), []string{alice.pub, bob.pub, alice.pub})
	if err != nil {
		t.Fatal(err)
	}
	if len(payloads) != 2 || by != s.current.public {
		t.Errorf("got %d payloads sealed by %s", len(payloads), by)
	}
	for _, reader := range []person{alice, bob} {
		if got := openBox(t, reader, by, payloads[reader.pub]); got != "street 1" {
			t.Errorf("got %q", got)
		}
	}
	largest := strings.Repeat("a", 65_535)
	by, payloads, err = s.Seal([]byte(largest), []string{bob.pub})
	if err != nil || openBox(t, bob, by, payloads[bob.pub]) != largest {
		t.Errorf("largest: %v", err)
	}
	for _, tt := range []struct {
		size   int
		reader string
		want   error
	}{
		{0, bob.pub, ErrEmpty}, {65_536, bob.pub, ErrTooLarge}, {1, offCurve, ErrPublicKey}, {1, "", ErrPublicKey},
	} {
		by, payloads, err := s.Seal(make([]byte, tt.size), []string{alice.pub, tt.reader})
		if !errors.Is(err, tt.want) || by != "" || payloads != nil {
			t.Errorf("%d bytes to %q: got %v, want %v", tt.size, tt.reader, err, tt.want)
		}
	}
}

// canOpen reports whether the sealer itself could still read a box.
func canOpen(t *testing.T, key *LocalKey, reader, payload string) bool {
	t.Helper()
	_, plain := key.Decrypt(t.Context(), reader, payload)
	_, cached := key.decryptRecurring(t.Context(), reader, payload)
	return plain == nil || cached == nil
}

func TestSealerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bob := somebody(t, "bob")
		s := NewSealer(time.Hour)
		defer s.Close()
		by, payloads, err := s.Seal([]byte("street 1"), []string{bob.pub})
		if err != nil {
			t.Fatal(err)
		}
		old := s.current
		time.Sleep(time.Hour - time.Second)
		if again, _, err := s.Seal([]byte("x"), []string{bob.pub}); err != nil || again != by {
			t.Errorf("the key was replaced early: %v", err)
		}
		if !canOpen(t, old, bob.pub, payloads[bob.pub]) {
			t.Error("the test cannot fail: the sealer cannot read even before")
		}
		// Nothing is sealed meanwhile: the key goes all the same.
		time.Sleep(time.Second)
		synctest.Wait()
		if s.current != nil || !old.scalar().IsZero() || old.peers.len() != 0 {
			t.Error("the old key is still there")
		}
		if canOpen(t, old, bob.pub, payloads[bob.pub]) {
			t.Error("the sealer still reads its box")
		}
		next, more, err := s.Seal([]byte("street 2"), []string{bob.pub})
		if err != nil || next == by {
			t.Fatalf("sealed by %s again, %v", next, err)
		}
		if canOpen(t, s.current, bob.pub, payloads[bob.pub]) {
			t.Error("the new key reads the old box")
		}
		if openBox(t, bob, by, payloads[bob.pub]) != "street 1" || openBox(t, bob, next, more[bob.pub]) != "street 2" {
			t.Error("the reader does not read both")
		}
		s.Close()
		if s.current != nil {
			t.Error("Close left a key")
		}
	})
}

func TestSealerGoesByItsClock(t *testing.T) {
	now := clock()
	bob := somebody(t, "bob")
	s := NewSealer(time.Hour, Clock(func() time.Time { return now }))
	defer s.Close()
	first, _, err := s.Seal([]byte("x"), []string{bob.pub})
	if err != nil {
		t.Fatal(err)
	}
	old := s.current
	now = now.Add(time.Hour)
	second, _, err := s.Seal([]byte("x"), []string{bob.pub})
	if err != nil || second == first || !old.scalar().IsZero() {
		t.Errorf("not replaced after an hour, %v", err)
	}
}

func TestSealerConcurrently(t *testing.T) {
	bob := somebody(t, "bob")
	// Every call replaces the key, also under those that are using it.
	s := NewSealer(time.Nanosecond)
	defer s.Close()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 10 {
				want := fmt.Sprint(i, j)
				by, payloads, err := s.Seal([]byte(want), []string{bob.pub})
				if err != nil {
					t.Error(err)
				} else if got := openBox(t, bob, by, payloads[bob.pub]); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
}
