package nip17

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/nbd-wtf/go-nostr"
)

// DirectKey is a Key that reads NIP-04 too. Not every one does: a remote signer
// may be limited to NIP-44.
type DirectKey interface {
	Key
	// DecryptDirect opens a NIP-04 payload of the conversation with the key peer
	// (hex), whichever of the two wrote it. Its errors are those of Decrypt.
	DecryptDirect(ctx context.Context, peer, payload string) (string, error)
}

// OpenDirect opens a direct message of kind 4 (NIP-04), which its recipient's
// key reads and its author's as well: there is no second copy for the author.
// It checks, the cheap before the dear: kind, recipient, that a key is held,
// the form of the content, the time, id and signature.
//
// NIP-04 hides the content and authenticates nothing: that it is the author's,
// and that nobody changed it, is known by the signature alone.
//
// In the Message, WrapID is the event's id and Seal the event as it was signed,
// for it is envelope and evidence at once. Rumor is the event with its content
// in clear; its id is the event's still, and not the hash of what is in Rumor.
//
// Every refusal is one of the Err values and final but where Retryable says
// otherwise; ErrNotForUs comes before any cryptography.
func OpenDirect(ctx context.Context, evt *nostr.Event, kr *Keyring, opts ...Option) (Message, error) {
	o := newOptions(opts)
	if evt == nil || evt.Kind != nostr.KindEncryptedDirectMessage {
		return Message{}, ErrDirectKind
	}
	named, err := recipients(evt.Tags, 1)
	if err != nil {
		return Message{}, err
	}
	keys := kr.conversants(named[0], evt.PubKey, o.now())
	if len(keys) == 0 {
		return Message{}, ErrNotForUs
	}
	if _, _, err := parseDirect(evt.Content); err != nil {
		return Message{}, err
	}
	flags, err := checkCreatedAt(evt.CreatedAt, o.now())
	if err != nil {
		return Message{}, err
	}
	if !o.verified {
		if err := checkEvent(evt, ErrDirectID, ErrDirectSignature); err != nil {
			return Message{}, err
		}
	}
	key, plain, err := decryptFirst(ctx, keys, func(k DirectKey) (string, error) {
		peer := evt.PubKey
		if k.PublicKey() == peer {
			peer = named[0]
		}
		return k.DecryptDirect(ctx, peer, evt.Content)
	})
	if err != nil {
		return Message{}, err
	}
	rumor := *evt
	rumor.Content, rumor.Sig = plain, ""
	return Message{
		WrapID: evt.ID,
		Owner:  key.Owner(),
		Key:    key.PublicKey(),
		Seal:   *evt,
		Rumor:  rumor,
		Flags:  flags,
	}, nil
}

// conversants are the keys that read a direct message between the two, the
// recipient's first. Only the very keys do: NIP-04 knows no encryption keys.
func (kr *Keyring) conversants(recipient, author string, at time.Time) (keys []DirectKey) {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	for _, public := range slices.Compact([]string{recipient, author}) {
		k := kr.keys[public]
		if reads, ok := k.Key.(DirectKey); ok && k.may(at) {
			keys = append(keys, reads)
		}
	}
	return keys
}

// DecryptDirect opens a NIP-04 payload of the conversation with peer (hex).
// Errors: ErrDirectFormat, ErrDecrypt, ErrTooLarge, ErrPublicKey, ErrNotForUs
// once the key was zeroed, and the context's.
func (k *LocalKey) DecryptDirect(ctx context.Context, peer, payload string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	ciphertext, iv, err := parseDirect(payload)
	if err != nil {
		return "", err
	}
	// The cipher's key is the x coordinate itself, unhashed.
	key, err := k.agree(peer, func(scalar *secp256k1.ModNScalar, pub *secp256k1.PublicKey) ([32]byte, error) {
		return sharedX(scalar, pub), nil
	})
	if err != nil {
		return "", err
	}
	defer clear(key[:])
	return decryptDirect(key, iv, ciphertext)
}

// parseDirect takes a NIP-04 payload apart: base64, "?iv=", base64, and nothing
// else. It is held to the size of a NIP-44 one.
func parseDirect(payload string) (ciphertext, iv []byte, err error) {
	if len(payload) > maxPayload {
		return nil, nil, ErrTooLarge
	}
	// Go's base64 skips line ends, Strict too.
	body, tail, ok := strings.Cut(payload, "?iv=")
	if !ok || strings.ContainsAny(payload, "\r\n") {
		return nil, nil, ErrDirectFormat
	}
	strict := base64.StdEncoding.Strict()
	if iv, err = strict.DecodeString(tail); err != nil || len(iv) != aes.BlockSize {
		return nil, nil, ErrDirectFormat
	}
	ciphertext, err = strict.DecodeString(body)
	if err != nil || len(ciphertext) == 0 || len(ciphertext)%aes.BlockSize != 0 {
		return nil, nil, ErrDirectFormat
	}
	return ciphertext, iv, nil
}

// decryptDirect is AES-256-CBC with the padding of PKCS #7. go-nostr's nip04
// takes the secret as a string, which cannot be wiped, panics on half a block,
// and looks at the last byte of the padding only.
func decryptDirect(key [32]byte, iv, ciphertext []byte) (string, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return "", ErrDecrypt
	}
	plain := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, ciphertext)
	last := plain[len(plain)-1]
	if last == 0 || last > aes.BlockSize {
		return "", ErrDecrypt
	}
	text, padding := plain[:len(plain)-int(last)], plain[len(plain)-int(last):]
	for _, b := range padding {
		if b != last {
			return "", ErrDecrypt
		}
	}
	if !utf8.Valid(text) {
		return "", ErrDecrypt
	}
	return string(text), nil
}
