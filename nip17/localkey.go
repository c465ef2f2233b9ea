package nip17

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"strings"
	"sync"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/nbd-wtf/go-nostr/nip44"
)

const (
	// NIP-44 v2 without the extended length: 65,535 bytes of text, and the
	// base64 of what they are padded and packed to.
	MaxPlaintext = 65_535
	maxPayload   = 87_472

	// Correspondents of one key whose conversation keys are kept, some 200 bytes each.
	recurringPeers = 1024
)

// LocalKey is a delegated secret in this process. It decrypts; it has no
// method that signs, and hands the secret to nobody. Safe for concurrent use.
type LocalKey struct {
	owner  string
	public string

	mu     sync.RWMutex // held for reading as long as scalar is in use
	scalar veiled[secp256k1.ModNScalar]
	peers  conversations
}

// NewLocalKey makes a key of secret that reads for owner (hex), the identity of
// the participant who delegated it; "" means that secret is the identity's own.
// The secret is copied: the caller may Zero it. Errors: ErrSecret, ErrPublicKey.
func NewLocalKey(secret Secret, owner string) (*LocalKey, error) {
	scalar, err := secret.scalar()
	if err != nil {
		return nil, err
	}
	k := &LocalKey{owner: owner, public: secret.PublicKey(), scalar: veil(scalar)}
	if owner == "" {
		k.owner = k.public
	} else if !ValidPublicKey(owner) {
		scalar.Zero()
		return nil, ErrPublicKey
	}
	k.peers.init(recurringPeers)
	return k, nil
}

// Owner is the identity (hex) that the key reads for.
func (k *LocalKey) Owner() string { return k.owner }

// PublicKey is the key's own public key (hex).
func (k *LocalKey) PublicKey() string { return k.public }

// Decrypt opens a NIP-44 v2 payload from a key that will not come again, such
// as a gift wrap's. Errors: ErrDecrypt, ErrTooLarge, ErrNotForUs once the key
// was zeroed, and the context's.
func (k *LocalKey) Decrypt(ctx context.Context, from, payload string) (string, error) {
	return k.decrypt(ctx, from, payload, k.conversationKey)
}

// decryptRecurring is Decrypt from a key that will come again, such as a
// seal's: the 100 µs of ECDH are then spent once per correspondent. Wraps must
// not use it; their throw-away keys would push everything else out.
func (k *LocalKey) decryptRecurring(ctx context.Context, from, payload string) (string, error) {
	return k.decrypt(ctx, from, payload, k.recurringConversationKey)
}

func (k *LocalKey) decrypt(ctx context.Context, from, payload string, key func(string) ([32]byte, error)) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if len(payload) > maxPayload {
		return "", ErrTooLarge
	}
	// Go's base64 skips line ends, and go-nostr reads the version byte of a
	// payload of nothing else: it would panic.
	if strings.ContainsAny(payload, "\r\n") {
		return "", ErrDecrypt
	}
	conversation, err := key(from)
	if err != nil {
		return "", err
	}
	defer clear(conversation[:])
	plain, err := nip44.Decrypt(payload, conversation)
	if err != nil {
		return "", ErrDecrypt
	}
	return plain, nil
}

// conversationKey is NIP-44's long-term key of two parties: HKDF-extract of the
// x coordinate they share.
func (k *LocalKey) conversationKey(peer string) ([32]byte, error) {
	return k.agree(peer, deriveConversationKey)
}

// agree derives from the secret and the key peer (hex) what only the two can.
//
// The multiplication takes a time that depends on the scalar, as in every pure
// Go library of this curve. Whoever sends wraps can time it, through a network
// and a commit to disk that take many times as long and vary by more.
func (k *LocalKey) agree(peer string, derive func(*secp256k1.ModNScalar, *secp256k1.PublicKey) ([32]byte, error)) (key [32]byte, err error) {
	pub, err := parsePublicKey(peer)
	if err != nil {
		return key, err
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.scalar().IsZero() {
		return key, ErrNotForUs
	}
	return derive(k.scalar(), pub)
}

func deriveConversationKey(scalar *secp256k1.ModNScalar, pub *secp256k1.PublicKey) (key [32]byte, err error) {
	shared := sharedX(scalar, pub)
	defer clear(shared[:])
	extracted, err := hkdf.Extract(sha256.New, shared[:], []byte("nip44-v2"))
	if err != nil {
		return key, err
	}
	defer clear(extracted)
	return [32]byte(extracted), nil
}

func (k *LocalKey) recurringConversationKey(peer string) ([32]byte, error) {
	if key, ok := k.peers.get(peer); ok {
		return key, nil
	}
	key, err := k.conversationKey(peer)
	if err != nil {
		return key, err
	}
	// The lock keeps a key that was zeroed meanwhile from being kept after all.
	k.mu.RLock()
	defer k.mu.RUnlock()
	if !k.scalar().IsZero() {
		k.peers.put(peer, key)
	}
	return key, nil
}

// sharedX is the x coordinate of scalar·pub. Only x is made affine: y is not
// part of the secret.
func sharedX(scalar *secp256k1.ModNScalar, pub *secp256k1.PublicKey) (x [32]byte) {
	var point, product secp256k1.JacobianPoint
	pub.AsJacobian(&point)
	secp256k1.ScalarMultNonConst(scalar, &point, &product)
	product.Z.Inverse().Square()
	product.X.Mul(&product.Z).Normalize()
	product.X.PutBytes(&x)
	product.X.Zero()
	return x
}

// Zero wipes the secret and every conversation key. What is being decrypted is
// finished first; afterwards the key opens nothing.
func (k *LocalKey) Zero() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.scalar().Zero()
	k.peers.purge()
}

// conversations are the conversation keys of the peers seen last. Values are
// copied out under the lock, since what falls out is wiped.
type conversations struct {
	mu  sync.Mutex
	lru *simplelru.LRU[string, *[32]byte]
}

func (c *conversations) init(size int) {
	// NewLRU fails on a size below 1 only.
	c.lru, _ = simplelru.NewLRU(size, func(_ string, key *[32]byte) { clear(key[:]) })
}

func (c *conversations) get(peer string) (key [32]byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, ok := c.lru.Get(peer)
	if ok {
		key = *kept
	}
	return key, ok
}

func (c *conversations) put(peer string, key [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Add(peer, &key)
}

func (c *conversations) purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Purge()
}
