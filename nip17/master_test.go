package nip17

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func master(t *testing.T) Master {
	t.Helper()
	m, err := LoadMaster(filepath.Join(t.TempDir(), "master"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func perm(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestLoadMaster(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master")
	made, err := LoadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := perm(t, path); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
	read, err := LoadMaster(path)
	if err != nil || *read.key() != *made.key() || *read.key() == [32]byte{} {
		t.Errorf("read another key than was made, %v", err)
	}
	if other := master(t); *other.key() == *made.key() {
		t.Error("two files hold the same key")
	}
}

func TestLoadMasterRefuses(t *testing.T) {
	key := strings.Repeat("ab", 32)
	for name, path := range map[string]string{
		"empty":          write(t, "m", "", 0o600),
		"short":          write(t, "m", key[2:], 0o600),
		"long":           write(t, "m", key+"ab", 0o600),
		"no hex":         write(t, "m", strings.Repeat("zz", 32), 0o600),
		"zero":           write(t, "m", strings.Repeat("00", 32), 0o600),
		"huge":           write(t, "m", strings.Repeat(" ", maxSecretFile+1), 0o600),
		"world-readable": write(t, "m", key, 0o604),
	} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := LoadMaster(path); !errors.Is(err, ErrKeyFile) || strings.Contains(err.Error(), "z") {
			t.Errorf("%s: got %v, want %v", name, err, ErrKeyFile)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s: the file was overwritten", name)
		}
	}
	if _, err := LoadMaster(filepath.Join(t.TempDir(), "no", "such", "folder")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
}

func TestLoadMasterOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master")
	keys := make([]Master, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = LoadMaster(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, m := range keys {
		if *m.key() != *keys[0].key() {
			t.Fatal("two were made")
		}
	}
}

func TestMasterSeal(t *testing.T) {
	m, other := master(t), master(t)
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	sealed, err := m.Seal(bob.secret, bob.pub)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Open(sealed, bob.pub)
	if err != nil || *got.key() != *bob.secret.key() {
		t.Fatalf("opened another secret, %v", err)
	}
	if again, err := m.Seal(bob.secret, bob.pub); err != nil || again == sealed {
		t.Errorf("the nonce was used twice, %v", err)
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed[3:])
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 1
		if _, err := m.Open("v1."+base64.RawStdEncoding.EncodeToString(raw), bob.pub); !errors.Is(err, ErrMaster) {
			t.Fatalf("byte %d changed: got %v", i, err)
		}
		raw[i] ^= 1
	}
	for name, open := range map[string]func() (Secret, error){
		"another master":    func() (Secret, error) { return other.Open(sealed, bob.pub) },
		"another pubkey":    func() (Secret, error) { return m.Open(sealed, alice.pub) },
		"no master":         func() (Secret, error) { return Master{}.Open(sealed, bob.pub) },
		"another version":   func() (Secret, error) { return m.Open("v2"+sealed[2:], bob.pub) },
		"nothing":           func() (Secret, error) { return m.Open("", bob.pub) },
		"version alone":     func() (Secret, error) { return m.Open("v1.", bob.pub) },
		"no base64":         func() (Secret, error) { return m.Open("v1.***", bob.pub) },
		"cut":               func() (Secret, error) { return m.Open(sealed[:40], bob.pub) },
		"line end appended": func() (Secret, error) { return m.Open(sealed+"\n", alice.pub) },
	} {
		if _, err := open(); !errors.Is(err, ErrMaster) {
			t.Errorf("%s: got %v, want %v", name, err, ErrMaster)
		}
	}
	if _, err := m.Seal(bob.secret, alice.pub); !errors.Is(err, ErrPublicKey) {
		t.Errorf("sealed under another's name: got %v", err)
	}
	if _, err := m.Seal(Secret{}, bob.pub); !errors.Is(err, ErrSecret) {
		t.Errorf("sealed nothing: got %v", err)
	}
	if _, err := (Master{}).Seal(bob.secret, bob.pub); !errors.Is(err, ErrMaster) {
		t.Errorf("sealed by no master: got %v", err)
	}
}

// A sealed text opens for its purpose and its owner alone.
func TestSealText(t *testing.T) {
	m := master(t)
	sealed, err := m.SealText("me@example.com", "email", "alice")
	if err != nil || strings.Contains(sealed, "example") {
		t.Fatalf("got %q, %v", sealed, err)
	}
	if got, err := m.OpenText(sealed, "email", "alice"); err != nil || got != "me@example.com" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, of := range [][2]string{{"email", "bob"}, {"webhook", "alice"}, {"email|alice", ""}} {
		if got, err := m.OpenText(sealed, of[0], of[1]); !errors.Is(err, ErrMaster) || got != "" {
			t.Errorf("%v: got %q, %v", of, got, err)
		}
	}
	if got, err := master(t).OpenText(sealed, "email", "alice"); !errors.Is(err, ErrMaster) || got != "" {
		t.Errorf("another master: got %q, %v", got, err)
	}
}
