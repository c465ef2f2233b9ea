package ledger

import (
	"fmt"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// TestSourceIsBounded: whoever knows an id may write any number of messages with it;
// what came first is what is read, and stays so.
func TestSourceIsBounded(t *testing.T) {
	l := open(t)
	var facts []orders.Fact
	for i := range maxOneSided + 5 {
		f := fact("flood", orders.Note, mallory, bob, "o-1", int64(5000-i))
		f.N, f.Parties = i, []string{bob}
		facts = append(facts, f)
	}
	arrive(t, l, arrival(wrap("flood", bob, 1), bob, facts...), Stored)
	for i := range 10 {
		name := fmt.Sprint("intent", i)
		arrive(t, l, arrival(wrap(name, bob, 1), bob, fact(name, orders.Intent, key(name), bob, "o-1", int64(500-i))), Stored)
	}
	lone, err := l.OneSided(t.Context(), bob, "o-1")
	if err != nil || len(lone) != maxOneSided || lone[0].N != 0 || lone[maxOneSided-1].N != maxOneSided-1 {
		t.Errorf("OneSided = %d facts, %v; want the %d first", len(lone), err, maxOneSided)
	}
	bs, err := l.Sharing(t.Context(), bob, "o-1")
	if err != nil || len(bs) != 2 || bs[0].Key.Pair != orders.PairOf(key("intent0"), bob) || bs[1].Key.Pair != orders.PairOf(key("intent1"), bob) {
		t.Errorf("Sharing = %+v, %v; want the two that came first", bs, err)
	}
}
