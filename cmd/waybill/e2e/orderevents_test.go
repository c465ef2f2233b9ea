//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// TestOrdersOverNostr follows an order as events (kind 30078) with nostr-tools, which
// verifies and decrypts them: stored, counted, live, and to nobody but its parties.
func TestOrdersOverNostr(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "mallory"}, delegated: []string{"seller"}})
	buyer, seller := w.person("buyer"), w.person("seller")
	address := w.hide("12 Rua das Flores, Porto")
	filter := map[string]any{"kinds": []int{30078}, "authors": []string{w.self}}
	live := map[string]any{"kinds": []int{30078}, "limit": 0}
	for _, who := range []string{"buyer", "seller", "mallory"} {
		w.node.must(who, "listen", map[string]any{"name": "orders", "filters": []any{live}}, nil)
	}
	buyer.send(seller, intent(seller, "E-1", "Two mugs, please.", 200, tag("address", address)))

	// opened is the newest of the events that somebody got, as nostr-tools decrypts it.
	opened := func(p *person, got heard) (o orders.Order, id string) {
		t.Helper()
		last := got.Events[len(got.Events)-1]
		var text string
		w.node.must(p.name, "open", map[string]any{"by": last.PubKey, "box": last.Content}, &text)
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		if last.PubKey != w.self || last.Tags.GetD() != o.IntentID || last.Tags.FindWithValue("p", p.pubkey) == nil {
			t.Errorf("%s got %v", p.name, last)
		}
		return o, last.ID
	}
	reaches := func(status orders.Status, n int) {
		t.Helper()
		for _, p := range []*person{buyer, seller} {
			eventually(t, p.name+" hears of "+string(status), func() error {
				var got heard
				w.node.must(p.name, "heard", map[string]any{"name": "orders"}, &got)
				if len(got.Events) < n {
					return fmt.Errorf("%d events", len(got.Events))
				}
				o, id := opened(p, got)
				if o.Status != status || !slices.Contains(o.AllowedActions, orders.Note) {
					return fmt.Errorf("it is %s, allows %v", o.Status, o.AllowedActions)
				}
				var stored heard
				w.node.must(p.name, "req", map[string]any{"filters": []any{filter}}, &stored)
				if len(stored.Events) != 1 || stored.Events[0].ID != id {
					return fmt.Errorf("stored is %v, heard %s", stored.Events, id)
				}
				return nil
			})
		}
	}
	reaches(orders.StatusIntentSent, 1)
	var got heard
	w.node.must("seller", "req", map[string]any{"filters": []any{filter}}, &got)
	o, _ := opened(seller, got)
	var plain string
	box := o.Boxes[o.ShippingAddress.Fact]
	w.node.must("seller", "open", map[string]any{"by": box.SealedBy, "box": box.For[seller.pubkey]}, &plain)
	if address != privateField(t, plain, orders.FieldShippingAddress) {
		t.Errorf("the seller reads %s", plain)
	}
	seller.send(buyer, request(buyer, "E-1", w.hide("lnurl1dp68gurn8ghj7ampd3kx2ar0veekzar0wd5xjtnrdakj7"), 200))
	reaches(orders.StatusPaymentRequested, 2)

	for who, want := range map[string]int64{"buyer": 1, "seller": 1, "mallory": 0} {
		var n counted
		if w.node.must(who, "count", map[string]any{"filters": []any{filter}}, &n); int64(n.Count) != want {
			t.Errorf("%s counts %+v, want %d", who, n, want)
		}
	}
	var spied heard
	w.node.must("mallory", "heard", map[string]any{"name": "orders"}, &spied)
	if len(spied.Events) > 0 || seenBy(t, w, "mallory", filter) > 0 {
		t.Error("somebody who is no party got an order")
	}
	w.node.must("nobody", "connect", map[string]any{"url": w.daemon.url}, nil)
	w.node.must("nobody", "req", map[string]any{"filters": []any{filter}}, &spied)
	if !strings.HasPrefix(spied.Closed, "auth-required:") || len(spied.Events) > 0 {
		t.Errorf("without AUTH: %+v", spied)
	}
	w.nothingLeaked()
}
