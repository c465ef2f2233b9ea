package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
)

// real has everything in it that a relay stores, with real signatures.
func real(t *testing.T) *Ledger {
	t.Helper()
	l := open(t)
	buyer, seller, self := nip17test.Signer(t), nip17test.Signer(t), nip17test.Signer(t)
	sign := func(who *nip17.SecretSigner, evt nostr.Event) *nostr.Event {
		if err := who.Sign(t.Context(), &evt); err != nil {
			t.Fatal(err)
		}
		return &evt
	}
	for i := range 3 {
		rumor := nostr.Event{Kind: 16, CreatedAt: 1_700_000_000, Content: fmt.Sprint("order ", i), Tags: nostr.Tags{{"p", seller.PublicKey()}}}
		wraps, err := nip17.Wrap(t.Context(), buyer, rumor, []string{seller.PublicKey(), self.PublicKey()})
		if err != nil {
			t.Fatal(err)
		}
		for j, who := range []*nip17.SecretSigner{seller, self, buyer} {
			keyring, err := nip17.NewKeyring(nip17test.ReadingKey(t, who))
			if err != nil {
				t.Fatal(err)
			}
			msg, err := nip17.Open(t.Context(), &wraps[j], keyring)
			if err != nil {
				t.Fatal(err)
			}
			f := fact("", orders.Intent, buyer.PublicKey(), seller.PublicKey(), fmt.Sprint("o", i), 1_700_000_000_000)
			f.ID, f.Inboxes = msg.Rumor.ID, []string{who.PublicKey()}
			a := arrival(&wraps[j], who.PublicKey(), f)
			a.Seal = &Seal{ID: msg.Seal.ID, Author: msg.Seal.PubKey, Sig: msg.Seal.Sig}
			a.DropRaw = who == self
			arrive(t, l, a, Stored)
		}
	}
	wraps, err := nip17.Wrap(t.Context(), buyer, nostr.Event{Kind: 14, Content: "later"}, []string{seller.PublicKey()})
	if err != nil {
		t.Fatal(err)
	}
	arrive(t, l, arrival(&wraps[0], seller.PublicKey()), Stored)
	arrive(t, l, arrival(&wraps[1], buyer.PublicKey()), Stored)
	publish(t, l, sign(buyer, nostr.Event{Kind: 5, CreatedAt: 5, Tags: nostr.Tags{{"e", wraps[1].ID}}}), Stored)
	publish(t, l, sign(seller, nostr.Event{Kind: 0, CreatedAt: 5, Content: "{}"}), Stored)
	publish(t, l, sign(seller, nostr.Event{Kind: 30402, CreatedAt: 5, Tags: nostr.Tags{{"d", "mug"}, {"t", "a"}, {"t", "b"}, {"expiration", "99999999999"}}}), Stored)
	for name, evt := range map[string]*nostr.Event{
		"in the open": sign(seller, nostr.Event{Kind: 16, CreatedAt: 5, Tags: nostr.Tags{{"p", buyer.PublicKey()}}}),
		"direct":      sign(seller, nostr.Event{Kind: 4, CreatedAt: 5, Content: "ciphertext", Tags: nostr.Tags{{"p", buyer.PublicKey()}}}),
	} {
		f := fact("", orders.Note, seller.PublicKey(), buyer.PublicKey(), name, 5_000)
		if f.ID = evt.ID; evt.Kind == 16 {
			f.Inboxes, f.Transports = nil, []orders.Transport{orders.ByPublic}
		}
		arrive(t, l, arrival(evt, buyer.PublicKey(), f), Stored)
	}
	if got, err := l.Vanish(t.Context(), sign(self, nostr.Event{Kind: KindVanish, CreatedAt: 5}), 6_000); err != nil || got != Stored {
		t.Fatal(got, err)
	}
	k := orders.Key{Pair: orders.PairOf(buyer.PublicKey(), seller.PublicKey()), OrderID: "o2"}
	if _, err := l.Retire(t.Context(), k, received, 1000); err != nil {
		t.Fatal(err)
	}
	return l
}

