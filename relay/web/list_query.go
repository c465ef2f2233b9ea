package web

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A listQuery is what of a list is shown, as its URL says it: the queue, the keys of
// orders.ParseFilter, and which page.
type listQuery struct {
	list   list
	queue  string
	values url.Values // of the filter, as they were given; none is empty
	filter orders.Filter
	page   orders.Query
	fault  string // the parameter that cannot be read; "" for none
}

// formKeys are the keys of the filter that the form has. The role is the page's own.
var formKeys = slices.DeleteFunc(slices.Clone(orders.FilterKeys), func(key string) bool { return key == "role" })

// listQuery reads a query. What a form would have to mend is the query's fault; what
// only a link can have wrong (queue, page, cursor) is EINVALID.
func (s *server) listQuery(ctx context.Context, l list, query url.Values) (*listQuery, error) {
	q := &listQuery{list: l, queue: l.first, values: url.Values{}}
	for _, key := range formKeys {
		for _, value := range query[key] {
			if value = strings.TrimSpace(value); value != "" { // a form sends its empty fields too
				q.values.Add(key, value)
			}
		}
	}
	if err := q.readPlace(query); err != nil {
		return nil, err
	}
	f, err := orders.ParseFilter(ctx, q.values, s.cfg.Names)
	if bad := (*orders.ParameterError)(nil); errors.As(err, &bad) {
		q.fault = bad.Parameter
		return q, nil
	} else if err != nil {
		return nil, err
	}
	f.As = l.role
	q.filter = f
	q.narrow()
	return q, nil
}

// readPlace reads which queue and which page of it.
func (q *listQuery) readPlace(query url.Values) error {
	for _, key := range []string{"queue", "page", "cursor"} {
		if len(query[key]) > 1 {
			return orders.Errorf(orders.EINVALID, "%s may be given once", key)
		}
	}
	if name := query.Get("queue"); name != "" {
		if _, ok := q.list.statuses(name); !ok {
			return orders.Errorf(orders.EINVALID, "there is no such queue")
		}
		q.queue = name
	}
	q.page = orders.Query{Limit: pageSize, Cursor: query.Get("cursor")}
	if text := query.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return orders.Errorf(orders.EINVALID, "page is a number from 1")
		}
		q.page.Page = n
	}
	return nil
}

// narrow brings queue and statuses together: a queue is all of its statuses; statuses
// that were asked for count as they are, and are in a queue only where all of them are.
func (q *listQuery) narrow() {
	of, _ := q.list.statuses(q.queue)
	switch {
	case len(q.filter.Statuses) == 0:
		q.filter.Statuses = slices.Clone(of)
	case slices.ContainsFunc(q.filter.Statuses, func(s orders.Status) bool { return !slices.Contains(of, s) }):
		q.queue = everything
	}
}

// filtered reports whether more is asked for than a queue and an order.
func (q *listQuery) filtered() bool {
	return slices.ContainsFunc(formKeys, func(key string) bool { return key != "sort" && q.values.Has(key) })
}

// href is the list with some values changed ("" takes one away), from its first page.
func (q *listQuery) href(changes ...string) string {
	values := maps.Clone(q.values)
	if q.queue != q.list.first {
		values.Set("queue", q.queue)
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if values.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			values.Del(changes[i])
		}
	}
	if values.Get("queue") == q.list.first {
		values.Del("queue")
	}
	if len(values) == 0 {
		return q.list.path
	}
	return q.list.path + "?" + values.Encode()
}

// asked is the same for the API: what the list shows, of all its pages.
func (q *listQuery) asked() url.Values {
	values := maps.Clone(q.values)
	values.Set("role", q.list.role.String())
	values.Del("status")
	for _, s := range q.filter.Statuses {
		values.Add("status", string(s))
	}
	return values
}

func (q *listQuery) export(format string) string {
	values := q.asked()
	values.Set("format", format)
	return "/api/v1/orders/export?" + values.Encode()
}

// A Search is the form above a list. Since and Until are what was typed: where they are
// no dates, they cannot stand in a field for dates.
type Search struct {
	Path, Queue              string
	Q, Status, Counterparty  string
	Since, Until             string
	SinceIsDate, UntilIsDate bool
	Sort                     string
	Sorts                    []string
	Statuses                 []orders.Status
	Also                     []string // further statuses, which only a link can ask for
	Fault                    string
	Open                     bool
	Clear                    string // the list without all that
}

// sorts are the orders that a list can have, the usual one first.
var sorts = []string{"-created", "created", "-updated", "updated"}

func (q *listQuery) search() Search {
	form := Search{
		Path: q.list.path, Queue: q.queue, Q: q.values.Get("q"), Status: q.values.Get("status"), Counterparty: q.values.Get("counterparty"),
		Since: q.values.Get("since"), Until: q.values.Get("until"), Sort: q.values.Get("sort"), Sorts: sorts, Statuses: orders.Statuses,
		Fault: q.fault,
	}
	form.SinceIsDate, form.UntilIsDate = isDate(form.Since), isDate(form.Until)
	if also := q.values["status"]; len(also) > 1 {
		form.Also = also[1:]
	}
	form.Open = q.fault != "" || slices.ContainsFunc(formKeys, func(key string) bool { return key != "q" && q.values.Has(key) })
	if q.filtered() || q.fault != "" {
		form.Clear = (&listQuery{list: q.list, queue: q.queue, values: url.Values{}}).href()
	}
	return form
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return text == "" || err == nil
}
