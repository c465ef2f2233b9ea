package ledger

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

func deletes(id, author string, at int64, tags ...nostr.Tag) *nostr.Event {
	return event(id, nostr.KindDeletion, author, at, tags...)
}

func e(name string) nostr.Tag { return nostr.Tag{"e", key(name)} }

// TestDelete: who may delete what, with the deletion after the event and before it.
func TestDelete(t *testing.T) {
	d := nostr.Tag{"d", "mug"}
	address := nostr.Tag{"a", "30402:" + bob + ":mug"}
	for _, c := range []struct {
		name     string
		target   *nostr.Event
		reader   string // who could see the target
		deletion *nostr.Event
		deleted  bool
		// who sees the deletion where it came after the event
		public bool
	}{
		{"own note", event("x", 1, bob, 10), "", deletes("del", bob, 20, e("x")), true, true},
		{"a stranger's note", event("x", 1, bob, 10), "", deletes("del", mallory, 20, e("x")), false, false},
		{"someone named in a note", event("x", 1, bob, 10, nostr.Tag{"p", carol}), "", deletes("del", carol, 20, e("x")), false, false},
		{"a wrap by its recipient", wrap("x", bob, 10), bob, deletes("del", bob, 20, e("x")), true, false},
		{"a wrap by its throw-away key", wrap("x", bob, 10), bob, deletes("del", key("thrown away x"), 20, e("x")), false, false},
		{"a wrap by a stranger", wrap("x", bob, 10), bob, deletes("del", mallory, 20, e("x")), false, false},
		{"a NIP-04 message by its author", event("x", 4, alice, 10, nostr.Tag{"p", bob}), bob, deletes("del", alice, 20, e("x")), true, false},
		{"a NIP-04 message by its recipient", event("x", 4, alice, 10, nostr.Tag{"p", bob}), bob, deletes("del", bob, 20, e("x")), false, false},
		{"own deletion", deletes("x", bob, 10, nostr.Tag{"a", "30402:" + bob + ":cup"}), "", deletes("del", bob, 20, e("x")), false, true},
		{"own address", event("x", 30402, bob, 10, d), "", deletes("del", bob, 20, address), true, true},
		{"own address of the same second", event("x", 30402, bob, 20, d), "", deletes("del", bob, 20, address), true, true},
		{"own address, older deletion", event("x", 30402, bob, 21, d), "", deletes("del", bob, 20, address), false, true},
		{"a stranger's address", event("x", 30402, bob, 10, d), "", deletes("del", mallory, 20, address), false, true},
		{"own replaceable by address", event("x", 10002, bob, 10), "", deletes("del", bob, 20, nostr.Tag{"a", "10002:" + bob + ":"}), true, true},
		{"an address with colons", event("x", 30402, bob, 10, nostr.Tag{"d", "a:b"}), "", deletes("del", bob, 20, nostr.Tag{"a", "30402:" + bob + ":a:b"}), true, true},
		{"a regular kind by address", event("x", 1, bob, 10), "", deletes("del", bob, 20, nostr.Tag{"a", "1:" + bob + ":"}), false, true},
		{"nonsense", event("x", 1, bob, 10), "", deletes("del", bob, 20, nostr.Tag{"e", "nonsense"}, nostr.Tag{"e"}, nostr.Tag{"a", "::"}), false, false},
		{"one of two unknown", event("x", 1, bob, 10), "", deletes("del", bob, 20, e("x"), e("unknown")), true, false},
	} {
		store := func(t *testing.T, l *Ledger, want Outcome) {
			t.Helper()
			if isWrap(c.target.Kind) {
				arrive(t, l, arrival(c.target, bob), want)
			} else {
				publish(t, l, c.target, want)
			}
		}
		check := func(t *testing.T, l *Ledger, public bool) {
			t.Helper()
			if got := serves(t, l, c.target, c.reader); got == c.deleted {
				t.Errorf("served = %v, want %v", got, !c.deleted)
			}
			if !serves(t, l, c.deletion, c.deletion.PubKey) {
				t.Error("its author does not see the deletion")
			}
			for _, reader := range []string{"", key("anybody")} {
				if got := serves(t, l, c.deletion, reader); got != public {
					t.Errorf("the deletion is served to %.4q: %v, want %v", reader, got, public)
				}
			}
		}
		t.Run(c.name+", after", func(t *testing.T) {
			l := open(t)
			store(t, l, Stored)
			publish(t, l, c.deletion, Stored)
			check(t, l, c.public)
			want := Duplicate
			if c.deleted {
				want = Deleted
			}
			store(t, l, want)
			publish(t, l, c.deletion, Duplicate)
			check(t, l, c.public)
		})
		t.Run(c.name+", before", func(t *testing.T) {
			l := open(t)
			publish(t, l, c.deletion, Stored)
			if c.deleted {
				store(t, l, Deleted)
			} else {
				store(t, l, Stored)
			}
			check(t, l, !hasID(c.deletion)) // of ids not seen yet it says nothing to others
		})
	}
}

func hasID(evt *nostr.Event) bool {
	for range evt.Tags.FindAll("e") {
		return true
	}
	return false
}

// TestDeletedWrap: the wrap is gone from the file, what was read in it stays.
func TestDeletedWrap(t *testing.T) {
	l := open(t)
	opened, waiting := wrap("opened", bob, 1), wrap("waiting", bob, 2)
	opened.Content = strings.Repeat("RECOGNISABLE", 2000) // pages of it
	arrive(t, l, arrival(opened, bob, fact("r", orders.Intent, alice, bob, "o", 1)), Stored)
	arrive(t, l, arrival(waiting, bob), Stored)
	rows, err := l.Unopened(t.Context(), bob, 0, 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("Unopened = %v, %v", rows, err)
	}
	publish(t, l, deletes("del", bob, 3, e("opened"), e("waiting")), Stored)

	if facts, err := l.FactsAfter(t.Context(), 0, 10); err != nil || len(facts) != 1 {
		t.Errorf("%d facts, %v; want the one", len(facts), err)
	}
	var inbox int
	if err := l.reads.db.QueryRowContext(t.Context(), "SELECT count(*) FROM inbox").Scan(&inbox); err != nil || inbox != 2 {
		t.Errorf("%d rows, %v; want both", inbox, err)
	}
	if n, err := l.CountUnopened(t.Context(), []string{bob}, 10); err != nil || n != 0 {
		t.Errorf("CountUnopened = %v, %v; want none", n, err)
	}
	if err := l.Resolve(t.Context(), rows[0].Seq, Decoded{State: Waiting}); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("Resolve of a deleted wrap = %v, want a conflict", err)
	}

	path := pathOf(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte("RECOGNISABLE")) {
		t.Error("the deleted wrap is still in the file")
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the write-ahead log is still there: %v", err)
	}
}
