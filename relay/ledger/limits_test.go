package ledger

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waybill-relay/waybill/orders"
)

const minute = int64(60_000)

// said stores one fact as a message of its own and reports its stamp.
func said(t *testing.T, l *Ledger, f orders.Fact) bool {
	t.Helper()
	id := fmt.Sprint(f.ID, f.N, f.Inboxes, f.Transports)
	if f.ReceivedAt == 0 {
		f.ReceivedAt = f.At
	}
	arrive(t, l, arrival(wrap(id, f.Inboxes[0], 1), f.Inboxes[0], f), Stored)
	return lastFact(t, l).Held
}

func lastFact(t *testing.T, l *Ledger) orders.Fact {
	t.Helper()
	facts, err := l.FactsAfter(t.Context(), 0, 10_000)
	if err != nil || len(facts) == 0 {
		t.Fatalf("FactsAfter = %d facts, %v", len(facts), err)
	}
	return facts[len(facts)-1]
}

func TestIntentLimit(t *testing.T) {
	l := open(t)
	intent := func(i int, sender string, at int64, change ...func(*orders.Fact)) bool {
		f := fact(fmt.Sprint("intent", i), orders.Intent, sender, bob, fmt.Sprint("o", i), at)
		for _, c := range change {
			c(&f)
		}
		return said(t, l, f)
	}
	unbound := func(f *orders.Fact) { f.Trust = orders.Unbound }
	copied := func(f *orders.Fact) { f.Inboxes = []string{alice} }
	noLimit := []bool{intent(0, carol, 0), intent(1, carol, 0), intent(2, carol, 0)}
	if slices.Contains(noLimit, true) {
		t.Errorf("held without a limit: %v", noLimit)
	}
	l.SetLimits(Limits{IntentsPerAuthor: 2})
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"first", intent(10, alice, 100*minute), false},
		{"its copy", intent(10, alice, 101*minute, copied), false},
		{"second", intent(11, alice, 110*minute), false},
		{"third", intent(12, alice, 159*minute), true},
		{"the copy of what is held, when there is room", intent(12, alice, 400*minute, copied), true},
		{"the copy of what is not, when there is none", intent(11, alice, 160*minute, copied), false},
		{"another author", intent(13, carol, 159*minute), false},
		{"said in her name by others", intent(14, alice, 159*minute, unbound), false},
		{"an admin", intent(15, alice, 159*minute, func(f *orders.Fact) { f.ByAdmin = true }), false},
		{"the node", intent(16, alice, 159*minute, func(f *orders.Fact) { f.ByNode = true }), false},
		{"said in an admin's name by others", intent(19, alice, 159*minute, func(f *orders.Fact) { f.ByAdmin, f.Trust = true, orders.Unbound }), false},
		{"and again", intent(20, alice, 159*minute, func(f *orders.Fact) { f.ByAdmin, f.Trust = true, orders.Unbound }), true},
		{"another verb", said(t, l, fact("paid", orders.Paid, alice, bob, "o10", 159*minute)), false},
		{"an hour after the last", intent(17, alice, 221*minute), false},
		{"received before all", intent(18, alice, 99*minute), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: held = %v, want %v", c.name, c.got, c.want)
		}
	}
	l.SetLimits(Limits{})
	if intent(30, alice, 222*minute) {
		t.Error("held after the limits were lifted")
	}
}

// guestOrder is an order that names nobody but the shop, under a throw-away key.
func guestOrder(id, shop string, at int64) orders.Fact {
	f := fact(id, orders.Intent, "", shop, "order of "+id, at)
	f.Parties, f.Trust, f.Key = []string{shop}, orders.Unbound, key("throw-away key of "+id)
	return f
}

