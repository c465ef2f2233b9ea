package nip17

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestLoadIdentity(t *testing.T) {
	m := master(t)
	path := filepath.Join(t.TempDir(), "identity.json")
	made, created, err := LoadIdentity(path, m, "")
	if err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	if got := perm(t, path); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if raw := made.secret.key()[:]; bytes.Contains(text, raw) || bytes.Contains(text, hex.AppendEncode(nil, raw)) {
		t.Error("the secret lies in clear")
	}
	read, created, err := LoadIdentity(path, m, "")
	if err != nil || created || read.PublicKey() != made.PublicKey() {
		t.Errorf("created %v, %v", created, err)
	}
	if _, _, err := LoadIdentity(path, master(t), ""); !errors.Is(err, ErrMaster) {
		t.Errorf("another master: got %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(text, after) {
		t.Error("the file was overwritten")
	}
}

func TestLoadIdentityForms(t *testing.T) {
	m := master(t)
	pass := write(t, "pass", "nostr\n", 0o600)
	for _, tt := range []struct{ text, pass, want string }{
		{nsec + "\n", "", nsecKey},
		{nsecKey, "", nsecKey},
		{ncryptsec, pass, ncryptsecKey},
	} {
		s, created, err := LoadIdentity(write(t, "identity", tt.text, 0o600), m, tt.pass)
		if err != nil || created || s.PublicKey() != secretHex(t, tt.want).PublicKey() {
			t.Errorf("%.10s: created %v, %v", tt.text, created, err)
		}
	}
	for _, tt := range []struct {
		text, pass string
		want       error
	}{
		{"", "", ErrSecret},
		{"{", "", ErrKeyFile},
		{"{}", "", ErrMaster},
		{`{"pubkey":"` + offCurve + `","sealed":"v1."}`, "", ErrMaster},
		{ncryptsec, "", ErrPassphrase},
		// The passphrase file is missing, not the identity: nothing is made.
		{ncryptsec, filepath.Join(t.TempDir(), "absent"), ErrPassphrase},
	} {
		path := write(t, "identity", tt.text, 0o600)
		if _, created, err := LoadIdentity(path, m, tt.pass); !errors.Is(err, tt.want) || created {
			t.Errorf("%.10q: got %v, want %v", tt.text, err, tt.want)
		}
		if after, _ := os.ReadFile(path); string(after) != tt.text {
			t.Errorf("%.10q: the file was overwritten", tt.text)
		}
	}
}

func TestLoadIdentityOnce(t *testing.T) {
	m := master(t)
	path := filepath.Join(t.TempDir(), "identity.json")
	var mu sync.Mutex
	var wg sync.WaitGroup
	keys, made := map[string]bool{}, 0
	for range 8 {
		wg.Go(func() {
			s, created, err := LoadIdentity(path, m, "")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			keys[s.PublicKey()] = true
			if created {
				made++
			}
		})
	}
	wg.Wait()
	if len(keys) != 1 || made != 1 {
		t.Errorf("got %d identities, made %d times", len(keys), made)
	}
}
