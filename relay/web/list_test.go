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
