package dialect

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

var goodID = regexp.MustCompile(`^[A-Za-z0-9._:@+%-]{1,100}$`)

// checkInvariants is what holds of every statement, whatever the message.
func checkInvariants(t testing.TB, m Message, st orders.Statement) {
	t.Helper()
	if !st.Verb.Valid() || st.ID != m.Rumor.ID {
		t.Errorf("verb %q, id %q", st.Verb, st.ID)
	}
	switch author := m.Rumor.PubKey; st.Trust {
	case orders.Bound:
		if st.Sender != author || st.Key != "" {
			t.Errorf("bound: sender %q, key %q; author %q", st.Sender, st.Key, author)
		}
	case orders.Unbound:
		if st.Sender == author || st.Key != author || st.Sender != "" && !slices.Contains(st.Parties, st.Sender) || st.Sender == "" && len(st.Parties) != 1 {
			t.Errorf("unbound: sender %q, key %q, parties %q; author %q", st.Sender, st.Key, st.Parties, author)
		}
	default:
		t.Errorf("trust %q", st.Trust)
	}
	for _, id := range []string{st.OrderID, st.Ref} {
		if id != "" && !goodID.MatchString(id) {
			t.Errorf("id %q", id)
		}
	}
	if n := len(st.Parties); n < 1 || n > 2 || !slices.IsSorted(st.Parties) || slices.ContainsFunc(st.Parties, func(p string) bool { return !isHex32(p) }) {
		t.Errorf("parties %q", st.Parties)
	}
	for _, n := range []*int64{st.Amount, st.ShippingQuote} {
		if n != nil && (*n < 0 || *n > orders.MaxSats) {
			t.Errorf("amount %d", *n)
		}
	}
	if st.At < 0 || st.ETA < 0 || st.Expiry < 0 || max(st.At, st.ETA, st.Expiry) > latest*1000 {
		t.Errorf("times %d %d %d", st.At, st.ETA, st.Expiry)
	}
	if st.Seq != 0 || st.Box != nil || st.ByAdmin {
		t.Error("fields that are not the dialect's are set")
	}
	if st.Verb == orders.Resolved && !st.Outcome.Valid() || len(st.Products) > maxProducts || !slices.IsSorted(st.Flags) {
		t.Errorf("outcome %q, %d products, flags %q", st.Outcome, len(st.Products), st.Flags)
	}
	told := st.Public
	told.PaymentHash = "" // is in the invoice, not in the clear
	public, err := json.Marshal(told)
	if err != nil {
		t.Fatalf("public part: %v", err)
	}
	for _, s := range publicStrings(st.Public) {
		if len(s) > maxURL || strings.ContainsFunc(s, isUnshown) || !utf8.ValidString(s) {
			t.Errorf("public string %q", s)
		}
	}
	p := st.Private
	if !slices.Equal(st.Carries, p.Carries()) {
		t.Errorf("carries %q, holds %q", st.Carries, p.Carries())
	}
	if len(p.Contact) > maxContacts {
		t.Errorf("%d contacts", len(p.Contact))
	}
	said := strings.Join(slices.Concat(slices.Concat(m.Rumor.Tags...), []string{m.Rumor.Content}), "\n")
	for _, s := range []string{p.ShippingAddress, p.PaymentLink, p.Note, p.Reason, p.Resolution, p.Reference, p.Proof, p.Content} {
		if len(s) > maxPrivate || !utf8.ValidString(s) {
			t.Errorf("a private field of %d bytes", len(s))
		}
		if len(s) >= 16 && strings.Count(said, s) == 1 && st.Mint != s && strings.Contains(string(public), s) {
			t.Errorf("private text %q in public %s", s, public)
		}
	}
}

func publicStrings(p orders.Public) []string {
	all := []string{p.Medium, p.PaymentHash, p.PreimageHash, p.Mint, p.Tracking, p.Carrier, p.Shipping, p.CheckoutID, string(p.Outcome), p.Code}
	for _, it := range p.Products {
		all = append(all, it.ProductID, it.Title, it.Currency, it.ImageURL)
	}
	return all
}

