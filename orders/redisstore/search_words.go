package redisstore

import (
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

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

// maxTitles is how many titles of one participant are read to search in them.
const maxTitles = 10_000

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
