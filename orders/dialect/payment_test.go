package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// Requests of several ways to pay: any invoice among them may be the one that is paid.
var waysToPay = []reading{
	{"address before the invoice",
		`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["order","A"],["type","2"],["amount","1000"],["payment","lightning","bob@example.com"],["payment","lightning","$J"],["payment","bitcoin","bc1qaddr"]]}`,
		`{"Verb":"request","OrderID":"A","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","expiry":1760003600000},"Private":{"paymentLink":"$J","reference":"lightning bob@example.com\nbitcoin bc1qaddr"}}`},
	{"two invoices",
		`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["order","A"],["type","2"],["payment","lightning","$I"],["payment","lightning","$J"],["payment","lightning","$I"]]}`,
		`{"Verb":"request","OrderID":"A","Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","otherHashes":["$h"],"expiry":1496314718000},"Private":{"paymentLink":"$I","reference":"lightning $J"}}`},
	{"an invoice in what is not preferred",
		`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["order","A"],["type","2"],["payment","bitcoin","bitcoin:?lightning=$J"],["payment","lightning","bob@example.com"]]}`,
		`{"Verb":"request","OrderID":"A","Public":{"medium":"lightning","otherHashes":["$h"]},"Private":{"paymentLink":"bob@example.com","reference":"bitcoin bitcoin:?lightning=$J"}}`},
	{"an invoice of another network without its medium",
		`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["order","A"],["type","2"],["payment","lntbs1broken"]]}`,
		`{"Verb":"request","OrderID":"A","Public":{"medium":"lightning"},"Private":{"paymentLink":"lntbs1broken"}}`},
}

func TestWaysToPay(t *testing.T) {
	for _, tt := range waysToPay {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, Gamma) })
	}
}

// TestOptionsAmount: each way may name what it takes, and that of the one chosen counts.
func TestOptionsAmount(t *testing.T) {
	reading{"options of several amounts",
		`{"kind":14,"pubkey":"$S","content":"{\"id\":\"o\",\"type\":1,\"payment_options\":[{\"type\":\"btc\",\"link\":\"bc1qaddr\",\"amount_sats\":1100},{\"type\":\"ln\",\"link\":\"$J\",\"amount_sats\":1000}]}","tags":[["p","$B"]]}`,
		`{"Verb":"request","OrderID":"o","Public":{"amount":1000,"medium":"lightning","paymentHash":"$h","expiry":1760003600000},"Private":{"paymentLink":"$J","reference":"bitcoin bc1qaddr"},"Flags":["invoice-mismatch"]}`,
	}.check(t, NIP15)
}

// invoices are n different ones in payment tags, medium before each.
func invoices(n int, medium string) string {
	var tags strings.Builder
	for i := range n {
		fmt.Fprintf(&tags, "\npayment|%s%s", medium, testInvoice("lnbc", "10u", fmt.Sprintf("%064x", i+1), 1760000000, 3600))
	}
	return tags.String()
}

// TestPaymentsAreBounded: every invoice is read once, and no more of them than are kept.
func TestPaymentsAreBounded(t *testing.T) {
	one := testInvoice("lnbc", "10u", opened, 1760000000, 3600)
	dear := testing.AllocsPerRun(20, func() { parseInvoice(one) })
	for name, tt := range map[string]struct {
		kind int
		tags string
	}{
		"receipt":                    {kindReceipt, invoices(300, "lightning|")},
		"receipt without the medium": {kindReceipt, invoices(300, "")},
		"request":                    {kindOrder, "\ntype|2" + invoices(300, "lightning|")},
		"request without the medium": {kindOrder, "\ntype|2" + invoices(300, "")},
		"text":                       {kindChat, "\nstatus|" + one},
	} {
		t.Run(name, func(t *testing.T) {
			m, most := fuzzed(tt.kind, "p|$S\norder|A"+tt.tags, "Please pay "+one), float64(maxLegs)
			if tt.kind == kindChat {
				most = 1
			}
			registry := New()
			var sts []orders.Statement
			got := testing.AllocsPerRun(5, func() { sts, _ = registry.Read(m) })
			if len(sts) == 0 || got < most*dear || got >= (most+0.9)*dear+200 {
				t.Errorf("%d statements, %.0f allocations, of which an invoice is %.0f", len(sts), got, dear)
			}
			if most > 1 && fmt.Sprint(sts[0].Flags) != "[cut]" {
				t.Errorf("flags: got %v", sts[0].Flags)
			}
		})
	}
}

func BenchmarkManyPayments(b *testing.B) {
	m := fuzzed(kindReceipt, "p|$S\norder|A"+invoices(400, ""), "")
	registry := New()
	for b.Loop() {
		if _, err := registry.Read(m); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAnyInvoiceProves: the preimage of any invoice that the seller offered confirms.
func TestAnyInvoiceProves(t *testing.T) {
	life{[]spoken{
		{`{"kind":16,"tags":[["p","$S"],["order","A"],["type","1"],["amount","1000"]]}`, "$B $S"},
		{`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["order","A"],["type","2"],["amount","1000"],["payment","lightning","bob@example.com"],["payment","lightning","` + testInvoice("lnbc", "10u", exampleHash, 1760000000, 3600) + `"],["payment","lightning","$J"]]}`, "$B $S"},
		{`{"kind":17,"tags":[["p","$S"],["order","A"],["amount","1000"],["payment","lightning","$J","$P"]]}`, "$B $S"},
	}, `paid, payment confirmed, 1000 sats, bound
buyer intent
seller request
buyer paid`}.check(t)
}
