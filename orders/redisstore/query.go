package redisstore

import (
	"context"
	"encoding/json"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Order returns the order with timeline and boxes. ENOTFOUND, EUNAVAILABLE;
// EINTERNAL where what Redis holds is no order.
func (s *Store) Order(ctx context.Context, intentID string) (*orders.Order, error) {
	missing := orders.Errorf(orders.ENOTFOUND, "there is no such order")
	if !validID(intentID) {
		return nil, missing
	}
	var hash *redis.SliceCmd
	var boxes *redis.MapStringStringCmd
	// One transaction, so that data never names a box that is not there.
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		hash = p.HMGet(ctx, orderKey(intentID), "version", "data")
		boxes = p.HGetAll(ctx, boxesKey(intentID))
		return nil
	})
	switch {
	case err != nil:
		return nil, fail(err)
	case hash.Val()[0] == nil: // also where another application's hash has that name
		return nil, missing
	}
	data, _ := hash.Val()[1].(string)
	o, err := decodeOrder(intentID, data)
	if err != nil {
		return nil, err
	}
	for ref, text := range boxes.Val() {
		var b orders.Box
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			return nil, orders.Errorf(orders.EINTERNAL, "a box of order %s is damaged in Redis: rebuild", intentID)
		}
		if o.Boxes == nil {
			o.Boxes = make(map[string]orders.Box, len(boxes.Val()))
		}
		o.Boxes[ref] = b
	}
	return o, nil
}

// decodeOrder does not wrap the cause, which may quote the text.
func decodeOrder(id, text string) (*orders.Order, error) {
	var o orders.Order
	if err := json.Unmarshal([]byte(text), &o); err != nil || o.IntentID != id {
		return nil, orders.Errorf(orders.EINTERNAL, "order %s is damaged in Redis: rebuild", id)
	}
	return &o, nil
}

// List returns one page of a list, newest first (by CreatedTimestamp, then by
// id, both descending), without boxes. Its cost does not depend on how long the
// list is. Rows whose status moved while a status list was read are left out,
// so a page may be short and still have a Next.
//
// A page number or a cursor, not both; page numbers shift when orders arrive, a
// cursor does not. EINVALID, EUNAVAILABLE; EINTERNAL where an order in the page
// is damaged: none is skipped silently.
func (s *Store) List(ctx context.Context, l orders.List, q orders.Query) (orders.Page, error) {
	key, err := listKey(l, q.Status)
	if err != nil {
		return orders.Page{}, err
	}
	limit := q.Limit
	switch {
	case limit == 0:
		limit = defaultLimit
	case limit < 0 || limit > maxLimit:
		return orders.Page{}, orders.Errorf(orders.EINVALID, "the limit is 1 to %d", maxLimit)
	}
	var w window
	switch {
	case q.Page < 0 || q.Page > maxPage:
		return orders.Page{}, orders.Errorf(orders.EINVALID, "pages are counted from 1")
	case q.Page > 0 && q.Cursor != "":
		return orders.Page{}, orders.Errorf(orders.EINVALID, "a page number or a cursor, not both")
	case q.Cursor != "":
		from, err := parsePlace(q.Cursor)
		if err != nil {
			return orders.Page{}, err
		}
		w, err = s.byCursor(ctx, key, from, limit)
		if err != nil {
			return orders.Page{}, err
		}
	default:
		if w, err = s.byPage(ctx, key, max(1, q.Page), limit); err != nil {
			return orders.Page{}, err
		}
	}
	os, err := s.load(ctx, key, w.rows)
	if err != nil {
		return orders.Page{}, err
	}
	page := orders.Page{Items: make([]*orders.Order, 0, len(os)), Total: w.total}
	for _, o := range os {
		if o != nil && (q.Status == "" || o.Status == q.Status) {
			page.Items = append(page.Items, o)
		}
	}
	if w.more {
		page.Next = w.rows[len(w.rows)-1].cursor()
	}
	return page, nil
}

// listKey is the sorted set of a list.
func listKey(l orders.List, status orders.Status) (string, error) {
	if status != "" && !status.Valid() {
		return "", orders.Errorf(orders.EINVALID, "there is no status %.40q", status)
	}
	if l.As == 0 {
		switch {
		case l.Pubkey != "":
			return "", orders.Errorf(orders.EINVALID, "a list of one participant needs a role")
		case status == "":
			return indexKey, nil
		}
		return statusKey(status), nil
	}
	npub, err := participant(l.As, l.Pubkey)
	switch {
	case err != nil:
		return "", err
	case status == "":
		return sideKey(l.As, npub), nil
	}
	return sideStatusKey(l.As, npub, status), nil
}

func participant(as orders.Role, pubkey string) (npub string, err error) {
	if as != orders.Buyer && as != orders.Seller {
		return "", orders.Errorf(orders.EINVALID, "lists and statistics are of a buyer or of a seller")
	}
	npub, ok := npubOf(pubkey)
	if !ok {
		return "", orders.Errorf(orders.EINVALID, "a public key is 64 lower-case hex digits")
	}
	return npub, nil
}

// Stats sums up what pubkey (hex) did as Buyer or as Seller, all statuses named,
// also those at 0. AverageOrderValue is TotalRevenue of a seller, TotalSpent of
// a buyer, divided by the orders that count in it, rounded down. Its cost does
// not depend on how many orders there are. EINVALID, EUNAVAILABLE; EINTERNAL
// where the stored sums are damaged.
func (s *Store) Stats(ctx context.Context, as orders.Role, pubkey string) (orders.Stats, error) {
	npub, err := participant(as, pubkey)
	if err != nil {
		return orders.Stats{}, err
	}
	var total *redis.IntCmd
	var sums *redis.SliceCmd
	by := make(map[orders.Status]*redis.IntCmd, len(orders.Statuses))
	// One transaction, so that the numbers add up.
	if _, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		total = p.ZCard(ctx, sideKey(as, npub))
		for _, status := range orders.Statuses {
			by[status] = p.ZCard(ctx, sideStatusKey(as, npub, status))
		}
		sums = p.HMGet(ctx, sumsKey(as, npub), sumFields...)
		return nil
	}); err != nil {
		return orders.Stats{}, fail(err)
	}
	st := orders.Stats{TotalOrders: total.Val(), OrdersByStatus: make(map[orders.Status]int64, len(by))}
	for status, n := range by {
		st.OrdersByStatus[status] = n.Val()
	}
	st.CompletedOrders = st.OrdersByStatus[orders.StatusDelivered]
	st.CancelledOrders = st.OrdersByStatus[orders.StatusCancelled]
	st.DisputedOrders = st.OrdersByStatus[orders.StatusDisputed]
	sum, ok := parseSum(sums.Val())
	if !ok {
		return orders.Stats{}, orders.Errorf(orders.EINTERNAL, "the sums of a participant are damaged in Redis: rebuild")
	}
	if as == orders.Seller {
		st.TotalRevenue = sum.total()
	} else {
		st.TotalSpent = sum.total()
	}
	st.AverageOrderValue = sum.average()
	return st, nil
}
