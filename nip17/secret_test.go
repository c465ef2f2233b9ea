package nip17

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcutil/bech32"
)

const (
	// The NIP-49 example, opened with "nostr".
	ncryptsec    = "ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frztj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p"
	ncryptsecKey = "3501454135014541350145413501453fefb02227e449e57cf4d3a3ce05378683"

	// The NIP-19 example.
	nsec    = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"
	nsecKey = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa"

	order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
)

// encoded is bech32 of raw bytes.
func encoded(t *testing.T, hrp string, raw []byte) string {
	t.Helper()
	groups, err := bech32.ConvertBits(raw, 8, 5, true)
	if err != nil {
		t.Fatal(err)
	}
	text, err := bech32.Encode(hrp, groups)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// costly is a well-formed ncryptsec of the given version and cost.
func costly(t *testing.T, version, logn byte) string {
	raw := make([]byte, ncryptsecBytes)
	raw[0], raw[1] = version, logn
	return encoded(t, "ncryptsec", raw)
}

func TestParseSecret(t *testing.T) {
	tests := []struct {
		name, text, passphrase string
		want                   string // hex
		err                    error
	}{
		{"nsec", nsec, "", nsecKey, nil},
		{"nsec in upper case, with space", " \n" + strings.ToUpper(nsec) + "\r\n", "", nsecKey, nil},
		{"hex", nsecKey, "", nsecKey, nil},
		{"hex in upper case", strings.ToUpper(nsecKey), "", nsecKey, nil},
		{"one", strings.Repeat("0", 63) + "1", "", strings.Repeat("0", 63) + "1", nil},
		{"order - 1", order[:63] + "0", "", order[:63] + "0", nil},
		{"ncryptsec", ncryptsec, "nostr", ncryptsecKey, nil},
		{"ncryptsec with another passphrase", ncryptsec, "Nostr", "", ErrPassphrase},

		{"nothing", "", "", "", ErrSecret},
		{"zero", strings.Repeat("0", 64), "", "", ErrSecret},
		{"order", order, "", "", ErrSecret},
		{"above it", strings.Repeat("f", 64), "", "", ErrSecret},
		{"63 digits", nsecKey[1:], "", "", ErrSecret},
		{"65 digits", nsecKey + "0", "", "", ErrSecret},
		{"no digits", strings.Repeat("g", 64), "", "", ErrSecret},
		{"nsec with a typing error", strings.Replace(nsec, "vl0", "vl2", 1), "", "", ErrSecret},
		{"nsec of 31 bytes", encoded(t, "nsec", make([]byte, 31)), "", "", ErrSecret},
		{"nsec of zero", encoded(t, "nsec", make([]byte, 32)), "", "", ErrSecret},
		{"npub", encoded(t, "npub", make([]byte, 32)), "", "", ErrSecret},
		{"nsec1 alone", "nsec1", "", "", ErrSecret},
		{"very long", "nsec1" + strings.Repeat("q", 1<<20), "", "", ErrSecret},
		{"ncryptsec without passphrase", ncryptsec, "", "", ErrPassphrase},
		{"ncryptsec too short", encoded(t, "ncryptsec", []byte{2, 16}), "x", "", ErrSecret},
		{"ncryptsec empty", encoded(t, "ncryptsec", nil), "x", "", ErrSecret},
		{"ncryptsec too long", encoded(t, "ncryptsec", make([]byte, 92)), "x", "", ErrSecret},
		{"ncryptsec of 1 TiB", costly(t, 2, 30), "x", "", ErrSecret},
		{"ncryptsec of 512 MiB", costly(t, 2, 19), "x", "", ErrSecret},
		{"ncryptsec that costs nothing", costly(t, 2, 15), "x", "", ErrSecret},
		{"ncryptsec of version 1", costly(t, 1, 16), "x", "", ErrSecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseSecret(tt.text, tt.passphrase)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err != nil {
				if text := strings.TrimSpace(tt.text); len(text) > 8 && strings.Contains(err.Error(), text[5:]) {
					t.Errorf("the error quotes the text: %v", err)
				}
				return
			}
			if want := [32]byte(unhex(t, tt.want)); *got.key() != want {
				t.Error("got another key")
			}
		})
	}
}

