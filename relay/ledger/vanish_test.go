package ledger

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

const asked = received/1000 + 60 // when (s) the request to vanish is dated

func vanish(t *testing.T, l *Ledger, who string, at, receivedAt int64, want Outcome) {
	t.Helper()
	evt := event(fmt.Sprint("vanish ", who, at), KindVanish, who, at, nostr.Tag{"relay", "ALL_RELAYS"})
	if got, err := l.Vanish(t.Context(), evt, receivedAt); err != nil || got != want {
		t.Fatalf("Vanish = %q, %v; want %q", got, err, want)
	}
}

// sealedBy is the arrival with the seal of its author.
func sealedBy(a Arrival, author string) Arrival {
	a.Seal = &Seal{ID: key("seal of " + a.Event.ID), Author: author, Sig: "sig"}
	return a
}

func TestVanish(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openAt(t, path)
	late := func(a Arrival) Arrival { a.ReceivedAt = received + 3_600_000; return a }
	intent := fact("intent", orders.Intent, alice, bob, "o-1", received)
	shipped := fact("shipped", orders.Shipped, bob, alice, "o-1", received)
	own := fact("own note", orders.Note, alice, alice, "o-1", received)
	own.Parties = []string{alice}
	gone := []Arrival{
		sealedBy(secret(arrival(wrap("to bob", bob, 1), bob, in(bob, intent)), 500), alice),
		sealedBy(secret(arrival(wrap("to herself", alice, 1), alice, in(alice, intent)), 500), alice),
		sealedBy(secret(arrival(wrap("from bob", alice, 1), alice, in(alice, shipped)), 500), bob),
		sealedBy(secret(arrival(wrap("her note", alice, 1), alice, in(alice, own)), 500), alice),
		sealedBy(secret(arrival(wrap("chat, not an order", bob, 1), bob), 500), alice),
		secret(arrival(wrap("unopened", alice, 1), alice), 500),
		secret(arrival(event("a direct message to her", 4, bob, asked+7, nostr.Tag{"p", alice}), alice), 500),
		secret(arrival(event("her signed order", 16, alice, asked), bob), 500),
	}
	gone[len(gone)-1].Hidden = true
	bobs := sealedBy(secret(arrival(wrap("bob's copy", bob, 1), bob, in(bob, shipped)), 500), bob)
	stays := []Arrival{
		bobs,
		sealedBy(secret(arrival(wrap("another order", bob, 1), bob, fact("other", orders.Intent, carol, bob, "o-1", received)), 500), carol),
		late(secret(arrival(wrap("new mail", alice, 1), alice), 500)),
		late(sealedBy(secret(arrival(wrap("said later", bob, 1), bob, fact("later", orders.Paid, alice, bob, "o-1", received+3_600_000)), 500), alice)),
	}
	for _, a := range slices.Concat(gone, stays) {
		arrive(t, l, a, Stored)
	}
	profile := event("profile", 0, alice, asked)
	deletion := event("deletion", 5, alice, asked-1, nostr.Tag{"e", key("nothing")})
	posts := []*nostr.Event{profile, deletion, event("list", 10050, alice, 5), event("listing", 30402, alice, 5, nostr.Tag{"d", "mug"})}
	others := []*nostr.Event{event("later listing", 30402, alice, asked+1, nostr.Tag{"d", "cup"}), event("bob's profile", 0, bob, 5)}
	for _, evt := range slices.Concat(posts, others) {
		publish(t, l, evt, Stored)
	}

	before, err := l.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	vanish(t, l, alice, asked, asked*1000+5, Stored)
	for _, a := range gone {
		if serves(t, l, a.Event, a.Recipient) {
			t.Errorf("%s is served", a.Event.Content[:40])
		}
		if found := onDisk(t, path, "wrapped of "+a.Event.ID); len(found) > 0 {
			t.Errorf("%s is still in %v", a.Event.Content[:40], found)
		}
		if got, err := l.Arrive(t.Context(), a); err != nil || got == Stored {
			t.Errorf("%s came back: %q, %v", a.Event.Content[:40], got, err)
		}
	}
	for _, a := range stays {
		if !serves(t, l, a.Event, a.Recipient) {
			t.Errorf("%s is gone", a.Event.Content[:40])
		}
	}
	for _, evt := range posts {
		if serves(t, l, evt, alice) {
			t.Errorf("kind %d is served", evt.Kind)
		}
		publish(t, l, evt, Deleted)
	}
	for _, evt := range others {
		if !serves(t, l, evt, "") {
			t.Errorf("kind %d of %.4s is gone", evt.Kind, evt.PubKey)
		}
	}
	publish(t, l, event("new profile", 0, alice, asked+1), Stored)

	boxes := map[string]string{}
	for _, id := range []string{"o-1"} {
		facts, err := l.OfKey(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: id})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facts {
			for reader := range boxOf(f).For {
				boxes[f.ID] += reader
			}
		}
		if o := orders.Fold(orders.PairOf(alice, bob), facts); o.BuyerPubkey != alice || o.Status != orders.StatusShipped {
			t.Errorf("the skeleton says %s %s", o.BuyerPubkey, o.Status)
		}
	}
	if want := map[string]string{shipped.ID: bob + bob, key("later"): ""}; boxes[shipped.ID] != bob+bob || boxes[intent.ID] != "" || len(boxes[key("later")]) != 128 {
		t.Errorf("boxes are left for %v, want %v", boxes, want)
	}
	b, ok, err := l.Beginning(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"})
	if err != nil || !ok || b.Retired || b.Mark <= before {
		t.Errorf("the order's beginning is %+v, %v; want a mark above %d", b, err, before)
	}
	if b, _, err = l.Beginning(t.Context(), orders.Key{Pair: orders.PairOf(carol, bob), OrderID: "o-1"}); err != nil || b.Mark != 0 {
		t.Errorf("another's order is marked: %+v, %v", b, err)
	}

	// What she had said before, and comes only now, is kept without a box.
	again := fact("relay's copy", orders.Paid, alice, bob, "o-1", received)
	arrive(t, l, sealedBy(arrival(wrap("again", bob, 1), bob, again), alice), Stored)
	facts, err := l.OfKey(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"})
	if err != nil || facts[len(facts)-1].ID != again.ID || facts[len(facts)-1].Box != nil {
		t.Errorf("%+v, %v; want no box", facts[len(facts)-1], err)
	}
}

func boxOf(f orders.Fact) orders.Box {
	if f.Box == nil {
		return orders.Box{}
	}
	return *f.Box
}

func TestVanishRequests(t *testing.T) {
	l := open(t)
	first := event("first", KindVanish, alice, 100, nostr.Tag{"relay", "wss://here"})
	second := event("second", KindVanish, alice, 200, nostr.Tag{"relay", "wss://here"})
	for _, step := range []struct {
		evt  *nostr.Event
		want Outcome
	}{{first, Stored}, {first, Duplicate}, {second, Stored}, {first, Duplicate}, {second, Duplicate}, {event("between", KindVanish, alice, 150), Duplicate}} {
		if got, err := l.Vanish(t.Context(), step.evt, 1_000_000); err != nil || got != step.want {
			t.Errorf("Vanish(%d) = %q, %v; want %q", step.evt.CreatedAt, got, err, step.want)
		}
	}
	if serves(t, l, first, alice) || !serves(t, l, second, alice) {
		t.Error("her newest request alone is kept")
	}
	for _, f := range []nostr.Filter{{}, {Kinds: []int{KindVanish}}, {Authors: []string{alice}}} {
		for _, reader := range []string{"", bob} {
			if got := ids(t, l, f, reader); len(got) > 0 {
				t.Errorf("%q is shown the request by %v", reader, f)
			}
		}
	}
	if got := ids(t, l, nostr.Filter{Kinds: []int{KindVanish}}, alice); len(got) != 1 {
		t.Errorf("she is shown %d requests of hers, want 1", len(got))
	}

	// Nobody takes a request back (NIP-62), before or after it came.
	publish(t, l, event("undo", 5, alice, 300, nostr.Tag{"e", second.ID}), Stored)
	if !serves(t, l, second, alice) {
		t.Error("the request was deleted")
	}
	third := event("third", KindVanish, alice, 400)
	publish(t, l, event("undo early", 5, alice, 500, nostr.Tag{"e", third.ID}), Stored)
	if got, err := l.Vanish(t.Context(), third, 1_000_000); err != nil || got != Stored {
		t.Errorf("Vanish after its deletion = %q, %v", got, err)
	}

	if _, err := l.Vanish(t.Context(), event("x", 5, alice, 1), 1); !errors.Is(err, ErrInvalid) {
		t.Errorf("Vanish(kind 5) = %v, want ErrInvalid", err)
	}
}

// More than a batch of everything goes, and nobody else's.
func TestVanishManyThings(t *testing.T) {
	l := open(t)
	const n = vanishBatch + 30
	for i := range n {
		id := fmt.Sprint(i)
		mine, hers := alice, bob
		if i%2 == 0 {
			mine, hers = bob, alice
		}
		f := fact("r"+id, orders.Intent, mine, hers, "o"+id, received)
		f.Box.For = map[string]string{alice: "a", bob: "b"}
		arrive(t, l, sealedBy(arrival(wrap(id, hers, 1), hers, f), mine), Stored)
		publish(t, l, event("note"+id, 1, alice, int64(i)), Stored)
	}
	ruling := fact("ruling", orders.Resolved, alice, "", "o-9", received)
	ruling.Parties = []string{min(bob, carol), max(bob, carol)}
	arrive(t, l, arrival(wrap("begins", carol, 1), carol, fact("begins", orders.Intent, bob, carol, "o-9", received)), Stored)
	arrive(t, l, sealedBy(arrival(wrap("rules", carol, 1), carol, ruling), alice), Stored)
	hers := fact("to bob", orders.Intent, carol, bob, "o-8", received)
	hers.Box.For = map[string]string{carol: "c", bob: "b"}
	arrive(t, l, sealedBy(arrival(wrap("to bob", carol, 1), carol, in(carol, hers)), carol), Stored)
	vanish(t, l, alice, asked, asked*1000, Stored)

	for query, want := range map[string]int{
		"SELECT count(*) FROM events WHERE kind = 1059":                                 2, // what bob and carol wrote to each other
		"SELECT count(*) FROM events WHERE kind = 1":                                    0,
		"SELECT count(*) FROM facts WHERE sender = '" + alice + "' AND box IS NOT NULL": 0,
		"SELECT count(*) FROM facts WHERE box LIKE '%" + alice + "%'":                   0,
		"SELECT count(*) FROM facts WHERE sender = '" + bob + "' AND box IS NOT NULL":   n/2 + 1,
		"SELECT count(*) FROM order_ids WHERE mark_seq > 0":                             n + 1,
		"SELECT count(DISTINCT mark_seq) FROM order_ids WHERE mark_seq > 0":             n + 1,
		"SELECT count(*) FROM inbox":                                                    n + 3,
	} {
		var got int
		if err := l.reads.db.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", strings.ReplaceAll(query, alice, "alice"), got, err, want)
		}
	}

	// He stands second in the pairs, where she stands first.
	vanish(t, l, bob, asked, asked*1000, Stored)
	var left int
	err := l.reads.db.QueryRowContext(t.Context(), "SELECT count(*) FROM facts WHERE box LIKE '%' || ? || '%'", bob).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d boxes are left for him, %v", left, err)
	}
}