func verify(t *testing.T, l *Ledger) (problems []string, v Verified) {
	t.Helper()
	v, err := l.Verify(t.Context(), func(p Problem) { problems = append(problems, p.String()) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return problems, v
}

func TestVerifySound(t *testing.T) {
	l := real(t)
	done, of := int64(0), int64(0)
	v, err := l.Verify(t.Context(), func(p Problem) { t.Error(p) }, func(d, o int64) {
		if d != done+1 {
			t.Errorf("progress goes from %d to %d", done, d)
		}
		done, of = d, o
	})
	if err != nil {
		t.Fatal(err)
	}
	// Two orders with two wraps, one more wrap, a deletion, a profile, a listing, a
	// request, a public and a direct message; the seals of nine copies.
	want := Verified{Events: 11, Inbox: 13, Facts: 11, Orders: 3, Signatures: 11 + 9, Forgotten: 3 + 1 + 2, Retired: 1}
	v.started, v.of = 0, 0
	if v != want || done != 38 || of != 38 {
		t.Errorf("got %+v after %d of %d, want %+v after 38", v, done, of, want)
	}
}

// Each thing that may be wrong is found, and named.
func TestVerifyFinds(t *testing.T) {
	sound, err := os.ReadFile(backup(t, real(t)))
	if err != nil {
		t.Fatal(err)
	}
	const (
		event    = "(SELECT ref FROM events WHERE kind = 1059 LIMIT 1)"
		listing  = "(SELECT ref FROM events WHERE kind = 30402)"
		row      = "(SELECT seq FROM inbox WHERE state = 'opened' AND gone = '' LIMIT 1)"
		turnedID = "substr(id, 1, 63) || CASE substr(id, 64) WHEN '0' THEN '1' ELSE '0' END"
	)
	for statement, want := range map[string]string{
		"UPDATE events SET raw = replace(raw, '\"sig\":\"', '\"sig\":\"00') WHERE ref = " + event:                            "signature is not its author's",
		"UPDATE events SET raw = replace(raw, '\"kind\":30402', '\"kind\":30403') WHERE kind = 30402":                        "its id is not its hash",
		"UPDATE events SET raw = 'x' WHERE ref = " + event:                                                                   "it is not an event",
		"UPDATE events SET pubkey = id WHERE ref = " + event:                                                                 "says something else of it: pubkey",
		"UPDATE events SET created_at = 7, d = 'x', expires_at = 1 WHERE kind = 30402":                                       "created_at, d, expires_at",
		"UPDATE events SET access = 2 WHERE ref = " + event:                                                                  "served to whom it should not be",
		"UPDATE events SET access = 0 WHERE kind = 62":                                                                       "served to whom it should not be",
		"UPDATE event_tags SET value = 'c' WHERE value = 'b'":                                                                "its tags in the database are not its own",
		"DELETE FROM event_tags WHERE value = 'b'":                                                                           "its tags in the database are not its own",
		"UPDATE event_tags SET access = 0 WHERE event = " + event:                                                            "its tags in the database are not its own",
		"DELETE FROM events WHERE kind = 30402":                                                                              "3 tags of events that are not there",
		"DELETE FROM events WHERE ref = " + event:                                                                            "its event is missing, and nothing says why",
		"UPDATE inbox SET gone = 'deleted' WHERE gone = ''":                                                                  "said to be gone: deleted",
		"UPDATE inbox SET state = 'waiting', seal_id = NULL, seal_author = NULL, seal_sig = NULL WHERE gone = 'dropped'":     "to be opened, and its event is gone: dropped",
		"UPDATE inbox SET seal_author = NULL WHERE seq = " + row:                                                             "half of its seal",
		"UPDATE inbox SET seal_id = replace(seal_id, substr(seal_id, 1, 1), 'x') WHERE seq = " + row:                         "the seal's signature is not its author's",
		"UPDATE inbox SET seal_author = (SELECT pubkey FROM events WHERE kind = 0) WHERE seq = " + row:                       "who sealed it is not who speaks",
		"UPDATE inbox SET seal_author = NULL, seal_id = NULL, seal_sig = NULL WHERE seq = " + row:                            "no trace of its seal",
		"UPDATE inbox SET state = 'waiting' WHERE seq = " + row:                                                              "which was not opened",
		"UPDATE inbox SET rumor_id = event_id WHERE seq = " + row:                                                            "held another message",
		"UPDATE facts SET inbox = NULL WHERE seq = 1":                                                                        "no inbox row that it came by",
		"PRAGMA foreign_keys = OFF; UPDATE facts SET inbox = 999 WHERE seq = 1":                                              "points to a row of inbox that is not there",
		"UPDATE facts SET public = '[' WHERE seq = 1":                                                                        "it is not a fact",
		"UPDATE facts SET public = json_set(public, '$.box', json(box)) WHERE seq = 1":                                       "public part holds what it should not",
		"UPDATE facts SET verb = 'paid', tau = 3, order_id = 'o9', sender = 'x' WHERE seq = 1":                               "order_id, verb, tau, sender",
		"UPDATE facts SET rumor_id = 'x', n = 4, inbox_owner = '', transport = '', ref = 'r', received_at = 4 WHERE seq = 1": "rumor_id, n, inbox_owner, transport, ref, received_at",
		"UPDATE facts SET sender = rumor_id, public = json_set(public, '$.sender', rumor_id) WHERE transport = 'public'":     "who signed its event is not who speaks",
		"UPDATE facts SET sender = rumor_id, public = json_set(public, '$.sender', rumor_id) WHERE order_id = 'direct'":      "who signed its event is not who speaks",
		"UPDATE facts SET parties = inbox_owner WHERE seq = 1":                                                               "of it: parties",
		"UPDATE facts SET box = '[' WHERE seq = 1":                                                                           "its box is none",
		"UPDATE facts SET box = '{}' WHERE order_id = 'o2'":                                                                  "its order was retired, and its box is here",
		"DELETE FROM order_ids WHERE intent_id = 'o1'":                                                                       "it begins an order that has no id",
		"UPDATE order_ids SET begun = begun + 1 WHERE intent_id = 'o1'":                                                      "its order is said to begin later",
		"UPDATE order_ids SET begun = begun - 1 WHERE intent_id = 'o1'":                                                      "no fact that begins it when it is said to begin",
		"UPDATE order_ids SET first_sigma = first_sigma + 1 WHERE intent_id = 'o1'":                                          "its order is said to begin later",
		"UPDATE order_ids SET first_tau = first_tau - 1 WHERE intent_id = 'o1'":                                              "does not begin it",
		"UPDATE order_ids SET known_seq = known_seq + 1 WHERE intent_id = 'o1'":                                              "its order is said to be known since later",
		"UPDATE order_ids SET known_seq = 0 WHERE intent_id = 'o1'":                                                          "no fact that begins it when it is said to begin",
		"UPDATE order_ids SET begin_seq = 77 WHERE intent_id = 'o1'":                                                         "fact 77, which begins it, is not there",
		"UPDATE order_ids SET begin_seq = 1 WHERE intent_id = 'o1'":                                                          "fact 1 does not begin it",
		"UPDATE order_ids SET intent_id = 'other' WHERE intent_id = 'o1'":                                                    "its id does not follow",
		"UPDATE order_ids SET mark_seq = 1000 WHERE intent_id = 'o2'":                                                        "its mark lies ahead",
		"UPDATE events SET id = " + turnedID + " WHERE ref = " + listing:                                                     "says something else of it: id",
	} {
		path := filepath.Join(t.TempDir(), "broken.db")
		if err := os.WriteFile(path, sound, 0o600); err != nil {
			t.Fatal(err)
		}
		db := raw(t, path)
		if _, err := db.Exec("PRAGMA synchronous = OFF; " + statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		broken, err := OpenReadOnly(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		problems, v := verify(t, broken)
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) || v.Problems != int64(len(problems)) {
			t.Errorf("%s\ngot %d: %q\nwant %q", statement, v.Problems, problems, want)
		}
		if err := broken.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A page is not the whole.
func TestVerifyGoesOn(t *testing.T) {
	l := open(t)
	const n = verifyPage + 3
	for i := range n {
		arrive(t, l, crashArrival(i), Stored)
	}
	problems, v := verify(t, l)
	if v.Events != n || v.Inbox != n || v.Facts != n || v.Orders != n {
		t.Errorf("got %+v, want %d of each", v, n)
	}
	if len(problems) != 2*n { // nothing of it is signed, and there are no seals
		t.Errorf("%d problems, as %q; want %d", len(problems), problems[0], 2*n)
	}
}
