package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip04"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay"
)

// TestExplain: the way of a message, from the wrap to the fold, with a key and
// without; nothing private is shown, and nothing is kept.
func TestExplain(t *testing.T) {
	m := newMarket(t, func(c *config) { c.Notices.DM = false }) // nothing else is to be written meanwhile
	sellersKey, seller := newKeyFile(t)
	m.seller = seller
	if err := m.keyring.Add(nip17test.ReadingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	m.sells("A-1")
	before := mustCLI(t, m.cfg.DataDir, "verify")

	wrapped := func(d orders.Draft) string {
		t.Helper()
		d.OrderID, d.To, d.At = "A-1", seller.PublicKey(), time.Now().UnixMilli()
		rumor, err := dialect.Compose(m.buyer.PublicKey(), d, "")
		if err != nil {
			t.Fatal(err)
		}
		wraps, err := nip17.Wrap(t.Context(), m.buyer, rumor, []string{seller.PublicKey()})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(wraps[0])
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "wrap.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cancel := wrapped(orders.Draft{Verb: orders.Cancel, Private: orders.Private{Reason: "a secret reason"}})

	for name, tt := range map[string]struct {
		args []string
		want []string
	}{
		"too late": {[]string{cancel, "--key", sellersKey},
			[]string{"a gift wrap (kind 1059, NIP-59)", "YES  gamma", "cancel", "sealed to the parties", "reason",
				"refused: illegal-transition", "delivered, as before", "cancel-refused"}},
		"alone": {[]string{cancel, "--key", sellersKey, "--alone"},
			[]string{"it begins here", "cancel by the", "counts"}},
		"without a key": {[]string{cancel},
			[]string{"id and signature  good", "It was not read: no key", "not-for-us", "--key"}},
		"a rumor": {[]string{`{"kind":16,"pubkey":"` + m.buyer.PublicKey() + `","created_at":1760000000,"tags":[["p","` + seller.PublicKey() + `"],["type","1"],["order","B-1"],["amount","5"],["address","1 Hidden St"]],"content":""}`},
			[]string{"Nobody has signed it", "no-rumor-id", "Order B-1", "it begins here", "5 sats", "shippingAddress"}},
		"a repost": {[]string{`{"kind":16,"pubkey":"` + m.buyer.PublicKey() + `","created_at":1760000000,"tags":[["k","1"],["e","x"]],"content":""}`},
			[]string{"repost (NIP-18)", "It says nothing about an order", "(repost)"}},
		"a message signed in the open": {[]string{signedEvent(t, m.buyer, 16, "", nostr.Tag{"p", seller.PublicKey()}, nostr.Tag{"type", "3"}, nostr.Tag{"order", "A-1"}, nostr.Tag{"status", "shipped"})},
			[]string{"as it is published in the open", "no: dialects.public_orders is off", "id and signature  good", "shipped by the buyer", "refused: wrong-role"}},
		"a chat signed in the open": {[]string{signedEvent(t, m.buyer, 14, "hello", nostr.Tag{"p", seller.PublicKey()}, nostr.Tag{"order", "A-1"})},
			[]string{"no: its kind is private"}},
		"a message of another, with the signature of this one": {[]string{strings.Replace(signedEvent(t, m.buyer, 16, "x"), `"content":"x"`, `"content":"y"`, 1)},
			[]string{"id and signature  not good", "It was not read"}},
		"a direct message": {[]string{directMessage(t, seller, `{"type":2,"id":"A-1","paid":true,"shipped":false}`), "--key", sellersKey},
			[]string{"a direct message (kind 4, NIP-04)", "no: dialects.nip04 is off", "YES  nip15", "confirm", "it begins here"}},
		"a forged id": {[]string{`{"kind":16,"id":"` + strings.Repeat("0", 64) + `","pubkey":"` + m.buyer.PublicKey() + `","created_at":1760000000,"tags":[],"content":""}`},
			[]string{"(rumor-id)"}},
		"of an order that nobody knows": {[]string{`{"kind":14,"pubkey":"` + m.buyer.PublicKey() + `","created_at":1760000000,"tags":[["p","` + seller.PublicKey() + `"],["order","Z-9"]],"content":"hello"}`},
			[]string{"It waits: it belongs to no order with the id Z-9"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustCLI(t, m.cfg.DataDir, append([]string{"explain"}, tt.args...)...)
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			for _, secret := range []string{"a secret reason", "1 Hidden St", "1 Main St"} {
				if strings.Contains(out, secret) {
					t.Errorf("it shows %q:\n%s", secret, out)
				}
			}
		})
	}
	t.Setenv("WAYBILL_DIALECTS_PUBLIC_ORDERS", "true")
	t.Setenv("WAYBILL_DIALECTS_NIP04", "true")
	for _, message := range []string{signedEvent(t, m.buyer, 16, ""), directMessage(t, seller, "x"), cancel} {
		if out := mustCLI(t, m.cfg.DataDir, "explain", message); strings.Contains(out, "taken here") {
			t.Errorf("it is said not to be taken, with everything on:\n%s", out)
		}
	}
	if out, err := cli(t, m.cfg.DataDir, "explain", "{}"); orders.ErrorCode(err) != orders.EINVALID {
		t.Errorf("no event: %v\n%s", err, out)
	}

	var e relay.Explanation
	out := mustCLI(t, m.cfg.DataDir, "explain", cancel, "--key", sellersKey, "--json")
	if err := json.Unmarshal([]byte(out), &e); err != nil || len(e.Facts) != 1 || e.Facts[0].Verb != orders.Cancel || len(e.Outcomes) != 1 || e.Outcomes[0].Lines[0].OK {
		t.Errorf("JSON: %v\n%s", err, out)
	}
	if strings.Contains(out, "a secret reason") {
		t.Error("the JSON shows the reason")
	}
	if after := mustCLI(t, m.cfg.DataDir, "verify"); after != before {
		t.Errorf("explaining has changed something:\n%s\n%s", before, after)
	}
}

// A lockedBuffer is read while others write.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A message that came here is found by the name that the log gives it, kept or not,
// whether or not it can still be opened.
func TestExplainByName(t *testing.T) {
	var log lockedBuffer
	m := marketOf(t, startDaemonLogging(t, zerolog.New(&log), func(*config) {}))
	sellersKey, seller := newKeyFile(t)
	m.seller = seller
	if err := m.keyring.Add(nip17test.ReadingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	m.sells("A-1")
	m.says(m.buyer, orders.Draft{Verb: orders.Cancel, OrderID: "A-1", Private: orders.Private{Reason: "a secret reason"}}, time.Now())
	read := map[string]int{} // "state of the event: what it says" → how many
	var cancelled string
	for line := range strings.Lines(log.String()) {
		var said struct {
			ID, Kind, State, Level string
			Says                   []string
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil || said.ID == "" {
			continue
		}
		if said.Kind != "wrap" || said.State != "opened" || said.Level != "info" || len(said.Says) != 1 {
			t.Errorf("the log says %s", line)
			continue
		}
		out := strings.Join(strings.Fields(mustCLI(t, m.cfg.DataDir, "explain", said.ID)), " ")
		for _, want := range []string{"message " + said.ID, "state opened", ". " + said.Says[0], "Order A-1"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: it does not say %q:\n%s", said.ID, want, out)
			}
		}
		byID(t, m, said.ID)
		where := "kept"
		if strings.Contains(out, "is not here: dropped") {
			where = "dropped"
		}
		read[where+": "+said.Says[0]]++
		if said.Says[0] == "cancel" && where == "kept" {
			cancelled = said.ID
		}
	}
	want := map[string]int{}
	for _, verb := range []string{"intent", "shipped", "delivered", "cancel"} {
		want["kept: "+verb], want["dropped: "+verb] = 2, 1 // to both sides, and to the relay
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("what the log told of (-want +got):\n%s", diff)
	}
	for _, hidden := range []string{m.buyer.PublicKey(), seller.PublicKey(), "A-1", "a secret reason", "Porto"} {
		if strings.Contains(log.String(), hidden) {
			t.Errorf("the log shows %q:\n%s", hidden, log.String())
		}
	}
	if out := mustCLI(t, m.cfg.DataDir, "explain", cancelled, "--key", sellersKey); !strings.Contains(out, "refused: illegal-transition") || strings.Contains(out, "a secret reason") {
		t.Errorf("%s: got\n%s", cancelled, out)
	}
	for _, id := range []string{"m-999999", "m-0x1", "m-"} {
		if out, err := cli(t, m.cfg.DataDir, "explain", id); err == nil {
			t.Errorf("%s: got\n%s", id, out)
		}
	}
}

// byID: the same copy is found by its event's id and over the API, and with the two
// others by the id of what is in it.
func byID(t *testing.T, m *market, name string) {
	t.Helper()
	explained := func(name string) (s relay.Stored, text string) {
		t.Helper()
		text = mustCLI(t, m.cfg.DataDir, "explain", name, "--json")
		if err := json.Unmarshal([]byte(text), &s); err != nil || len(s.Copies) == 0 || s.Copies[0].Explanation == nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		return s, text
	}
	named, byName := explained(name)
	if _, text := explained(named.Copies[0].Event); text != byName || named.Copies[0].Name != name {
		t.Errorf("%s (-by name +by its event's id):\n%s", name, cmp.Diff(byName, text))
	}
	found, err := m.explain(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	// The running relay holds keys that are in no file: what it reads, it reads with them.
	overAPI := found.(*relay.Stored).Copies
	if diff := cmp.Diff(named.Copies, overAPI, cmpopts.IgnoreFields(relay.StoredCopy{}, "Explanation")); diff != "" || len(overAPI[0].Explanation.Facts) != 1 {
		t.Errorf("%s (-by the command +over the API):\n%s", name, diff)
	}
	every, _ := explained(named.Copies[0].Message)
	if !slices.ContainsFunc(every.Copies, func(c relay.StoredCopy) bool { return c.Name == name }) || len(every.Copies) != 3 {
		t.Errorf("%s: by the id of what is in it: %+v", name, every.Copies)
	}
}

func signedEvent(t *testing.T, by *nip17.SecretSigner, kind int, content string, tags ...nostr.Tag) string {
	t.Helper()
	evt := nostr.Event{Kind: kind, CreatedAt: nostr.Now(), Content: content, Tags: tags}
	if err := by.Sign(t.Context(), &evt); err != nil {
		t.Fatal(err)
	}
	return evt.String()
}

// directMessage is a kind 4 from anybody: NIP-04 needs the bare key, which a signer
// does not give away.
func directMessage(t *testing.T, to *nip17.SecretSigner, text string) string {
	t.Helper()
	secret := nostr.GeneratePrivateKey()
	shared, err := nip04.ComputeSharedSecret(to.PublicKey(), secret)
	if err != nil {
		t.Fatal(err)
	}
	content, err := nip04.Encrypt(text, shared)
	if err != nil {
		t.Fatal(err)
	}
	evt := nostr.Event{Kind: 4, CreatedAt: nostr.Now(), Content: content, Tags: nostr.Tags{{"p", to.PublicKey()}}}
	if err := evt.Sign(secret); err != nil {
		t.Fatal(err)
	}
	return evt.String()
}
