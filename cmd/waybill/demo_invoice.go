package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcutil/bech32"
)

// The payment links of the demo are of the regtest network and have random keys
// and signatures: they read like the real ones, and nobody can pay one by mistake.

// A demoPayment is a payment link and what proves that it was paid.
type demoPayment struct {
	medium, link, proof string
}

// demoInvoice is a BOLT-11 invoice with the preimage of its payment hash.
func demoInvoice(sats int64, what string, made time.Time) demoPayment {
	preimage := randomBytes(32)
	hash := sha256.Sum256(preimage)
	data := groupsOf(made.Unix(), 7)
	for _, field := range []struct {
		letter byte // of BOLT-11's tagged fields, as its value in bech32
		value  []byte
	}{
		{1, base32(hash[:])},          // p: payment hash
		{16, base32(randomBytes(32))}, // s: payment secret
		{13, base32([]byte(what))},    // d: description
		{6, groupsOf(3600, 3)},        // x: seconds until it expires
	} {
		n := len(field.value)
		data = append(append(data, field.letter, byte(n>>5), byte(n&31)), field.value...)
	}
	data = append(data, base32(randomBytes(65))...) // the signature
	return demoPayment{"lightning", encode("lnbcrt"+bolt11Amount(sats), data), hex.EncodeToString(preimage)}
}

func bolt11Amount(sats int64) string {
	if sats%100 == 0 {
		return fmt.Sprintf("%du", sats/100)
	}
	return fmt.Sprintf("%dn", 10*sats)
}

// demoAddress is a BIP-21 link to a fresh address, with the id of a transaction.
func demoAddress(sats int64, _ string, _ time.Time) demoPayment {
	const witnessVersion = 0
	address := encode("bcrt", append([]byte{witnessVersion}, base32(randomBytes(20))...))
	link := fmt.Sprintf("bitcoin:%s?amount=%d.%08d", address, sats/1e8, sats%1e8)
	return demoPayment{"bitcoin", link, hex.EncodeToString(randomBytes(32))}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (Go 1.24)
	return b
}

// groupsOf is a number as groups of 5 bits, the highest first.
func groupsOf(n int64, count int) []byte {
	groups := make([]byte, count)
	for i := range groups {
		groups[i] = byte(n >> (5 * (count - 1 - i)) & 31)
	}
	return groups
}

func base32(b []byte) []byte {
	groups, err := bech32.ConvertBits(b, 8, 5, true)
	must(err) // 8 to 5 bits with padding always goes
	return groups
}

func encode(prefix string, data []byte) string {
	s, err := bech32.Encode(prefix, data)
	must(err) // every group has 5 bits
	return s
}
