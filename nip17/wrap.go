package nip17

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip13"
	"github.com/nbd-wtf/go-nostr/nip44"
)

// maxBackdate is how far NIP-59 lets the times of seals and wraps lie back.
const maxBackdate = 48 * time.Hour

// Work makes Wrap put so many bits of work (NIP-13) into every gift wrap, for a
// relay that asks for it. It takes twice as long with every bit.
func Work(bits int) Option { return func(o *options) { o.work = bits } }

// NoCopy makes Wrap make none for the sender: he keeps no copy of what he says.
func NoCopy() Option { return func(o *options) { o.noCopy = true } }

// Expires makes Wrap put the time on every gift wrap from which on relays need not keep
// it (NIP-40).
func Expires(at time.Time) Option { return func(o *options) { o.expires = at } }

// Wrap makes the gift wraps of one message: for each recipient (hex), and for
// the sender himself once, last where he is not among them. Doubles are dropped.
//
// The rumor's pubkey and id are set, its created_at where it is 0. Every copy
// has the same rumor, a seal of its own (kind 13, no tags) and a wrap with a
// throw-away key and one p tag; the times of both lie 0 to 2 days back,
// independently of each other (NIP-17, NIP-59).
//
// Errors: ErrPublicKey for a recipient, ErrImpersonation where the rumor names
// another author, ErrRumorFormat, ErrCreatedAt, ErrTooLarge for a rumor whose
// wrap is more than NIP-44 takes (safe: 40,000 bytes as JSON), and what the
// Signer returns.
func Wrap(ctx context.Context, from Signer, rumor nostr.Event, recipients []string, opts ...Option) ([]nostr.Event, error) {
	o := newOptions(opts)
	now := o.now()
	sender := from.PublicKey()
	all := make([]string, 0, len(recipients)+1)
	readers := slices.Clone(recipients)
	if !o.noCopy {
		readers = append(readers, sender)
	}
	for _, r := range readers {
		if !ValidPublicKey(r) {
			return nil, ErrPublicKey
		}
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	text, err := finishRumor(rumor, sender, now)
	if err != nil {
		return nil, err
	}
	wraps := make([]nostr.Event, 0, len(all))
	for _, to := range all {
		wrap, err := wrapFor(ctx, from, text, to, now, o)
		if err != nil {
			return nil, err
		}
		wraps = append(wraps, wrap)
	}
	return wraps, nil
}

// finishRumor completes the rumor and encodes it.
func finishRumor(rumor nostr.Event, sender string, now time.Time) (string, error) {
	if rumor.PubKey != "" && rumor.PubKey != sender {
		return "", ErrImpersonation
	}
	if rumor.CreatedAt == 0 {
		rumor.CreatedAt = nostr.Timestamp(now.Unix())
	}
	if rumor.CreatedAt < 0 || rumor.CreatedAt > maxCreatedAt {
		return "", ErrCreatedAt
	}
	if rumor.Tags == nil {
		rumor.Tags = nostr.Tags{}
	}
	if !encodable(&rumor) {
		return "", ErrRumorFormat
	}
	rumor.PubKey, rumor.Sig = sender, ""
	rumor.ID = rumor.GetID()
	text, err := encodeEvent(&rumor)
	if err != nil {
		return "", err
	}
	return text, encryptable(len(text))
}

// encodable reports whether the rumor comes out of JSON as it went in, so that
// the reader computes the same id.
func encodable(rumor *nostr.Event) bool {
	if rumor.Kind < 0 || rumor.Kind > 65_535 || !utf8.ValidString(rumor.Content) {
		return false
	}
	for _, tag := range rumor.Tags {
		if tag == nil || slices.ContainsFunc(tag, func(s string) bool { return !utf8.ValidString(s) }) {
			return false
		}
	}
	return true
}

func wrapFor(ctx context.Context, from Signer, rumor, to string, now time.Time, o options) (nostr.Event, error) {
	content, err := from.Encrypt(ctx, to, rumor)
	if err != nil {
		return nostr.Event{}, fmt.Errorf("nip17: encrypt the rumor: %w", err)
	}
	seal := nostr.Event{Kind: nostr.KindSeal, Tags: nostr.Tags{}, Content: content}
	if seal.CreatedAt, err = backdated(now); err != nil {
		return nostr.Event{}, err
	}
	if err := from.Sign(ctx, &seal); err != nil {
		return nostr.Event{}, fmt.Errorf("nip17: sign the seal: %w", err)
	}
	// A remote signer may have been switched to another key.
	if seal.PubKey != from.PublicKey() {
		return nostr.Event{}, ErrImpersonation
	}
	text, err := encodeEvent(&seal)
	if err != nil {
		return nostr.Event{}, err
	}
	return wrapSeal(ctx, text, to, now, o)
}

// wrapSeal makes the outer event, with a key that is used once and wiped.
func wrapSeal(ctx context.Context, seal, to string, now time.Time, o options) (wrap nostr.Event, err error) {
	if err := encryptable(len(seal)); err != nil {
		return wrap, err
	}
	once, err := secp256k1.GeneratePrivateKey()
	if err != nil {
		return wrap, fmt.Errorf("nip17: generate a key: %w", err)
	}
	defer once.Zero()
	pub, err := parsePublicKey(to)
	if err != nil {
		return wrap, err
	}
	conversation, err := deriveConversationKey(&once.Key, pub)
	if err != nil {
		return wrap, err
	}
	defer clear(conversation[:])
	wrap = nostr.Event{Kind: nostr.KindGiftWrap, Tags: nostr.Tags{{"p", to}}}
	if wrap.Content, err = nip44.Encrypt(seal, conversation); err != nil {
		return nostr.Event{}, err
	}
	if wrap.CreatedAt, err = backdated(now); err != nil {
		return nostr.Event{}, err
	}
	if !o.expires.IsZero() {
		wrap.Tags = append(wrap.Tags, nostr.Tag{"expiration", strconv.FormatInt(o.expires.Unix(), 10)})
	}
	if o.work > 0 {
		wrap.PubKey = encodePublicKey(once.PubKey())
		nonce, err := nip13.DoWork(ctx, wrap, o.work)
		if err != nil {
			return nostr.Event{}, fmt.Errorf("nip17: work on a wrap: %w", err)
		}
		wrap.Tags = append(wrap.Tags, nonce)
	}
	return wrap, sign(once, &wrap)
}

// backdated is a time 0 to 2 days before now.
func backdated(now time.Time) (nostr.Timestamp, error) {
	back, err := rand.Int(rand.Reader, big.NewInt(int64(maxBackdate/time.Second)+1))
	if err != nil {
		return 0, err
	}
	return nostr.Timestamp(now.Unix() - back.Int64()), nil
}

// encodeEvent is the JSON of an event, without a sig that is empty: a rumor
// must not have one.
func encodeEvent(evt *nostr.Event) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		ID        string          `json:"id"`
		PubKey    string          `json:"pubkey"`
		CreatedAt nostr.Timestamp `json:"created_at"`
		Kind      int             `json:"kind"`
		Tags      nostr.Tags      `json:"tags"`
		Content   string          `json:"content"`
		Sig       string          `json:"sig,omitempty"`
	}{evt.ID, evt.PubKey, evt.CreatedAt, evt.Kind, evt.Tags, evt.Content, evt.Sig})
	if err != nil {
		return "", fmt.Errorf("nip17: encode an event: %w", err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}
