package nip17

import (
	"context"
	"errors"
	"fmt"
)

// refusal is why something was not opened, wrapped or sealed. Its text is
// constant, so that an error can never carry content.
type refusal struct{ reason, text string }

func (r *refusal) Error() string { return "nip17: " + r.text }

func refuse(reason, text string) error { return &refusal{reason, text} }

const keyUnavailable = "key-unavailable"

// What Open refuses. Compare with errors.Is; Reason gives the short code.
var (
	ErrWrapKind      = refuse("wrap-kind", "not a gift wrap of kind 1059")
	ErrTooLarge      = refuse("too-large", "larger than NIP-44 v2 carries")
	ErrRecipients    = refuse("recipients", "not addressed to one recipient")
	ErrNotForUs      = refuse("not-for-us", "no key is held for the recipient")
	ErrWrapID        = refuse("wrap-id", "the wrap's id is not its hash")
	ErrWrapSignature = refuse("wrap-signature", "the wrap's signature does not verify")
	ErrDecrypt       = refuse("decrypt", "not a payload for this key")

	ErrSealFormat    = refuse("seal-format", "the seal is not a well-formed event")
	ErrSealID        = refuse("seal-id", "the seal's id is not its hash")
	ErrSealKind      = refuse("seal-kind", "the seal's kind is not 13")
	ErrSealExpired   = refuse("seal-expired", "the seal has expired")
	ErrSealSignature = refuse("seal-signature", "the seal's signature does not verify")

	ErrRumorFormat   = refuse("rumor-format", "the rumor is not a well-formed event")
	ErrRumorSigned   = refuse("rumor-signed", "the rumor carries a signature")
	ErrImpersonation = refuse("impersonation", "the rumor names another author than its seal")
	ErrRumorID       = refuse("rumor-id", "the rumor's id is not its hash")
	ErrCreatedAt     = refuse("created-at", "the rumor's created_at is not a time")
)

// What OpenDirect refuses, beside ErrTooLarge, ErrRecipients, ErrNotForUs,
// ErrDecrypt and ErrCreatedAt.
var (
	ErrDirectKind      = refuse("direct-kind", "not a direct message of kind 4")
	ErrDirectFormat    = refuse("direct-format", "the content is not a NIP-04 payload")
	ErrDirectID        = refuse("direct-id", "the message's id is not its hash")
	ErrDirectSignature = refuse("direct-signature", "the message's signature does not verify")
)

// ErrKeyUnavailable is what a Key returns that could not be asked: a remote
// signer that is offline, a context that ended. It says nothing about the
// message, which may open later.
var ErrKeyUnavailable = refuse(keyUnavailable, "the key cannot be asked at the moment")

// What is wrong with the values of a caller.
var (
	ErrPublicKey  = refuse("public-key", "a public key must be 64 lower-case hex digits and a point of secp256k1")
	ErrEmpty      = refuse("empty", "NIP-44 does not encrypt an empty text")
	ErrSecret     = refuse("secret", "not a secret key: nsec, ncryptsec or 64 hex digits")
	ErrPassphrase = refuse("passphrase", "the passphrase does not open the ncryptsec")
	ErrMaster     = refuse("master", "the master key does not open this")
	ErrKeyFile    = refuse("key-file", "not a key file of this form")
)

// Reason is the stable short code of err ("not-for-us", "impersonation"…), ""
// for nil and "internal" for an error that is none of this package's.
func Reason(err error) string {
	var r *refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return r.reason
	case ended(err):
		return keyUnavailable
	}
	return "internal"
}

// Retryable reports whether the same message may open later with the same
// keys. ErrNotForUs is not: what it waits for is another key.
func Retryable(err error) bool {
	return errors.Is(err, ErrKeyUnavailable) || ended(err)
}

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// undecrypted maps what a Key answered to a refusal. The Key's own words are
// dropped: a remote one may quote what it was sent.
func undecrypted(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrKeyUnavailable, ctx.Err())
	case Retryable(err):
		return ErrKeyUnavailable
	case errors.Is(err, ErrNotForUs):
		return ErrNotForUs
	case errors.Is(err, ErrTooLarge):
		return ErrTooLarge
	}
	return ErrDecrypt
}
