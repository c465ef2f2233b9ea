package nip17

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func store(t *testing.T) *Store {
	t.Helper()
	s, err := OpenStore(filepath.Join(t.TempDir(), "keys.json"), master(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	s := store(t)
	bob, carol, enc := somebody(t, "bob"), somebody(t, "carol"), somebody(t, "bob's encryption key")
	if list, err := s.List(); err != nil || len(list) != 0 {
		t.Fatalf("got %v, %v", list, err)
	}
	if found, err := s.Remove(bob.pub); err != nil || found {
		t.Errorf("removed %v, %v", found, err)
	}
	since := time.Date(2026, 11, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	before := time.Now()
	added, err := s.Add(enc.secret, bob.pub, since)
	if err != nil {
		t.Fatal(err)
	}
	if added.Pubkey != enc.pub || added.Owner != bob.pub || !added.Since.Equal(since) || added.AddedAt.Before(before) {
		t.Errorf("got %+v", added)
	}
	if _, err := s.Add(carol.secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := perm(t, s.path); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), hex.EncodeToString(enc.secret.key()[:])) {
		t.Error("a secret lies in clear")
	}

	// Another process sees the same.
	other, err := OpenStore(s.path, s.master)
	if err != nil {
		t.Fatal(err)
	}
	list, err := other.List()
	if err != nil || len(list) != 2 {
		t.Fatalf("got %v, %v", list, err)
	}
	i := slices.IndexFunc(list, func(e Entry) bool { return e.Pubkey == enc.pub })
	if !list[i].equal(added) || list[1-i].Owner != carol.pub || !list[1-i].Since.IsZero() {
		t.Errorf("got %+v", list)
	}
	if found, err := other.Remove(enc.pub); err != nil || !found {
		t.Errorf("removed %v, %v", found, err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 || list[0].Pubkey != carol.pub {
		t.Errorf("got %+v, %v", list, err)
	}
	if _, err := s.Add(carol.secret, bob.pub, since); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 || list[0].Owner != bob.pub {
		t.Errorf("added again: got %+v, %v", list, err)
	}
}

func TestStoreRefuses(t *testing.T) {
	s := store(t)
	bob := somebody(t, "bob")
	if _, err := s.Add(Secret{}, "", time.Time{}); !errors.Is(err, ErrSecret) {
		t.Errorf("no secret: got %v", err)
	}
	if _, err := s.Add(bob.secret, offCurve, time.Time{}); !errors.Is(err, ErrPublicKey) {
		t.Errorf("owner off the curve: got %v", err)
	}
	if _, err := os.Stat(s.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
	if _, err := s.Add(bob.secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	stranger, err := OpenStore(s.path, master(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Add(somebody(t, "carol").secret, "", time.Time{}); !errors.Is(err, ErrMaster) {
		t.Errorf("a second master: got %v", err)
	}
	if _, _, err := stranger.Load(new(Keyring)); !errors.Is(err, ErrMaster) {
		t.Errorf("a second master: got %v", err)
	}
	for _, text := range []string{"", "[]", "{}", `{"version":2}`, `{"version":1,"keys":[{"pubkey":"x"}]}`} {
		if _, err := OpenStore(write(t, "keys.json", text, 0o600), s.master); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%q: got %v, want %v", text, err, ErrKeyFile)
		}
	}
}

func TestStoreLoad(t *testing.T) {
	s := store(t)
	alice, bob, carol, relay := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "carol"), somebody(t, "relay")
	// Two keys that are not the store's: one that it never hears of, and one for
	// which it has an entry too.
	fromConfig := carol.key(t, "")
	kr := ring(t, relay.key(t, ""), fromConfig)
	load := func(wantAdded, wantRemoved []string) {
		t.Helper()
		added, removed, err := s.Load(kr)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(wantAdded)
		if got := pubkeys(added); !slices.Equal(got, wantAdded) {
			t.Errorf("added %q, want %q", got, wantAdded)
		}
		if got := pubkeys(removed); !slices.Equal(got, wantRemoved) {
			t.Errorf("removed %q, want %q", got, wantRemoved)
		}
	}
	add := func(p person, owner string, since time.Time) {
		t.Helper()
		if _, err := s.Add(p.secret, owner, since); err != nil {
			t.Fatal(err)
		}
	}
	load(nil, nil)
	for _, p := range []person{alice, bob, carol} {
		add(p, "", time.Time{})
	}
	load([]string{alice.pub, bob.pub}, nil)
	load(nil, nil)
	if k, _ := kr.Lookup(carol.pub); k != fromConfig {
		t.Error("a key from elsewhere was replaced")
	}
	bobs, _ := kr.Lookup(bob.pub)
	if _, err := Open(t.Context(), forgery{}.make(t, alice, bob.pub), kr, Clock(clock)); err != nil {
		t.Error(err)
	}

	// Changed, and gone.
	add(alice, bob.pub, clock())
	for _, p := range []person{bob, carol} {
		if _, err := s.Remove(p.pub); err != nil {
			t.Fatal(err)
		}
	}
	load([]string{alice.pub}, []string{bob.pub})
	if k, ok := kr.Lookup(alice.pub); !ok || k.Owner() != bob.pub {
		t.Error("the new owner did not come in")
	}
	if _, ok := kr.Lookup(bob.pub); ok || !bobs.(*LocalKey).scalar().IsZero() {
		t.Error("a removed key is left")
	}
	for _, p := range []person{carol, relay} {
		if k, ok := kr.Lookup(p.pub); !ok || k.(*LocalKey).scalar().IsZero() {
			t.Error("a key from elsewhere was taken away")
		}
	}

	// Taken out of the keyring by hand, it comes in again.
	kr.Remove(alice.pub)
	load([]string{alice.pub}, nil)

	// A second keyring is filled by itself.
	second := new(Keyring)
	if added, _, err := s.Load(second); err != nil || len(added) != 1 {
		t.Errorf("second keyring: %v, %v", added, err)
	}
}

func pubkeys(entries []Entry) (keys []string) {
	for _, e := range entries {
		keys = append(keys, e.Pubkey)
	}
	slices.Sort(keys)
	return keys
}

func TestStoreLoadsWhatOpens(t *testing.T) {
	s := store(t)
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	for _, p := range []person{alice, bob} {
		if _, err := s.Add(p.secret, "", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	err := s.edit(func(keys []storedEntry) ([]storedEntry, error) {
		keys[0].Sealed = keys[1].Sealed
		return keys, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	kr := new(Keyring)
	added, _, err := s.Load(kr)
	if !errors.Is(err, ErrMaster) || len(added) != 1 || !kr.Holds(bob.pub) || kr.Holds(alice.pub) {
		t.Errorf("got %v, %v", added, err)
	}
	if locked, err := s.Locked(""); err != nil || len(locked) != 1 || !locked[alice.pub] {
		t.Errorf("locked are %v, %v", locked, err)
	}
	// It keeps nobody out, and goes when it is stored again.
	for _, p := range []person{somebody(t, "carol"), alice} {
		if _, err := s.Add(p.secret, "", time.Time{}); err != nil {
			t.Errorf("beside it: %v", err)
		}
	}
	if locked, err := s.Locked(""); err != nil || len(locked) != 0 {
		t.Errorf("afterwards locked are %v, %v", locked, err)
	}
}

func TestStoreByManyAtOnce(t *testing.T) {
	first := store(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			// Each has its own Store, as another process would.
			s, err := OpenStore(first.path, first.master)
			if err != nil {
				t.Error(err)
				return
			}
			for j := range 3 {
				if _, err := s.Add(somebody(t, fmt.Sprint("person ", i, j)).secret, "", time.Time{}); err != nil {
					t.Error(err)
				}
			}
			if found, err := s.Remove(somebody(t, fmt.Sprint("person ", i, 0)).pub); err != nil || !found {
				t.Errorf("removed %v, %v", found, err)
			}
		})
	}
	wg.Wait()
	list, err := first.List()
	if err != nil || len(list) != 16 {
		t.Errorf("%d keys are left, want 16, %v", len(list), err)
	}
	files, err := os.ReadDir(filepath.Dir(first.path))
	if err != nil || len(files) != 2 {
		t.Errorf("temporary files are left: %v, %v", files, err)
	}
}

// What a crash has left of a change is not there any more after the next: a key that is
// taken away then may be in it.
func TestStoreLeavesNothingOfACrash(t *testing.T) {
	s := store(t)
	alice := somebody(t, "alice")
	if _, err := s.Add(alice.secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(filepath.Dir(s.path), "."+filepath.Base(s.path)+".new")
	if err := os.WriteFile(left, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Remove(alice.pub); err != nil || !found {
		t.Fatalf("removed %v, %v", found, err)
	}
	files, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(s.path), f.Name()))
		if err != nil || strings.Contains(string(text), alice.pub) {
			t.Errorf("%s names the key: %v", f.Name(), err)
		}
	}
}
