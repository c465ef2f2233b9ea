package orders

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What comes late, or is dated back, takes no free text away from its order: not by
// moving the order's begin, and not by making another order a rival.
func TestSettledTextsStay(t *testing.T) {
	base := []Fact{says(ana, Intent, 0), says(bob, Request, 5, hint)}
	rival := func(min, at int64) Fact { return says(ana, Intent, min, backdated(at), about("Z-1", ana, bob)) }
	tests := map[string]struct {
		facts []Fact
		want  Status
	}{
		"nothing more":                         {nil, StatusPaymentRequested},
		"an address of 40 days before":         {[]Fact{says(ana, Address, 600, backdated(-40*day))}, StatusPaymentRequested},
		"an address of 1970":                   {[]Fact{says(ana, Address, 600, func(f *Fact) { f.At = 1000 })}, StatusPaymentRequested},
		"another order, dated back":            {[]Fact{rival(600, 4)}, StatusPaymentRequested},
		"another order, dated before the two":  {[]Fact{rival(600, -60)}, StatusPaymentRequested},
		"another order that began before":      {[]Fact{rival(-60, -60)}, StatusIntentSent},
		"another order, within the two hours":  {[]Fact{rival(30, 4)}, StatusIntentSent},
		"another order after it":               {[]Fact{rival(6, 6)}, StatusPaymentRequested},
		"the link once more, when there's two": {[]Fact{rival(600, 4), says(bob, Request, 700, hint, id("again"))}, StatusPaymentRequested},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := Assemble(context.Background(), memory(slices.Concat(base, tt.facts)), Key{PairOf(ana, bob), "A-1"})
			if err != nil {
				t.Fatal(err)
			}
			if o.Status != tt.want {
				t.Errorf("got %s, want %s", o.Status, tt.want)
			}
		})
	}
}

// What names its order in part only, and came before any: it waits for the first.
func TestWaitingFacts(t *testing.T) {
	k := Key{PairOf(ana, bob), "A-1"}
	order := func(min, at int64, more ...func(*Fact)) Fact {
		return says(ana, Intent, min, append([]func(*Fact){backdated(at)}, more...)...)
	}
	other, elsewhere := about("Z-1", ana, bob), about("A-1", bob, carol)
	text, lone := says(bob, Note, 5, id("x"), loose("")), says(bob, Note, 5, id("x"), about("A-1", bob))
	named := says(bob, Note, 5, id("x"), loose("A-1"))
	tests := map[string]struct {
		facts []Fact
		want  bool
	}{
		"the order's news come nine days late":      {[]Fact{text, order(9*day, 0)}, true},
		"and those of another one later":            {[]Fact{text, order(9*day, 0), order(10*day, 1, other)}, true},
		"and those of another one before":           {[]Fact{text, order(9*day, 0), order(8*day, 1, other)}, false},
		"and those of another one at once":          {[]Fact{text, order(9*day, 0), order(9*day+1, 1, other)}, false},
		"an order that began later":                 {[]Fact{text, order(9*day, 9*day)}, false},
		"named, and another had begun":              {[]Fact{named, order(9*day, 0), order(0, 0, other)}, false},
		"named, and two others had begun":           {[]Fact{named, order(9*day, 0), order(0, 0, other), order(1, 1, other, about("Z-2", ana, bob))}, true},
		"named, and another came at once":           {[]Fact{named, order(9*day, 0), order(9*day+1, 1, other)}, true},
		"named, had begun too":                      {[]Fact{named, order(0, 0), order(1, 1, other)}, true},
		"named, began later":                        {[]Fact{named, order(day, day)}, true},
		"one party, the id is used again later":     {[]Fact{lone, order(0, 0), says(carol, Intent, 600, backdated(1), elsewhere)}, true},
		"one party, the id was used before":         {[]Fact{lone, order(0, 0), says(carol, Intent, 0, elsewhere)}, false},
		"one party, the id is known elsewhere only": {[]Fact{lone, order(600, 1), says(carol, Intent, 0, elsewhere)}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			facts, _, err := Members(context.Background(), memory(tt.facts), k)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.ContainsFunc(facts, func(f Fact) bool { return f.ID == "x" }); got != tt.want {
				t.Errorf("is it a member: got %v, want %v", got, tt.want)
			}
		})
	}
}

// someOf draws facts about several orders of ana with bob, one with carol, and free
// text between them.
func someOf(t *rapid.T, i int) Fact {
	f := someFact(t, i)
	f.OrderID = rapid.SampledFrom([]string{"1", "2", "3", "", "", ""}).Draw(t, "order")
	switch {
	case len(f.Parties) == 1:
		f.OrderID = "1"
	case f.OrderID == "":
		f.Ref = rapid.SampledFrom([]string{"", "", "1", "3"}).Draw(t, "ref")
	case f.OrderID == "3" && rapid.Bool().Draw(t, "elsewhere"):
		f.OrderID, f.Sender, f.Parties, f.Trust = "1", carol, []string{bob, carol}, Bound
	}
	return f
}

