package nip17

// Way is what a participant has handed over for their messages to be opened.
type Way string

// The ways, the safest first. (Safer still is to hand over nothing, and to copy
// the relay in.)
const (
	WayEncryption Way = "encryption-key" // a separate key that only decrypts (NIP-17 kind 10044)
	WayBunker     Way = "remote-signer"  // the permission to ask one for nip44_decrypt (NIP-46)
	WayIdentity   Way = "identity-key"   // the secret key itself
)
