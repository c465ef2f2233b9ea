// Package enrol is the desk at which participants hand over the keys that open
// their messages, and take them back: whoever has signed in there, by whichever
// door (NIP-98, NIP-42, a direct message to the relay, the command line), adds and
// revokes their own keys, and nobody else's.
//
// It takes no key without proof that it belongs to whom it is said to belong to,
// writes every attempt into the audit log before it has an effect, and never
// shows a secret again.
package enrol

import (
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// Door is by which way somebody came to the desk and showed who they are.
type Door string

// The doors.
const (
	DoorHTTP    Door = "nip98"
	DoorSocket  Door = "nip42"
	DoorMessage Door = "dm"
	DoorShell   Door = "cli"   // the operator, at the machine
	DoorVanish  Door = "nip62" // a request to vanish
)

// A Caller is somebody who has shown that Pubkey (hex) is theirs.
type Caller struct {
	Pubkey string
	Door   Door
}

// An Offer is a key that its owner hands over: a Secret, or the Bunker that asks it.
type Offer struct {
	Secret nip17.Secret // the caller's own, or one that their kind 10044 announces
	Bunker string       // a bunker:// URL (NIP-46)
	// Announcement is the caller's signed kind 10044 that names Secret's public key,
	// where the relay does not know it yet. nil: it is looked for in the ledger.
	Announcement *nostr.Event
	Since        time.Time // open only what arrived on it or later; zero: everything
	Invite       string    // the code that the operator gave, where one is needed
}

// A Delegation is one key as its owner, and the operator, may see it.
type Delegation struct {
	Pubkey    string    `json:"pubkey"`             // hex, of the key
	Owner     string    `json:"owner"`              // hex, whose inbox it opens
	Way       nip17.Way `json:"way"`                // what was handed over
	State     string    `json:"state"`              // "open", "retired", "locked", or of a remote signer: "connecting", "online", "offline", "approval", "denied"
	Since     time.Time `json:"since,omitzero"`     // opens what arrived on it or later
	AddedAt   time.Time `json:"addedAt,omitzero"`   // zero: it stands in the configuration
	RetiredAt time.Time `json:"retiredAt,omitzero"` // another key was announced then
	Waiting   int       `json:"waiting"`            // messages in the owner's inbox that are not opened yet
}
