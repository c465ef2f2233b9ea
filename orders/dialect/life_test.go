package dialect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// spoken is one message of a life: the rumor in JSON, and whose inboxes it lands in
// ("$B $S"); in none it is published in the open.
type spoken struct{ rumor, inboxes string }

// life is a whole order in one client's messages, the first first, with what they
// come to as told prints it.
type life struct {
	said []spoken
	want string
}

// lifeSeeds are how many times every life is shuffled anew, and arrangements how
// often by one seed.
const lifeSeeds, arrangements = 8, 50

// check reads the messages, and folds them in every arrangement alike: late, twice,
// in any order, one party's copies without the other's.
func (l life) check(t *testing.T) {
	t.Helper()
	var whole []orders.Fact
	for i, s := range l.said {
		facts := s.read(t, i)
		whole = append(whole, facts...)
		// From any message that names both parties an order begins.
		for _, f := range facts {
			if f.Begins() {
				if o := orders.Fold(orders.PairOf(buyer, seller), []orders.Fact{f}); o.BuyerPubkey == "" || len(o.Timeline) != 1 {
					t.Errorf("message %d alone: %+v", i, o)
				}
			}
		}
	}
	order := orders.Fold(orders.PairOf(buyer, seller), whole)
	if got := told(order); got != cast.Replace(l.want) {
		t.Errorf("\n got %s\nwant %s", got, cast.Replace(l.want))
	}
	// One line of history per message, however many copies there are.
	for seed := range uint64(lifeSeeds) {
		r := rand.New(rand.NewPCG(seed, 0))
		for range arrangements {
			facts := slices.Clone(whole)
			for range r.IntN(len(whole)) {
				facts = append(facts, whole[r.IntN(len(whole))])
			}
			r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
			for i := range facts {
				facts[i].ReceivedAt = arrival + int64(i)*1000
			}
			if diff := diffJSON(t, timeless(orders.Fold(orders.PairOf(buyer, seller), facts)), timeless(order)); diff != "" {
				t.Fatalf("seed %d: %s", seed, diff)
			}
		}
	}
}

// All that is said falls into one hour, and arrives in the next.
const (
	begun   = int64(1760000400)
	arrival = (begun + 3600) * 1000
)

// read returns the facts of every copy of the i-th message of a life.
func (s spoken) read(t *testing.T, i int) (facts []orders.Fact) {
	t.Helper()
	m := message(t, s.rumor)
	m.Rumor.ID = fmt.Sprintf("%064x", i+1)
	m.Rumor.CreatedAt = nostr.Timestamp(begun + int64(i)*60)
	m.ReceivedAt = arrival
	m.Transport, m.Owner = orders.ByPublic, ""
	owners := strings.Fields(cast.Replace(s.inboxes))
	for n := range max(len(owners), 1) {
		if len(owners) > 0 {
			m.Transport, m.Owner = orders.ByWrap, owners[n]
		}
		sts, err := New(WithDirectMessages()).Read(m)
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		for _, st := range sts {
			checkInvariants(t, m, st)
			facts = append(facts, st.Fact)
		}
	}
	return facts
}

// told is an order in one line.
func told(o *orders.Order) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, payment %s, %d sats, %s", o.Status, o.Payment, o.GrandTotal, o.Trust)
	if o.FiatTotal != nil {
		fmt.Fprintf(&b, ", %s %s", o.FiatTotal.Amount, o.FiatTotal.Currency)
	}
	if o.BuyerPubkey != buyer {
		b.WriteString(", the seller is the buyer")
	}
	for _, p := range o.Shipments {
		fmt.Fprintf(&b, ", parcel %s %s", p.Carrier, p.TrackingNumber)
	}
	for _, e := range o.Exceptions {
		fmt.Fprintf(&b, ", %s!", e.Code)
	}
	for _, e := range o.Timeline {
		fmt.Fprintf(&b, "\n%s %s", e.Role, e.Verb)
		if e.Trust != orders.Bound {
			fmt.Fprintf(&b, " (%s)", e.Trust)
		}
		if !e.OK {
			fmt.Fprintf(&b, ": %s", e.Reason)
		}
	}
	return b.String()
}

// timeless is an order without what depends on when its messages arrived.
func timeless(o *orders.Order) *orders.Order {
	copied := *o
	copied.Timeline = slices.Clone(o.Timeline)
	for i := range copied.Timeline {
		copied.Timeline[i].ReceivedAt = 0
	}
	return &copied
}

func TestGammaLife(t *testing.T) {
	life{[]spoken{
		{`{"kind":16,"tags":[["p","$S"],["type","1"],["order","A-1"],["amount","1000"],["item","30402:$S:mug","1"],["address","1 Main St"]]}`, "$B $S"},
		{`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["type","2"],["order","A-1"],["amount","1000"],["payment","lightning","$J"]]}`, "$B $S"},
		{`{"kind":17,"tags":[["p","$S"],["order","A-1"],["amount","1000"],["payment","lightning","$J","$P"]]}`, "$B $S"},
		{`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["type","3"],["order","A-1"],["status","confirmed"]]}`, "$B $S"},
		{`{"kind":16,"pubkey":"$S","tags":[["p","$B"],["type","4"],["order","A-1"],["status","shipped"],["tracking","1Z9"],["carrier","UPS"]]}`, "$B $S"},
		{`{"kind":16,"tags":[["p","$S"],["type","3"],["order","A-1"],["status","completed"]]}`, "$B $S"},
	}, `delivered, payment confirmed, 1000 sats, bound, parcel UPS 1Z9
buyer intent
seller request
buyer paid
seller confirm
seller shipped
buyer delivered`}.check(t)
}
