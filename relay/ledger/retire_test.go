package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

const received = int64(1_700_000_000_000) // when arrival says that its message came

// secret fills a wrap and a box with text that is found again on the disk.
func secret(a Arrival, size int) Arrival {
	text := func(what string) string { return strings.Repeat(what+" of "+a.Event.ID+" ", 1+size/80) }
	a.Event.Content = text("wrapped")
	for i := range a.Facts {
		a.Facts[i].Box = &orders.Box{SealedBy: key("sealing"), For: map[string]string{alice: text("boxed"), bob: text("boxed")}}
	}
	return a
}

// onDisk reports whether any of the ledger's files holds the text.
func onDisk(t *testing.T, path, text string) (found []string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			found = append(found, "ledger"+suffix)
		}
	}
	return found
}

func retire(t *testing.T, l *Ledger, orderID string) Erased {
	t.Helper()
	asOf, err := l.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Retire(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: orderID}, received, asOf)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// in is the fact as it came through somebody's inbox.
func in(owner string, f orders.Fact) orders.Fact {
	f.Inboxes = []string{owner}
	return f
}

func TestRetire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openAt(t, path)
	intent := fact("intent", orders.Intent, alice, bob, "o-1", received)
	chat := fact("chat", orders.Note, bob, alice, "", received+5)
	both := fact("both", orders.Shipped, bob, alice, "o-1", received+6)
	bothToo := fact("both", orders.Shipped, bob, alice, "o-2", received+6)
	bothToo.N = 1
	gone := map[string]Arrival{
		"the seller's copy":         secret(arrival(wrap("w1", bob, 1), bob, in(bob, intent)), 500),
		"the buyer's copy":          secret(arrival(wrap("w2", alice, 1), alice, in(alice, intent)), 9000),
		"the same message, rewrapt": secret(arrival(wrap("w3", bob, 1), bob, in(bob, intent)), 500),
		"a line without an id":      secret(arrival(wrap("w4", alice, 1), alice, in(alice, chat)), 500),
	}
	stays := map[string]Arrival{
		"another order":  secret(arrival(wrap("w5", bob, 1), bob, in(bob, fact("other", orders.Intent, alice, bob, "o-2", received+40*24*3_600_000))), 500),
		"two orders":     secret(arrival(wrap("w6", alice, 1), alice, in(alice, both), in(alice, bothToo)), 500),
		"no order":       secret(arrival(wrap("w7", bob, 1), bob), 500),
		"another person": secret(arrival(wrap("w8", carol, 1), carol, in(carol, fact("third", orders.Intent, alice, carol, "o-1", received))), 500),
	}
	for _, name := range []string{"the seller's copy", "the buyer's copy", "the same message, rewrapt", "a line without an id"} {
		arrive(t, l, gone[name], Stored)
	}
	for _, a := range stays {
		arrive(t, l, a, Stored)
	}

	before, err := l.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changed := l.Changed()
	if got, want := retire(t, l, "o-1"), (Erased{Boxes: 4, Events: 4}); got != want {
		t.Errorf("erased %+v, want %+v", got, want)
	}
	<-changed
	if done, err := l.Scrub(t.Context()); err != nil || !done {
		t.Fatalf("Scrub = %v, %v", done, err)
	}
	for name, a := range gone {
		for _, text := range []string{"wrapped of " + a.Event.ID, "boxed of " + a.Event.ID} {
			if found := onDisk(t, path, text); len(found) > 0 {
				t.Errorf("%s: %q is still in %v", name, text[:8], found)
			}
		}
		if serves(t, l, a.Event, a.Recipient) {
			t.Errorf("%s is served", name)
		}
		arrive(t, l, a, Duplicate)
	}
	for name, a := range stays {
		if !serves(t, l, a.Event, a.Recipient) || len(onDisk(t, path, "wrapped of "+a.Event.ID)) == 0 {
			t.Errorf("%s is gone", name)
		}
	}
	k := orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"}
	b, ok, err := l.Beginning(t.Context(), k)
	if err != nil || !ok || !b.Retired || b.Mark <= before {
		t.Errorf("the beginning is %+v, %v", b, err)
	}
	if o, err := orders.Assemble(t.Context(), l, k); err != nil || o != nil {
		t.Errorf("Assemble = %v, %v; want nothing", o, err)
	}
	if owned, err := l.Owns(t.Context(), []string{"o-1", "o-2"}); err != nil || owned["o-1"] || !owned["o-2"] {
		t.Errorf("Owns = %v, %v; want what stands", owned, err)
	}
	if got := retire(t, l, "o-1"); got != (Erased{}) {
		t.Errorf("retired twice: erased %+v", got)
	}

	// The message that spoke of both goes with the second.
	if got, want := retire(t, l, "o-2"), (Erased{Boxes: 2, Events: 2}); got != want {
		t.Errorf("the second order: erased %+v, want %+v", got, want)
	}
}

