package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcutil/bech32"
	"github.com/btcsuite/btcd/chaincfg"
	"github.com/btcsuite/btcd/chaincfg/chainhash"
	"github.com/lightningnetwork/lnd/lnwire"
	"github.com/lightningnetwork/lnd/zpay32"
)

// The payment links of the demo are of the regtest network and their keys are
// forgotten: they read like the real ones, and nobody can pay one by mistake.

// A demoPayment is a payment link and what proves that it was paid.
type demoPayment struct {
	medium, link, proof string
}

// demoInvoice is a BOLT-11 invoice with the preimage of its payment hash.
func demoInvoice(sats int64, what string, made time.Time) demoPayment {
	preimage := randomBytes(32)
	node, err := btcec.NewPrivateKey()
	must(err) // only where there is no randomness
	inv, err := zpay32.NewInvoice(&chaincfg.RegressionNetParams, sha256.Sum256(preimage), made,
		zpay32.Amount(lnwire.MilliSatoshi(sats*1000)), zpay32.Description(what), zpay32.Expiry(time.Hour),
		zpay32.PaymentAddr([32]byte(randomBytes(32))))
	must(err) // it has all that an invoice needs
	link, err := inv.Encode(zpay32.MessageSigner{SignCompact: func(msg []byte) ([]byte, error) {
		return ecdsa.SignCompact(node, chainhash.HashB(msg), true), nil
	}})
	must(err)
	return demoPayment{"lightning", link, hex.EncodeToString(preimage)}
}

// demoAddress is a BIP-21 link to a fresh address, with the id of a transaction.
func demoAddress(sats int64, _ string, _ time.Time) demoPayment {
	const witnessVersion = 0
	program, err := bech32.ConvertBits(randomBytes(20), 8, 5, true)
	must(err) // 8 to 5 bits with padding always goes
	address, err := bech32.Encode("bcrt", append([]byte{witnessVersion}, program...))
	must(err) // every group has 5 bits
	link := fmt.Sprintf("bitcoin:%s?amount=%d.%08d", address, sats/1e8, sats%1e8)
	return demoPayment{"bitcoin", link, hex.EncodeToString(randomBytes(32))}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (Go 1.24)
	return b
}
