package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
)

// life puts one order into each of the usual statuses, named by them.
func (h *house) life() {
	b, s := h.buyer, h.seller
	request, paid, confirm := say{by: s, verb: orders.Request}, say{by: b, verb: orders.Paid}, say{by: s, verb: orders.Confirm}
	shipped, delivered := say{by: s, verb: orders.Shipped}, say{by: b, verb: orders.Delivered}
	h.order("new")
	h.order("requested", request)
	h.order("paid", request, paid)
	h.order("processing", request, paid, confirm)
	h.order("shipped", request, paid, confirm, shipped)
	h.order("delivered", request, paid, confirm, shipped, delivered)
	h.order("cancelled", say{by: b, verb: orders.Cancel})
	h.order("disputed", request, paid, say{by: b, verb: orders.Dispute})
}

// listed are the ids of the orders that a page shows, in their order.
func listed(doc *html.Node) (ids []string) {
	for _, row := range find(doc, "tr", "data-order") {
		ids = append(ids, attribute(row, "data-order"))
	}
	return ids
}

func TestQueues(t *testing.T) {
	for _, l := range []list{bought, sold} {
		in := map[orders.Status]int{}
		for _, q := range queues {
			for _, s := range q.statuses[l.role] {
				in[s]++
			}
		}
		for _, s := range orders.Statuses {
			if in[s] != 1 {
				t.Errorf("%s: %s is in %d queues", l.role, s, in[s])
			}
		}
	}
	h := newHouse(t)
	h.life()
	for _, tt := range []struct {
		viewer, path string
		want         []string
		tabs         string
	}{
		{h.buyer, "/orders?queue=needs", []string{"disputed", "requested", "shipped"}, "3 3 2 8"},
		{h.buyer, "/my-orders?queue=waiting", []string{"new", "paid", "processing"}, "3 3 2 8"},
		{h.buyer, "/orders?queue=done", []string{"cancelled", "delivered"}, "3 3 2 8"},
		{h.buyer, "/orders", []string{"cancelled", "delivered", "disputed", "new", "paid", "processing", "requested", "shipped"}, "3 3 2 8"},
		{h.seller, "/my-shop/orders", []string{"disputed", "new", "paid", "processing"}, "4 2 2 8"},
		{h.seller, "/my-shop/orders?queue=waiting", []string{"requested", "shipped"}, "4 2 2 8"},
		{h.seller, "/my-shop/orders?status=paid", []string{"paid"}, "4 2 2 8"},
		{h.seller, "/my-shop/orders?status=shipped&status=paid", []string{"paid", "shipped"}, "4 2 2 8"},
		{h.seller, "/orders", nil, "0 0 0 0"},
		{h.stranger, "/orders", nil, "0 0 0 0"},
		{h.stranger, "/my-shop/orders?queue=all", nil, "0 0 0 0"},
		{h.admin, "/orders", nil, "0 0 0 0"},
	} {
		doc := h.shown(tt.viewer, tt.path)
		got := listed(doc)
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.path, got, tt.want)
		}
		var counts []string
		for _, c := range find(doc, "span", "class", "queues__count") {
			counts = append(counts, words(c))
		}
		if got := strings.Join(counts, " "); got != tt.tabs {
			t.Errorf("%s: the queues have %s, want %s", tt.path, got, tt.tabs)
		}
	}
	if len(h.viewed) > 0 {
		t.Errorf("a list counts as looking at %v", h.viewed)
	}
}

