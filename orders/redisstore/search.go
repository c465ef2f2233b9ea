package redisstore

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// maxCandidates is how many orders a search may find by the indexes. What more orders
// have in them, a walk through the list comes upon soon.
const maxCandidates = 10_000

// candidates are all the orders that p means, in its order, where the indexes tell
// them; ok is false where they do not.
func (s *Store) candidates(ctx context.Context, p *plan) (rows []row, ok bool, err error) {
	ids := map[string]bool{}
	switch {
	case !p.f.Search.Empty() && p.f.As == orders.Admin:
		ok, err = s.named(ctx, p, ids)
	case !p.f.Search.Empty():
		ok, err = s.found(ctx, p, ids)
	case p.f.As != orders.Admin && p.f.Counterparty != nil && p.sift:
		ok, err = s.inPairs(ctx, p, p.f.Counterparty, ids)
	}
	if err != nil || !ok {
		return nil, false, err
	}
	rows, err = s.placed(ctx, p, ids)
	return rows, err == nil, err
}

// placed finds the ids in the lists of p, and sorts what is there.
func (s *Store) placed(ctx context.Context, p *plan, ids map[string]bool) (rows []row, err error) {
	for chunk := range slices.Chunk(sortedKeys(ids), 1000) {
		lists := append([][]string{p.keys}, p.also...)
		scores := make([][]*redis.FloatSliceCmd, len(lists))
		if _, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, keys := range lists {
				for _, key := range keys {
					scores[i] = append(scores[i], pipe.ZMScore(ctx, key, chunk...))
				}
			}
			return nil
		}); err != nil {
			return nil, fail(err)
		}
		for i, id := range chunk {
			// go-redis makes 0 of what is not there: an order of the first millisecond of
			// 1970 is found by no search.
			has := func(c *redis.FloatSliceCmd) bool { return c.Val()[i] != 0 }
			if slices.ContainsFunc(scores[1:], func(list []*redis.FloatSliceCmd) bool { return !slices.ContainsFunc(list, has) }) {
				continue
			}
			if j := slices.IndexFunc(scores[0], has); j >= 0 {
				if at := int64(scores[0][j].Val()[i]); at >= p.lo && at <= p.hi {
					rows = append(rows, row{place{at, id}, p.keys[j]})
				}
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.behind(b.place, p.f.OldestFirst) {
			return 1
		}
		return -1
	})
	return rows, nil
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// add puts more into ids; false where that is too much.
func add(ids map[string]bool, more ...string) bool {
	for _, id := range more {
		ids[id] = true
	}
	return len(ids) < maxCandidates
}

// found is a search among the viewer's own orders.
func (s *Store) found(ctx context.Context, p *plan, ids map[string]bool) (all bool, err error) {
	for i := range p.f.Search.Terms {
		t := &p.f.Search.Terms[i]
		if t.Shortened() {
			return false, nil // npubs are in no index
		}
		if len(t.Parties) > 0 {
			if all, err := s.inPairs(ctx, p, t.Parties, ids); !all || err != nil {
				return false, err
			}
		}
	}
	sides, npub := p.sides()
	for _, as := range sides {
		if as == orders.Buyer {
			all, err = s.oneByOne(ctx, p, npub, ids)
		} else if all, err = s.byName(ctx, p, npub, ids); all && err == nil {
			all, err = s.byTitle(ctx, p, npub, ids)
		}
		if !all || err != nil {
			return false, err
		}
	}
	return true, nil
}

// oneByOne adds the orders of a buyer by looking at each: where they are few.
func (s *Store) oneByOne(ctx context.Context, p *plan, npub string, ids map[string]bool) (all bool, err error) {
	list := []string{sideKey(orders.Buyer, npub)}
	if p.f.ByUpdated {
		list = []string{updatedKey(orders.Buyer, npub)}
	}
	if n, err := s.count(ctx, list, p.lo, p.hi); err != nil || n > walkRows {
		return false, err
	}
	m := s.merged(list, p.f.OldestFirst, p.lo, p.hi, nil, 500)
	for {
		rows, err := m.take(ctx, 500)
		if err != nil {
			return false, err
		}
		os, err := s.load(ctx, rows)
		if err != nil || len(rows) == 0 {
			return err == nil, err
		}
		for _, o := range os {
			if o != nil && p.f.Means(o, p.viewer) && !add(ids, o.IntentID) {
				return false, nil
			}
		}
	}
}

// inPairs adds the orders of the viewer with any of the others.
func (s *Store) inPairs(ctx context.Context, p *plan, others []string, ids map[string]bool) (all bool, err error) {
	sides, npub := p.sides()
	for _, as := range sides {
		for _, key := range pairKeys(as, npub, others) {
			members, err := s.client.ZRange(ctx, key, 0, maxCandidates-1).Result()
			if err != nil {
				return false, fail(err)
			}
			if !add(ids, members...) {
				return false, nil
			}
		}
	}
	return true, nil
}

// named is a search among everybody's orders, by what needs no index of words: whole
// ids, and participants. It tells all only where every term is one of these.
func (s *Store) named(ctx context.Context, p *plan, ids map[string]bool) (all bool, err error) {
	for _, t := range p.f.Search.Terms {
		switch {
		case len(t.Parties) > 0:
			for _, pubkey := range t.Parties {
				npub, _ := npubOf(pubkey)
				for _, as := range []orders.Role{orders.Buyer, orders.Seller} {
					members, err := s.client.ZRange(ctx, sideKey(as, npub), 0, maxCandidates-1).Result()
					if err != nil {
						return false, fail(err)
					}
					if !add(ids, members...) {
						return false, nil
					}
				}
			}
		case t.Cut:
			return false, nil
		default:
			if !validID(t.Text) {
				return false, nil
			}
			known, err := s.client.HExists(ctx, orderKey(t.Text), "version").Result()
			if err != nil && !isReply(err) {
				return false, fail(err)
			}
			if !known {
				return false, nil
			}
			if !add(ids, t.Text) {
				return false, nil
			}
		}
	}
	return true, nil
}
