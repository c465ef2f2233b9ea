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
	if err := putBoxes(o, boxes.Val()); err != nil {
		return nil, err
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
	limit, from, err := part(q)
	if err != nil {
		return orders.Page{}, err
	}
	var w window
	if from != nil {
		w, err = s.byCursor(ctx, key, *from, limit)
	} else {
		w, err = s.byPage(ctx, key, max(1, q.Page), limit)
	}
	if err != nil {
		return orders.Page{}, err
	}
	os, err := s.load(ctx, rowsOf(key, w.rows))
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

// part is which part of a list q asks for: so many, and behind from, where that is
// not nil.
func part(q orders.Query) (limit int, from *place, err error) {
	limit = q.Limit
	switch {
	case limit == 0:
		limit = defaultLimit
	case limit < 0 || limit > maxLimit:
		return 0, nil, orders.Errorf(orders.EINVALID, "the limit is 1 to %d", maxLimit)
	}
	switch {
	case q.Page < 0 || q.Page > maxPage:
		return 0, nil, orders.Errorf(orders.EINVALID, "pages are counted from 1")
	case q.Page > 0 && q.Cursor != "":
		return 0, nil, orders.Errorf(orders.EINVALID, "a page number or a cursor, not both")
	case q.Cursor != "":
		p, err := parsePlace(q.Cursor)
		return limit, &p, err
	}
	return limit, nil, nil
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
	setByStatus(&st)
	sum, ok := parseSum(sums.Val())
	if !ok {
		return orders.Stats{}, orders.Errorf(orders.EINTERNAL, "the sums of a participant are damaged in Redis: rebuild")
	}
	setSum(&st, as, sum)
	return st, nil
}
