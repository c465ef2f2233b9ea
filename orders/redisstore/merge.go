package redisstore

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// A merge reads several sorted sets as one list, from one end of a range of scores
// to the other. It needs no row to stay where it was: each set goes on behind the last
// place that was read of it.
type merge struct {
	s       *Store
	asc     bool
	lo, hi  int64
	chunk   int // rows that are read of a set at once
	streams []*stream
	seen    map[string]bool // an order that changes its status while this reads may come by twice
}

type stream struct {
	key   string
	from  place // what comes next is behind it
	rows  []place
	ended bool
}

// merged begins behind from, where that is not nil, else at the range's beginning.
func (s *Store) merged(keys []string, asc bool, lo, hi int64, from *place, chunk int) *merge {
	m := &merge{s: s, asc: asc, lo: lo, hi: hi, chunk: chunk, seen: map[string]bool{}}
	start := place{hi, "\xff"} // behind no id
	if asc {
		start = place{lo, ""}
	}
	if from != nil && from.behind(start, asc) {
		start = *from
	}
	for _, key := range keys {
		m.streams = append(m.streams, &stream{key: key, from: start})
	}
	return m
}

// take is the next n rows, fewer at the end.
func (m *merge) take(ctx context.Context, n int) (rows []row, err error) {
	for len(rows) < n {
		r, ok, err := m.next(ctx)
		if err != nil || !ok {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// next is the next row; ok is false at the end.
func (m *merge) next(ctx context.Context) (r row, ok bool, err error) {
	for {
		if err := m.fill(ctx); err != nil {
			return row{}, false, err
		}
		var first *stream
		for _, st := range m.streams {
			if len(st.rows) > 0 && (first == nil || first.rows[0].behind(st.rows[0], m.asc)) {
				first = st
			}
		}
		if first == nil {
			return row{}, false, nil
		}
		r = row{first.rows[0], first.key}
		first.rows = first.rows[1:]
		if len(m.streams) == 1 {
			return r, true, nil
		}
		if !m.seen[r.id] {
			m.seen[r.id] = true
			return r, true, nil
		}
	}
}

// fill reads on in every set of which nothing is left.
func (m *merge) fill(ctx context.Context) error {
	var empty []*stream
	for _, st := range m.streams {
		if len(st.rows) == 0 && !st.ended {
			empty = append(empty, st)
		}
	}
	if len(empty) == 0 {
		return nil
	}
	cmds := make([]*redis.ZSliceCmd, len(empty))
	if _, err := m.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, st := range empty {
			by := &redis.ZRangeBy{Count: int64(m.chunk + tieSlack)}
			if m.asc {
				by.Min, by.Max = strconv.FormatInt(st.from.score, 10), strconv.FormatInt(m.hi, 10)
				cmds[i] = p.ZRangeByScoreWithScores(ctx, st.key, by)
			} else {
				by.Min, by.Max = strconv.FormatInt(m.lo, 10), strconv.FormatInt(st.from.score, 10)
				cmds[i] = p.ZRevRangeByScoreWithScores(ctx, st.key, by)
			}
		}
		return nil
	}); err != nil {
		return fail(err)
	}
	for i, st := range empty {
		rows := places(cmds[i].Val())
		st.ended = len(rows) < m.chunk+tieSlack
		for len(rows) > 0 && !rows[0].behind(st.from, m.asc) {
			rows = rows[1:]
		}
		if len(rows) == 0 && !st.ended {
			// More orders share that score than were read.
			var err error
			if rows, err = m.s.seek(ctx, st.key, st.from, m.chunk, m.asc); err != nil {
				return err
			}
			st.ended = len(rows) < m.chunk
			rows = m.within(rows)
		}
		if len(rows) > 0 {
			st.rows, st.from = rows, rows[len(rows)-1]
		}
	}
	return nil
}

// within cuts off what lies behind the range.
func (m *merge) within(rows []place) []place {
	for i, r := range rows {
		if m.asc && r.score > m.hi || !m.asc && r.score < m.lo {
			return rows[:i]
		}
	}
	return rows
}
