package web

import (
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A Choice is one of several ways to see a page.
type Choice struct {
	Key     string
	Href    string
	Current bool
}

// statsQuery is what the address of the page of figures asks for.
type statsQuery struct {
	as           orders.Role
	ranged       string        // one of ranges; "" where since or until is given
	since, until string        // dates
	filter       orders.Filter // what it means
	span         orders.Span   // "" until edges has chosen one
	asked        url.Values    // what is kept in addresses
}

// ranges are how far back the page looks, the first one unasked.
var ranges = []string{"30d", "90d", "12m", "all"}

// sinceOf is when a range begins.
func sinceOf(ranged string, now time.Time) *int64 {
	var at time.Time
	switch ranged {
	case "30d":
		at = orders.Day.Begin(now).AddDate(0, 0, -29)
	case "90d":
		at = orders.Day.Begin(now).AddDate(0, 0, -89)
	case "12m":
		at = orders.Month.Begin(now).AddDate(0, -11, 0)
	default:
		return nil
	}
	ms := at.UnixMilli()
	return &ms
}

// statsQuery reads the address. Without as it is the role in which the viewer has
// orders: a seller's where there are both.
func (s *server) statsQuery(v *visit) (q statsQuery, err error) {
	given := v.URL.Query()
	q.asked = url.Values{}
	for _, key := range []string{"as", "range", "since", "until", "period"} {
		if values := slices.DeleteFunc(given[key], func(text string) bool { return text == "" }); len(values) > 0 {
			q.asked[key] = values
		}
	}
	times := url.Values{"since": q.asked["since"], "until": q.asked["until"]}
	if q.filter, err = orders.ParseFilter(v.Context(), times, nil); err != nil {
		return q, err
	}
	q.since, q.until = dateOf(q.filter.Since), dateOf(q.filter.Until)
	if q.since == "" && q.until == "" {
		if q.ranged = q.asked.Get("range"); q.ranged == "" {
			q.ranged = ranges[0]
		}
		if !slices.Contains(ranges, q.ranged) {
			return q, orders.Errorf(orders.EINVALID, "there is no such range")
		}
		q.filter.Since = sinceOf(q.ranged, v.now)
	}
	if q.span = orders.Span(q.asked.Get("period")); q.span != "" && !q.span.Valid() {
		return q, orders.Errorf(orders.EINVALID, "there is no such period")
	}
	switch as := q.asked.Get("as"); as {
	case orders.Buyer.String():
		q.as = orders.Buyer
	case orders.Seller.String():
		q.as = orders.Seller
	case "":
		q.as, err = s.usualRole(v)
	default:
		err = orders.Errorf(orders.EINVALID, "there is no such role")
	}
	return q, err
}

// usualRole is the role in which the viewer has orders.
func (s *server) usualRole(v *visit) (orders.Role, error) {
	st, err := s.cfg.Orders.GetSellerOrderStats(v.Context(), v.viewer, v.viewer)
	if st.TotalOrders > 0 {
		return orders.Seller, err
	}
	return orders.Buyer, err
}

// edges are those of the periods from since (ms) on. A span that was not asked for is
// one that suits the time, and one that makes too many periods gives way to the next
// longer one; of more months than are added up, the last ones are.
func (q *statsQuery) edges(since *int64, now time.Time) (edges []int64, err error) {
	end := now
	if q.filter.Until != nil {
		end = time.UnixMilli(*q.filter.Until)
	}
	if q.span == "" {
		switch days := end.Sub(time.UnixMilli(*since)).Hours() / 24; {
		case days <= 45:
			q.span = orders.Day
		case days <= 180:
			q.span = orders.Week
		default:
			q.span = orders.Month
		}
	}
	var off *orders.ParameterError
	for _, span := range orders.Spans[slices.Index(orders.Spans, q.span):] {
		q.span = span
		if edges, err = span.Edges(since, q.filter.Until, now); !errors.As(err, &off) || off.Parameter != "period" {
			return edges, err
		}
	}
	last := orders.Month.Begin(end).AddDate(0, 1-orders.MaxPeriods, 0).UnixMilli()
	return orders.Month.Edges(&last, q.filter.Until, now)
}

// href is the address with one key set to another value.
func (q *statsQuery) href(key, value string) string {
	next := url.Values{}
	for k, values := range q.asked {
		next[k] = values
	}
	if key == "range" { // another time has another period that suits it
		next.Del("since")
		next.Del("until")
		next.Del("period")
	}
	next.Set(key, value)
	return "/stats?" + next.Encode()
}

func (q *statsQuery) choices(key, current string, values ...string) (all []Choice) {
	for _, value := range values {
		all = append(all, Choice{Key: value, Href: q.href(key, value), Current: value == current})
	}
	return all
}

func (q *statsQuery) roles() []Choice {
	return q.choices("as", q.as.String(), orders.Seller.String(), orders.Buyer.String())
}

func (q *statsQuery) ranges() []Choice { return q.choices("range", q.ranged, ranges...) }

func (q *statsQuery) spans() []Choice {
	return q.choices("period", string(q.span), string(orders.Day), string(orders.Week), string(orders.Month))
}

// dateOf is a time (ms) as forms have dates, "" for none.
func dateOf(ms *int64) string {
	if ms == nil {
		return ""
	}
	return time.UnixMilli(*ms).UTC().Format(time.DateOnly)
}
