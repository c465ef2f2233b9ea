package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
)

// keyFileOf writes a key pair's secret into a file.
func newKeyFile(t *testing.T) (path string, who *nip17.SecretSigner) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "nsec")
	if _, err := generateKey(path); err != nil {
		t.Fatal(err)
	}
	secret, err := nip17.ReadSecretFile(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if who, err = nip17.NewSecretSigner(secret); err != nil {
		t.Fatal(err)
	}
	return path, who
}

// audited is an order that a relay tracked, its audit file and the parties' keys.
type audited struct {
	file, buyer, seller string
}

func newAudited(t *testing.T) audited {
	t.Helper()
	var a audited
	m := newMarket(t, func(*config) {})
	a.buyer, m.buyer = newKeyFile(t)
	a.seller, m.seller = newKeyFile(t)
	for _, s := range []*nip17.SecretSigner{m.buyer, m.seller} {
		if err := m.keyring.Add(nip17test.ReadingKey(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	m.sells("A-1")
	m.says(m.seller, orders.Draft{Verb: orders.Cancel, OrderID: "A-1", Private: orders.Private{Reason: "a secret reason"}}, time.Now())
	m.says(m.buyer, orders.Draft{Verb: orders.Dispute, OrderID: "A-1", Private: orders.Private{Reason: "broken"}}, time.Now())
	m.await("A-1", orders.StatusDisputed)
	a.file = filepath.Join(t.TempDir(), "A-1.json")
	out := mustCLI(t, m.cfg.DataDir, "orders", "audit", "A-1", "--out", a.file)
	if !strings.Contains(out, "5 messages") {
		t.Errorf("it says %q", out)
	}
	if _, err := cli(t, m.cfg.DataDir, "orders", "audit", "A-1", "--out", a.file); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("over a file: %v", err)
	}
	if _, err := cli(t, m.cfg.DataDir, "orders", "audit", "A-9"); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("no such order: %v", err)
	}
	if _, err := cli(t, m.cfg.DataDir, "orders", "audit"); orders.ErrorCode(err) != orders.EINVALID {
		t.Errorf("nothing asked: %v", err)
	}
	text, err := os.ReadFile(a.file)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{"Porto", "secret reason", "broken"} {
		if strings.Contains(string(text), private) {
			t.Errorf("%q stands in the file in clear", private)
		}
	}
	return a
}

// TestAudit: each party proves with his own key, offline, that the order is what
// the two of them wrote; and whatever is changed in the file is found.
func TestAudit(t *testing.T) {
	a := newAudited(t)
	nowhere := t.TempDir()
	check := func(file string, args ...string) (string, error) {
		return cli(t, nowhere, append([]string{"orders", "audit", "--check", file}, args...)...)
	}
	for name, want := range map[string]struct {
		args   []string
		opened string
	}{
		"the buyer":  {[]string{"--key", a.buyer}, "5 of 5 messages were opened"},
		"the seller": {[]string{"--key", a.seller}, "5 of 5 messages were opened"},
		"a stranger": {[]string{"--key", keyOnly(newKeyFile(t))}, "0 of 5 messages were opened"},
		"no key":     {nil, "0 of 5 messages were opened"},
	} {
		out, err := check(a.file, want.args...)
		if err != nil || !strings.Contains(out, want.opened) || !strings.Contains(out, "follows from the 15 facts") || strings.Contains(out, "PROBLEM") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}

	forge := func(change func(*auditFile)) string {
		text, err := os.ReadFile(a.file)
		if err != nil {
			t.Fatal(err)
		}
		file := new(auditFile)
		if err := json.Unmarshal(text, file); err != nil {
			t.Fatal(err)
		}
		change(file)
		if text, err = json.Marshal(file); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "forged.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	each := func(f *auditFile, verb orders.Verb, change func(*orders.Fact)) {
		for i := range f.Facts {
			if f.Facts[i].Verb == verb {
				change(&f.Facts[i])
			}
		}
		o := foldAudit(orders.Key{Pair: orders.PairOf(f.Order.BuyerPubkey, f.Order.SellerPubkey), OrderID: f.Order.OrderID}, f.Facts)
		o.IntentID, o.Version = f.Order.IntentID, f.Order.Version
		f.Order = o
	}
	for name, c := range map[string]struct {
		change func(*auditFile)
		want   string
	}{
		"another status":         {func(f *auditFile) { f.Order.Status = orders.StatusDelivered }, "does not follow from the facts"},
		"another amount":         {func(f *auditFile) { each(f, orders.Intent, func(x *orders.Fact) { x.Amount = new(int64) }) }, "did not say what the file says (intent)"},
		"another parcel":         {func(f *auditFile) { each(f, orders.Shipped, func(x *orders.Fact) { x.Tracking = "1Z8" }) }, "did not say what the file says (shipped)"},
		"another verb":           {func(f *auditFile) { each(f, orders.Dispute, func(x *orders.Fact) { x.Verb = orders.Note }) }, "did not say what the file says (note)"},
		"another time":           {func(f *auditFile) { each(f, orders.Delivered, func(x *orders.Fact) { x.At -= 5000 }) }, "did not say"},
		"another's signature":    {func(f *auditFile) { each(f, orders.Dispute, func(*orders.Fact) {}); swapSeals(f) }, "the seal's signature is not its author's"},
		"no message":             {func(f *auditFile) { f.Messages = f.Messages[1:] }, "no trace of its message"},
		"another wrap":           {func(f *auditFile) { wraps(f)[0].Wrap.Content += "A" }, "the wrap's id or signature is wrong"},
		"wraps that are swapped": {swapWraps, "another message is in there"},
		"an invented fact":       {func(f *auditFile) { invent(f); each(f, "", nil) }, "no trace of its message"},
		"a box exchanged":        {exchangeBoxes, "its box holds something else"},
		"a box with other words": {func(f *auditFile) { otherWords(t, f) }, "something else than its author wrote"},
	} {
		out, err := check(forge(c.change), "--key", a.buyer)
		if err == nil || exitCode(err) != 1 || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v; want %q\n%s", name, err, c.want, out)
		}
	}

	// What is gone, or for another, is not proved, and said to be so.
	out, err := check(forge(func(f *auditFile) {
		for _, c := range wraps(f) {
			c.Wrap, c.Gone = nil, "deleted"
		}
	}), "--key", a.buyer)
	if err != nil || !strings.Contains(out, "3 of 5 messages were opened") || !strings.Contains(out, "sealed: signed by npub1") {
		t.Errorf("without the wraps, the author opens what the relay kept: %v\n%s", err, out)
	}
	for name, path := range map[string]string{"not there": filepath.Join(nowhere, "no"), "no audit": a.buyer} {
		if _, err := check(path); orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func keyOnly(path string, _ *nip17.SecretSigner) string { return path }

// wraps are the copies that have their wrap.
func wraps(f *auditFile) (cs []*auditCopy) {
	for i := range f.Messages {
		for j := range f.Messages[i].Copies {
			if c := &f.Messages[i].Copies[j]; c.Wrap != nil {
				cs = append(cs, c)
			}
		}
	}
	return cs
}

// swapWraps exchanges two messages to the buyer.
func swapWraps(f *auditFile) {
	cs := slices.DeleteFunc(wraps(f), func(c *auditCopy) bool { return c.Recipient != f.Order.BuyerPubkey })
	*cs[0], *cs[1] = *cs[1], *cs[0]
}

func swapSeals(f *auditFile) {
	cs := wraps(f)
	cs[0].Seal.Sig, cs[1].Seal.Sig = cs[1].Seal.Sig, cs[0].Seal.Sig
}

func invent(f *auditFile) {
	fact := f.Facts[0]
	fact.ID, fact.Verb, fact.Seq, fact.Box = nostr.GeneratePrivateKey(), orders.Paid, 0, nil
	f.Facts = append(f.Facts, fact)
}

func exchangeBoxes(f *auditFile) {
	i := slices.IndexFunc(f.Facts, func(x orders.Fact) bool { return x.Verb == orders.Intent })
	j := slices.IndexFunc(f.Facts, func(x orders.Fact) bool { return x.Verb == orders.Cancel })
	f.Facts[i].Box, f.Facts[j].Box = f.Facts[j].Box, f.Facts[i].Box
}

// otherWords seals another reason to the buyer, as whoever has the file could.
func otherWords(t *testing.T, f *auditFile) {
	sealer := nip17.NewSealer(time.Hour)
	defer sealer.Close()
	for i := range f.Facts {
		x := &f.Facts[i]
		if x.Verb != orders.Cancel || x.Box == nil {
			continue
		}
		p := orders.Private{Content: "another", Reason: "another"}
		if !slices.Equal(p.Carries(), x.Carries) {
			t.Fatalf("a cancel carries %v", x.Carries)
		}
		by, payloads, err := sealer.Seal(p.JSON(), []string{f.Order.BuyerPubkey})
		if err != nil {
			t.Fatal(err)
		}
		x.Box = &orders.Box{SealedBy: by, For: payloads}
	}
}
