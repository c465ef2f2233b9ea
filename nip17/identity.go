package nip17

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// sealedIdentity is the file of a key that was made here.
type sealedIdentity struct {
	Pubkey string `json:"pubkey"`
	Sealed string `json:"sealed"` // Master.Seal
}

// LoadIdentity reads the relay's own key from the file at path: nsec, ncryptsec
// (with the passphrase in passphraseFile), 64 hex digits, or the form in which
// it is written here, encrypted under m. Where there is no file a new key is
// made and written, and created is true.
func LoadIdentity(path string, m Master, passphraseFile string) (s *SecretSigner, created bool, err error) {
	secret, err := readIdentity(path, m, passphraseFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = locked(path, func() error {
			if secret, err = readIdentity(path, m, passphraseFile); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			created = true
			secret, err = createIdentity(path, m)
			return err
		})
	}
	if err != nil {
		return nil, false, fmt.Errorf("nip17: identity: %w", err)
	}
	defer secret.Zero()
	s, err = NewSecretSigner(secret)
	return s, created, err
}

// SealedIdentity reports whether the file at path, which may not be there, holds a key
// that was made here: it opens with its master key alone.
func SealedIdentity(path string) (bool, error) {
	text, err := readSmallFile(path)
	defer clear(text)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return isSealed(text), err
}

func isSealed(text []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) }

func readIdentity(path string, m Master, passphraseFile string) (Secret, error) {
	text, err := readSmallFile(path)
	if err != nil {
		return Secret{}, err
	}
	defer clear(text)
	var secret Secret
	if isSealed(text) {
		var sealed sealedIdentity
		if json.Unmarshal(text, &sealed) != nil {
			return Secret{}, fmt.Errorf("%s: %w", path, ErrKeyFile)
		}
		secret, err = m.Open(sealed.Sealed, sealed.Pubkey)
	} else {
		var passphrase string
		if passphrase, err = identityPassphrase(passphraseFile); err != nil {
			return Secret{}, err
		}
		secret, err = ParseSecret(string(text), passphrase)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("%s: %w", path, err)
	}
	return secret, nil
}

// identityPassphrase does not let a missing passphrase file pass for a missing
// identity, in whose place a new one would be made.
func identityPassphrase(path string) (string, error) {
	passphrase, err := ReadPassphrase(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w (no such passphrase file)", ErrPassphrase)
	}
	return passphrase, err
}

func createIdentity(path string, m Master) (Secret, error) {
	secret, err := GenerateSecret()
	if err != nil {
		return Secret{}, err
	}
	pubkey := secret.PublicKey()
	sealed, err := m.Seal(secret, pubkey)
	if err != nil {
		return Secret{}, err
	}
	text, err := json.Marshal(sealedIdentity{pubkey, sealed})
	if err != nil {
		return Secret{}, err
	}
	return secret, replaceFile(path, append(text, '\n'))
}
