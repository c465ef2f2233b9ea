package relay

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func (h *house) decode(wrap nostr.Event) ledger.Arrival {
	return h.decoder.Decode(h.ctx, &wrap, time.Now().UnixMilli())
}

// A delegated key opens; what is private is in the box alone, for those who may.
func TestDecode(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	wrap := h.wraps(buyer, intent(seller.PublicKey(), "A-1"), h.self.PublicKey())

	if a := h.decode(wrap[0]); a.State != ledger.Waiting || a.Reason != "not-for-us" || a.DropRaw {
		t.Errorf("without a key: got %s, %s", a.State, a.Reason)
	}
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	a := h.decode(wrap[0])
	if a.State != ledger.Opened || len(a.Facts) != 1 || a.Seal == nil || a.Seal.Author != buyer.PublicKey() {
		t.Fatalf("got %+v", a)
	}
	f := a.Facts[0]
	public, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(public), "Porto") {
		t.Errorf("the address is in clear: %s", public)
	}
	for name, who := range map[string]*nip17.SecretSigner{"buyer": buyer, "seller": seller} {
		if p, err := client.OpenBox(h.ctx, who, *f.Box); err != nil || p.ShippingAddress != "1 Main St, Porto" {
			t.Errorf("%s reads %q, %v", name, p.ShippingAddress, err)
		}
	}
	if _, err := client.OpenBox(h.ctx, h.admin, *f.Box); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("an admin reads an undisputed order: %v", err)
	}

	copied := h.decode(wrap[1])
	if !copied.DropRaw || copied.State != ledger.Opened || len(copied.Facts) != 1 {
		t.Fatalf("the relay's own copy: got %+v", copied)
	}
	p, err := client.OpenBox(h.ctx, seller, *copied.Facts[0].Box)
	if err != nil {
		t.Fatal(err)
	}
	var seal nostr.Event
	if err := json.Unmarshal([]byte(p.Seal), &seal); err != nil || seal.ID != copied.Seal.ID {
		t.Errorf("the seal is not in the box: %v", err)
	}
	if ok, err := seal.CheckSignature(); !ok || err != nil || seal.PubKey != buyer.PublicKey() {
		t.Errorf("the seal proves nothing: %v", err)
	}
}

// What a dispute says is for both and for the admins; a seller's note to himself
// is for nobody else.
func TestReaders(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		from *nip17.SecretSigner
		d    orders.Draft
		own  bool // the wrap is the sender's own copy
		want []*nip17.SecretSigner
	}{
		"dispute": {buyer, orders.Draft{Verb: orders.Dispute, OrderID: "A", To: seller.PublicKey(), Private: orders.Private{Reason: "broken"}}, false,
			[]*nip17.SecretSigner{buyer, seller, h.admin}},
		"note":    {seller, orders.Draft{Verb: orders.Note, OrderID: "A", To: buyer.PublicKey(), Private: orders.Private{Note: "soon"}}, true, []*nip17.SecretSigner{buyer, seller}},
		"to self": {seller, orders.Draft{Verb: orders.Note, OrderID: "A", To: seller.PublicKey(), Private: orders.Private{Note: "late"}}, true, []*nip17.SecretSigner{seller}},
	}
	for name, tt := range tests {
		ws := h.wraps(tt.from, tt.d)
		w := ws[0]
		if tt.own {
			w = ws[len(ws)-1]
		}
		a := h.decode(w)
		if len(a.Facts) != 1 {
			t.Fatalf("%s: got %s %s", name, a.State, a.Reason)
		}
		f := a.Facts[0]
		if len(f.Box.For) != len(tt.want) {
			t.Errorf("%s: %d readers, want %d", name, len(f.Box.For), len(tt.want))
		}
		for _, who := range tt.want {
			if _, err := client.OpenBox(h.ctx, who, *f.Box); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Whom a share of the price goes to is told so in a message of the buyer's, and
// nothing of it besides: its box is the buyer's.
func TestPayeeReadsNoBox(t *testing.T) {
	h := newHouse(t)
	buyer, payee := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, payee)); err != nil {
		t.Fatal(err)
	}
	rumor := nostr.Event{Kind: 17, PubKey: buyer.PublicKey(), CreatedAt: nostr.Now(), Content: "V4V payment to Ana",
		Tags: nostr.Tags{{"p", payee.PublicKey()}, {"order", "A"}, {"amount", "21"}, {"payment", "lightning", "lnbc1", strings.Repeat("0", 64)}}}
	wraps, err := nip17.Wrap(h.ctx, buyer, rumor, []string{payee.PublicKey()})
	if err != nil {
		t.Fatal(err)
	}
	a := h.decode(wraps[0])
	if len(a.Facts) != 1 || a.Facts[0].Payee != payee.PublicKey() || a.Facts[0].Box == nil {
		t.Fatalf("got %s %s %+v", a.State, a.Reason, a.Facts)
	}
	readers := slices.Collect(maps.Keys(a.Facts[0].Box.For))
	if len(readers) != 1 || readers[0] != buyer.PublicKey() {
		t.Errorf("%d readers: %v; want the buyer", len(readers), readers)
	}
}