func TestSecretEncodesAsNothing(t *testing.T) {
	s := secretHex(t, nsecKey)
	text, err := json.Marshal(map[string]any{"a": s, "b": &s, "c": struct{ S Secret }{s}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(text), `{"a":"[secret]","b":"[secret]","c":{"S":"[secret]"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSecretStrings(t *testing.T) {
	s := secretHex(t, nsecKey)
	if s.String() != redacted || s.GoString() != redacted {
		t.Errorf("got %q, %q", s.String(), s.GoString())
	}
}

func TestSecretZero(t *testing.T) {
	s := secretHex(t, nsecKey)
	if !ValidPublicKey(s.PublicKey()) {
		t.Errorf("got public key %q", s.PublicKey())
	}
	c := s
	s.Zero()
	if *c.key() != [32]byte{} || c.PublicKey() != "" {
		t.Error("a copy survived")
	}
	if _, err := NewSecretSigner(c); !errors.Is(err, ErrSecret) {
		t.Errorf("a signer of nothing: %v", err)
	}
	Secret{}.Zero()
	if got := (Secret{}).PublicKey(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestGenerateSecret(t *testing.T) {
	a, err := GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	b, err := GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	if a.PublicKey() == b.PublicKey() || !ValidPublicKey(a.PublicKey()) {
		t.Errorf("got %q and %q", a.PublicKey(), b.PublicKey())
	}
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// A key or a passphrase that stands where the name of its file belongs is in no
// error, and no file is made that is named so.
func TestKeyForAFilesName(t *testing.T) {
	const phrase = "correct horse battery staple"
	t.Chdir(t.TempDir())
	m := master(t)
	const bunker = "bunker://" + nsecKey + "?relay=wss://relay.example&secret=token"
	for _, key := range []string{nsec, ncryptsec, nsecKey, nsec[:40], strings.ToUpper(nsec), bunker, " " + strings.ToUpper(bunker)} {
		for name, read := range map[string]func() error{
			"ReadSecretFile": func() error { _, err := ReadSecretFile(key, ""); return err },
			"ReadSecretLine": func() error { _, err := ReadSecretLine(key); return err },
			"LoadIdentity":   func() error { _, _, err := LoadIdentity(key, m, ""); return err },
			"LoadMaster":     func() error { _, err := LoadMaster(key); return err },
		} {
			err := read()
			if !errors.Is(err, ErrKeyFile) || strings.Contains(err.Error(), key) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	for _, key := range []string{nsec, nsecKey} {
		if _, err := ReadSecretFile("./keys/"+key, ""); !errors.Is(err, ErrKeyFile) || strings.Contains(err.Error(), key) {
			t.Errorf("in a folder: got %v", err)
		}
	}
	_, inSecret := ReadSecretFile(write(t, "key", ncryptsec, 0o600), phrase)
	_, _, inIdentity := LoadIdentity(write(t, "identity", ncryptsec, 0o600), m, phrase)
	_, inLine := ReadSecretLine(phrase)
	for _, err := range []error{inSecret, inIdentity, inLine} {
		if err == nil || strings.Contains(err.Error(), phrase) {
			t.Errorf("a passphrase for its file's name: got %v", err)
		}
	}
	if made, err := os.ReadDir("."); err != nil || len(made) > 0 {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestReadSecretFile(t *testing.T) {
	got, err := ReadSecretFile(write(t, "key", "\n  "+nsec+"\n\n", 0o600), "")
	if err != nil || *got.key() != [32]byte(unhex(t, nsecKey)) {
		t.Errorf("nsec: %v", err)
	}
	got, err = ReadSecretFile(write(t, "key", ncryptsec, 0o600), write(t, "pass", "nostr\r\n", 0o600))
	if err != nil || *got.key() != [32]byte(unhex(t, ncryptsecKey)) {
		t.Errorf("ncryptsec: %v", err)
	}
	for _, tt := range []struct {
		path, passphrase string
		want             error
	}{
		{filepath.Join(t.TempDir(), "absent"), "", os.ErrNotExist},
		{write(t, "key", ncryptsec, 0o600), filepath.Join(t.TempDir(), "absent"), os.ErrNotExist},
		{write(t, "key", strings.Repeat(" ", maxSecretFile+1), 0o600), "", ErrKeyFile},
		{write(t, "key", "", 0o600), "", ErrSecret},
	} {
		if _, err := ReadSecretFile(tt.path, tt.passphrase); !errors.Is(err, tt.want) {
			t.Errorf("got %v, want %v", err, tt.want)
		}
	}
}

func TestReadSecretLine(t *testing.T) {
	const line = "redis://waybill:password@redis.example"
	if got, err := ReadSecretLine(write(t, "line", "\n "+line+"\r\n", 0o600)); got != line || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	large := write(t, "large", strings.Repeat("x", maxSecretFile+1), 0o600)
	if _, err := ReadSecretLine(large); !errors.Is(err, ErrKeyFile) || strings.Contains(err.Error(), large) {
		t.Errorf("a large file: got %v", err)
	}
	if _, err := ReadSecretLine(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "absent") {
		t.Errorf("no file: got %v", err)
	}
}

func TestSecretAppendHex(t *testing.T) {
	s, err := ParseSecret(nsec, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.AppendHex([]byte("key=")); string(got) != "key="+nsecKey || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	s.Zero()
	if got, err := s.AppendHex(nil); len(got) != 0 || !errors.Is(err, ErrSecret) {
		t.Errorf("after Zero: got %s, %v", got, err)
	}
}
