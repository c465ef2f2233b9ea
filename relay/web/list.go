package web

import (
	"net/http"

	"github.com/waybill-relay/waybill/orders"
)

var listRoutes = []route{
	{pattern: "GET /orders", signedIn: true, serve: func(s *server, v *visit) error { return s.list(v, bought) }},
	{pattern: "GET /my-orders", signedIn: true, serve: func(s *server, v *visit) error { return s.list(v, bought) }},
	{pattern: "GET /my-shop/orders", signedIn: true, serve: func(s *server, v *visit) error { return s.list(v, sold) }},
}

// List is a page of orders.
type List struct {
	Role   string // of the viewer: buyer or seller
	Tabs   []Tab
	Queue  string // the current one
	Search Search
	Rows   []Row
	People []*Person // who is in them
	Empty  string    // why there are none; "" where there are some
	Others string    // the same in every queue; "" where this is every queue
	Paging Paging
	Sort   Sorting

	CSV, JSON string // the same, of all pages
	Asked     string // the same, as a query of the API
}

// Sorting is how the column of the dates is sorted, and leads to the other way.
type Sorting struct {
	Way  string // ascending, descending, or none where something else is sorted by
	Href string
}

// list: GET /orders, /my-orders and /my-shop/orders.
func (s *server) list(v *visit, l list) error {
	v.Pattern, v.as = "GET "+l.path, l.role // /my-orders is the same page
	q, err := s.listQuery(v.Context(), l, v.URL.Query())
	if err != nil {
		return err
	}
	stats, err := orders.StatsBetween(v.Context(), s.cfg.Orders, v.viewer, l.role, nil, nil, v.now)
	if err != nil {
		return err
	}
	page := List{
		Role: l.role.String(), Tabs: q.tabs(stats), Queue: q.queue, Search: q.search(),
		Sort: q.sorting(), Paging: Paging{Total: -1},
	}
	if q.queue != everything {
		page.Others = q.href("queue", everything)
	}
	if q.fault != "" {
		page.Empty = "fault"
		return s.show(v, http.StatusBadRequest, "orders", page)
	}
	found, err := s.cfg.Orders.FindOrders(v.Context(), v.viewer, q.filter, q.page)
	if err != nil {
		return err
	}
	if page.Rows, err = s.rows(v.Context(), l, found.Items, v.now); err != nil {
		return err
	}
	page.People = peopleOf(page.Rows)
	page.Paging = q.paging(found)
	page.CSV, page.JSON, page.Asked = q.export("csv"), q.export("json"), q.asked().Encode()
	if len(page.Rows) == 0 {
		page.Empty = q.empty(stats, found)
	}
	return s.show(v, http.StatusOK, "orders", page)
}

// empty is why nothing is shown: further (none so far, there is more to look through),
// none (no orders at all), filter (none match), or that the queue is empty.
func (q *listQuery) empty(stats orders.Stats, found orders.Found) string {
	switch {
	case found.Next != "":
		return "further"
	case stats.TotalOrders == 0:
		return "none"
	case q.filtered() || q.page.Page > 1 || q.page.Cursor != "":
		return "filter"
	}
	return q.queue
}

func (q *listQuery) sorting() Sorting {
	switch {
	case q.filter.ByUpdated:
		return Sorting{"none", q.href("sort", "")}
	case q.filter.OldestFirst:
		return Sorting{"ascending", q.href("sort", "")}
	}
	return Sorting{"descending", q.href("sort", "created")}
}
