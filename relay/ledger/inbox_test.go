package ledger

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

func TestArrive(t *testing.T) {
	l := open(t)
	w := wrap("w", bob, 10)
	f := fact("r", orders.Shipped, alice, bob, "o-1", 5000)
	f.Tracking, f.Carrier = "1Z9", "UPS"
	f.Carries = []orders.Field{orders.FieldContent}
	a := arrival(w, bob, f)
	a.Seal = &Seal{ID: key("seal"), Author: alice, Sig: "sig"}
	arrive(t, l, a, Stored)
	arrive(t, l, a, Duplicate)
	if has, err := l.Has(t.Context(), w.ID); err != nil || !has {
		t.Errorf("Has = %v, %v", has, err)
	}

	got, err := l.FactsAfter(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Box != nil {
		t.Error("FactsAfter reads boxes that nobody asked for")
	}
	p, _ := f.Pair()
	if got, err = l.OfKey(t.Context(), orders.Key{Pair: p, OrderID: f.OrderID}); err != nil {
		t.Fatal(err)
	}
	f.Seq = got[0].Seq
	if diff := cmp.Diff([]orders.Fact{f}, got); diff != "" {
		t.Errorf("the fact came back changed (-want +got):\n%s", diff)
	}
	var public, seal string
	if err := l.reads.db.QueryRowContext(t.Context(), "SELECT public, seal_author FROM facts JOIN inbox ON inbox.seq = facts.inbox").Scan(&public, &seal); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(public, "ciphertext") || seal != alice {
		t.Errorf("public = %s, seal author %s", public, seal)
	}

	// The same message wrapped anew adds nothing; through another inbox it does.
	again := f
	arrive(t, l, arrival(wrap("w2", bob, 11), bob, again), Stored)
	again.Inboxes = []string{alice}
	arrive(t, l, arrival(wrap("w3", alice, 11), alice, again), Stored)
	if last, err := l.LastSeq(t.Context()); err != nil || last <= f.Seq {
		t.Errorf("LastSeq = %d, %v; want more than %d", last, err, f.Seq)
	}
	if got, err := l.FactsAfter(t.Context(), f.Seq, 10); err != nil || len(got) != 1 {
		t.Errorf("%d facts after the first, %v; want 1", len(got), err)
	}
}

func TestDropRawAndHidden(t *testing.T) {
	l := open(t)
	own := wrap("to the relay", carol, 1)
	a := arrival(own, carol, fact("r", orders.Intent, alice, bob, "o", 1))
	a.DropRaw = true
	arrive(t, l, a, Stored)
	arrive(t, l, a, Duplicate)
	if serves(t, l, own, carol) {
		t.Error("a dropped wrap is served")
	}
	publish(t, l, own, Duplicate)
	var n int
	if err := l.reads.db.QueryRowContext(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d events written, %v; want 0", n, err)
	}

	posted := event("posted", 16, alice, 1, nostr.Tag{"p", bob}, nostr.Tag{"order", "o"})
	a = arrival(posted, bob)
	a.Hidden = true
	arrive(t, l, a, Stored)
	for _, reader := range []string{"", alice, bob} {
		if serves(t, l, posted, reader) {
			t.Errorf("a hidden event is served to %q", reader)
		}
	}
	rows, err := l.Unopened(t.Context(), bob, 0, 10)
	if err != nil || len(rows) != 1 || rows[0].Event.ID != posted.ID {
		t.Errorf("Unopened = %v, %v; want the hidden event", rows, err)
	}
}

func TestRefused(t *testing.T) {
	l := open(t)
	good := wrap("w", bob, 1)
	change := func(f func(*nostr.Event)) *nostr.Event {
		evt := *good
		f(&evt)
		return &evt
	}
	many := nostr.Tags{}
	for i := range maxTags + 1 {
		many = append(many, nostr.Tag{"t", key(string(rune(i)))})
	}
	for name, a := range map[string]Arrival{
		"no event":          arrival(nil, bob),
		"short id":          arrival(change(func(e *nostr.Event) { e.ID = "abc" }), bob),
		"upper-case id":     arrival(change(func(e *nostr.Event) { e.ID = strings.ToUpper(e.ID) }), bob),
		"upper-case pubkey": arrival(change(func(e *nostr.Event) { e.PubKey = strings.ToUpper(e.PubKey) }), bob),
		"broken UTF-8":      arrival(change(func(e *nostr.Event) { e.Content = "\xff" }), bob),
		"broken tag":        arrival(change(func(e *nostr.Event) { e.Tags = nostr.Tags{{"p", "\xff"}} }), bob),
		"many tags":         arrival(change(func(e *nostr.Event) { e.Tags = many }), bob),
		"replaceable":       arrival(event("x", 10002, bob, 1), bob),
		"deletion":          arrival(event("x", 5, bob, 1), bob),
		"unknown state":     {Event: good, Recipient: bob, State: "read"},
		"facts unopened":    {Event: good, Recipient: bob, State: Waiting, Facts: []orders.Fact{fact("r", orders.Note, alice, bob, "", 1)}},
		"dropped unread":    {Event: good, Recipient: bob, State: New, DropRaw: true},
		"fact without id":   {Event: good, Recipient: bob, State: Opened, Facts: []orders.Fact{{}}},
		"three parties":     {Event: good, Recipient: bob, State: Opened, Facts: []orders.Fact{{ID: "r", Parties: []string{alice, bob, carol}}}},
	} {
		if got, err := l.Arrive(t.Context(), a); !errors.Is(err, ErrInvalid) || orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("%s: Arrive = %q, %v; want ErrInvalid", name, got, err)
		}
	}
	if _, err := l.Publish(t.Context(), event("x", 20001, bob, 1), 1); !errors.Is(err, ErrEphemeral) {
		t.Errorf("Publish(20001) = %v, want ErrEphemeral", err)
	}
}