// TestNamelessLimit: guests of one shop have one count, and those of another theirs.
func TestNamelessLimit(t *testing.T) {
	l := open(t)
	l.SetLimits(Limits{IntentsPerAuthor: 2})
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"first", said(t, l, guestOrder("1", bob, 100*minute)), false},
		{"second", said(t, l, guestOrder("2", bob, 101*minute)), false},
		{"third", said(t, l, guestOrder("3", bob, 102*minute)), true},
		{"at another shop", said(t, l, guestOrder("4", carol, 102*minute)), false},
		{"an hour later", said(t, l, guestOrder("5", bob, 165*minute)), false},
		{"a guest who is named", said(t, l, fact("6", orders.Intent, alice, bob, "6", 102*minute)), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: held = %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestOrderLimit(t *testing.T) {
	l := open(t)
	l.SetLimits(Limits{FactsPerOrder: 2})
	note := func(id, sender, orderID string, at int64, change ...func(*orders.Fact)) bool {
		f := fact(id, orders.Note, sender, bob, orderID, at)
		for _, c := range change {
			c(&f)
		}
		return said(t, l, f)
	}
	day := 24 * 60 * minute
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"first", note("1", alice, "o", 1), false},
		{"its copy", note("1", alice, "o", 1, func(f *orders.Fact) { f.Inboxes = []string{alice} }), false},
		{"second", note("1", alice, "o", 1, func(f *orders.Fact) { f.N = 1 }), false},
		{"third", note("2", alice, "o", 1), true},
		{"the other side", said(t, l, fact("3", orders.Note, bob, alice, "o", 1)), false},
		{"said in her name by others", note("4", alice, "o", 1, func(f *orders.Fact) { f.Trust = orders.Unbound }), false},
		{"another order", note("5", alice, "p", 1), false},
		{"an intent has a limit of its own", said(t, l, fact("6", orders.Intent, alice, bob, "o", 1)), false},
		{"an admin", note("7", alice, "o", 1, func(f *orders.Fact) { f.ByAdmin = true }), false},
		{"loose 1", note("l1", alice, "", 1*day), false},
		{"loose 2", note("l2", alice, "", 2*day), false},
		{"loose 3", note("l3", alice, "", 30*day), true},
		{"loose, when none may draw in the first two any more", note("l4", alice, "", 33*day), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: held = %v, want %v", c.name, c.got, c.want)
		}
	}
	facts, err := l.OfKey(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		if f.Held != (f.ID == key("2")) || f.Box == nil {
			t.Errorf("fact %.8s: held %v, box %v", f.ID, f.Held, f.Box)
		}
	}
}

// TestLimitWithinOneMessage: the facts of one message count like any others, also
// where it is opened later; the stamp is the ledger's, whatever the fact said.
func TestLimitWithinOneMessage(t *testing.T) {
	l := open(t)
	l.SetLimits(Limits{FactsPerOrder: 2, IntentsPerAuthor: 1})
	arrive(t, l, arrival(wrap("w", bob, 1), bob), Stored)
	rows, err := l.Unopened(t.Context(), bob, 0, 1)
	if err != nil || len(rows) != 1 {
		t.Fatalf("Unopened = %v, %v", rows, err)
	}
	var facts []orders.Fact
	for n, verb := range []orders.Verb{orders.Intent, orders.Intent, orders.Note, orders.Note} {
		f := fact("r", verb, alice, bob, "o", 1)
		f.N, f.Held = n, true
		facts = append(facts, f)
	}
	if err := l.Resolve(t.Context(), rows[0].Seq, Decoded{State: Opened, Facts: facts}); err != nil {
		t.Fatal(err)
	}
	stored, err := l.FactsAfter(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []bool
	for _, f := range stored {
		got = append(got, f.Held)
	}
	if diff := cmp.Diff([]bool{false, false, true, true}, got); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

func TestSetLimitsBesideWriters(t *testing.T) {
	l := open(t)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20 {
				l.SetLimits(Limits{FactsPerOrder: w + i, IntentsPerAuthor: i})
				id := fmt.Sprint(w, "-", i)
				if _, err := l.Arrive(context.Background(), arrival(wrap(id, bob, 1), bob, fact(id, orders.Intent, alice, bob, id, 1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r, err := OpenReadOnly(t.Context(), pathOf(t, l))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.SetLimits(Limits{FactsPerOrder: 1}) // nothing to limit, and no harm
}
