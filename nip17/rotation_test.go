package nip17

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// An owner who announces another encryption key goes on reading what was written
// to those before: they are kept, with the date, and tried after it.
func TestRotation(t *testing.T) {
	s, kr := store(t), new(Keyring)
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	var enc []person
	for i := range 3 {
		p := somebody(t, fmt.Sprint("bob's encryption key ", i))
		enc = append(enc, p)
		if _, err := s.Add(p.secret, bob.pub, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Add(bob.secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	announce := func(owner, key string, at int64, want bool) {
		t.Helper()
		if changed, err := s.Announced(owner, key, time.Unix(at, 0)); err != nil || changed != want {
			t.Fatalf("changed %v, %v, want %v", changed, err, want)
		}
	}
	announce(bob.pub, enc[1].pub, 1000, true) // retires 0 and 2
	announce(bob.pub, enc[1].pub, 2000, false)
	announce(bob.pub, enc[2].pub, 3000, true) // brings 2 back, retires 1
	announce(alice.pub, enc[0].pub, 4000, false)

	entries, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	retired := map[string]int64{}
	for _, e := range entries {
		if !e.RetiredAt.IsZero() {
			retired[e.Pubkey] = e.RetiredAt.Unix()
		}
	}
	if len(retired) != 2 || retired[enc[0].pub] != 1000 || retired[enc[1].pub] != 3000 {
		t.Errorf("got %v", retired)
	}
	if _, _, err := s.Load(kr); err != nil {
		t.Fatal(err)
	}
	if got, want := names(kr.readers(bob.pub, time.Now())), []string{bob.pub, enc[2].pub, enc[1].pub, enc[0].pub}; !slices.Equal(got, want) {
		t.Errorf("to bob: got %q, want %q", got, want)
	}
	for i, p := range enc {
		wrap := forgery{}.make(t, alice, p.pub)
		msg, err := Open(t.Context(), wrap, kr)
		if err != nil || msg.Owner != bob.pub || msg.Key != p.pub {
			t.Errorf("to encryption key %d: owner %q, key %q, %v", i, msg.Owner, msg.Key, err)
		}
	}
	announce(bob.pub, "", 5000, true) // he announces none any more
	if _, _, err := s.Load(kr); err != nil {
		t.Fatal(err)
	}
	if got, want := names(kr.readers(bob.pub, time.Now()))[1:], []string{enc[2].pub, enc[1].pub, enc[0].pub}; !slices.Equal(got, want) {
		t.Errorf("all retired: got %q, want %q", got, want)
	}
}

// A remote key of the store: what it is made of comes back as it went in, and is
// read with the master key only.
func TestStoreRemote(t *testing.T) {
	s, kr := store(t), new(Keyring)
	bob := somebody(t, "bob")
	const connection = "a secret token and a client key"
	added, err := s.AddRemote(bob.pub, []byte(connection), time.Time{})
	if err != nil || added.Way != WayBunker || added.Owner != bob.pub {
		t.Fatalf("got %+v, %v", added, err)
	}
	if text, err := os.ReadFile(s.path); err != nil || strings.Contains(string(text), "token") {
		t.Errorf("the connection lies in clear, or %v", err)
	}
	if added, _, err := s.Load(kr); err != nil || len(added) != 0 {
		t.Errorf("without Connect: got %v, %v", added, err)
	}
	var asked bool
	s.Connect(func(e Entry, got []byte) (Key, error) {
		if e.Pubkey != bob.pub || string(got) != connection {
			t.Errorf("got %+v, %q", e, got)
		}
		return remote{bob.key(t, ""), func() (string, error) { asked = true; return "", ErrKeyUnavailable }}, nil
	})
	if added, _, err := s.Load(kr); err != nil || len(added) != 1 {
		t.Fatalf("got %v, %v", added, err)
	}
	wrap := forgery{}.make(t, somebody(t, "alice"), bob.pub)
	if _, err := Open(t.Context(), wrap, kr, Local()); !errors.Is(err, ErrKeyUnavailable) || asked {
		t.Errorf("here only: got %v, asked %v", err, asked)
	}
	if _, err := Open(t.Context(), wrap, kr); !errors.Is(err, ErrKeyUnavailable) || !asked {
		t.Errorf("got %v, asked %v", err, asked)
	}
	stranger, err := OpenStore(s.path, somebodysMaster(t))
	if err != nil {
		t.Fatal(err)
	}
	stranger.Connect(func(Entry, []byte) (Key, error) { t.Error("it opened"); return nil, nil })
	if _, _, err := stranger.Load(new(Keyring)); !errors.Is(err, ErrMaster) {
		t.Errorf("another master key: got %v", err)
	}
	if _, _, removed := mustLoad(t, s, kr, func() { s.Remove(bob.pub) }); len(removed) != 1 || kr.Holds(bob.pub) {
		t.Errorf("removed: got %v", removed)
	}
}

func TestStoreStale(t *testing.T) {
	s, kr := store(t), new(Keyring)
	bob := somebody(t, "bob")
	if !s.Stale() {
		t.Error("it was never loaded")
	}
	mustLoad(t, s, kr, func() {})
	if s.Stale() {
		t.Error("there is no file, and none was there")
	}
	other, err := OpenStore(s.path, s.master) // another process
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() error{
		"add":    func() error { _, err := other.Add(bob.secret, "", time.Time{}); return err },
		"remove": func() error { _, err := other.Remove(bob.pub); return err },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if !s.Stale() {
			t.Errorf("%s: not noticed", name)
		}
		mustLoad(t, s, kr, func() {})
		if s.Stale() {
			t.Errorf("%s: still stale after a load", name)
		}
	}
}

func mustLoad(t *testing.T, s *Store, kr *Keyring, after func()) (*Keyring, []Entry, []Entry) {
	t.Helper()
	after()
	added, removed, err := s.Load(kr)
	if err != nil {
		t.Fatal(err)
	}
	return kr, added, removed
}

func somebodysMaster(t *testing.T) Master {
	t.Helper()
	m, err := ParseMaster([]byte(" " + strings.Repeat("0a", 32) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParseMaster(t *testing.T) {
	for _, text := range []string{"", "0a", strings.Repeat("0", 64), strings.Repeat("zz", 32), strings.Repeat("0a", 33)} {
		if _, err := ParseMaster([]byte(text)); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	m := somebodysMaster(t)
	bob := somebody(t, "bob")
	sealed, err := m.Seal(bob.secret, bob.pub)
	if err != nil {
		t.Fatal(err)
	}
	m.Zero()
	if _, err := m.Open(sealed, bob.pub); !errors.Is(err, ErrMaster) {
		t.Errorf("wiped: got %v", err)
	}
	if _, err := m.Seal(bob.secret, bob.pub); !errors.Is(err, ErrMaster) {
		t.Errorf("wiped: got %v", err)
	}
}

// Each key opens what arrived on its own date or later, whatever other keys may.
func TestSince(t *testing.T) {
	s, kr := store(t), new(Keyring)
	bob, enc := somebody(t, "bob"), somebody(t, "bob's encryption key")
	dated := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	if _, err := s.Add(enc.secret, bob.pub, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(bob.secret, "", dated); err != nil {
		t.Fatal(err)
	}
	mustLoad(t, s, kr, func() {})
	for _, tt := range []struct {
		to   person
		at   time.Time
		want error
	}{
		{bob, dated.Add(-time.Second), ErrDecrypt}, // the encryption key is tried, and it is not for that
		{bob, dated, nil},
		{enc, dated.Add(-time.Hour), nil},
	} {
		wrap := forgery{}.make(t, somebody(t, "alice"), tt.to.pub)
		if _, err := Open(t.Context(), wrap, kr, Clock(func() time.Time { return tt.at })); !errors.Is(err, tt.want) {
			t.Errorf("to %s at %v: got %v, want %v", tt.to.pub[:8], tt.at, err, tt.want)
		}
	}
}

// Take takes out the very key, and no other in its place.
func TestTake(t *testing.T) {
	bob := somebody(t, "bob")
	first, second := bob.key(t, ""), bob.key(t, "")
	kr, err := NewKeyring(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := kr.Add(second); err != nil {
		t.Fatal(err)
	}
	if kr.Take(first) || !kr.Holds(bob.pub) {
		t.Error("it took another key")
	}
	if !kr.Take(second) || kr.Holds(bob.pub) || kr.Take(second) {
		t.Error("it did not take the key")
	}
}