func TestUnopenedAndResolve(t *testing.T) {
	l := open(t)
	for i, id := range []string{"a", "b", "c"} {
		a := arrival(wrap(id, bob, int64(100-i)), bob)
		if id == "b" {
			a.State = Waiting
		}
		arrive(t, l, a, Stored)
	}
	arrive(t, l, arrival(wrap("d", carol, 1), carol), Stored)
	unopened := func(recipient string, after int64) (names []string) {
		rows, err := l.Unopened(t.Context(), recipient, after, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			for _, name := range []string{"a", "b", "c", "d"} {
				if r.Event.ID == key(name) {
					names = append(names, name)
				}
			}
		}
		return names
	}
	count := func(want int, recipients ...string) {
		t.Helper()
		if got, err := l.CountUnopened(t.Context(), recipients, 3); err != nil || got != want {
			t.Errorf("CountUnopened(%v) = %v, %v; want %v", recipients, got, err, want)
		}
	}
	count(3, bob)
	count(4, bob, carol)
	if got := unopened(bob, 0); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("Unopened = %v, want the order of arrival", got)
	}
	rows, err := l.Unopened(t.Context(), bob, 0, 1)
	if err != nil || len(rows) != 1 {
		t.Fatalf("Unopened(limit 1) = %d rows, %v", len(rows), err)
	}
	if rows[0].State != New || rows[0].Recipient != bob || rows[0].ReceivedAt != 1_700_000_000_000 {
		t.Errorf("row = %+v", rows[0])
	}
	if got := unopened(bob, rows[0].Seq); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("Unopened(after a) = %v", got)
	}

	resolve := func(seq int64, d Decoded, want error) {
		t.Helper()
		if err := l.Resolve(t.Context(), seq, d); !errors.Is(err, want) {
			t.Errorf("Resolve = %v, want %v", err, want)
		}
	}
	resolve(rows[0].Seq, Decoded{State: Waiting, Reason: "signer-offline"}, nil)
	if got := unopened(bob, 0); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("Unopened after waiting = %v", got)
	}
	changed := l.Changed()
	opened := Decoded{State: Opened, Seal: &Seal{ID: "s", Author: alice, Sig: "x"}, Facts: []orders.Fact{fact("r", orders.Intent, alice, bob, "o", 1)}}
	resolve(rows[0].Seq, opened, nil)
	<-changed
	resolve(rows[0].Seq, opened, ErrSettled)
	resolve(99, opened, ErrNoRow)
	resolve(rows[0].Seq+1, Decoded{State: Unreadable, Reason: "bad-mac"}, nil)
	if got := unopened(bob, 0); !slices.Equal(got, []string{"c"}) {
		t.Errorf("Unopened at the end = %v, want c", got)
	}
	if n, err := l.OrderCount(t.Context()); err != nil || n != 1 {
		t.Errorf("%d orders, %v; want 1", n, err)
	}
}

func TestUnread(t *testing.T) {
	l := open(t)
	for i, a := range []struct {
		state  State
		reason string
	}{{Unreadable, "bad-mac"}, {Waiting, "no-key"}, {Unreadable, "panic"}, {New, ""}, {Unreadable, "bad-mac"}, {Opened, ""}} {
		came := arrival(wrap(strings.Repeat("w", i+1), bob, 1), bob)
		came.State, came.Reason = a.state, a.reason
		arrive(t, l, came, Stored)
	}
	got, err := l.Unread(t.Context())
	want := []Unread{{New, "", 1}, {Unreadable, "bad-mac", 2}, {Unreadable, "panic", 1}, {Waiting, "no-key", 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Unread: %v (-want +got):\n%s", err, diff)
	}
}

func TestInboxCount(t *testing.T) {
	l := open(t)
	for _, id := range []string{"a", "b", "c"} {
		arrive(t, l, arrival(wrap(id, bob, 1), bob), Stored)
	}
	publish(t, l, event("public", 1, alice, 1, nostr.Tag{"p", bob}), Stored)
	for _, c := range []struct {
		recipient    string
		atMost, want int
	}{{bob, 10, 3}, {bob, 2, 2}, {bob, 0, 0}, {bob, -1, 0}, {alice, 10, 0}} {
		if got, err := l.InboxCount(t.Context(), c.recipient, c.atMost); err != nil || got != c.want {
			t.Errorf("InboxCount(%.4s, %d) = %d, %v; want %d", c.recipient, c.atMost, got, err, c.want)
		}
	}
}