// fuzzed makes a message of a few lines: a tag each, its elements parted by |.
func fuzzed(kind int, tags, content string) Message {
	evt := nostr.Event{ID: rumorID, PubKey: buyer, CreatedAt: 1760000000, Kind: kind, Content: content}
	for line := range strings.SplitSeq(tags, "\n") {
		evt.Tags = append(evt.Tags, strings.Split(cast.Replace(line), "|"))
	}
	return Message{Rumor: evt, Owner: buyer, Relay: relayKey, Transport: orders.ByWrap, ReceivedAt: 1}
}

func checkRead(t *testing.T, m Message) {
	t.Helper()
	sts, err := New(WithKinds(1327)).Read(m)
	if err == nil && len(sts) == 0 || err != nil && (sts != nil || Reason(err) == "") {
		t.Fatalf("got %d statements, error %v", len(sts), err)
	}
	for _, st := range sts {
		checkInvariants(t, m, st)
	}
}

func FuzzGamma(f *testing.F) {
	f.Add(16, "p|$S\norder|A-100\ntype|1\namount|21,000.00\nitem|30402:$S:mug|2|https://x.example/i|Mug|10.50|EUR\naddress|1 Main St\ncontact|matrix|@a", "leave it")
	f.Add(16, "p|$S\norder|A\ntype|2\npayment|bitcoin|1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2\npayment|lightning|"+coffee+"\nexpiration|1760000000\neta|9e9", "")
	f.Add(16, "p|$R\nbuyer|$B\nseller|$S\norder|A\ntype|3\nstatus|resolved\noutcome|resume", "so be it")
	f.Add(16, "p|$S\norder|A\ntype|3\nstatus|refunded\namount|-1", "")
	f.Add(17, "p|$S\norder|A\npayment|lightning|"+donation+"|"+exampleHash+"\npayment|ecash|https://mint.example/x|cashuB", "")
	f.Add(1327, "p|$S\norder|%\ntype|4\nstatus|lost at sea\ntracking|\u202ex", "")
	f.Add(14, "p|$S\norder|A", "pay "+coffee)
	f.Fuzz(func(t *testing.T, kind int, tags, content string) {
		checkRead(t, fuzzed(kind, tags, content))
	})
}

func FuzzCultureBridge(f *testing.F) {
	for _, content := range cbGenerations {
		f.Add(cast.Replace(content))
	}
	f.Add(`{"type":"payment-and-address","saleId":"s","paymentProof":"` + exampleHash + `","shippingAddress":{"name":"A","x":{"y":[1]}}}`)
	f.Add(`{"type":"payment-request","intentId":"i","paymentLink":"` + coffee + `","estimatedDelivery":"2025-10-25","amount":1e3}`)
	f.Add(strings.Repeat(`{"a":`, 100))
	f.Fuzz(func(t *testing.T, content string) {
		checkRead(t, fuzzed(kindChat, "p|$S", content))
	})
}

func FuzzText(f *testing.F) {
	f.Add("order-1", "pay here: "+coffee+", thanks")
	f.Add("", "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=1")
	f.Add("x", "[Context: product/x]\n\nIs pi_b1b1b1b1_1760000000000 on its way? [Attachment 1]")
	f.Fuzz(func(t *testing.T, subject, content string) {
		checkRead(t, fuzzed(kindChat, "p|$S\nsubject|"+subject, content))
	})
}

func BenchmarkRead(b *testing.B) {
	r := New()
	for name, m := range map[string]Message{
		"gamma-order":   message(b, `{"kind":16,"content":"leave at the door","tags":[["p","$S"],["subject","order-info"],["type","1"],["order","A-100"],["amount","21000"],["item","30402:$S:mug","2"],["item","30402:$S:cup","1"],["shipping","30406:$S:dhl"],["address","1 Main St, Porto, PT"]]}`),
		"gamma-request": message(b, `{"kind":16,"tags":[["p","$S"],["type","2"],["order","A-100"],["amount","250000"],["payment","lightning","`+coffee+`"]]}`),
		"shopstr":       shopstrMessage(b, shopstrMessages[0].rumor),
		"text":          message(b, `{"kind":14,"content":"your parcel is on its way, pi_b1b1b1b1_1760000000000, thank you","tags":[["p","$S"]]}`),
		"g5":            fuzzed(kindChat, "p|$S", cast.Replace(cbGenerations["G5"])),
		"g2":            fuzzed(kindChat, "p|$S", cast.Replace(cbGenerations["G2"])),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Read(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
