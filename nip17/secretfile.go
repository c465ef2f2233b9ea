package nip17

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/btcsuite/btcd/btcutil/bech32"
	"github.com/nbd-wtf/go-nostr/nip49"
)

const (
	maxSecretFile = 4 << 10

	// An ncryptsec is 91 bytes (NIP-49): the bech32 of that is this long.
	ncryptsecBytes = 91
	ncryptsecChars = len("ncryptsec1") + (ncryptsecBytes*8+4)/5 + 6

	// scrypt takes 128·8·2^logn bytes: 64 MiB at 16, 256 MiB at 18. The number
	// stands in the text, so whoever writes it would choose our memory.
	minLogN, maxLogN = 16, 18
)

// ParseSecret reads a secret key: nsec (NIP-19), ncryptsec (NIP-49, with its
// passphrase) or 64 hex digits. Errors are ErrSecret and ErrPassphrase, and
// never quote the text.
func ParseSecret(text, passphrase string) (Secret, error) {
	text = strings.TrimSpace(text)
	hrp, _, _ := strings.Cut(strings.ToLower(text), "1")
	switch {
	case hrp == "ncryptsec":
		return parseNcryptsec(text, passphrase)
	case hrp == "nsec":
		raw, err := decodeBech32(text, "nsec", 32)
		if err != nil {
			return Secret{}, err
		}
		defer clear(raw)
		return secretFromBytes(raw)
	case hrp == "npub":
		return Secret{}, fmt.Errorf("%w (this is an npub, a public key)", ErrSecret)
	}
	return parseScalarHex(text)
}

func parseNcryptsec(text, passphrase string) (Secret, error) {
	if len(text) != ncryptsecChars {
		return Secret{}, ErrSecret
	}
	raw, err := decodeBech32(text, "ncryptsec", ncryptsecBytes)
	if err != nil {
		return Secret{}, err
	}
	if version := raw[0]; version != 2 {
		return Secret{}, fmt.Errorf("%w (ncryptsec of an unknown version)", ErrSecret)
	}
	if logn := raw[1]; logn < minLogN || logn > maxLogN {
		return Secret{}, fmt.Errorf("%w (ncryptsec with a cost outside %d–%d)", ErrSecret, minLogN, maxLogN)
	}
	if passphrase == "" {
		return Secret{}, fmt.Errorf("%w (none was given)", ErrPassphrase)
	}
	key, err := nip49.DecryptToBytes(text, passphrase)
	if err != nil {
		return Secret{}, ErrPassphrase
	}
	defer clear(key)
	return secretFromBytes(key)
}

// decodeBech32 drops the decoder's errors: they quote parts of the text.
func decodeBech32(text, hrp string, size int) ([]byte, error) {
	if len(text) > ncryptsecChars {
		return nil, ErrSecret
	}
	prefix, groups, err := bech32.DecodeNoLimit(text)
	if err != nil || prefix != hrp {
		return nil, ErrSecret
	}
	defer clear(groups)
	raw, err := bech32.ConvertBits(groups, 5, 8, false)
	if err != nil || len(raw) != size {
		return nil, ErrSecret
	}
	return raw, nil
}

// ReadSecretFile reads a secret key from a file in any form of ParseSecret,
// with the passphrase from passphraseFile ("" for none). White space around the
// key is ignored. Who else may read the files is for the caller to look at.
func ReadSecretFile(path, passphraseFile string) (Secret, error) {
	text, err := readSmallFile(path)
	if err != nil {
		return Secret{}, err
	}
	defer clear(text)
	passphrase, err := ReadPassphrase(passphraseFile)
	if err != nil {
		return Secret{}, err
	}
	s, err := ParseSecret(string(text), passphrase)
	if err != nil {
		return Secret{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// ReadPassphrase reads a passphrase from a file, without the end of its line; ""
// for path "". No error names the file: people write the passphrase itself there.
func ReadPassphrase(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := readUnnamed(path)
	if err != nil {
		return "", fmt.Errorf("the passphrase file: %w", err)
	}
	defer clear(text)
	return string(bytes.TrimRight(text, "\r\n")), nil
}

// ReadSecretLine reads what is secret without being a key (the bunker:// address of a
// remote signer, a URL with a password in it) from a file that holds nothing else, 4096
// bytes at most, white space around it ignored. No error names the file: people write
// the secret itself there.
func ReadSecretLine(path string) (string, error) {
	text, err := readUnnamed(path)
	if err != nil {
		return "", err
	}
	defer clear(text)
	return string(bytes.TrimSpace(text)), nil
}

// readUnnamed is readSmallFile with errors that do not repeat path.
func readUnnamed(path string) ([]byte, error) {
	text, err := readSmallFile(path)
	var named *fs.PathError
	switch {
	case errors.As(err, &named):
		return nil, named.Err
	case errors.Is(err, ErrKeyFile):
		return nil, fmt.Errorf("%w (a key itself, and not the name of its file; or more than %d bytes)", ErrKeyFile, maxSecretFile)
	}
	return text, err
}

// readSmallFile reads a file that holds one key or one passphrase. What is
// larger is some other file, named by mistake.
func readSmallFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unnamed(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSecretFile {
		clear(text)
		return nil, fmt.Errorf("%s: %w (larger than %d bytes)", path, ErrKeyFile, maxSecretFile)
	}
	return text, nil
}

// unnamed is why a file could not be opened. A key that stands where the name of
// its file belongs is not repeated, nor is a file made that is named so.
func unnamed(path string, err error) error {
	if mistakenKey.MatchString(filepath.Base(path)) || mistakenURL.MatchString(path) {
		return fmt.Errorf("%w (this is a key itself, and not the name of its file)", ErrKeyFile)
	}
	return err
}

// mistakenURL matches the address of a remote signer.
var mistakenURL = regexp.MustCompile(`(?i)^\s*bunker:`)

// mistakenKey matches a secret key, also one that was cut.
var mistakenKey = regexp.MustCompile(`(?i)^(?:(?:nsec|ncryptsec)1[02-9ac-hj-np-z]{16,}|[0-9a-f]{64})$`)
