package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcutil/bech32"
)

// The examples of BOLT 11; all have the payment hash exampleHash and were made
// at 1496314658.
const (
	exampleHash = "0001020304050607080900010203040506070809000102030405060708090102"
	donation    = "lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql"
	coffee      = "lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh"
)

// testInvoice makes an invoice of a node whose secret key is 1. amount is what stands
// behind the network: "", "10u" … It need not be one that may be.
func testInvoice(network, amount, paymentHash string, made, lasts int64) string {
	groups := func(n int64, count int) (g []byte) {
		for i := count - 1; i >= 0; i-- {
			g = append(g, byte(n>>(5*i)&31))
		}
		return g
	}
	field := func(letter byte, value []byte) []byte {
		return append([]byte{letter, byte(len(value) >> 5), byte(len(value) & 31)}, value...)
	}
	convert := func(b []byte, from, to uint8) []byte {
		g, err := bech32.ConvertBits(b, from, to, true)
		if err != nil {
			panic(err)
		}
		return g
	}
	hash, err := hex.DecodeString(paymentHash)
	if err != nil {
		panic(err)
	}
	data := slices.Concat(groups(made, 7), field(1, convert(hash, 8, 5)), field(6, groups(lasts, 6)), field(13, convert([]byte("test"), 8, 5)))
	prefix := network + amount
	digest := sha256.Sum256(append([]byte(prefix), convert(data, 5, 8)...))
	node, _ := btcec.PrivKeyFromBytes([]byte{31: 1})
	sig := ecdsa.SignCompact(node, digest[:], true)
	sig = append(sig[1:], sig[0]-27-4)
	s, err := bech32.Encode(prefix, append(data, convert(sig, 8, 5)...))
	if err != nil {
		panic(err)
	}
	return s
}

// forged is the invoice with a signature that nobody made, and a right checksum.
func forged(invoice string) string {
	prefix, data, err := bech32.DecodeNoLimit(invoice)
	if err != nil {
		panic(err)
	}
	for i := range 104 {
		data[len(data)-1-i] = 31
	}
	s, err := bech32.Encode(prefix, data)
	if err != nil {
		panic(err)
	}
	return s
}

func TestParseInvoice(t *testing.T) {
	made := int64(1760000000)
	tests := []struct {
		name, text string
		want       string // hash msat expiry, or ""
	}{
		{"donation", donation, exampleHash + " -1 1496318258000"},
		{"coffee for a minute", coffee, exampleHash + " 250000000 1496314718000"},
		{"upper case", strings.ToUpper(coffee), exampleHash + " 250000000 1496314718000"},
		{"testnet", testInvoice("lntb", "20m", exampleHash, made, 60), exampleHash + " 2000000000 1760000060000"},
		{"signet", testInvoice("lntbs", "1", exampleHash, made, 60), exampleHash + " 100000000000 1760000060000"},
		{"regtest", testInvoice("lnbcrt", "10p", exampleHash, made, 60), exampleHash + " 1 1760000060000"},
		{"nano", testInvoice("lnbc", "15n", exampleHash, made, 60), exampleHash + " 1500 1760000060000"},
		{"not a whole msat", testInvoice("lnbc", "15p", exampleHash, made, 60), ""},
		{"all there is", testInvoice("lnbc", "21000000", exampleHash, made, 60), exampleHash + " 2100000000000000000 1760000060000"},
		{"more than there is by one", testInvoice("lnbc", "21000001", exampleHash, made, 60), ""},
		{"more than a signed number holds", testInvoice("lnbc", "99999999", exampleHash, made, 60), ""},
		{"that wraps around", testInvoice("lnbc", "184467440738", exampleHash, made, 60), ""},
		{"that wraps around in micro", testInvoice("lnbc", "184467440737096u", exampleHash, made, 60), ""},
		{"forged", forged(payable), ""},
		{"only a multiplier", testInvoice("lnbc", "m", exampleHash, made, 60), ""},
		{"more than there is", testInvoice("lnbc", "99999999999999999", exampleHash, made, 60), ""},
		{"other network", testInvoice("lnxx", "10u", exampleHash, made, 60), ""},
		{"no lightning", testInvoice("bc", "10u", exampleHash, made, 60), ""},
		{"short hash", testInvoice("lnbc", "10u", exampleHash[:60], made, 60), ""},
		{"one letter changed", strings.Replace(coffee, "pvjluez", "pvjlueq", 1), ""},
		{"one letter less", coffee[:len(coffee)-1], ""},
		{"mixed case", strings.Replace(coffee, "lnbc", "LNbc", 1), ""},
		{"empty", "", ""},
		{"too long", donation + strings.Repeat("q", maxInvoice), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if inv, ok := parseInvoice(tt.text); ok {
				got = fmt.Sprint(inv.paymentHash, " ", inv.msat, " ", inv.expiry)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseLink(t *testing.T) {
	lnurl := "LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35XVUKXEFCV5MKVV34X5EKZD3EV56NYD3HXQURZEPEXEJXXEPNXSCRVWFNV9NXZCN9XQ6XYEFHVGCXXCMYXYMNSERXFQ5FNS"
	tests := []struct {
		name, text string
		want       string // medium, sats, has invoice; "" for no link
	}{
		{"invoice", coffee, "lightning 250000 true"},
		{"invoice with scheme", "lightning:" + coffee, "lightning 250000 true"},
		{"any amount", "LIGHTNING:" + donation, "lightning ? true"},
		{"LNURL", lnurl, "lightning ? false"},
		{"LNURL, broken", lnurl[:len(lnurl)-1] + "Q", ""},
		{"BIP-21", "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=0.001&label=x", "bitcoin 100000 false"},
		{"BIP-21, old address", "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "bitcoin ? false"},
		{"BIP-21, taproot", "BITCOIN:BC1P5CYXNUXMEUWUVKWFEM96LQZSZD02N6XDCJRS20CAC6YQJJWUDPXQKEDRCR", "bitcoin ? false"},
		{"BIP-21, unified", "bitcoin:?lightning=" + coffee, "bitcoin ? true"},
		{"BIP-21, half a sat", "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2?amount=0.000000005", "bitcoin ? false"},
		{"BIP-21, wrong checksum", "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", ""},
		{"BIP-21, wrong old checksum", "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", ""},
		{"BIP-21, nothing", "bitcoin:", ""},
		{"other scheme", "https:" + coffee, ""},
		{"words", "please pay", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if l, ok := parseLink(tt.text); ok {
				n := "?"
				if l.sats != nil {
					n = fmt.Sprint(*l.sats)
				}
				got = fmt.Sprint(l.medium, " ", n, " ", l.invoice != nil)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAsks(t *testing.T) {
	for text, want := range map[string]int64{
		coffee: 250_000, "bitcoin:?lightning=" + coffee: 250_000, donation: -1, "till@shop.example": -1, "": -1,
		"bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=0.001": 100_000,
		"bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5?amount=0.001": -1,
	} {
		got, ok := Asks(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%.20s…: got %d, want %d", text, got, want)
		}
	}
}
