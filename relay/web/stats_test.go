package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
)

// sale is what is said until an order is delivered, one message each day.
func (h *house) sale(begun time.Time) []say {
	day := func(n int) time.Time { return begun.Add(time.Duration(n) * 24 * time.Hour) }
	return []say{
		{by: h.seller, verb: orders.Request, at: day(1)}, {by: h.buyer, verb: orders.Paid, at: day(2)},
		{by: h.seller, verb: orders.Confirm, at: day(3)}, {by: h.seller, verb: orders.Shipped, at: day(4)}, {by: h.buyer, verb: orders.Delivered, at: day(6)},
	}
}

// trade puts five orders into the house: two delivered, one declined, one disputed, one
// that was settled, all within ten days.
func trade(h *house) {
	for i, n := range []int{12, 11} {
		begun := today.AddDate(0, 0, -n)
		h.orderOf(fmt.Sprint("sold-", i), h.buyer, h.seller, begun, h.sale(begun)...)
	}
	h.order("declined", say{by: h.seller, verb: orders.Cancel})
	h.order("disputed", say{by: h.buyer, verb: orders.Paid}, say{by: h.buyer, verb: orders.Dispute})
	begun := today.AddDate(0, 0, -10)
	h.orderOf("settled", h.buyer, h.seller, begun, append(h.sale(begun)[:4],
		say{by: h.seller, verb: orders.Dispute}, say{by: h.admin, verb: orders.Resolved, Public: orders.Public{Outcome: orders.OutcomeDelivered}})...)
}

// texts are the words of each of the nodes.
func texts(nodes []*html.Node) []string {
	all := make([]string, len(nodes))
	for i, n := range nodes {
		all[i] = words(n)
	}
	return all
}

func TestStats(t *testing.T) {
	h := newHouse(t)
	trade(h)
	for _, tt := range []struct {
		viewer, path string
		tiles        []string
	}{
		{h.seller, "/stats", []string{"Revenue 63,000 sats", "Orders 5", "Average order 21,000 sats", "Completion rate 75% 3 of 4 that ended", "Dispute rate 50% 2 of 4 paid"}},
		{h.buyer, "/stats", []string{"Spending 84,000 sats", "Orders 5", "Average order 21,000 sats", "Completion rate 75%", "Dispute rate 50%"}},
		{h.seller, "/stats?since=2026-03-02&until=2026-03-02", []string{"Revenue 21,000 sats", "Orders 1", "Average order 21,000 sats", "Completion rate 100%", "Dispute rate 0%"}},
		{h.seller, "/stats?since=2026-03-11", []string{"Revenue 0 sats", "Orders 2", "Average order –", "Completion rate 0%", "Dispute rate 100% 1 of 1 paid"}},
	} {
		doc := h.shown(tt.viewer, tt.path)
		tiles := texts(find(doc, "div", "class", "tile"))
		for i, want := range tt.tiles {
			if i >= len(tiles) || !strings.HasPrefix(tiles[i], want) {
				t.Errorf("%s: got %q, want %q", tt.path, tiles, want)
			}
		}
	}
	doc := h.shown(h.seller, "/stats")
	lines := texts(find(find(doc, "table", "class", "statuses")[0], "tr", "role"))[1:]
	for i, want := range []string{"New 0 1 d 1 d", "Payment requested 0 1 d 1 d", "Paid 0 1 d 1 d", "In preparation 0 1 d 1 d", "Shipped 0 2 d 2 d", "Delivered 3 – –", "Cancelled 1 – –", "Disputed 1 1 h 1 h"} {
		if lines[i] != want {
			t.Errorf("got %q, want %q", lines[i], want)
		}
	}
}

