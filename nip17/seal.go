package nip17

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// openSeal reads and verifies a seal: the event of kind 13 by which the real
// author signs for what is encrypted in it.
func openSeal(plain string, now time.Time) (nostr.Event, []Flag, error) {
	seal, has, err := parseEvent(plain)
	if err == nil && has != hasID|hasPubKey|hasCreatedAt|hasKind|hasTags|hasContent|hasSig {
		err = faultMissing
	}
	if err != nil {
		return nostr.Event{}, nil, fmt.Errorf("%w: %w", ErrSealFormat, err)
	}
	// The key is checked before the id: it stands unescaped in what is hashed.
	if !lowerHex(seal.PubKey, 64) {
		return nostr.Event{}, nil, fmt.Errorf("%w: %w", ErrSealFormat, faultType)
	}
	if !seal.CheckID() {
		return nostr.Event{}, nil, ErrSealID
	}
	var flags []Flag
	switch seal.Kind {
	case nostr.KindSeal:
	case nostr.KindGiftWrap:
		flags = append(flags, FlagSealKind1059)
	default:
		return nostr.Event{}, nil, ErrSealKind
	}
	tags := readSealTags(seal.Tags)
	if tags.expires != 0 && tags.expires <= now.Unix() {
		return nostr.Event{}, nil, ErrSealExpired
	}
	if tags.other {
		flags = append(flags, FlagSealTags)
	}
	if !signed(&seal) {
		return nostr.Event{}, nil, ErrSealSignature
	}
	return seal, flags, nil
}

// decryptSeal opens the content of a verified seal with the key that opened its
// wrap.
//
// The cipher is between the reader and the seal's author, or the encryption key
// that the author's signed `n` tag names. Either way it only hides: a reader's
// key, which the relay may hold, makes the same ciphertexts. What proves the
// author is the signature.
func decryptSeal(ctx context.Context, seal *nostr.Event, key Key) (string, error) {
	from := seal.PubKey
	if n := readSealTags(seal.Tags).encryptedBy; n != "" {
		from = n
	}
	decrypt := key.Decrypt
	if k, ok := key.(interface {
		decryptRecurring(ctx context.Context, from, payload string) (string, error)
	}); ok {
		decrypt = k.decryptRecurring
	}
	plain, err := decrypt(ctx, from, seal.Content)
	if err != nil {
		return "", undecrypted(ctx, err)
	}
	if len(plain) > MaxContent {
		return "", ErrTooLarge
	}
	return plain, nil
}

type sealTags struct {
	encryptedBy string // `n`: the sender's encryption key (hex)
	expires     int64  // `expiration` (NIP-40): Unix seconds, 0 for never
	other       bool   // there is something else
}

// readSealTags takes from a seal's tags, which NIP-59 wants empty, the two that
// other pages put there. One that is malformed, or there twice, counts as other.
func readSealTags(tags nostr.Tags) (t sealTags) {
	for _, tag := range tags {
		switch {
		case len(tag) >= 2 && tag[0] == "n" && t.encryptedBy == "" && ValidPublicKey(tag[1]):
			t.encryptedBy = tag[1]
		case len(tag) >= 2 && tag[0] == "expiration" && t.expires == 0:
			n, err := strconv.ParseInt(tag[1], 10, 64)
			if err != nil {
				t.other = true
				continue
			}
			t.expires = max(n, 1)
		default:
			t.other = true
		}
	}
	return t
}