// What is said of a retired order later is its reader's mail, and no more.
func TestLateToARetiredOrder(t *testing.T) {
	l := open(t)
	arrive(t, l, arrival(wrap("w1", bob, 1), bob, fact("intent", orders.Intent, alice, bob, "o-1", received)), Stored)
	retire(t, l, "o-1")
	lone := fact("lone", orders.Shipped, bob, alice, "o-1", received)
	lone.Parties = []string{bob}
	ref := fact("ref", orders.Note, bob, alice, "", received)
	ref.Ref = "o-1"
	for i, f := range []orders.Fact{
		fact("late", orders.Paid, alice, bob, "o-1", received+1), in(alice, fact("intent", orders.Intent, alice, bob, "o-1", received)), lone, ref,
	} {
		a := arrival(wrap(fmt.Sprint("late", i), bob, 1), bob, f)
		arrive(t, l, a, Stored)
		if !serves(t, l, a.Event, bob) {
			t.Errorf("late message %d is not served to its reader", i)
		}
	}
	arrive(t, l, arrival(wrap("else", bob, 1), bob, fact("else", orders.Intent, alice, bob, "o-2", received)), Stored)
	var boxes int
	if err := l.reads.db.QueryRowContext(t.Context(), "SELECT count(*) FROM facts WHERE box IS NOT NULL").Scan(&boxes); err != nil || boxes != 1 {
		t.Errorf("%d boxes, %v; want that of the other order", boxes, err)
	}
	if n, err := l.OrderCount(t.Context()); err != nil || n != 2 {
		t.Errorf("%d orders, %v; want 2", n, err)
	}
	if o, err := orders.Assemble(t.Context(), l, orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"}); err != nil || o != nil {
		t.Errorf("the order is back: %v, %v", o, err)
	}
}

func TestRetireRefuses(t *testing.T) {
	l := open(t)
	arrive(t, l, arrival(wrap("w1", bob, 1), bob, fact("intent", orders.Intent, alice, bob, "o-1", received)), Stored)
	k := orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"}
	asOf, err := l.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Of somebody else: it does not bear on the order.
	arrive(t, l, arrival(wrap("w2", carol, 1), carol, fact("x", orders.Intent, mallory, carol, "o-9", received)), Stored)
	for name, f := range map[string]orders.Fact{
		"a word on it":      fact("dispute", orders.Dispute, alice, bob, "o-1", received),
		"a line of chat":    fact("chat", orders.Note, alice, bob, "", received),
		"another's same id": fact("rival", orders.Intent, carol, bob, "o-1", received),
	} {
		before, err := l.LastSeq(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		arrive(t, l, arrival(wrap(name, bob, 1), bob, f), Stored)
		if _, err := l.Retire(t.Context(), k, received, before); !errors.Is(err, ErrMoved) || orders.ErrorCode(err) != orders.ECONFLICT {
			t.Errorf("%s: Retire = %v, want ErrMoved", name, err)
		}
	}
	if _, err := l.Retire(t.Context(), k, received, asOf); !errors.Is(err, ErrMoved) {
		t.Errorf("Retire = %v, want ErrMoved", err)
	}
	if _, err := l.Retire(t.Context(), orders.Key{Pair: k.Pair, OrderID: "no"}, received, 99); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("no such order: Retire = %v", err)
	}
	if _, err := l.Retire(t.Context(), k, 0, 99); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a time: Retire = %v", err)
	}
}

func TestStanding(t *testing.T) {
	l := open(t)
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		arrive(t, l, arrival(wrap(id, bob, 1), bob, fact(id, orders.Intent, alice, bob, id, received+int64(i/2))), Stored)
	}
	retire(t, l, "b")
	var got []string
	for at := (orders.Beginning{}); ; {
		page, err := l.Standing(t.Context(), received+2, at, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, b := range page {
			got = append(got, b.IntentID)
		}
		at = page[len(page)-1]
	}
	if want := "a c d"; strings.Join(got, " ") != want {
		t.Errorf("Standing = %v, want %s", got, want)
	}
}

// However the pages were filled, split and merged before: what was erased is gone
// from the disk, and what was not is there.
func TestErasedBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openAt(t, path)
	r := rand.New(rand.NewPCG(1, 2))
	var all []Arrival
	for i := range 150 {
		id := fmt.Sprint(i)
		f := fact("r"+id, orders.Intent, alice, bob, "o"+id, received)
		a := secret(arrival(wrap(id, bob, int64(r.IntN(1000))), bob, in(bob, f)), r.IntN(6000))
		arrive(t, l, a, Stored)
		all = append(all, a)
	}
	gone := map[int]bool{}
	for _, i := range r.Perm(len(all))[:100] {
		retire(t, l, fmt.Sprint("o", i))
		gone[i] = true
	}
	if done, err := l.Scrub(t.Context()); err != nil || !done {
		t.Fatalf("Scrub = %v, %v", done, err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range all {
		for _, text := range []string{"wrapped of " + a.Event.ID, "boxed of " + a.Event.ID} {
			if has := bytes.Contains(content, []byte(text)); has == gone[i] {
				t.Errorf("order %d: %q on the disk: %v, erased: %v", i, text[:7], has, gone[i])
			}
		}
	}
}

// A file from before knows afterwards which message each row held, and which of
// them have lost their event.
func TestWhenceOfAnOldFile(t *testing.T) {
	l := openAt(t, oldFile(t, 1))
	got, err := all(t.Context(), l.reads, scanString, `
		SELECT seq || ' ' || gone || ' ' || coalesce((SELECT count(*) FROM facts f WHERE f.inbox = i.seq AND f.rumor_id = i.rumor_id), 0) FROM inbox i ORDER BY seq`)
	if want := "1  2, 2  1, 3  1, 4  1, 5 earlier 1, 6  1, 7  0"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("row, reason and facts: %q, %v; want %q", strings.Join(got, ", "), err, want)
	}
}
