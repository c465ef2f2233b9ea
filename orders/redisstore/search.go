package redisstore

import (
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

const (
	// maxCandidates is how many orders a search may find by the indexes. What more
	// orders have in them, a walk through the list comes upon soon.
	maxCandidates = 10_000
	// maxTitles is how many titles of one participant are read to search in them.
	maxTitles = 10_000
)

// candidates are all the orders that p means, in its order, where the indexes tell
// them; ok is false where they do not.
func (s *Store) candidates(ctx context.Context, p *plan) (rows []row, ok bool, err error) {
	ids := map[string]bool{}
	switch {
	case !p.f.Search.Empty() && p.f.As == orders.Admin:
		ok, err = s.named(ctx, p, ids)
	case !p.f.Search.Empty():
		ok, err = s.found(ctx, p, ids)
	case p.f.Counterparty != nil && p.sift:
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

// sides are the viewer's, in p's roles.
func (p *plan) sides() (sides []orders.Role, npub string) {
	npub, _ = npubOf(p.viewer)
	for _, as := range []orders.Role{orders.Buyer, orders.Seller} {
		if p.f.Roles()&as != 0 {
			sides = append(sides, as)
		}
	}
	return sides, npub
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

// byName adds the orders that a term names by id or tracking number.
func (s *Store) byName(ctx context.Context, p *plan, seller string, ids map[string]bool) (all bool, err error) {
	terms := p.f.Search.Terms
	var spans []span // two for each term
	for i := range terms {
		head, whole := terms[i].IDs()
		byID := span{"[i" + head, "(i" + head + "\xff"}
		if whole {
			byID.to = "[i" + head
		}
		head, whole = terms[i].Numbers()
		byNumber := span{"[n" + head, "(n" + head + "\xff"}
		if whole {
			byNumber = ofWord("n" + head)
		}
		spans = append(spans, byID, byNumber)
	}
	if n := p.f.Search.Number(); n != "" {
		spans = append(spans, ofWord("n"+n))
	}
	found, all, err := s.inSpans(ctx, findKey(seller), spans)
	if err != nil || !all {
		return false, err
	}
	for i, members := range found {
		var t orders.Term
		if i/2 < len(terms) {
			t = terms[i/2]
		}
		for _, member := range members {
			id := foundID(member)
			if t.Cut && (i%2 == 1 || !strings.HasSuffix(id, t.Tail)) {
				continue
			}
			if !add(ids, id) {
				return false, nil
			}
		}
	}
	return true, nil
}

// A span is a part of a find set, as Redis is asked for it.
type span struct{ from, to string }

// ofWord is all members with that word, which a space ends.
func ofWord(word string) span { return span{"[" + word + " ", "(" + word + "!"} }

// inSpans reads the members in each span, but for all of them together being too many.
func (s *Store) inSpans(ctx context.Context, key string, spans []span) (found [][]string, all bool, err error) {
	counts, cmds := make([]*redis.IntCmd, len(spans)), make([]*redis.StringSliceCmd, len(spans))
	if _, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, sp := range spans {
			counts[i] = pipe.ZLexCount(ctx, key, sp.from, sp.to)
		}
		return nil
	}); err != nil {
		return nil, false, fail(err)
	}
	sum := int64(0)
	for _, c := range counts {
		if sum += c.Val(); sum >= maxCandidates {
			return nil, false, nil
		}
	}
	if sum == 0 {
		return make([][]string, len(spans)), true, nil
	}
	if _, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, sp := range spans {
			if counts[i].Val() > 0 {
				cmds[i] = pipe.ZRangeArgs(ctx, redis.ZRangeArgs{Key: key, Start: sp.from, Stop: sp.to, ByLex: true, Count: maxCandidates})
			}
		}
		return nil
	}); err != nil {
		return nil, false, fail(err)
	}
	for _, cmd := range cmds {
		var members []string
		if cmd != nil {
			members = cmd.Val()
		}
		found = append(found, members)
	}
	return found, true, nil
}

// byTitle adds the orders in whose titles every term is.
func (s *Store) byTitle(ctx context.Context, p *plan, seller string, ids map[string]bool) (all bool, err error) {
	terms := p.f.Search.Terms
	if slices.ContainsFunc(terms, func(t orders.Term) bool { return t.Cut || len(t.Parties) > 0 }) {
		return true, nil // such a term is in no title
	}
	key := titlesKey(seller)
	switch n, err := s.client.HLen(ctx, key).Result(); {
	case err != nil:
		return false, fail(err)
	case n > maxTitles:
		return false, nil
	}
	titles, err := s.client.HGetAll(ctx, key).Result()
	if err != nil {
		return false, fail(err)
	}
	var common map[string]bool
	for i := range terms {
		in, all, err := s.withTitle(ctx, findKey(seller), titles, &terms[i])
		if err != nil || !all {
			return false, err
		}
		for id := range common {
			if !in[id] {
				delete(common, id)
			}
		}
		if i == 0 {
			common = in
		}
		if len(common) == 0 {
			return true, nil
		}
	}
	return add(ids, sortedKeys(common)...), nil
}

// withTitle are the orders one of whose titles has the term in it.
func (s *Store) withTitle(ctx context.Context, key string, titles map[string]string, t *orders.Term) (ids map[string]bool, all bool, err error) {
	var spans []span
	for word, text := range titles {
		if len(text) >= maxTitle-4 || t.InTitle(text) { // what was cut off may have it
			spans = append(spans, ofWord(word))
		}
	}
	found, all, err := s.inSpans(ctx, key, spans)
	ids = map[string]bool{}
	for _, members := range found {
		for _, member := range members {
			ids[foundID(member)] = true
		}
	}
	return ids, all, err
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
