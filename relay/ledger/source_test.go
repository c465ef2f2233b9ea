package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waybill-relay/waybill/orders"
)

// naive is orders.Source over a slice: every answer is a walk.
type naive []orders.Fact

func (n naive) keep(f func(*orders.Fact) bool) (out []orders.Fact) {
	for i := range n {
		if f(&n[i]) {
			out = append(out, n[i])
		}
	}
	return out
}

func (n naive) ofPair(p orders.Pair, f func(*orders.Fact) bool) []orders.Fact {
	return n.keep(func(x *orders.Fact) bool {
		q, ok := x.Pair()
		return ok && q == p && f(x)
	})
}

func (n naive) ofKey(k orders.Key) []orders.Fact {
	return n.ofPair(k.Pair, func(f *orders.Fact) bool { return f.OrderID == k.OrderID })
}

func (n naive) oneSided(party, id string) []orders.Fact {
	return n.keep(func(f *orders.Fact) bool {
		return len(f.Parties) == 1 && f.Parties[0] == party && f.OrderID == id
	})
}

// orders are all there are, without their intent ids, those known first at first.
func (n naive) orders() (bs []orders.Beginning) {
	at := map[orders.Key]int{}
	for i := range n {
		f := &n[i]
		if !f.Begins() {
			continue
		}
		p, _ := f.Pair()
		k := orders.Key{Pair: p, OrderID: f.OrderID}
		j, ok := at[k]
		if !ok {
			j, at[k] = len(bs), len(bs)
			bs = append(bs, orders.Beginning{Key: k, At: f.Tau(), Sigma: f.Sigma(), Seq: f.Seq, Least: f.Tau()})
		}
		b := &bs[j]
		b.Least = min(b.Least, f.Tau())
		if f.Sigma() < b.Sigma || f.Sigma() == b.Sigma && f.Tau() < b.At {
			b.At, b.Sigma, b.Seq = f.Tau(), f.Sigma(), f.Seq
		}
	}
	return bs
}

var (
	parties  = []string{alice, bob, carol}
	orderIDs = []string{"", "1", "2"}
	verbs    = []orders.Verb{orders.Intent, orders.Note, orders.Paid, orders.Shipped, orders.Exception, orders.Request}
)

func drawFact(rt *rapid.T, i int) orders.Fact {
	party := rapid.SampledFrom(parties)
	f := orders.Fact{
		ID: key(fmt.Sprint(i)), Inboxes: []string{party.Draw(rt, "inbox")}, Transports: []orders.Transport{orders.ByWrap},
		Verb: rapid.SampledFrom(verbs).Draw(rt, "verb"), Sender: party.Draw(rt, "sender"),
		Parties: rapid.SliceOfN(party, 0, 2).Draw(rt, "parties"),
		OrderID: rapid.SampledFrom(orderIDs).Draw(rt, "order"), Ref: rapid.SampledFrom(orderIDs).Draw(rt, "ref"),
		At: int64(rapid.IntRange(-3, 3).Draw(rt, "at")), ReceivedAt: int64(rapid.SampledFrom([]int{0, 1, 7_200_001, 14_400_000}).Draw(rt, "received")) - 600_000,
		Trust: rapid.SampledFrom([]orders.Trust{orders.Bound, orders.Unbound}).Draw(rt, "trust"),
	}
	slices.Sort(f.Parties)
	return f
}

// TestSourceProperty compares every answer with the walk.
func TestSourceProperty(t *testing.T) {
	dir, round := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		l, err := Open(t.Context(), filepath.Join(dir, fmt.Sprint(round)))
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		for i := range rapid.IntRange(1, 12).Draw(rt, "messages") {
			var facts []orders.Fact
			for j := range rapid.IntRange(1, 4).Draw(rt, "facts") {
				facts = append(facts, drawFact(rt, 10*i+j))
			}
			if _, err := l.Arrive(t.Context(), arrival(wrap(fmt.Sprint(i), bob, 1), bob, facts...)); err != nil {
				rt.Fatal(err)
			}
		}
		all, err := l.FactsAfter(t.Context(), 0, 1000)
		if err != nil {
			rt.Fatal(err)
		}
		compareSource(t.Context(), rt, l, all)
	})
}

