package redisstore

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

const (
	// walkRows is how many orders one call looks at where the indexes do not tell
	// which ones a filter means.
	walkRows = 4000
	// maxSkipped is how far a page number may lead into a list that is put together
	// from several: each row before it is read.
	maxSkipped = 10_000
)

// Find answers a filter: from one list or a few of them (role, status, counterparty,
// times), or from the ids that a search found; both cost the same however many orders
// there are. A search has indexes of what sellers sell, and looks at what a buyer buys
// one by one. Where that is more than walkRows, where more orders than maxCandidates
// are found by a word, and in the few cases that no index serves, it looks at the
// orders of the list one by one, walkRows of them in a call: then a page may be short
// and still have a Next, which goes on from there. Of one order 40 titles and tracking
// numbers are in the indexes.
//
// EINVALID, EUNAVAILABLE, EINTERNAL as List; EINVALID also where a page by number leads
// too far into what must be looked at one by one, and where everybody's orders are asked
// for by their last change, or by a counterparty with it.
func (s *Store) Find(ctx context.Context, viewer string, f orders.Filter, q orders.Query) (orders.Found, error) {
	limit, from, err := part(q)
	if err != nil {
		return orders.Found{}, err
	}
	p, err := newPlan(viewer, f)
	switch {
	case err != nil:
		return orders.Found{}, err
	case len(p.keys) == 0 || p.lo > p.hi:
		return orders.Found{Items: []*orders.Order{}}, nil
	}
	if rows, ok, err := s.candidates(ctx, p); err != nil {
		return orders.Found{}, err
	} else if ok {
		return s.ofRows(ctx, p, rows, limit, from, max(1, q.Page))
	}
	skip := (max(1, q.Page) - 1) * limit
	switch {
	case p.sift && skip > 0:
		return s.afterSkipped(ctx, p, limit, skip)
	case len(p.keys) == 1 && skip > 0:
		return s.byNumber(ctx, p, skip, limit)
	case skip > maxSkipped:
		return orders.Found{}, orders.Errorf(orders.EINVALID, "a list of several is paged by cursor from here on, not by page number")
	}
	return s.walk(ctx, p, limit, from, skip)
}

// walk reads the lists from their beginning, or from behind a place, and keeps what
// the filter means, after skip orders of it.
func (s *Store) walk(ctx context.Context, p *plan, limit int, from *place, skip int) (found orders.Found, err error) {
	chunk := limit + 1
	if p.sift || skip > 0 {
		chunk = 1000
	}
	m := s.merged(p.keys, p.f.OldestFirst, p.lo, p.hi, from, chunk)
	found = orders.Found{Items: []*orders.Order{}, Total: -1}
	if !p.sift && !p.twice {
		if found.Total, err = s.count(ctx, p.keys, p.lo, p.hi); err != nil {
			return orders.Found{}, err
		}
	}
	if rows, err := m.take(ctx, skip); err != nil || len(rows) < skip {
		return found, err
	}
	var last place // that was looked at
	for looked := 0; ; {
		want := limit + 1 - len(found.Items) // one more, to know whether there is more
		if p.sift {
			// The more in vain, the more at once.
			want = min(max(want, looked), chunk, walkRows-looked)
		}
		rows, err := m.take(ctx, want)
		if err != nil {
			return orders.Found{}, err
		}
		os, err := s.load(ctx, rows)
		if err != nil {
			return orders.Found{}, err
		}
		for i, o := range os {
			if o != nil && p.f.Means(o, p.viewer) {
				if len(found.Items) == limit {
					found.Next = last.cursor()
					return found, nil
				}
				found.Items = append(found.Items, o)
			}
			last = rows[i].place
		}
		switch looked += len(rows); {
		case len(rows) < want:
			return found, nil
		case p.sift && looked == walkRows:
			found.Next = last.cursor()
			return found, nil
		}
	}
}

// afterSkipped is a page by its number where no index tells which orders are meant: all
// before it are looked at, as far as one call looks.
func (s *Store) afterSkipped(ctx context.Context, p *plan, limit, skip int) (orders.Found, error) {
	tooFar := orders.Errorf(orders.EINVALID, "this many orders are searched by cursor, not by page number")
	if skip+limit > walkRows {
		return orders.Found{}, tooFar
	}
	found, err := s.walk(ctx, p, skip+limit, nil, 0)
	if err != nil {
		return orders.Found{}, err
	}
	if len(found.Items) < skip+limit && found.Next != "" {
		return orders.Found{}, tooFar // it has not come so far
	}
	found.Items = found.Items[min(skip, len(found.Items)):]
	return found, nil
}

// byNumber is a page of one list by its number, by rank.
func (s *Store) byNumber(ctx context.Context, p *plan, skip, limit int) (found orders.Found, err error) {
	key, asc := p.keys[0], p.f.OldestFirst
	var before, within *redis.IntCmd
	if _, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		if asc {
			before = pipe.ZCount(ctx, key, "-inf", "("+strconv.FormatInt(p.lo, 10))
		} else {
			before = pipe.ZCount(ctx, key, "("+strconv.FormatInt(p.hi, 10), "+inf")
		}
		within = pipe.ZCount(ctx, key, strconv.FormatInt(p.lo, 10), strconv.FormatInt(p.hi, 10))
		return nil
	}); err != nil {
		return found, fail(err)
	}
	start := before.Val() + int64(skip)
	end := min(start+int64(limit), before.Val()+within.Val()-1) // one more, where there is one
	found = orders.Found{Items: []*orders.Order{}, Total: within.Val()}
	if start > end {
		return found, nil
	}
	rows, err := s.byRank(ctx, key, start, end, asc).Result()
	if err != nil {
		return found, fail(err)
	}
	var w window
	w.cut(places(rows), limit)
	os, err := s.load(ctx, rowsOf(key, w.rows))
	if err != nil {
		return orders.Found{}, err
	}
	for _, o := range os {
		if o != nil && p.f.Means(o, p.viewer) {
			found.Items = append(found.Items, o)
		}
	}
	if w.more {
		found.Next = w.rows[len(w.rows)-1].cursor()
	}
	return found, nil
}

// ofRows is a page of rows that are known, in their order.
func (s *Store) ofRows(ctx context.Context, p *plan, rows []row, limit int, from *place, page int) (orders.Found, error) {
	found := orders.Found{Items: []*orders.Order{}, Total: int64(len(rows))}
	if from != nil {
		at := slices.IndexFunc(rows, func(r row) bool { return r.behind(*from, p.f.OldestFirst) })
		if at < 0 {
			return found, nil
		}
		rows = rows[at:]
	} else if page > 1 {
		rows = rows[min(len(rows), (page-1)*limit):]
	}
	more := len(rows) > limit
	rows = rows[:min(limit, len(rows))]
	os, err := s.load(ctx, rows)
	if err != nil {
		return orders.Found{}, err
	}
	for _, o := range os {
		if o != nil && p.f.Means(o, p.viewer) {
			found.Items = append(found.Items, o)
		}
	}
	if more {
		found.Next = rows[len(rows)-1].cursor()
	}
	return found, nil
}

func (s *Store) count(ctx context.Context, keys []string, lo, hi int64) (n int64, err error) {
	cmds := make([]*redis.IntCmd, len(keys))
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			cmds[i] = p.ZCount(ctx, key, strconv.FormatInt(lo, 10), strconv.FormatInt(hi, 10))
		}
		return nil
	}); err != nil {
		return 0, fail(err)
	}
	for _, cmd := range cmds {
		n += cmd.Val()
	}
	return n, nil
}
