package redisstore

import (
	"context"
	"encoding/base64"
	"errors"
	"sort"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

const (
	defaultLimit = 50
	maxLimit     = 200
	maxPage      = maxExact / maxLimit
)

// place is where a row stands in a list, which runs from high to low by score
// and, in one score, by id.
type place struct {
	score int64
	id    string
}

// after reports whether p comes later in a list than q.
func (p place) after(q place) bool {
	return p.score < q.score || p.score == q.score && p.id < q.id
}

// behind reports whether p comes later than q in a list that runs from low to high
// (asc), or from high to low.
func (p place) behind(q place, asc bool) bool {
	if asc {
		return q.after(p)
	}
	return p.after(q)
}

// cursor is the opaque form of p: base64url of score:id.
func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.score, 10) + ":" + p.id))
}

// parsePlace is the reverse of cursor; it takes what cursor makes and nothing else.
func parsePlace(cursor string) (place, error) {
	bad := &orders.ParameterError{Parameter: "cursor", Message: "cursor is the next_cursor of a page."}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return place{}, bad
	}
	n, id, ok := strings.Cut(string(text), ":")
	s, err := strconv.ParseInt(n, 10, 64)
	p := place{s, id}
	if !ok || err != nil || s > maxExact || s < -maxExact || !validID(id) || p.cursor() != cursor {
		return place{}, bad
	}
	return p, nil
}

// window is a page's worth of a sorted set: at most limit rows, and whether
// there are more behind them.
type window struct {
	rows  []place
	more  bool
	total int64
}

func (w *window) cut(rows []place, limit int) {
	w.rows, w.more = rows, len(rows) > limit
	if w.more {
		w.rows = rows[:limit]
	}
}

// byPage reads the page with that number, from 1. A page further back than the
// list is empty.
func (s *Store) byPage(ctx context.Context, key string, page, limit int) (w window, err error) {
	start := int64(page-1) * int64(limit)
	var total *redis.IntCmd
	var rows *redis.ZSliceCmd
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		total = p.ZCard(ctx, key)
		rows = p.ZRevRangeWithScores(ctx, key, start, start+int64(limit))
		return nil
	}); err != nil {
		return window{}, fail(err)
	}
	w.total = total.Val()
	w.cut(places(rows.Val()), limit)
	return w, nil
}

// tieSlack is how many rows of the cursor's own score are read beyond the page,
// in the hope that those before the cursor are among them.
const tieSlack = 16

// byCursor reads the rows behind from. It does not need the row itself to be
// there still.
func (s *Store) byCursor(ctx context.Context, key string, from place, limit int) (w window, err error) {
	var total *redis.IntCmd
	var found *redis.ZSliceCmd
	want := limit + 1
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		total = p.ZCard(ctx, key)
		found = p.ZRevRangeByScoreWithScores(ctx, key, &redis.ZRangeBy{
			Max: strconv.FormatInt(from.score, 10), Min: "-inf", Count: int64(want + tieSlack)})
		return nil
	}); err != nil {
		return window{}, fail(err)
	}
	w.total = total.Val()
	rows := places(found.Val())
	ended := len(rows) < want+tieSlack
	behind := sort.Search(len(rows), func(i int) bool { return rows[i].after(from) })
	if rows = rows[behind:]; !ended && len(rows) < want {
		// More orders share the cursor's score than were read.
		if rows, err = s.seek(ctx, key, from, want, false); err != nil {
			return window{}, err
		}
	}
	w.cut(rows, limit)
	return w, nil
}

// seek reads up to want rows behind from by bisecting the ranks of its score:
// whoever dates a million orders alike costs each page 20 short questions.
func (s *Store) seek(ctx context.Context, key string, from place, want int, asc bool) ([]place, error) {
	at := strconv.FormatInt(from.score, 10)
	var before, same *redis.IntCmd
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		if asc {
			before = p.ZCount(ctx, key, "-inf", "("+at)
		} else {
			before = p.ZCount(ctx, key, "("+at, "+inf")
		}
		same = p.ZCount(ctx, key, at, at)
		return nil
	}); err != nil {
		return nil, fail(err)
	}
	var failed error
	rank := before.Val() + int64(sort.Search(int(same.Val()), func(i int) bool {
		if failed != nil {
			return true
		}
		r := before.Val() + int64(i)
		row, err := s.byRank(ctx, key, r, r, asc).Result()
		failed = err
		return len(row) == 0 || places(row)[0].behind(from, asc)
	}))
	if failed != nil {
		return nil, fail(failed)
	}
	rows, err := s.byRank(ctx, key, rank, rank+int64(want)-1, asc).Result()
	return places(rows), fail(err)
}

func (s *Store) byRank(ctx context.Context, key string, from, to int64, asc bool) *redis.ZSliceCmd {
	if asc {
		return s.client.ZRangeWithScores(ctx, key, from, to)
	}
	return s.client.ZRevRangeWithScores(ctx, key, from, to)
}

func places(zs []redis.Z) []place {
	ps := make([]place, len(zs))
	for i, z := range zs {
		ps[i].score = int64(z.Score)
		ps[i].id, _ = z.Member.(string)
	}
	return ps
}

// row is a place in the list key.
type row struct {
	place
	key string
}

func rowsOf(key string, ps []place) []row {
	rows := make([]row, len(ps))
	for i, p := range ps {
		rows[i] = row{p, key}
	}
	return rows
}

// load reads the orders of rows, without boxes; nil stands for one that has left
// its list meanwhile.
func (s *Store) load(ctx context.Context, rows []row) ([]*orders.Order, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	data := make([]*redis.StringCmd, len(rows))
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, row := range rows {
			data[i] = p.HGet(ctx, orderKey(row.id), "data")
		}
		return nil
	}); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fail(err)
	}
	os := make([]*orders.Order, len(rows))
	for i, row := range rows {
		text, err := data[i].Result()
		if errors.Is(err, redis.Nil) {
			if err := s.left(ctx, row.key, row.id); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, fail(err)
		}
		if os[i], err = decodeOrder(row.id, text); err != nil {
			return nil, err
		}
	}
	return os, nil
}

// left makes sure that a row without an order was removed between two
// questions, and is no member that no order owns.
func (s *Store) left(ctx context.Context, key, id string) error {
	err := s.client.ZScore(ctx, key, id).Err()
	switch {
	case errors.Is(err, redis.Nil):
		return nil
	case err != nil:
		return fail(err)
	}
	return orders.Errorf(orders.EINTERNAL, "the lists in Redis name order %s, which is not there: rebuild", id)
}
