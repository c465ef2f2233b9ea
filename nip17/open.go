// Package nip17 opens and makes the envelopes of private messages (NIP-17,
// NIP-59, NIP-44 v2), opens those of NIP-04, and keeps the keys that this needs:
// the delegated keys of participants, the relay's own, and the short-lived keys
// that seal boxes.
//
// It never signs with a delegated key: the types that hold one have no method
// that could. It never trusts what a signature does not cover, never puts
// content, plaintext or a secret in an error, and never writes a secret in
// clear. It does not look at what a message says.
package nip17

import (
	"context"
	"errors"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// MaxContent is the largest content of a wrap, and the largest text in one, in
// bytes: above the 87,472 of NIP-44 v2, below what base64 should be run on for
// a stranger.
const MaxContent = 128 << 10

// Message is an opened gift wrap, or direct message. Its author is Rumor.PubKey,
// which is Seal.PubKey: the one thing that is signed for.
type Message struct {
	WrapID string      // id of the wrap (hex). One message comes in many wraps: tell messages apart by Rumor.ID
	Owner  string      // identity (hex) of the participant whose key opened it
	Key    string      // public key (hex) that opened it; not Owner for an encryption key
	Seal   nostr.Event // the signed seal, whole: the evidence
	Rumor  nostr.Event // ID is set, Sig is ""
	Flags  []Flag      // what was off and let pass
}

// Flag names something that a message does wrong without harm.
type Flag string

// The flags.
const (
	FlagSealKind1059 Flag = "seal-kind-1059" // the seal's kind is that of a wrap (CultureBridge)
	FlagSealTags     Flag = "seal-tags"      // the seal has tags it should not have; they are ignored
	FlagNoRumorID    Flag = "no-rumor-id"    // the rumor came without an id, which was computed
	FlagFuture       Flag = "future"         // the rumor's created_at lies more than 10 minutes ahead
)

// Option changes how Open, Wrap or a Sealer works.
type Option func(*options)

type options struct {
	verified bool
	local    bool
	now      func() time.Time
	work     int
	noCopy   bool
	expires  time.Time
}

// Verified tells Open that the wrap's id and signature were checked already, as
// a relay does before it takes an event.
func Verified() Option { return func(o *options) { o.verified = true } }

// Local has Open ask only the keys in this process. What only a RemoteKey could
// open is ErrKeyUnavailable then: it is for somebody who has time to wait.
func Local() Option { return func(o *options) { o.local = true } }

// Clock is the time to go by, time.Now without this option. A caller that opens
// the same wrap again later gives the time of its arrival, so that what follows
// from the time (an expired seal, FlagFuture) does not change.
func Clock(now func() time.Time) Option { return func(o *options) { o.now = now } }

func newOptions(opts []Option) options {
	o := options{now: time.Now}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Open opens a gift wrap of kind 1059 with a key of kr. It checks, the cheap
// before the dear: the wrap's kind, size, recipient, id and signature; the
// seal's form, id, kind, expiry and signature; the rumor's form, that it is
// unsigned and names the seal's author, its id and its time (NIP-17, NIP-59).
//
// Every refusal is one of the Err values and final but where Retryable says
// otherwise; ErrNotForUs comes before any cryptography.
func Open(ctx context.Context, wrap *nostr.Event, kr *Keyring, opts ...Option) (Message, error) {
	o := newOptions(opts)
	if wrap == nil || wrap.Kind != nostr.KindGiftWrap {
		return Message{}, ErrWrapKind
	}
	if len(wrap.Content) > MaxContent {
		return Message{}, ErrTooLarge
	}
	keys, err := recipient(wrap.Tags, kr, o.now())
	if err != nil {
		return Message{}, err
	}
	if !o.verified {
		if err := checkEvent(wrap, ErrWrapID, ErrWrapSignature); err != nil {
			return Message{}, err
		}
	}
	key, plain, err := decryptFirst(ctx, keys, func(k Key) (string, error) {
		if _, remote := k.(RemoteKey); remote && o.local {
			return "", ErrKeyUnavailable
		}
		return k.Decrypt(ctx, wrap.PubKey, wrap.Content)
	})
	if err != nil {
		return Message{}, err
	}
	now := o.now()
	seal, sealFlags, err := openSeal(plain, now)
	if err != nil {
		return Message{}, err
	}
	if plain, err = decryptSeal(ctx, &seal, key); err != nil {
		return Message{}, err
	}
	rumor, rumorFlags, err := openRumor(plain, seal.PubKey, now)
	if err != nil {
		return Message{}, err
	}
	return Message{
		WrapID: wrap.ID,
		Owner:  key.Owner(),
		Key:    key.PublicKey(),
		Seal:   seal,
		Rumor:  rumor,
		Flags:  append(sealFlags, rumorFlags...),
	}, nil
}

// recipient finds the keys that may open a wrap with these tags. There is one
// p tag; or two, the second naming the identity behind an encryption key in
// the first. Anything else is no private message to one reader.
func recipient(tags nostr.Tags, kr *Keyring, at time.Time) ([]Key, error) {
	named, err := recipients(tags, 2)
	if err != nil {
		return nil, err
	}
	keys := kr.readers(named[0], at)
	if len(keys) == 0 {
		// Where only the second is known, the first may be an encryption key that
		// is enrolled later: not refused for good.
		return nil, ErrNotForUs
	}
	if len(named) == 2 && named[1] != keys[0].Owner() {
		return nil, ErrRecipients
	}
	return keys, nil
}

// recipients are the keys (hex) in the p tags, one at least and most at most.
func recipients(tags nostr.Tags, most int) (named []string, err error) {
	for _, tag := range tags {
		if len(tag) == 0 || tag[0] != "p" {
			continue
		}
		if len(tag) < 2 || !lowerHex(tag[1], 64) || len(named) == most {
			return nil, ErrRecipients
		}
		named = append(named, tag[1])
	}
	if len(named) == 0 {
		return nil, ErrRecipients
	}
	return named, nil
}

// checkEvent checks what NIP-01 says of every event. The id is checked by
// itself, as the signature is over the content and not over the id given.
func checkEvent(evt *nostr.Event, badID, badSignature error) error {
	if !lowerHex(evt.PubKey, 64) || !evt.CheckID() {
		return badID
	}
	if !signed(evt) {
		return badSignature
	}
	return nil
}

// signed drops go-nostr's errors: they quote the values.
func signed(evt *nostr.Event) bool {
	if !lowerHex(evt.Sig, 128) {
		return false
	}
	ok, err := evt.CheckSignature()
	return ok && err == nil
}

// decryptFirst tries the keys in order, and returns the first that opens. A key
// that could not be asked makes the whole a matter for later.
func decryptFirst[K Key](ctx context.Context, keys []K, decrypt func(K) (string, error)) (K, string, error) {
	var none K
	refused := ErrDecrypt
	for _, key := range keys {
		plain, err := decrypt(key)
		if err == nil {
			if len(plain) > MaxContent {
				return none, "", ErrTooLarge
			}
			return key, plain, nil
		}
		if err = undecrypted(ctx, err); !errors.Is(err, ErrDecrypt) && !Retryable(refused) {
			refused = err
		}
	}
	return none, "", refused
}
