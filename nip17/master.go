package nip17

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

const sealedVersion = "v1."

// Master is the key under which secrets lie encrypted on disk. Like a Secret it
// cannot be printed.
type Master struct {
	key veiled[[chacha20poly1305.KeySize]byte]
}

func newMaster() Master { return Master{veil(new([chacha20poly1305.KeySize]byte))} }

// LoadMaster reads a master key, 64 hex digits, from the file at path. Where
// there is none it makes one and writes it, readable to its owner alone. A file
// that everybody may read is refused, ErrKeyFile: it would protect nothing.
func LoadMaster(path string) (Master, error) {
	m, err := readMaster(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	err = locked(path, func() error {
		// Somebody else may have been first.
		if m, err = readMaster(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		m = newMaster()
		if _, err := rand.Read(m.key()[:]); err != nil {
			return err
		}
		text := append(hex.AppendEncode(nil, m.key()[:]), '\n')
		defer clear(text)
		return replaceFile(path, text)
	})
	if err != nil {
		return Master{}, fmt.Errorf("nip17: master key: %w", err)
	}
	return m, nil
}

func readMaster(path string) (Master, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Master{}, unnamed(path, err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return Master{}, fmt.Errorf("%s: %w (everybody may read it: chmod 600)", path, ErrKeyFile)
	}
	text, err := readSmallFile(path)
	if err != nil {
		return Master{}, err
	}
	defer clear(text)
	m, err := ParseMaster(text)
	if err != nil {
		return Master{}, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// ParseMaster reads a master key from its 64 hex digits, around which white space
// is ignored. The error is ErrKeyFile. The caller may clear text.
func ParseMaster(text []byte) (Master, error) {
	digits := bytes.TrimSpace(text)
	m := newMaster()
	if len(digits) == hex.EncodedLen(len(m.key())) {
		// hex's errors quote a byte of the key.
		if _, err := hex.Decode(m.key()[:], digits); err == nil && *m.key() != ([chacha20poly1305.KeySize]byte{}) {
			return m, nil
		}
	}
	m.Zero()
	return Master{}, fmt.Errorf("%w (a master key is 64 hex digits)", ErrKeyFile)
}

// Zero wipes the key, in every copy of m, which opens and seals nothing more.
func (m Master) Zero() {
	if m.key != nil {
		clear(m.key()[:])
	}
}

// Derive makes a key of 32 bytes for purpose of the master key, which cannot be
// learnt from it (HKDF, RFC 5869). The error is ErrMaster.
func (m Master) Derive(purpose string) ([]byte, error) {
	if _, err := m.cipher(); err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, m.key()[:], nil, "waybill/derive/v1|"+purpose, 32)
}

// What a sealed text is, which is part of what it is bound to.
const (
	sealedKey    = "waybill/key/v1"
	sealedRemote = "waybill/remote/v1"
	sealedText   = "waybill/text/v1"
)

// Seal encrypts secret for the disk: "v1." and base64 of nonce and ciphertext
// (XChaCha20-Poly1305). It is bound to pubkey (hex), so that one sealed key
// cannot be put in the place of another. Errors: ErrSecret, ErrMaster for a
// Master that holds nothing, ErrPublicKey where pubkey is not secret's.
func (m Master) Seal(secret Secret, pubkey string) (string, error) {
	scalar, err := secret.scalar()
	if err != nil {
		return "", err
	}
	scalar.Zero()
	if secret.PublicKey() != pubkey {
		return "", ErrPublicKey
	}
	return m.seal(secret.key()[:], sealedKey, pubkey)
}

// Open is the reverse of Seal. The error is ErrMaster: another master key,
// another pubkey, or a text that was changed.
func (m Master) Open(sealed, pubkey string) (Secret, error) {
	raw, err := m.open(sealed, sealedKey, pubkey)
	if err != nil {
		return Secret{}, err
	}
	defer clear(raw)
	secret, err := secretFromBytes(raw)
	if err != nil || secret.PublicKey() != pubkey {
		return Secret{}, ErrMaster
	}
	return secret, nil
}

// SealText is Seal for anything else that must not lie on the disk in clear: an
// address, another program's secret. It is bound to purpose and owner, so that it
// opens neither as something else nor as somebody else's. The error is ErrMaster.
func (m Master) SealText(text, purpose, owner string) (string, error) {
	return m.seal([]byte(text), sealedText+"|"+purpose, owner)
}

// OpenText is the reverse of SealText. The error is ErrMaster.
func (m Master) OpenText(sealed, purpose, owner string) (string, error) {
	plain, err := m.open(sealed, sealedText+"|"+purpose, owner)
	defer clear(plain)
	return string(plain), err
}

func (m Master) seal(plain []byte, what, pubkey string) (string, error) {
	aead, err := m.cipher()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	box := aead.Seal(nonce, nonce, plain, []byte(what+"|"+pubkey))
	return sealedVersion + base64.RawStdEncoding.EncodeToString(box), nil
}

func (m Master) open(sealed, what, pubkey string) ([]byte, error) {
	aead, err := m.cipher()
	if err != nil {
		return nil, err
	}
	text, ok := strings.CutPrefix(sealed, sealedVersion)
	if !ok {
		return nil, ErrMaster
	}
	box, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(box) < aead.NonceSize() {
		return nil, ErrMaster
	}
	plain, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], []byte(what+"|"+pubkey))
	if err != nil {
		return nil, ErrMaster
	}
	return plain, nil
}

// cipher is the master key's. A key that was wiped is none.
func (m Master) cipher() (cipher.AEAD, error) {
	if m.key == nil || *m.key() == ([chacha20poly1305.KeySize]byte{}) {
		return nil, ErrMaster
	}
	return chacha20poly1305.NewX(m.key()[:])
}
