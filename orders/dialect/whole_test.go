package dialect

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// tables are the messages of all tables, by dialect.
func tables() map[string][]reading {
	return map[string][]reading{
		Conduit: slices.Concat(conduitOrders, conduitMessages, conduitPayments),
		Gamma:   slices.Concat(gammaOrders, gammaStatus), CultureBridge: cbMessages, Text: freeText,
		NIP15: nip15Messages, Plebeian: slices.Concat(plebeianMessages, oldPlebeianMessages),
		Shopstr: slices.Concat(shopstrMessages, milkMarket, shopstrJSON),
	}
}

// FuzzFold takes two messages of anybody's from the rumor to the order: nothing
// panics, the order of arrival does not matter, and what is private stays private.
func FuzzFold(f *testing.F) {
	all := tables()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for i, r := range all[name] {
			f.Add([]byte(cast.Replace(r.rumor)), []byte(cast.Replace(all[name][(i+1)%len(all[name])].rumor)), uint8(i))
		}
	}
	registry := New(WithKinds(1327), WithDirectMessages())
	pair := orders.PairOf(buyer, seller)
	f.Fuzz(func(t *testing.T, one, other []byte, odd uint8) {
		var facts []orders.Fact
		for i, raw := range [][]byte{one, other} {
			evt := nostr.Event{PubKey: []string{buyer, seller, stranger}[int(odd>>i)%3], CreatedAt: 1760000000}
			if json.Unmarshal(raw, &evt) != nil {
				return
			}
			evt.ID = strings.Repeat(string("ab"[i]), 64)
			for _, owner := range []string{buyer, seller, ""} {
				m := Message{Rumor: evt, Owner: owner, Relay: relayKey, Transport: orders.ByWrap, ReceivedAt: 1760000005000 + int64(i)}
				if owner == "" {
					m.Transport = orders.ByPublic
				}
				sts, err := registry.Read(m)
				if err != nil && Reason(err) == "" {
					t.Fatalf("an error without a reason: %v", err)
				}
				for _, st := range sts {
					checkInvariants(t, m, st)
					facts = append(facts, st.Fact)
				}
			}
		}
		if len(facts) == 0 {
			return
		}
		o := orders.Fold(pair, facts)
		if !o.Status.Valid() || o.GrandTotal < 0 || o.TotalSats > orders.MaxSats || o.BuyerPubkey == o.SellerPubkey {
			t.Fatalf("got %+v", o)
		}
		slices.Reverse(facts)
		if diff := diffJSON(t, orders.Fold(pair, append(facts, facts...)), o); diff != "" {
			t.Fatalf("in another order: %s", diff)
		}
	})
}

// BenchmarkTables reads every good message of the tables, and tells what the median
// one costs.
func BenchmarkTables(b *testing.B) {
	registry := New(WithDirectMessages())
	var messages []Message
	for _, table := range tables() {
		for _, r := range table {
			if m := message(b, r.rumor); !strings.HasPrefix(r.want, "!") {
				messages = append(messages, m)
			}
		}
	}
	took := make([]time.Duration, len(messages))
	rounds := 0
	for b.Loop() {
		for i, m := range messages {
			begin := time.Now()
			_, _ = registry.Read(m)
			took[i] += time.Since(begin)
		}
		rounds++
	}
	slices.Sort(took)
	each := func(i int) float64 { return float64(took[i].Nanoseconds()) / float64(rounds) }
	b.ReportMetric(each(len(took)/2), "median-ns")
	b.ReportMetric(each(len(took)*9/10), "p90-ns")
	b.ReportMetric(float64(len(took)), "messages")
}
