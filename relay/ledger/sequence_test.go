package ledger

import (
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// TestSequence: facts and marks draw from one sequence, which never falls.
func TestSequence(t *testing.T) {
	l := open(t)
	last := func() int64 {
		t.Helper()
		seq, err := l.LastSeq(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	do := func(fn func(*tx) error) error { return l.writes.submit(t.Context(), fn) }
	draw := func(want int64) {
		t.Helper()
		var got int64
		if err := do(func(x *tx) (err error) { got, err = x.nextSeq(); return err }); err != nil || got != want {
			t.Errorf("nextSeq = %d, %v; want %d", got, err, want)
		}
	}
	if got := last(); got != 0 {
		t.Errorf("LastSeq of an empty ledger = %d", got)
	}
	draw(1) // before the first fact
	draw(2)
	arrive(t, l, arrival(wrap("w", bob, 1), bob, fact("r", orders.Intent, alice, bob, "o", 1)), Stored)
	if facts, err := l.FactsAfter(t.Context(), 0, 10); err != nil || len(facts) != 1 || facts[0].Seq != 3 {
		t.Errorf("FactsAfter = %v, %v; want one with seq 3", facts, err)
	}

	changed := l.Changed()
	if err := do(func(x *tx) error { _, err := x.mark("o"); return err }); err != nil {
		t.Fatal(err)
	}
	<-changed
	b, ok, err := l.Beginning(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o"})
	if err != nil || !ok || b.Mark != 4 || last() != 4 {
		t.Errorf("Beginning = %+v, %v, %v, LastSeq %d; want mark 4", b, ok, err, last())
	}

	// A mark that fails takes no number and wakes nobody.
	changed = l.Changed()
	err = do(func(x *tx) error { _, err := x.mark("unknown"); return err })
	if orders.ErrorCode(err) != orders.EINTERNAL {
		t.Errorf("mark of an unknown order = %v", err)
	}
	draw(5)
	select {
	case <-changed:
		t.Error("a mark that failed woke somebody")
	default:
	}

	if err := do(func(x *tx) error { _, err := x.exec("DELETE FROM facts"); return err }); err != nil {
		t.Fatal(err)
	}
	if got := last(); got != 5 {
		t.Errorf("LastSeq after the facts were erased = %d, want 5", got)
	}
	path := pathOf(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openAt(t, path)
	draw(6)
}
