// Package bunker asks a remote signer (NIP-46, a "bunker") to decrypt private
// messages, so that a participant's secret never leaves the place where it is
// kept. A Key is a nip17.RemoteKey for a nip17.Keyring.
//
// It asks for nip44_decrypt and for nothing else: it announces that permission
// alone when it connects, and has no code that asks to sign or to encrypt. Once,
// while the owner is not known yet, Identify asks for get_public_key.
//
// It never trusts a relay: an answer counts when the signer signed it and when
// its id is one that was asked for. It never puts what a signer or a user wrote
// into an error: an answer may quote plaintext, an address holds a secret. What
// it says of a signer is a Code, of a payload nothing.
package bunker

import (
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

const (
	kindMessage = nostr.KindNostrConnect // 24133, requests and replies alike

	methodConnect   = "connect"
	methodDecrypt   = "nip44_decrypt"
	methodPublicKey = "get_public_key"

	// What NIP-44 v2 carries without the extended length, in bytes, and the
	// base64 of that.
	maxPlaintext = 65_535
	minPayload   = 132
	maxPayload   = 87_472
)

// A failure is an error whose text is constant. What it unwraps to tells a
// Keyring whether the message may open later.
type failure struct {
	text string
	as   error
}

func fail(text string, as error) error { return &failure{text, as} }

func (f *failure) Error() string { return "bunker: " + f.text }

func (f *failure) Unwrap() error { return f.as }

// Why a signer cannot be asked at the moment. Each is nip17.ErrKeyUnavailable:
// the message may open later.
var (
	ErrOffline  = fail("the remote signer does not answer", nip17.ErrKeyUnavailable)
	ErrApproval = fail("the remote signer waits for its user's approval", nip17.ErrKeyUnavailable)

	// ErrDenied is also what a signer looks like that holds another key than the
	// owner's: what it is asked to decrypt is not for it.
	ErrDenied = fail("the remote signer refuses to decrypt for this owner", nip17.ErrKeyUnavailable)

	// ErrNotOwner says that the signer answers with something else than was
	// encrypted to the owner.
	ErrNotOwner = fail("the remote signer does not decrypt with the owner's key", nip17.ErrKeyUnavailable)
)

// ErrClosed is returned by a Key after Zero, and by an Invitation that is over.
// It is nip17.ErrNotForUs: this key opens nothing any more.
var ErrClosed = fail("closed", nip17.ErrNotForUs)

// ErrReply is what Identify returns where the signer names no public key.
var ErrReply = fail("the remote signer did not tell its user's public key", nil)

// What is wrong with a bunker:// address, with the values of an Offer, or with
// what Unmarshal was given.
var (
	ErrTooLong    = fail("an address of more than 4096 bytes", nil)
	ErrScheme     = fail("not a bunker:// address", nil)
	ErrSigner     = fail("a remote signer's public key must be 64 lower-case hex digits and a point of secp256k1", nil)
	ErrRelays     = fail("a remote signer is reached by 1 to 8 relays, ws:// or wss:// with a host", nil)
	ErrToken      = fail("the secret of an address comes once and has 256 bytes at most", nil)
	ErrName       = fail("a name has 64 characters at most, its URL is http:// or https:// and has 256 bytes at most", nil)
	ErrConnection = fail("not a stored connection", nil)
)