// The queue that is current is the one in which everything that is shown is.
func TestCurrentQueue(t *testing.T) {
	h := newHouse(t)
	for path, want := range map[string]string{
		"/orders": "All", "/my-shop/orders": "Needs you", "/my-shop/orders?queue=done": "Done",
		"/my-shop/orders?status=paid": "Needs you", "/my-shop/orders?status=shipped": "All", "/my-shop/orders?queue=waiting&status=shipped": "Waiting",
	} {
		tabs := find(h.shown(h.seller, path), "nav", "class", "queues")[0]
		if got := words(find(tabs, "a", "aria-current")[0]); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestRow(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.Orders = selling{c.Orders, map[string][]orders.Product{"A-2": {
			{ProductID: "bowl", Quantity: 1}, {ProductID: "30402:" + strings.Repeat("a", 64) + ":bowl", Quantity: 3}, {ProductID: "x", Title: "Plate", Quantity: 1},
		}}}
		c.Titles = func(_ context.Context, addresses []string) (map[string]string, error) {
			titles := map[string]string{}
			for _, a := range addresses {
				if strings.HasSuffix(a, ":bowl") {
					titles[a] = "Ramen bowl"
				}
			}
			return titles, nil
		}
	})
	h.order("A-1", say{by: h.seller, verb: orders.Request, at: today.Add(-26 * time.Hour)})
	h.order("A-2")
	doc := h.shown(h.buyer, "/orders?sort=created")
	rows := find(doc, "tr", "data-order")
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, wants := range [][]string{
		{"A-1", "2 × Blue mug", "Mar 11", "Ceramics <Porto>", "shop@ceramics.example", "21,000 sats", "Payment requested", "for a day", "Pay A-1"},
		{"A-2", "Ramen bowl, 3 × Ramen bowl and 1 more", "21,000 sats", "New", "Open A-2"},
	} {
		text := strings.Replace(words(rows[i]), "2026-03-11", "Mar 11", 1)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%q lacks %q", text, want)
			}
		}
	}
	if got := attribute(find(rows[0], "a", "class", "listed__open")[0], "href"); got != "/orders/A-1" {
		t.Errorf("leads to %s", got)
	}
	if n := len(find(doc, "input", "type", "checkbox")); n != 1 { // that of the keys
		t.Errorf("a buyer picks orders: %d boxes", n)
	}
	seller := h.shown(h.seller, "/my-shop/orders")
	row := find(seller, "tr", "data-order")[0]
	if len(find(seller, "td", "class", "pick")) != 1 || attribute(row, "data-buyer") != h.buyer || attribute(row, "data-id") != "A-2" {
		t.Errorf("a seller's row: %v", row.Attr)
	}
}

func TestEmpty(t *testing.T) {
	h := newHouse(t)
	h.order("A-1", say{by: h.buyer, verb: orders.Cancel})
	for _, tt := range []struct{ viewer, path, says, leadsTo string }{
		{h.stranger, "/orders", "You have no orders yet", "/my-shop/orders"},
		{h.stranger, "/my-shop/orders", "Your shop has no orders yet", "/keys"},
		{h.seller, "/my-shop/orders", "All done", "/my-shop/orders?queue=all"},
		{h.buyer, "/orders?queue=needs", "Nothing needs you", "/orders"},
		{h.buyer, "/orders?queue=waiting", "Nothing waits for a seller", "/orders"},
		{h.buyer, "/orders?q=zebra", "No order matches", "/orders"},
		{h.seller, "/my-shop/orders?q=A-1", "No order matches", "/my-shop/orders?q=A-1&queue=all"},
		{h.buyer, "/orders?page=9", "No order matches", "/orders"},
	} {
		empty := find(h.shown(tt.viewer, tt.path), "section", "class", "empty")
		if len(empty) != 1 || !strings.Contains(words(empty[0]), tt.says) {
			t.Errorf("%s: does not say %q", tt.path, tt.says)
			continue
		}
		if len(find(empty[0], "a", "href", tt.leadsTo)) == 0 && tt.path != "/orders?page=9" {
			t.Errorf("%s: does not lead to %s", tt.path, tt.leadsTo)
		}
	}
}

