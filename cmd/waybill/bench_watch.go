package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// A benchWatch looks in Redis for the orders that were accepted. It asks little,
// so as not to slow down what it watches: orders become visible in about the
// order in which they were accepted, so it looks at those that have waited
// longest, many keys in one EXISTS, and asks singly only where some are there.
// An order that is there before its OK has come counts from the look after that.
type benchWatch struct {
	client  *redis.Client
	waiting []int // accepted and not seen yet, in the order of their OKs
	sweep   int   // where in waiting the next look at the others begins
}

const (
	// watchEvery bounds how exact the times are.
	watchEvery = 2 * time.Millisecond
	// watchChunk is how many keys are in one EXISTS, watchHead how many orders
	// are looked at each time, watchSweep how many of the others every sweepEvery.
	watchChunk = 64
	watchHead  = 4 * watchChunk
	watchSweep = 64 * watchChunk
	sweepEvery = 50 // looks
)

func newBenchWatch(ctx context.Context, cfg config) (*benchWatch, error) {
	where, err := indexesURL(cfg)
	if err != nil {
		return nil, err
	}
	opt, err := redis.ParseURL(where)
	if err != nil { // it quotes the URL, and so the password in it
		return nil, orders.Errorf(orders.EINVALID, "redis.url cannot be read")
	}
	opt.DisableIdentity = true
	w := &benchWatch{client: redis.NewClient(opt)}
	if err := w.client.Ping(ctx).Err(); err != nil {
		w.close()
		return nil, orders.Errorf(orders.EUNAVAILABLE, "Redis does not answer: %w", err)
	}
	return w, nil
}

func (w *benchWatch) close() { _ = w.client.Close() }

// follow looks for every accepted order until all are there, or patience has run
// out after the last of them was accepted.
func (w *benchWatch) follow(ctx context.Context, load *benchLoad, m *benchMeasure, patience time.Duration) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var enough <-chan time.Time
	for looks := 1; ; looks++ {
		select {
		case <-tick.C:
		case <-enough:
			w.sweep = 0
			_, err := w.look(ctx, load, m, 0, len(w.waiting))
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
		if w.take(m.accepted) && enough == nil {
			enough = time.After(patience)
		}
		if err := w.pass(ctx, load, m, looks%sweepEvery == 0); err != nil {
			return err
		}
		if enough != nil && len(w.waiting) == 0 {
			return nil
		}
	}
}

// take queues what was accepted meanwhile; all tells that there will be no more.
func (w *benchWatch) take(accepted <-chan int) (all bool) {
	for {
		select {
		case i, more := <-accepted:
			if !more {
				return true
			}
			w.waiting = append(w.waiting, i)
		default:
			return false
		}
	}
}

// pass looks at the head of the queue for as long as most of it is there, and
// with others at a part of the rest: one that never comes must not hide those
// behind it.
func (w *benchWatch) pass(ctx context.Context, load *benchLoad, m *benchMeasure, others bool) error {
	for {
		head := min(watchHead, len(w.waiting))
		seen, err := w.look(ctx, load, m, 0, head)
		if err != nil {
			return err
		}
		if head < watchHead || seen < watchHead/2 {
			break
		}
	}
	if !others {
		return nil
	}
	if w.sweep >= len(w.waiting) {
		w.sweep = 0
	}
	to := min(w.sweep+watchSweep, len(w.waiting))
	seen, err := w.look(ctx, load, m, w.sweep, to)
	w.sweep = to - seen
	return err
}

// look asks for the orders waiting[from:to], and takes out those that are there.
func (w *benchWatch) look(ctx context.Context, load *benchLoad, m *benchMeasure, from, to int) (seen int, err error) {
	chunks := make([][]int, 0, (to-from)/watchChunk+1)
	for at := from; at < to; at += watchChunk {
		chunks = append(chunks, w.waiting[at:min(at+watchChunk, to)])
	}
	there, now, err := w.exist(ctx, load, m, chunks)
	if err != nil {
		return 0, err
	}
	found := map[int]bool{}
	var singly [][]int
	for c, chunk := range chunks {
		for k, i := range chunk {
			switch there[c] {
			case 0:
			case int64(len(chunk)):
				m.visible[i], found[i] = now, true
			default:
				singly = append(singly, chunk[k:k+1])
			}
		}
	}
	if there, now, err = w.exist(ctx, load, m, singly); err != nil {
		return 0, err
	}
	for c, one := range singly {
		if there[c] == 1 {
			m.visible[one[0]], found[one[0]] = now, true
		}
	}
	w.forget(from, to, found)
	return len(found), nil
}

// exist asks in one round trip how many orders of each group are in Redis.
func (w *benchWatch) exist(ctx context.Context, load *benchLoad, m *benchMeasure, groups [][]int) (there []int64, now time.Duration, err error) {
	if len(groups) == 0 {
		return nil, 0, nil
	}
	answers := make([]*redis.IntCmd, len(groups))
	_, err = w.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for g, group := range groups {
			keys := make([]string, len(group))
			for k, i := range group {
				keys[k] = "orders:" + load.orders[i].id
			}
			answers[g] = p.Exists(ctx, keys...)
		}
		return nil
	})
	if err != nil {
		return nil, 0, orders.Errorf(orders.EUNAVAILABLE, "Redis does not answer: %w", err)
	}
	for _, a := range answers {
		there = append(there, a.Val())
	}
	return there, time.Since(m.start), nil
}

// forget takes the found ones out of waiting[from:to].
func (w *benchWatch) forget(from, to int, found map[int]bool) {
	kept := from
	for _, i := range w.waiting[from:to] {
		if !found[i] {
			w.waiting[kept] = i
			kept++
		}
	}
	w.waiting = append(w.waiting[:kept], w.waiting[to:]...)
}
