//go:build e2e

package e2e

import (
	"crypto/aes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip04"
	"github.com/nbd-wtf/go-nostr/nip44"
	"github.com/nbd-wtf/go-nostr/nip49"
	"golang.org/x/crypto/chacha20poly1305"
)

// A thief's tools: what he knows things by, and how he opens them.

var (
	looksLikeNIP44 = regexp.MustCompile(`A[g-v][A-Za-z0-9+/]{130,}={0,2}`)
	looksLikeNIP04 = regexp.MustCompile(`[A-Za-z0-9+/]{22,}={0,2}\?iv=[A-Za-z0-9+/]{22}==`)
	looksLikeHex   = regexp.MustCompile(`(?i)\b[0-9a-f]{64}\b`)
	looksLikeKey   = regexp.MustCompile(`(?:nsec1|npub1)[02-9ac-hj-np-z]{58}|ncryptsec1[02-9ac-hj-np-z]+`)
	looksLikeVault = regexp.MustCompile(`v1\.[A-Za-z0-9+/]{96,}`)
)

// forceVaults opens secrets that are encrypted at rest, with everything that may
// be a master key, and for every public key.
func (th *thief) forceVaults() {
	masters := map[string]bool{}
	for _, text := range th.small {
		for _, digits := range looksLikeHex.FindAllString(text, -1) {
			masters[digits] = true
		}
	}
	for _, text := range th.all {
		for _, vault := range looksLikeVault.FindAllString(text, -1) {
			box, err := base64.RawStdEncoding.DecodeString(vault[len("v1."):])
			if err != nil {
				continue
			}
			for digits := range masters {
				master, _ := hex.DecodeString(digits)
				aead := must(chacha20poly1305.NewX(master))(th.t)
				for public := range th.peers {
					secret, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], []byte("waybill/key/v1|"+public))
					if err == nil {
						th.try(hex.EncodeToString(secret))
					}
					if connection, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], []byte("waybill/remote/v1|"+public)); err == nil {
						th.clients++
						for _, digits := range looksLikeHex.FindAllString(string(connection), -1) {
							th.try(digits)
						}
					}
				}
			}
		}
	}
}

// crackNcryptsecs takes every line of every small file for a passphrase.
func (th *thief) crackNcryptsecs() {
	for _, text := range th.all {
		for _, word := range looksLikeKey.FindAllString(text, -1) {
			if !strings.HasPrefix(word, "ncryptsec1") {
				continue
			}
			for _, small := range th.small {
				if strings.Count(small, "\n") > 1 || strings.HasPrefix(small, `"`) { // each takes a tenth of a second
					continue
				}
				if secret, err := nip49.Decrypt(word, strings.TrimSpace(small)); err == nil {
					th.try(secret)
				}
			}
		}
	}
}

// guessKeys takes 64 hex digits for a secret where he knows somebody whose secret
// they are.
func (th *thief) guessKeys() {
	seen := map[string]bool{}
	for _, text := range th.all {
		for _, digits := range looksLikeHex.FindAllString(text, -1) {
			if digits = strings.ToLower(digits); seen[digits] {
				continue
			}
			seen[digits] = true
			if public, err := nostr.GetPublicKey(digits); err == nil && th.peers[public] {
				th.keys[public] = digits
			}
		}
	}
}

// open tries every key with every peer.
func (th *thief) open(payload string) (plain string, ok bool) {
	for public, secret := range th.keys {
		for peer := range th.peers {
			attempt := [3]string{payload, public, peer}
			if th.tried[attempt] {
				continue
			}
			th.tried[attempt] = true
			if plain, ok = th.decrypt(payload, secret, peer); ok {
				return plain, true
			}
		}
	}
	return "", false
}

func (th *thief) decrypt(payload, secret, peer string) (plain string, ok bool) {
	if strings.Contains(payload, "?iv=") {
		shared, err := nip04.ComputeSharedSecret(peer, secret)
		if err != nil {
			return "", false
		}
		plain, err = nip04.Decrypt(payload, shared)
		// It has no checksum: some wrong keys make something of it, shorter by more than
		// a block or no text.
		text, _, _ := strings.Cut(payload, "?iv=")
		whole := base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(text, "=")))
		return plain, err == nil && plain != "" && len(plain) >= whole-aes.BlockSize && utf8.ValidString(plain)
	}
	shared, err := conversations.between(secret, peer)
	if err != nil {
		return "", false
	}
	plain, err = nip44.Decrypt(payload, shared)
	return plain, err == nil
}

// conversationKeys remembers what two keys share: it is dear, and asked for again
// with every ciphertext.
type conversationKeys map[[2]string][32]byte

var conversations = conversationKeys{}

func (c conversationKeys) between(secret, peer string) (shared [32]byte, err error) {
	shared, ok := c[[2]string{secret, peer}]
	if !ok {
		if shared, err = nip44.GenerateConversationKey(peer, secret); err == nil {
			c[[2]string{secret, peer}] = shared
		}
	}
	return shared, err
}

// unescaped shows what JSON in JSON hides from a pattern.
func unescaped(text string) string { return strings.ReplaceAll(text, `\"`, `"`) }
