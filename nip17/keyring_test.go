package nip17

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestKeyring(t *testing.T) {
	bob, carol, enc := somebody(t, "bob"), somebody(t, "carol"), somebody(t, "bob's encryption key")
	kr := new(Keyring)
	if kr.Holds(bob.pub) || kr.Remove(bob.pub) || len(kr.Owners()) != 0 {
		t.Error("an empty keyring holds something")
	}
	encKey := enc.key(t, bob.pub)
	if err := kr.Add(encKey); err != nil {
		t.Fatal(err)
	}
	if !kr.Holds(bob.pub) || !kr.Holds(enc.pub) {
		t.Error("with his encryption key, wraps to bob may open")
	}
	if _, ok := kr.Lookup(bob.pub); ok {
		t.Error("bob's own key is not here")
	}
	for _, p := range []person{bob, carol} {
		if err := kr.Add(p.key(t, "")); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{bob.pub, carol.pub}
	slices.Sort(want)
	if got := kr.Owners(); !slices.Equal(got, want) {
		t.Errorf("owners: got %q, want %q", got, want)
	}
	if got := names(kr.readers(bob.pub, time.Now())); !slices.Equal(got, []string{bob.pub, enc.pub}) {
		t.Errorf("readers: got %q", got)
	}
	if got := names(kr.readers(enc.pub, time.Now())); !slices.Equal(got, []string{enc.pub}) {
		t.Errorf("readers: got %q", got)
	}
	if !kr.Remove(enc.pub) || kr.Remove(enc.pub) {
		t.Error("a key is removed once")
	}
	if !encKey.scalar().IsZero() {
		t.Error("a removed key was not zeroed")
	}
	if kr.Holds(enc.pub) || !kr.Holds(bob.pub) {
		t.Error("the wrong key was removed")
	}
}

func names(keys []Key) (names []string) {
	for _, k := range keys {
		names = append(names, k.PublicKey())
	}
	return names
}

func TestKeyringReplaces(t *testing.T) {
	bob, carol := somebody(t, "bob"), somebody(t, "carol")
	first, second := bob.key(t, ""), bob.key(t, carol.pub)
	kr := ring(t, first)
	if err := kr.Add(first); err != nil || first.scalar().IsZero() {
		t.Fatalf("adding a key again zeroed it, %v", err)
	}
	if err := kr.Add(second); err != nil {
		t.Fatal(err)
	}
	if !first.scalar().IsZero() || second.scalar().IsZero() {
		t.Error("not the old key was zeroed")
	}
	if got := kr.Owners(); !slices.Equal(got, []string{carol.pub}) {
		t.Errorf("owners: got %q", got)
	}
}

type badKey struct {
	Key
	public, owner string
}

func (k badKey) PublicKey() string { return k.public }
func (k badKey) Owner() string     { return k.owner }

func TestKeyringRefuses(t *testing.T) {
	bob := somebody(t, "bob")
	for _, k := range []badKey{{nil, offCurve, bob.pub}, {nil, bob.pub, ""}, {nil, "", bob.pub}} {
		if _, err := NewKeyring(k); !errors.Is(err, ErrPublicKey) {
			t.Errorf("%q of %q: got %v", k.public, k.owner, err)
		}
	}
}

func TestKeyringBoundsReaders(t *testing.T) {
	bob := somebody(t, "bob")
	kr := new(Keyring)
	for i := range 10 {
		if err := kr.Add(somebody(t, fmt.Sprint("encryption key ", i)).key(t, bob.pub)); err != nil {
			t.Fatal(err)
		}
	}
	got := names(kr.readers(bob.pub, time.Now()))
	want := []string{}
	for i := 9; i > 1; i-- {
		want = append(want, somebody(t, fmt.Sprint("encryption key ", i)).pub)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want the newest eight", got)
	}
	oldest := somebody(t, "encryption key 0").pub
	if got := names(kr.readers(oldest, time.Now())); !slices.Equal(got, []string{oldest}) {
		t.Errorf("a retired key no longer opens what names it: got %q", got)
	}
}

func TestKeyringConcurrently(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	wrap := forgery{}.make(t, alice, bob.pub)
	kr := new(Keyring)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 20 {
				if err := kr.Add(bob.key(t, "")); err != nil {
					t.Error(err)
				}
				kr.Remove(bob.pub)
			}
		})
		wg.Go(func() {
			for range 20 {
				// Revoked at any moment: then it waits, it is never refused for good.
				if _, err := Open(t.Context(), wrap, kr, Clock(clock)); err != nil && !errors.Is(err, ErrNotForUs) {
					t.Error(err)
				}
				kr.Owners()
			}
		})
	}
	wg.Wait()
}
