package web

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
)

func TestFilter(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.Names = func(_ context.Context, name string) ([]string, error) {
			if name == "broken@example.com" {
				return nil, orders.Errorf(orders.EUNAVAILABLE, "no ledger")
			}
			return nil, nil
		}
	})
	other := newKey(t)
	h.orderOf("old", h.buyer, h.seller, today.AddDate(0, -2, 0))
	h.orderOf("new", h.buyer, other, today.AddDate(0, 0, -1))
	for query, want := range map[string]string{
		"":                                      "new old",
		"sort=created":                          "old new",
		"since=2026-03-01":                      "new",
		"until=2026-03-01&since=":               "old",
		"counterparty=" + other:                 "new",
		"counterparty=" + orders.Npub(h.seller): "old",
		"counterparty=nobody@example.com":       "",
		"q=old":                                 "old",
		"q=blue+mug&status=intent-sent":         "new old",
		"status=paid":                           "",
		"queue=all&status=&since=&until=&counterparty=&q=&sort=-created": "new old",
	} {
		doc := h.shown(h.buyer, "/orders?"+query)
		if got := strings.Join(listed(doc), " "); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	for query, code := range map[string]int{
		"queue=none": 400, "queue=all&queue=done": 400, "page=0": 400, "page=x": 400, "cursor=x": 400, "page=2&cursor=x": 400,
		"counterparty=broken@example.com": 503,
	} {
		if w := h.page(h.buyer, "/orders?"+query); w.Code != code {
			t.Errorf("%s: got %d, want %d", query, w.Code, code)
		}
	}
}

// A filter that cannot be read keeps what was typed, and says at its place what is off.
func TestFaults(t *testing.T) {
	h := newHouse(t)
	h.order("A-1")
	for query, at := range map[string]string{
		"since=yesterday": "since", "since=2026-03-02&until=2026-03-01": "until", "status=lost": "status", "counterparty=ana": "counterparty",
		"sort=price": "sort", "q=" + strings.Repeat("x+", 51): "q", "since=2026-01-01&since=2026-01-02": "since",
	} {
		w := h.page(h.buyer, "/orders?q=mug&"+query)
		if at == "q" {
			w = h.page(h.buyer, "/orders?"+query)
		}
		doc, err := html.Parse(strings.NewReader(w.Body.String()))
		if err != nil || w.Code != 400 {
			t.Fatalf("%s: got %d, %v", query, w.Code, err)
		}
		marked := find(doc, "", "aria-invalid", "true")
		if len(marked) != 1 || attribute(marked[0], "name") != at || len(find(doc, "", "id", attribute(marked[0], "aria-describedby"))) != 1 {
			t.Errorf("%s: marks %d fields, want %s", query, len(marked), at)
		}
		if at != "q" && attribute(find(doc, "input", "name", "q")[0], "value") != "mug" {
			t.Errorf("%s: the search is lost", query)
		}
		if len(listed(doc)) != 0 || len(find(doc, "details", "open")) != 1 {
			t.Errorf("%s: shows orders, or hides the form", query)
		}
	}
	doc, _ := html.Parse(strings.NewReader(h.page(h.buyer, "/orders?since=yesterday").Body.String()))
	if since := find(doc, "input", "name", "since")[0]; attribute(since, "value") != "yesterday" || attribute(since, "type") != "text" {
		t.Errorf("since: %v", since.Attr)
	}
}

// What is exported is what is seen: the links say the same filter to the API.
func TestExportLinks(t *testing.T) {
	h := newHouse(t)
	h.life()
	doc := h.shown(h.seller, "/my-shop/orders?since=2026-03-01&q=mug&sort=updated")
	for _, format := range []string{"csv", "json"} {
		want := url.Values{"role": {"seller"}, "since": {"2026-03-01"}, "q": {"mug"}, "sort": {"updated"}, "format": {format},
			"status": {"intent-sent", "paid", "processing", "disputed"}}
		if href := "/api/v1/orders/export?" + want.Encode(); len(find(doc, "a", "href", href)) != 1 {
			t.Errorf("no link to %s", href)
		}
	}
	asked, err := url.ParseQuery(attribute(find(doc, "section", "data-asked")[0], "data-asked"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := orders.ParseFilter(t.Context(), asked, nil)
	if err != nil || f.As != orders.Seller || len(f.Statuses) != 4 || !f.ByUpdated {
		t.Errorf("got %+v, %v", f, err)
	}
	w := h.page(h.buyer, "/my-shop/orders?queue=all")
	if strings.Contains(w.Body.String(), "/export?") {
		t.Error("an empty list can be exported")
	}
}
