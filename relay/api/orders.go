package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/waybill-relay/waybill/orders"
)

// pageKeys are the query keys of a list, beside those of its filter.
var pageKeys = []string{"page", "limit", "cursor", "include"}

var findKeys = slices.Concat(orders.FilterKeys, pageKeys)

// A list is one page of orders. Total is there where it was asked for, and null where
// it is not known without looking at every order.
type list struct {
	Data  []*orders.Order `json:"data"`
	Next  string          `json:"next_cursor,omitempty"`
	Total *total          `json:"total,omitempty"`
}

type total int64

func (t total) MarshalJSON() ([]byte, error) {
	if t < 0 {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(t), 10), nil
}

// listOrders: GET /api/v1/orders.
func (s *server) listOrders(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	f, err := s.filter(c, query)
	if err != nil {
		return err
	}
	return s.page(w, c, f, query)
}

// filter reads the filter of a query.
func (s *server) filter(c *call, query url.Values) (orders.Filter, error) {
	return orders.ParseFilter(c.Context(), query, s.cfg.Names)
}

// page answers with the page of f that the query asks for.
func (s *server) page(w http.ResponseWriter, c *call, f orders.Filter, query url.Values) error {
	q, withTotal, err := pageOf(query)
	if err != nil {
		return err
	}
	found, err := s.orders.FindOrders(c.Context(), c.caller.Pubkey, f, q)
	if err != nil {
		return err
	}
	l := list{Data: found.Items, Next: found.Next}
	if l.Data == nil {
		l.Data = []*orders.Order{}
	}
	if withTotal {
		t := total(found.Total)
		l.Total = &t
	}
	if l.Next != "" {
		query.Del("page")
		query.Set("cursor", l.Next)
		w.Header().Set("Link", "<"+c.URL.EscapedPath()+"?"+query.Encode()+`>; rel="next"`)
	}
	return answerTagged(w, c, "", l)
}

// pageOf reads page, limit, cursor and include.
func pageOf(query url.Values) (q orders.Query, withTotal bool, err error) {
	for _, key := range pageKeys {
		values := query[key]
		if len(values) == 0 {
			continue
		}
		if len(values) > 1 {
			return q, false, badParameter(key, key+" may be given once.")
		}
		n, failed := strconv.Atoi(values[0])
		switch ok := failed == nil && n >= 1; key {
		case "page":
			if q.Page = n; !ok {
				return q, false, badParameter(key, "page is a number from 1.")
			}
		case "limit":
			if q.Limit = n; !ok || n > mostPerPage {
				return q, false, badParameter(key, wantLimit)
			}
		case "cursor":
			if q.Cursor = values[0]; q.Cursor == "" {
				return q, false, badParameter(key, "cursor is the next_cursor of a page.")
			}
		case "include":
			if withTotal = values[0] == "total"; !withTotal {
				return q, false, badParameter(key, "include can be total.")
			}
		}
	}
	if q.Page > 0 && q.Cursor != "" {
		return q, false, badParameter("page", "Give page or cursor, not both.")
	}
	return q, withTotal, nil
}

func badParameter(name, detail string) error {
	return fail(codeMalformed, detail).with("parameter", name)
}

// getOrder: GET /api/v1/orders/{id}.
func (s *server) getOrder(w http.ResponseWriter, c *call) error {
	o, err := s.order(c)
	if err != nil {
		return err
	}
	return answerTagged(w, c, strconv.FormatInt(o.Version, 10)+"-", o)
}

// order is the order that the path names, as the caller sees it.
func (s *server) order(c *call) (*orders.Order, error) {
	o, err := s.orders.GetOrder(c.Context(), c.caller.Pubkey, c.PathValue("id"))
	if err == nil {
		s.cfg.Viewed(o, c.caller.Pubkey)
	}
	return o, err
}

// A message is what one message said about an order, with its box for the caller.
type message struct {
	orders.TimelineEntry
	Box *ownBox `json:"box,omitempty"`
}

// ownBox is the caller's copy: nip44.decrypt(sealedBy, payload).
type ownBox struct {
	SealedBy string `json:"sealedBy"`
	Payload  string `json:"payload"`
}

// listMessages: GET /api/v1/orders/{id}/messages.
func (s *server) listMessages(w http.ResponseWriter, c *call) error {
	o, err := s.order(c)
	if err != nil {
		return err
	}
	messages := make([]message, len(o.Timeline))
	for i, e := range o.Timeline {
		messages[i].TimelineEntry = e
		if box, ok := o.Boxes[e.Fact]; ok {
			messages[i].Box = &ownBox{box.SealedBy, box.For[c.caller.Pubkey]}
		}
	}
	return answerTagged(w, c, strconv.FormatInt(o.Version, 10)+"-", map[string]any{"data": messages})
}
