package enrol

import "github.com/waybill-relay/waybill/nip17"

// A WayInfo says what one way of taking part is, and what it gives away, in the
// words in which every part of Waybill says it.
type WayInfo struct {
	Way   nip17.Way `json:"way"`   // WayCopy: no key
	Title string    `json:"title"` //
	Do    string    `json:"do"`    // what the participant does
	Costs string    `json:"costs"` // what the relay, or who breaks into it, could then do
}

// WayCopy is to hand over nothing, and to copy the relay in.
const WayCopy nip17.Way = "copy"

// Ways are the ways of taking part, the safest first.
func Ways() []WayInfo {
	return []WayInfo{
		{WayCopy, "Copy the relay in",
			"Your client sends one more wrap, to the relay's own public key. You hand over no key.",
			"The relay reads the messages you copy to it, while they arrive. The copies are never stored, and what is private in them is sealed to you and the other party."},
		{nip17.WayEncryption, "A key that only decrypts",
			"Announce a separate encryption key (kind 10044) and hand over the secret of that one.",
			"The relay reads what is encrypted to that key, and can never sign as you. You announce another one whenever you like."},
		{nip17.WayBunker, "Your remote signer",
			"Give the relay a bunker:// URL (NIP-46) that is limited to nip44_decrypt. Your secret never leaves the signer.",
			"The relay asks your signer to decrypt, as long as you let it: whoever holds the relay's permission can have any message of yours decrypted until you withdraw it. It can never sign as you."},
		{nip17.WayIdentity, "Your identity key",
			"The last resort: hand over your nsec, better as ncryptsec.",
			"Stolen from the relay's memory, or from its disk together with the master key, it reads all your private messages and signs as you."},
	}
}
