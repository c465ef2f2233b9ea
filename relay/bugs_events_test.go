package relay

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"
)

// shouted is an event whose author's key is in upper case, in the id and in all:
// khatru finds id and signature good. The author's key (hex) comes back as others
// know it.
func shouted(t *testing.T, evt nostr.Event) (nostr.Event, string) {
	t.Helper()
	for { // a key without a letter has no upper case
		secret, err := btcec.NewPrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		author := hex.EncodeToString(schnorr.SerializePubKey(secret.PubKey()))
		if evt.PubKey = strings.ToUpper(author); evt.PubKey == author {
			continue
		}
		if evt.CreatedAt == 0 {
			evt.CreatedAt = nostr.Now()
		}
		hash := sha256.Sum256(evt.Serialize())
		sig, err := schnorr.Sign(secret, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		evt.ID, evt.Sig = hex.EncodeToString(hash[:]), hex.EncodeToString(sig.Serialize())
		if ok, err := evt.CheckSignature(); !ok || err != nil || !evt.CheckID() {
			t.Fatalf("khatru would refuse it itself: %v", err)
		}
		return evt, author
	}
}

// Upper-case hex is another spelling of the same key, so that no comparison
// would hold: it is refused, and proves nobody's identity.
func TestUpperCaseKeys(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Anyone = true })
	s := h.connect(nil)
	for name, evt := range map[string]nostr.Event{
		"a profile":  {Kind: 0, Content: "{}"},
		"a wrap":     {Kind: 1059, Content: "x", Tags: nostr.Tags{{"p", h.self.PublicKey()}}},
		"a deletion": {Kind: 5, Tags: nostr.Tags{{"e", strings.Repeat("0", 64)}}},
	} {
		loud, _ := shouted(t, evt)
		if err := s.publish(loud); err == nil || !strings.HasPrefix(err.Error(), "invalid:") {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
	login, author := shouted(t, nip42.CreateUnsignedAuthEvent(s.challenge, "", h.url))
	h.publish(s, h.wraps(newSigner(t), intent(author, "A-1"))[0])
	s.say("AUTH", login)
	s.answer(login.ID) // khatru says OK true to it
	if _, closed := s.subscribe("inbox", obj{"kinds": []int{1059}}); !strings.HasPrefix(closed, "auth-required:") {
		t.Errorf("its AUTH proves something: closed %q", closed)
	}
	for _, filter := range []obj{{}, {"#p": []string{author}}, {"#p": []string{login.PubKey}}} {
		for _, evt := range s.query(filter) {
			if evt.Kind == nostr.KindGiftWrap {
				t.Errorf("%v: a wrap is served to a key in upper case", filter)
			}
		}
	}
}

// What khatru takes and NIP-01 has no room for, and what makes it panic in a
// goroutine of its own, which ends the process.
func TestEventsThatKhatruTakes(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	s := h.connect(nil)
	for name, tt := range map[string]struct {
		evt    nostr.Event
		reason string
	}{
		"before 1970":               {nostr.Event{Kind: 0, Content: "{}", CreatedAt: -1}, "invalid:"},
		"a wrap from before 1970":   {nostr.Event{Kind: 1059, CreatedAt: -1, Tags: nostr.Tags{{"p", h.self.PublicKey()}}}, "invalid:"},
		"kind 65536":                {nostr.Event{Kind: 65536, Tags: nostr.Tags{{"d"}}}, "blocked:"},
		"kind -1":                   {nostr.Event{Kind: -1}, "blocked:"},
		`["d"] on a profile`:        {nostr.Event{Kind: 0, Content: "{}", Tags: nostr.Tags{{"d"}}}, "invalid:"},
		`["d"] on a relay list`:     {nostr.Event{Kind: 10050, Tags: nostr.Tags{{"relay", h.url}, {"d"}}}, "invalid:"},
		`["d"] after a good d`:      {nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d", "x"}, {"d"}}}, "invalid:"},
		"an empty tag":              {nostr.Event{Kind: 30402, Tags: nostr.Tags{{}, {"d", "x"}}}, "invalid:"},
		`["e"] on a deletion`:       {nostr.Event{Kind: 5, Tags: nostr.Tags{{"e"}}}, "invalid:"},
		"an a tag without a pubkey": {nostr.Event{Kind: 5, Tags: nostr.Tags{{"a", "30402"}, {"a", "x:y:z"}, {"a", "::"}}}, ""},
	} {
		err := s.publish(signed(t, who, tt.evt))
		if tt.reason == "" && err != nil || tt.reason != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.reason)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.reason)
		}
	}
}

// khatru carries a deletion out before it asks whether the event is taken, and
// forgets it afterwards: both are the ledger's, in the transaction that stores it.
func TestDeletionsAreTheLedgers(t *testing.T) {
	h := newHouse(t)
	who, eve := newSigner(t), newSigner(t)
	listing := signed(t, who, nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d", "mug"}}})
	s := h.connect(nil)
	h.publish(s, listing)
	there := func() bool { return len(s.query(obj{"ids": []string{listing.ID}})) == 1 }
	target := nostr.Tag{"e", listing.ID}

	for name, deletion := range map[string]nostr.Event{
		"expired":         {Kind: 5, Tags: nostr.Tags{target, {"expiration", "1700000000"}}},
		"from tomorrow":   {Kind: 5, Tags: nostr.Tags{target}, CreatedAt: nostr.Now() + 86_400},
		"without a value": {Kind: 5, Tags: nostr.Tags{target, {"e"}}},
	} {
		if err := s.publish(signed(t, who, deletion)); err == nil || !there() {
			t.Errorf("a refused deletion, %s: error %v, the listing is there: %v", name, err, there())
		}
	}
	// A stranger's is answered as any, also by a target that everybody sees.
	h.publish(s, signed(t, eve, nostr.Event{Kind: 5, Tags: nostr.Tags{target}}))
	if !there() {
		t.Error("a stranger has deleted a listing")
	}
	h.publish(s, signed(t, who, nostr.Event{Kind: 5, Tags: nostr.Tags{target}}))
	if there() {
		t.Error("the author could not delete it")
	}
	if err := s.publish(listing); err == nil || !strings.HasPrefix(err.Error(), "blocked:") || there() {
		t.Errorf("it came back: error %v", err)
	}
}
