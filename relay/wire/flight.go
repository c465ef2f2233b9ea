package wire

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// A flight is the room for messages that wait for their answer. Who wants in
// stands in line; a connection has one message in it at a time, so that a flood
// takes turns with everybody else.
type flight struct {
	*semaphore.Weighted
	size int64
}

func newFlight(size int64) *flight { return &flight{semaphore.NewWeighted(size), size} }

// A ticket is one message's share.
type ticket struct {
	flight   *flight
	weight   int64
	counters *counters
}

func (l *Listener) acquire(c *Conn, bytes int64) (ticket, error) {
	f := l.flight.Load()
	t := ticket{f, min(bytes+messageCost, f.size), &l.counters}
	if !f.TryAcquire(t.weight) {
		begun := time.Now()
		l.relief.begin(l)
		err := f.Acquire((*lifetime)(c), t.weight)
		l.relief.end()
		if err != nil {
			return ticket{}, err
		}
		c.waited(time.Since(begun))
	}
	l.counters.messages.Add(1)
	l.counters.inFlight.Add(t.weight)
	return t, nil
}

func (t ticket) release() {
	t.flight.Release(t.weight)
	t.counters.messages.Add(-1)
	t.counters.inFlight.Add(-t.weight)
}

// lifetime is the context of a connection, which ends when it is closed.
type lifetime Conn

func (c *lifetime) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }
func (c *lifetime) Done() <-chan struct{}                   { return c.closed }
func (c *lifetime) Value(any) any                           { return nil }

func (c *lifetime) Err() error {
	select {
	case <-c.closed:
		return context.Canceled
	default:
		return nil
	}
}
