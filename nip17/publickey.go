package nip17

import (
	"encoding/hex"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// ValidPublicKey reports whether key is a NIP-01 public key: 64 lower-case hex
// digits, the x coordinate of a point of secp256k1.
func ValidPublicKey(key string) bool {
	_, err := parsePublicKey(key)
	return err == nil
}

func parsePublicKey(key string) (*secp256k1.PublicKey, error) {
	if !lowerHex(key, 64) {
		return nil, ErrPublicKey
	}
	// BIP-340: of the two points with this x, the one with even y.
	var compressed [33]byte
	compressed[0] = secp256k1.PubKeyFormatCompressedEven
	if _, err := hex.Decode(compressed[1:], []byte(key)); err != nil {
		return nil, ErrPublicKey
	}
	pub, err := secp256k1.ParsePubKey(compressed[:])
	if err != nil {
		return nil, ErrPublicKey
	}
	return pub, nil
}

func encodePublicKey(pub *secp256k1.PublicKey) string {
	return hex.EncodeToString(pub.SerializeCompressed()[1:])
}

// lowerHex reports whether s is n lower-case hex digits. Upper case is refused
// everywhere: the same key in two spellings would be two participants.
func lowerHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