// A direct message has one secret for both sides: what the author's key cannot read
// waits for nobody's.
func TestUnreadableDirectMessage(t *testing.T) {
	h := newHouse(t)
	author, other := newSigner(t), newSigner(t)
	evt := direct(t, author, other.PublicKey(), 0)
	if a := h.decode(evt); a.State != ledger.Waiting {
		t.Errorf("without a key: got %s, %s", a.State, a.Reason)
	}
	if err := h.keyring.Add(readingKey(t, author)); err != nil {
		t.Fatal(err)
	}
	if a := h.decode(evt); a.State != ledger.Unreadable || a.Reason != nip17.Reason(nip17.ErrDecrypt) {
		t.Errorf("with the author's key: got %s, %s", a.State, a.Reason)
	}
}

func TestAdminsAreStamped(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	ruling := orders.Draft{Verb: orders.Resolved, OrderID: "A", Buyer: buyer.PublicKey(), Seller: seller.PublicKey(),
		Public: orders.Public{Outcome: orders.OutcomeCancelled}}
	for name, tt := range map[string]struct {
		from *nip17.SecretSigner
		want bool
	}{"an admin": {h.admin, true}, "a stranger": {newSigner(t), false}} {
		a := h.decode(h.wraps(tt.from, ruling)[0])
		if len(a.Facts) != 1 || a.Facts[0].ByAdmin != tt.want {
			t.Errorf("%s: got %+v", name, a)
		}
	}
}

// FuzzPath sends any rumor through a real envelope, and what comes out through
// the fold: nothing panics, and nothing private becomes public.
func FuzzPath(f *testing.F) {
	sender, reader := newSigner(f), newSigner(f)
	for _, seed := range []string{
		`{"kind":16,"content":"leave at the door","tags":[["p","R"],["type","1"],["order","A"],["amount","21000"],["address","SECRET-STREET"]]}`,
		`{"kind":16,"content":"","tags":[["p","R"],["type","3"],["order","{}\u0000"],["status","cancelled"]]}`,
		`{"kind":17,"content":"","tags":[["p","R"],["order","A"],["payment","lightning","lnbc1","00"]]}`,
		`{"kind":14,"content":"{\"type\":\"purchase-intent\",\"products\":[{\"title\":\"a\",\"quantity\":1}],\"timestamp\":1}","tags":[["p","R"]]}`,
		`{"kind":14,"content":"[[[[[[[[","tags":[["p","R"]]}`,
	} {
		f.Add([]byte(seed), int64(1_760_000_000))
	}
	keyring, err := nip17.NewKeyring(readingKey(f, reader))
	if err != nil {
		f.Fatal(err)
	}
	sealer := nip17.NewSealer(time.Hour)
	f.Fuzz(func(t *testing.T, raw []byte, at int64) {
		var rumor nostr.Event
		if json.Unmarshal(raw, &rumor) != nil {
			return
		}
		for i, tag := range rumor.Tags {
			if len(tag) == 2 && tag[0] == "p" {
				rumor.Tags[i] = nostr.Tag{"p", reader.PublicKey()}
			}
		}
		rumor.PubKey, rumor.ID, rumor.Sig, rumor.CreatedAt = sender.PublicKey(), "", "", nostr.Timestamp(at)
		wraps, err := nip17.Wrap(t.Context(), sender, rumor, []string{reader.PublicKey()})
		if err != nil {
			return
		}
		d := NewDecoder(keyring, registry, sealer, reader.PublicKey(), nil, quiet)
		a := d.Decode(t.Context(), &wraps[0], 1_760_000_000_000)
		if a.Reason == "panic" {
			t.Fatal("the decoder panicked")
		}
		for _, fact := range a.Facts {
			p, ok := fact.Pair()
			if !ok {
				continue
			}
			o := orders.Fold(p, a.Facts)
			if !o.Status.Valid() || o.GrandTotal < 0 || len(o.Timeline) == 0 {
				t.Fatalf("got %+v", o)
			}
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "SECRET-STREET") && !strings.Contains(public(rumor), "SECRET-STREET") {
				t.Fatalf("the address became public: %s", text)
			}
		}
	})
}

// What a relay writes says nothing about an order and asks for nothing, whichever
// relay it was.
func TestDecodeNotice(t *testing.T) {
	h := newHouse(t)
	other, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"an order": "", "a command": "help"} {
		rumor := nostr.Event{Kind: nostr.KindDirectMessage, CreatedAt: nostr.Now(), Content: text, Tags: nostr.Tags{{"p", seller.PublicKey()}, {"order", "A-1"}}}
		to := seller.PublicKey()
		if text != "" {
			to = h.self.PublicKey()
			rumor.Tags = nostr.Tags{{"p", to}}
		}
		for _, notice := range []bool{false, true} {
			if notice {
				rumor.Tags = append(rumor.Tags, enrol.NoticeTag)
			}
			wraps, err := nip17.Wrap(t.Context(), other, rumor, []string{to}, nip17.NoCopy())
			if err != nil {
				t.Fatal(err)
			}
			a := h.decoder.decode(t.Context(), &wraps[0], time.Now().UnixMilli())
			if said := len(a.Facts) > 0 || a.request != nil; said == notice || notice && a.Reason != ledger.ReasonNotice {
				t.Errorf("%s, notice %v: %d facts, request %v, %s", name, notice, len(a.Facts), a.request != nil, a.Reason)
			}
		}
	}
}