// The table says what the chart shows, whatever the periods.
func TestSeriesHasATwin(t *testing.T) {
	h := newHouse(t)
	trade(h)
	for query, want := range map[string]struct {
		rows  int
		first string
	}{
		"range=30d":                           {30, "13 Feb 2026"},
		"range=90d":                           {13, "Week from 15 Dec 2025"},
		"range=12m":                           {12, "Apr 2025"},
		"range=all":                           {13, "2 Mar 2026"},
		"range=30d&period=month":              {2, "Feb 2026"},
		"since=2026-03-04&until=2026-03-05":   {2, "4 Mar 2026"},
		"range=&since=&until=&period=day&as=": {30, "13 Feb 2026"},
		"since=2016-01-01&period=day":         {123, "Jan 2016"}, // neither days nor weeks can be added up
		"since=1970-01-01":                    {400, "Dec 1992"},
	} {
		doc := h.shown(h.seller, "/stats?"+query)
		rows := find(doc, "tr", "data-at")
		if len(rows) != want.rows || !strings.HasPrefix(words(rows[0]), want.first) {
			t.Errorf("%s: got %d rows, %v, want %d from %q", query, len(rows), texts(rows[:min(1, len(rows))]), want.rows, want.first)
			continue
		}
		groups := find(doc, "rect", "class", "columns__hit")
		bars := find(doc, "rect", "class", "columns__bar")
		sold := 0
		for i, row := range rows {
			title := words(groups[i].Parent)
			if sats := attribute(row, "data-sats"); sats != "0" {
				sold++
				if !strings.Contains(title, strings.Join(strings.Fields(words(row))[:2], " ")) || attribute(bars[sold-1], "x") != attribute(groups[i], "x") {
					t.Errorf("%s: a column says %q, its row %q", query, title, words(row))
				}
			}
		}
		if sold != len(bars) || len(groups) != len(rows) {
			t.Errorf("%s: %d columns for %d rows, %d bars for %d with money", query, len(groups), len(rows), len(bars), sold)
		}
	}
}

func TestStatsWithoutOrders(t *testing.T) {
	h := newHouse(t)
	trade(h)
	for path, want := range map[string]string{
		"/stats":           "Nothing bought yet",
		"/stats?as=seller": "Nothing sold yet",
		"/stats?since=2020-01-01&until=2020-01-02": "Nothing bought yet",
	} {
		doc := h.shown(h.stranger, path)
		if text := words(doc); !strings.Contains(text, want) || len(find(doc, "", "class", "tiles")) > 0 || strings.Contains(text, "21,000") {
			t.Errorf("%s: %s", path, text)
		}
	}
	doc := h.shown(h.seller, "/stats?since=2020-01-01&until=2020-01-02")
	if links := find(doc, "a", "href", "/stats?range=all"); !strings.Contains(words(doc), "No order began in this time") || len(links) != 2 {
		t.Errorf("got %s", words(doc))
	}
}

func TestStatsParameters(t *testing.T) {
	h := newHouse(t)
	trade(h)
	for _, query := range []string{"as=admin", "as=x", "range=1y", "period=year", "since=x", "until=2026-99-99", "since=2026-03-02&until=2026-03-01", "since=2126-01-01", "since=2026-03-01&since=2026-03-02"} {
		if w := h.page(h.seller, "/stats?"+query); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d", query, w.Code)
		}
	}
	// Addresses keep what was asked for, and a range takes the dates away.
	doc := h.shown(h.buyer, "/stats?as=buyer&since=2026-03-02&x=%22%3E%3Cscript%3E")
	for key, want := range map[string]string{"Selling": "as=seller&since=2026-03-02", "90 days": "as=buyer&range=90d", "Weeks": "as=buyer&period=week&since=2026-03-02"} {
		i := slices.IndexFunc(find(doc, "a", "href"), func(a *html.Node) bool { return words(a) == key })
		u, err := url.Parse(attribute(find(doc, "a", "href")[i], "href"))
		if err != nil || u.Path != "/stats" || u.RawQuery != want {
			t.Errorf("%s leads to %v, want %s", key, u, want)
		}
	}
	if current := texts(find(doc, "a", "aria-current", "true")); !slices.Equal(current, []string{"Buying", "Days"}) {
		t.Errorf("current: %v", current)
	}
}

func TestStatsInGerman(t *testing.T) {
	h := newHouse(t)
	trade(h)
	h.order("another", say{by: h.seller, verb: orders.Cancel}, say{by: h.buyer, verb: orders.Note})
	h.order("one-more", say{by: h.seller, verb: orders.Cancel})
	w := h.page(h.seller, "/stats?as=seller", "Accept-Language", "de")
	doc, err := html.Parse(strings.NewReader(w.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	tiles := texts(find(doc, "div", "class", "tile"))
	for i, want := range []string{"Umsatz 63.000 sats", "Bestellungen 7", "Im Schnitt 21.000 sats", "Abschlussquote 50 %", "Streitquote 50 %"} {
		if !strings.HasPrefix(tiles[i], want) {
			t.Errorf("got %q, want %q", tiles[i], want)
		}
	}
	if r := rateOf(1, 3, "de"); r.Percent != "33,3" {
		t.Errorf("got %q", r.Percent)
	}
}