func TestErasurePlans(t *testing.T) {
	l := open(t)
	for query, uses := range map[string]string{
		queryOwnPublic:    "events_author (pubkey=? AND created_at<?)",
		queryOwnPrivate:   "events_own (pubkey=? AND created_at<?)",
		queryOwnUnlisted:  "events_unlisted (pubkey=? AND created_at<?)",
		queryMailTo:       "PRIMARY KEY (name=? AND value=? AND access=?)",
		queryWrapsFrom:    "inbox_author (seal_author=?)",
		queryWrapsOf:      "inbox_rumor (rumor_id=?)",
		queryFactsBy:      "inbox_author (seal_author=?)",
		queryFactsFirst:   "facts_order (parties>? AND parties<?)",
		queryFactsLast:    "facts_party_b (<expr>=?)",
		queryOrdersFirst:  "order_ids_sharing_a (party_a=?)",
		queryOrdersSecond: "order_ids_sharing_b (party_b=?)",
		queryOrderOfKey:   "(party_a=? AND client_id=? AND party_b=?)",
		queryStanding:     "order_ids_standing ((begun,intent_id)>(?,?) AND begun<?)",
		queryMoved:        "INTEGER PRIMARY KEY (rowid>?)",
		querySharesRumor:  "(rumor_id=?)",
	} {
		args := make([]any, max(strings.Count(query, "?"), 2))
		for i := range args {
			args[i] = 1
		}
		if args = args[:strings.Count(query, "?")]; strings.Contains(query, "?1") {
			args = args[:2]
		}
		plan := planOf(t, l, query, args...)
		if !strings.Contains(plan, uses) || strings.Contains(strings.ReplaceAll(plan, "SCAN CONSTANT ROW", ""), "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nlacks %q, or scans, or sorts:\n%s", query, uses, plan)
		}
	}
}
