package nip17

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

const redacted = "[secret]"

// veiled is a pointer that fmt does not follow. For a type's unexported fields
// fmt calls no Format method: it prints their content, and with a verb that does
// not fit, such as %s, also what a pointer in them points to.
type veiled[T any] func() *T

func veil[T any](v *T) veiled[T] { return func() *T { return v } }

// Secret is a secret key that cannot be printed: every fmt verb and every
// encoder writes "[secret]". Copies share one memory, so that Zero on any of
// them wipes all. The zero Secret holds nothing and is refused everywhere.
type Secret struct{ key veiled[[32]byte] }

// GenerateSecret makes a new random Secret.
func GenerateSecret() (Secret, error) {
	priv, err := secp256k1.GeneratePrivateKey()
	if err != nil {
		return Secret{}, fmt.Errorf("nip17: generate a key: %w", err)
	}
	defer priv.Zero()
	return secretOf(&priv.Key), nil
}

func newSecret() Secret { return Secret{veil(new([32]byte))} }

func secretOf(scalar *secp256k1.ModNScalar) Secret {
	s := newSecret()
	scalar.PutBytes(s.key())
	return s
}

// parseScalarHex takes the 64 hex digits of a scalar in [1, n).
func parseScalarHex(digits string) (Secret, error) {
	var raw [32]byte
	defer clear(raw[:])
	if len(digits) != 64 {
		return Secret{}, ErrSecret
	}
	if _, err := hex.Decode(raw[:], []byte(digits)); err != nil {
		return Secret{}, ErrSecret
	}
	return secretFromBytes(raw[:])
}

func secretFromBytes(raw []byte) (Secret, error) {
	if len(raw) != 32 {
		return Secret{}, ErrSecret
	}
	s := newSecret()
	copy(s.key()[:], raw)
	scalar, err := s.scalar()
	if err != nil {
		s.Zero()
		return Secret{}, err
	}
	scalar.Zero()
	return s, nil
}

// scalar parses the key; ErrSecret where it is absent, zero or not below the
// order of the group.
func (s Secret) scalar() (*secp256k1.ModNScalar, error) {
	if s.key == nil {
		return nil, ErrSecret
	}
	scalar := new(secp256k1.ModNScalar)
	if overflow := scalar.SetBytes(s.key()); overflow != 0 || scalar.IsZero() {
		scalar.Zero()
		return nil, ErrSecret
	}
	return scalar, nil
}

// PublicKey is the public key (hex), "" for a Secret that was zeroed.
func (s Secret) PublicKey() string {
	scalar, err := s.scalar()
	if err != nil {
		return ""
	}
	defer scalar.Zero()
	priv := secp256k1.NewPrivateKey(scalar)
	defer priv.Zero()
	return encodePublicKey(priv.PubKey())
}

// AppendHex appends the 64 hex digits of the key to b: for what encrypts it to
// keep it, and for nothing that prints. The caller clears the slice. The error
// is ErrSecret.
func (s Secret) AppendHex(b []byte) ([]byte, error) {
	scalar, err := s.scalar()
	if err != nil {
		return b, err
	}
	scalar.Zero()
	return hex.AppendEncode(b, s.key()[:]), nil
}

// Zero wipes the key, in every copy of s.
func (s Secret) Zero() {
	if s.key != nil {
		clear(s.key()[:])
	}
}

// String hides the key.
func (s Secret) String() string { return redacted }

// GoString hides the key from %#v.
func (s Secret) GoString() string { return redacted }

// Format hides the key from every verb, %x and %d included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText hides the key from encoders: JSON, TOML, log fields.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
