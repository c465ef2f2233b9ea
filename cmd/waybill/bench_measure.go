package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A benchMeasure is what became of each order of a load. Times are since start,
// 0 where it has not come to that.
type benchMeasure struct {
	start    time.Time
	sent     []atomic.Int64  // ns: a connection's writer stores it, its reader loads it
	ok       []time.Duration // each written by one reader
	visible  []time.Duration // written by the watch
	next     atomic.Int64    // the first order that no connection has taken
	accepted chan int        // to the watch; has room for all

	mu     sync.Mutex
	errors map[string]int
}

func newBenchMeasure(n int) *benchMeasure {
	return &benchMeasure{
		sent: make([]atomic.Int64, n), ok: make([]time.Duration, n), visible: make([]time.Duration, n),
		accepted: make(chan int, n), errors: map[string]int{}, start: time.Now(),
	}
}

func (m *benchMeasure) fail(reason string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.errors[reason]; !known && len(m.errors) >= maxBenchReasons {
		reason = "others"
	}
	m.errors[reason] += n
}

// maxBenchReasons bounds the report where a relay makes up a reason for each event.
const maxBenchReasons = 20

// measure sends the load and returns when every order is answered for and visible,
// or patience has run out. An error is one that leaves nothing to be reported.
func (f *benchFlags) measure(ctx context.Context, load *benchLoad, watch *benchWatch) (*benchMeasure, error) {
	n := len(load.orders)
	m := newBenchMeasure(n)
	senders := make([]*benchSender, 0, f.conns)
	for range f.conns {
		s, err := f.connect(ctx, load, m)
		if err != nil {
			return nil, err
		}
		defer s.ws.Close()
		senders = append(senders, s)
	}
	m.start = time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return watch.follow(ctx, load, m, f.patience) })
	g.Go(func() error {
		defer close(m.accepted)
		var all sync.WaitGroup
		for _, s := range senders {
			all.Go(func() { s.run(ctx) })
		}
		all.Wait()
		if left := n - int(m.next.Load()); left > 0 {
			m.fail("not sent, as every connection was lost", left)
		}
		return ctx.Err()
	})
	return m, g.Wait()
}