// What comes more than 2 h 10 min after everything else lowers and undoes nothing in
// any order, wherever it is addressed and whatever it is dated: TestLateFactsUndoNothing
// of what an order is made of.
func TestLateFactsTakeNothingAway(t *testing.T) {
	ctx := context.Background()
	payments := []Payment{PaymentNone, PaymentRequested, PaymentClaimed, PaymentConfirmed, PaymentRefundDue, PaymentRefunded}
	rapid.Check(t, func(t *rapid.T) {
		m := memory{says(ana, Intent, 0, id("i1"), about("1", ana, bob))}
		if rapid.Bool().Draw(t, "a second order") {
			m = append(m, says(ana, Intent, rapid.Int64Range(0, 4*day).Draw(t, "from"), id("i2"), about("2", ana, bob)))
		}
		for i := range rapid.IntRange(1, 10).Draw(t, "facts") {
			m = append(m, someOf(t, i))
		}
		last := someOf(t, 99)
		for _, f := range m {
			last.ReceivedAt = max(last.ReceivedAt, f.ReceivedAt+130*minute+1)
		}
		last.At = noon - minute*rapid.Int64Range(-4*day, 100_000).Draw(t, "claims to be older by")
		ends := last.Verb == Cancel || last.Verb == Dispute || last.Verb == Resolved
		for _, b := range m.beginnings(func(Key) bool { return true }) {
			before, err := Assemble(ctx, m, b.Key)
			if err != nil {
				t.Fatal(err)
			}
			after, err := Assemble(ctx, append(m[:len(m):len(m)], last), b.Key)
			if err != nil {
				t.Fatal(err)
			}
			if before.BuyerPubkey != after.BuyerPubkey {
				continue // who that is, no intent had settled
			}
			stands := map[string]bool{}
			for _, e := range after.Timeline {
				stands[e.Fact] = e.OK || e.Verb == Intent
			}
			for _, e := range before.Timeline {
				if e.OK && !stands[e.Fact] {
					t.Fatalf("%v: %s %s was accepted, and is not any more", b.Key, e.Verb, e.Fact)
				}
			}
			if ends || before.Status == StatusDisputed || after.Status == StatusDisputed || after.DisputeTimestamp != before.DisputeTimestamp {
				continue // a dispute raised before there was anything to dispute, and its ruling, wait
			}
			if progressRank[after.Status] < progressRank[before.Status] {
				t.Fatalf("%v: %s lowered %s to %s", b.Key, last.Verb, before.Status, after.Status)
			}
			if slices.Index(payments, after.Payment) < slices.Index(payments, before.Payment) {
				t.Fatalf("%v: %s lowered the payment from %s to %s", b.Key, last.Verb, before.Payment, after.Payment)
			}
		}
	})
}

// A copy that comes later, whatever has begun meanwhile, brings no message into
// another order, and none out of its own.
func TestLaterCopiesMoveNothing(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		var m memory
		for i := range rapid.IntRange(1, 10).Draw(t, "facts") {
			f := someOf(t, i)
			f.At = min(f.At, f.ReceivedAt) // else it is shown by its arrival
			m = append(m, f)
		}
		all := memory(slices.Clone(m))
		for i, f := range m {
			if rapid.Bool().Draw(t, fmt.Sprint("copied ", i)) {
				f.ReceivedAt += minute * rapid.Int64Range(0, 90*day).Draw(t, "later")
				all = append(all, f)
			}
		}
		for _, b := range m.beginnings(func(Key) bool { return true }) {
			want, err := Assemble(ctx, m, b.Key)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Assemble(ctx, memory(shuffled(t, all)), b.Key)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "with later copies", got, want)
		}
	})
}

// A fact dated back that moves no begin is weighed all the same: what is weighed must
// not hang on the order in which things were read.
func TestTouchedByWhatIsDatedBack(t *testing.T) {
	ctx := context.Background()
	other := about("Z-1", ana, bob)
	m := memory{
		says(ana, Intent, 0), says(bob, Note, day, loose("")),
		says(ana, Intent, 50*day, other), says(ana, Address, 60*day, backdated(0), other),
	}
	for i := range m {
		m[i].Seq = int64(i + 1)
	}
	k := Key{PairOf(ana, bob), "A-1"}
	before, _ := Assemble(ctx, m[:3], k)
	after, _ := Assemble(ctx, m, k)
	keys, err := Touched(ctx, m, m[3:])
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Contains(keys, k), before.Version != after.Version; got != want || !want {
		t.Errorf("touched: %v; version %d, then %d", got, before.Version, after.Version)
	}
}
