// Package nip17test makes keys for tests. They are random and belong to nobody.
package nip17test

import (
	"testing"

	"github.com/waybill-relay/waybill/nip17"
)

// Signer makes a participant with a key of their own.
func Signer(t testing.TB) *nip17.SecretSigner {
	t.Helper()
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	s, err := nip17.NewSecretSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ReadingKey is the delegated key of s: it reads for s, and cannot sign.
func ReadingKey(t testing.TB, s *nip17.SecretSigner) *nip17.LocalKey {
	t.Helper()
	k, err := s.ReadingKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}
