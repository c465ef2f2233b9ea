package web

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// A page asks for everything once, however many orders it has.
func TestListAsksOnce(t *testing.T) {
	asked := map[string]int{}
	h := newHouse(t, func(c *Config) {
		c.Orders = counting{c.Orders, asked}
		c.Titles = func(context.Context, []string) (map[string]string, error) { asked["titles"]++; return nil, nil }
		c.Profiles = func(_ context.Context, keys []string) (map[string]Profile, error) {
			asked["profiles"]++
			return nil, nil
		}
	})
	total := int64(5)
	for i := range 20 {
		h.orderOf(fmt.Sprintf("A-%d", i), newKey(t), h.seller, today, say{by: h.seller, verb: orders.Note},
			say{by: h.buyer, verb: orders.Note, Public: orders.Public{Amount: &total}})
	}
	h.shown(h.seller, "/my-shop/orders")
	for what, n := range asked {
		if most := map[string]int{"profiles": 2}[what]; n > max(1, most) { // the viewer's own too
			t.Errorf("%s: asked %d times", what, n)
		}
	}
	if asked["find"] != 1 || asked["stats"] != 1 {
		t.Errorf("got %v", asked)
	}
}

// selling puts products into orders, by id.
type selling struct {
	orders.Reader
	products map[string][]orders.Product
}

func (s selling) FindOrders(ctx context.Context, caller string, f orders.Filter, q orders.Query) (orders.Found, error) {
	found, err := s.Reader.FindOrders(ctx, caller, f, q)
	for _, o := range found.Items {
		if p, ok := s.products[o.IntentID]; ok {
			o.Products = p
		}
	}
	return found, err
}

type counting struct {
	orders.Reader
	asked map[string]int
}

func (c counting) FindOrders(ctx context.Context, caller string, f orders.Filter, q orders.Query) (orders.Found, error) {
	c.asked["find"]++
	return c.Reader.FindOrders(ctx, caller, f, q)
}

func (c counting) GetSellerOrderStats(ctx context.Context, caller, seller string) (orders.Stats, error) {
	c.asked["stats"]++
	return c.Reader.GetSellerOrderStats(ctx, caller, seller)
}

// What nobody has priced costs not nothing, and another currency is no sats.
func TestListSums(t *testing.T) {
	h := newHouse(t)
	h.order("sats")
	none, huge := int64(0), int64(1_000_000_000_000_000)
	euros := orders.Money{Amount: "12.50", Currency: "EUR"}
	for id, p := range map[string]orders.Public{"free": {Amount: &none}, "huge": {Amount: &huge}, "fiat": {Fiat: &euros}, "unsaid": {}} {
		h.write(h.fold(id, h.buyer, h.seller, say{by: h.buyer, verb: orders.Intent, at: today, Public: p}))
	}
	for viewer, path := range map[string]string{h.buyer: "/orders", h.seller: "/my-shop/orders"} {
		doc := h.shown(viewer, path)
		for id, want := range map[string]string{"sats": "21,000 sats", "free": "0 sats", "huge": "1,000,000,000,000,000 sats", "fiat": "12.50 EUR", "unsaid": "not named"} {
			row := find(doc, "tr", "data-order", id)[0]
			if got := words(find(row, "td", "class", "listed__total")[0]); got != want {
				t.Errorf("%s, %s: got %q, want %q", path, id, got, want)
			}
			if page := words(h.shown(viewer, "/orders/"+id)); id != "unsaid" && !strings.Contains(page, want) {
				t.Errorf("%s: the page of the order does not say %q", id, want)
			}
		}
	}
}
