package nip17

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/nbd-wtf/go-nostr/nip44"
)

// EncryptStable is Encrypt with a nonce that follows from what is encrypted, for
// whom, and under which labels: the same again gives the same payload, and nothing
// else gives its nonce, with which two plaintexts would be told by each other. Who
// sees two payloads learns whether they hold the same. Sign is stable by itself (RFC
// 6979).
func (s *SecretSigner) EncryptStable(ctx context.Context, to, plaintext string, labels ...string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := encryptable(len(plaintext)); err != nil {
		return "", err
	}
	nonce, err := s.nonce(append([]string{to, plaintext}, labels...))
	if err != nil {
		return "", err
	}
	conversation, err := s.reading.recurringConversationKey(to)
	if err != nil {
		return "", err
	}
	defer clear(conversation[:])
	return nip44.Encrypt(plaintext, conversation, nip44.WithCustomNonce(nonce))
}

// nonce is an HMAC of parts, each with its length before it, under a key that is made
// of the secret for this alone.
func (s *SecretSigner) nonce(parts []string) ([]byte, error) {
	scalar, err := s.secret.scalar()
	if err != nil {
		return nil, err
	}
	defer scalar.Zero()
	raw := scalar.Bytes()
	defer clear(raw[:])
	of := hmac.New(sha256.New, raw[:])
	of.Write([]byte("waybill: nonces that follow from what is encrypted"))
	key := of.Sum(nil)
	defer clear(key)
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	nonce := h.Sum(nil)
	if [32]byte(nonce) == [32]byte{} { // in whose place go-nostr takes a random one
		nonce[31] = 1
	}
	return nonce, nil
}
