package orders

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const day = 24 * 60 // minutes

func about(orderID string, parties ...string) func(*Fact) {
	return func(f *Fact) { f.OrderID, f.Parties = orderID, parties }
}

func pays(payee string) func(*Fact) { return func(f *Fact) { f.Payee = payee } }

func loose(ref string) func(*Fact) { return func(f *Fact) { f.OrderID, f.Ref = "", ref } }

func TestMembers(t *testing.T) {
	a1 := says(ana, Intent, 0, id("A-1"))
	tests := map[string]struct {
		facts []Fact
		want  string // the facts of order A-1 between ana and bob
	}{
		"its own":                       {[]Fact{a1, says(bob, Request, 1, id("r"))}, "[A-1 r]"},
		"another pair with the same id": {[]Fact{a1, says(ana, Intent, 1, id("x"), about("A-1", ana, carol))}, "[A-1]"},
		"a note to oneself":             {[]Fact{a1, says(bob, Note, 1, id("n"), about("A-1", bob))}, "[A-1 n]"},
		"a note to oneself where the id is used twice": {[]Fact{a1, says(carol, Intent, 0, about("A-1", bob, carol)),
			says(bob, Note, 1, id("n"), about("A-1", bob))}, "[A-1]"},
		"paid to the seller, where the id is used twice": {[]Fact{a1, says(ana, Intent, 0, about("A-1", ana, carol)),
			says(ana, Paid, 1, id("p"), about("A-1", ana), pays(bob))}, "[A-1 p]"},
		"paid to the other seller":             {[]Fact{a1, says(ana, Intent, 0, about("A-1", ana, carol)), says(ana, Paid, 1, id("p"), about("A-1", ana), pays(carol))}, "[A-1]"},
		"paid to nobody's seller":              {[]Fact{a1, says(ana, Paid, 1, id("p"), about("A-1", ana), pays(carol))}, "[A-1 p]"},
		"an orphan":                            {[]Fact{a1, says(bob, Note, 1, id("n"), about("A-2", bob))}, "[A-1]"},
		"free text":                            {[]Fact{a1, says(bob, Note, 5, id("n"), loose(""))}, "[A-1 n]"},
		"free text before the order":           {[]Fact{a1, says(bob, Note, -5, id("n"), loose(""))}, "[A-1]"},
		"free text 31 days later":              {[]Fact{a1, says(bob, Note, 31*day, id("n"), loose(""))}, "[A-1]"},
		"free text with two orders open":       {[]Fact{a1, says(ana, Intent, 1, about("A-2", ana, bob)), says(bob, Note, 5, id("n"), loose(""))}, "[A-1]"},
		"free text that names one of two":      {[]Fact{a1, says(ana, Intent, 1, about("A-2", ana, bob)), says(bob, Note, 5, id("n"), loose("A-1"))}, "[A-1 n]"},
		"free text that names the other":       {[]Fact{a1, says(ana, Intent, -40*day, about("A-2", ana, bob)), says(bob, Note, 5, id("n"), loose("A-2"))}, "[A-1]"},
		"free text that names what is none":    {[]Fact{a1, says(bob, Note, 5, id("n"), loose("Hello"))}, "[A-1 n]"},
		"a stranger's statement about it":      {[]Fact{a1, says(eve, Resolved, 5, id("s"), ends(OutcomeDelivered))}, "[A-1 s]"},
		"only remarks and strangers: no order": {[]Fact{says(bob, Note, 1), says(eve, Resolved, 2)}, "none"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := Assemble(context.Background(), memory(tt.facts), Key{PairOf(ana, bob), "A-1"})
			if err != nil {
				t.Fatal(err)
			}
			got := "none"
			if o != nil {
				var ids []string
				for _, e := range o.Timeline {
					ids = append(ids, e.Fact)
				}
				got = fmt.Sprint(ids)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// late draws by how much a message comes later than its clock says, or, for a late
// key, earlier than those that were read before it.
func late(t *rapid.T) int64 {
	return minute * rapid.SampledFrom([]int64{0, 0, 30, 180, 5 * day, 40 * day}).Draw(t, "late by")
}

// A fact is a member of its Home and of no other order.
func TestHome(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		var m memory
		for i := range rapid.IntRange(1, 10).Draw(t, "facts") {
			who := rapid.SampledFrom([]string{ana, bob}).Draw(t, "who")
			verb := rapid.SampledFrom([]Verb{Intent, Paid, Note, Note}).Draw(t, "verb")
			parties := rapid.SampledFrom([][]string{{ana, bob}, {ana, carol}, {bob}, {ana}}).Draw(t, "parties")
			f := says(who, verb, rapid.Int64Range(0, 60).Draw(t, "day")*day, id(fmt.Sprint("f", i)),
				about(rapid.SampledFrom([]string{"1", "2", ""}).Draw(t, "order"), parties...))
			f.Seq = int64(i + 1)
			if f.OrderID == "" {
				f.Ref = rapid.SampledFrom([]string{"", "1"}).Draw(t, "ref")
			} else if len(parties) == 1 {
				f.Payee = rapid.SampledFrom([]string{"", ana, bob, carol}).Draw(t, "payee")
			}
			f.ReceivedAt += late(t)
			m = append(m, f)
			if rapid.IntRange(0, 3).Draw(t, "copied") == 0 {
				f.ReceivedAt += late(t)
				m = append(m, f)
			}
		}
		for _, f := range m {
			home, ok, err := Home(ctx, m, &f)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range []Key{{PairOf(ana, bob), "1"}, {PairOf(ana, bob), "2"}, {PairOf(ana, carol), "1"}, {PairOf(ana, carol), "2"}} {
				if o, err := Assemble(ctx, m, k); err != nil || o == nil {
					continue // no such order
				}
				facts, _, err := Members(ctx, m, k)
				if err != nil {
					t.Fatal(err)
				}
				member := slices.ContainsFunc(facts, func(g Fact) bool { return g.ID == f.ID })
				if member != (ok && home == k) {
					t.Fatalf("fact %s, order %v: a member: %v; home %v, %v", f.ID, k, member, home, ok)
				}
			}
		}
	})
}

// Whatever a new fact changes anywhere, Touched names that order, and its version
// rises: else tracking live and rebuilding from nothing would part ways.
func TestTouchedAndVersion(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		var m memory
		keys := map[Key]bool{}
		live := map[Key]*Order{}
		var news []Fact
		n := rapid.IntRange(1, 16).Draw(t, "facts")
		for i := range n {
			who := rapid.SampledFrom([]string{ana, bob, carol}).Draw(t, "who")
			verb := rapid.SampledFrom([]Verb{Intent, Request, Paid, Note, Note}).Draw(t, "verb")
			parties := rapid.SampledFrom([][]string{{ana, bob}, {ana, bob}, {ana, carol}, {bob, carol}, {ana, eve}, {bob}, {ana}}).Draw(t, "parties")
			orderID := rapid.SampledFrom([]string{"1", "2", "3", "", "", ""}).Draw(t, "order")
			f := says(who, verb, rapid.Int64Range(0, 100).Draw(t, "day")*day, id(fmt.Sprint("f", i)), about(orderID, parties...))
			if f.Seq = int64(i + 1); orderID != "" && len(parties) == 1 {
				f.Payee = rapid.SampledFrom([]string{"", ana, bob, carol}).Draw(t, "payee")
			}
			if orderID == "" {
				f.Verb = Note
				f.Ref = rapid.SampledFrom([]string{"", "", "1", "2", "4"}).Draw(t, "ref")
			}
			f.ReceivedAt += late(t)
			if i > 0 && rapid.IntRange(0, 5).Draw(t, "a copy") == 0 {
				f = m[rapid.IntRange(0, i-1).Draw(t, "of")]
				f.Seq, f.ReceivedAt = int64(i+1), f.ReceivedAt+late(t)
				orderID = f.OrderID
			}
			m = append(m, f)
			if p, both := f.Pair(); both && orderID != "" {
				keys[Key{p, orderID}] = true
			}
			if news = append(news, f); i < n-1 && rapid.Bool().Draw(t, "more in this batch") {
				continue
			}
			src := Batch(m)
			if rapid.Bool().Draw(t, "bulk") {
				src = Batch(bulk{m, map[string]int{}})
			}
			touched, err := Touched(ctx, src, news)
			news = nil
			if err != nil {
				t.Fatal(err)
			}
			if err := Prefetch(ctx, src, touched); err != nil {
				t.Fatal(err)
			}
			for _, k := range touched {
				o, _ := Assemble(ctx, src, k)
				if was := live[k]; was != nil && o.Version <= was.Version {
					same := *o
					same.Version = was.Version
					if d := cmp.Diff(was, &same); d != "" || o.Version < was.Version {
						t.Fatalf("the version of %v went from %d to %d (-was +is):\n%s", k, was.Version, o.Version, d)
					}
				}
				live[k] = o
			}
		}
		for k := range keys {
			want, _ := Assemble(ctx, m, k)
			got := live[k]
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%v, tracked live, differs from its rebuild (-rebuilt +live):\n%s", k, d)
			}
		}
	})
}

// Who appends to what a batch returned must not change what it returns next.
func TestBatchAnswersAreTheCallers(t *testing.T) {
	ctx := context.Background()
	src := Batch(memory{says(ana, Intent, 0, about("1", ana, bob)), says(ana, Intent, 40*24*60, about("2", ana, bob))})
	p := PairOf(ana, bob)
	first, err := src.Begun(ctx, p, noon, noon)
	if err != nil || len(first) != 1 {
		t.Fatalf("got %v, %v", first, err)
	}
	_ = append(first, Beginning{IntentID: "mine"})
	if all, _ := src.Begun(ctx, p, 0, math.MaxInt64); len(all) != 2 || all[1].IntentID != "2" {
		t.Errorf("got %v", all)
	}
}