func compareSource(ctx context.Context, rt *rapid.T, l *Ledger, n naive) {
	same := func(what string, got, want any, err error) {
		rt.Helper()
		if diff := gocmp.Diff(want, got); err != nil || diff != "" {
			rt.Fatalf("%s: %v (-want +got):\n%s", what, err, diff)
		}
	}
	// The intent id is the ledger's own to give.
	begun := func(bs []orders.Beginning) []orders.Beginning {
		out := slices.Clone(bs)
		for i := range out {
			out[i].IntentID = ""
		}
		return byKey(out)
	}
	has := func(f func(orders.Beginning) bool) []orders.Beginning {
		return byKey(slices.DeleteFunc(n.orders(), func(b orders.Beginning) bool { return !f(b) }))
	}
	var keys []orders.Key
	pairs := []orders.Pair{"", orders.Pair(alice), orders.PairOf(alice, alice), orders.PairOf(alice, bob), orders.PairOf(bob, carol), orders.PairOf(alice, carol)}
	for _, p := range pairs {
		for _, id := range orderIDs {
			k := orders.Key{Pair: p, OrderID: id}
			keys = append(keys, k, k) // asked for twice
			facts, err := l.OfKey(ctx, k)
			same("OfKey", facts, n.ofKey(k), err)
			facts, err = l.Referring(ctx, p, id)
			same("Referring", facts, n.ofPair(p, func(f *orders.Fact) bool { return f.OrderID == "" && id != "" && f.Ref == id }), err)
			b, ok, err := l.Beginning(ctx, k)
			want := has(func(b orders.Beginning) bool { return b.Key == k })
			same("Beginning ok", ok, len(want) == 1, err)
			if ok {
				same("Beginning", begun([]orders.Beginning{b}), want, nil)
				back, ok, err := l.KeyOf(ctx, b.IntentID)
				same("KeyOf ok", ok, true, err)
				same("KeyOf", back, k, nil)
			}
		}
		for _, r := range [][2]int64{{-2, 1}, {1, -2}, {math.MinInt64, math.MaxInt64}} {
			in := func(at int64) bool { return at >= r[0] && at <= r[1] }
			facts, err := l.Loose(ctx, p, r[0], r[1])
			same("Loose", facts, n.ofPair(p, func(f *orders.Fact) bool { return f.OrderID == "" && in(f.Tau()) }), err)
			bs, err := l.Begun(ctx, p, r[0], r[1])
			same("Begun", begun(bs), has(func(b orders.Beginning) bool { return b.Key.Pair == p && in(b.At) }), err)
			same("Begun, the first first", slices.IsSortedFunc(bs, func(a, b orders.Beginning) int { return cmp.Compare(a.At, b.At) }), true, nil)
			var highest int64
			for _, b := range has(func(b orders.Beginning) bool { return b.Key.Pair == p && b.Least <= r[1] }) {
				highest = max(highest, b.Seq)
			}
			seq, err := l.BeginSeq(ctx, p, r[1])
			same("BeginSeq", seq, highest, err)
		}
	}
	for _, party := range append([]string{"", string(orders.PairOf(alice, bob))}, parties...) {
		for _, id := range orderIDs {
			facts, err := l.OneSided(ctx, party, id)
			same("OneSided", facts, n.oneSided(party, id), err)
			bs, err := l.Sharing(ctx, party, id)
			want := slices.DeleteFunc(n.orders(), func(b orders.Beginning) bool { return b.Key.OrderID != id || !b.Key.Pair.Has(party) })
			same("Sharing", begun(bs), byKey(want[:min(len(want), 2)]), err)
		}
	}
	same("left out by OfKeys", compareBulk(ctx, rt, l, keys), 0, nil)
	bs, err := l.Orders(ctx, "", 1000)
	same("Orders", begun(bs), has(func(orders.Beginning) bool { return true }), err)
}

func byKey(bs []orders.Beginning) []orders.Beginning {
	if len(bs) == 0 {
		return nil
	}
	slices.SortFunc(bs, func(a, b orders.Beginning) int {
		return cmp.Or(strings.Compare(string(a.Key.Pair), string(b.Key.Pair)), strings.Compare(a.Key.OrderID, b.Key.OrderID))
	})
	return bs
}

// TestIntentIDs: the first pair has the client's id, squatters get the next ones,
// and nothing that comes later changes it.
func TestIntentIDs(t *testing.T) {
	l := open(t)
	say := func(id string, verb orders.Verb, from, to, orderID string, at int64) {
		t.Helper()
		arrive(t, l, arrival(wrap(id, to, 1), to, fact(id, verb, from, to, orderID, at)), Stored)
	}
	first := orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "1"}
	second := orders.Key{Pair: orders.PairOf(alice, carol), OrderID: "1"}
	var tried []string
	for id := range orders.IntentIDs(second) {
		if tried = append(tried, id); len(tried) == 3 {
			break
		}
	}
	// Mallory takes the id that second would get.
	squat := orders.Key{Pair: orders.PairOf(mallory, bob), OrderID: tried[1]}
	say("note", orders.Note, alice, bob, "1", 50)
	if _, ok, err := l.Beginning(t.Context(), first); err != nil || ok {
		t.Errorf("a note began an order: %v, %v", ok, err)
	}
	say("intent", orders.Intent, alice, bob, "1", 100)
	say("squat", orders.Intent, mallory, bob, tried[1], 10)
	say("other", orders.Intent, alice, carol, "1", 20)
	say("later", orders.Paid, alice, bob, "1", 200)
	say("earlier", orders.Shipped, bob, alice, "1", 90)
	for _, c := range []struct {
		key      orders.Key
		intentID string
		at       int64
	}{{first, "1", 90}, {squat, tried[1], 10}, {second, tried[2], 20}} {
		b, ok, err := l.Beginning(t.Context(), c.key)
		if err != nil || !ok || b.IntentID != c.intentID || b.At != c.at {
			t.Errorf("Beginning = %+v, %v, %v; want %s at %d", b, ok, err, c.intentID, c.at)
		}
		if k, ok, err := l.KeyOf(t.Context(), c.intentID); err != nil || !ok || k != c.key {
			t.Errorf("KeyOf(%s) = %v, %v, %v; want %v", c.intentID, k, ok, err, c.key)
		}
	}
	owned, err := l.Owns(t.Context(), append(slices.Clone(tried), "unknown"))
	want := map[string]bool{tried[0]: true, tried[1]: true, tried[2]: true}
	if diff := gocmp.Diff(want, owned); err != nil || diff != "" {
		t.Errorf("Owns: %v (-want +got):\n%s", err, diff)
	}
	if _, ok, err := l.KeyOf(t.Context(), "unknown"); ok || err != nil {
		t.Errorf("KeyOf(unknown) = %v, %v", ok, err)
	}
	var walked []string
	for after := ""; ; {
		page, err := l.Orders(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, b := range page {
			walked = append(walked, b.IntentID)
			after = b.IntentID
		}
	}
	slices.Sort(tried)
	if n, err := l.OrderCount(t.Context()); err != nil || int(n) != len(walked) || !slices.Equal(walked, tried) {
		t.Errorf("walked %v of %d (%v), want %v", walked, n, err, tried)
	}
}