func TestPaging(t *testing.T) {
	h := newHouse(t)
	for i := range 2*pageSize + 3 {
		h.orderOf(fmt.Sprintf("A-%03d", i), h.buyer, h.seller, today.Add(-time.Duration(i)*time.Minute))
	}
	// By numbers, where it is known how many there are; the last one has the rest.
	doc := h.shown(h.seller, "/my-shop/orders?queue=all&page=3")
	if got := listed(doc); len(got) != 3 || got[0] != "A-100" {
		t.Errorf("got %v", got)
	}
	if text := words(find(doc, "div", "class", "results__head")[0]); !strings.Contains(text, "101–103 of 103") {
		t.Errorf("got %q", text)
	}
	if len(find(doc, "a", "rel", "next")) != 0 || attribute(find(doc, "a", "rel", "prev")[0], "href") != "/my-shop/orders?page=2&queue=all" {
		t.Error("the last page leads on, or not back")
	}
	// By cursor, where it is not: every order once, with nothing but the links.
	var all []string
	for path := "/orders?q=mug"; path != ""; {
		doc := h.shown(h.buyer, path)
		all = append(all, listed(doc)...)
		if path = ""; len(find(doc, "a", "rel", "next")) == 1 {
			path = attribute(find(doc, "a", "rel", "next")[0], "href")
		}
	}
	if slices.Sort(all); len(slices.Compact(all)) != 2*pageSize+3 {
		t.Errorf("got %d orders", len(slices.Compact(all)))
	}
}

// What others wrote is text, wherever it stands.
func TestHostileTexts(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	h := newHouse(t, func(c *Config) {
		c.Orders = selling{c.Orders, map[string][]orders.Product{orders.EscapeID(evil): {{ProductID: evil, Title: evil, Quantity: 1}}}}
		c.Profiles = func(_ context.Context, keys []string) (map[string]Profile, error) {
			all := map[string]Profile{}
			for _, k := range keys {
				all[k] = Profile{Name: evil, NIP05: "a@" + evil, Picture: ""}
			}
			return all, nil
		}
	})
	h.order(orders.EscapeID(evil))
	for _, path := range []string{"/my-shop/orders", "/my-shop/orders?q=" + url.QueryEscape(evil), "/my-shop/orders?since=" + url.QueryEscape(evil), "/my-shop/orders?counterparty=" + url.QueryEscape(evil)} {
		body := h.page(h.seller, path).Body.String()
		if strings.Contains(body, "<script>alert") {
			t.Errorf("%s has it as markup", path)
		}
	}
	doc := h.shown(h.seller, "/my-shop/orders")
	if text := words(find(doc, "tr", "data-order")[0]); strings.Count(text, evil) < 3 { // title, name and NIP-05
		t.Errorf("got %q", text)
	}
	if href := attribute(find(doc, "a", "class", "listed__open")[0], "href"); strings.ContainsAny(href, `"<>`) {
		t.Errorf("leads to %s", href)
	}
}

func TestAmountsHidden(t *testing.T) {
	h := newHouse(t)
	h.order("A-1")
	for cookie, want := range map[string]int{"shown": 0, "hidden": 1, "maybe": 0} {
		body := h.page("", "/orders", "Cookie", "who="+h.buyer+"; "+amountsCookie+"="+cookie).Body.String()
		doc, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(find(doc, "html", "class", "hides")); got != want {
			t.Errorf("%s: got %d", cookie, got)
		}
		if row := find(doc, "tr", "data-order"); len(row) != 1 || len(find(row[0], "", "data-sensitive")) == 0 {
			t.Errorf("%s: nothing could be hidden", cookie)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]Age{
		-time.Hour: {"now", 0}, 59 * time.Second: {"now", 0}, time.Minute: {"minute", 1}, 119 * time.Minute: {"hour", 1}, 47 * time.Hour: {"day", 1},
		13 * 24 * time.Hour: {"day", 13}, 14 * 24 * time.Hour: {"week", 2}, 59 * 24 * time.Hour: {"month", 1},
	} {
		if got := ageOf(today.Add(-d).UnixMilli(), today); got != want {
			t.Errorf("%s: got %v, want %v", d, got, want)
		}
	}
}
