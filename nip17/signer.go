package nip17

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip44"
)

// Signer is a key that can speak: the caller's own (secret key, NIP-07, NIP-46)
// or the relay's. A delegated key never is one.
type Signer interface {
	PublicKey() string // hex
	// Sign sets pubkey, id and signature (NIP-01).
	Sign(ctx context.Context, evt *nostr.Event) error
	// Encrypt is NIP-44 v2 from this key to the other (hex).
	Encrypt(ctx context.Context, to, plaintext string) (string, error)
	// Decrypt is its reverse.
	Decrypt(ctx context.Context, from, payload string) (string, error)
}

// SecretSigner is a Signer with its secret key in this process: the relay's own
// identity, or the key that a user gave to the command line.
type SecretSigner struct {
	reading *LocalKey
	secret  Secret
}

var _ Signer = (*SecretSigner)(nil)

// NewSecretSigner makes a Signer of secret, which it copies. The error is ErrSecret.
func NewSecretSigner(secret Secret) (*SecretSigner, error) {
	reading, err := NewLocalKey(secret, "")
	if err != nil {
		return nil, err
	}
	own := newSecret()
	*own.key() = *secret.key()
	return &SecretSigner{reading: reading, secret: own}, nil
}

// PublicKey is the signer's public key (hex).
func (s *SecretSigner) PublicKey() string { return s.reading.public }

// ReadingKey makes a key that only reads, for a Keyring. The error is ErrSecret,
// after Zero.
func (s *SecretSigner) ReadingKey() (*LocalKey, error) { return NewLocalKey(s.secret, "") }

// Sign sets pubkey, id and signature of evt (NIP-01).
func (s *SecretSigner) Sign(ctx context.Context, evt *nostr.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	scalar, err := s.secret.scalar()
	if err != nil {
		return err
	}
	defer scalar.Zero()
	priv := secp256k1.NewPrivateKey(scalar)
	defer priv.Zero()
	return sign(priv, evt)
}

// Encrypt is NIP-44 v2 to the key to (hex). Errors: ErrPublicKey, ErrEmpty,
// ErrTooLarge above 65,535 bytes.
func (s *SecretSigner) Encrypt(ctx context.Context, to, plaintext string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return s.reading.encrypt(to, plaintext)
}

// Decrypt opens a NIP-44 v2 payload from the key from (hex).
func (s *SecretSigner) Decrypt(ctx context.Context, from, payload string) (string, error) {
	return s.reading.Decrypt(ctx, from, payload)
}

// Zero wipes the secret. The signer is of no use afterwards.
func (s *SecretSigner) Zero() {
	s.secret.Zero()
	s.reading.Zero()
}

// sign is nostr.Event.Sign without the secret in a string, which cannot be
// wiped, and in the text of its error.
func sign(priv *secp256k1.PrivateKey, evt *nostr.Event) error {
	if evt.Tags == nil {
		evt.Tags = nostr.Tags{}
	}
	evt.PubKey = encodePublicKey(priv.PubKey())
	hash := sha256.Sum256(evt.Serialize())
	sig, err := schnorr.Sign(priv, hash[:])
	if err != nil {
		return fmt.Errorf("nip17: sign: %w", err)
	}
	evt.ID = hex.EncodeToString(hash[:])
	evt.Sig = hex.EncodeToString(sig.Serialize())
	return nil
}

// encrypt is NIP-44 v2 to a peer that comes again. It is not exported: a
// delegated key only reads.
func (k *LocalKey) encrypt(to, plaintext string) (string, error) {
	if err := encryptable(len(plaintext)); err != nil {
		return "", err
	}
	conversation, err := k.recurringConversationKey(to)
	if err != nil {
		return "", err
	}
	defer clear(conversation[:])
	return nip44.Encrypt(plaintext, conversation)
}

func encryptable(size int) error {
	switch {
	case size == 0:
		return ErrEmpty
	case size > MaxPlaintext:
		return ErrTooLarge
	}
	return nil
}
